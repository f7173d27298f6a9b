use std::fs;

use estatus_api::{Edit, EntryChange, LineChange, Section};
use estatus_core::config::Language;
use jiff::tz::TimeZone;
use serde_json::json;

use super::*;
use crate::{Saving, edit, entry_text, put_back, undo};

const MONITOR: &str = "# Mine.\n[[monitor]]\nname = \"shop\"\nhttp = \"https://example.com/\"   # the shop\n";

fn defaults() -> Defaults {
    Defaults { language: Language::English, zone: TimeZone::UTC }
}

/// A file with its data folder.
struct Stage {
    folder: tempfile::TempDir,
}

impl Stage {
    fn new(text: &str) -> Self {
        let stage = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(stage.file(), text).unwrap();
        stage
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("estatus.toml")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    /// Whoever else writes the file.
    fn write(&self, text: &str) {
        fs::write(self.file(), text).unwrap();
    }

    /// Saves an edit; the number of the version.
    fn edit(&self, edit: Edit) -> u64 {
        let edited = crate::edit(&self.file(), &[edit], Saving::AsVersion(&self.data()), &defaults()).unwrap();
        assert_eq!(edited.problems, []);
        edited.version.unwrap()
    }

    fn undo(&self, id: u64) -> Result<String, EditError> {
        let edited = undo(id, &self.file(), &self.data(), &defaults())?;
        assert_eq!(edited.problems, []);
        Ok(self.text())
    }

    /// The texts of the versions, the newest first.
    fn texts(&self) -> Vec<String> {
        all(&self.data()).unwrap().iter().rev().map(|kept| kept.text().unwrap()).collect()
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder(&self.data()))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn add(name: &str) -> Edit {
    let table = json!({ "name": name, "tcp": "127.0.0.1:22" });
    Edit::Put { section: Section::Monitor, name: None, table, called: None }
}

fn remove(name: &str) -> Edit {
    Edit::Remove { section: Section::Monitor, name: name.to_owned() }
}

#[test]
fn the_last_twenty_are_kept_and_the_oldest_go_first() {
    let stage = Stage::new("");
    for number in 1..=25 {
        assert_eq!(keep(&format!("# {number}\n"), &stage.data()).unwrap(), number);
    }
    let texts = stage.texts();
    assert_eq!(texts.len(), VERSIONS_MAX);
    assert_eq!((texts[0].as_str(), texts[19].as_str()), ("# 25\n", "# 6\n"));
    let kept = versions(&stage.file(), &stage.data()).unwrap();
    assert_eq!((kept[0].id, kept[19].id), (25, 6));
    let gone = version(5, &stage.file(), &stage.data(), &defaults()).unwrap_err();
    assert_eq!(gone.to_string(), "version 5 of the file is no longer available: the last 20 are kept");
}

#[test]
fn what_the_newest_says_already_is_not_kept_again() {
    let stage = Stage::new("");
    assert_eq!(keep("a = 1\n", &stage.data()).unwrap(), 1);
    assert_eq!(keep("a = 1\n", &stage.data()).unwrap(), 1);
    assert_eq!(keep("a = 2\n", &stage.data()).unwrap(), 2);
    assert_eq!(keep("a = 1\n", &stage.data()).unwrap(), 3);
    assert_eq!(stage.texts(), ["a = 1\n", "a = 2\n", "a = 1\n"]);
}

#[test]
fn what_was_put_in_force_is_kept_once_though_it_was_overtaken_meanwhile() {
    let stage = Stage::new("now\n");
    let keep = |text: &str| keep_in_force(text, &stage.file(), &stage.data()).unwrap();
    keep_edit("before\n", "now\n", &stage.data()).unwrap();
    // What the engine has read late is older than what was saved since.
    keep("before\n");
    keep("now\n");
    assert_eq!(stage.texts(), ["now\n", "before\n"]);
    keep("never seen\n");
    assert_eq!(stage.texts(), ["never seen\n", "now\n", "before\n"]);
}

#[test]
fn what_was_half_written_when_its_process_was_killed_is_no_version_and_is_cleared_away() {
    let stage = Stage::new("");
    keep("a = 1\n", &stage.data()).unwrap();
    let half = folder(&stage.data()).join(".000002-20260101T000000.toml.4711-0.new");
    fs::write(&half, "a =").unwrap();
    fs::write(folder(&stage.data()).join("notes.txt"), "mine").unwrap();
    assert_eq!(stage.texts(), ["a = 1\n"]);
    assert_eq!(keep("a = 2\n", &stage.data()).unwrap(), 2);
    assert_eq!(stage.texts(), ["a = 2\n", "a = 1\n"]);
    assert!(!half.exists() && stage.names().contains(&"notes.txt".to_owned()), "{:?}", stage.names());
}

#[cfg(unix)]
#[test]
fn only_their_owner_can_read_them() {
    use std::os::unix::fs::PermissionsExt;
    let stage = Stage::new("");
    keep("", &stage.data()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder(&stage.data())), 0o700);
    assert_eq!(mode(&all(&stage.data()).unwrap()[0].path), 0o600);
}

#[test]
fn without_any_there_are_none() {
    let stage = Stage::new(MONITOR);
    assert_eq!(versions(&stage.file(), &stage.data()).unwrap(), []);
}

#[test]
fn it_is_told_what_each_changed() {
    let stage = Stage::new(MONITOR);
    keep(MONITOR, &stage.data()).unwrap();
    let many: String = (0..7).map(|n| format!("[[monitor]]\nname = \"m{n}\"\ntcp = \"127.0.0.1:{n}\"\n")).collect();
    let text = format!("language = \"es\"\n{many}{}[channel.chat]\nwebhook = \"x\"\n", MONITOR.replace(".com", ".org"));
    keep(&text, &stage.data()).unwrap();
    keep(&format!("# Only said.\n{text}"), &stage.data()).unwrap();
    keep("oops = [", &stage.data()).unwrap();
    keep(MONITOR, &stage.data()).unwrap();
    let versions = versions(&stage.file(), &stage.data()).unwrap();
    let [now, wrong, comment, much, first] = versions.as_slice() else { panic!("{versions:?}") };
    assert_eq!([now, wrong, comment, much, first].map(|version| version.is_present), [true, false, false, false, true]);
    assert_eq!((&first.changes, &wrong.changes, &now.changes), (&None, &None, &None));
    assert_eq!(comment.changes, Some(Vec::new()));
    let changes = much.changes.clone().unwrap();
    let told: Vec<_> = changes.iter().map(|it| (it.change, it.section, it.count, it.names.join(" "))).collect();
    let names = |names: &str| names.to_owned();
    assert_eq!(
        told,
        [
            (EntryChange::Added, Some(Section::Monitor), 7, names("m0 m1 m2 m3 m4")),
            (EntryChange::Changed, Some(Section::Monitor), 1, names("shop")),
            (EntryChange::Added, Some(Section::Channel), 1, names("chat")),
            (EntryChange::Added, None, 1, names("language")),
        ]
    );
}

#[test]
fn it_is_told_line_by_line_what_putting_one_back_would_change() {
    let stage = Stage::new("a = 1\nb = 2\nc = 3\n");
    keep("a = 1\nb = 4\nc = 3\n", &stage.data()).unwrap();
    let told = version(1, &stage.file(), &stage.data(), &defaults()).unwrap();
    assert_eq!(told.text, "a = 1\nb = 4\nc = 3\n");
    let lines: Vec<_> = told.difference[0].lines.iter().map(|line| (line.change, line.text.as_str())).collect();
    let (removed, added) = (Some(LineChange::Removed), Some(LineChange::Added));
    assert_eq!(lines, [(None, "a = 1"), (removed, "b = 2"), (added, "b = 4"), (None, "c = 3")]);
    assert_eq!((told.difference.len(), told.difference[0].line, told.is_cut), (1, 1, false));
    stage.write("a = 1\nb = 4\nc = 3\n");
    assert_eq!(version(1, &stage.file(), &stage.data(), &defaults()).unwrap().difference, []);
    stage.write(&(0..5_000).map(|n| format!("k{n} = 1\n")).collect::<String>());
    let told = version(1, &stage.file(), &stage.data(), &defaults()).unwrap();
    let count: usize = told.difference.iter().map(|hunk| hunk.lines.len()).sum();
    assert!(told.is_cut && count == 2_000, "{count}");
}

#[test]
fn an_edit_and_what_stood_there_before_are_versions_whoever_wrote_it() {
    let stage = Stage::new(MONITOR);
    let first = stage.edit(add("port"));
    let edited = stage.text();
    let by_hand = format!("# by hand\n{edited}");
    stage.write(&by_hand);
    stage.edit(remove("port"));
    assert_eq!(first, 2);
    let texts = stage.texts();
    assert_eq!(texts[1..], [by_hand, edited, MONITOR.to_owned()]);
    assert_eq!(texts[0], stage.text());
    // Nothing is changed, so nothing is kept.
    let same = Edit::Set { path: vec!["language".to_owned()], value: None };
    let edited = edit(&stage.file(), &[same], Saving::AsVersion(&stage.data()), &defaults()).unwrap();
    assert_eq!((edited.version, stage.texts().len()), (None, 4));
}

#[test]
fn what_is_put_back_is_a_version_itself_and_what_it_replaced_is_too() {
    let stage = Stage::new(MONITOR);
    stage.edit(add("port"));
    stage.write("oops = [\n");
    let edited = put_back(1, &stage.file(), &stage.data(), &defaults()).unwrap();
    assert_eq!((stage.text().as_str(), edited.problems.len()), (MONITOR, 0));
    assert_eq!(stage.texts()[..2], [MONITOR.to_owned(), "oops = [\n".to_owned()]);
    // One that is wrong is not put back.
    let refused = put_back(3, &stage.file(), &stage.data(), &defaults()).unwrap();
    assert!(!refused.problems.is_empty() && refused.version.is_none());
    assert_eq!(stage.text(), MONITOR);
    fs::remove_file(stage.file()).unwrap();
    put_back(1, &stage.file(), &stage.data(), &defaults()).unwrap();
    assert_eq!(stage.text(), MONITOR);
}

#[test]
fn an_edit_is_undone_as_if_it_had_not_been_and_that_is_undone_too() {
    let stage = Stage::new(MONITOR);
    let removed = stage.edit(remove("shop"));
    assert_eq!(stage.undo(removed).unwrap(), MONITOR);
    let kept = versions(&stage.file(), &stage.data()).unwrap();
    let again = kept[0].id;
    assert!(!stage.undo(again).unwrap().contains("shop"));
}

#[test]
fn an_edit_is_undone_beside_what_others_have_changed_since_but_not_upon_it() {
    let stage = Stage::new(&format!("{MONITOR}\n[[monitor]]\nname = \"ssh\"\ntcp = \"127.0.0.1:22\"\n"));
    let removed = stage.edit(remove("shop"));
    let by_hand = stage.text().replace("127.0.0.1:22\"", "127.0.0.1:2222\"   # moved");
    stage.write(&by_hand);
    let undone = stage.undo(removed).unwrap();
    assert!(undone.starts_with(MONITOR) && undone.contains("2222\"   # moved"), "{undone}");

    let removed = stage.edit(remove("ssh"));
    let anew = format!("{}[[monitor]]\nname = \"ssh\"\ntcp = \"127.0.0.1:2\"\n", stage.text());
    stage.write(&anew);
    let Err(EditError::Overtaken(why)) = stage.undo(removed) else { panic!("it was undone") };
    assert_eq!(why, "\"ssh\" was changed again in the meantime, so nothing was undone");
    assert_eq!(stage.text(), anew);
    stage.write("oops = [\n");
    assert!(matches!(stage.undo(removed), Err(EditError::Overtaken(_))));
}

#[test]
fn what_cannot_be_undone_without_a_mistake_is_told_and_changes_nothing() {
    let channel = "[channel.chat]\nwebhook = \"https://example.com/\"\n";
    let stage = Stage::new(MONITOR);
    let table = json!({ "webhook": "https://example.com/" });
    let called = Some("chat".to_owned());
    let added = stage.edit(Edit::Put { section: Section::Channel, name: None, table, called });
    assert!(stage.text().contains(channel));
    let uses = stage.text().replace("name = \"shop\"", "name = \"shop\"\nchannels = [\"chat\"]");
    stage.write(&uses);
    let edited = undo(added, &stage.file(), &stage.data(), &defaults()).unwrap();
    assert!(!edited.problems.is_empty() && edited.version.is_none());
    assert_eq!(stage.text(), uses);
}

#[test]
fn an_entry_is_told_as_it_is_written() {
    let flow = "[flow.mend]\nmax_runs = 3\n\n# First.\n[[flow.mend.step]]\nname = \"a\"\nrun = \"mend\"\n";
    let stage = Stage::new(&format!("zone = \"UTC\"\n\n{MONITOR}\n[[monitor]]\nname = \"b\"\ntcp = \"h:1\"\n\n{flow}"));
    let told = |section, name: &str| entry_text(&stage.file(), section, name, &defaults());
    assert_eq!(told(Section::Monitor, "shop").unwrap(), MONITOR);
    assert_eq!(told(Section::Flow, "mend").unwrap(), flow);
    let none = told(Section::Program, "web").unwrap_err();
    assert_eq!(none.to_string(), "the file no longer has a program called \"web\"");
}
