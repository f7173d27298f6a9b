//! Configurations of Monit. Each `check`, and each `if` in it, becomes a monitor; what Monit does then becomes its
//! remedy, by the commands that Monit runs.

mod action;
mod comparison;
mod connection;
mod line;
mod test;
mod words;

use estatus_api::Section;
use estatus_core::{Timestamp, maintenance::Cron, time::elapsed};
use serde_json::{Value as Json, json};

use self::{
    action::{Commands, told_user},
    connection::Tls,
    line::Line,
    test::{Subject, Test},
    words::{Word, statements, words},
};
use super::{
    found::{Found, Table},
    line::{quoted, seconds, words as divided},
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
    let global = Global { cycle: cycle(&statements), tls: tls(&statements, found) };
    let is_global = |statement: &&&[Word]| statement.first().is_some_and(|word| word.is(&["set", "include"]));
    for statement in statements.iter().filter(is_global) {
        left_of_file(statement, found);
    }
    let of_checks: Vec<&[Word]> = statements[begins..].iter().filter(|each| !is_global(each)).copied().collect();
    for check in of_checks.chunk_by(|_, next| !is_check(next)) {
        if let Some((header, rest)) = check.split_first() {
            Service::of(header, rest, global, found).add(found);
        }
    }
    found.note(note!("stop_monit"));
    Ok(())
}

/// What holds for every check.
#[derive(Clone, Copy)]
struct Global {
    /// The seconds of a cycle.
    cycle: Option<f64>,
    tls: Tls,
}

/// How certificates are looked at: `set ssl options { verify: enable }`.
fn tls(statements: &[&[Word]], found: &mut Found) -> Tls {
    let is_ssl = |statement: &&&[Word]| statement.get(1).is_some_and(|word| word.is(&["ssl", "tls"]));
    let options = statements.iter().filter(is_ssl).filter_map(|statement| statement.last());
    let options = options.filter(|word| !word.is_text()).flat_map(Word::pairs);
    let mut tls = Tls::default();
    for (key, value) in options {
        if !tls.take(key, value) {
            found.left(note!("the_file"), &format!("set ssl {key}"), note!("nothing_like_it"));
        }
    }
    tls
}

/// The seconds of a cycle: `set daemon 30`.
fn cycle(statements: &[&[Word]]) -> Option<f64> {
    let daemon = statements.iter().find(|statement| statement.get(1).is_some_and(|word| word.is(&["daemon"])))?;
    daemon.get(2)?.text.parse().ok()
}

