//! The health of one monitor.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    config::{Failures, Monitor},
    ids::{IncidentId, MessageId},
    incident::{Health, Incident, News},
    observation::{Cause, Failure, Observation, Phase, Verdict, Warning},
    time::Instant,
};

/// All that must be known of a monitor to go on after a restart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MonitorMemory {
    /// Its health.
    pub health: Health,
    /// Since when it has been in that health.
    pub since: Option<Timestamp>,
    /// Since when it has been Up without an incident.
    pub up_since: Option<Timestamp>,
    /// The incident that is open.
    pub incident: Option<IncidentId>,
    /// Whether the user paused it, and until when.
    pub paused: Option<Pause>,
    /// Nothing is told of it before this.
    pub snoozed_until: Option<Timestamp>,
    /// When it went down lately, as far as that matters for flapping.
    pub downs: Vec<Timestamp>,
    /// When it was suspected lately, as far as that matters for being unsteady.
    pub doubts: Vec<Timestamp>,
    /// Whether it is flapping, or only unsteady: the incident with which that was told.
    pub flapping: Option<IncidentId>,
    /// The last incident that ended while it was flapping.
    pub flapped: Option<Box<Incident>>,
    /// By channel, the last messages that told of an incident, the oldest first.
    pub conversations: BTreeMap<String, Vec<(IncidentId, MessageId)>>,
    /// When the open incident is told again.
    pub remind_at: Option<Timestamp>,
    /// The warning that has been told.
    pub warned: Option<Warning>,
    /// Since when it has been out of the configuration, while it may still come back.
    pub removed: Option<Timestamp>,
}

/// The messages of so many incidents are remembered for answers.
const CONVERSATIONS: usize = 8;

impl MonitorMemory {
    /// Whether nothing is told of it at `at`.
    pub(crate) fn is_snoozed(&self, at: Timestamp) -> bool {
        self.snoozed_until.is_some_and(|until| until > at)
    }

    /// The messages to `channel` that `news` goes on with, the first one first.
    pub(crate) fn conversation(&self, channel: &str, news: &News) -> Vec<MessageId> {
        let Some(about) = news.conversation() else { return Vec::new() };
        let messages = self.conversations.get(channel).map(Vec::as_slice).unwrap_or_default();
        let of = |id: IncidentId| messages.iter().filter(move |(told, _)| *told == id).map(|(_, message)| *message);
        of(about).collect()
    }

    /// Whether it is unsteady: it fails now and then, but never often enough to be down.
    pub(crate) fn is_unsteady(&self) -> bool {
        self.flapping == Some(IncidentId::UNSTEADY)
    }

    /// What was told under that number is of the past.
    pub(crate) fn forget_conversation(&mut self, about: IncidentId) {
        self.conversations.values_mut().for_each(|messages| messages.retain(|(told, _)| *told != about));
    }

    /// A message told `channel` of an incident.
    pub(crate) fn was_told(&mut self, channel: &str, told: (IncidentId, MessageId)) {
        let messages = self.conversations.entry(channel.to_owned()).or_default();
        if !messages.contains(&told) {
            messages.push(told);
        }
        let surplus = messages.len().saturating_sub(CONVERSATIONS);
        messages.drain(..surplus);
    }

    /// What was told of one incident was the beginning of the conversation about another, too.
    pub(crate) fn carry_conversation(&mut self, from: IncidentId, to: IncidentId) {
        for messages in self.conversations.values_mut() {
            let carried: Vec<_> =
                messages.iter().filter(|(told, _)| *told == from).map(|(_, message)| (to, *message)).collect();
            messages.retain(|message| !carried.contains(message));
            messages.extend(carried);
        }
    }
}

/// A pause that the user asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// When it ends by itself; `None` if the user must end it.
    pub until: Option<Timestamp>,
}

/// The median over this many good latencies is what is usual.
const USUAL_OVER: usize = 15;

/// When a probe began, by both clocks: spans are measured by the boot clock, the wall clock is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) began: Instant,
    pub(crate) at: Timestamp,
}

/// What a settled observation did to a monitor's health.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum HealthChange {
    /// Nothing that anybody must be told.
    Nothing,
    /// Its health changed, but no incident began or ended.
    Changed,
    /// It went down.
    WentDown {
        /// The first bad probe.
        opened: Moment,
        /// Why that one failed.
        cause: Failure,
    },
    /// It was down and still is.
    StillDown,
    /// It came up.
    CameUp {
        /// The first good probe.
        closed: Moment,
    },
}

