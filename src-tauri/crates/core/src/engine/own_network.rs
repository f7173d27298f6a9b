//! The own network: when it is asked about, and what follows once it is back.

use super::{Change, Effect, Engine, scope::scope_of, watched::MonitorMachine};
use crate::{
    ids::EffectId,
    network::{Purpose, Scope, SuspectProbe},
    observation::{Observation, Verdict},
    record::JournalEntry,
    time::{Instant, Now},
};

impl Engine {
    pub(super) fn ask_about(&mut self, suspect: &SuspectProbe, now: Now) -> EffectId {
        let awaited = self.network.awaited(suspect);
        if awaited.is_empty() {
            // Nothing hangs on their answer this time; it may the next.
            self.ask_network(Purpose::Learn, now);
        }
        self.ask_network(Purpose::Judge(awaited), now)
    }

    /// Asks what the own network looks like, or shares such a question under way.
    pub(super) fn ask_network(&mut self, purpose: Purpose, now: Now) -> EffectId {
        if let Some(id) = self.network.question(&purpose, now.monotonic) {
            return id;
        }
        let id = self.owners.number();
        let question = self.network.ask(id, purpose, now.monotonic);
        self.effects.push_back(Effect::AskNetwork { id, question });
        id
    }

    pub(super) fn tell_network(
        &mut self,
        host: &Option<String>,
        scope: Scope,
        observation: &Observation,
        began: Instant,
        now: Now,
    ) {
        let Some(host) = host.as_ref().filter(|_| observation.verdict == Verdict::Up) else { return };
        if self.network.succeeded(scope, host, began, now.monotonic) {
            self.network_is_back(scope, now);
        }
    }

    /// What waited for the network need not wait any longer.
    pub(super) fn network_is_back(&mut self, scope: Scope, now: Now) {
        self.journal(JournalEntry::NetworkOn { scope }, now);
        self.publish(Change::Engine);
        self.outbox.hurry(now.monotonic);
        self.ask_network(Purpose::Confirm, now);
        let waits = |watched: &MonitorMachine| {
            let excused = watched.last.as_ref().filter(|last| last.verdict == Verdict::Inconclusive);
            excused.is_some_and(|last| scope_of(watched, last) == scope) && watched.next_probe.is_some()
        };
        self.monitors.change_where(|_, it| waits(it), |_, watched| watched.next_probe = Some(now.monotonic));
    }
}