fn left_of_file(statement: &[Word], found: &mut Found) {
    let key: Vec<&str> = statement.iter().take(2).map(|word| word.text.as_str()).collect();
    let why = match statement.get(1) {
        Some(word) if word.is(&["daemon", "ssl", "tls"]) => return,
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
    global: Global,
    /// The seconds from one check to the next.
    every: Option<f64>,
    groups: Vec<&'w str>,
    /// When it is not judged.
    maintenance: Vec<Json>,
}

impl<'w> Service<'w> {
    fn of(header: &'w [Word], rest: &[&'w [Word]], global: Global, found: &mut Found) -> Self {
        let name = header.get(2).map(|word| word.text.replace("$HOST", "this machine")).unwrap_or_default();
        let subject = Line::read(header.iter().skip(3), &name, "check", found, |line, found| {
            let subject = Subject::of(header.get(1)?, line);
            told_user(&name, "check", line, found);
            subject
        });
        let mut service = Self {
            name,
            subject,
            commands: Commands::default(),
            tests: Vec::new(),
            global,
            every: global.cycle,
            groups: Vec::new(),
            maintenance: Vec::new(),
        };
        for statement in rest {
            service.take(statement, found);
        }
        service
    }

    fn take(&mut self, statement: &'w [Word], found: &mut Found) {
        let Some((first, rest)) = statement.split_first() else { return };
        match first.text.to_ascii_lowercase().as_str() {
            "if" => match Test::of(rest) {
                Some(test) => self.tests.push(test),
                None => found.left(self.name.as_str(), "if", note!("no_action")),
            },
            "start" => self.commands.start = self.command("start program", rest, found),
            "stop" => self.commands.stop = self.command("stop program", rest, found),
            "restart" => self.commands.restart = self.command("restart program", rest, found),
            "group" => {
                let group = Line::read(rest, &self.name, "group", found, |line, _| line.next());
                self.groups.extend(group.map(|group| group.text.as_str()));
            }
            "every" => self.every(rest, found),
            "not" => self.not_every(rest, found),
            "mode" if rest.first().is_some_and(|mode| mode.is(&["active"])) => {}
            "mode" => {
                self.commands.are_run = false;
                found.left(self.name.as_str(), "mode", note!("only_checked"));
            }
            "depends" => {
                found.left(self.name.as_str(), "depends", note!("monit_depends"));
            }
            "alert" | "noalert" => found.left(self.name.as_str(), "alert", note!("say_who_or_channels")),
            key => found.left(self.name.as_str(), key, note!("nothing_like_it")),
        }
    }

    /// A command, and how long it may take until what it starts is there.
    fn command(&self, key: &str, rest: &'w [Word], found: &mut Found) -> Option<action::Command> {
        Line::read(rest, &self.name, key, found, |line, found| {
            let words = divided(&line.next()?.text);
            told_user(&self.name, key, line, found);
            let within = line.after(&["timeout"]).and_then(|timeout| seconds(timeout.text.parse().ok()?));
            Some(action::Command { words, within })
        })
    }

    fn every(&mut self, rest: &'w [Word], found: &mut Found) {
        let cycle = self.global.cycle;
        let every = Line::read(rest, &self.name, "every", found, |line, found| {
            let count = line.next()?;
            if line.has(&["cycle", "cycles"]) {
                return Some(count.text.parse::<f64>().ok()? * cycle?);
            }
            let apart = apart(&count.text)?;
            let every = apart.max(cycle.unwrap_or(apart));
            let written = seconds(every)?.as_str()?.to_owned();
            let (name, cron) = (self.name.as_str(), said(&count.text));
            found.note(note!("keeps_no_hours", name, cron, every = written));
            Some(every)
        });
        match every.filter(|every| seconds(*every).is_some()) {
            Some(every) => self.every = Some(every),
            None => found.left(self.name.as_str(), "every", note!("no_cycles")),
        }
    }

    fn not_every(&mut self, rest: &'w [Word], found: &mut Found) {
        let cron = Line::read(rest, &self.name, "not every", found, |line, _| line.after(&["every"]));
        match cron.filter(|cron| apart(&cron.text).is_some()) {
            Some(cron) => {
                self.maintenance.push(json!({ "cron": cron.text, "lasts": "1m" }));
                found.note(note!("not_judged_then", name = self.name.as_str(), cron = said(&cron.text)));
            }
            None => found.left(self.name.as_str(), "not every", note!("no_cron")),
        }
    }

    /// The keys that every monitor of it has.
    fn shared(&self) -> Table {
        let mut shared = Table::new();
        if let Some(every) = self.every.and_then(seconds) {
            // Monit does not look sooner because it has failed.
            let is_long = self.every.is_some_and(|every| every > 60.0);
            shared.extend(is_long.then(|| ("retry_every".to_owned(), every.clone())));
            shared.insert("every".to_owned(), every);
        }
        for (key, list) in [("tags", json!(self.groups)), ("maintenance", json!(self.maintenance))] {
            if list != json!([]) {
                shared.insert(key.to_owned(), list);
            }
        }
        shared
    }

    fn add(mut self, found: &mut Found) {
        let Some(subject) = self.subject.take() else {
            return found.without(self.name.as_str(), "check", note!("no_such_thing"));
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
            found.without(self.name.as_str(), "check", note!("tests_nothing"));
        }
        for test in others {
            self.test(&subject, &test, found);
        }
    }

    /// The monitor that an `if` is.
    fn test(&self, subject: &Subject, test: &Test<'_>, found: &mut Found) {
        match test.check(subject, self.global.tls, &self.name, found) {
            Ok((what, check)) => {
                let name = if what.is_empty() { self.name.clone() } else { format!("{} {what}", self.name) };
                let remedy = self.commands.remedy(&self.name, test.action, found);
                if test.has_window() {
                    found.left(self.name.as_str(), "within … cycles", note!("in_a_row"));
                }
                self.monitor(&name, check, test.failures(), remedy, found);
            }
            Err(why) => self.without_test(test, why, found),
        }
    }

    fn without_test(&self, test: &Test<'_>, why: Reason, found: &mut Found) {
        let condition: Vec<&str> = test.condition.iter().map(|word| word.text.as_str()).collect();
        found.left(self.name.as_str(), "if", note!("of_what", what = said(&condition.join(" ")), why));
    }

    fn monitor(&self, name: &str, check: Table, failures: Option<u32>, remedy: Option<Table>, found: &mut Found) {
        let name = found.name(Section::Monitor, name);
        let mut table = check;
        table.extend(self.shared());
        table.insert("failures".to_owned(), failures.unwrap_or(1).into());
        table.extend(remedy.map(|remedy| ("on_down".to_owned(), remedy.into())));
        found.add(Section::Monitor, &name, table);
    }
}

/// The seconds that are between the times of a cron expression at the least.
fn apart(fields: &str) -> Option<f64> {
    /// So many times show it.
    const TIMES: usize = 12;
    let cron = Cron::parse(fields, "UTC").ok().filter(|_| fields.split_whitespace().count() == 5)?;
    let times = std::iter::successors(cron.next_after(Timestamp::UNIX_EPOCH), |at| cron.next_after(*at));
    let times: Vec<Timestamp> = times.take(TIMES).collect();
    let apart = times.windows(2).map(|pair| elapsed(pair[0], pair[1]));
    apart.min().map(|apart| apart.as_secs_f64())
}

/// Words as a line for the shell.
fn shell(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}
