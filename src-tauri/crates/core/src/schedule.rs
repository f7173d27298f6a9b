//! When a monitor is probed next.

use std::time::Duration;

use crate::{
    config::Monitor,
    incident::Health,
    observation::{Cause, Observation, Verdict},
    time::Instant,
};

/// After the machine woke up, its network gets so long before a failure counts, and a monitor so long before it is
/// probed again.
pub(crate) const AFTER_SLEEP: Duration = Duration::from_secs(5);

/// The first probes of a start are spread over at most this.
const SPREAD_LIMIT: Duration = Duration::from_secs(10);
/// The room each of them gets within the spread: about what one takes of a core, so that thousands of them neither connect
/// at once nor need their buffers at once.
const SPREAD_EACH: Duration = Duration::from_micros(120);

/// What is being started is looked at so often.
const WHILE_STARTING: Duration = Duration::from_secs(5);

/// A figure that is beyond its limit is looked at so many times before that counts.
const LOOKS: u32 = 4;

/// What is waited for is looked at so often at first; later a tenth of the time since apart.
const LOOKS_SOONEST: Duration = Duration::from_millis(25);
/// And at least so often.
const LOOKS_LATEST: Duration = Duration::from_secs(5);

/// When something that has been waited for since then is looked at again.
pub(crate) fn look_again(since: Instant, now: Instant) -> Instant {
    now + (now.since(since) / 10).clamp(LOOKS_SOONEST, LOOKS_LATEST)
}

/// A small generator of numbers that look random and follow from a seed (splitmix64, Steele et al. 2014).
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// `span`, longer or shorter by up to a fifth.
    pub(crate) fn jitter(&mut self, span: Duration) -> Duration {
        let fifths = (self.roll() % 4001) as f64 / 10_000.0;
        span.mul_f64(0.8 + fifths)
    }
}

/// Places lie this far apart: monitors that share one wake the machine once.
const PLACES_APART: Duration = Duration::from_millis(250);

/// A monitor's place on the grid of its interval: the same at every start with the same seed.
pub(crate) fn place(seed: u64, name: &str, every: Duration) -> Duration {
    let mut rng = Rng::new(seed);
    for byte in name.bytes() {
        rng = Rng::new(rng.roll() ^ u64::from(byte));
    }
    let places = every.as_millis() / PLACES_APART.as_millis();
    let place = rng.roll() % u64::try_from(places).unwrap_or(u64::MAX).max(1);
    PLACES_APART.saturating_mul(u32::try_from(place).unwrap_or(u32::MAX))
}

/// How long after a start the `index`th of `count` monitors is probed for the first time.
pub(crate) fn first(index: usize, count: usize) -> Duration {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    let index = u32::try_from(index).unwrap_or(u32::MAX);
    let spread = SPREAD_LIMIT.min(SPREAD_EACH.saturating_mul(count));
    spread.mul_f64(f64::from(index) / f64::from(count.max(1)))
}

/// When a monitor is probed next, after a probe that began at `began` came to an end at `now` and left it in `health`
/// with `bad` bad probes in a row.
pub(crate) fn next(
    monitor: &Monitor,
    place: Duration,
    health: Health,
    bad: u32,
    observation: &Observation,
    began: Instant,
    now: Instant,
) -> Instant {
    if observation.verdict == Verdict::Inconclusive {
        return after_inconclusive(monitor, place, observation, began, now);
    }
    match health {
        Health::Suspect => after_suspicion(monitor, bad, began, now),
        Health::Down | Health::Recovering => (began + monitor.retry_every).max(now),
        Health::Unknown | Health::Up | Health::Paused => {
            let regular = on_grid(monitor.every, place, began, now);
            match observation.holds_for {
                Some(holds) => regular.min((began + holds).max(now + Monitor::EVERY_MIN)),
                None => regular,
            }
        }
    }
}

/// What must last is looked at while it does.
fn after_suspicion(monitor: &Monitor, bad: u32, began: Instant, now: Instant) -> Instant {
    match monitor.check.lasts() {
        Some(lasts) => (began + monitor.retry_every.min((lasts / LOOKS).max(Monitor::EVERY_MIN))).max(now),
        None if bad <= 1 => now + monitor.confirm_after,
        None => (began + monitor.retry_every).max(now),
    }
}

fn after_inconclusive(
    monitor: &Monitor,
    place: Duration,
    observation: &Observation,
    began: Instant,
    now: Instant,
) -> Instant {
    let regular = on_grid(monitor.every, place, began, now);
    match observation.failure.as_ref().map(|failure| &failure.cause) {
        Some(Cause::Slept | Cause::ClockSet) => regular.min(now + AFTER_SLEEP),
        // Neither takes long.
        Some(Cause::NewlyWatched | Cause::ProgramStarting { .. }) => {
            regular.min((began + monitor.retry_every.min(WHILE_STARTING)).max(now + Monitor::EVERY_MIN))
        }
        _ => regular.min((began + monitor.retry_every).max(now + Monitor::EVERY_MIN)),
    }
}

