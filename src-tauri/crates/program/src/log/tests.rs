//! What is written is in the log: each line once, in order, whatever happens to the capture.

mod content;
mod disk;
#[cfg(unix)]
mod kills;
mod meddling;
#[cfg(unix)]
mod pipes;
mod reading;

use std::{fs, path::Path};

use tempfile::TempDir;

use super::{Capture, Stream, files};
use crate::encoding::Decoder;

/// Enough for several files of 80 kB.
const KEEP: u64 = 400_000;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn open(folder: &TempDir) -> Capture {
    Capture::open(folder.path(), KEEP, Decoder::default()).unwrap()
}

/// Does what is done when nothing has been written for a while.
fn flush(capture: &mut Capture) {
    Stream::ALL.into_iter().for_each(|stream| capture.flush(stream));
    if capture.is_big() {
        capture.release();
    }
}

/// The files of the log, the oldest first.
fn logs(folder: &Path) -> Vec<Vec<u8>> {
    let log = files::folder(folder);
    let mut numbers = files::rotated(&log).unwrap();
    numbers.push(numbers.last().map_or(1, |newest| newest + 1));
    let files = numbers.into_iter().filter_map(|number| files::open(&log, number).unwrap());
    files
        .map(|mut file| {
            let mut all = Vec::new();
            std::io::Read::read_to_end(&mut file, &mut all).unwrap();
            all
        })
        .collect()
}

/// The entries of the log: their letters and texts.
fn entries(folder: &Path) -> Vec<(char, Vec<u8>)> {
    let all = logs(folder).concat();
    assert!(all.is_empty() || all.ends_with(b"\n"), "the last entry has no end");
    let entry = |entry: &[u8]| {
        assert!(
            entry.len() >= 27 && entry[23..25] == *b"Z " && entry[26] == b' ',
            "{:?}",
            String::from_utf8_lossy(entry)
        );
        (char::from(entry[25]), entry[27..].to_vec())
    };
    all.strip_suffix(b"\n").map_or_else(Vec::new, |all| all.split(|&byte| byte == b'\n').map(entry).collect())
}

/// What the log says that was written to `stream`.
fn logged(folder: &Path, stream: Stream) -> Vec<u8> {
    let (line, part) = if stream == Stream::Out { ('O', 'o') } else { ('E', 'e') };
    let of_stream = entries(folder).into_iter().filter(|(letter, _)| [line, part].contains(letter));
    of_stream
        .flat_map(|(letter, mut text)| {
            if letter == line {
                text.push(b'\n')
            }
            text
        })
        .collect()
}

/// What the log ought to say when `bytes` were written: its line ends are of one kind, and what would tear an entry
/// apart when it is looked at is a space.
#[cfg(unix)]
fn expected(bytes: &[u8]) -> Vec<u8> {
    let mut lines: Vec<u8> = Vec::new();
    for &byte in bytes {
        match byte {
            b'\n' if lines.last() == Some(&b'\r') => {
                lines.pop();
                lines.push(b'\n')
            }
            byte => lines.push(byte),
        }
    }
    if lines.last() == Some(&b'\r') {
        lines.pop();
    }
    for byte in lines.iter_mut().filter(|byte| matches!(byte, b'\r' | 0)) {
        *byte = b' '
    }
    if lines.last().is_some_and(|&byte| byte != b'\n') {
        lines.push(b'\n')
    }
    lines
}

fn assert_same(found: &[u8], expected: &[u8], what: &str) {
    if found == expected {
        return;
    }
    let at = found.iter().zip(expected).take_while(|(found, expected)| found == expected).count();
    let near = |bytes: &[u8]| {
        String::from_utf8_lossy(&bytes[at.saturating_sub(40).min(bytes.len())..(at + 40).min(bytes.len())]).into_owned()
    };
    panic!(
        "{what}: of {} bytes, {} expected, byte {at} differs: {:?}, expected {:?}",
        found.len(),
        expected.len(),
        near(found),
        near(expected)
    );
}

fn total(folder: &Path) -> u64 {
    fs::read_dir(files::folder(folder)).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}
