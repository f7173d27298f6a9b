//! What stands in the log.

use std::{fs, time::Instant};

use estatus_core::{encoding::OutputEncoding, ids::StartId};

use super::*;
use crate::encoding::CodePages;

#[test]
fn lines_stand_as_they_were_written() {
    let check = |bytes: &[u8], found: &[(char, &str)]| {
        let folder = folder();
        let mut capture = open(&folder);
        capture.push(Stream::Out, bytes);
        capture.end(Stream::Out);
        let found: Vec<_> = found.iter().map(|(letter, text)| (*letter, text.as_bytes().to_vec())).collect();
        assert_eq!(entries(folder.path()), found, "{:?}", String::from_utf8_lossy(bytes));
    };
    check(b"", &[]);
    check(b"one\ntwo\n", &[('O', "one"), ('O', "two")]);
    check(b"one\r\ntwo\r\n", &[('O', "one"), ('O', "two")]);
    check(b"no end", &[('O', "no end")]);
    check(b"\n\n\n", &[('O', ""), ('O', ""), ('O', "")]);
    check("año €😀\n".as_bytes(), &[('O', "año €😀")]);
    check(b" 10%\r 20%\r\n", &[('O', " 10%  20%")]);
    check(b"a\0b\n", &[('O', "a b")]);
    check(b"  O looks like one\n", &[('O', "  O looks like one")]);
}

#[test]
fn invalid_utf8_is_kept_byte_for_byte() {
    let folder = folder();
    let mut capture = open(&folder);
    let bytes: Vec<u8> = (1..=255).filter(|byte| !b"\r\n".contains(byte)).chain(*b"\n").collect();
    capture.push(Stream::Err, &bytes);
    assert_same(&logged(folder.path(), Stream::Err), &bytes, "all bytes");
    drop(capture);
    let line = &crate::LogReader::open(folder.path()).unwrap().last(1).unwrap()[0];
    assert!(line.text.contains('\u{fffd}'), "{line:?}");
}

#[test]
fn a_line_of_a_megabyte_is_kept_in_parts() {
    let folder = folder();
    let mut capture = Capture::open(folder.path(), 10_000_000, Decoder::default()).unwrap();
    let line: String = "ñandú ".chars().cycle().take(1_000_000).chain("\nnext\n".chars()).collect();
    capture.push(Stream::Out, line.as_bytes());
    assert_same(&logged(folder.path(), Stream::Out), line.as_bytes(), "the long line");
    let entries = entries(folder.path());
    assert!(entries.len() < 60 && entries.iter().all(|(_, text)| std::str::from_utf8(text).is_ok()));
    let tail = capture.tail(2);
    assert_eq!((tail.len(), tail[0].len(), tail[1].as_str()), (2, 400, "next"));
}

#[test]
fn an_unfinished_line_is_written_when_asked_and_goes_on() {
    let folder = folder();
    let mut capture = open(&folder);
    let check = |capture: &mut Capture, bytes: &[u8], held: bool, found: &[(char, &str)]| {
        capture.push(Stream::Out, bytes);
        assert_eq!(capture.unfinished(Stream::Out).is_some(), held, "{:?}", String::from_utf8_lossy(bytes));
        flush(capture);
        assert_eq!(capture.unfinished(Stream::Out), None);
        let found: Vec<_> = found.iter().map(|(letter, text)| (*letter, text.as_bytes().to_vec())).collect();
        assert_eq!(entries(folder.path()), found, "{:?}", String::from_utf8_lossy(bytes));
    };
    check(&mut capture, b"Name? ", true, &[('o', "Name? ")]);
    check(&mut capture, b"\r", false, &[('o', "Name? ")]);
    check(&mut capture, b"\n", false, &[('o', "Name? "), ('O', "")]);
    check(&mut capture, b"caf\xc3", true, &[('o', "Name? "), ('O', ""), ('o', "caf")]);
    check(&mut capture, b"\xa9\n", false, &[('o', "Name? "), ('O', ""), ('o', "caf"), ('O', "é")]);
    assert_eq!(capture.tail(10), ["Name? ", "café"]);
}

#[test]
fn a_line_that_stands_in_parts_is_complete_when_its_stream_ends() {
    let folder = folder();
    let mut capture = open(&folder);
    capture.push(Stream::Out, b"bye");
    flush(&mut capture);
    capture.end(Stream::Out);
    capture.end(Stream::Err);
    assert_same(&logged(folder.path(), Stream::Out), b"bye\n", "the last line");
}

