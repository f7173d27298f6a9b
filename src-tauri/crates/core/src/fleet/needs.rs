//! How many instances were needed lately.

use std::{collections::VecDeque, time::Duration};

use crate::time::Now;

/// How many instances a fleet has needed in the last [`Needs::WITHIN`], as far as it matters for the most of them.
///
/// Time asleep does not count: nobody saw then what was needed.
#[derive(Clone, Debug)]
pub struct Needs {
    /// When each was needed, the oldest first; each later one is less.
    falling: VecDeque<(Duration, u32)>,
}

impl Needs {
    /// What was needed longer ago than this is forgotten.
    pub const WITHIN: Duration = Duration::from_secs(300);

    /// Before anything is known: what is there is needed.
    pub fn new(count: u32, now: Now) -> Self {
        Self { falling: [(now.awake(), count)].into() }
    }

    /// Notes that so many are needed now; where that is not known, as many as there are.
    pub fn note(&mut self, need: u32, now: Now) {
        while self.falling.back().is_some_and(|(_, later)| *later <= need) {
            self.falling.pop_back();
        }
        self.falling.push_back((now.awake(), need));
        let is_old = |at: Duration| now.awake().saturating_sub(at) > Self::WITHIN;
        while self.falling.front().is_some_and(|(at, _)| is_old(*at)) {
            self.falling.pop_front();
        }
    }

    /// The most that were needed lately, and how long ago that was.
    pub fn largest(&self, now: Now) -> (u32, Duration) {
        let ago = |at: Duration| now.awake().saturating_sub(at);
        let lately = self.falling.iter().find(|(at, _)| ago(*at) <= Self::WITHIN);
        lately.map_or((0, Duration::ZERO), |(at, need)| (*need, ago(*at)))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::time::Instant;

    fn at(second: u64, slept: u64) -> Now {
        Now {
            monotonic: Instant::from_boot(Duration::from_secs(1000 + second + slept)),
            slept: Duration::from_secs(slept),
            utc: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn the_most_of_the_last_minutes_is_known_and_time_asleep_is_none() {
        let mut needs = Needs::new(4, at(0, 0));
        let mut check = |need: Option<u32>, second: u64, slept: u64, wanted: (u32, u64)| {
            let now = at(second, slept);
            need.into_iter().for_each(|need| needs.note(need, now));
            assert_eq!(needs.largest(now), (wanted.0, Duration::from_secs(wanted.1)), "in second {second}");
        };
        check(None, 0, 0, (4, 0));
        check(Some(2), 100, 0, (4, 100));
        check(Some(9), 200, 0, (9, 0));
        check(Some(7), 300, 0, (9, 100));
        check(Some(7), 400, 0, (9, 200));
        check(None, 500, 5000, (9, 300));
        check(None, 501, 5000, (7, 101));
        check(Some(1), 700, 5000, (7, 300));
        check(None, 701, 5000, (1, 1));
        check(None, 2000, 5000, (0, 0));
    }

    proptest! {
        #[test]
        fn it_is_the_most_that_was_noted_in_that_time(noted in proptest::collection::vec((0..20_u32, 0..90_u64), 1..40)) {
            let (mut needs, mut second, mut all) = (Needs::new(0, at(0, 0)), 0, Vec::new());
            for (need, passed) in noted {
                second += passed;
                all.push((second, need));
                needs.note(need, at(second, 0));
                let lately = all.iter().filter(|(noted, _)| second - noted <= 300).map(|(_, need)| *need).max();
                prop_assert_eq!(Some(needs.largest(at(second, 0)).0), lately);
            }
        }
    }
}
