//! Configurations of Monit. Each `check`, and each `if` in it, becomes a monitor; what Monit does then becomes its
//! remedy, by the commands that Monit runs.

mod action;
mod connection;
mod test;
mod words;

use estatus_api::Section;
use serde_json::json;

use self::{
    action::Commands,
    test::{Subject, Test},
    words::{Word, statements, words},
};
use super::{
    found::{Found, Table},
    line::{self, quoted, seconds},
    said,
};
use crate::reason::{Reason, note};

/// What Monit checks, of which Estatus knows how to check the first five.
const KINDS: [&str; 10] =
    ["process", "host", "system", "filesystem", "program", "device", "file", "directory", "fifo", "network"];

/// Whether `line` begins a check.
pub(super) fn is_check(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.next().is_some_and(|word| word.eq_ignore_ascii_case("check"))
        && words.next().is_some_and(|word| KINDS.iter().any(|kind| word.eq_ignore_ascii_case(kind)))
}

pub(super) fn read(text: &str, found: &mut Found) -> Result<(), Reason> {
    let words = words(text);
    let statements = statements(&words);
    let is_check = |statement: &&[Word]| statement.first().is_some_and(|word| word.is(&["check"]));
    let begins = statements.iter().position(is_check).ok_or_else(|| note!("checks_nothing"))?;
    let cycle = cycle(&statements);
    let is_global = |statement: &&&[Word]| statement.first().is_some_and(|word| word.is(&["set", "include"]));
    for statement in statements.iter().filter(is_global) {
        global(statement, found);
    }
    let of_checks: Vec<&[Word]> = statements[begins..].iter().filter(|each| !is_global(each)).copied().collect();
    for check in of_checks.chunk_by(|_, next| !is_check(next)) {
        if let Some((header, rest)) = check.split_first() {
            Service::of(header, rest, cycle, found).add(found);
        }
    }
    found.note(note!("stop_monit"));
    Ok(())
}

/// The seconds of a cycle: `set daemon 30`.
fn cycle(statements: &[&[Word]]) -> Option<f64> {
    let daemon = statements.iter().find(|statement| statement.get(1).is_some_and(|word| word.is(&["daemon"])))?;
    daemon.get(2)?.text.parse().ok()
}

fn global(statement: &[Word], found: &mut Found) {
    let key: Vec<&str> = statement.iter().take(2).map(|word| word.text.as_str()).collect();
    let why = match statement.get(1) {
        Some(word) if word.is(&["daemon"]) => return,
        Some(word) if word.is(&["mailserver", "alert", "mail-format"]) => note!("say_who"),
        _ if statement.first().is_some_and(|word| word.is(&["include"])) => note!("import_too"),
        _ => note!("of_monit"),
    };
    found.left(note!("the_file"), &key.join(" "), why);
}

/// A `check` with all that belongs to it.
struct Service<'w> {
    name: String,
    subject: Option<Subject>,
    commands: Commands,
    tests: Vec<Test<'w>>,
    /// Keys that every monitor of it has.
    shared: Table,
}

