//! Observations in few bytes: one in the log, or those of a quarter of an hour in a chunk.
//!
//! A chunk is a sequence of entries in order of time. An entry is a varint of flags; the milliseconds since the entry
//! before (or since the start of the chunk); for how many milliseconds it holds, unless the one before held as long;
//! the latency in microseconds, unless it is the sum of the phases; a mask of the phases that were begun and their
//! microseconds; and its texts. A text that the chunk had before is a number (1 for its first one), a new one is 0, its
//! length and its bytes. So a chunk needs nothing else to be read, and goes without leaving anything behind.

use std::time::Duration;

use estatus_core::{
    Timestamp,
    observation::{Observation, Phases, Verdict},
    varint,
};

use crate::{
    figures::{Sample, latency_counts},
    keys::{Millis, length, millis, timestamp},
    phases::{self, Micros, PHASES},
};

/// So many texts of a chunk can be referred to; more are written out each time.
const TEXTS: usize = 64;

/// The verdicts by the number in the two lowest bits of the flags.
const VERDICTS: [Verdict; 3] = [Verdict::Up, Verdict::Down, Verdict::Inconclusive];

const COUNTS: u64 = 1 << 2;
const LATENCY_IS_SUM: u64 = 1 << 3;
const SAME_HOLD: u64 = 1 << 4;
const REMOTE: u64 = 1 << 5;
const HOLDS_FOR: u64 = 1 << 6;
const LATENCY: u64 = 1 << 7;
const FAILURE: u64 = 1 << 8;
const WARNING: u64 = 1 << 9;

/// An observation as it is in a chunk; times are whole milliseconds, latencies whole microseconds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry<T> {
    pub(crate) at: Millis,
    hold: u64,
    verdict: Verdict,
    counts: bool,
    latency: Option<u64>,
    phases: Micros,
    seen: T,
    failure: Option<T>,
    warning: Option<T>,
    remote: Option<T>,
    holds_for: Option<u64>,
}

/// An observation that was read back, and how long it holds if nothing else is seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// When it stops counting.
    pub holds_until: Timestamp,
    /// What was seen; times are whole milliseconds, latencies whole microseconds.
    pub observation: Observation,
}

impl Entry<String> {
    /// The entry for an observation whose probe began at `at`, by the store's reckoning.
    pub(crate) fn new(at: Millis, holds_until: Timestamp, observation: &Observation) -> Self {
        let failed_in = observation.failure.as_ref().map(|failure| failure.phase);
        Self {
            at,
            hold: u64::try_from(millis(holds_until) - at).unwrap_or(0),
            verdict: observation.verdict,
            counts: observation.latency.is_some() && latency_counts(observation.verdict, failed_in),
            latency: observation.latency.map(micros),
            phases: PHASES.map(|phase| observation.phases.get(phase).map(micros)),
            seen: observation.seen.clone(),
            failure: observation.failure.as_ref().and_then(|failure| serde_json::to_string(failure).ok()),
            warning: observation.warning.as_ref().and_then(|warning| serde_json::to_string(warning).ok()),
            remote: observation.remote.map(|remote| remote.to_string()),
            holds_for: observation.holds_for.map(|hold| hold.as_secs()),
        }
    }
}

impl<T: AsRef<str>> Entry<T> {
    pub(crate) fn sample(&self) -> Sample {
        let latency = self.latency.filter(|_| self.counts).map(Duration::from_micros);
        let timed = latency.map(|latency| (latency, self.phases));
        Sample { at: self.at, holds_until: self.holds_until(), verdict: self.verdict, timed }
    }

    /// This one, if it held no longer than for `span`.
    pub(crate) fn held_for(self, span: Millis) -> Self {
        Self { hold: self.hold.min(u64::try_from(span).unwrap_or(0)), ..self }
    }

