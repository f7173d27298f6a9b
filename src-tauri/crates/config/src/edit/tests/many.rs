//! Many entries in one edit.

use super::*;

fn monitors(count: usize) -> String {
    (0..count).map(|n| format!("# {n}\n[[monitor]]\nname = \"m{n}\"\ntcp = \"h:1\"   # here\n\n")).collect()
}

fn every(n: usize) -> Edit {
    let name = format!("m{n}");
    put(Section::Monitor, Some(&name), json!({ "name": name, "tcp": "h:1", "every": "5m" }))
}

fn remove(n: usize) -> Edit {
    Edit::Remove { section: Section::Monitor, name: format!("m{n}") }
}

#[test]
fn many_are_changed_and_removed_as_if_each_were_by_itself() {
    let text = monitors(6);
    let edits = [every(0), every(3), remove(1), remove(4), every(5), remove(0)];
    let mut document: DocumentMut = text.parse().unwrap();
    batch::apply(&mut document, &edits).unwrap();
    let mut one_by_one: DocumentMut = text.parse().unwrap();
    edits.iter().for_each(|edit| apply(&mut one_by_one, edit).unwrap());
    assert_eq!(document.to_string(), one_by_one.to_string());
    let all: Vec<Edit> = (0..6).map(remove).collect();
    assert_eq!(edited(&text, &all).unwrap().trim(), "");
}

#[test]
fn none_is_changed_where_one_is_gone() {
    let text = monitors(3);
    let check = |edits: &[Edit], name: &str| {
        let why = format!("the file no longer has a monitor called \"{name}\"");
        assert_eq!(edited(&text, edits), Err(why));
    };
    check(&[every(0), every(7)], "m7");
    check(&[remove(0), remove(7), remove(1)], "m7");
    check(&[remove(1), remove(1)], "m1");
}