/// The health of one monitor, moved by observations alone.
#[derive(Clone, Debug, Default)]
pub(crate) struct HealthTracker {
    health: Health,
    bad: u32,
    good: u32,
    first_bad: Option<Box<(Moment, Failure)>>,
    first_good: Option<Moment>,
    /// Which of the newest probes were bad, as many as a rate looks back on, the newest last.
    newest: VecDeque<bool>,
    latencies: Vec<Duration>,
    last_good: Option<Timestamp>,
}

impl HealthTracker {
    /// The tracker of a monitor that was last known to be in `health`. What was only suspected must be seen anew.
    pub(crate) fn restored(health: Health) -> Self {
        let health = match health {
            Health::Unknown | Health::Suspect | Health::Paused => Health::Unknown,
            Health::Up => Health::Up,
            Health::Down | Health::Recovering => Health::Down,
        };
        Self { health, ..Self::default() }
    }

    pub(crate) fn health(&self) -> Health {
        self.health
    }

    /// How many probes in a row were bad.
    pub(crate) fn bad(&self) -> u32 {
        self.bad
    }

    pub(crate) fn last_good(&self) -> Option<Timestamp> {
        self.last_good
    }

    /// The median of the last good latencies.
    pub(crate) fn usual_latency(&self) -> Option<Duration> {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }

    /// The machine slept: nothing is known to have lasted through that.
    pub(crate) fn slept(&mut self) {
        self.first_bad = None;
    }

    /// Takes an observation of `monitor`, whose probe began at `began` by the boot clock.
    pub(crate) fn step(&mut self, observation: &Observation, began: Instant, monitor: &Monitor) -> HealthChange {
        let moment = Moment { began, at: observation.at };
        match (observation.verdict, &observation.failure) {
            (Verdict::Inconclusive, Some(Failure { cause: Cause::NewlyWatched, .. })) => self.doubt(),
            (Verdict::Inconclusive, _) => HealthChange::Nothing,
            (Verdict::Up, _) => self.good_probe(observation, moment, monitor),
            (Verdict::Down, Some(failure)) => self.bad_probe(moment, failure, monitor),
            (Verdict::Down, None) => {
                let unexplained = Failure::new(Phase::Run, Cause::Protocol { error: String::new() });
                self.bad_probe(moment, &unexplained, monitor)
            }
        }
    }

    /// What was known of it before Estatus was started need not hold any more.
    fn doubt(&mut self) -> HealthChange {
        match self.health {
            Health::Up | Health::Suspect => {
                self.bad = 0;
                self.first_bad = None;
                self.change(Health::Unknown)
            }
            Health::Unknown | Health::Down | Health::Recovering | Health::Paused => HealthChange::Nothing,
        }
    }

    fn good_probe(&mut self, observation: &Observation, moment: Moment, monitor: &Monitor) -> HealthChange {
        self.bad = 0;
        self.first_bad = None;
        self.last_good = Some(observation.at);
        self.note(false, monitor.failures);
        if let Some(latency) = observation.latency {
            self.latencies.truncate(USUAL_OVER - 1);
            self.latencies.insert(0, latency);
        }
        match self.health {
            Health::Up => HealthChange::Nothing,
            Health::Unknown | Health::Suspect | Health::Paused => self.change(Health::Up),
            Health::Down | Health::Recovering => {
                let closed = *self.first_good.get_or_insert(moment);
                self.good += 1;
                if self.good < monitor.successes || self.is_rate_reached(monitor.failures) {
                    return self.change(Health::Recovering);
                }
                self.good = 0;
                self.first_good = None;
                self.health = Health::Up;
                HealthChange::CameUp { closed }
            }
        }
    }

    fn bad_probe(&mut self, moment: Moment, failure: &Failure, monitor: &Monitor) -> HealthChange {
        self.good = 0;
        self.first_good = None;
        self.bad = self.bad.saturating_add(1);
        self.note(true, monitor.failures);
        match self.health {
            Health::Down => HealthChange::StillDown,
            Health::Recovering => {
                self.health = Health::Down;
                HealthChange::StillDown
            }
            Health::Unknown | Health::Up | Health::Suspect | Health::Paused => {
                let first = self.first_bad.get_or_insert_with(|| Box::new((moment, failure.clone())));
                let (opened, cause) = first.as_ref().clone();
                let must_last = monitor.check.lasts().filter(|_| failure.cause.is_beyond_limit());
                let lasted = must_last.is_none_or(|lasts| moment.began.since(opened.began) >= lasts);
                if !lasted || !self.are_enough(monitor.failures) {
                    return self.change(Health::Suspect);
                }
                self.first_bad = None;
                self.health = Health::Down;
                HealthChange::WentDown { opened, cause }
            }
        }
    }

