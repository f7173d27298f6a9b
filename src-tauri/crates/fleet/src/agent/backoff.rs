//! How long an agent waits before it tries again.

use std::time::Duration;

use tokio::time::Instant;

/// The first wait; each is twice as long as the one before.
const FIRST: Duration = Duration::from_millis(500);
/// The longest.
const LONGEST: Duration = Duration::from_secs(60);
/// What has gone well for so long begins anew.
const WELL_AFTER: Duration = Duration::from_secs(10);

/// Tries, and the waits between them.
pub(crate) struct Backoff {
    failed: u32,
    /// What a wait is cut down by at random, so that ten thousand agents do not come back in one moment.
    dice: Box<dyn FnMut() -> f64 + Send>,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { failed: 0, dice: Box::new(random) }
    }
}

impl Backoff {
    /// How long to wait after a try that began then and has ended now; at least so long.
    pub(crate) fn after(&mut self, began: Instant, at_least: Duration) -> Duration {
        if began.elapsed() >= WELL_AFTER {
            self.failed = 0;
        }
        let doubled = FIRST.saturating_mul(1_u32.checked_shl(self.failed).unwrap_or(u32::MAX));
        self.failed = self.failed.saturating_add(1);
        doubled.clamp(at_least, LONGEST).mul_f64(1.0 - (self.dice)() / 2.0)
    }
}

/// From 0 to 1.
fn random() -> f64 {
    let random = getrandom::u32();
    // Without chance all wait alike, which is better than not at all.
    random.map_or(0.0, |random| f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waits_grow_up_to_a_minute_and_begin_anew_after_a_while_that_went_well() {
        let mut backoff = Backoff { failed: 0, dice: Box::new(|| 0.0) };
        let waits = [0; 9].map(|_| backoff.after(Instant::now(), Duration::ZERO).as_millis());
        assert_eq!(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
        let began = Instant::now();
        advance(WELL_AFTER).await;
        assert_eq!(backoff.after(began, Duration::ZERO), FIRST);
        assert_eq!(backoff.after(Instant::now(), Duration::from_secs(15)), Duration::from_secs(15));
        for _ in 0..100 {
            assert!(Backoff::default().after(Instant::now(), Duration::ZERO) >= FIRST / 2);
        }
    }
}
