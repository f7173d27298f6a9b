//! Healing: from an incident to a try, from a try to its proof, and to somebody who has to look.
//!
//! Architecture invariant: healing knows no monitor and no program from inside. It is told that something is down, asks
//! for a remedy to be done and for a proof, and hears what became of them, all by signals.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use crate::{
    ids::{EffectId, Key},
    remedy::{Remedy, RemedyAction, RemedyError},
    restart,
    schedule::{Rng, look_again},
    signal::{Answer, Signal, Signals, Stands, TryEnd},
    time::Instant,
};

/// A remedy gets so long beyond the time that it may take, for what it has to wait for itself.
pub(crate) const DONE_WITHIN: Duration = Duration::from_secs(5 * 60);
/// After a restart of Estatus an open incident is seen anew before it is healed.
const LOOKS_AGAIN: Duration = Duration::from_secs(2);

/// All that is being healed, by monitor.
#[derive(Debug, Default)]
pub(crate) struct Healings {
    each: BTreeMap<Arc<str>, Healing>,
    due: BTreeSet<(Instant, Arc<str>)>,
    /// The commands that run, by monitor.
    commands: BTreeMap<Arc<str>, RunningCommand>,
}

/// The healing of one incident.
#[derive(Clone, Debug)]
struct Healing {
    remedy: Remedy,
    /// How often it was tried.
    tries: u32,
    /// Whether the last of these tries was under way when Estatus ended, and is still to be gone on with.
    goes_on: bool,
    state: State,
}

/// How far it has come.
#[derive(Clone, Debug, PartialEq)]
enum State {
    /// The next try waits for its time.
    Waiting { until: Instant },
    /// The remedy is being done.
    Acting { until: Instant },
    /// It was done; the monitor must succeed now.
    Verifying { since: Instant, until: Instant },
}

/// The command of a remedy that runs. Nothing ends it halfway, whatever becomes of its monitor meanwhile.
#[derive(Clone, Debug)]
struct RunningCommand {
    id: EffectId,
    /// Whether a try waits for it still.
    awaited: bool,
    /// If nothing was heard of it until then, it is taken for lost.
    until: Instant,
}

/// What a step of healing may use.
pub(crate) struct Step<'a> {
    pub(crate) now: Instant,
    pub(crate) rng: &'a mut Rng,
    pub(crate) signals: &'a mut Signals,
}

impl State {
    fn until(&self) -> Instant {
        match self {
            Self::Waiting { until } | Self::Acting { until } | Self::Verifying { until, .. } => *until,
        }
    }
}

impl Healings {
    /// When something is due next, and of which monitor.
    pub(crate) fn next_due(&self) -> Option<&(Instant, Arc<str>)> {
        self.due.first()
    }

    pub(crate) fn is_healing(&self, monitor: &str) -> bool {
        self.each.contains_key(monitor)
    }

    /// When a monitor whose remedy was done is looked at again.
    pub(crate) fn looks_again(&self, monitor: &str, now: Instant) -> Option<Instant> {
        let State::Verifying { since, .. } = self.each.get(monitor)?.state else { return None };
        Some(look_again(since, now))
    }

    /// An incident has begun: the first try comes at once.
    pub(crate) fn begin(&mut self, monitor: &Arc<str>, remedy: Remedy, step: &mut Step<'_>) {
        self.put(monitor, Healing { remedy, tries: 0, goes_on: false, state: State::Waiting { until: step.now } });
        self.go_on(monitor, step);
    }

    /// An incident is open of which `tries` were made already: soon the next one comes, or the last one goes on.
    pub(crate) fn resume(&mut self, monitor: &Arc<str>, remedy: Remedy, tries: u32, goes_on: bool, now: Instant) {
        self.put(monitor, Healing { remedy, tries, goes_on, state: State::Waiting { until: now + LOOKS_AGAIN } });
    }

