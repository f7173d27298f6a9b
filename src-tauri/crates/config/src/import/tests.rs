use std::path::Path;

use estatus_api::Edit;
use estatus_core::config::Language;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{Defaults, parse};

/// The samples: each the name of its file, and what stands in it.
const SAMPLES: [(&str, &str); 7] = [
    ("/srv/shop/Procfile", include_str!("samples/Procfile")),
    ("/srv/shop/ecosystem.json", include_str!("samples/ecosystem.json")),
    ("ecosystem.config.js", include_str!("samples/ecosystem.config.js")),
    ("nssm.txt", include_str!("samples/nssm.txt")),
    ("/etc/monit/monitrc", include_str!("samples/monitrc")),
    ("Uptime_Kuma_Backup.json", include_str!("samples/kuma.json")),
    ("config.yaml", include_str!("samples/gatus.yaml")),
];

/// An empty file with the edits in it, which its reader takes.
fn taken(edits: &[Edit]) -> Result<String, String> {
    let mut document = DocumentMut::new();
    edits
        .iter()
        .try_for_each(|edit| apply(&mut document, edit).map_err(|reason| reason.in_words(Language::English)))?;
    let text = preview(edits);
    let defaults = Defaults { language: Language::Spanish, zone: TimeZone::UTC };
    let read = parse(&text, Path::new("/etc/estatus/estatus.toml"), &defaults);
    read.map(|_| text.clone()).map_err(|problems| format!("{problems}\n{text}"))
}

/// What comes of a file, with the notes behind it.
fn shown(name: &str, text: &str) -> String {
    let imported = import(name, text, &json!({}), Language::English).unwrap();
    let notes: String = imported.notes.iter().map(|note| format!("# {note}\n")).collect();
    format!("# {}\n{}\n{notes}", imported.from, taken(&imported.edits).unwrap())
}

#[test]
fn every_sample_becomes_a_file_that_is_read() {
    for (name, text) in SAMPLES {
        let name_of_snapshot = Path::new(name).file_name().and_then(|name| name.to_str()).unwrap();
        insta::assert_snapshot!(name_of_snapshot, shown(name, text));
    }
}

#[test]
fn every_note_is_told_in_the_readers_language() {
    let notes = |name, text, language| import(name, text, &json!({}), language).unwrap().notes;
    for (name, text) in SAMPLES {
        let (english, spanish) = (notes(name, text, Language::English), notes(name, text, Language::Spanish));
        assert_eq!(english.len(), spanish.len());
        for (english, spanish) in english.iter().zip(&spanish) {
            assert_ne!(english, spanish);
        }
    }
}

#[test]
fn a_file_is_known_by_what_stands_in_it() {
    let check =
        |name: &str, text: &str, expected: Option<Format>| assert_eq!(Format::of(name, text), expected, "{text}");
    check("x", "web: npm start\n", Some(Format::Procfile));
    check("x.yaml", "endpoints:\n  - name: x\n", Some(Format::Gatus));
    check("x.yaml", "apps:\n  - script: x.js\n", Some(Format::Pm2));
    check("x", "{ \"monitorList\": [] }", Some(Format::Kuma));
    check("x", "[{ \"script\": \"x.js\" }]", Some(Format::Pm2));
    check("x", "nssm set web AppDirectory C:\\", Some(Format::Nssm));
    check("x", "  check host x with address y", Some(Format::Monit));
    check("/etc/monitrc", "set daemon 30", Some(Format::Monit));
    check("x", "", None);
    check("x", "Dear friend,\nhow are you?", None);
    check("x.toml", "[[monitor]]\nname = \"x\"\n", None);
}

#[test]
fn what_cannot_be_imported_is_refused_in_one_sentence() {
    let check = |name: &str, text: &str, expected: &str| {
        let said = import(name, text, &json!({}), Language::English).unwrap_err().to_string();
        assert!(said.contains(expected) && !said.contains('\n'), "“{expected}” is not in “{said}”");
    };
    check("letter.txt", "Dear friend", "Procfile, an ecosystem file of PM2");
    check("x", &"a: b\n".repeat(1_000_001), "more than 5000000 bytes");
    check("x.json", "{ \"apps\": ", "PM2 ecosystem file cannot be read");
    check("x.json", "{ \"apps\": 3 }", "it has no `apps`");
    check("x.js", "module.exports = { apps: [{ script: process.env.X }] }", "only a plain literal is read");
    check("x.js", "module.exports = require('./apps')", "begins with `module.exports =`");
    check("x.json", "{ \"monitorList\": {} }", "its `monitorList` is no list");
    check("x.yaml", "endpoints:\n\t- x", "Gatus configuration cannot be read");
    check("Procfile", "Dear friend", "no line `name: command`");
    check("monitrc", "set daemon 30", "it checks nothing");
    check("x.json", &format!("{{ \"apps\": {}", "[".repeat(100_000)), "nesting");
    check("x.json", &format!("{{ \"monitorList\": {}", "[".repeat(100_000)), "recursion limit");
    check("x.yaml", &format!("endpoints: {}", "[".repeat(100_000)), "Gatus configuration cannot be read");
    check(
        "x.yaml",
        &format!("endpoints:\n{}", (0..1000).map(|deep| format!("{}-\n", " ".repeat(deep))).collect::<String>()),
        "Gatus",
    );
    let doubled: String = (1..40).map(|at| format!("a{at}: &a{at} [*a{0}, *a{0}]\n", at - 1)).collect();
    check("x.yaml", &format!("a0: &a0 [x]\n{doubled}endpoints: []\n"), "Gatus configuration cannot be read");
}

