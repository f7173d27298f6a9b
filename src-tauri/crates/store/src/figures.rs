//! Uptime and latency of a stretch of time, and how observations add up to them.

use std::{collections::BTreeMap, time::Duration};

use estatus_core::{
    histogram::Histogram,
    observation::{Phase, Verdict},
};

use crate::{
    keys::{Millis, duration, floor},
    phases::{Micros, PhaseTimes},
};

/// What was seen of a monitor in a stretch of time.
///
/// An observation counts from when its probe began until the next one began, but no longer than it holds; what no
/// observation covers was not observed and counts neither as up nor as down.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// For how long it was up.
    pub up: Duration,
    /// For how long it was down.
    pub down: Duration,
    /// For how long it was looked at and nothing could be said.
    pub inconclusive: Duration,
    /// How many probes began, whatever they said.
    pub samples: u64,
    /// The shortest latency.
    pub fastest: Option<Duration>,
    /// The longest latency.
    pub slowest: Option<Duration>,
    /// The latencies of all probes whose target answered to the end: those that found it up, and those that failed only
    /// because what it answered (or how slowly) is not what was asked for. How long a refused connection or a timeout
    /// took says nothing of the target's speed.
    pub latency: Histogram,
    /// What the latencies are made of; those of a database of format 3 and before are in none.
    pub phases: PhaseTimes,
}

impl Figures {
    /// For how long it is known whether it was up or down.
    pub fn observed(&self) -> Duration {
        self.up + self.down
    }

    /// The share of the observed time in which it was up, 0 to 1; `None` where nothing was observed.
    pub fn uptime(&self) -> Option<f64> {
        let observed = self.observed();
        (!observed.is_zero()).then(|| self.up.as_secs_f64() / observed.as_secs_f64())
    }

    /// The median latency, within [`Histogram::RELATIVE_ERROR`].
    pub fn p50(&self) -> Option<Duration> {
        self.latency.percentile(0.50)
    }

    /// The latency that 95 % of the probes did not exceed, within [`Histogram::RELATIVE_ERROR`].
    pub fn p95(&self) -> Option<Duration> {
        self.latency.percentile(0.95)
    }

    /// The latency that 99 % of the probes did not exceed, within [`Histogram::RELATIVE_ERROR`].
    pub fn p99(&self) -> Option<Duration> {
        self.latency.percentile(0.99)
    }

    /// Adds what was seen in another stretch.
    pub fn add(&mut self, other: &Self) {
        self.up += other.up;
        self.down += other.down;
        self.inconclusive += other.inconclusive;
        self.samples += other.samples;
        self.fastest = self.fastest.into_iter().chain(other.fastest).min();
        self.slowest = self.slowest.max(other.slowest);
        self.latency.merge(&other.latency);
        self.phases.merge(&other.phases);
    }
}

/// Whether an observation's latency is the target's, by its verdict and the phase it failed in.
pub(crate) fn latency_counts(verdict: Verdict, failed_in: Option<Phase>) -> bool {
    match verdict {
        Verdict::Up => true,
        Verdict::Down => failed_in == Some(Phase::Assertion),
        Verdict::Inconclusive => false,
    }
}

/// What figures need of an observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) at: Millis,
    pub(crate) holds_until: Millis,
    pub(crate) verdict: Verdict,
    /// The latency and its phases, if they count.
    pub(crate) timed: Option<(Duration, Micros)>,
}

/// Figures by stretches of equal length.
#[derive(Debug)]
pub(crate) struct Tally {
    origin: Millis,
    width: Millis,
    by_start: BTreeMap<Millis, Figures>,
}

impl Tally {
    /// Stretches of `width`, one of which starts at `origin`.
    pub(crate) fn new(origin: Millis, width: Millis) -> Self {
        Self { origin, width: width.max(1), by_start: BTreeMap::new() }
    }

    /// The stretches in which anything was seen, by start.
    pub(crate) fn into_figures(self) -> BTreeMap<Millis, Figures> {
        self.by_start
    }

    /// Whether the stretches are shorter than `unit`: figures over a `unit` belong to none of them then.
    pub(crate) fn is_finer_than(&self, unit: Millis) -> bool {
        self.width < unit
    }

    /// Whether the time from `from` to `to` lies in one stretch.
    pub(crate) fn is_one(&self, from: Millis, to: Millis) -> bool {
        self.start_of(from) == self.start_of(to - 1)
    }

    /// Adds figures to the stretch that `at` lies in.
    pub(crate) fn add(&mut self, at: Millis, figures: &Figures) {
        self.stretch(at).add(figures);
    }

    /// Adds all that `samples`, which are in order and of different times, say of the time from `from` to `to`.
    pub(crate) fn add_samples(&mut self, samples: &[Sample], from: Millis, to: Millis) {
        for (index, sample) in samples.iter().enumerate() {
            let next = samples.get(index + 1).map_or(to, |next| next.at);
            self.cover(sample.at.max(from), sample.holds_until.min(next).min(to), sample.verdict);
            if (from..to).contains(&sample.at) {
                self.count(sample);
            }
        }
    }

    fn cover(&mut self, mut from: Millis, to: Millis, verdict: Verdict) {
        while from < to {
            let end = self.start_of(from).saturating_add(self.width).min(to);
            let figures = self.stretch(from);
            let share = match verdict {
                Verdict::Up => &mut figures.up,
                Verdict::Down => &mut figures.down,
                Verdict::Inconclusive => &mut figures.inconclusive,
            };
            *share += duration(end - from);
            from = end;
        }
    }

    fn count(&mut self, sample: &Sample) {
        let figures = self.stretch(sample.at);
        figures.samples += 1;
        if let Some((latency, phases)) = sample.timed {
            figures.fastest = Some(figures.fastest.map_or(latency, |fastest| fastest.min(latency)));
            figures.slowest = figures.slowest.max(Some(latency));
            figures.latency.add(latency);
            figures.phases.add(phases);
        }
    }

    fn start_of(&self, at: Millis) -> Millis {
        self.origin + floor(at - self.origin, self.width)
    }

    fn stretch(&mut self, at: Millis) -> &mut Figures {
        self.by_start.entry(self.start_of(at)).or_default()
    }
}
