//! Whether the engine still lives while it owes an answer.
//!
//! An answer may take its time: the disk is slow, a month is counted. An engine that hangs never answers. What tells them apart
//! is whether it greets somebody else.

use std::{future::pending, time::Duration};

use futures_util::future::BoxFuture;
use tokio::time::{Instant, sleep_until};

/// An engine that has not answered for so long is looked after, and again each time this has passed.
const LOOK_AFTER: Duration = Duration::from_secs(10);

/// Watches an engine that owes answers. One that owes none is left in peace.
pub(super) struct Liveness {
    /// Whether the engine greets somebody else, as far as that can be told.
    greets: Box<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>,
    owed: usize,
    look_at: Instant,
    looking: Option<BoxFuture<'static, bool>>,
}

impl Liveness {
    pub(super) fn new<F: Future<Output = bool> + Send + 'static>(
        greets: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self {
        Self { greets: Box::new(move || Box::pin(greets())), owed: 0, look_at: Instant::now(), looking: None }
    }

    /// One answer more is owed.
    pub(super) fn asked(&mut self) {
        if self.owed == 0 {
            self.is_alive();
        }
        self.owed += 1;
    }

    /// One was given.
    pub(super) fn answered(&mut self) {
        self.owed = self.owed.saturating_sub(1);
        self.is_alive();
    }

    fn is_alive(&mut self) {
        self.look_at = Instant::now() + LOOK_AFTER;
        self.looking = None;
    }

    /// Resolves once the engine owes an answer and greets nobody. Nothing is lost if this is not waited for to the end.
    pub(super) async fn hangs(&mut self) {
        if self.owed == 0 {
            return pending().await;
        }
        loop {
            let looking = match &mut self.looking {
                Some(looking) => looking,
                None => {
                    sleep_until(self.look_at).await;
                    self.looking.insert((self.greets)())
                }
            };
            if !looking.await {
                return;
            }
            self.is_alive();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::VecDeque,
        sync::{Arc, Mutex},
    };

    use tokio::time::{sleep, timeout};

    use super::*;

    /// How an engine greets: after so many seconds, and whether at all; the last always again.
    fn engine(greetings: &[(u64, bool)]) -> Liveness {
        let greetings = Arc::new(Mutex::new(VecDeque::from(greetings.to_vec())));
        Liveness::new(move || {
            let mut left = greetings.lock().unwrap();
            let (after, greets) = if left.len() > 1 { left.pop_front() } else { left.front().copied() }.unwrap();
            async move {
                sleep(Duration::from_secs(after)).await;
                greets
            }
        })
    }

    /// After how many seconds it is known that it hangs; within an hour.
    async fn hangs_after(liveness: &mut Liveness) -> Option<u64> {
        let begun = Instant::now();
        timeout(Duration::from_secs(3600), liveness.hangs()).await.ok().map(|()| begun.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn an_engine_hangs_if_it_owes_an_answer_and_greets_nobody() {
        let mut silent = engine(&[(10, false)]);
        assert_eq!(hangs_after(&mut silent).await, None, "it owes nothing");
        silent.asked();
        assert_eq!(hangs_after(&mut silent).await, Some(20));
    }

    #[tokio::test(start_paused = true)]
    async fn an_engine_that_greets_others_may_take_its_time() {
        let mut slow = engine(&[(9, true)]);
        slow.asked();
        assert_eq!(hangs_after(&mut slow).await, None);
        let mut hangs_later = engine(&[(0, true), (2, true), (10, false)]);
        hangs_later.asked();
        assert_eq!(hangs_after(&mut hangs_later).await, Some(10 + 12 + 20));
    }

    #[tokio::test(start_paused = true)]
    async fn with_each_answer_it_is_known_to_live() {
        let mut engine = engine(&[(10, false)]);
        engine.asked();
        engine.asked();
        assert!(timeout(Duration::from_secs(19), engine.hangs()).await.is_err());
        engine.answered();
        assert_eq!(hangs_after(&mut engine).await, Some(20));
        engine.answered();
        assert_eq!(hangs_after(&mut engine).await, None, "it owes nothing any more");
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_between_does_not_put_it_off() {
        let mut engine = engine(&[(10, false)]);
        engine.asked();
        for _ in 0..19 {
            assert!(timeout(Duration::from_secs(1), engine.hangs()).await.is_err());
        }
        assert_eq!(hangs_after(&mut engine).await, Some(1));
    }
}
