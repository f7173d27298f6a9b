//! An engine that systemd has started.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use estatus_api::Host;
use estatus_core::{Timestamp, ids::Key, program::ProgramState, record::JournalEntry, standing};
use estatus_engine::Audience;

use super::notify::Notifier;
use crate::{running::Terminal, show};

/// How often the loop says that it turns, at the least.
const PULSE: Duration = Duration::from_secs(10);
/// While it stops, it says at every pulse that it needs so much longer: more than a pulse, and more than what comes after
/// the last one may take.
const LONGER: Duration = Duration::from_secs(45);

/// Tells systemd how the engine is, and the journal what happens.
pub(super) struct Face {
    terminal: Terminal,
    notifier: Notifier,
    standing: Standing,
    is_stopping: bool,
}

impl Face {
    pub(super) fn new(terminal: Terminal, notifier: Notifier) -> Self {
        Self { terminal, notifier, standing: Standing::default(), is_stopping: false }
    }

    fn say_how_all_is(&mut self) {
        if !self.is_stopping {
            self.notifier.status(&self.standing.in_words());
        }
    }
}

impl Audience for Face {
    fn ready(&mut self, host: &Host) {
        self.terminal.hosts(host, "stop it with `estatus service stop`");
        self.notifier.ready();
    }

    fn gone(&mut self, key: &Key) {
        self.standing.forget(key);
        self.say_how_all_is();
    }

    fn journal(&mut self, at: Timestamp, entry: &JournalEntry) {
        self.terminal.journal(at, entry);
        let was_configured = self.standing.configured.is_some();
        self.standing.hear(entry);
        if matches!(entry, JournalEntry::Configured { .. }) && was_configured {
            self.notifier.reloaded();
        }
        self.say_how_all_is();
    }

    fn quitting(&mut self, stopped: &[Arc<str>], left: &[Arc<str>]) {
        self.terminal.quitting(stopped, left);
        self.is_stopping = true;
        self.notifier.stopping();
        self.notifier.takes(LONGER);
        if !stopped.is_empty() {
            self.notifier.status(&format!("stopping {}", stopped.join(", ")));
        }
    }

    fn pulse(&self) -> Option<Duration> {
        Some(self.notifier.watchdog.map_or(PULSE, |within| PULSE.min(within / 3)))
    }

    fn turned(&mut self) {
        self.notifier.alive();
        if self.is_stopping {
            self.notifier.takes(LONGER);
        }
    }
}

/// How all is, as far as the journal tells.
#[derive(Debug, Default)]
struct Standing {
    /// How many monitors and programs there are.
    configured: Option<(usize, usize)>,
    down: BTreeSet<Arc<str>>,
    cooling: BTreeSet<Arc<str>>,
    unable: BTreeSet<Arc<str>>,
}

impl Standing {
    fn hear(&mut self, entry: &JournalEntry) {
        match entry {
            JournalEntry::Configured { monitors, programs, .. } => self.configured = Some((*monitors, *programs)),
            JournalEntry::Health { monitor, to, .. } => {
                let is_down = standing::Standing::of_monitor(*to, false) == standing::Standing::Down;
                put(&mut self.down, monitor, is_down);
            }
            JournalEntry::Program { program, to, .. } => {
                put(&mut self.cooling, program, *to == ProgramState::Cooling);
                put(&mut self.unable, program, *to == ProgramState::CannotStart);
            }
            _ => {}
        }
    }

    fn forget(&mut self, key: &Key) {
        match key {
            Key::Monitor(name) => self.down.remove(name),
            Key::Program(name) => self.cooling.remove(name) | self.unable.remove(name),
            Key::Flow(_) | Key::Fleet(_) => false,
        };
    }

    /// What is known to be down, or else how much is kept an eye on: what was down before this start is not in the journal.
    fn in_words(&self) -> String {
        let named = |what: &str, names: &BTreeSet<Arc<str>>| {
            let names: Vec<&str> = names.iter().map(|name| &**name).collect();
            (!names.is_empty()).then(|| format!("{what}: {}", names.join(", ")))
        };
        let unable = named("cannot be started", &self.unable);
        let troubles = [named("down", &self.down), named("in a crash loop", &self.cooling), unable];
        let troubles: Vec<String> = troubles.into_iter().flatten().collect();
        if !troubles.is_empty() {
            return troubles.join("; ");
        }
        let (monitors, programs) = self.configured.unwrap_or_default();
        let monitors = show::counted(monitors, "monitor", "monitors");
        format!("{monitors}, {}", show::counted(programs, "program", "programs"))
    }
}

fn put(names: &mut BTreeSet<Arc<str>>, name: &Arc<str>, is_in: bool) {
    if is_in {
        names.insert(Arc::clone(name));
    } else {
        names.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use estatus_core::incident::Health;

    use super::*;

    #[test]
    fn the_status_names_what_is_down_until_it_is_not() {
        let mut standing = Standing::default();
        let mut check = |entry: JournalEntry, expected: &str| {
            standing.hear(&entry);
            assert_eq!(standing.in_words(), expected);
        };
        let health = |to| JournalEntry::Health { monitor: "web".into(), from: Health::Up, to, cause: None };
        let program = |to| JournalEntry::Program { program: "api".into(), to, why: None };
        check(JournalEntry::Configured { monitors: 2, programs: 1, flows: 0 }, "2 monitors, 1 program");
        check(health(Health::Down), "down: web");
        check(program(ProgramState::Cooling), "down: web; in a crash loop: api");
        check(health(Health::Recovering), "in a crash loop: api");
        check(health(Health::Down), "down: web; in a crash loop: api");
        check(health(Health::Up), "in a crash loop: api");
        check(program(ProgramState::CannotStart), "cannot be started: api");
        check(program(ProgramState::Running), "2 monitors, 1 program");
    }

    #[test]
    fn the_status_names_nothing_that_is_not_configured_any_more() {
        let mut standing = Standing::default();
        standing.hear(&JournalEntry::Health { monitor: "web".into(), from: Health::Up, to: Health::Down, cause: None });
        standing.hear(&JournalEntry::Program { program: "api".into(), to: ProgramState::Cooling, why: None });
        standing.forget(&Key::Monitor("web".into()));
        assert_eq!(standing.in_words(), "in a crash loop: api");
        standing.forget(&Key::Program("api".into()));
        assert_eq!(standing.in_words(), "0 monitors, 0 programs");
    }
}
