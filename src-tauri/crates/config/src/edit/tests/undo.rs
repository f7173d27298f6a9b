//! What an edit changed is taken back beside other changes.

use super::{
    super::undo::{NotUndone, undone},
    *,
};

const BOTH: &str = r#"# What I watch.
language = "es"

[alerts]
remind_every = "6h"   # often

# The first.
[[monitor]]
name = "one"
tcp = "h:1"   # one

# The second.
[[monitor]]
name = "two"
tcp = "h:2"
[monitor.on_down]
restart = "web"   # heals

[[program]]
name = "web"
command = "web"

# The third.
[[monitor]]
name = "three"
tcp = "h:3"

[flow.mend]
# First of all.
[[flow.mend.step]]
name = "a"
run = "a"
[[flow.mend.step]]
name = "b"
run = "b"

[flow.other]
[[flow.other.step]]
name = "c"
run = "c"
"#;

/// What becomes of [`BOTH`] when `edits` are made and taken back, and somebody adds something at its end in between.
fn taken_back(edits: &[Edit]) -> String {
    let mut document: DocumentMut = BOTH.parse().unwrap();
    batch::apply(&mut document, edits).unwrap();
    let after = document.to_string();
    assert_eq!(undone(BOTH, &after, &after).unwrap(), BOTH);
    let now = format!("{after}{LATER}");
    let text = undone(BOTH, &after, &now).unwrap();
    text.strip_suffix(LATER).unwrap_or(&text).to_owned()
}

const LATER: &str = "\n[[program]]\nname = \"later\"\ncommand = \"later\"\n";

fn remove(section: Section, name: &str) -> Edit {
    Edit::Remove { section, name: name.to_owned() }
}

#[test]
fn entries_that_were_removed_stand_again_where_they_stood() {
    for name in ["two", "three", "one"] {
        assert_eq!(taken_back(&[remove(Section::Monitor, name)]), BOTH, "{name}");
    }
    assert_eq!(taken_back(&[remove(Section::Monitor, "one"), remove(Section::Monitor, "two")]), BOTH);
}

#[test]
fn entries_that_were_changed_say_again_what_they_said() {
    let monitor = |name: &str, table| put(Section::Monitor, Some(name), table);
    assert_eq!(taken_back(&[monitor("two", json!({ "name": "two", "dns": "example.com" }))]), BOTH);
    assert_eq!(taken_back(&[monitor("one", json!({ "name": "uno", "tcp": "h:1" }))]), BOTH);
    assert_eq!(taken_back(&[put(Section::Program, Some("web"), json!({ "name": "web", "command": ["a"] }))]), BOTH);
    let set = |path: &[&str], value| {
        let path = path.iter().map(|key| (*key).to_owned()).collect();
        Edit::Set { path, value }
    };
    assert_eq!(taken_back(&[set(&["alerts", "remind_every"], Some(json!("1h")))]), BOTH);
    assert_eq!(taken_back(&[set(&["zone"], Some(json!("UTC"))), set(&["language"], Some(json!("en")))]), BOTH);
    let steps = json!({ "step": [{ "name": "b", "run": "bb" }] });
    assert_eq!(taken_back(&[put(Section::Flow, Some("mend"), steps)]), BOTH);
}

#[test]
fn entries_that_were_added_are_gone_again() {
    let added = put(Section::Monitor, None, json!({ "name": "four", "tcp": "h:4" }));
    assert_eq!(taken_back(&[added]), BOTH);
}

#[test]
fn what_stands_under_its_own_key_stands_again_where_it_stood() {
    assert_eq!(taken_back(&[remove(Section::Flow, "mend")]), BOTH);
    assert_eq!(taken_back(&[remove(Section::Flow, "other")]), BOTH);
    assert_eq!(taken_back(&[remove(Section::Flow, "mend"), remove(Section::Flow, "other")]), BOTH);
    assert_eq!(taken_back(&[Edit::Set { path: vec!["alerts".to_owned()], value: None }]), BOTH);
}

#[test]
fn what_was_changed_again_is_not_taken_back_and_what_was_taken_back_by_hand_is_not_either() {
    let mut document: DocumentMut = BOTH.parse().unwrap();
    batch::apply(&mut document, &[remove(Section::Monitor, "one"), remove(Section::Program, "web")]).unwrap();
    let after = document.to_string();
    let again = format!("{after}[[monitor]]\nname = \"one\"\ntcp = \"h:9\"\n");
    assert!(matches!(undone(BOTH, &after, &again), Err(NotUndone::Overtaken(name)) if name == "one"));
    let by_hand = format!("{after}[[program]]\nname = \"web\"\ncommand = \"web\"\n");
    let text = undone(BOTH, &after, &by_hand).unwrap();
    assert_eq!(text.matches("name = \"web\"").count(), 1, "{text}");
    // Even a comment in it would be lost.
    let changed = BOTH.replace("h:1\"   # one", "h:7\"");
    let commented = BOTH.replace("h:1\"   # one", "h:7\"   # mine");
    assert!(matches!(undone(BOTH, &changed, &commented), Err(NotUndone::Overtaken(name)) if name == "one"));
    assert!(matches!(undone(BOTH, &after, "oops = ["), Err(NotUndone::NoToml)));
}
