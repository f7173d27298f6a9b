mod random;

use std::path::Path;

use estatus_api::Edit;
use estatus_core::config::Language;
use jiff::tz::TimeZone;
use serde_json::json;

use super::*;
use crate::{Defaults, parse};

/// The samples: each the name of its file, and what stands in it.
const SAMPLES: [(&str, &str); 8] = [
    ("/srv/shop/Procfile", include_str!("samples/Procfile")),
    ("/srv/shop/ecosystem.json", include_str!("samples/ecosystem.json")),
    ("ecosystem.config.js", include_str!("samples/ecosystem.config.js")),
    ("nssm.txt", include_str!("samples/nssm.txt")),
    ("/etc/monit/monitrc", include_str!("samples/monitrc")),
    ("Uptime_Kuma_Backup.json", include_str!("samples/kuma.json")),
    ("config.yaml", include_str!("samples/gatus.yaml")),
    ("tasks.xml", include_str!("samples/tasks.xml")),
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

/// What a file would add to `tables` on a machine where nothing is to be found.
fn imported(name: &str, text: &str, tables: &Json) -> Imported {
    let machine = Machine::with_programs_in(Path::new("/nowhere"));
    import_on(&machine, name, text.into(), tables, Language::English).unwrap()
}

/// What comes of a file, with the notes behind it.
#[cfg(unix)]
fn shown(name: &str, text: &str) -> String {
    let imported = imported(name, text, &json!({}));
    let notes: String = imported.notes.iter().map(|note| format!("# {note}\n")).collect();
    format!("# {}\n{}\n{notes}", imported.from, taken(&imported.edits).unwrap())
}

/// The folders that samples name are those of Unix.
#[cfg(unix)]
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
fn what_is_told_by_a_secret_is_named_and_not_imported() {
    let config = r#"{\"name\":\"Phone\",\"type\":\"telegram\",\"telegramBotToken\":\"110201543:AAHdq\"}"#;
    let kuma = format!(
        r#"{{ "monitorList": [], "notificationList": [{{ "id": 1, "name": "Phone", "config": "{config}" }}] }}"#
    );
    let gatus = "alerting:\n  ntfy:\n    topic: x\n    token: tk_AAHdq\nendpoints:\n  - name: x\n    url: icmp://h\n";
    for (name, text, form) in [("kuma.json", kuma.as_str(), "telegram"), ("gatus.yaml", gatus, "ntfy")] {
        let notes = imported(name, text, &json!({})).notes;
        let said = format!("its secrets are not imported: add the channel in the window, as `{form}`");
        assert!(notes.iter().any(|note| note.contains(&said)), "{notes:?}");
        assert!(!notes.iter().any(|note| note.contains("AAHdq")), "{notes:?}");
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
    check("x.xml", "<?xml version=\"1.0\"?>\n<Task><Actions/></Task>", Some(Format::Schtasks));
    check("x.xml", "<html></html>", None);
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
    check("letter.txt", "Dear friend", "Procfile, a PM2 ecosystem file");
    check("x", &"a: b\n".repeat(1_000_001), "more than 5000000 bytes");
    // More than is read of it, so that it ends within a character.
    check("x", &"\u{feff}".repeat(3_333_334), "more than 5000000 bytes");
    check("x.json", "{ \"apps\": ", "PM2 ecosystem file cannot be read");
    check("x.json", "{ \"apps\": 3 }", "it has no `apps`");
    let line = "node -p \"JSON.stringify(require('./x.js'))\" > eco.json";
    check("x.js", "module.exports = { apps: [{ script: process.env.X }] }", "only a plain literal is read");
    check("/srv/x.js", "module.exports = { apps: [{ script: process.env.X }] }", line);
    check("x.js", "module.exports = require('./apps')", "begins with `module.exports =`");
    check("x.js", "const x = 1;\nmodule.exports = { apps: [] }", line);
    check("x.json", "{ \"monitorList\": {} }", "its `monitorList` is not a list");
    check("x.yaml", "endpoints:\n\t- x", "Gatus configuration cannot be read");
    check("x.xml", "<Task><Actions>", "scheduled task cannot be read");
    check("x.xml", "<Tasks></Tasks>", "it holds no task");
    check("Procfile", "Dear friend", "no `name: command` line");
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
fn what_is_imported_twice_is_added_once() {
    for (name, text) in SAMPLES {
        let first = imported(name, text, &json!({}));
        let file: DocumentMut = preview(&first.edits).parse().unwrap();
        let tables = edit::json_of_table(file.as_table());
        let second = imported(name, text, &tables);
        assert_eq!(second.edits, [], "{name}");
        let there = second.notes.iter().filter(|note| note.contains("already exists")).count();
        assert_eq!(there, first.edits.len(), "{name}: {:?}", second.notes);
    }
}

/// Every object in `whole`, by the way to it.
fn objects(whole: &Json) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = vec![(String::new(), whole)];
    while let Some((way, value)) = waiting.pop() {
        if let Json::Object(map) = value {
            waiting.extend(map.iter().map(|(key, below)| (format!("{way}/{key}"), below)));
            found.push(way);
        } else if let Json::Array(list) = value {
            waiting.extend(list.iter().enumerate().map(|(at, below)| (format!("{way}/{at}"), below)));
        }
    }
    found
}

#[test]
fn no_key_is_passed_over_in_silence() {
    /// Objects that are left out as a whole, with whatever stands in them.
    const LEFT_OUT: [&str; 17] = [
        "/deploy",
        "/apps/4",
        "/env_production",
        "/storage",
        "/alerting/email",
        "/endpoints/7",
        "/endpoints/8",
        "/external-endpoints/0",
        "/notificationList/1",
        "/monitorList/0",
        "/monitorList/5",
        "/monitorList/11",
        "/monitorList/12",
        "/monitorList/13",
        "/monitorList/1/tags",
        "/notificationIDList",
        "/notificationList/0",
    ];
    let gatus: Json = serde_saphyr::from_str(SAMPLES[6].1).unwrap();
    let json = |at: usize| serde_json::from_str::<Json>(SAMPLES[at].1).unwrap();
    for (name, whole) in [("ecosystem.json", json(1)), ("Uptime_Kuma_Backup.json", json(5)), ("config.yaml", gatus)] {
        for way in objects(&whole) {
            let mut changed = whole.clone();
            changed.pointer_mut(&way).unwrap()["zzz"] = json!("x");
            let mut found = Found::beside(&json!({}), Language::English);
            let text = changed.to_string();
            match name {
                "config.yaml" => gatus::read(&text, &mut found).unwrap(),
                "ecosystem.json" => {
                    let machine = Machine::with_programs_in(Path::new("/nowhere"));
                    pm2::read(&text, Path::new(name), &machine, &mut found).unwrap();
                }
                _ => kuma::read(&text, &mut found).unwrap(),
            }
            let imported = found.imported(&note!("format.kuma"));
            let is_told = imported.notes.iter().any(|note| note.contains("zzz"));
            let is_taken = preview(&imported.edits).contains("zzz");
            let is_left_out = LEFT_OUT.iter().any(|left| way.starts_with(left) || way.ends_with(left));
            assert!(is_told || is_taken || is_left_out, "{name}: {way}/zzz");
        }
    }
}

#[test]
fn no_word_is_passed_over_in_silence() {
    /// What says nothing here, and what is left out as a whole.
    const LEFT_OUT: [&str; 14] = [
        "DisplayName",
        "Type",
        "install reloj",
        "AppStdout",
        "Delay",
        "ObjectName",
        "depends",
        "5min",
        "per core",
        "(user)",
        "3 restarts",
        "cpu > 60%",
        "inode",
        "checksum then",
    ];
    for (name, text) in [SAMPLES[3], SAMPLES[4]] {
        for (number, line) in text.lines().enumerate() {
            let is_set = ["set", "#", "  subject"].iter().any(|begins| line.starts_with(begins));
            let is_left_out = LEFT_OUT.iter().any(|word| line.contains(word));
            if line.trim().is_empty() || is_set || is_left_out {
                continue;
            }
            let with_word = |(at, line)| if at == number { format!("{line} zzz\n") } else { format!("{line}\n") };
            let changed: String = text.lines().enumerate().map(with_word).collect();
            let imported = imported(name, &changed, &json!({}));
            let is_there = imported.notes.iter().any(|note| note.contains("zzz"));
            assert!(is_there || preview(&imported.edits).contains("zzz"), "{line} zzz\n{:#?}", imported.notes);
        }
    }
}

#[cfg(unix)]
#[test]
fn scripts_of_pm2_are_looked_for_on_this_machine() {
    use std::{fs, os::unix::fs::PermissionsExt};
    let folder = tempfile::tempdir().unwrap();
    let (programs, shop) = (folder.path().join("bin"), folder.path().join("shop"));
    fs::create_dir(&programs).unwrap();
    fs::create_dir(&shop).unwrap();
    for program in ["python3", "gunicorn", "npm"] {
        let file = programs.join(program);
        fs::write(&file, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::write(shop.join("www"), "#!/usr/bin/env node\n").unwrap();
    fs::write(shop.join("server"), b"\x7fELF\0\0").unwrap();
    let check = |app: Json, command: Json, unbuffered: bool| {
        let name = shop.join("ecosystem.config.js");
        let text = format!("module.exports = {{ apps: [{app}] }}");
        let machine = Machine::with_programs_in(&programs);
        let imported = import_on(&machine, name.to_str().unwrap(), text.into(), &json!({}), Language::English).unwrap();
        let [Edit::Put { table, .. }] = imported.edits.as_slice() else { panic!("{imported:?}") };
        assert_eq!(table["command"], command, "{imported:?}");
        assert_eq!(table["env"]["PYTHONUNBUFFERED"] == "1", unbuffered, "{imported:?}");
    };
    check(json!({ "script": "bot.py" }), json!(["python3", "bot.py"]), true);
    check(json!({ "script": "www" }), json!(["node", "www"]), false);
    check(json!({ "script": "./bin/www" }), json!(["node", "./bin/www"]), false);
    check(json!({ "script": "server" }), json!(["server"]), false);
    check(json!({ "script": "npm", "args": "run start" }), json!(["npm", "run", "start"]), false);
    let gunicorn = programs.join("gunicorn");
    check(
        json!({ "script": "gunicorn", "interpreter": "python3", "args": "app:app" }),
        json!(["python3", gunicorn, "app:app"]),
        true,
    );
}

#[test]
fn a_number_in_a_body_is_asked_for_as_one() {
    let check = |sign: &str, value: &str, expected: Option<&str>| {
        assert_eq!(asked_of_value(sign, value).ok().as_deref(), expected, "{value}");
    };
    check("=", "7", Some("= 7"));
    check("=", "ok", Some("= ok"));
    check("=", "1.10", Some("= \"1.10\""));
    check("!=", "true", Some("!= true"));
    check("<", "10", Some("< 10"));
    check("<", "soon", None);
    check("=", "[1]", Some("= [1]"));
}

#[test]
fn settings_from_the_registry_become_what_their_dump_does() {
    let setting = |key: &str, values: &[&str]| {
        ("reloj".to_owned(), key.to_owned(), values.iter().map(|value| (*value).to_owned()).collect())
    };
    let settings = vec![
        setting("Application", &[r"C:\node\node.exe"]),
        setting("AppParameters", &[r#"index.js --zone "Mexico City""#]),
        setting("AppEnvironmentExtra", &["NODE_ENV=production", "GREETING=good day"]),
        setting("AppExit", &["Default", "Exit"]),
        setting("AppExit", &["3", "Restart"]),
        setting("Start", &["SERVICE_AUTO_START"]),
    ];
    let imported = import_nssm(settings, &json!({}), Language::English);
    let dump = r#"
nssm set reloj Application C:\node\node.exe
nssm set reloj AppParameters "index.js --zone \"Mexico City\""
nssm set reloj AppEnvironmentExtra NODE_ENV=production "GREETING=good day"
nssm set reloj AppExit Default Exit
nssm set reloj AppExit 3 Restart
nssm set reloj Start SERVICE_AUTO_START
"#;
    assert_eq!(imported.edits, super::tests::imported("x", dump, &json!({})).edits);
    assert_eq!((imported.edits.len(), imported.notes), (1, Vec::new()));
}

#[test]
fn what_is_not_taken_of_a_service_of_nssms_is_told_wherever_it_is_read() {
    let setting = |key: &str, values: &[&str]| {
        ("reloj".to_owned(), key.to_owned(), values.iter().map(|value| (*value).to_owned()).collect())
    };
    let settings = vec![
        setting("application", &[r"C:\node\node.exe"]),
        setting("AppEnvironmentExtra", &[r"PATH=C:\node;%PATH%", "RATE=100%"]),
        setting("AppEvents", &["Start/Pre", r"C:\hook.cmd"]),
        setting("AppPriority", &["64"]),
        setting("approtatefiles", &["0"]),
        setting("AppRotateBytesHigh", &["1"]),
        setting("appstderrcreationdisposition", &["2"]),
        setting("AppStopMethodWindow", &["1500"]),
        setting("Environment", &["A=b"]),
        setting("Unknown", &[]),
    ];
    let dump = r#"
nssm set reloj application C:\node\node.exe
nssm set reloj AppEnvironmentExtra "PATH=C:\node;%PATH%" RATE=100%
nssm set reloj AppEvents Start/Pre C:\hook.cmd
nssm set reloj AppPriority 64
nssm set reloj approtatefiles 0
nssm set reloj AppRotateBytesHigh 1
nssm set reloj appstderrcreationdisposition 2
nssm set reloj AppStopMethodWindow 1500
nssm set reloj Environment A=b
nssm set reloj Unknown
"#;
    let read = import_nssm(settings, &json!({}), Language::English);
    let dumped = super::tests::imported("x", dump, &json!({}));
    assert_eq!(read.edits, dumped.edits);
    assert_eq!(read.notes, dumped.notes[..dumped.notes.len() - 1]);
    let expected = [
        r"`AppEvents Start/Pre C:\hook.cmd` is skipped: Estatus has no equivalent",
        "`AppPriority` is skipped: Estatus has no equivalent",
        "`AppRotateBytesHigh` is skipped: Estatus keeps the output",
        "`appstderrcreationdisposition` is skipped: Estatus keeps the output",
        "`Environment` is skipped: set its variables in `env`",
        "`Unknown` is skipped: Estatus has no equivalent",
        r"“PATH=C:\\node;%PATH%” has a variable between percent signs, which Estatus does not replace",
    ];
    assert_eq!(read.notes.len(), expected.len(), "{:#?}", read.notes);
    for (note, expected) in read.notes.iter().zip(expected) {
        assert!(note.contains(expected), "“{expected}” is not in “{note}”");
    }
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
    let imported = import("Procfile", many, &json!({}), Language::English).unwrap();
    assert_eq!(imported.edits.len(), 5000);
    assert_eq!(imported.notes.len(), 1001);
    assert_eq!(imported.notes[1000], "… and 3 more notes");
    let same = import("Procfile", "a: b\n".repeat(900_000), &json!({}), Language::English).unwrap();
    assert_eq!((same.edits.len(), same.notes.len()), (5000, 1001));
}

#[test]
fn a_file_that_powershell_wrote_is_read() {
    let text = "\u{feff}web: ñandú\n";
    for content in [
        text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        text.as_bytes().to_vec(),
    ] {
        let imported = import("x", content, &json!({}), Language::Spanish).unwrap();
        let [Edit::Put { table, .. }] = imported.edits.as_slice() else { panic!("{imported:?}") };
        assert_eq!(table["command"], "ñandú");
    }
    for content in [&[b'a', 0xFF][..], &[0xFF, 0xFE, b'a', 0, b'b'], &[0xFE, 0xFF, 0xD8, 0]] {
        let error = import("x", content, &json!({}), Language::Spanish).unwrap_err();
        assert!(error.to_string().contains("UTF-8"), "{error}");
    }
}

#[test]
fn tasks_that_cmd_has_written_are_read_in_the_code_page_of_consoles() {
    let task = b"<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n<Task><!-- \xA4 --></Task>";
    let text = text_of(task.to_vec());
    if cfg!(windows) {
        let text = text.unwrap();
        // As the code pages of western Europe and of the United States have it.
        assert!(text.contains('ñ'), "{text}");
        assert_eq!(Format::of("t.xml", &text), Some(Format::Schtasks));
    } else {
        assert_eq!(text, None);
    }
    // What is no task is not guessed.
    assert_eq!(text_of(b"web: \xA4\n".to_vec()), None);
}
