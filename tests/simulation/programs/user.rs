//! What the user does: starts and stops programs, and, where the file may change under way, edits it, pauses, snoozes and
//! acknowledges; often one thing right after another.

use std::{sync::Arc, time::Duration};

use estatus_core::{
    config::Config,
    engine::{Ask, Input},
};

use super::{MS, World};
use crate::{
    changes,
    script::{HOUR, MINUTE},
};

/// What is known of a program that was taken out of the file is kept at least so long.
const KEPT_AT_LEAST: Duration = Duration::from_secs(23 * 60 * 60);

impl World {
    pub(super) fn user(&mut self) {
        if self.now >= self.peace {
            return self.make_peace();
        }
        if self.troubles.edits {
            let all = u64::try_from(self.whole.programs.len()).unwrap();
            let index = usize::try_from(self.dice.below(all)).unwrap();
            self.meddle(index, 2);
        }
        self.steer();
        let again = self.now + self.dice.between(MINUTE, HOUR * 8);
        self.at(again.min(self.peace), super::Coming::User);
    }

    /// The user changes something; what was done is often undone at once, or looked at again.
    pub(super) fn meddle(&mut self, index: usize, more: u64) {
        if self.now >= self.peace {
            return;
        }
        self.change_something(index);
        if self.dice.below(3) < more {
            let again = self.dice.between(MS, MINUTE / 4);
            self.at(self.now + again, super::Coming::Meddle { index, more: more - 1 });
        }
    }

    /// Something is under way for the program of this `name`: a good moment to be disturbed.
    pub(super) fn may_meddle(&mut self, name: &Arc<str>, within: Duration) {
        if self.troubles.edits && self.dice.one_in(8) {
            let index = self.whole.programs.iter().position(|program| program.name == *name).expect("one of the whole");
            let at = self.now + self.dice.between(MS, within.max(MS));
            self.at(at, super::Coming::Meddle { index, more: 2 });
        }
    }

    fn steer(&mut self) {
        let known = u64::try_from(self.config.programs.len()).unwrap();
        if known == 0 {
            return;
        }
        let index = usize::try_from(self.dice.below(known)).unwrap();
        let name = Arc::clone(&self.config.programs[index].name);
        let program = name.to_string();
        let ask = match self.dice.below(4) {
            0 => Ask::StopProgram { program },
            1 => Ask::RestartProgram { program },
            _ => Ask::StartProgram { program },
        };
        self.stopped_by_user.insert(Arc::clone(&name), matches!(ask, Ask::StopProgram { .. }));
        self.touch(&name);
        self.ask(ask);
    }

    /// The file, or what is wanted of a monitor.
    fn change_something(&mut self, index: usize) {
        let name = Arc::clone(&self.whole.monitors[index].name);
        let is_known = self.config.monitors.iter().any(|monitor| monitor.name == name);
        if !is_known || self.dice.one_in(2) {
            let edited = changes::edit_programs(&self.config, &self.whole, index, &mut self.dice);
            return self.save(edited);
        }
        self.touch(&program_of(&name));
        let monitor = name.to_string();
        let until = self.dice.one_in(2).then(|| self.wall_after(MINUTE * 30));
        match self.dice.below(5) {
            0 | 1 => self.ask(Ask::Pause { monitor, until }),
            2 => self.ask(Ask::Resume { monitor }),
            3 => self.ask(Ask::Snooze { monitor: Some(monitor), until: Some(self.wall_after(MINUTE * 20)) }),
            _ => self.ask(Ask::CheckNow { monitor: Some(monitor) }),
        }
    }

    fn make_peace(&mut self) {
        let whole = (*self.whole).clone();
        self.save(whole);
        let monitors: Vec<String> = self.config.monitors.iter().map(|monitor| monitor.name.to_string()).collect();
        for monitor in monitors {
            self.ask(Ask::Resume { monitor: monitor.clone() });
            self.ask(Ask::Snooze { monitor: Some(monitor), until: None });
        }
        let names: Vec<Arc<str>> = self.natures.keys().cloned().collect();
        for name in names {
            self.stopped_by_user.insert(Arc::clone(&name), false);
            self.touch(&name);
            self.ask(Ask::RestartProgram { program: name.to_string() });
        }
    }

    /// Asks until it is done: what Estatus did not live to do is asked for again.
    fn ask(&mut self, ask: Ask) {
        loop {
            let life = self.life;
            self.input(Input::Asked(ask.clone()));
            if self.life == life {
                return self.disk.commit();
            }
        }
    }

    /// The file is saved, and is in force at once and after every crash.
    fn save(&mut self, file: Config) {
        let before = std::mem::replace(&mut self.config, Arc::new(file));
        let after = Arc::clone(&self.config);
        let names: Vec<Arc<str>> = self.natures.keys().cloned().collect();
        for name in names {
            let of = |config: &Config| {
                let program = config.programs.iter().find(|program| program.name == name).cloned();
                (program, config.monitors.iter().find(|monitor| program_of(&monitor.name) == name).cloned())
            };
            let (old, new) = (of(&before), of(&after));
            if old != new {
                self.touch(&name);
            }
            if old.0.is_some() && new.0.is_none() {
                self.removed.insert(Arc::clone(&name), self.now);
            }
        }
        let now = self.clocks();
        self.core.as_mut().expect("there is always a core").apply_config(after, now);
        self.carry_out();
        self.disk.commit();
        self.forget_what_was_long_gone();
    }

    /// A program that was put back after long is one like any other.
    fn forget_what_was_long_gone(&mut self) {
        let back: Vec<Arc<str>> = self.config.programs.iter().map(|program| Arc::clone(&program.name)).collect();
        for name in back {
            let Some(since) = self.removed.remove(&name) else { continue };
            if self.now - since >= KEPT_AT_LEAST {
                self.stopped_by_user.insert(Arc::clone(&name), false);
                self.ask(Ask::StartProgram { program: name.to_string() });
            }
        }
    }

    /// What is counted of a program and its monitor begins anew.
    fn touch(&mut self, program: &Arc<str>) {
        self.fresh.insert(Arc::clone(program), self.now);
    }
}

/// The program that a monitor looks at.
pub(super) fn program_of(monitor: &str) -> Arc<str> {
    monitor.trim_start_matches("page of ").into()
}