    /// A try is due, or one has had its time.
    pub(crate) fn go_on(&mut self, monitor: &Arc<str>, step: &mut Step<'_>) {
        let Some(healing) = self.each.get(monitor) else { return };
        match healing.state {
            State::Waiting { .. } => self.make_try(monitor, step),
            State::Acting { .. } => self.fails(monitor, not_done(RemedyError::NotReady { within: DONE_WITHIN }), step),
            State::Verifying { .. } => self.fails(monitor, TryEnd::StillDown, step),
        }
    }

    fn make_try(&mut self, monitor: &Arc<str>, step: &mut Step<'_>) {
        if let Some(until) = self.command_runs_until(monitor, step.now) {
            return self.enter(monitor, State::Waiting { until });
        }
        let Some(healing) = self.each.get_mut(monitor) else { return };
        if !std::mem::take(&mut healing.goes_on) {
            if healing.tries >= healing.remedy.tries {
                // The last try was cut off by a restart of Estatus.
                return self.give_up(monitor, step);
            }
            healing.tries += 1;
        }
        let action = healing.remedy.action.clone();
        self.enter(monitor, State::Acting { until: step.now + DONE_WITHIN });
        step.signals.send(Signal::Try { monitor: Arc::clone(monitor), action });
    }

    /// The target of the remedy has answered.
    pub(crate) fn acted(&mut self, monitor: &Arc<str>, answer: Answer, within: Duration, step: &mut Step<'_>) {
        if !self.is_acting(monitor) {
            return;
        }
        match answer {
            Answer::Done => self.verify(monitor, step),
            Answer::UnderWay => self.enter(monitor, State::Acting { until: step.now + within + DONE_WITHIN }),
            Answer::NotDone(undone) => self.fails(monitor, not_done(undone), step),
        }
    }

    /// The command that a remedy runs has begun, as `id`, and may take `timeout`.
    pub(crate) fn command_begun(&mut self, id: EffectId, monitor: &Arc<str>, timeout: Duration, now: Instant) {
        let until = now + timeout + DONE_WITHIN;
        self.commands.insert(Arc::clone(monitor), RunningCommand { id, awaited: true, until });
    }

    /// A command has ended. Whether a try waits for it.
    pub(crate) fn command_ended(&mut self, monitor: &Arc<str>, id: EffectId, now: Instant) -> bool {
        let Some(command) = self.commands.get(monitor).filter(|command| command.id == id) else { return false };
        let awaited = command.awaited;
        self.commands.remove(monitor);
        match self.each.get(monitor).map(|healing| &healing.state) {
            Some(State::Acting { .. }) => awaited,
            Some(State::Waiting { .. }) => {
                // The next try had to wait until this command ended.
                self.enter(monitor, State::Waiting { until: now });
                false
            }
            Some(State::Verifying { .. }) | None => false,
        }
    }

    /// The target of remedies stands differently: those that wait for it go on.
    pub(crate) fn stands(&mut self, target: &Key, stands: &Stands, step: &mut Step<'_>) {
        let acts_on_it = |healing: &Healing| {
            let acting = matches!(healing.state, State::Acting { .. });
            acting && target_of(&healing.remedy.action).as_ref() == Some(target)
        };
        let answer = |healing: &Healing| stands.answer_to(healing.remedy.action.on_program()?.0);
        let answered: Vec<(Arc<str>, Answer)> = self
            .each
            .iter()
            .filter(|(_, healing)| acts_on_it(healing))
            .filter_map(|(monitor, healing)| Some((Arc::clone(monitor), answer(healing)?)))
            .collect();
        for (monitor, answer) in answered {
            self.acted(&monitor, answer, Duration::ZERO, step);
        }
    }

    /// The monitors whose incidents are being healed by something that acts on `target`.
    pub(crate) fn healed_by(&self, target: &Key) -> Vec<Arc<str>> {
        let by = |healing: &Healing| target_of(&healing.remedy.action).as_ref() == Some(target);
        self.each.iter().filter(|(_, healing)| by(healing)).map(|(monitor, _)| Arc::clone(monitor)).collect()
    }

