//! What somebody wants.

use std::{sync::Arc, time::Duration};

use super::{FleetMachine, Step};
use crate::fleet::{
    Fleet,
    decision::{Decision, Reason},
    instance::InstanceState,
};

/// Why what somebody wants is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unwanted {
    /// There are as many as there may be.
    Full,
    /// There is none of that name.
    NoSuchInstance,
    /// It is protected.
    Protected,
}

impl FleetMachine {
    /// One more is launched, which no rule removes.
    pub(crate) fn ask_launch(&mut self, step: &mut Step<'_>) -> Result<Arc<str>, Unwanted> {
        let most = self.fleet.max.min(Fleet::LARGEST) as usize;
        if self.count() >= most {
            return Err(Unwanted::Full);
        }
        let decision = Decision { change: 1, reasons: vec![Reason::Asked], ..Decision::default() };
        self.keep(decision, step);
        Ok(self.launch(true, step))
    }

    /// One is removed: it may take `within` to finish what it has to do.
    pub(crate) fn ask_remove(&mut self, instance: &str, within: Duration, step: &mut Step<'_>) -> Result<(), Unwanted> {
        let name = self.find(instance).ok_or(Unwanted::NoSuchInstance)?;
        if self.instances.get(&name).is_some_and(|live| live.instance.protected) {
            return Err(Unwanted::Protected);
        }
        let victims = vec![Arc::clone(&name)];
        self.keep(Decision { change: -1, victims, reasons: vec![Reason::Asked], ..Decision::default() }, step);
        self.remove(&name, within, step);
        Ok(())
    }

    /// No rule, and nobody by mistake, removes it; or they may again.
    pub(crate) fn ask_protect(&mut self, instance: &str, protected: bool, step: &mut Step<'_>) -> Result<(), Unwanted> {
        let name = self.find(instance).ok_or(Unwanted::NoSuchInstance)?;
        let live = self.instances.get_mut(&name).ok_or(Unwanted::NoSuchInstance)?;
        if live.instance.protected != protected {
            live.instance.protected = protected;
            step.changed.push(live.instance.clone());
        }
        Ok(())
    }

    /// One that is to go is taken out of its work, if it can be.
    pub(super) fn remove(&mut self, name: &Arc<str>, within: Duration, step: &mut Step<'_>) {
        let Some(live) = self.instances.get_mut(name) else { return };
        match live.instance.state {
            InstanceState::Running | InstanceState::Suspect if !self.gone => live.drain(within, step),
            InstanceState::Draining | InstanceState::Terminating | InstanceState::Gone => {}
            _ => live.terminate(step),
        }
    }
}
