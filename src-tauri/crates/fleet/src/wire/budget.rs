//! How often something is done at most.

use std::time::Duration;

use tokio::time::Instant;

/// So much at once, and one more in each span.
pub(crate) struct Budget {
    most: u32,
    every: Duration,
    left: u32,
    since: Instant,
}

impl Budget {
    pub(crate) fn new(most: u32, every: Duration) -> Self {
        Self { most, every, left: most, since: Instant::now() }
    }

    /// Whether it is done once more.
    pub(crate) fn take(&mut self) -> bool {
        let spans = self.since.elapsed().as_nanos() / self.every.as_nanos().max(1);
        let spans = u32::try_from(spans).unwrap_or(u32::MAX);
        self.left = self.left.saturating_add(spans).min(self.most);
        self.since = self.since.checked_add(self.every.saturating_mul(spans)).unwrap_or_else(Instant::now);
        let is_left = self.left > 0;
        self.left -= u32::from(is_left);
        is_left
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn so_much_is_done_at_once_and_one_more_in_each_span() {
        let mut budget = Budget::new(3, Duration::from_secs(1));
        let mut taken = || (0..10).filter(|_| budget.take()).count();
        assert_eq!((taken(), taken()), (3, 0));
        advance(Duration::from_millis(1_500)).await;
        assert_eq!(taken(), 1);
        advance(Duration::from_millis(500)).await;
        assert_eq!(taken(), 1);
        advance(Duration::from_secs(100)).await;
        assert_eq!(taken(), 3);
    }
}
