//! The clock of a probe: it stands while the probe waits for something of ours.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, timeout};

/// So long a probe waits for us at the most; it says nothing of its target then.
const PATIENCE: Duration = Duration::from_secs(20);

/// While a probe waits for us it is looked at at most so often.
const LOOKS_EVERY: Duration = Duration::from_millis(10);

/// The time that a probe has waited for us rather than for its target. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turns(Arc<Mutex<Waited>>);

#[derive(Debug, Default)]
struct Waited {
    before: Duration,
    since: Option<Instant>,
}

impl Waited {
    fn total(&self) -> Duration {
        self.before + self.since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

/// Why a probe was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CutOff {
    /// It has had its time.
    TimedOut,
    /// It has waited for us, for so long.
    NoTurn(Duration),
}

impl Turns {
    /// Waits for `turn`, which is not the target's time.
    pub(crate) async fn wait<T>(&self, turn: impl Future<Output = T>) -> T {
        self.waited().since = Some(Instant::now());
        let result = turn.await;
        let mut waited = self.waited();
        waited.before = waited.total();
        waited.since = None;
        result
    }

    /// Lets `probe` take `limit` of its own time.
    ///
    /// # Errors
    /// If it takes longer, or waits too long for us.
    pub(crate) async fn within<T>(
        &self,
        limit: Duration,
        mut probe: Pin<&mut impl Future<Output = T>>,
    ) -> Result<T, CutOff> {
        let begun = Instant::now();
        loop {
            let (waited, waits) = {
                let waited = self.waited();
                (waited.total(), waited.since.is_some())
            };
            if waited >= PATIENCE {
                return Err(CutOff::NoTurn(waited));
            }
            let left = limit.saturating_sub(begun.elapsed().saturating_sub(waited));
            let look_again = match (waits, left) {
                (false, Duration::ZERO) => return Err(CutOff::TimedOut),
                (false, left) => left,
                (true, left) => left.max(LOOKS_EVERY).min(PATIENCE - waited),
            };
            if let Ok(result) = timeout(look_again, probe.as_mut()).await {
                return Ok(result);
            }
        }
    }

    fn waited(&self) -> MutexGuard<'_, Waited> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use std::pin::pin;

    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[tokio::test(start_paused = true)]
    async fn only_its_own_time_counts_against_a_probe() {
        async fn check(works: u64, waits: u64, works_on: u64, wanted: Result<(), CutOff>) {
            let turns = Turns::default();
            let probe = async {
                sleep(seconds(works)).await;
                turns.wait(sleep(seconds(waits))).await;
                sleep(seconds(works_on)).await;
            };
            let begun = Instant::now();
            assert_eq!(turns.within(seconds(10), pin!(probe)).await, wanted, "{works} {waits} {works_on}");
            let took = if wanted == Err(CutOff::TimedOut) { 10 + waits } else { works + waits.min(20) + works_on };
            assert!(begun.elapsed() <= seconds(took) + LOOKS_EVERY, "{:?}", begun.elapsed());
        }
        check(4, 0, 4, Ok(())).await;
        check(4, 15, 4, Ok(())).await;
        check(9, 19, 0, Ok(())).await;
        check(4, 15, 7, Err(CutOff::TimedOut)).await;
        check(11, 0, 0, Err(CutOff::TimedOut)).await;
        check(4, 25, 0, Err(CutOff::NoTurn(PATIENCE))).await;
    }
}
