//! When the log cannot be written.

use super::{super::fault, *};

#[test]
fn lines_that_find_no_room_are_counted_and_the_log_says_so() {
    let check = |room: usize, found: &[(char, &str)]| {
        let folder = folder();
        let mut capture = open(&folder);
        capture.push(Stream::Out, b"0\n");
        fault::disk_has(Some(room));
        capture.push(Stream::Out, b"1\n2\n3\n");
        capture.push(Stream::Out, b"4\n");
        fault::disk_has(None);
        capture.push(Stream::Out, b"5\n");
        let found: Vec<_> = found.iter().map(|(letter, text)| (*letter, text.as_bytes().to_vec())).collect();
        assert_eq!(entries(folder.path()), found, "room for {room}");
    };
    const LOST: &str = "lost here: the log could not be written";
    let lost = |count: &str| format!("{count} {LOST}");
    check(1_000, &[('O', "0"), ('O', "1"), ('O', "2"), ('O', "3"), ('O', "4"), ('O', "5")]);
    check(0, &[('O', "0"), ('!', &lost("4 lines were")), ('O', "5")]);
    check(40, &[('O', "0"), ('O', "1"), ('!', &lost("3 lines were")), ('O', "5")]);
    check(58, &[('O', "0"), ('O', "1"), ('O', "2"), ('!', &lost("2 lines were")), ('O', "5")]);
    check(90, &[('O', "0"), ('O', "1"), ('O', "2"), ('O', "3"), ('!', &lost("1 line was")), ('O', "5")]);
}

#[test]
fn how_many_lines_were_lost_is_known_to_the_next_capture() {
    let folder = folder();
    let mut capture = open(&folder);
    fault::disk_has(Some(0));
    capture.push(Stream::Err, b"1\n2\n");
    drop(capture);
    let mut capture = open(&folder);
    capture.push(Stream::Err, b"3\n");
    fault::disk_has(None);
    capture.end(Stream::Err);
    let found = [('!', b"3 lines were lost here: the log could not be written".to_vec())];
    assert_eq!(entries(folder.path()), found);
}

#[test]
fn a_line_of_which_a_part_was_lost_is_not_joined_with_the_next() {
    let folder = folder();
    let mut capture = open(&folder);
    capture.push(Stream::Out, b"begun ");
    flush(&mut capture);
    fault::disk_has(Some(0));
    capture.push(Stream::Out, b"and done\n");
    fault::disk_has(None);
    capture.push(Stream::Out, b"next\n");
    assert_eq!(capture.tail(9), ["begun ", "1 line was lost here: the log could not be written", "next"]);
}

#[test]
fn a_log_folder_that_was_taken_away_is_made_again() {
    let folder = folder();
    let mut capture = open(&folder);
    let line = format!("{}\n", "x".repeat(1_000));
    capture.push(Stream::Out, line.as_bytes());
    fs::remove_dir_all(files::folder(folder.path())).unwrap();
    for _ in 0..100 {
        capture.push(Stream::Out, line.as_bytes());
    }
    assert!(logged(folder.path(), Stream::Out).ends_with(line.as_bytes()));
}
