//! Heartbeats are gathered, and told together: ten thousand agents are no ten thousand inputs.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use estatus_core::fleet::command::{FleetEvent, Heartbeat};
use tokio::{
    sync::{Notify, mpsc, watch},
    time::{Instant, sleep_until},
};

use super::WireEvent;

/// Whatever is heard is told within this, if nothing was told lately.
const SOON: Duration = Duration::from_millis(50);
/// So many heartbeats wait while nobody takes them. Those that come then are left out: newer ones will.
const LIMIT: usize = 200_000;

/// What was heard of a fleet and has not been told.
#[derive(Default)]
pub(crate) struct Heard {
    waiting: Mutex<Vec<Beat>>,
    some: Notify,
}

struct Beat {
    instance: Arc<str>,
    load: Option<f32>,
    at: Instant,
}

impl Heard {
    /// An instance has said what its load is; what is none, is none.
    pub(crate) fn hear(&self, instance: &Arc<str>, load: Option<f32>) {
        let load = load.filter(|load| (0.0..=1.0).contains(load));
        let mut waiting = self.waiting();
        if waiting.len() < LIMIT {
            waiting.push(Beat { instance: Arc::clone(instance), load, at: Instant::now() });
        }
        if waiting.len() == 1 {
            self.some.notify_one();
        }
    }

    /// Tells it, at most once in half a heartbeat, for as long as somebody listens.
    pub(crate) async fn tell(
        self: Arc<Self>,
        fleet: Arc<str>,
        mut heartbeat: watch::Receiver<Duration>,
        events: mpsc::Sender<WireEvent>,
    ) {
        let mut told = None::<Instant>;
        loop {
            self.some.notified().await;
            let heard = Instant::now();
            loop {
                let every = *heartbeat.borrow_and_update();
                let soon = heard + SOON.min(every / 10);
                let next = told.map_or(soon, |told| soon.max(told + every / 2));
                tokio::select! {
                    () = sleep_until(next) => break,
                    changed = heartbeat.changed() => if changed.is_err() { return },
                }
            }
            let Ok(room) = events.reserve().await else { return };
            let beats = std::mem::take(&mut *self.waiting());
            let now = Instant::now();
            let beats =
                beats.into_iter().map(|Beat { instance, load, at }| Heartbeat { instance, load, ago: now - at });
            room.send(WireEvent { fleet: Arc::clone(&fleet), event: FleetEvent::Heard(beats.collect()) });
            told = Some(now);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Beat>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn many_heartbeats_are_told_at_once_and_a_single_one_soon() {
        let heard = Arc::new(Heard::default());
        let (sender, mut events) = mpsc::channel(1);
        let heartbeat = watch::Sender::new(Duration::from_secs(5));
        tokio::spawn(Arc::clone(&heard).tell("web".into(), heartbeat.subscribe(), sender));
        let began = Instant::now();
        let mut told = async || match events.recv().await.unwrap().event {
            FleetEvent::Heard(beats) => (beats, began.elapsed()),
            other => panic!("{other:?}"),
        };

        heard.hear(&"web-1".into(), Some(0.5));
        let (beats, at) = told().await;
        assert_eq!(beats, [Heartbeat { instance: "web-1".into(), load: Some(0.5), ago: SOON }]);
        assert_eq!(at, SOON);
        for load in [f32::NAN, 1.1, -0.1, f32::INFINITY, 0.0, 1.0] {
            heard.hear(&"web-2".into(), Some(load));
        }
        heard.hear(&"web-2".into(), None);
        let (beats, at) = told().await;
        let loads: Vec<Option<f32>> = beats.iter().map(|beat| beat.load).collect();
        assert_eq!(loads, [None, None, None, None, Some(0.0), Some(1.0), None]);
        assert_eq!(at, SOON + Duration::from_millis(2_500));
        assert_eq!(beats[0].ago, Duration::from_millis(2_500));
    }
}