#[test]
fn names_are_those_that_are_free() {
    let tables = json!({ "program": [{ "name": "web" }, { "name": "web 2" }], "monitor": [{ "name": "css" }] });
    let imported = import("Procfile", "web: a\nweb: b\ncss: c\n", &tables, Language::English).unwrap();
    let names = imported.edits.iter().map(|edit| match edit {
        Edit::Put { table, .. } => table["name"].as_str().unwrap(),
        _ => "",
    });
    assert_eq!(names.collect::<Vec<_>>(), ["web 3", "web 4", "css"]);
    assert!(imported.notes[0].starts_with("web 3: `name` was “web”"), "{:?}", imported.notes);
}

#[test]
fn what_nobody_can_count_is_bounded() {
    let many: String = (0..6000).map(|number| format!("p{number}: x\n")).collect();
    let imported = import("Procfile", &many, &json!({}), Language::English).unwrap();
    assert_eq!(imported.edits.len(), 5000);
    assert_eq!(imported.notes.len(), 1001);
    assert_eq!(imported.notes[1000], "… and 2 more notes");
    let same = import("Procfile", &"a: b\n".repeat(900_000), &json!({}), Language::English).unwrap();
    assert_eq!((same.edits.len(), same.notes.len()), (5000, 1001));
}

#[test]
fn a_file_that_powershell_wrote_is_read() {
    let wide = "\u{feff}web: ñandú\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let text_of = |bytes: Vec<u8>| text_of(bytes, Language::Spanish).map_err(|error| error.to_string());
    let text = text_of(wide).unwrap();
    assert_eq!(import("x", &text, &json!({}), Language::Spanish).map(|imported| imported.edits.len()), Ok(1));
    assert_eq!(text_of("ñ".into()), Ok("ñ".to_owned()));
    for bytes in [vec![b'a', 0xFF], vec![0xFF, 0xFE, 0x00, 0xD8, 0x41]] {
        assert!(text_of(bytes).unwrap_err().contains("UTF-8"));
    }
}

/// Whatever the text is, there is an answer, and what is found is taken.
fn has_an_answer(name: &str, text: &str) -> Result<(), TestCaseError> {
    let Ok(imported) = import(name, text, &json!({ "program": [{ "name": "web" }] }), Language::Spanish) else {
        return Ok(());
    };
    if let Err(wrong) = taken(&imported.edits) {
        return Err(TestCaseError::fail(wrong));
    }
    prop_assert!(!imported.notes.iter().any(|note| note.contains('\n')), "{:?}", imported.notes);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn any_text_under_any_name_has_an_answer(
        text in any::<String>(),
        name in prop::sample::select(vec!["Procfile", "monitrc", "x.json", "x.yaml"]),
        before in prop::sample::select(vec!["", "{", "apps:\n", "endpoints:\n", "module.exports = {", "nssm set x ", "check host x "]),
    ) {
        has_an_answer(name, &format!("{before}{text}"))?;
    }

    #[test]
    fn a_sample_with_pieces_cut_out_or_put_in_has_an_answer(
        sample in 0..SAMPLES.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..30, "[\\[\\]{}()=\"',.:;%^&$#@!<>|\\\\\n a-z0-9\u{0}\u{7f}é-]{0,8}"), 1..6),
    ) {
        let (name, text) = SAMPLES[sample];
        let mut characters: Vec<char> = text.chars().collect();
        for (at, length, piece) in changes {
            let start = at.index(characters.len() + 1);
            let end = (start + length).min(characters.len());
            characters.splice(start..end, piece.chars());
        }
        has_an_answer(name, &characters.into_iter().collect::<String>())?;
    }
}
