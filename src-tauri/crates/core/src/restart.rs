//! When a program is started again.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    program::{ProgramMemory, RestartCount, RestartLimit},
    schedule::Rng,
    time::earlier,
};

/// The wait before the second restart in a row; it doubles with each further one. The first comes at once.
const BACKOFF_FIRST: Duration = Duration::from_secs(1);
/// The longest such wait, before jitter.
const BACKOFF_LONGEST: Duration = Duration::from_secs(60);
/// A program that is cooling is tried so often.
pub(crate) const COOLING_EVERY: Duration = Duration::from_secs(5 * 60);

/// When a program may be started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// After this wait.
    After(Duration),
    /// It was started again too many times.
    TooMany(RestartCount),
}

/// Whether and when a program that was started again as `memory` says may be started once more.
///
/// Too many is as many as `limit` allows within its time, or in a row without having run well for that time: a program
/// that needs a minute to fail would never break the first rule.
pub(crate) fn verdict(memory: &mut ProgramMemory, limit: RestartLimit, now: Timestamp, rng: &mut Rng) -> Verdict {
    forget(memory, limit, now);
    let recent = u32::try_from(memory.recent.len()).unwrap_or(u32::MAX);
    if recent.max(memory.attempt) >= limit.restarts {
        return Verdict::TooMany(RestartCount { restarts: limit.restarts, within: limit.within });
    }
    Verdict::After(backoff(memory.attempt, rng))
}

/// Notes that it is started again. Only so many restarts are remembered as `limit` can count.
pub(crate) fn note(memory: &mut ProgramMemory, limit: RestartLimit, now: Timestamp) {
    forget(memory, limit, now);
    memory.recent.push(now);
    let counted = usize::try_from(limit.restarts.max(1)).unwrap_or(usize::MAX);
    let surplus = memory.recent.len().saturating_sub(counted);
    memory.recent.drain(..surplus);
}

fn forget(memory: &mut ProgramMemory, limit: RestartLimit, now: Timestamp) {
    let since = earlier(now, limit.within);
    // A restart that lies in the future was noted before the clock was set back.
    memory.recent.retain(|restart| (since..=now).contains(restart));
}

/// The wait before the next of `attempt` tries in a row: none, then 1, 2, 4 … 60 s, a fifth more or less.
pub(crate) fn backoff(attempt: u32, rng: &mut Rng) -> Duration {
    match attempt.checked_sub(1) {
        None => Duration::ZERO,
        Some(doublings) => {
            let factor = 2u32.saturating_pow(doublings);
            rng.jitter(BACKOFF_FIRST.saturating_mul(factor).min(BACKOFF_LONGEST))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_restart_comes_at_once_and_the_waits_double_up_to_a_minute() {
        let mut rng = Rng::new(1);
        let check = |attempt, seconds: u64, rng: &mut Rng| {
            let wanted = Duration::from_secs(seconds);
            let wait = backoff(attempt, rng);
            assert!(wait >= wanted * 4 / 5 && wait <= wanted * 6 / 5, "{wait:?} after {attempt}");
        };
        for (attempt, seconds) in [(0, 0), (1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (40, 60), (u32::MAX, 60)] {
            check(attempt, seconds, &mut rng);
        }
    }

    #[test]
    fn restarts_are_counted_within_their_time_and_in_a_row() {
        let limit = RestartLimit { restarts: 3, within: Duration::from_secs(60) };
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let check = |recent: &[i64], attempt: u32, too_many: bool| {
            let recent = recent.iter().map(|second| at(*second)).collect();
            let mut memory = ProgramMemory { recent, attempt, ..ProgramMemory::default() };
            let verdict = verdict(&mut memory, limit, at(100), &mut Rng::new(1));
            assert_eq!(matches!(verdict, Verdict::TooMany(_)), too_many, "{memory:?}");
        };
        check(&[], 0, false);
        check(&[90, 95], 2, false);
        check(&[80, 90, 95], 2, true);
        check(&[10, 20, 95], 1, false);
        check(&[], 3, true);
        check(&[200, 300, 400], 0, false);
    }
}
