//! When what has failed is tried again: after a second, then after twice as long each time, up to a minute.

use std::time::Duration;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The attempts at something.
#[derive(Debug)]
pub(crate) struct Attempts {
    /// Before the one after the next failure.
    pause: Duration,
    waiting: bool,
}

impl Attempts {
    /// None has failed.
    pub(crate) fn new() -> Self {
        Self { pause: FIRST_PAUSE, waiting: false }
    }

    /// Whether it is too early for the next one.
    pub(crate) fn are_waiting(&self) -> bool {
        self.waiting
    }

    /// One has failed. After how long the next one is due.
    pub(crate) fn fail(&mut self) -> Duration {
        self.waiting = true;
        let pause = self.pause;
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        pause
    }

    /// The next one is due.
    pub(crate) fn go_on(&mut self) {
        self.waiting = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pauses_grow_up_to_a_minute_and_nothing_is_tried_in_them() {
        let mut attempts = Attempts::new();
        let mut pauses = Vec::new();
        for _ in 0..8 {
            assert!(!attempts.are_waiting());
            pauses.push(attempts.fail().as_secs());
            assert!(attempts.are_waiting());
            attempts.go_on();
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
    }
}
