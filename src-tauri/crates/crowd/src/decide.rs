//! How long it takes to decide on a fleet.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use estatus_core::{
    Timestamp,
    fleet::{
        Fleet,
        instance::InstanceState,
        needs::Needs,
        rule::{FleetState, Seen, decide},
    },
    time::{Instant as Monotonic, Now},
};

/// How often each case is decided.
const ROUNDS: u32 = 201;

/// Prints the milliseconds of each case: the one in the middle, and the name.
pub(crate) fn measure(count: u32) {
    for (name, load, desired, lost) in
        [("steady", 0.6, count, 0), ("grows", 0.9, count, 0), ("shrinks", 0.2, 1, 0), ("lost", 0.6, count, count / 10)]
    {
        println!("{} {name}", case(count, load, desired, lost));
    }
}

/// So many instances, whose loads lie about `load`; the last `lost` of them are lost.
fn case(count: u32, load: f32, desired: u32, lost: u32) -> f64 {
    let now = at(Duration::from_secs(100_000));
    let fleet = Fleet { desired, max: count * 2, ..Fleet::new("web") };
    let names: Vec<Arc<str>> = (0..count).map(|number| format!("web-{number}").into()).collect();
    let seen = |(name, number): (&'static Arc<str>, u32)| {
        let is_lost = number >= count - lost;
        Seen {
            name,
            state: if is_lost { InstanceState::Lost } else { InstanceState::Running },
            load: (!is_lost).then_some(load + (number * 7919 % 100) as f32 / 1_000.0 - 0.05),
            silent: if is_lost { Duration::from_secs(600) } else { Duration::from_secs(u64::from(number % 5)) },
            launched: at(Duration::from_secs(u64::from(number * 7919 % 50_000))).utc,
            protected: false,
            by_user: false,
            outdated: false,
        }
    };
    let instances: Vec<Seen<'static>> = Vec::leak(names).iter().zip(0..).map(seen).collect();
    let needs = Needs::new(0, at(Duration::from_secs(1_000)));
    let state = FleetState {
        instances: &instances,
        needs: &needs,
        launches: &[],
        replacements: &[],
        turns: &[],
        planned: None,
    };
    let mut took: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            std::hint::black_box(decide(std::hint::black_box(&state), &fleet, now));
            begun.elapsed()
        })
        .collect();
    took.sort();
    took[took.len() / 2].as_secs_f64() * 1e3
}

fn at(since_boot: Duration) -> Now {
    Now { monotonic: Monotonic::from_boot(since_boot), slept: Duration::ZERO, utc: Timestamp::UNIX_EPOCH + since_boot }
}
