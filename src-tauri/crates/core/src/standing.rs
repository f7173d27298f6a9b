//! How well something is, for whoever counts: the same for every face of Estatus.

use serde::{Deserialize, Serialize};

use crate::{
    engine::{FleetView, MonitorView, ProgramView},
    fleet::instance::InstanceState,
    incident::Health,
    program::ProgramState,
};

/// How well a monitor or a program is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// A monitor that does not respond as it should, or a program that does not stay up.
    Down,
    /// It may be down soon, or fails now and then.
    Doubtful,
    /// A monitor that responds again, though not for long enough to end its incident: it is not down any more.
    Recovering,
    /// Nothing is known yet.
    #[default]
    Unknown,
    /// All is well.
    Well,
    /// Nobody wants to know: it is paused, or does not run and need not.
    Idle,
}

impl Standing {
    /// How well a monitor in `health` is, which may be `restless`: flapping or unsteady.
    pub const fn of_monitor(health: Health, restless: bool) -> Self {
        match health {
            Health::Down => Self::Down,
            Health::Recovering => Self::Recovering,
            Health::Suspect => Self::Doubtful,
            Health::Up if restless => Self::Doubtful,
            Health::Up => Self::Well,
            Health::Unknown => Self::Unknown,
            Health::Paused => Self::Idle,
        }
    }

    /// How well a program in `state` is, which may be `troubled`: something keeps it from running.
    pub const fn of_program(state: ProgramState, troubled: bool) -> Self {
        match state {
            ProgramState::Cooling | ProgramState::CannotStart => Self::Down,
            ProgramState::Backoff => Self::Doubtful,
            _ if troubled => Self::Doubtful,
            ProgramState::Looking => Self::Unknown,
            ProgramState::Stopped | ProgramState::Finished => Self::Idle,
            ProgramState::Waiting | ProgramState::Starting | ProgramState::Running | ProgramState::Stopping => {
                Self::Well
            }
        }
    }
}

impl MonitorView {
    /// How well it is.
    pub const fn standing(&self) -> Standing {
        Standing::of_monitor(self.health, self.flapping || self.unsteady)
    }
}

impl FleetView {
    /// How well it is.
    pub fn standing(&self) -> Standing {
        let running = self.instances.iter().filter(|one| one.instance.state == InstanceState::Running).count();
        let few = u32::try_from(running).unwrap_or(u32::MAX) < self.fleet.min;
        let is_well = self.troubles.is_empty() && self.unheard.is_none() && !self.left_behind;
        match (is_well, few) {
            (false, true) => Standing::Down,
            (false, false) => Standing::Doubtful,
            (true, true) => Standing::Unknown,
            (true, false) => Standing::Well,
        }
    }
}

impl ProgramView {
    /// How well it is.
    pub const fn standing(&self) -> Standing {
        Standing::of_program(self.state, self.trouble.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_responds_again_is_not_down() {
        let check = |health: Health, restless: bool, standing: Standing| {
            assert_eq!(Standing::of_monitor(health, restless), standing, "{health:?}");
        };
        check(Health::Down, false, Standing::Down);
        check(Health::Down, true, Standing::Down);
        check(Health::Recovering, false, Standing::Recovering);
        check(Health::Recovering, true, Standing::Recovering);
        check(Health::Suspect, false, Standing::Doubtful);
        check(Health::Up, true, Standing::Doubtful);
        check(Health::Up, false, Standing::Well);
        check(Health::Unknown, false, Standing::Unknown);
        check(Health::Paused, true, Standing::Idle);
    }

    #[test]
    fn what_is_worse_comes_first() {
        use Standing::{Doubtful, Down, Idle, Recovering, Unknown, Well};
        assert!([Down, Doubtful, Recovering, Unknown, Well, Idle].is_sorted());
    }
}
