//! Logs are read as they stand in their files.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

use std::{fs, io, path::Path};

use estatus_program::{Line, LogReader, Stream};
use jiff::Timestamp;

fn write(folder: &Path, name: &str, text: &[u8]) {
    let log = folder.join("log");
    fs::create_dir_all(&log).unwrap();
    fs::write(log.join(name), text).unwrap();
}

#[test]
fn a_program_that_has_written_nothing_yet_has_no_log() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(LogReader::open(folder.path()).map(drop).unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn every_kind_of_entry_is_understood() {
    let check = |entry: &str, stream: Option<Stream>, text: &str, is_part: bool| {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "current.log", format!("2026-11-21T12:40:05.123Z {entry}\n").as_bytes());
        let at: Timestamp = "2026-11-21T12:40:05.123Z".parse().unwrap();
        let line = Line { at, stream, text: text.to_owned(), is_part };
        assert_eq!(LogReader::open(folder.path()).unwrap().last(9).unwrap(), [line], "{entry}");
    };
    check("O some text", Some(Stream::Out), "some text", false);
    check("E  some text ", Some(Stream::Err), " some text ", false);
    check("o Name? ", Some(Stream::Out), "Name? ", true);
    check("e x", Some(Stream::Err), "x", true);
    check("O ", Some(Stream::Out), "", false);
    check("! 3 lines were lost", None, "3 lines were lost", false);
}

#[test]
fn what_is_no_entry_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let stamp = "2026-11-21T12:40:05.123Z";
    let text =
        format!("\nnonsense\n{stamp} X y\n{stamp} O one\n{stamp}\nyesterday O y\n{stamp} O two\n{stamp} O unfinis");
    write(folder.path(), "current.log", text.as_bytes());
    let lines = LogReader::open(folder.path()).unwrap().last(9).unwrap();
    assert_eq!(lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["one", "two"]);
}

#[tokio::test]
async fn what_follows_comes_from_the_files_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let entry = |text: &str| format!("2026-11-21T12:40:05.123Z O {text}\n").into_bytes();
    write(folder.path(), "00000007.log", &entry("seven"));
    write(folder.path(), "current.log", &entry("eight"));
    write(folder.path(), "notes.log", &entry("nobody's"));
    let mut reader = LogReader::open(folder.path()).unwrap();
    let last: Vec<_> = reader.last(5).unwrap().into_iter().map(|line| line.text).collect();
    assert_eq!(last, ["seven", "eight"]);
    write(folder.path(), "current.log", &[entry("eight"), entry("eight too")].concat());
    fs::rename(folder.path().join("log/current.log"), folder.path().join("log/00000008.log")).unwrap();
    write(folder.path(), "00000009.log", &entry("nine"));
    write(folder.path(), "current.log", &entry("ten"));
    let mut next = Vec::new();
    while next.len() < 3 {
        next.extend(reader.next().await.unwrap().into_iter().map(|line| line.text));
    }
    assert_eq!(next, ["eight too", "nine", "ten"]);
}
