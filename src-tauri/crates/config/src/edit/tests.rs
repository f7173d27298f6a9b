mod fleets;
mod flows;
mod many;
mod undo;

use std::fs;

use estatus_core::config::Language;
use jiff::tz::TimeZone;
use serde_json::json;

use super::*;

const FILE: &str = r#"# What I watch.
language = "es"   # as I speak

[alerts]
remind_every = "6h"

# The portfolio.
[[monitor]]
name = "portfolio"   # its name
http = "https://example.com/"
every = "1h"         # not too often
headers = { Accept = "text/html" }

[[monitor]]
name = "port"
tcp = "127.0.0.1:22"   # ssh
"#;

fn defaults() -> Defaults {
    Defaults { language: Language::English, zone: TimeZone::UTC }
}

/// What becomes of `text`, or what is wrong with it.
fn edited(text: &str, edits: &[Edit]) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("estatus.toml");
    fs::write(&file, text).unwrap();
    let problems = edit(&file, edits, Saving::Yes, &defaults()).map_err(|error| error.to_string())?.problems;
    let said: Vec<String> = problems.iter().map(|it| format!("{}: {}", it.path.join("."), it.message)).collect();
    if said.is_empty() { Ok(fs::read_to_string(&file).unwrap()) } else { Err(said.join("\n")) }
}

fn put(section: Section, name: Option<&str>, table: Json) -> Edit {
    Edit::Put { section, name: name.map(str::to_owned), table, called: None }
}

#[test]
fn what_is_not_changed_stays_as_it_was_written() {
    let portfolio = json!({
        "name": "portfolio", "http": "https://example.com/", "every": "10m", "headers": { "Accept": "text/html" },
        "timeout": "5s",
    });
    let after = edited(FILE, &[put(Section::Monitor, Some("portfolio"), portfolio)]).unwrap();
    let wanted = FILE
        .replace("every = \"1h\"         # not", "every = \"10m\"         # not")
        .replace("\"text/html\" }\n", "\"text/html\" }\ntimeout = \"5s\"\n");
    assert_eq!(after, wanted);
}

#[test]
fn what_is_edited_leaves_flows_and_their_comments_as_they_are() {
    let flow = r#"
# At night.
[flow.nightly]
every = "0 4 * * *"   # when nobody looks

# First of all.
[[flow.nightly.step]]
name = "look"          # is it there?
check = "portfolio"

[[flow.nightly.step]]  # and then
name = "wait"
wait = "10s"
"#;
    let daily = flow.replace("nightly", "daily");
    let file = FILE.replace("\n# The portfolio.", &format!("{flow}\n# The portfolio.")) + &daily;
    let port = json!({ "name": "port", "tcp": "127.0.0.1:23" });
    let after = edited(&file, &[put(Section::Monitor, Some("port"), port)]).unwrap();
    assert_eq!(after, file.replace("127.0.0.1:22", "127.0.0.1:23"));
    let page = json!({ "name": "page", "tcp": "127.0.0.1:80" });
    let after = edited(&file, &[put(Section::Monitor, None, page)]).unwrap();
    let added = "\n[[monitor]]\nname = \"page\"\ntcp = \"127.0.0.1:80\"\n";
    assert_eq!(after.replace(added, ""), file, "{after}");
    let port = || Edit::Remove { section: Section::Monitor, name: "port".to_owned() };
    let after = edited(&after, &[port()]).unwrap();
    assert!(after.contains(flow) && after.contains(&daily), "{after}");
    let portfolio = Edit::Remove { section: Section::Monitor, name: "portfolio".to_owned() };
    let wrong = edited(&file, &[portfolio]).unwrap_err();
    let first = "flow.nightly.step.0.check: `check` en paso \"look\" del flujo \"nightly\": no existe monitor";
    assert!(wrong.starts_with(first), "{wrong}");
}

#[test]
fn an_entry_is_added_and_removed() {
    let page = json!({ "name": "page", "http": "http://127.0.0.1/", "accept": ["200-299", 418] });
    let after = edited(FILE, &[put(Section::Monitor, None, page)]).unwrap();
    let added = "\n[[monitor]]\nname = \"page\"\nhttp = \"http://127.0.0.1/\"\naccept = [\"200-299\", 418]\n";
    assert_eq!(after, format!("{FILE}{added}"));
    let remove = |name: &str| Edit::Remove { section: Section::Monitor, name: name.to_owned() };
    assert_eq!(edited(&after, &[remove("page")]).unwrap(), FILE);
    let none = edited(FILE, &[remove("page"), remove("port")]);
    assert_eq!(none, Err("en el archivo ya no existe monitor con el nombre \"page\"".to_owned()));
    let empty = edited(FILE, &[remove("portfolio"), remove("port")]).unwrap();
    assert!(!empty.contains("monitor") && empty.starts_with("# What I watch."), "{empty}");
}

#[test]
fn channels_are_added_renamed_and_removed() {
    let hook = json!({ "webhook": "https://example.com/hook" });
    let called = |name: Option<&str>, called: &str| Edit::Put {
        section: Section::Channel,
        name: name.map(str::to_owned),
        table: hook.clone(),
        called: Some(called.to_owned()),
    };
    let one = edited(FILE, &[called(None, "desk")]).unwrap();
    assert!(one.ends_with("[channel.desk]\nwebhook = \"https://example.com/hook\"\n"), "{one}");
    let other = edited(&one, &[called(Some("desk"), "team")]).unwrap();
    assert!(other.contains("[channel.team]") && !other.contains("desk"), "{other}");
    assert_eq!(edited(&one, &[called(None, "desk")]), Err("ya existe canal con el nombre \"desk\"".to_owned()));
    let removed = edited(&one, &[Edit::Remove { section: Section::Channel, name: "desk".to_owned() }]).unwrap();
    assert!(!removed.contains("webhook"), "{removed}");
}