    fn note(&mut self, bad: bool, failures: Failures) {
        let kept = match failures {
            Failures::InARow(_) => 0,
            Failures::Of { last, .. } => usize::try_from(last).unwrap_or(usize::MAX),
        };
        self.newest.push_back(bad);
        let surplus = self.newest.len().saturating_sub(kept);
        self.newest.drain(..surplus);
    }

    fn are_enough(&self, failures: Failures) -> bool {
        match failures {
            Failures::InARow(count) => self.bad >= count,
            Failures::Of { .. } => self.is_rate_reached(failures),
        }
    }

    fn is_rate_reached(&self, failures: Failures) -> bool {
        let Failures::Of { bad, .. } = failures else { return false };
        self.newest.iter().filter(|bad| **bad).count() >= usize::try_from(bad).unwrap_or(usize::MAX)
    }

    fn change(&mut self, to: Health) -> HealthChange {
        if std::mem::replace(&mut self.health, to) == to { HealthChange::Nothing } else { HealthChange::Changed }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        check::{Check, HostCheck, PingCheck},
        observation::Phases,
        usage::Measure,
    };

    fn monitor(failures: Failures, successes: u32) -> Monitor {
        let check = Check::Ping(PingCheck { host: "h".into(), ip: None });
        Monitor { failures, successes, ..Monitor::new("m", check) }
    }

    fn began(second: usize) -> Instant {
        Instant::from_boot(Duration::from_secs(second as u64))
    }

    fn at(second: usize) -> Timestamp {
        Timestamp::from_second(i64::try_from(second).unwrap()).unwrap()
    }

    fn probe(second: usize, letter: char) -> Observation {
        let down =
            || Observation::down(at(second), Phases::default(), "", Failure::new(Phase::Connect, Cause::Refused));
        match letter {
            'u' => Observation::up(at(second), Phases::default(), ""),
            'd' => down(),
            _ => down().inconclusive(Cause::OwnNetworkOff),
        }
    }

    /// What `probes` (u, d, i: one a second; s: the machine slept before) make of a monitor, one word a probe.
    fn story(probes: &str, monitor: &Monitor) -> String {
        let mut tracker = HealthTracker::default();
        let mut story = String::new();
        for (second, letter) in probes.chars().enumerate() {
            if letter == 's' {
                tracker.slept();
                continue;
            }
            let turn = match tracker.step(&probe(second, letter), began(second), monitor) {
                HealthChange::Nothing => "-".to_owned(),
                HealthChange::Changed => tracker.health().to_string(),
                HealthChange::WentDown { opened, .. } => format!("DOWN@{}", opened.at.as_second()),
                HealthChange::StillDown => "still".to_owned(),
                HealthChange::CameUp { closed } => format!("UP@{}", closed.at.as_second()),
            };
            write!(story, "{}{turn}", if second == 0 { "" } else { " " }).unwrap();
        }
        story
    }

    #[test]
    fn probes_move_health_as_failures_and_successes_say() {
        let check = |probes, failures, successes, wanted| {
            assert_eq!(story(probes, &monitor(Failures::InARow(failures), successes)), wanted);
        };
        check("uu", 2, 1, "up -");
        check("udu", 2, 1, "up suspect up");
        check("uddu", 2, 1, "up suspect DOWN@1 UP@3");
        check("udddu", 2, 1, "up suspect DOWN@1 still UP@4");
        check("ud", 1, 1, "up DOWN@1");
        check("dd", 2, 1, "suspect DOWN@0");
        check("uddudu", 2, 2, "up suspect DOWN@1 recovering still recovering");
        check("udduu", 2, 2, "up suspect DOWN@1 recovering UP@3");
        check("udiidu", 2, 1, "up suspect - - DOWN@1 UP@5");
        check("uiii", 1, 1, "up - - -");
        check("uddiiu", 2, 1, "up suspect DOWN@1 - - UP@5");
        check("i", 1, 1, "-");
    }

