//! Calls into the operating system that nothing can cut off: each holds a thread until it returns.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Semaphore, watch},
    task::spawn_blocking,
    time::timeout,
};

use crate::trace::Trace;

/// A call that takes longer is slow.
const SLOW_AFTER: Duration = Duration::from_secs(2);

/// So many keys are remembered for being slow.
const SLOW_KEYS: usize = 1024;

/// Calls of one kind. For each key one is under way at a time, and whoever asks meanwhile shares its answer. What has been
/// slow stands in a queue of its own, so that it holds up nobody but its like.
pub(crate) struct Calls<K, V>(Arc<Shared<K, V>>);

struct Shared<K, V> {
    quick: Arc<Semaphore>,
    slow: Arc<Semaphore>,
    slow_after: Duration,
    known: Mutex<Known<K, V>>,
}

struct Known<K, V> {
    under_way: BTreeMap<K, watch::Receiver<Stage<V>>>,
    slow: BTreeSet<K>,
}

/// How far a call has come.
#[derive(Clone)]
enum Stage<V> {
    /// There is no thread for it yet.
    Waiting,
    Begun,
    /// There is no answer if it panicked.
    Answered(Option<V>),
}

impl<K, V> Calls<K, V>
where
    K: Clone + Ord + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// So many calls hold a thread at once: `quick` of them, and `slow` that have been slow.
    pub(crate) fn new(quick: usize, slow: usize) -> Self {
        Self::with(quick, slow, SLOW_AFTER)
    }

    fn with(quick: usize, slow: usize, slow_after: Duration) -> Self {
        let known = Mutex::new(Known { under_way: BTreeMap::new(), slow: BTreeSet::new() });
        let [quick, slow] = [quick, slow].map(|places| Arc::new(Semaphore::new(places)));
        Self(Arc::new(Shared { quick, slow, slow_after, known }))
    }

    /// What `call` answers, or the call for `key` that is under way; nothing if that panics. The wait for a thread is put
    /// down to us.
    pub(crate) async fn ask(&self, key: K, call: impl FnOnce() -> V + Send + 'static, trace: &mut Trace) -> Option<V> {
        let mut stage = self.join(key, call);
        trace.wait(stage.wait_for(|stage| !matches!(stage, Stage::Waiting))).await.ok()?;
        match &*stage.wait_for(|stage| matches!(stage, Stage::Answered(_))).await.ok()? {
            Stage::Answered(answer) => answer.clone(),
            Stage::Waiting | Stage::Begun => None,
        }
    }

    fn join(&self, key: K, call: impl FnOnce() -> V + Send + 'static) -> watch::Receiver<Stage<V>> {
        let mut known = self.0.known();
        // One whose runtime has ended is never answered.
        if let Some(stage) = known.under_way.get(&key).filter(|stage| stage.has_changed().is_ok()) {
            return stage.clone();
        }
        let (sender, stage) = watch::channel(Stage::Waiting);
        known.under_way.insert(key.clone(), stage.clone());
        drop(known);
        tokio::spawn(Arc::clone(&self.0).carry_out(key, call, sender));
        stage
    }
}

