//! A log is read while it is written and rotated.

use std::{sync::mpsc, thread, time::Duration};

use tokio::time::timeout;

use super::*;
use crate::{Line, LogReader};

const SOON: Duration = Duration::from_secs(20);

/// Reads on until the line `last` has come.
async fn until(reader: &mut LogReader, last: &str) -> Vec<Line> {
    let mut all = Vec::new();
    while all.last().is_none_or(|line: &Line| line.text != last) {
        let more = timeout(SOON, reader.next()).await.expect("nothing came").unwrap();
        assert!(!more.is_empty());
        all.extend(more);
    }
    all
}

#[tokio::test]
async fn a_reader_gets_every_line_once_while_the_log_is_written_rotated_and_the_capture_replaced() {
    const LINES: usize = 20_000;
    const ROUND: usize = 400;
    let folder = folder();
    drop(open(&folder));
    let mut reader = LogReader::open(folder.path()).unwrap();
    let path = folder.path().to_owned();
    // Files of 200 kB, none of which is removed.
    let capture = move || Capture::open(&path, 1_000_000, Decoder::default()).unwrap();
    let writer = thread::spawn(move || {
        for round in 0..LINES / ROUND {
            let mut capture = capture();
            for number in round * ROUND..(round + 1) * ROUND {
                capture.push(Stream::Out, format!("{number}\n").as_bytes());
            }
        }
        capture().push(Stream::Err, b"last\n");
    });
    let lines = until(&mut reader, "last").await;
    writer.join().unwrap();
    assert!(logs(folder.path()).len() > 2);
    assert_eq!(lines.len(), LINES + 1);
    for (number, line) in lines.iter().take(LINES).enumerate() {
        assert_eq!(
            (line.text.as_str(), line.stream, line.is_part),
            (number.to_string().as_str(), Some(Stream::Out), false)
        );
    }
}

#[tokio::test]
async fn a_reader_wakes_up_for_each_line_and_goes_over_to_the_next_file() {
    let folder = folder();
    let mut capture = open(&folder);
    let mut reader = LogReader::open(folder.path()).unwrap();
    let (write, to_write) = mpsc::channel::<Vec<u8>>();
    let writer = thread::spawn(move || {
        to_write.iter().for_each(|bytes| {
            capture.push(Stream::Out, &bytes);
            flush(&mut capture);
        })
    });
    let long = "x".repeat(30_000);
    for round in 0..12 {
        write.send(format!("{long}\nround {round}\n").into_bytes()).unwrap();
        let lines = until(&mut reader, &format!("round {round}")).await;
        assert_eq!(lines.len(), 2, "round {round}");
    }
    drop(write);
    writer.join().unwrap();
    assert!(logs(folder.path()).len() > 3);
}

#[tokio::test]
async fn the_last_lines_are_read_and_the_next_come_after_them() {
    let folder = folder();
    let mut capture = open(&folder);
    let texts = |lines: Vec<Line>| lines.into_iter().map(|line| line.text).collect::<Vec<_>>();
    for number in 0..4_000 {
        capture.push(Stream::Out, format!("{number} {}\n", "y".repeat(50)).as_bytes());
    }
    assert!(logs(folder.path()).len() > 3);
    let mut reader = LogReader::open(folder.path()).unwrap();
    let check = |reader: &mut LogReader, asked: usize, first: usize| {
        let lines = texts(reader.last(asked).unwrap());
        assert_eq!(lines.len(), asked.min(4_000), "{asked}");
        assert!(
            lines.first().is_none_or(|line| line.starts_with(&format!("{first} "))),
            "{asked}: {:?}",
            lines.first()
        );
    };
    check(&mut reader, 0, 0);
    check(&mut reader, 1, 3_999);
    check(&mut reader, 100, 3_900);
    check(&mut reader, 3_500, 500);
    check(&mut reader, 1_000_000, 0);
    capture.push(Stream::Err, b"unfinished");
    flush(&mut capture);
    capture.push(Stream::Out, b"after\n");
    let next = reader.next().await.unwrap();
    let found: Vec<_> = next.iter().map(|line| (line.stream, line.text.as_str(), line.is_part)).collect();
    assert_eq!(found, [(Some(Stream::Err), "unfinished", true), (Some(Stream::Out), "after", false)]);
}

#[test]
fn the_last_lines_of_a_while_are_fewer_where_they_are_long() {
    let folder = folder();
    let text = "x".repeat(60_000);
    let entries: String =
        (0..200).map(|second| format!("2026-11-21T12:{:02}:{:02}.000Z O {text}\n", second / 60, second % 60)).collect();
    fs::create_dir(folder.path().join("log")).unwrap();
    fs::write(folder.path().join("log/current.log"), entries).unwrap();
    let mut reader = LogReader::open(folder.path()).unwrap();
    let at = |text: &str| text.parse().unwrap();
    let mut check = |from: &str, to: &str, lines: usize, first: Option<&str>, count: usize| {
        let found = reader.last_within(at(from), Some(at(to)), lines).unwrap();
        assert_eq!((found.first().map(|line| line.at), found.len()), (first.map(at), count), "{from} to {to}, {lines}");
    };
    let (first, last) = ("2026-11-21T12:00:00Z", "2026-11-21T12:03:19Z");
    // Eight megabytes, whatever was asked for.
    check(first, last, 1_000, Some("2026-11-21T12:01:01Z"), 139);
    check(first, last, 2, Some("2026-11-21T12:03:18Z"), 2);
    check(first, last, 0, None, 0);
    check(first, "2026-11-21T12:00:02Z", 1_000, Some(first), 3);
    check("2026-11-21T12:03:00Z", last, 1_000, Some("2026-11-21T12:03:00Z"), 20);
}

#[tokio::test]
async fn a_reader_that_was_cut_off_while_it_waited_loses_nothing() {
    let folder = folder();
    let mut capture = open(&folder);
    let mut reader = LogReader::open(folder.path()).unwrap();
    for number in 0..20 {
        assert!(timeout(Duration::from_millis(1), reader.next()).await.is_err());
        capture.push(Stream::Out, format!("{number}\n").as_bytes());
        let lines = timeout(SOON, reader.next()).await.expect("nothing came").unwrap();
        assert_eq!(lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), [number.to_string()]);
    }
}
