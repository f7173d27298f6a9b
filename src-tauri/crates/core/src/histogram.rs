//! A latency histogram that can be added up, so that a percentile over a month is a true one.

use std::{cmp::Ordering, time::Duration};

use crate::varint;

/// How often which latency was seen, in logarithmic buckets.
///
/// A percentile read from it lies within [`Histogram::RELATIVE_ERROR`] of the exact one, for latencies from 1 µs (all
/// that is shorter counts as 1 µs) to ten years. The buckets are those of DDSketch (Masson, Rim, Lee: "DDSketch: a
/// fast and fully-mergeable quantile sketch", VLDB 2019): bucket 0 ends at 1 µs, and each next one ends γ times later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Bucket and count, by bucket; no count is 0.
    buckets: Vec<(u16, u64)>,
}

/// The bytes are not an encoded histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are not a latency histogram")]
pub struct NotAHistogram;

/// (1 + ε) / (1 - ε), where ε is the relative error.
const GAMMA: f64 = (1.0 + Histogram::RELATIVE_ERROR) / (1.0 - Histogram::RELATIVE_ERROR);
/// The natural logarithm of [`GAMMA`].
const LN_GAMMA: f64 = 0.050_010_420_574_666_2;
/// The last bucket, which takes everything that is longer: it ends at e^(700 ln γ) µs, some fifty years.
const LAST_BUCKET: u16 = 700;

impl Histogram {
    /// How far a percentile may lie from the exact one, as a share of the exact one.
    pub const RELATIVE_ERROR: f64 = 0.025;

    /// One without any latency.
    pub const fn new() -> Self {
        Self { buckets: Vec::new() }
    }

    /// Adds one latency.
    pub fn add(&mut self, latency: Duration) {
        let bucket = bucket_of(latency);
        match self.buckets.binary_search_by_key(&bucket, |entry| entry.0) {
            Ok(at) => self.buckets.iter_mut().skip(at).take(1).for_each(|entry| entry.1 = entry.1.saturating_add(1)),
            Err(at) => self.buckets.insert(at, (bucket, 1)),
        }
    }

    /// Adds all that is in `other`.
    pub fn merge(&mut self, other: &Self) {
        if self.buckets.is_empty() {
            self.buckets.clone_from(&other.buckets);
            return;
        }
        let mut merged = Vec::with_capacity(self.buckets.len().max(other.buckets.len()));
        let (mut ours, mut theirs) = (self.buckets.iter().peekable(), other.buckets.iter().peekable());
        while let (Some(&&(our, a)), Some(&&(their, b))) = (ours.peek(), theirs.peek()) {
            match our.cmp(&their) {
                Ordering::Less => merged.extend(ours.next()),
                Ordering::Greater => merged.extend(theirs.next()),
                Ordering::Equal => {
                    merged.push((our, a.saturating_add(b)));
                    ours.next();
                    theirs.next();
                }
            }
        }
        merged.extend(ours.chain(theirs));
        self.buckets = merged;
    }

    /// How many latencies are in it.
    pub fn count(&self) -> u64 {
        self.buckets.iter().fold(0, |sum: u64, entry| sum.saturating_add(entry.1))
    }

    /// Whether it has no latency.
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// The latency that the share `q` (0 to 1) of all latencies does not exceed, by nearest rank; `None` where there
    /// is no latency.
    pub fn percentile(&self, q: f64) -> Option<Duration> {
        let count = self.count();
        let rank = ((q.clamp(0.0, 1.0) * count as f64).ceil() as u64).clamp(1, count.max(1));
        let mut seen: u64 = 0;
        let found = self.buckets.iter().find(|(_, count)| {
            seen = seen.saturating_add(*count);
            seen >= rank
        });
        found.map(|&(bucket, _)| middle_of(bucket))
    }

    /// Appends a compact form to `into`: for each bucket in use, the distance from the one before and the count.
    pub fn encode(&self, into: &mut Vec<u8>) {
        let mut before = 0;
        for &(bucket, count) in &self.buckets {
            varint::write(into, u64::from(bucket - before));
            varint::write(into, count);
            before = bucket;
        }
    }

    /// Reads what [`Histogram::encode`] wrote.
    ///
    /// # Errors
    /// The bytes are none that it writes.
    pub fn decode(mut bytes: &[u8]) -> Result<Self, NotAHistogram> {
        let mut buckets: Vec<(u16, u64)> = Vec::with_capacity(bytes.len() / 2);
        while !bytes.is_empty() {
            let distance = varint::read(&mut bytes).ok_or(NotAHistogram)?;
            let count = varint::read(&mut bytes).filter(|count| *count > 0).ok_or(NotAHistogram)?;
            let bucket = match buckets.last() {
                Some(_) if distance == 0 => return Err(NotAHistogram),
                Some(last) => u64::from(last.0).saturating_add(distance),
                None => distance,
            };
            let bucket = u16::try_from(bucket).ok().filter(|bucket| *bucket <= LAST_BUCKET).ok_or(NotAHistogram)?;
            buckets.push((bucket, count));
        }
        Ok(Self { buckets })
    }
}