impl<'w> Service<'w> {
    fn of(header: &'w [Word], rest: &[&'w [Word]], cycle: Option<f64>, found: &mut Found) -> Self {
        let name = header.get(2).map(|word| word.text.replace("$HOST", "this machine")).unwrap_or_default();
        let subject = Subject::of(header);
        let mut shared = Table::new();
        shared.extend(cycle.and_then(seconds).map(|every| ("every".to_owned(), every)));
        let mut service = Self { name, subject, commands: Commands::default(), tests: Vec::new(), shared };
        for statement in rest {
            service.take(statement, cycle, found);
        }
        service
    }

    fn take(&mut self, statement: &'w [Word], cycle: Option<f64>, found: &mut Found) {
        let Some((first, rest)) = statement.split_first() else { return };
        match first.text.to_ascii_lowercase().as_str() {
            "if" => match Test::of(rest) {
                Some(test) => self.tests.push(test),
                None => found.left(&self.name, "if", note!("no_action")),
            },
            "start" => self.commands.start = self.command("start program", rest, found),
            "stop" => self.commands.stop = self.command("stop program", rest, found),
            "restart" => self.commands.restart = self.command("restart program", rest, found),
            "group" => {
                let group = rest.first().map(|word| json!([word.text]));
                self.shared.extend(group.map(|group| ("tags".to_owned(), group)));
            }
            "every" => self.every(rest, cycle, found),
            "mode" if rest.first().is_some_and(|mode| mode.is(&["active"])) => {}
            "mode" => {
                self.commands.are_run = false;
                found.left(&self.name, "mode", note!("only_checked"));
            }
            "depends" => {
                found.left(&self.name, "depends", note!("monit_depends"));
            }
            "alert" | "noalert" => found.left(&self.name, "alert", note!("say_who_or_channels")),
            key => found.left(&self.name, key, note!("nothing_like_it")),
        }
    }

    /// A command, and how long it may take until what it starts is there.
    fn command(&self, key: &str, rest: &[Word], found: &mut Found) -> Option<action::Command> {
        let rest: Vec<&Word> = rest.iter().filter(|word| !word.is(&["program", "="])).collect();
        let (line, options) = rest.split_first()?;
        if options.iter().any(|word| word.is(&["uid", "gid"])) {
            found.left(&self.name, &format!("{key} … as uid"), note!("run_as"));
        }
        let timeout = options.iter().position(|word| word.is(&["timeout"])).and_then(|at| options.get(at + 1));
        let within = timeout.and_then(|timeout| seconds(timeout.text.parse().ok()?));
        Some(action::Command { words: line::words(&line.text), within })
    }

    fn every(&mut self, rest: &[Word], cycle: Option<f64>, found: &mut Found) {
        let cycles = rest.first().and_then(|count| count.text.parse::<f64>().ok());
        let is_count = rest.get(1).is_some_and(|word| word.is(&["cycle", "cycles"]));
        match cycles.filter(|_| is_count).zip(cycle).and_then(|(cycles, cycle)| seconds(cycles * cycle)) {
            Some(every) => drop(self.shared.insert("every".to_owned(), every)),
            None => found.left(&self.name, "every", note!("no_cycles")),
        }
    }

    fn add(mut self, found: &mut Found) {
        let Some(subject) = self.subject.take() else {
            return found.without(&self.name, "check", note!("no_such_thing"));
        };
        let tests = std::mem::take(&mut self.tests);
        let (own, others): (Vec<_>, Vec<_>) = tests.into_iter().partition(|test| test.is_of_existence());
        if let Some((check, usual)) = subject.existence() {
            let test = own.first();
            let action = test.map_or(&[][..], |test| test.action);
            let failures = test.and_then(Test::failures);
            let name = self.name.clone();
            let action =
                if test.is_some() { self.commands.remedy(&name, action, found) } else { self.commands.usual(usual) };
            self.monitor(&name, check, failures, action, found);
        }
        let answered = usize::from(subject.existence().is_some());
        for test in own.iter().skip(answered) {
            self.without_test(test, note!("no_check_like_it"), found);
        }
        if own.is_empty() && others.is_empty() && answered == 0 {
            found.without(&self.name, "check", note!("tests_nothing"));
        }
        for test in others {
            self.test(&subject, &test, found);
        }
    }

    /// The monitor that an `if` is.
    fn test(&self, subject: &Subject, test: &Test<'_>, found: &mut Found) {
        match test.check(subject, &self.name, found) {
            Ok((what, check)) => {
                let name = if what.is_empty() { self.name.clone() } else { format!("{} {what}", self.name) };
                let remedy = self.commands.remedy(&self.name, test.action, found);
                if test.has_window() {
                    found.left(&self.name, "within … cycles", note!("in_a_row"));
                }
                self.monitor(&name, check, test.failures(), remedy, found);
            }
            Err(why) => self.without_test(test, why, found),
        }
    }

    fn without_test(&self, test: &Test<'_>, why: Reason, found: &mut Found) {
        let condition: Vec<&str> = test.condition.iter().map(|word| word.text.as_str()).collect();
        found.left(&self.name, "if", note!("of_what", what = said(&condition.join(" ")), why));
    }

    fn monitor(&self, name: &str, check: Table, failures: Option<u32>, remedy: Option<Table>, found: &mut Found) {
        let name = found.name(Section::Monitor, name);
        let mut table = check;
        table.extend(self.shared.clone());
        table.insert("failures".to_owned(), failures.unwrap_or(1).into());
        table.extend(remedy.map(|remedy| ("on_down".to_owned(), remedy.into())));
        found.add(Section::Monitor, &name, table);
    }
}

/// Words as a line for the shell.
fn shell(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}
