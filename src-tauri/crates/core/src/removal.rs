//! How much a new configuration takes away from the one in force: a file that suddenly holds little or nothing was perhaps
//! only cut off, by an editor that empties it first, a full disk or a program that synchronises.

use std::{collections::BTreeSet, sync::Arc};

use crate::config::Config;

/// How much is taken away. By their names: what is renamed is taken away, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// Nothing, or no more than somebody takes away with one thought.
    Little,
    /// More than half of the monitors, programs, flows and fleets, and at least two; or every channel.
    NearlyAll,
    /// Every monitor, program, flow and fleet, so that there is nothing left to do.
    All,
}

impl Removal {
    /// What `new` takes away from `in_force`.
    pub fn of(in_force: &Config, new: &Config) -> Self {
        let (before, after) = (entries(in_force), entries(new));
        let gone = before.difference(&after).count();
        if after.is_empty() && !before.is_empty() {
            Self::All
        } else if gone >= 2 && 2 * gone > before.len() || new.channels.is_empty() && !in_force.channels.is_empty() {
            Self::NearlyAll
        } else {
            Self::Little
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Entry {
    Monitor,
    Program,
    Flow,
    Fleet,
}

fn entries(config: &Config) -> BTreeSet<(Entry, &Arc<str>)> {
    let monitors = config.monitors.iter().map(|monitor| (Entry::Monitor, &monitor.name));
    let programs = config.programs.iter().map(|program| (Entry::Program, &program.name));
    let flows = config.flows.iter().map(|flow| (Entry::Flow, &flow.name));
    let fleets = config.fleets.iter().map(|fleet| (Entry::Fleet, &fleet.name));
    monitors.chain(programs).chain(flows).chain(fleets).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::{Check, ProcessCheck, ProcessMatch},
        command::{CommandLine, Run},
        config::{Channel, CommandChannel, Monitor},
        fleet::Fleet,
        program::Program,
    };

    /// A configuration of what the words name: `m1` is a monitor, `p1` a program, `f1` a fleet, `c1` a channel.
    fn config(words: &str) -> Config {
        let mut config = Config::default();
        let run = Run::Shell("true".to_owned());
        let command = CommandLine::new(run);
        let by = ProcessMatch::Name("true".to_owned());
        let check = Check::Process(ProcessCheck { by, at_least: 1, at_most: None });
        for word in words.split_whitespace() {
            match word.as_bytes()[0] {
                b'm' => config.monitors.push(Arc::new(Monitor::new(word, check.clone()))),
                b'f' => config.fleets.push(Arc::new(Fleet::new(word))),
                b'p' => config.programs.push(Arc::new(Program::new(word, command.clone()))),
                _ => {
                    let channel = CommandChannel { command: command.clone(), timeout: std::time::Duration::ZERO };
                    config.channels.insert(word.to_owned(), Channel::Command(channel));
                }
            }
        }
        config
    }

    #[test]
    fn what_removes_nearly_everything_is_told_from_an_edit() {
        let check = |before: &str, after: &str, expected: Removal| {
            assert_eq!(Removal::of(&config(before), &config(after)), expected, "{before} -> {after}");
        };
        check("", "", Removal::Little);
        check("", "m1 p1 c1", Removal::Little);
        check("m1 p1 c1", "m1 p1 c1", Removal::Little);
        check("m1", "", Removal::All);
        check("m1 p1 c1", "c1", Removal::All);
        check("p1 p2 p3", "", Removal::All);
        check("f1 c1", "c1", Removal::All);
        check("m1 f1 f2", "m1", Removal::NearlyAll);
        check("c1", "c2", Removal::Little);
        check("m1", "m2", Removal::Little);
        check("m1 p1", "m1", Removal::Little);
        check("m1 m2", "m3 m4", Removal::NearlyAll);
        check("m1 m2 p1", "m1", Removal::NearlyAll);
        check("m1 m2 p1 p2", "m1 m2", Removal::Little);
        check("m1 m2 p1 p2", "m1", Removal::NearlyAll);
        check("m1 m2 p1 p2", "m1 m3 m4 m5", Removal::NearlyAll);
        check("m1 m2 c1 c2", "m1 m2", Removal::NearlyAll);
        check("m1 m2 c1 c2", "m1 m2 c3", Removal::Little);
        check("m1 p1", "p1 m2", Removal::Little);
    }
}
