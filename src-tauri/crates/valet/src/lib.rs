//! The programs that tests use and that nobody here wrote: web servers, mail servers, name servers, shells.
//!
//! A test that runs under Wine cannot start them: Wine gives no pipes to the programs of the system around it, and no handle
//! to wait for. There a [`Valet`] outside starts them, speaks for them, and ends them when the test lets go of them or ends
//! itself. A test asks for a [`Fixture`] and does not know which it is.

#![allow(clippy::panic, reason = "a test fails by it")]

mod here;
#[cfg(all(test, unix))]
mod tests;
mod there;
mod valet;
mod wire;

use std::{
    any::Any,
    cell::RefCell,
    io,
    path::Path,
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

pub use valet::Valet;
use wire::{Order, Told};

/// A program to be started for a test.
#[derive(Clone, Debug, Default)]
pub struct Fixture(Order);

/// A program that was started for a test. It ends with this value.
pub struct Running {
    program: String,
    told: Receiver<Told>,
    so_far: RefCell<SoFar>,
    /// Ends it when it is dropped.
    _hold: Box<dyn Any>,
}

/// What a program has said until it ended, line by line, and its exit code, if it was not killed.
#[derive(Debug, Default)]
pub struct Output {
    /// Standard output, with `\n` at the end of each line.
    pub out: String,
    /// Standard error, likewise.
    pub err: String,
    /// The exit code.
    pub code: Option<i32>,
}

#[derive(Default)]
struct SoFar {
    unread: std::collections::VecDeque<String>,
    err: String,
    end: Option<Option<i32>>,
}

impl Fixture {
    /// The program `name`, found as a shell finds it.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(Order { program: name.to_owned(), ..Order::default() })
    }

    /// The same with further arguments. Paths among them are given by [`path()`].
    #[must_use]
    pub fn args<A: Into<String>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.0.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// The same in `folder`.
    #[must_use]
    pub fn in_folder(mut self, folder: &Path) -> Self {
        self.0.folder = Some(path(folder));
        self
    }

    /// The same with further variables in its environment.
    #[must_use]
    pub fn envs(mut self, envs: impl IntoIterator<Item = (String, String)>) -> Self {
        self.0.env.extend(envs);
        self
    }

    /// The same with `text` on its standard input. Without it that is open and says nothing.
    #[must_use]
    pub fn input(mut self, text: impl Into<String>) -> Self {
        self.0.input = Some(text.into());
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// If it cannot be started.
    #[track_caller]
    pub fn start(self) -> Running {
        self.start_by(there::whom_to_ask().as_ref())
    }

    #[track_caller]
    fn start_by(self, valet: Option<&there::Asked>) -> Running {
        let started = match valet {
            Some(valet) => there::start(valet, &self.0).map(|(there, told)| (Box::new(there) as Box<dyn Any>, told)),
            None => here::start(&self.0).map(|(here, told)| (Box::new(here) as Box<dyn Any>, told)),
        };
        let (hold, told) = started.unwrap_or_else(|error: io::Error| panic!("{} cannot run: {error}", self.0.program));
        Running { program: self.0.program, told, so_far: RefCell::default(), _hold: hold }
    }

    /// Runs it to its end, with an empty standard input where none is given.
    ///
    /// # Panics
    /// If it cannot be started.
    #[track_caller]
    pub fn output(mut self) -> Output {
        self.0.input.get_or_insert_default();
        self.start().output()
    }
}

impl Running {
    /// The next line that it writes to its standard output; `None` where it writes none within `bound`, or has ended.
    pub fn line(&self, bound: Duration) -> Option<String> {
        let until = Instant::now() + bound;
        loop {
            if let Some(line) = self.so_far.borrow_mut().unread.pop_front() {
                return Some(line);
            }
            let told = self.told.recv_timeout(until.saturating_duration_since(Instant::now())).ok()?;
            self.so_far.borrow_mut().take(told);
        }
    }

    /// The same for a line that must come.
    ///
    /// # Panics
    /// If it does not.
    #[track_caller]
    pub fn expect_line(&self, bound: Duration, what: &str) -> String {
        let line = self.line(bound);
        line.unwrap_or_else(|| panic!("{} does not say {what}: {}", self.program, self.so_far.borrow().err))
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&self) -> bool {
        let mut so_far = self.so_far.borrow_mut();
        self.told.try_iter().for_each(|told| so_far.take(told));
        so_far.end.is_some()
    }

    /// All that it says until it has ended; `None` where it has not within `bound`, and then it is ended.
    pub fn output_within(self, bound: Duration) -> Option<Output> {
        let until = Instant::now() + bound;
        while !self.has_ended() {
            let told = self.told.recv_timeout(until.saturating_duration_since(Instant::now())).ok()?;
            self.so_far.borrow_mut().take(told);
        }
        Some(self.output())
    }

    /// All that it says until it has ended.
    pub fn output(self) -> Output {
        let mut so_far = self.so_far.take();
        self.told.iter().for_each(|told| so_far.take(told));
        let out = so_far.unread.into_iter().map(|line| line + "\n").collect();
        Output { out, err: so_far.err, code: so_far.end.flatten() }
    }
}

impl SoFar {
    fn take(&mut self, told: Told) {
        match told {
            Told::Out(line) => self.unread.push_back(line),
            Told::Err(line) => self.err += &(line + "\n"),
            Told::Ended(code) => self.end = Some(code),
            Told::Started | Told::CannotStart(_) => {}
        }
    }
}

/// `path` as a fixture finds it.
///
/// # Panics
/// If it is not Unicode.
pub fn path(path: &Path) -> String {
    let Some(text) = path.to_str() else { panic!("{} is not Unicode", path.display()) };
    there::whom_to_ask().map_or_else(|| text.to_owned(), |valet| valet.finds(text))
}
