//! What there is of a fleet, counted.

use std::time::Duration;

use super::Seen;
use crate::fleet::{decision::Objection, instance::InstanceState};

/// An instance that has said no load for so many heartbeats is silent; before, it may only be new.
const SILENT_AFTER: u32 = 3;
/// It is newly silent until so many heartbeats have passed, …
const NEWLY: u32 = 12;
/// … and for so long at least.
const NEWLY_AT_LEAST: Duration = Duration::from_secs(60);
/// A single one that is silent says nothing of Estatus' own network: in a fleet of one or two, nobody else would replace it.
const MANY: u32 = 2;

/// How many instances stand how.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// They should say what their load is, and are not given up.
    pub(super) running: u32,
    /// They do so later.
    pub(super) booting: u32,
    /// They were lost, and a rule may remove them.
    pub(super) lost: u32,
    /// They have failed to boot, and a rule may remove them.
    pub(super) failed: u32,
    /// Their loads are known.
    pub(super) known: u32,
    /// The sum of the loads that are known.
    pub(super) load: f64,
    /// They have been silent for a while, lost ones included.
    silent: u32,
    /// Those of them that fell silent lately.
    newly_silent: u32,
}

impl Tally {
    pub(super) fn of(instances: &[Seen<'_>], heartbeat: Duration) -> Self {
        let silent = heartbeat * SILENT_AFTER;
        let newly = (heartbeat * NEWLY).max(NEWLY_AT_LEAST);
        let mut tally = Self::default();
        for seen in instances {
            tally.count_in(seen, silent, newly);
        }
        tally
    }

    fn count_in(&mut self, seen: &Seen<'_>, silent: Duration, newly: Duration) {
        match seen.state {
            InstanceState::Launching | InstanceState::Booting => self.booting += 1,
            InstanceState::Failed => self.failed += u32::from(seen.kept().is_none()),
            InstanceState::Running | InstanceState::Suspect => {
                self.running += 1;
                match seen.known() {
                    Some(load) => {
                        self.known += 1;
                        self.load += load;
                    }
                    None => self.count_silent(seen.silent, silent, newly),
                }
            }
            InstanceState::Lost => {
                self.lost += u32::from(seen.kept().is_none());
                self.count_silent(seen.silent.max(silent), silent, newly);
            }
            InstanceState::Draining | InstanceState::Terminating | InstanceState::Gone => {}
        }
    }

    fn count_silent(&mut self, lasts: Duration, silent: Duration, newly: Duration) {
        self.silent += u32::from(lasts >= silent);
        self.newly_silent += u32::from((silent..=newly).contains(&lasts));
    }

    /// Those that are there to work, or will be.
    pub(super) const fn count(&self) -> u32 {
        self.running + self.booting
    }

    /// Those that are to be replaced, or else removed.
    pub(super) const fn out_of_order(&self) -> u32 {
        self.lost + self.failed
    }

    /// Those of the one kind and of the other.
    pub(super) const fn size(&self) -> u32 {
        self.count() + self.out_of_order()
    }

    /// Those that should be known, and are not.
    pub(super) const fn unknown(&self) -> u32 {
        self.running - self.known + self.lost
    }

    /// The mean of the loads that are known.
    pub(super) fn mean(&self) -> Option<f64> {
        (self.known > 0).then(|| self.load / f64::from(self.known))
    }

    /// Why it may be Estatus that is cut off, if so many are silent that it may.
    pub(super) fn cut_off(&self) -> Option<Objection> {
        let count = self.known + self.silent;
        if self.silent >= MANY && self.known * 2 < count {
            return Some(Objection::FewKnown { known: self.known, count });
        }
        let is_many = self.newly_silent >= MANY && u64::from(self.newly_silent) * 10 > u64::from(count) * 3;
        is_many.then_some(Objection::ManySilent { silent: self.newly_silent, count })
    }
}
