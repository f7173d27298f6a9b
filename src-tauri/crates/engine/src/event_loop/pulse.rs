//! By which whoever watches over the engine sees that the loop turns.

use std::{future, time::Duration};

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// Beats while the loop asks it to.
pub(super) struct Pulse(Option<Interval>);

impl Pulse {
    /// Beats every `period`; never, if none is given.
    pub(super) fn every(period: Option<Duration>) -> Self {
        Self(period.map(|period| {
            let mut interval = interval_at(Instant::now() + period, period);
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            interval
        }))
    }

    /// The next beat. Nothing is lost when it is not waited for to the end.
    pub(super) async fn beat(&mut self) {
        match &mut self.0 {
            Some(interval) => drop(interval.tick().await),
            None => future::pending().await,
        }
    }
}
