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
