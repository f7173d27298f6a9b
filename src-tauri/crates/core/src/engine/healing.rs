//! Remedies: from an incident to a try, from a try to its proof, and to somebody who has to look.

use std::{sync::Arc, time::Duration};

use super::{Effect, EffectId, Engine, Watched, belonging::is_started_by_remedy};
use crate::{
    command::{Background, CommandEnd, CommandOutcome, CommandRun},
    config::AlertWhen,
    incident::{Health, Incident},
    observation::{Observation, Verdict, cut},
    program::{Ended, ProgramState},
    record::JournalEntry,
    remedy::{Attempt, Outcome, Remedy, RemedyAction, Undone},
    restart,
    supervision::Healing,
    time::{Instant, Now},
};

/// A program that a remedy started gets so long beyond the time it has to be ready, for those it waits for.
const DONE_WITHIN: Duration = Duration::from_secs(5 * 60);
/// After a restart of Estatus an open incident is seen anew before it is healed.
const LOOKS_AGAIN: Duration = Duration::from_secs(2);
/// Whether a remedy has helped is looked at so often at first; later a tenth of the time since apart.
const LOOKS_SOONEST: Duration = Duration::from_millis(25);
/// And at least so often.
const LOOKS_LATEST: Duration = Duration::from_secs(5);
/// So many bytes of a command's output are kept.
const OUTPUT_LIMIT: usize = 16 * 1024;

/// How far the healing of an incident has come.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Care {
    /// The next try waits for its time.
    Waiting { until: Instant },
    /// The remedy is being done.
    Acting { command: Option<EffectId>, until: Instant },
    /// It was done; the monitor must succeed now.
    Verifying { since: Instant, until: Instant },
}

impl Care {
    pub(super) fn due(&self) -> Instant {
        match self {
            Self::Waiting { until } | Self::Acting { until, .. } | Self::Verifying { until, .. } => *until,
        }
    }
}

/// The command of a remedy that runs. Nothing ends it halfway, whatever becomes of its monitor meanwhile.
#[derive(Clone, Debug)]
pub(super) struct RunningCommand {
    monitor: Arc<str>,
    /// If nothing was heard of it until then, it is taken for lost.
    until: Instant,
}

impl Watched {
    /// When a monitor whose remedy was done is looked at again.
    pub(super) fn looks_again(&self, now: Instant) -> Option<Instant> {
        let Some(Care::Verifying { since, .. }) = self.care else { return None };
        Some(now + (now.since(since) / 10).clamp(LOOKS_SOONEST, LOOKS_LATEST))
    }
}

impl Engine {
    /// An incident has begun: the first try comes at once.
    pub(super) fn begin_healing(&mut self, name: &Arc<str>, now: Now) {
        let has_remedy = self.monitors.get(name).is_some_and(|watched| watched.monitor.on_down.is_some());
        if has_remedy {
            self.try_to_heal(name, now);
        }
    }

    /// Whatever a restart, the user or the configuration has changed: an open incident that may be healed is being
    /// healed, and one that is to be told is told to whoever does not know of it.
    pub(super) fn pursue(&mut self, name: &Arc<str>, now: Now) {
        if !self.monitors.get(name).is_some_and(Watched::is_watched) {
            return;
        }
        self.heal_again(name, now);
        self.tell_untold(name, now);
    }

    fn heal_again(&mut self, name: &Arc<str>, now: Now) {
        let Some(watched) = self.monitors.get(name).filter(|watched| watched.care.is_none()) else { return };
        let Some(remedy) = &watched.monitor.on_down else { return };
        let Some(incident) = self.open_incident_of(name) else { return };
        let tried = incident.attempts.get(incident.earlier_attempts..).and_then(<[Attempt]>::last);
        let is_another = tried.is_some_and(|tried| tried.deed != remedy.action.deed());
        if open_attempt(incident).is_some() {
            self.close_attempt(name, Outcome::NotDone(Undone::Interrupted), now);
        }
        if is_another {
            self.renew_tries(name);
        }
        if self.open_incident_of(name).is_some_and(|incident| incident.escalated.is_none()) {
            self.set_care(name, Care::Waiting { until: now.monotonic + LOOKS_AGAIN });
        }
    }

    /// The monitor has another remedy: what was tried before does not count against it.
    pub(super) fn renew_tries(&mut self, name: &Arc<str>) {
        let Some(id) = self.monitors.get(name).and_then(|watched| watched.memory.incident) else { return };
        let Some(incident) = self.incidents.get_mut(&id) else { return };
        incident.earlier_attempts = incident.attempts.len();
        incident.escalated = None;
        let incident = incident.clone();
        self.write_incident(&incident);
    }

