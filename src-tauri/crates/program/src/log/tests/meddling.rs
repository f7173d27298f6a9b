//! Somebody else removes, moves or cuts the file that is written to.

use std::{
    fs::{self, OpenOptions},
    path::PathBuf,
    thread,
    time::Duration,
};

use tokio::time::timeout;

use super::*;
use crate::LogReader;

const SOON: Duration = Duration::from_secs(20);

/// What can happen to a file, by its path.
const MEDDLING: [fn(&PathBuf); 4] = [
    |file| fs::remove_file(file).unwrap(),
    |file| fs::rename(file, file.with_extension("log.1")).unwrap(),
    |file| drop(OpenOptions::new().write(true).truncate(true).open(file).unwrap()),
    |file| {
        fs::rename(file, file.with_extension("log.1")).unwrap();
        fs::write(file, "").unwrap();
    },
];

fn current(folder: &TempDir) -> PathBuf {
    files::folder(folder.path()).join("current.log")
}

/// Until it is looked whether the file is still the same.
fn look_again() {
    thread::sleep(Duration::from_millis(60));
}

#[test]
fn what_is_written_afterwards_stands_in_the_log() {
    for (what, meddle) in MEDDLING.iter().enumerate() {
        let folder = folder();
        let mut capture = open(&folder);
        capture.push(Stream::Out, b"before\nand more before\n");
        meddle(&current(&folder));
        look_again();
        capture.push(Stream::Out, b"after\n");
        capture.push(Stream::Err, b"last\n");
        let found = [('O', b"after".to_vec()), ('E', b"last".to_vec())];
        assert_eq!(entries(folder.path()), found, "{what}");
        assert_eq!(capture.tail(9), ["after", "last"], "{what}");
        drop(capture);
        let mut capture = open(&folder);
        capture.push(Stream::Out, b"by another\n");
        assert_eq!(entries(folder.path()).len(), 3, "{what}");
        assert_eq!(capture.tail(1), ["by another"], "{what}");
    }
}

#[test]
fn a_file_that_is_cut_while_much_is_written_gets_no_hole() {
    let folder = folder();
    let mut capture = open(&folder);
    for _ in 0..50 {
        capture.push(Stream::Out, &b"a line of some length\n".repeat(20));
        fs::File::options().write(true).truncate(true).open(current(&folder)).unwrap();
        capture.push(Stream::Out, b"the first after it\n");
        let text = fs::read(current(&folder)).unwrap();
        assert!(!text.contains(&0) && text.ends_with(b"the first after it\n"), "{}", String::from_utf8_lossy(&text));
    }
}

#[tokio::test]
async fn whoever_follows_goes_on_with_what_is_written_afterwards() {
    for (what, meddle) in MEDDLING.iter().enumerate() {
        let folder = folder();
        let mut capture = open(&folder);
        capture.push(Stream::Out, b"before\nand more before\n");
        let mut reader = LogReader::open(folder.path()).unwrap();
        assert_eq!(reader.last(9).unwrap().len(), 2);
        meddle(&current(&folder));
        assert!(timeout(Duration::from_millis(60), reader.next()).await.is_err(), "{what}");
        for line in ["one", "two"] {
            capture.push(Stream::Out, format!("{line}\n").as_bytes());
            let lines = timeout(SOON, reader.next()).await.unwrap_or_else(|_| panic!("{what}: nothing comes")).unwrap();
            assert_eq!(lines.iter().map(|found| found.text.as_str()).collect::<Vec<_>>(), [line], "{what}");
        }
    }
}
