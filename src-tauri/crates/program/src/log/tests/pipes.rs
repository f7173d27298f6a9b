//! Real pipes, and processes that are really killed.

use std::{
    fs::File,
    io::{BufRead, BufReader, PipeReader, Read, Write, pipe},
    os::fd::{AsFd, BorrowedFd},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use estatus_core::ids::StartId;
use rustix::{
    event::{PollFd, PollFlags, poll},
    fs::{CWD, FileType, Mode, OFlags, mknodat},
};

use super::{super::Taken, *};

/// Tells a process of this test where the log and the pipe are.
const FOLDER: &str = "ESTATUS_LOG_TEST_FOLDER";
const LINES: usize = 200_000;
const BEGINS: &str = "it begins";
const LAST: &str = "that was all";
const KEEP_ALL: u64 = 200_000_000;

#[test]
fn of_captures_that_are_killed_one_after_the_other_no_line_is_lost_and_none_is_doubled() {
    let folder = folder();
    let path = folder.path().join("pipe");
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    // As a program holds it: it goes on while nobody reads.
    let program = File::options().read(true).write(true).open(&path).unwrap();
    let mut captures = 0;
    let mut capture = Captured::start(folder.path());
    let mut written = program.try_clone().unwrap();
    let writer = thread::spawn(move || {
        (0..LINES).for_each(|number| writeln!(written, "{number}").unwrap());
        writeln!(written, "{LAST}").unwrap();
    });
    while !writer.is_finished() {
        thread::sleep(Duration::from_micros(7_919 * captures % 10_000));
        capture = capture.killed(folder.path());
        captures += 1;
    }
    writer.join().unwrap();
    assert!(capture.process.wait().unwrap().success());
    let expected: Vec<u8> = (0..LINES).flat_map(|number| format!("{number}\n").into_bytes()).collect();
    let expected = [expected, format!("{LAST}\n").into_bytes()].concat();
    assert_same(&logged(folder.path(), Stream::Out), &expected, &format!("{captures} captures"));
    println!("{captures} captures were killed");
    assert!(captures > 5, "only {captures} were killed");
}

/// A process that captures what comes from the pipe, up to the last line.
struct Captured {
    process: Child,
    /// It would end where nobody could hear it.
    _said: BufReader<ChildStdout>,
}

impl Captured {
    fn start(folder: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "log::tests::pipes::captures_for_another_test", "--ignored", "--nocapture"]);
        let mut child = command.env(FOLDER, folder).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        assert!(said.by_ref().lines().map_while(Result::ok).any(|line| line.ends_with(BEGINS)), "it did not begin");
        Self { process: child, _said: said }
    }

    fn killed(mut self, folder: &Path) -> Self {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        Self::start(folder)
    }
}

#[test]
#[ignore = "is run by another test, in a process of its own"]
fn captures_for_another_test() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let pipe = rustix::fs::open(folder.join("pipe"), OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty()).unwrap();
    println!("{BEGINS}");
    let mut capture = Capture::open(folder, KEEP_ALL, Decoder::default()).unwrap();
    capture.begin(StartId(1));
    capture.wait_for(&[LAST.into()]);
    capture_until(&mut capture, pipe.as_fd(), Capture::seen);
    flush(&mut capture);
}

fn capture_until(capture: &mut Capture, pipe: BorrowedFd<'_>, is_enough: fn(&Capture) -> bool) {
    while !is_enough(capture) {
        match capture.take(Stream::Out, pipe).unwrap() {
            Taken::Nothing if !is_enough(capture) => {
                poll(&mut [PollFd::new(&pipe, PollFlags::IN)], None).unwrap();
            }
            Taken::Some | Taken::Nothing => {}
            Taken::End => return,
        }
    }
}

#[test]
fn the_end_of_a_pipe_is_told_apart_from_an_empty_one() {
    let folder = folder();
    let mut capture = open(&folder);
    let (reader, mut writer) = pipe().unwrap();
    let mut take = |reader: &PipeReader| capture.take(Stream::Err, reader.as_fd()).unwrap();
    assert_eq!(take(&reader), Taken::Nothing);
    writer.write_all(b"some").unwrap();
    assert_eq!(take(&reader), Taken::Nothing);
    writer.write_all(b" more").unwrap();
    drop(writer);
    assert_eq!(take(&reader), Taken::End);
    assert_eq!(take(&reader), Taken::End);
    assert_same(&logged(folder.path(), Stream::Err), b"some more\n", "the line");
}

#[test]
#[ignore = "a measurement: run it in a release build"]
fn how_fast_it_is_and_how_much_memory_it_takes() {
    const WRITTEN: usize = 200_000_000;
    let folder = folder();
    let (reader, mut writer) = pipe().unwrap();
    let writer = thread::spawn(move || {
        let block = format!("{}\n", "x".repeat(99)).repeat(640);
        (0..WRITTEN / block.len()).for_each(|_| writer.write_all(block.as_bytes()).unwrap());
    });
    let mut capture = Capture::open(folder.path(), 50_000_000, Decoder::default()).unwrap();
    let begun = Instant::now();
    capture_until(&mut capture, reader.as_fd(), |_| false);
    let took = begun.elapsed();
    writer.join().unwrap();
    println!("{:.0} MB/s", WRITTEN as f64 / 1e6 / took.as_secs_f64());

    const IDLE: usize = 200;
    let folders: Vec<TempDir> = (0..IDLE).map(|_| super::folder()).collect();
    let before = resident();
    let captures: Vec<Capture> = folders
        .iter()
        .map(|folder| {
            let mut capture = open(folder);
            capture.push(Stream::Out, &b"a line\n".repeat(20_000));
            flush(&mut capture);
            capture.push(Stream::Out, b"a line\n");
            capture
        })
        .collect();
    println!("{} kB each", (resident() - before) / captures.len() / 1024);
}

fn resident() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}
