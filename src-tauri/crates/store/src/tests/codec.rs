use estatus_core::observation::Warning;
use proptest::prelude::*;

use super::*;
use crate::{
    codec::{Chunk, ChunkWriter, Entry, merge, rounded},
    keys::QUARTER,
};

fn any_observation() -> impl Strategy<Value = (u32, u32, Observation)> {
    let verdict = prop_oneof![Just(Verdict::Up), Just(Verdict::Down), Just(Verdict::Inconclusive)];
    let phases = proptest::collection::vec((0..8usize, 0..10_000_000_000u64), 0..8);
    let warns = any::<bool>();
    (0..900_000u32, 0..10_000_000u32, verdict, phases, "[a-d]{0,3}", proptest::option::of(any::<u64>()), warns)
        .prop_map(|(offset, hold, verdict, took, seen, latency, warns)| {
            let at = later(noon(), Duration::from_millis(offset.into()));
            let mut phases = Phases::default();
            for (phase, nanos) in took {
                phases.add(Phase::ALL[phase], Duration::from_nanos(nanos));
            }
            let mut observation = Observation { phases, seen, ..observation(at, verdict, Duration::ZERO) };
            observation.latency = latency.map(|_| phases.total());
            if latency.is_some_and(|latency| latency % 2 == 0) {
                observation.latency = latency.map(|nanos| Duration::from_nanos(nanos >> 20));
                observation.remote = Some("2001:db8::1".parse().unwrap());
                observation.holds_for = Some(Duration::from_secs(86_400));
            }
            if warns {
                let subject = "CN=localhost".to_owned();
                observation.warning = Some(Warning::CertificateExpires { subject, not_after: noon() });
            }
            (offset, hold, observation)
        })
}

/// As it is after it was written: phases in whole microseconds, and the latency with them.
fn as_written(observation: &Observation) -> Observation {
    let mut written = observation.clone();
    written.phases = Phases::default();
    observation.phases.iter().for_each(|(phase, took)| written.phases.add(phase, rounded(took)));
    written.latency = observation.latency.map(rounded);
    written
}

proptest! {
    #[test]
    fn what_is_written_into_a_chunk_is_read_back(mut all in proptest::collection::vec(any_observation(), 0..150)) {
        all.sort_by_key(|(offset, ..)| *offset);
        let mut chunk = ChunkWriter::new(noon_ms());
        for (offset, hold, observation) in &all {
            let holds_until = later(observation.at, Duration::from_millis((*hold).into()));
            chunk.push(&Entry::new(noon_ms() + Millis::from(*offset), holds_until, observation));
        }
        let bytes = chunk.into_bytes();
        let read: Vec<_> = Chunk::new(noon_ms(), &bytes).map(|entry| entry.observed()).collect();
        prop_assert_eq!(read.len(), all.len());
        for (observed, (_, hold, observation)) in read.into_iter().zip(all) {
            prop_assert_eq!(observed.holds_until, later(observation.at, Duration::from_millis(hold.into())));
            prop_assert_eq!(observed.observation, as_written(&observation));
        }
    }

    #[test]
    fn damaged_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for entry in Chunk::new(noon_ms(), &bytes) {
            let sample = entry.sample();
            prop_assert!(sample.holds_until >= sample.at);
            entry.observed();
        }
    }
}

#[test]
fn a_chunk_cut_short_keeps_what_is_whole() {
    let mut chunk = ChunkWriter::new(noon_ms());
    for second in [0, 20, 40] {
        chunk.push(&Entry::new(
            noon_ms() + second * 1000,
            after(60),
            &observation(after(0), Verdict::Down, Duration::ZERO),
        ));
    }
    let bytes = chunk.into_bytes();
    assert_eq!(Chunk::new(noon_ms(), &bytes[..bytes.len() - 1]).count(), 2);
}

#[test]
fn merging_keeps_order_and_takes_the_newer_of_two() {
    let chunk = |seconds: &[i64], seen: &str| {
        let mut chunk = ChunkWriter::new(noon_ms());
        for second in seconds {
            let observation = Observation::up(noon(), Phases::default(), seen);
            chunk.push(&Entry::new(noon_ms() + second * 1000, after(900), &observation));
        }
        chunk.into_bytes()
    };
    let merged = merge(noon_ms(), &chunk(&[10, 20, 40], "old"), &chunk(&[0, 20, 30], "new"));
    let read: Vec<_> =
        Chunk::new(noon_ms(), &merged).map(|entry| (entry.at - noon_ms(), entry.observed().observation.seen)).collect();
    let expected = [(0, "new"), (10, "old"), (20, "new"), (30, "new"), (40, "old")];
    assert_eq!(read, expected.map(|(second, seen)| (second * 1000, seen.to_owned())));
}

#[test]
fn a_quarter_of_an_hour_every_20_s_takes_little() {
    let mut chunk = ChunkWriter::new(noon_ms());
    for n in 0..45u64 {
        let mut phases = Phases::default();
        for (phase, micros) in
            [(Phase::Dns, 310), (Phase::Connect, 12_000), (Phase::Tls, 25_000), (Phase::FirstByte, 41_000)]
        {
            phases.add(phase, Duration::from_micros(micros + n * 7));
        }
        let at = later(noon(), Duration::from_millis(n * 20_003));
        chunk.push(&Entry::new(millis(at), later(at, Duration::from_secs(50)), &Observation::up(at, phases, "200 OK")));
    }
    let bytes = chunk.into_bytes();
    assert!(bytes.len() < 45 * 20, "{} bytes", bytes.len());
    assert!(Chunk::new(noon_ms(), &bytes).all(|entry| entry.at < noon_ms() + QUARTER));
}
