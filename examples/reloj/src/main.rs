//! `reloj`: a program to be kept running.
//!
//! Two threads print the time, one every two seconds and the other every four, twenty times each. How often each has
//! printed is kept in the folder that Estatus gives a program (`ESTATUS_STATE_DIR`), so that it goes on from there when
//! it is started again, however it ended. When both are done it forgets that and ends with exit code 0.
//!
//! `reloj --every 50ms` makes the first thread's interval that long, and the second's twice as long.

#![allow(clippy::print_stderr, reason = "a program for the terminal")]

mod calendar;
mod counts;

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
    thread,
    time::{Duration, SystemTime},
};

use counts::Counts;

/// The first thread's interval where nothing is said.
const EVERY: Duration = Duration::from_secs(2);
/// How often each thread prints.
const TIMES: u32 = 20;
/// The threads.
const NAMES: [&str; 2] = ["Hilo-1", "Hilo-2"];

fn main() -> ExitCode {
    let Some(every) = every(env::args().skip(1)) else {
        eprintln!("usage: reloj [--every SPAN]   with a SPAN like 2s or 50ms");
        return ExitCode::from(2);
    };
    match run(every) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("reloj: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(every: Duration) -> io::Result<()> {
    let counts = Counts::read(env::var_os("ESTATUS_STATE_DIR").map(Into::into))?;
    let [first, second] = counts.now();
    if first + second > 0 {
        eprintln!("{} goes on after {first} times, {} after {second}", NAMES[0], NAMES[1]);
    }
    thread::scope(|scope| {
        let second = scope.spawn(|| print_times(1, every * 2, &counts));
        let first = print_times(0, every, &counts);
        first.and(second.join().unwrap_or_else(|_| Err(io::Error::other("a thread is gone"))))
    })?;
    counts.forget()
}

/// Prints the time every so often until `thread` has done it [`TIMES`] times.
fn print_times(thread: usize, every: Duration, counts: &Counts) -> io::Result<()> {
    while counts.now()[thread] < TIMES {
        thread::sleep(every);
        writeln!(io::stdout(), "{}: {}", NAMES[thread], calendar::in_words(SystemTime::now()))?;
        counts.count(thread)?;
    }
    Ok(())
}

/// The interval that the command line wants, or nothing if it is not understood.
fn every(mut arguments: impl Iterator<Item = String>) -> Option<Duration> {
    match (arguments.next().as_deref(), arguments.next(), arguments.next()) {
        (None, ..) => Some(EVERY),
        (Some("--every"), Some(span), None) => parse(&span),
        _ => None,
    }
}

/// `2s` or `50ms`.
fn parse(span: &str) -> Option<Duration> {
    let (number, unit) = span.split_at(span.find(|letter: char| !letter.is_ascii_digit())?);
    let number: u32 = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number.into())),
        "s" => Some(Duration::from_secs(number.into())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_understood_or_refused() {
        let check = |arguments: &[&str], millis: Option<u64>| {
            let wanted = millis.map(Duration::from_millis);
            assert_eq!(every(arguments.iter().map(|word| (*word).to_owned())), wanted, "{arguments:?}");
        };
        check(&[], Some(2000));
        check(&["--every", "50ms"], Some(50));
        check(&["--every", "4s"], Some(4000));
        check(&["--every", "4"], None);
        check(&["--every", "soon"], None);
        check(&["--every"], None);
        check(&["--every", "4s", "more"], None);
        check(&["4s"], None);
    }
}
