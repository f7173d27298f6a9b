//! What is wrong with a fleet: when it begins, and when it is believed to be over.
//!
//! It begins at once. It is over when it has not been so for a while, and for longer each time that it comes back soon: who is
//! told hears of what comes and goes no more often than he can do something about it.

use std::time::Duration;

use super::{FleetMachine, Step};
use crate::{
    fleet::{
        Trouble, TroubleMemory,
        command::{ProviderError, ProviderErrorKind},
        instance::InstanceState,
    },
    time::elapsed,
};

/// What has not been so for so long is over.
const WELL_FOR: Duration = Duration::from_secs(5 * 60);
/// What comes back within this has returned.
const RETURNS_WITHIN: Duration = Duration::from_secs(2 * 60 * 60);
/// It is waited no longer than this, however often it returns.
const WELL_FOR_LONGEST: Duration = Duration::from_secs(2 * 60 * 60);
/// A provider that is asked too often, or not reached, has so many tries before somebody is told.
const TRIES: u32 = 3;

/// Something is wrong with a fleet since now, or is no more.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TroubleChange {
    pub(crate) trouble: Trouble,
    pub(crate) begins: bool,
    /// What the provider said, or what else there is to know.
    pub(crate) why: Option<String>,
}

impl FleetMachine {
    /// What is wrong now. What is so no more, but is told to be over only later, is not among it.
    pub(crate) fn troubles(&self) -> impl Iterator<Item = Trouble> {
        self.memory.open_troubles().filter(|trouble| !self.gone && !self.well_since.contains_key(trouble))
    }

    /// Something is wrong, or is not.
    pub(super) fn trouble(&mut self, trouble: Trouble, why: Option<String>, is_so: bool, step: &mut Step<'_>) {
        if self.gone {
            return;
        }
        let is_open = self.memory.troubles.get(&trouble).is_some_and(|memory| memory.ended.is_none());
        if is_so {
            step.looks_different |= self.well_since.remove(&trouble).is_some();
            if !is_open {
                self.begins(trouble, why, step);
            }
        } else if is_open {
            self.may_be_over(trouble, step);
        }
    }

    fn begins(&mut self, trouble: Trouble, why: Option<String>, step: &mut Step<'_>) {
        let before = self.memory.troubles.get(&trouble);
        let soon = before.filter(|it| it.ended.is_some_and(|ended| elapsed(ended, step.now.utc) < RETURNS_WITHIN));
        let returned = soon.map_or(0, |before| before.returned.saturating_add(1));
        self.memory.troubles.insert(trouble, TroubleMemory { returned, ..TroubleMemory::default() });
        step.troubles.push(TroubleChange { trouble, begins: true, why });
    }

    /// It is not so; whether it has not been so for long enough.
    fn may_be_over(&mut self, trouble: Trouble, step: &mut Step<'_>) {
        let Some(memory) = self.memory.troubles.get_mut(&trouble) else { return };
        step.looks_different |= !self.well_since.contains_key(&trouble);
        let since = *self.well_since.entry(trouble).or_insert(step.now.awake());
        let doubled = WELL_FOR.saturating_mul(1 << memory.returned.min(16));
        if step.now.awake().saturating_sub(since) >= doubled.min(WELL_FOR_LONGEST) {
            memory.ended = Some(step.now.utc);
            self.well_since.remove(&trouble);
            step.troubles.push(TroubleChange { trouble, begins: false, why: None });
        }
    }

    /// A try to launch has failed, the `tries`th in a row.
    pub(super) fn launch_failed(&mut self, error: &ProviderError, tries: u32, step: &mut Step<'_>) {
        let passes = matches!(error.kind, ProviderErrorKind::Throttled | ProviderErrorKind::Unreachable);
        if !passes || tries >= TRIES {
            self.launches_fail = true;
            self.trouble(Trouble::CannotLaunch, Some(error.error.clone()), true, step);
        }
    }

    /// Whoever was launched says nothing of one that is refused still.
    pub(super) fn launch_succeeded(&mut self) {
        self.launches_fail = self.instances.values().any(|live| live.is_refused());
    }

    /// Whether launches are still refused is judged: with nothing to launch they are not.
    pub(super) fn judge_launches(&mut self, step: &mut Step<'_>) {
        let is_wanted = |state| matches!(state, InstanceState::Launching | InstanceState::Failed);
        self.launches_fail &= self.instances.values().any(|live| is_wanted(live.instance.state));
        self.trouble(Trouble::CannotLaunch, None, self.launches_fail, step);
    }
}