    #[test]
    fn a_rate_counts_the_newest_probes_and_must_be_left_again() {
        let check = |probes, bad, last, successes, wanted| {
            assert_eq!(story(probes, &monitor(Failures::Of { bad, last }, successes)), wanted);
        };
        check("uduudu", 3, 10, 1, "up suspect up - suspect up");
        check("uduududuu", 3, 10, 1, "up suspect up - suspect up DOWN@6 recovering -");
        check("ddduuud", 2, 3, 1, "suspect DOWN@0 still recovering UP@3 - suspect");
        check("duuduuudu", 2, 4, 1, "suspect up - DOWN@3 UP@4 - - suspect up");
        check("ddu", 2, 3, 2, "suspect DOWN@0 recovering");
        check("dudiiid", 3, 10, 1, "suspect up suspect - - - DOWN@2");
    }

    #[test]
    fn a_figure_beyond_its_limit_counts_when_it_has_lasted_awake() {
        let beyond = |second: usize| {
            let cause = Cause::Host { figure: Measure::Cpu, measured: 95.0, limit: 90.0 };
            Observation::down(at(second), Phases::default(), "", Failure::new(Phase::Assertion, cause))
        };
        let check = |seconds: &[usize], sleeps_before: usize, wanted: Health| {
            let host = Check::Host(HostCheck { lasts: HostCheck::LASTS, ..HostCheck::default() });
            let (monitor, mut tracker) = (Monitor::new("m", host), HealthTracker::default());
            for &second in seconds {
                if second == sleeps_before {
                    tracker.slept();
                }
                tracker.step(&beyond(second), began(second), &monitor);
            }
            assert_eq!(tracker.health(), wanted, "{seconds:?}, asleep before {sleeps_before}");
        };
        check(&[0, 15, 30, 59], 0, Health::Suspect);
        check(&[0, 15, 60], 0, Health::Down);
        check(&[60], 0, Health::Suspect);
        check(&[0, 15, 8000, 8015], 8000, Health::Suspect);
        check(&[0, 15, 8000, 8060], 8000, Health::Down);
    }

    #[test]
    fn a_host_that_cannot_be_measured_is_down_without_delay() {
        let host = Check::Host(HostCheck { lasts: HostCheck::LASTS, ..HostCheck::default() });
        assert_eq!(story("dd", &Monitor::new("m", host)), "suspect DOWN@0");
    }

    #[test]
    fn the_usual_latency_is_the_median_of_the_last_good_ones() {
        let mut tracker = HealthTracker::default();
        for millis in 1..=100 {
            let latency = Some(Duration::from_millis(millis));
            tracker.step(&Observation { latency, ..probe(0, 'u') }, began(0), &monitor(Failures::InARow(2), 1));
        }
        assert_eq!(tracker.usual_latency(), Some(Duration::from_millis(93)));
    }

    proptest! {
        #[test]
        fn inconclusive_probes_never_change_the_story(
            probes in "[ud]{0,30}",
            places in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
            failures in 1u32..4,
            successes in 1u32..4,
        ) {
            let monitor = monitor(Failures::InARow(failures), successes);
            let health = |probes: &str| {
                let mut tracker = HealthTracker::default();
                for (second, letter) in probes.chars().enumerate() {
                    tracker.step(&probe(second, letter), began(second), &monitor);
                }
                (tracker.health(), tracker.bad())
            };
            let mut mixed: Vec<char> = probes.chars().collect();
            for place in places {
                mixed.insert(place.index(mixed.len() + 1), 'i');
            }
            prop_assert_eq!(health(&probes), health(&mixed.into_iter().collect::<String>()));
        }

        #[test]
        fn an_incident_begins_and_ends_only_after_enough_probes_in_a_row(
            probes in "[udi]{0,60}",
            failures in 1u32..4,
            successes in 1u32..4,
        ) {
            let monitor = monitor(Failures::InARow(failures), successes);
            let mut tracker = HealthTracker::default();
            let (mut bad, mut good, mut down) = (0, 0, false);
            for (second, letter) in probes.chars().enumerate() {
                match letter {
                    'd' => (bad, good) = (bad + 1, 0),
                    'u' => (bad, good) = (0, good + 1),
                    _ => {}
                }
                match tracker.step(&probe(second, letter), began(second), &monitor) {
                    HealthChange::WentDown { .. } => {
                        prop_assert!(!down && bad >= failures);
                        down = true;
                    }
                    HealthChange::CameUp { .. } => {
                        prop_assert!(down && good >= successes);
                        down = false;
                    }
                    HealthChange::StillDown => prop_assert!(down),
                    HealthChange::Nothing | HealthChange::Changed => {}
                }
            }
        }
    }
}
