//! Running: what it uses, which is kept minute by minute, which ports it listens on, and when it has settled.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{ChangeCause, ProgramMachine, State, Step, signs::Sign, stopping::AfterStop};
use crate::{
    ids::StartId,
    program::ProgramCommand,
    signal::Signal,
    time::{Instant, Now},
    usage::Measure,
};

/// A program that runs is measured so often, if not more often.
pub(crate) const MEASURES_EVERY: Duration = Duration::from_secs(15);
/// A machine that has slept for so long between two measurements has a share of the CPU that may be of the sleep, too.
const SLEPT: Duration = Duration::from_secs(1);

/// A program that runs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run {
    pub(super) start: StartId,
    pub(super) since: Instant,
    /// What its monitors that have succeeded since look at.
    pub(super) proved: Vec<Option<Sign>>,
    /// The ports of which it is to be seen, or was, whether it listens on them.
    pub(super) looked_for: BTreeSet<u16>,
    pub(super) next_look: Option<Instant>,
    pub(super) planned: Option<Timestamp>,
    /// When it is measured for its ceilings; without any, it is measured with the others.
    pub(super) next_measure: Option<Instant>,
    pub(super) measured: Option<Now>,
    pub(super) too_big_since: Option<Instant>,
    pub(super) too_busy_since: Option<Instant>,
}

impl ProgramMachine {
    pub(super) fn run(&mut self, start: StartId, step: &Step<'_>) {
        let now = step.now;
        let run = Run {
            start,
            since: now.monotonic,
            proved: Vec::new(),
            looked_for: BTreeSet::new(),
            next_look: None,
            planned: self.planned_after(now.utc),
            next_measure: self.measures_every().map(|every| now.monotonic + every),
            measured: None,
            too_big_since: None,
            too_busy_since: None,
        };
        if self.crash_loop().is_none() {
            self.trouble = None;
        }
        self.enter(State::Running(run), None, step);
    }

    pub(super) fn running_due(&self, run: &Run, now: Now) -> Option<Instant> {
        let settles = self.is_unsettled().then(|| run.since + self.program.limit.within);
        let planned = run.planned.map(|at| now.instant_of(at));
        settles.into_iter().chain(planned).chain(run.next_measure).chain(run.next_look).min()
    }

