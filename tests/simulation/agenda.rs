//! What will happen in a world, in the order of its time.

use std::{cmp::Reverse, collections::BTreeMap, collections::BinaryHeap, time::Duration};

/// What will happen, each with the life of the engine in which it was foreseen.
pub(crate) struct Agenda<T> {
    coming: BinaryHeap<Reverse<(Duration, u64)>>,
    events: BTreeMap<u64, (T, u64)>,
    last: u64,
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Self { coming: BinaryHeap::new(), events: BTreeMap::new(), last: 0 }
    }
}

impl<T> Agenda<T> {
    /// `what` will happen at `at`; what is foreseen for the same moment happens in the order in which it was.
    pub(crate) fn at(&mut self, at: Duration, life: u64, what: T) {
        self.last += 1;
        self.coming.push(Reverse((at, self.last)));
        self.events.insert(self.last, (what, life));
    }

    /// When the next thing happens.
    pub(crate) fn next_at(&self) -> Option<Duration> {
        self.coming.peek().map(|Reverse((at, _))| *at)
    }

    /// The next thing, if it happens by `now`, and the life in which it was foreseen.
    pub(crate) fn take_due(&mut self, now: Duration) -> Option<(T, u64)> {
        let Reverse((_, key)) = self.coming.peek().copied().filter(|Reverse((at, _))| *at <= now)?;
        self.coming.pop();
        self.events.remove(&key)
    }
}
