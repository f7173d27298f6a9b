//! Logs are read as they stand in their files.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

use std::{cell::Cell, fs, io, path::Path};

use estatus_program::{Line, LogFilter, LogPage, LogReader, Place, Stream};
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
        let place = Place { file: 1, at: 0 };
        let line = Line { place, at, stream, text: text.to_owned(), is_part };
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

fn entry(text: &str) -> Vec<u8> {
    format!("2026-11-21T12:40:05.123Z O {text}\n").into_bytes()
}

/// Lines of these numbers, so long that a block has few of them.
fn long(numbers: std::ops::RangeInclusive<usize>) -> Vec<u8> {
    numbers.flat_map(|number| entry(&format!("{number} {}", "x".repeat(20_000)))).collect()
}

fn numbers(page: &LogPage) -> Vec<usize> {
    page.lines.iter().map(|line| line.text.split(' ').next().unwrap().parse().unwrap()).collect()
}

fn all(text: &str) -> LogFilter {
    LogFilter::new(text, None).unwrap()
}

/// A log of 99 lines in three files.
fn rotated() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "00000004.log", &long(1..=40));
    write(folder.path(), "00000005.log", &long(41..=80));
    write(folder.path(), "current.log", &long(81..=99));
    folder
}

#[test]
fn a_log_is_turned_over_page_by_page_in_both_directions() {
    let folder = rotated();
    for size in [1, 7, 40, 98] {
        let (mut pages, mut before) = (Vec::new(), None);
        loop {
            let mut reader = LogReader::open(folder.path()).unwrap();
            let page = reader.older(before, &all(""), size, || true).unwrap();
            pages.push(numbers(&page));
            before = page.rest;
            if before.is_none() {
                break;
            }
        }
        pages.reverse();
        assert_eq!(pages.concat(), (1..=99).collect::<Vec<_>>(), "backwards by {size}");
        assert!(pages[1..].iter().all(|page| page.len() == size), "{pages:?}");

        let mut reader = LogReader::open(folder.path()).unwrap();
        let mut after = reader.older(None, &all("1 x"), 99, || true).unwrap().lines[0].place;
        assert_eq!(after, Place { file: 4, at: 0 });
        let mut found = vec![1];
        loop {
            let page = LogReader::open(folder.path()).unwrap().newer(after, &all(""), size, || true).unwrap();
            found.extend(numbers(&page));
            match page.rest {
                Some(rest) => after = rest,
                None => break,
            }
        }
        assert_eq!(found, (1..=99).collect::<Vec<_>>(), "forwards by {size}");
    }
}

#[test]
fn a_search_finds_the_newest_first_and_goes_on_in_older_files() {
    let folder = rotated();
    let mut reader = LogReader::open(folder.path()).unwrap();
    let first = reader.older(None, &all("9 X"), 4, || true).unwrap();
    assert_eq!(numbers(&first), [69, 79, 89, 99]);
    let rest = reader.older(first.rest, &all("9 X"), 99, || true).unwrap();
    assert_eq!((numbers(&rest), rest.rest), (vec![9, 19, 29, 39, 49, 59], None));
    assert_eq!(reader.older(None, &all("never written"), 9, || true).unwrap(), LogPage::default());
    // What has been found stands where it was found.
    let place = first.lines[0].place;
    let after = reader.newer(place, &all(""), 2, || true).unwrap();
    assert_eq!(numbers(&after), [70, 71]);
    let before = reader.older(Some(place), &all(""), 2, || true).unwrap();
    assert_eq!(numbers(&before), [67, 68]);
}

#[test]
fn a_search_has_one_block_at_a_time_in_memory_and_ends_when_it_is_told_to() {
    let folder = rotated();
    let mut reader = LogReader::open(folder.path()).unwrap();
    let blocks = Cell::new(0);
    let up_to = |limit: usize| {
        blocks.set(0);
        let blocks = &blocks;
        move || {
            blocks.set(blocks.get() + 1);
            blocks.get() < limit
        }
    };
    // 2 MB, of which no more than 256 kB are read at once.
    assert_eq!(numbers(&reader.older(None, &all("1 x"), 99, up_to(usize::MAX)).unwrap()).len(), 10);
    assert!((8..=14).contains(&blocks.get()), "{}", blocks.get());
    // The newest line is found in the block in which it stands; the one before it says that there are older ones.
    assert_eq!(numbers(&reader.older(None, &all(""), 1, up_to(usize::MAX)).unwrap()), [99]);
    assert_eq!(blocks.get(), 1);
    // What is ended says where to go on.
    let mut found = Vec::new();
    let mut rest = None;
    for _ in 0..99 {
        let page = reader.older(rest, &all("1 x"), 99, up_to(1)).unwrap();
        found.splice(..0, numbers(&page));
        rest = page.rest;
        if rest.is_none() {
            break;
        }
    }
    assert_eq!(found, [1, 11, 21, 31, 41, 51, 61, 71, 81, 91]);
    let page = reader.newer(Place { file: 4, at: 0 }, &all(""), 99, up_to(1)).unwrap();
    assert!(page.rest.is_some() && numbers(&page).first() == Some(&2) && blocks.get() == 1, "{:?}", numbers(&page));
}