impl Extend<Duration> for Histogram {
    fn extend<T: IntoIterator<Item = Duration>>(&mut self, latencies: T) {
        latencies.into_iter().for_each(|latency| self.add(latency));
    }
}

impl FromIterator<Duration> for Histogram {
    fn from_iter<T: IntoIterator<Item = Duration>>(latencies: T) -> Self {
        let mut histogram = Self::new();
        histogram.extend(latencies);
        histogram
    }
}

fn bucket_of(latency: Duration) -> u16 {
    let micros = latency.as_nanos() as f64 / 1e3;
    (micros.max(1.0).ln() / LN_GAMMA).ceil().min(f64::from(LAST_BUCKET)) as u16
}

/// The latency that is off by the same share from both ends of the bucket.
fn middle_of(bucket: u16) -> Duration {
    if bucket == 0 {
        return Duration::from_micros(1);
    }
    let micros = 2.0 * (f64::from(bucket) * LN_GAMMA).exp() / (GAMMA + 1.0);
    Duration::from_nanos((micros * 1e3) as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn latencies() -> impl Strategy<Value = Vec<Duration>> {
        let micros = (0.0..11.0f64).prop_map(|exponent| Duration::from_nanos((10f64.powf(exponent) * 1e3) as u64));
        proptest::collection::vec(micros, 1..200)
    }

    fn encoded(histogram: &Histogram) -> Vec<u8> {
        let mut bytes = Vec::new();
        histogram.encode(&mut bytes);
        bytes
    }

    #[test]
    fn the_constant_is_the_logarithm() {
        assert!((GAMMA.ln() - LN_GAMMA).abs() < 1e-12);
    }

    #[test]
    fn an_empty_one_has_no_percentile() {
        assert_eq!(Histogram::new().percentile(0.5), None);
        assert_eq!(Histogram::new().count(), 0);
        assert_eq!(Histogram::decode(&[]), Ok(Histogram::new()));
    }

    #[test]
    fn a_hundred_latencies_have_their_nearest_ranks() {
        let histogram: Histogram = (1..=100).map(Duration::from_millis).collect();
        for (q, exact) in [(0.0, 1.0), (0.5, 50.0), (0.95, 95.0), (0.99, 99.0), (1.0, 100.0), (f64::INFINITY, 100.0)] {
            let found = histogram.percentile(q).unwrap().as_secs_f64() * 1e3;
            assert!((found - exact).abs() <= exact * Histogram::RELATIVE_ERROR, "{q}: {found} ms for {exact} ms");
        }
    }

    #[test]
    fn the_shortest_and_the_longest_are_taken() {
        let histogram: Histogram = [Duration::ZERO, Duration::MAX].into_iter().collect();
        assert_eq!(histogram.percentile(0.5), Some(Duration::from_micros(1)));
        assert!(histogram.percentile(1.0).unwrap() > Duration::from_secs(10 * 365 * 24 * 60 * 60));
        assert_eq!(Histogram::decode(&encoded(&histogram)), Ok(histogram));
    }

    #[test]
    fn an_hour_every_20_s_takes_few_bytes() {
        let histogram: Histogram = (0..180).map(|n| Duration::from_micros(40_000 + n * n)).collect();
        assert!(encoded(&histogram).len() <= 30, "{}", encoded(&histogram).len());
    }

    proptest! {
        #[test]
        fn merging_is_adding_all(a in latencies(), b in latencies()) {
            let mut merged: Histogram = a.iter().copied().collect();
            merged.merge(&b.iter().copied().collect());
            prop_assert_eq!(merged.count() as usize, a.len() + b.len());
            prop_assert_eq!(merged, a.into_iter().chain(b).collect());
        }

        #[test]
        fn a_percentile_is_within_the_bound(mut all in latencies(), q in 0.0..=1.0f64) {
            let histogram: Histogram = all.iter().copied().collect();
            all.sort();
            let rank = ((q * all.len() as f64).ceil() as usize).max(1);
            let exact = all[rank - 1].as_nanos() as f64;
            let found = histogram.percentile(q).unwrap().as_nanos() as f64;
            // One more nanosecond, as a duration has no smaller part.
            prop_assert!((found - exact).abs() <= exact * Histogram::RELATIVE_ERROR + 1.0, "{} for {}", found, exact);
        }

        #[test]
        fn what_is_encoded_is_decoded(all in latencies()) {
            let histogram: Histogram = all.into_iter().collect();
            prop_assert_eq!(Histogram::decode(&encoded(&histogram)), Ok(histogram));
        }

        #[test]
        fn damaged_bytes_are_refused_or_read_as_what_they_say(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(histogram) = Histogram::decode(&bytes) {
                prop_assert_eq!(Histogram::decode(&encoded(&histogram)), Ok(histogram.clone()));
                prop_assert_eq!(histogram.percentile(0.5).is_some(), !histogram.is_empty());
            }
        }
    }
}