    /// The whole observation; a failure or a warning that cannot be read is left out.
    pub(crate) fn observed(&self) -> Observed {
        let observation = Observation {
            at: timestamp(self.at),
            verdict: self.verdict,
            latency: self.latency.map(Duration::from_micros),
            phases: self.phases(),
            seen: self.seen.as_ref().to_owned(),
            failure: self.failure.as_ref().and_then(|failure| serde_json::from_str(failure.as_ref()).ok()),
            remote: self.remote.as_ref().and_then(|remote| remote.as_ref().parse().ok()),
            here: false,
            warning: self.warning.as_ref().and_then(|warning| serde_json::from_str(warning.as_ref()).ok()),
            holds_for: self.holds_for.map(Duration::from_secs),
            measured: Vec::new(),
        };
        Observed { holds_until: timestamp(self.holds_until()), observation }
    }

    fn phases(&self) -> Phases {
        let mut phases = Phases::default();
        for (phase, took) in PHASES.into_iter().zip(self.phases) {
            if let Some(took) = took {
                phases.add(phase, Duration::from_micros(took));
            }
        }
        phases
    }

    fn holds_until(&self) -> Millis {
        self.at.saturating_add(length(Duration::from_millis(self.hold)))
    }

    fn latency_is_sum(&self) -> bool {
        self.latency.is_some() && self.latency == sum(&self.phases)
    }
}

/// Writes a chunk.
#[derive(Debug)]
pub(crate) struct ChunkWriter {
    bytes: Vec<u8>,
    at: Millis,
    hold: Option<u64>,
    texts: Vec<Box<str>>,
}

impl ChunkWriter {
    /// A chunk that starts at `start`.
    pub(crate) fn new(start: Millis) -> Self {
        Self { bytes: Vec::new(), at: start, hold: None, texts: Vec::new() }
    }

    /// Appends an entry; it must not lie before the one appended last.
    pub(crate) fn push<T: AsRef<str>>(&mut self, entry: &Entry<T>) {
        let same_hold = self.hold == Some(entry.hold);
        let flags = [
            (COUNTS, entry.counts),
            (LATENCY_IS_SUM, entry.latency_is_sum()),
            (SAME_HOLD, same_hold),
            (REMOTE, entry.remote.is_some()),
            (HOLDS_FOR, entry.holds_for.is_some()),
            (LATENCY, entry.latency.is_some() && !entry.latency_is_sum()),
            (FAILURE, entry.failure.is_some()),
            (WARNING, entry.warning.is_some()),
        ];
        let flags = flags.iter().filter(|(_, set)| *set).fold(number_of(entry.verdict), |all, (flag, _)| all | flag);
        self.number(flags);
        self.number(u64::try_from(entry.at - self.at).unwrap_or(0));
        if !same_hold {
            self.number(entry.hold);
        }
        if let Some(latency) = entry.latency.filter(|_| flags & LATENCY != 0) {
            self.number(latency);
        }
        phases::write(&mut self.bytes, &entry.phases);
        self.text(entry.seen.as_ref());
        [&entry.failure, &entry.warning, &entry.remote].into_iter().flatten().for_each(|text| self.text(text.as_ref()));
        entry.holds_for.into_iter().for_each(|seconds| self.number(seconds));
        (self.at, self.hold) = (entry.at, Some(entry.hold));
    }

    /// The finished chunk.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn number(&mut self, number: u64) {
        varint::write(&mut self.bytes, number);
    }

    fn text(&mut self, text: &str) {
        if let Some(known) = self.texts.iter().position(|known| **known == *text) {
            self.number(known as u64 + 1);
            return;
        }
        self.number(0);
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
        if self.texts.len() < TEXTS {
            self.texts.push(text.into());
        }
    }
}

/// Reads a chunk, entry by entry; ends where the bytes are damaged.
#[derive(Debug)]
pub(crate) struct Chunk<'a> {
    rest: &'a [u8],
    at: Millis,
    hold: Option<u64>,
    texts: Vec<&'a str>,
}