    /// A try is due, or one has had its time.
    pub(super) fn heal(&mut self, name: &Arc<str>, now: Now) {
        let Some(watched) = self.monitors.get(name) else { return };
        match &watched.care {
            Some(Care::Waiting { .. }) => self.try_to_heal(name, now),
            Some(Care::Acting { .. }) => {
                let within = DONE_WITHIN;
                self.attempt_failed(name, Outcome::NotDone(Undone::NotReady { within }), now);
            }
            Some(Care::Verifying { .. }) => self.not_healed(name, now),
            None => {}
        }
    }

    fn try_to_heal(&mut self, name: &Arc<str>, now: Now) {
        let Some(watched) = self.monitors.get_mut(name) else { return };
        let Some(remedy) = watched.monitor.on_down.clone() else { return watched.care = None };
        if !watched.is_watched() || watched.memory.incident.is_none() {
            watched.care = None;
            return;
        }
        if let Some(until) = self.command_runs_until(name, now) {
            return self.set_care(name, Care::Waiting { until });
        }
        if self.tries_of(name) >= remedy.tries {
            // The last try was cut off by a restart of Estatus.
            self.give_up(name, now);
            return;
        }
        let output = self.last_words(&remedy.action);
        let attempt = Attempt { deed: remedy.action.deed(), began: now.utc, ended: None, outcome: None, output };
        self.note_attempt(name, |incident| incident.attempts.push(attempt), now);
        match &remedy.action {
            RemedyAction::Run { command, timeout } => {
                let env = vec![("ESTATUS_MONITOR".to_owned(), name.to_string())];
                let (command, timeout) = (command.clone(), *timeout);
                let run = CommandRun {
                    command,
                    env,
                    stdin: None,
                    timeout,
                    background: Background::LivesOn,
                    owner: Some(format!("remedy of {name}")),
                    output_limit: OUTPUT_LIMIT,
                };
                let id = self.next_id();
                let until = now.monotonic + timeout + DONE_WITHIN;
                self.set_care(name, Care::Acting { command: Some(id), until });
                self.remedies.insert(id, RunningCommand { monitor: Arc::clone(name), until });
                self.effects.push_back(Effect::RunCommand { id, run });
            }
            action => self.heal_program(name, action, now),
        }
    }

    fn heal_program(&mut self, name: &Arc<str>, action: &RemedyAction, now: Now) {
        let Some(program) = action.program() else { return };
        let within = self.programs.get(program).map_or(DONE_WITHIN, |kept| kept.program.ready_within * 2);
        self.set_care(name, Care::Acting { command: None, until: now.monotonic + within + DONE_WITHIN });
        match self.step_program(program, now, |supervised, step| supervised.heal(action, step)) {
            // What became of it may have been told already.
            Some(Healing::UnderWay) => self.tell_healing(program, now),
            Some(Healing::Done) => self.verify(name, now),
            Some(Healing::Undone(undone)) => self.attempt_failed(name, Outcome::NotDone(undone), now),
            None => self.attempt_failed(name, Outcome::NotDone(Undone::Gone), now),
        }
    }

    fn set_care(&mut self, name: &Arc<str>, care: Care) {
        if let Some(watched) = self.monitors.get_mut(name) {
            watched.care = Some(care);
        }
    }

    /// A program stands differently: the remedies that wait for it go on.
    pub(super) fn tell_healing(&mut self, program: &Arc<str>, now: Now) {
        let Some(kept) = self.programs.get(program) else { return };
        let state = kept.state();
        let cooling = kept.why_cooling();
        let waiting: Vec<(Arc<str>, bool)> = self
            .monitors
            .values()
            .filter(|watched| matches!(watched.care, Some(Care::Acting { command: None, .. })))
            .filter_map(|watched| {
                let action = &watched.monitor.on_down.as_ref()?.action;
                let stops = matches!(action, RemedyAction::Stop(_));
                (action.program() == Some(program)).then(|| (Arc::clone(&watched.monitor.name), stops))
            })
            .collect();
        for (name, stops) in waiting {
            match state {
                ProgramState::Running if !stops => self.verify(&name, now),
                ProgramState::Stopped if stops => self.verify(&name, now),
                ProgramState::Cooling => self.attempt_failed(&name, Outcome::NotDone(cooling.clone()), now),
                ProgramState::Finished => self.attempt_failed(&name, Outcome::NotDone(Undone::Finished), now),
                ProgramState::Stopped => self.attempt_failed(&name, Outcome::NotDone(Undone::StoppedByUser), now),
                _ => {}
            }
        }
    }