#[test]
fn the_tail_is_of_the_last_start_and_joins_parts() {
    let folder = folder();
    let mut capture = open(&folder);
    let check = |capture: &mut Capture, lines: usize, tail: &[&str]| assert_eq!(capture.tail(lines), tail, "{lines}");
    capture.begin(StartId(1));
    capture.push(Stream::Out, b"old\nunfinished");
    capture.begin(StartId(2));
    check(&mut capture, 10, &[]);
    capture.push(Stream::Out, b"begun ");
    flush(&mut capture);
    capture.push(Stream::Err, b"wrong\n");
    capture.push(Stream::Out, b"and done\nlast\n");
    check(&mut capture, 10, &["begun and done", "wrong", "last"]);
    check(&mut capture, 2, &["wrong", "last"]);
    check(&mut capture, 0, &[]);
    drop(capture);
    let mut capture = open(&folder);
    capture.begin(StartId(2));
    check(&mut capture, 1, &["last"]);
    check(&mut capture, 10, &["begun and done", "wrong", "last"]);
    assert_same(&logged(folder.path(), Stream::Out), b"old\nunfinished\nbegun and done\nlast\n", "all starts");
}

#[test]
fn a_long_line_of_the_tail_is_cut_at_a_character() {
    let folder = folder();
    let mut capture = open(&folder);
    capture.push(Stream::Out, format!("x{}\n", "€".repeat(500)).as_bytes());
    let tail = capture.tail(1);
    assert_eq!(tail, [format!("x{}", "€".repeat(133))]);
}

#[test]
fn the_tail_reaches_over_a_rotation() {
    let folder = folder();
    let mut capture = open(&folder);
    for number in 0..3_000 {
        capture.push(Stream::Out, format!("line {number} {}\n", "x".repeat(60)).as_bytes());
    }
    assert!(logs(folder.path()).len() > 2);
    let tail = capture.tail(1_500);
    assert_eq!(tail.len(), 1_500);
    assert!(tail[0].starts_with("line 1500 ") && tail[1_499].starts_with("line 2999 "));
}

#[test]
fn what_is_waited_for_is_seen_in_any_line_of_this_start() {
    let check = |before: &str, pieces: &[&str], seen: bool| {
        let folder = folder();
        let mut capture = open(&folder);
        capture.begin(StartId(1));
        capture.push(Stream::Out, before.as_bytes());
        capture.begin(StartId(2));
        capture.wait_for(&["ready in".into()]);
        for piece in pieces {
            capture.push(Stream::Err, piece.as_bytes());
            flush(&mut capture);
        }
        assert_eq!(capture.seen(), seen, "{before:?} {pieces:?}");
        drop(capture);
        let mut capture = open(&folder);
        capture.begin(StartId(2));
        assert_eq!(capture.seen(), seen, "{before:?} {pieces:?}, by another");
        capture.begin(StartId(3));
        assert!(!capture.seen());
    };
    check("", &["VITE ready in 80 ms\n"], true);
    check("", &["VITE ready", " in 80 ms"], true);
    check("", &["VITE ready in"], true);
    check("", &["VITE ready\nin\n"], false);
    check("VITE ready in", &["VITE\n"], false);
    check("VITE ready ", &["in\n"], false);
}

#[test]
fn what_was_taken_before_it_is_waited_for_is_seen_while_it_is_held() {
    let folder = folder();
    let mut capture = open(&folder);
    capture.begin(StartId(1));
    capture.push(Stream::Out, b"is rea");
    drop(capture);
    let mut capture = open(&folder);
    capture.begin(StartId(1));
    capture.wait_for(&["ready".into()]);
    assert!(!capture.seen());
    capture.push(Stream::Out, b"dy");
    assert!(capture.seen());
}

#[test]
fn a_secret_comes_to_no_file_however_it_is_cut() {
    let check = |before: &str, pieces: &[&str], logged_as: &str| {
        let folder = folder();
        let mut capture = open(&folder);
        capture.begin(StartId(1));
        capture.hide(vec!["hunter2".into(), "huge".into(), "hug".into()]).unwrap();
        capture.push(Stream::Out, before.as_bytes());
        for piece in pieces {
            capture.push(Stream::Out, piece.as_bytes());
            flush(&mut capture);
        }
        capture.end(Stream::Out);
        let expected = format!("{before}{logged_as}\n");
        assert_same(&logged(folder.path(), Stream::Out), expected.as_bytes(), "{pieces:?}");
        let spool = fs::read(folder.path().join("spool")).unwrap();
        assert!(!spool.windows(7).any(|bytes| bytes == b"hunter2"), "{pieces:?}");
    };
    check("", &["it is hunter2, huge"], "it is *******, ****");
    check("", &["it is hun", "ter2", " and h", "unter2"], "it is ******* and *******");
    check("", &["h", "u", "n", "t", "e", "r", "2", "h"], "*******h");
    check("", &["hunter", "s"], "hunters");
    check("", &["hug", "e hug", "s", " hug"], "**** ***s ***");
    check("", &["one\nhunter2\nhu", "\nhunter"], "one\n*******\nhu\nhunter");
    // A line so long that a part of it is written before the rest is there.
    for length in 65_520..65_540 {
        check(&"x".repeat(length), &["hunter2"], "*******");
    }
}