impl<K, V> Shared<K, V>
where
    K: Clone + Ord + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    async fn carry_out(
        self: Arc<Self>,
        key: K,
        call: impl FnOnce() -> V + Send + 'static,
        stage: watch::Sender<Stage<V>>,
    ) {
        let queue = if self.known().slow.contains(&key) { &self.slow } else { &self.quick };
        let mut place = Arc::clone(queue).acquire_owned().await;
        stage.send_replace(Stage::Begun);
        let mut call = spawn_blocking(call);
        let in_time = timeout(self.slow_after, &mut call).await;
        self.known().note(&key, in_time.is_err());
        let answer = match in_time {
            Ok(answer) => answer,
            Err(_) => {
                // It makes room for others as soon as there is room for it among the slow.
                let moves = Arc::clone(&self.slow).acquire_owned();
                tokio::select! {
                    answer = &mut call => answer,
                    among_the_slow = moves, if !std::ptr::eq(queue, &self.slow) => {
                        place = among_the_slow;
                        call.await
                    }
                }
            }
        };
        drop(place);
        // Whoever asks from now on asks anew.
        self.known().under_way.remove(&key);
        stage.send_replace(Stage::Answered(answer.ok()));
    }

    fn known(&self) -> MutexGuard<'_, Known<K, V>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Ord, V> Known<K, V> {
    fn note(&mut self, key: &K, slow: bool) {
        if !slow {
            self.slow.remove(key);
            return;
        }
        if self.slow.len() >= SLOW_KEYS {
            self.slow.clear();
        }
        self.slow.insert(key.clone());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    };

    use estatus_core::Timestamp;

    use super::*;

    const BOUND: Duration = Duration::from_secs(30);
    const SOON: Duration = Duration::from_millis(50);

    fn trace() -> Trace {
        Trace::begin(Timestamp::UNIX_EPOCH)
    }

    /// A call that hangs until the sender is dropped.
    fn hung() -> (mpsc::Sender<()>, impl FnOnce() -> u32 + Send + 'static) {
        let (holds, held) = mpsc::channel::<()>();
        (holds, move || {
            let _ = held.recv();
            0
        })
    }

    #[tokio::test]
    async fn whoever_asks_meanwhile_shares_the_answer_and_whoever_asks_later_asks_anew() {
        let calls = Calls::with(4, 4, SOON);
        let called = Arc::new(AtomicUsize::new(0));
        let (holds, hangs) = hung();
        let count = || {
            let called = Arc::clone(&called);
            move || called.fetch_add(1, Ordering::Relaxed)
        };
        let first = count();
        let first = move || {
            hangs();
            first()
        };
        let (mut one, mut other) = (trace(), trace());
        let asked = async { tokio::join!(calls.ask("name", first, &mut one), calls.ask("name", count(), &mut other)) };
        let release = async { drop(holds) };
        let ((one, other), ()) = tokio::join!(asked, release);
        assert_eq!((one, other), (Some(0), Some(0)));
        assert_eq!(calls.ask("name", count(), &mut trace()).await, Some(1));
    }

    #[tokio::test]
    async fn calls_that_hang_hold_up_nobody_and_the_wait_is_not_the_targets() {
        let calls = Calls::with(2, 8, SOON);
        let mut holds = Vec::new();
        for key in 0..6 {
            let (hold, hangs) = hung();
            holds.push(hold);
            drop(calls.join(key, hangs));
        }
        // These six hang for as long as they like; the seventh waits until two of them are known to be slow.
        let mut trace = trace();
        let turns = trace.turns.clone();
        let answer = timeout(BOUND, turns.within(SOON, std::pin::pin!(calls.ask(100, || 7, &mut trace)))).await;
        assert_eq!(answer, Ok(Ok(Some(7))));
        // Who is known to be slow does not stand in the way even at the beginning.
        drop(holds);
        for key in 0..6 {
            assert!(timeout(BOUND, calls.ask(key, || 0, &mut self::trace())).await.is_ok());
        }
        assert_eq!(calls.0.quick.available_permits(), 2);
    }

    #[tokio::test]
    async fn who_has_been_slow_waits_for_others_that_are() {
        let calls = Calls::with(1, 1, SOON);
        let (hold, hangs) = hung();
        drop(calls.join(1, hangs));
        let is_slow = async {
            while !calls.0.known().slow.contains(&1) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        assert!(timeout(BOUND, is_slow).await.is_ok());
        calls.0.known().slow.insert(2);
        let waits = timeout(SOON, calls.ask(2, || 2, &mut trace())).await;
        assert!(waits.is_err());
        assert_eq!(timeout(BOUND, calls.ask(3, || 3, &mut trace())).await, Ok(Some(3)));
        drop(hold);
        assert_eq!(timeout(BOUND, calls.ask(2, || 2, &mut trace())).await, Ok(Some(2)));
    }

    #[tokio::test]
    async fn a_call_that_panics_has_no_answer() {
        let calls: Calls<_, u32> = Calls::with(1, 1, SOON);
        assert_eq!(calls.ask("name", || panic!("as it must"), &mut trace()).await, None);
        assert_eq!(calls.ask("name", || 1, &mut trace()).await, Some(1));
    }
}
