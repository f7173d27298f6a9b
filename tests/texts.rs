//! Every text that the sources put into words is there, with all that stands in it, and every text that is there is used.

#![allow(missing_docs, clippy::expect_used, reason = "a test program")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The sections of `lang/` that are used by a macro: whose they are, and how its use begins.
const SECTIONS: [(&str, &str, &str); 4] = [
    ("config", "config", "reason!(\""),
    ("import", "config", "note!(\""),
    ("doctor", "estatus", "told!(\""),
    ("agent", "fleet", "said!(\""),
];

#[test]
fn no_text_is_missing_and_none_is_left_over() {
    for (section, member, begins) in SECTIONS {
        let source = source_of(member);
        let used: BTreeSet<String> = uses(&source, begins).map(|(key, _)| format!("{section}.{key}")).collect();
        let there: BTreeSet<String> = texts(section).into_keys().filter(|key| !key.ends_with(".one")).collect();
        assert_eq!(used, there);
    }
}

#[test]
fn something_stands_in_every_place_of_a_text() {
    for (section, member, begins) in SECTIONS {
        let texts = texts(section);
        for (key, named) in uses(&source_of(member), begins) {
            for key in [format!("{section}.{key}"), format!("{section}.{key}.one")] {
                let empty: Vec<&str> = places(texts.get(&key)).filter(|place| !named.contains(place)).collect();
                assert_eq!(empty, [""; 0], "{key}");
            }
        }
    }
}

#[test]
fn what_stands_in_a_text_is_found_however_it_is_written() {
    let check = |source: &str, expected: &[(&str, &[&str])]| {
        let found: Vec<(&str, Vec<&str>)> =
            uses(source, "told!(\"").map(|(key, named)| (key, named.into_iter().collect())).collect();
        let expected: Vec<(&str, Vec<&str>)> = expected.iter().map(|(key, named)| (*key, named.to_vec())).collect();
        assert_eq!(found, expected, "{source}");
    };
    check("told!(\"a\") + told!(\"b\",)", &[("a", &[]), ("b", &[])]);
    check("told!(\"a\", x, y = f(1, \"), z = \\\"\"), w = [2, 3])", &[("a", &["w", "x", "y"])]);
    check("told!(\"a\", x = told!(\"b\", y), z)", &[("a", &["x", "z"]), ("b", &["y"])]);
}

/// The texts of a section.
fn texts(section: &str) -> BTreeMap<String, String> {
    let mut sections: BTreeMap<String, BTreeMap<String, String>> =
        serde_json::from_str(include_str!("../lang/en.json")).expect("texts in sections");
    sections.remove(section).expect("the section")
}

/// The names of the places in a text.
fn places(text: Option<&String>) -> impl Iterator<Item = &str> {
    let parts = text.into_iter().flat_map(|text| text.split('{').skip(1));
    parts.filter_map(|part| Some(part.split_once('}')?.0))
}

/// The uses of texts in `source` that begin so: the key, and the names of what is put into it.
fn uses<'s>(source: &'s str, begins: &'s str) -> impl Iterator<Item = (&'s str, BTreeSet<&'s str>)> {
    let behind = source.match_indices(begins).map(move |(at, _)| &source[at + begins.len()..]);
    behind.filter_map(|behind| behind.split_once('"')).map(|(key, behind)| (key, named(behind)))
}

/// The names at the beginning of each argument, up to the parenthesis that closes them.
fn named(arguments: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    let (mut depth, mut in_text, mut is_escaped) = (0_u32, false, false);
    for (at, letter) in arguments.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = in_text,
            '"' => in_text = !in_text,
            _ if in_text => {}
            ')' | ']' | '}' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            '(' | '[' | '{' => depth += 1,
            ',' if depth == 0 => {
                let argument = arguments[at + 1..].trim_start();
                let end = argument.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(argument.len());
                names.insert(&argument[..end]);
            }
            _ => {}
        }
    }
    names.remove("");
    names
}

/// All that stands in the sources of a member, on lines without their indentation.
fn source_of(member: &str) -> String {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/crates");
    sources(&crates.join(member).join("src")).lines().map(str::trim_start).collect()
}

fn sources(folder: &Path) -> String {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let source = |path: &Path| fs::read_to_string(path).expect("a file that can be read");
    entries.map(|path| if path.is_dir() { sources(&path) } else { source(&path) }).collect()
}