#[test]
fn files_that_are_cut_or_removed_meanwhile_are_passed_over() {
    let remove = |folder: &Path, name: &str| fs::remove_file(folder.join("log").join(name)).unwrap();
    let check = |meddle: &dyn Fn(&Path), older: &[usize], newer: &[usize]| {
        let folder = rotated();
        let mut reader = LogReader::open(folder.path()).unwrap();
        let (middle, old) = (Place { file: 5, at: 0 }, Place { file: 4, at: 20_100 });
        meddle(folder.path());
        let before = reader.older(Some(middle), &all(""), 99, || true).unwrap();
        assert_eq!((numbers(&before), before.rest), (older.to_vec(), None));
        let after = reader.newer(old, &all("1 x"), 99, || true).unwrap();
        assert_eq!((numbers(&after), after.rest), (newer.to_vec(), None));
    };
    let first: Vec<usize> = (1..=40).collect();
    check(&|_| {}, &first, &[11, 21, 31, 41, 51, 61, 71, 81, 91]);
    check(&|folder| remove(folder, "00000004.log"), &[], &[41, 51, 61, 71, 81, 91]);
    check(&|folder| remove(folder, "00000005.log"), &first, &[11, 21, 31, 81, 91]);
    check(&|folder| write(folder, "00000004.log", &long(1..=2)), &[1, 2], &[41, 51, 61, 71, 81, 91]);
    check(&|folder| write(folder, "current.log", b""), &first, &[11, 21, 31, 41, 51, 61, 71]);
    check(&|folder| remove(folder, "current.log"), &first, &[11, 21, 31, 41, 51, 61, 71]);
}

#[test]
fn a_place_that_there_never_was_does_no_harm() {
    let folder = rotated();
    let mut reader = LogReader::open(folder.path()).unwrap();
    for place in [Place { file: 6, at: u64::MAX }, Place { file: u64::MAX, at: u64::MAX }, Place { file: 0, at: 7 }] {
        reader.older(Some(place), &all(""), 9, || true).unwrap();
        reader.newer(place, &all(""), 9, || true).unwrap();
    }
    let within = reader.older(Some(Place { file: 6, at: 50_000 }), &all(""), 3, || true).unwrap();
    assert_eq!(numbers(&within)[1..], [82, 83][..]);
}

#[test]
fn what_nobody_of_us_wrote_is_passed_over_backwards_too() {
    let folder = tempfile::tempdir().unwrap();
    let garbage = vec![b'x'; 1_000_000];
    write(folder.path(), "00000001.log", &[long(1..=2), garbage.clone(), b"\n".to_vec(), long(3..=3)].concat());
    write(
        folder.path(),
        "current.log",
        &[garbage, b"\n".to_vec(), long(4..=5), b"2026-11-21T12:40:05.123Z O unfin".to_vec()].concat(),
    );
    let mut reader = LogReader::open(folder.path()).unwrap();
    assert_eq!(numbers(&reader.older(None, &all(""), 9, || true).unwrap()), [1, 2, 3, 4, 5]);
    assert_eq!(reader.last(9).unwrap().len(), 5);
}

#[test]
fn a_page_ends_before_it_has_too_much_text() {
    let folder = tempfile::tempdir().unwrap();
    let huge: Vec<u8> = (1..=200).flat_map(|number| entry(&format!("{number} {}", "y".repeat(60_000)))).collect();
    write(folder.path(), "current.log", &huge);
    let mut reader = LogReader::open(folder.path()).unwrap();
    let page = reader.older(None, &all(""), 200, || true).unwrap();
    let found = numbers(&page);
    assert!((100..150).contains(&found.len()) && found.last() == Some(&200), "{}", found.len());
    let before = reader.older(page.rest, &all(""), 200, || true).unwrap();
    assert_eq!([numbers(&before), found].concat(), (1..=200).collect::<Vec<_>>());
    let page = reader.newer(Place { file: 1, at: 0 }, &all(""), 200, || true).unwrap();
    assert!(page.rest == Some(page.lines.last().unwrap().place) && page.lines.len() < 150);
}