#[test]
fn a_value_is_set_or_taken_away_wherever_it_stands() {
    let set = |path: &[&str], value| Edit::Set { path: path.iter().map(|key| (*key).to_owned()).collect(), value };
    let after = edited(FILE, &[set(&["language"], Some(json!("en")))]).unwrap();
    assert_eq!(after, FILE.replace("language = \"es\"   # as", "language = \"en\"   # as"));
    let after = edited(FILE, &[set(&["email", "server"], Some(json!("smtp.example.com")))]);
    assert!(after.is_err_and(|problems| problems.starts_with("email")), "an e-mail table needs more");
    let after = edited(FILE, &[set(&["alerts", "remind_every"], None)]).unwrap();
    assert!(!after.contains("remind_every"), "{after}");
    assert!(edited(FILE, &[set(&["language", "deep"], Some(json!(1)))]).is_err());
}

#[test]
fn what_is_wrong_is_told_with_the_keys_that_lead_to_it_and_not_saved() {
    let check = |table: Json, path: &str| {
        let wrong = edited(FILE, &[put(Section::Monitor, Some("port"), table)]).unwrap_err();
        assert!(wrong.starts_with(&format!("{path}: ")), "{wrong}");
    };
    check(json!({ "name": "port", "tcp": "127.0.0.1:99999" }), "monitor.1.tcp");
    check(json!({ "name": "port", "tcp": "127.0.0.1:22", "every": "often" }), "monitor.1.every");
    check(json!({ "name": "portfolio", "tcp": "127.0.0.1:22" }), "monitor.1.name");
    check(json!({ "name": "port", "http": "http://x/", "headers": { "A b": "c" } }), "monitor.1.headers.A b");
    check(json!({ "name": "port", "tcp": "127.0.0.1:22", "tags": ["a", 2] }), "monitor.1.tags.1");
}

#[test]
fn a_file_that_is_no_toml_is_told_by_its_line_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("estatus.toml");
    fs::write(&file, "language = \n").unwrap();
    let remove = Edit::Remove { section: Section::Monitor, name: "page".to_owned() };
    let problems = edit(&file, &[remove], Saving::Yes, &defaults()).unwrap().problems;
    assert_eq!(problems.iter().map(|it| it.line).collect::<Vec<_>>(), [1]);
    let shown = configuration(&file, &defaults()).unwrap();
    assert_eq!((shown.tables, shown.problems), (json!({}), problems));
}

#[test]
fn the_tables_are_shown_as_they_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("estatus.toml");
    fs::write(&file, FILE).unwrap();
    let shown = configuration(&file, &defaults()).unwrap();
    assert_eq!(shown.tables["monitor"][0]["headers"], json!({ "Accept": "text/html" }));
    assert_eq!(shown.tables["alerts"], json!({ "remind_every": "6h" }));
    assert_eq!(shown.problems, []);
}

#[cfg(unix)]
#[test]
fn the_file_keeps_its_permissions_and_a_link_stays_one() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("real.toml"), folder.path().join("estatus.toml"));
    fs::write(&file, FILE).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    symlink(&file, &link).unwrap();
    let edits = [Edit::Remove { section: Section::Monitor, name: "port".to_owned() }];
    assert_eq!(edit(&link, &edits, Saving::Yes, &defaults()).unwrap().problems, []);
    assert!(link.is_symlink());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!fs::read_to_string(&file).unwrap().contains("ssh"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[cfg(unix)]
#[test]
fn a_file_that_is_saved_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("estatus.toml");
    for mode in [0o600, 0o666, 0o444] {
        fs::write(&file, FILE).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        save::save(&file, "language = \"en\"\n").unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, mode);
        fs::remove_file(&file).unwrap();
    }
}

#[test]
fn edits_at_once_are_made_one_after_the_other() {
    const WRITERS: usize = 8;
    const EACH: usize = 5;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("estatus.toml");
    fs::write(&file, FILE).unwrap();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let file = &file;
            scope.spawn(move || {
                for number in 0..EACH {
                    let name = format!("{writer}-{number}");
                    let added = put(Section::Monitor, None, json!({ "name": name, "tcp": "127.0.0.1:22" }));
                    assert_eq!(edit(file, &[added], Saving::Yes, &defaults()).unwrap().problems, []);
                }
            });
        }
    });
    let monitors = configuration(&file, &defaults()).unwrap().tables["monitor"].as_array().unwrap().len();
    assert_eq!(monitors, 2 + WRITERS * EACH);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_edits_would_make_of_a_file_is_known_without_saving_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("estatus.toml");
    fs::write(&file, FILE).unwrap();
    let preview = |table: Json| preview_edits(&file, &[put(Section::Monitor, None, table)], &defaults()).unwrap();

    let config = preview(json!({ "name": "new", "tcp": "127.0.0.1:80" })).unwrap();
    let names: Vec<&str> = config.monitors.iter().map(|monitor| &*monitor.name).collect();
    assert_eq!(names, ["portfolio", "port", "new"]);
    let problems = preview(json!({ "name": "new", "tcp": "127.0.0.1" })).unwrap_err();
    assert_eq!(problems[0].path, ["monitor", "2", "tcp"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), FILE);

    let unknown = preview_edits(&file, &[put(Section::Monitor, Some("none"), json!({}))], &defaults());
    assert!(matches!(unknown, Err(EditError::Unknown(_))));
}