#[test]
fn the_cap_on_disk_holds_and_the_newest_lines_are_kept() {
    let check = |keep: u64, line: &str, lines: usize| {
        let folder = folder();
        let mut capture = Capture::open(folder.path(), keep, Decoder::default()).unwrap();
        let begun = Instant::now();
        let text = line.repeat(1_000);
        for _ in 0..lines / 1_000 {
            capture.push(Stream::Out, text.as_bytes());
            let total = total(folder.path());
            assert!(total <= keep.max(132_000), "{total} bytes are kept of {keep} after {:?}", begun.elapsed());
        }
        assert!(total(folder.path()) > keep / 2, "{keep}");
        capture.push(Stream::Out, b"last\n");
        assert_eq!(capture.tail(1), ["last"]);
    };
    check(400_000, "some line of some length\n", 100_000);
    check(400_000, "\n", 100_000);
    check(0, "some line of some length\n", 20_000);
    check(1_000_000, &format!("{}\n", "x".repeat(999)), 5_000);
}

#[test]
fn a_log_whose_spool_is_lost_goes_on() {
    let check = |spoil: fn(&std::path::Path)| {
        let folder = folder();
        let mut capture = open(&folder);
        capture.push(Stream::Out, b"before\n");
        drop(capture);
        spoil(&folder.path().join("spool"));
        let mut capture = open(&folder);
        capture.push(Stream::Out, b"after\n");
        assert_same(&logged(folder.path(), Stream::Out), b"before\nafter\n", "both");
    };
    check(|spool| fs::remove_file(spool).unwrap());
    check(|spool| fs::write(spool, "short").unwrap());
    check(|spool| fs::write(spool, vec![0xff; 4096 + 131_072]).unwrap());
}

#[test]
fn what_a_crash_of_the_machine_left_of_an_entry_is_cut_off() {
    let folder = folder();
    let mut capture = open(&folder);
    capture.push(Stream::Out, b"whole\n");
    drop(capture);
    let current = files::folder(folder.path()).join("current.log");
    let mut log = fs::read(&current).unwrap();
    log.extend_from_slice(b"2026-11-21T12:40:05.123Z O tor");
    fs::write(&current, log).unwrap();
    let mut capture = open(&folder);
    capture.push(Stream::Out, b"next\n");
    assert_same(&logged(folder.path(), Stream::Out), b"whole\nnext\n", "both");
}

#[test]
fn what_is_written_in_another_encoding_stands_in_the_log_as_utf_8() {
    let folder = tempfile::tempdir().unwrap();
    let decoder = Decoder::new(OutputEncoding::named("cp850").unwrap(), CodePages::default());
    let mut capture = Capture::open(folder.path(), 1_000_000, decoder).unwrap();
    capture.begin(StartId(1));
    capture.wait_for(&decoder.forms("está"));
    for piece in [b"el \xa4and\xa3 est".as_slice(), b"\xa0 aqu\xa1\r\nsin fi\xa4"] {
        capture.push(Stream::Out, piece);
    }
    assert!(capture.seen());
    capture.end(Stream::Out);
    assert_eq!(capture.tail(9), ["el ñandú está aquí", "sin fiñ"]);
}

#[test]
fn the_page_that_was_seen_is_known_to_whoever_comes_after_a_kill() {
    let folder = folder();
    let decoder = Decoder::new(OutputEncoding::Auto, CodePages { console: Some(850), windows: Some(1252) });
    let open = || Capture::open(folder.path(), KEEP, decoder).unwrap();
    open().push(Stream::Out, b"contrase\xf1a\n");
    let mut capture = open();
    capture.push(Stream::Err, b"L\xd6SUNG\n");
    assert_eq!(capture.tail(9), ["contraseña", "LÖSUNG"]);
}

#[test]
fn lines_of_utf_16_end_where_a_line_end_is_and_not_at_a_byte_like_one() {
    let lines = ["上へ", "\u{a0a}\u{a00}一", "", "a 😀 b", "sin fin"];
    let text = format!("\u{feff}{}", lines.join("\r\n"));
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let decoder = Decoder::new(OutputEncoding::named("utf-16").unwrap(), CodePages::default());
    for cut in 0..=bytes.len() {
        for is_flushed in [false, true] {
            let folder = folder();
            let mut capture = Capture::open(folder.path(), KEEP, decoder).unwrap();
            let (one, other) = bytes.split_at(cut);
            capture.push(Stream::Out, one);
            if is_flushed {
                flush(&mut capture);
            }
            capture.push(Stream::Out, other);
            capture.end(Stream::Out);
            assert_eq!(capture.tail(9), lines, "cut at {cut}, flushed: {is_flushed}");
        }
    }
}
