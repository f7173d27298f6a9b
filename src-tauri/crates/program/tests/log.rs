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

#[test]
fn what_was_written_within_a_while_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let at = |second: usize| -> Timestamp { format!("2026-11-21T12:40:{second:02}.123Z").parse().unwrap() };
    let entry = |second: usize| format!("{:.3} O {second}\n", at(second));
    // More than is read at first.
    let long = |second: usize| format!("{:.3} O {second} {}\n", at(second), "x".repeat(50_000));
    write(folder.path(), "00000001.log", [long(1), long(2), long(3), entry(4)].concat().as_bytes());
    write(folder.path(), "current.log", [5, 6, 7].map(entry).concat().as_bytes());
    let mut reader = LogReader::open(folder.path()).unwrap();
    let mut check = |from: usize, to: Option<usize>, lines: usize, expected: &[&str]| {
        let found = reader.last_within(at(from), to.map(at), lines).unwrap();
        let found: Vec<_> = found.iter().map(|line| line.text.split(' ').next().unwrap()).collect();
        assert_eq!(found, expected, "{from} to {to:?}");
    };
    check(2, Some(5), 9, &["2", "3", "4", "5"]);
    check(2, Some(5), 2, &["4", "5"]);
    check(6, None, 9, &["6", "7"]);
    check(0, Some(0), 9, &[]);
    check(0, None, 9, &["1", "2", "3", "4", "5", "6", "7"]);
    check(8, None, 9, &[]);
}

#[tokio::test]
async fn a_log_is_followed_from_its_beginning() {
    let entry = |text: &str| format!("2026-11-21T12:40:05.123Z O {text}\n").into_bytes();
    for rotated in [&[][..], &["seven", "eight"]] {
        let folder = tempfile::tempdir().unwrap();
        for (number, text) in (7..).zip(rotated) {
            write(folder.path(), &format!("{number:08}.log"), &entry(text));
        }
        write(folder.path(), "current.log", &entry("nine"));
        let mut reader = LogReader::open_at_beginning(folder.path()).unwrap();
        let expected = [rotated, &["nine", "ten"]].concat();
        let number = if rotated.is_empty() { 1 } else { 9 };
        let mut next = Vec::new();
        while next.len() < expected.len() - 1 {
            next.extend(reader.next().await.unwrap().into_iter().map(|line| line.text));
        }
        fs::rename(folder.path().join("log/current.log"), folder.path().join(format!("log/{number:08}.log"))).unwrap();
        write(folder.path(), "current.log", &entry("ten"));
        next.extend(reader.next().await.unwrap().into_iter().map(|line| line.text));
        assert_eq!(next, expected);
    }
}