    /// The monitor is up again: a try that was under way has healed it.
    pub(crate) fn healed(&mut self, monitor: &Arc<str>, signals: &mut Signals) {
        self.end(monitor, TryEnd::Healed, signals);
    }

    /// Nobody is to heal this monitor for now, for the reason `why`.
    pub(crate) fn rest(&mut self, monitor: &Arc<str>, why: RemedyError, signals: &mut Signals) {
        self.end(monitor, not_done(why), signals);
    }

    fn end(&mut self, monitor: &Arc<str>, end: TryEnd, signals: &mut Signals) {
        let Some(healing) = self.take(monitor) else { return };
        if healing.goes_on || !matches!(healing.state, State::Waiting { .. }) {
            signals.send(Signal::Tried { monitor: Arc::clone(monitor), end });
        }
    }

    fn verify(&mut self, monitor: &Arc<str>, step: &mut Step<'_>) {
        let Some(healing) = self.each.get(monitor) else { return };
        let (since, within) = (step.now, healing.remedy.passes_within);
        self.enter(monitor, State::Verifying { since, until: since + within });
        step.signals.send(Signal::Prove { monitor: Arc::clone(monitor) });
    }

    fn fails(&mut self, monitor: &Arc<str>, end: TryEnd, step: &mut Step<'_>) {
        let is_hopeless = matches!(
            &end,
            TryEnd::NotDone(
                RemedyError::Cooling
                    | RemedyError::StoppedByUser
                    | RemedyError::Finished
                    | RemedyError::Ended { .. }
                    | RemedyError::Gone
                    | RemedyError::CannotStart { .. }
                    | RemedyError::FlowOff { .. }
                    | RemedyError::FlowSuppressed { .. }
            )
        );
        step.signals.send(Signal::Tried { monitor: Arc::clone(monitor), end });
        let Some(healing) = self.each.get(monitor) else { return };
        let wait = restart::backoff(healing.tries, step.rng);
        if is_hopeless || healing.tries >= healing.remedy.tries {
            self.give_up(monitor, step);
        } else {
            self.enter(monitor, State::Waiting { until: step.now + wait });
        }
    }

    fn give_up(&mut self, monitor: &Arc<str>, step: &mut Step<'_>) {
        self.take(monitor);
        step.signals.send(Signal::GaveUp { monitor: Arc::clone(monitor) });
    }

    /// Until when to wait for a command that an earlier try left running.
    fn command_runs_until(&mut self, monitor: &Arc<str>, now: Instant) -> Option<Instant> {
        let left = self.commands.get_mut(monitor).filter(|command| command.until > now)?;
        left.awaited = false;
        Some(left.until)
    }

    fn is_acting(&self, monitor: &str) -> bool {
        self.each.get(monitor).is_some_and(|healing| matches!(healing.state, State::Acting { .. }))
    }

    fn enter(&mut self, monitor: &Arc<str>, state: State) {
        if let Some(healing) = self.take(monitor) {
            self.put(monitor, Healing { state, ..healing });
        }
    }

    fn put(&mut self, monitor: &Arc<str>, healing: Healing) {
        self.take(monitor);
        self.due.insert((healing.state.until(), Arc::clone(monitor)));
        self.each.insert(Arc::clone(monitor), healing);
    }

    fn take(&mut self, monitor: &Arc<str>) -> Option<Healing> {
        let healing = self.each.remove(monitor)?;
        self.due.remove(&(healing.state.until(), Arc::clone(monitor)));
        Some(healing)
    }
}

/// What a remedy acts on, if that is something that is kept.
fn target_of(action: &RemedyAction) -> Option<Key> {
    action.program().map(|program| Key::Program(Arc::clone(program)))
}

fn not_done(undone: RemedyError) -> TryEnd {
    TryEnd::NotDone(undone)
}
