//! What the user does to a world of monitors: edits the file, pauses, snoozes and acknowledges, at any moment.

use std::{sync::Arc, time::Duration};

use estatus_core::{
    config::Config,
    engine::{Ask, Input},
    time::later,
};

use super::{Coming, World};
use crate::{
    changes,
    script::{HOUR, MINUTE},
};

/// The reader of what goes to a channel, whatever it is called now.
pub(super) fn reader(channel: &str) -> &str {
    if channel == "post" { "mail" } else { channel }
}

impl World {
    pub(super) fn user(&mut self) {
        if self.now >= self.script.peace {
            return self.make_peace();
        }
        if self.script.dice.one_in(2) {
            self.edit();
            self.put_in_force();
        } else {
            self.want_something();
        }
        // What was done is often undone at once.
        let soon = self.script.dice.one_in(3);
        let (low, high) = if soon { (Duration::from_millis(1), MINUTE / 4) } else { (MINUTE, HOUR * 4) };
        let again = self.now + self.script.dice.between(low, high);
        self.at(again.min(self.script.peace), Coming::User);
    }

    fn want_something(&mut self) {
        let count = u64::try_from(self.file.monitors.len()).unwrap();
        if count == 0 {
            return;
        }
        let index = usize::try_from(self.script.dice.below(count)).unwrap();
        let monitor = self.file.monitors[index].name.to_string();
        let until = Some(later(self.wall(self.now), self.script.dice.between(MINUTE, HOUR * 5)));
        let forever = self.script.dice.one_in(3);
        let ask = match self.script.dice.below(7) {
            0 => Ask::Pause { monitor, until: until.filter(|_| !forever) },
            1 | 2 => Ask::Resume { monitor },
            3 => Ask::Snooze { monitor: Some(monitor), until: until.filter(|_| !forever) },
            4 => Ask::Snooze { monitor: None, until: until.filter(|_| !forever) },
            5 if self.core().monitor(&monitor).is_some_and(|view| view.incident.is_some()) => {
                Ask::Acknowledge { monitor }
            }
            _ => Ask::CheckNow { monitor: Some(monitor) },
        };
        self.ask(ask);
    }

    fn make_peace(&mut self) {
        self.save((*self.script.config).clone());
        self.put_in_force();
        let names: Vec<String> = self.file.monitors.iter().map(|monitor| monitor.name.to_string()).collect();
        for monitor in names {
            self.ask(Ask::Resume { monitor: monitor.clone() });
            self.ask(Ask::Snooze { monitor: Some(monitor), until: None });
        }
        self.ask(Ask::Snooze { monitor: None, until: None });
    }

    pub(super) fn edit(&mut self) {
        let edited = changes::edit_monitors(&self.file, &self.script.config, &mut self.script.dice);
        self.save(edited);
    }

    fn save(&mut self, file: Config) {
        self.file = Arc::new(file);
        self.rules.edited(&self.file, self.now);
    }

    /// What was saved is in force at once, if Estatus runs; if not, when it starts.
    fn put_in_force(&mut self) {
        let now = self.clocks();
        let file = Arc::clone(&self.file);
        self.core.as_mut().expect("there is always a core").apply_config(file, now);
        self.carry_out();
        self.keep();
    }

    fn ask(&mut self, ask: Ask) {
        self.rules.wanted(&ask, self.now);
        let now = self.clocks();
        let core = self.core.as_mut().expect("there is always a core");
        core.handle(Input::Asked(ask), now).expect("what is known can be asked for");
        self.carry_out();
        if !self.disk_is_full() {
            self.disk.commit();
        }
    }
}