    /// What a program that does not run any more wrote before it ended.
    fn last_words(&self, action: &RemedyAction) -> Vec<String> {
        let program = action.program().and_then(|program| self.programs.get(program));
        let ended = program.filter(|kept| !kept.is_alive());
        let last = ended.and_then(|kept| kept.memory.last_end.as_ref());
        last.map(|last| last.tail.clone()).unwrap_or_default()
    }

    /// A program has ended: the last lines it wrote belong to the tries that wait for it.
    pub(super) fn program_ended(&mut self, program: &Arc<str>, ended: &Ended) {
        let waiting: Vec<Arc<str>> = self
            .monitors
            .values()
            .filter(|watched| watched.care.is_some())
            .filter(|watched| {
                watched.monitor.on_down.as_ref().and_then(|remedy| remedy.action.program()) == Some(program)
            })
            .map(|watched| Arc::clone(&watched.monitor.name))
            .collect();
        for name in waiting {
            let Some(id) = self.monitors.get(&name).and_then(|watched| watched.memory.incident) else { continue };
            let Some(incident) = self.incidents.get_mut(&id) else { continue };
            if let Some(attempt) = incident.attempts.last_mut().filter(|_| !ended.tail.is_empty()) {
                attempt.output.clone_from(&ended.tail);
                let incident = incident.clone();
                self.write_incident(&incident);
            }
        }
    }

    pub(super) fn command_ran(&mut self, id: EffectId, outcome: &CommandOutcome, now: Now) {
        let Some(RunningCommand { monitor: name, .. }) = self.remedies.remove(&id) else { return };
        let Some(watched) = self.monitors.get(&name) else { return };
        match watched.care {
            Some(Care::Acting { command: Some(current), .. }) if current == id => {}
            // The next try had to wait until this command ended.
            Some(Care::Waiting { .. }) => return self.set_care(&name, Care::Waiting { until: now.monotonic }),
            _ => return,
        }
        let output = last_lines(outcome);
        self.note_attempt_silently(&name, |attempt| attempt.output = output);
        match command_error(outcome) {
            None => self.verify(&name, now),
            Some(error) => self.attempt_failed(&name, Outcome::NotDone(Undone::Command { error }), now),
        }
    }

    /// Until when to wait for a command that an earlier try left running.
    fn command_runs_until(&mut self, name: &Arc<str>, now: Now) -> Option<Instant> {
        self.remedies.retain(|_, command| command.monitor != *name || command.until > now.monotonic);
        self.remedies.values().find(|command| command.monitor == *name).map(|command| command.until)
    }

    /// The remedy was done: the same monitor must now succeed.
    fn verify(&mut self, name: &Arc<str>, now: Now) {
        let Some(watched) = self.monitors.get_mut(name) else { return };
        let Some(remedy) = &watched.monitor.on_down else { return };
        let since = now.monotonic;
        watched.care = Some(Care::Verifying { since, until: since + remedy.passes_within });
        if watched.is_busy() {
            // A probe that is under way began before.
            self.cancel_probe(name);
        }
        if let Some(watched) = self.monitors.get_mut(name) {
            watched.next_probe = Some(now.monotonic);
        }
    }

    /// The time in which a monitor should have succeeded is over.
    fn not_healed(&mut self, name: &Arc<str>, now: Now) {
        let Some(last) = self.open_incident_of(name).map(|incident| incident.last.clone()) else { return };
        self.attempt_failed(name, Outcome::StillDown(last), now);
    }

    fn attempt_failed(&mut self, name: &Arc<str>, outcome: Outcome, now: Now) {
        let is_hopeless = matches!(
            &outcome,
            Outcome::NotDone(
                Undone::Cooling | Undone::StoppedByUser | Undone::Finished | Undone::Gone | Undone::CannotStart { .. }
            )
        );
        self.close_attempt(name, outcome, now);
        let tries = self.tries_of(name);
        let wait = restart::backoff(tries, &mut self.dice);
        let Some(watched) = self.monitors.get_mut(name) else { return };
        let budget = watched.monitor.on_down.as_ref().map_or(0, |remedy: &Remedy| remedy.tries);
        if is_hopeless || tries >= budget {
            self.give_up(name, now);
        } else {
            watched.care = Some(Care::Waiting { until: now.monotonic + wait });
        }
    }

    fn tries_of(&self, name: &Arc<str>) -> u32 {
        let count = |incident: &Incident| incident.attempts.len().saturating_sub(incident.earlier_attempts);
        let tries = self.open_incident_of(name).map_or(0, count);
        u32::try_from(tries).unwrap_or(u32::MAX)
    }

    /// Nothing that was tried has helped: somebody has to look.
    fn give_up(&mut self, name: &Arc<str>, now: Now) {
        if let Some(watched) = self.monitors.get_mut(name) {
            watched.care = None;
        }
        self.note_attempt(name, |incident| incident.escalated = Some(now.utc), now);
        self.tell_escalated(name, now);
    }

