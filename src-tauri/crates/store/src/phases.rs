//! How long the phases of probes took: of one in few bytes, and of many added up.

use std::time::Duration;

use estatus_core::{observation::Phase, varint};

/// The phases by their bit in the mask that [`write()`] begins with.
pub(crate) const PHASES: [Phase; 8] =
    [Phase::Dns, Phase::Connect, Phase::Tls, Phase::Send, Phase::FirstByte, Phase::Body, Phase::Run, Phase::Assertion];

/// Microseconds of each of [`PHASES`]; `None` for a phase that was not begun.
pub(crate) type Micros = [Option<u64>; PHASES.len()];

/// How long each phase took over a number of probes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhaseTimes {
    probes: u64,
    sums: Micros,
}

impl PhaseTimes {
    /// How long each phase took on average, in whole microseconds, in their order. A probe that had no such phase counts
    /// as one in which it took no time, so that the averages add up to the average latency.
    pub fn means(&self) -> Vec<(Phase, Duration)> {
        let mean = |sum: u64| Duration::from_micros(sum / self.probes.max(1));
        PHASES.into_iter().zip(self.sums).filter_map(|(phase, sum)| Some((phase, mean(sum?)))).collect()
    }

    /// Adds one probe, unless nothing is known of its phases.
    pub(crate) fn add(&mut self, took: Micros) {
        if took != Micros::default() {
            self.merge(&Self { probes: 1, sums: took });
        }
    }

    /// Adds the probes of another stretch.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.probes = self.probes.saturating_add(other.probes);
        for (sum, took) in self.sums.iter_mut().zip(other.sums) {
            *sum = sum.zip(took).map(|(sum, took)| sum.saturating_add(took)).or(*sum).or(took);
        }
    }

    /// A few bytes, none where there were no probes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if self.probes > 0 {
            varint::write(&mut bytes, self.probes);
            write(&mut bytes, &self.sums);
        }
        bytes
    }

    /// Reads what [`PhaseTimes::encode`] wrote; `None` if it did not.
    pub(crate) fn decode(mut bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::default());
        }
        let times = Self { probes: varint::read(&mut bytes)?, sums: read(&mut bytes)? };
        bytes.is_empty().then_some(times)
    }
}

/// Appends a mask of the phases that were begun, and how long each of them took.
pub(crate) fn write(into: &mut Vec<u8>, took: &Micros) {
    let mask = took.iter().enumerate().fold(0, |mask, (bit, took)| mask | u8::from(took.is_some()) << bit);
    into.push(mask);
    took.iter().flatten().for_each(|took| varint::write(into, *took));
}

/// Takes what [`write()`] wrote from the beginning of `from`; `None` where it is cut off.
pub(crate) fn read(from: &mut &[u8]) -> Option<Micros> {
    let (&mask, rest) = from.split_first()?;
    *from = rest;
    let mut phases = Micros::default();
    for (bit, took) in phases.iter_mut().enumerate() {
        if mask & 1 << bit != 0 {
            *took = Some(varint::read(from)?);
        }
    }
    Some(phases)
}