    pub(super) fn wake_running(&mut self, step: &mut Step<'_>) {
        let now = step.now;
        let within = self.program.limit.within;
        let unsettled = self.is_unsettled();
        let every = self.measures_every();
        let State::Running(run) = &mut self.state else { return };
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now.monotonic);
        let (measures, ports) = (is_due(run.next_measure), is_due(run.next_look));
        if measures {
            run.next_measure = every.map(|every| now.monotonic + every);
        }
        if ports {
            run.next_look = None;
        }
        if measures || ports {
            step.commands.push(ProgramCommand::Measure { start: run.start, ports });
        }
        let planned = run.planned.is_some_and(|at| at <= now.utc);
        if unsettled && run.since + within <= now.monotonic {
            self.settled(step);
        }
        if planned {
            self.stop_and(AfterStop::StartAnew, ChangeCause::Planned, step);
        }
    }

    pub(super) fn measured(&mut self, start: StartId, memory: u64, cpu: Option<f64>, step: &mut Step<'_>) {
        let now = step.now.monotonic;
        let program = Arc::clone(&self.program);
        let State::Running(run) = &mut self.state else { return };
        if run.start != start {
            return;
        }
        let before = run.measured.replace(step.now);
        self.used.read(step.now.utc, awake_since(before, step.now), readings(memory, cpu, before, step.now));
        let lasted = |since: &mut Option<Instant>, over: bool, lasts: Duration| {
            *since = over.then(|| since.unwrap_or(now));
            since.is_some_and(|since| now.since(since) >= lasts)
        };
        let too_big =
            program.memory.is_some_and(|ceiling| lasted(&mut run.too_big_since, memory > ceiling.above, ceiling.lasts));
        let too_busy = program
            .cpu
            .zip(cpu)
            .is_some_and(|(ceiling, percent)| lasted(&mut run.too_busy_since, percent > ceiling.above, ceiling.lasts));
        if too_big {
            self.stop_and(AfterStop::StartAgain, ChangeCause::TooBig { bytes: memory }, step);
        } else if too_busy {
            self.stop_and(AfterStop::StartAgain, ChangeCause::TooBusy { percent: cpu.unwrap_or_default() }, step);
        }
    }

    /// It was looked at which ports it listens on. Where that shows none, it may be that they may not be seen.
    pub(super) fn seen_listening(&mut self, start: StartId, ports: &[u16]) {
        let State::Running(run) = &self.state else { return };
        if run.start != start || ports.is_empty() {
            return;
        }
        for port in &run.looked_for {
            if ports.contains(port) {
                self.memory.ports.insert(*port);
            } else {
                self.memory.ports.remove(port);
            }
        }
    }

    pub(super) fn is_unsettled(&self) -> bool {
        let memory = &self.memory;
        memory.attempt > 0 || memory.cooling.is_some() || memory.is_told || !memory.recent.is_empty()
    }

    /// It has run well for a while: what was before no longer counts.
    pub(super) fn settled(&mut self, step: &mut Step<'_>) {
        self.memory.attempt = 0;
        self.memory.recent.clear();
        self.trouble = None;
        self.memory.cooling = None;
        if std::mem::take(&mut self.memory.is_told) {
            step.signals.send(Signal::Steady { program: Arc::clone(&self.program) });
        }
    }

    pub(super) fn measures_every(&self) -> Option<Duration> {
        let memory = self.program.memory.map(|ceiling| ceiling.lasts);
        let cpu = self.program.cpu.map(|ceiling| ceiling.lasts);
        let shortest = memory.into_iter().chain(cpu).min()?;
        Some((shortest / 4).clamp(Duration::from_secs(1), MEASURES_EVERY))
    }

    /// The start that is to be measured with those of others, for the minutes that are kept of what it uses.
    pub(crate) fn measured_with_others(&self) -> Option<StartId> {
        let State::Running(run) = &self.state else { return None };
        (run.next_measure.is_none() && !self.is_gone()).then_some(run.start)
    }

    /// When its plan starts it, or starts it again, after `at`.
    pub(super) fn planned_after(&self, at: Timestamp) -> Option<Timestamp> {
        self.program.every.as_ref().and_then(|every| every.next_after(at))
    }
}

/// How long this machine was awake since it was measured before.
fn awake_since(before: Option<Now>, now: Now) -> Duration {
    before.map_or(Duration::ZERO, |before| now.awake().saturating_sub(before.awake()))
}

/// What was read of it, as far as that holds for the time since it was measured before.
fn readings(memory: u64, cpu: Option<f64>, before: Option<Now>, now: Now) -> impl Iterator<Item = (Measure, f64)> {
    let slept = before.is_some_and(|before| now.slept.saturating_sub(before.slept) >= SLEPT);
    let cpu = cpu.filter(|_| before.is_some() && !slept).map(|percent| (Measure::Cpu, percent));
    cpu.into_iter().chain([(Measure::MemoryBytes, memory as f64)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_of_a_time_in_which_the_machine_slept_is_not_kept() {
        let at = |seconds: u64, slept: u64| Now {
            monotonic: Instant::from_boot(Duration::from_secs(seconds)),
            slept: Duration::from_secs(slept),
            utc: Timestamp::UNIX_EPOCH,
        };
        let check = |before: Option<Now>, now: Now, measures: &[Measure], over: u64| {
            let found: Vec<Measure> = readings(7, Some(9.0), before, now).map(|(measure, _)| measure).collect();
            assert_eq!((found.as_slice(), awake_since(before, now)), (measures, Duration::from_secs(over)));
        };
        check(None, at(100, 0), &[Measure::MemoryBytes], 0);
        check(Some(at(85, 0)), at(100, 0), &[Measure::Cpu, Measure::MemoryBytes], 15);
        check(Some(at(85, 10)), at(3_700, 3_610), &[Measure::MemoryBytes], 15);
        check(Some(at(3_700, 3_610)), at(3_715, 3_610), &[Measure::Cpu, Measure::MemoryBytes], 15);
    }
}