    /// The monitor is up again: a try that was under way has healed it.
    pub(super) fn healed(&mut self, name: &Arc<str>, now: Now) {
        let Some(watched) = self.monitors.get_mut(name) else { return };
        if watched.care.take().is_some_and(|care| !matches!(care, Care::Waiting { .. })) {
            self.close_attempt(name, Outcome::Healed, now);
        }
    }

    /// Nobody heals this monitor for now, for the reason `why`.
    pub(super) fn rest_healing(&mut self, name: &Arc<str>, why: Undone, now: Now) {
        let Some(watched) = self.monitors.get_mut(name) else { return };
        if watched.care.take().is_some_and(|care| !matches!(care, Care::Waiting { .. })) {
            self.close_attempt(name, Outcome::NotDone(why), now);
        }
    }

    /// Whether an incident is told when it begins.
    pub(super) fn tells_at_once(&self, name: &Arc<str>) -> bool {
        self.monitors.get(name).is_none_or(|watched| {
            let waits = watched.monitor.alert_when == AlertWhen::Unhealed
                || is_started_by_remedy(watched, self.config.alerts.grace);
            watched.monitor.on_down.is_none() || !waits
        })
    }

    /// Whether a bad observation leads to no more than another look, as the remedy has just been done.
    pub(super) fn next_while_healing(&self, name: &Arc<str>, observation: &Observation, now: Now) -> Option<Instant> {
        let watched = self.monitors.get(name)?;
        let is_over = observation.verdict == Verdict::Up && watched.health() == Health::Up;
        if is_over { None } else { watched.looks_again(now.monotonic) }
    }

    fn close_attempt(&mut self, name: &Arc<str>, outcome: Outcome, now: Now) {
        let close = |incident: &mut Incident| {
            if let Some(attempt) = incident.attempts.last_mut().filter(|attempt| attempt.outcome.is_none()) {
                attempt.ended = Some(now.utc);
                attempt.outcome = Some(outcome);
            }
        };
        self.note_attempt(name, close, now);
    }

    /// Changes the open incident, writes it down, and says so in the journal.
    fn note_attempt(&mut self, name: &Arc<str>, change: impl FnOnce(&mut Incident), now: Now) {
        let Some(id) = self.monitors.get(name).and_then(|watched| watched.memory.incident) else { return };
        let Some(incident) = self.incidents.get_mut(&id) else { return };
        let before = incident.attempts.last().cloned();
        change(incident);
        let incident = incident.clone();
        self.write_incident(&incident);
        let after = incident.attempts.last().cloned();
        if let Some(attempt) = after.filter(|after| before.as_ref() != Some(after)) {
            self.journal(JournalEntry::Remedy { monitor: Arc::clone(name), attempt }, now);
        }
    }

    fn note_attempt_silently(&mut self, name: &Arc<str>, change: impl FnOnce(&mut Attempt)) {
        let Some(id) = self.monitors.get(name).and_then(|watched| watched.memory.incident) else { return };
        let Some(attempt) = self.incidents.get_mut(&id).and_then(|incident| incident.attempts.last_mut()) else {
            return;
        };
        change(attempt);
    }

    fn open_incident_of(&self, name: &Arc<str>) -> Option<&Incident> {
        self.incidents.get(&self.monitors.get(name)?.memory.incident?)
    }
}

fn open_attempt(incident: &Incident) -> Option<&Attempt> {
    incident.attempts.last().filter(|attempt| attempt.outcome.is_none())
}

fn last_lines(outcome: &CommandOutcome) -> Vec<String> {
    let lines: Vec<&str> = outcome.stdout.lines().chain(outcome.stderr.lines()).collect();
    let surplus = lines.len().saturating_sub(Ended::TAIL_LINES);
    lines.into_iter().skip(surplus).map(|line| cut(line.to_owned(), Ended::TAIL_LINE_LIMIT)).collect()
}

/// Why a remedy's command did not do its work, in English.
fn command_error(outcome: &CommandOutcome) -> Option<String> {
    match &outcome.end {
        // Whether it has helped is seen by the monitor.
        CommandEnd::Exited(0) | CommandEnd::Unseen => None,
        CommandEnd::Exited(code) => Some(format!("exit code {code}")),
        CommandEnd::Signaled(number) => {
            Some(crate::exit::signal_name(*number).map_or_else(|| format!("signal {number}"), str::to_owned))
        }
        CommandEnd::TimedOut { .. } => {
            Some(format!("it did not end within {}", crate::maintenance::in_words(outcome.took)))
        }
        CommandEnd::CannotStart(error) => Some(error.clone()),
    }
}