/// The first point of the grid that is not past and at least half an interval after `began`.
fn on_grid(every: Duration, place: Duration, began: Instant, now: Instant) -> Instant {
    let earliest = (began + every / 2).max(now).since_boot();
    let every_nanos = every.as_nanos().max(1);
    let steps = earliest.saturating_sub(place).as_nanos().div_ceil(every_nanos);
    let offset = u64::try_from(steps.saturating_mul(every_nanos)).unwrap_or(u64::MAX);
    Instant::from_boot(place.saturating_add(Duration::from_nanos(offset)))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{
        check::{Check, HostCheck, PingCheck},
        observation::{Failure, Phase, Phases},
    };

    const fn at(seconds: u64) -> Instant {
        Instant::from_boot(Duration::from_secs(seconds))
    }

    fn monitor(every: u64) -> Monitor {
        Monitor {
            every: Duration::from_secs(every),
            retry_every: Duration::from_secs(every.min(20)),
            ..Monitor::new("m", Check::Ping(PingCheck { host: "h".into(), ip: None }))
        }
    }

    #[test]
    fn the_next_probe_follows_from_health_and_interval() {
        let seen = Observation::up(Timestamp::UNIX_EPOCH, Phases::default(), "");
        let check = |health, bad, began, now, wanted| {
            let due = next(&monitor(60), Duration::from_secs(7), health, bad, &seen, at(began), at(now));
            assert_eq!(due, at(wanted), "{health} after {bad} bad, began {began}, now {now}");
        };
        check(Health::Up, 0, 67, 68, 127);
        check(Health::Up, 0, 0, 1, 67);
        check(Health::Up, 0, 67, 140, 187);
        check(Health::Suspect, 1, 67, 68, 70);
        check(Health::Suspect, 2, 67, 68, 87);
        check(Health::Down, 2, 67, 68, 87);
        check(Health::Down, 2, 67, 99, 99);
        check(Health::Recovering, 0, 67, 68, 87);
    }

    #[test]
    fn a_target_that_a_remedy_waits_for_is_looked_at_again_at_once() {
        let seen = Observation::up(Timestamp::UNIX_EPOCH, Phases::default(), "");
        let hurried = Monitor { confirm_after: Duration::ZERO, ..monitor(60) };
        let due = next(&hurried, Duration::from_secs(7), Health::Suspect, 1, &seen, at(67), at(68));
        assert_eq!(due, at(68));
    }

    #[test]
    fn a_figure_beyond_its_limit_is_measured_four_times_before_it_counts() {
        let seen = Observation::up(Timestamp::UNIX_EPOCH, Phases::default(), "");
        let check = |lasts, wanted| {
            let lasts = Duration::from_secs(lasts);
            let host = Monitor { check: Check::Host(HostCheck { lasts, ..HostCheck::default() }), ..monitor(60) };
            for bad in [1, 2, 5] {
                let due = next(&host, Duration::from_secs(7), Health::Suspect, bad, &seen, at(67), at(68));
                assert_eq!(due, at(wanted), "{lasts:?}, after {bad}");
            }
        };
        check(60, 82);
        check(0, 68);
        check(600, 87);
    }

    #[test]
    fn an_observation_that_soon_stops_being_true_is_made_anew_in_time() {
        let seen = Observation {
            holds_for: Some(Duration::from_secs(10)),
            ..Observation::up(Timestamp::UNIX_EPOCH, Phases::default(), "")
        };
        let due = next(&monitor(60), Duration::from_secs(7), Health::Up, 0, &seen, at(67), at(68));
        assert_eq!(due, at(77));
    }

    #[test]
    fn after_a_sleep_it_is_probed_again_soon() {
        let slept = Observation::down(
            Timestamp::UNIX_EPOCH,
            Phases::default(),
            "",
            Failure::new(Phase::Connect, Cause::Refused),
        )
        .inconclusive(Cause::Slept);
        let due = next(&monitor(3600), Duration::from_secs(7), Health::Up, 0, &slept, at(10), at(20));
        assert_eq!(due, at(25));
    }

    #[test]
    fn a_thousand_first_probes_begin_within_a_fifth_of_a_second() {
        assert_eq!(first(0, 1), Duration::ZERO);
        assert!(first(999, 1000) < SPREAD_LIMIT);
        assert!(first(9, 10) < Duration::from_millis(2));
    }
}