impl<'a> Chunk<'a> {
    /// The chunk that starts at `start`.
    pub(crate) fn new(start: Millis, bytes: &'a [u8]) -> Self {
        Self { rest: bytes, at: start, hold: None, texts: Vec::new() }
    }

    fn entry(&mut self) -> Option<Entry<&'a str>> {
        let flags = self.number()?;
        let at = self.at.checked_add(length(Duration::from_millis(self.number()?)))?;
        let hold = if flags & SAME_HOLD == 0 { self.number()? } else { self.hold? };
        let latency = if flags & LATENCY == 0 { None } else { Some(self.number()?) };
        let phases = phases::read(&mut self.rest)?;
        let entry = Entry {
            at,
            hold,
            verdict: *VERDICTS.get(usize::try_from(flags & 3).ok()?)?,
            counts: flags & COUNTS != 0,
            latency: if flags & LATENCY_IS_SUM == 0 { latency } else { sum(&phases) },
            phases,
            seen: self.text()?,
            failure: if flags & FAILURE == 0 { None } else { Some(self.text()?) },
            warning: if flags & WARNING == 0 { None } else { Some(self.text()?) },
            remote: if flags & REMOTE == 0 { None } else { Some(self.text()?) },
            holds_for: if flags & HOLDS_FOR == 0 { None } else { Some(self.number()?) },
        };
        (self.at, self.hold) = (at, Some(hold));
        Some(entry)
    }

    fn number(&mut self) -> Option<u64> {
        varint::read(&mut self.rest)
    }

    fn text(&mut self) -> Option<&'a str> {
        match self.number()? {
            0 => {
                let length = usize::try_from(self.number()?).ok()?;
                let (text, rest) = self.rest.split_at_checked(length)?;
                self.rest = rest;
                let text = std::str::from_utf8(text).ok()?;
                if self.texts.len() < TEXTS {
                    self.texts.push(text);
                }
                Some(text)
            }
            known => self.texts.get(usize::try_from(known - 1).ok()?).copied(),
        }
    }
}

impl<'a> Iterator for Chunk<'a> {
    type Item = Entry<&'a str>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let entry = self.entry();
        if entry.is_none() {
            tracing::warn!("a chunk of observations is damaged and its rest is left out");
            self.rest = &[];
        }
        entry
    }
}

/// The bytes of a log entry: a chunk of one, which starts when it does.
pub(crate) fn encode_one<T: AsRef<str>>(entry: &Entry<T>) -> Vec<u8> {
    let mut chunk = ChunkWriter::new(entry.at);
    chunk.push(entry);
    chunk.into_bytes()
}

/// The entries of two chunks that start at `start`, in order; where both have one of the same time, that of `newer`.
pub(crate) fn merge(start: Millis, older: &[u8], newer: &[u8]) -> Vec<u8> {
    let mut entries: Vec<_> = Chunk::new(start, newer).chain(Chunk::new(start, older)).collect();
    entries.sort_by_key(|entry| entry.at);
    entries.dedup_by_key(|entry| entry.at);
    let mut chunk = ChunkWriter::new(start);
    entries.iter().for_each(|entry| chunk.push(entry));
    chunk.into_bytes()
}

fn number_of(verdict: Verdict) -> u64 {
    match verdict {
        Verdict::Up => 0,
        Verdict::Down => 1,
        Verdict::Inconclusive => 2,
    }
}

fn sum(phases: &Micros) -> Option<u64> {
    Some(phases.iter().flatten().fold(0, |sum: u64, took| sum.saturating_add(*took)))
}

fn micros(of: Duration) -> u64 {
    u64::try_from(of.as_nanos().saturating_add(500) / 1000).unwrap_or(u64::MAX)
}

/// A length of time as it is after it was written and read.
#[cfg(test)]
pub(crate) fn rounded(of: Duration) -> Duration {
    Duration::from_micros(micros(of))
}
