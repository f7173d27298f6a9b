//! Those who have announced themselves, and wait for the core to say who they are.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use estatus_core::fleet::command::{FleetEvent, Proof};
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    time::timeout,
};
use tonic::Status;

use super::{WireEvent, shared::lock};

/// Whoever announces himself is answered within this, or has to come again.
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);
/// So many are told to the core and not answered yet; others wait for them, within the same time.
const AT_ONCE: usize = 64;

/// Who has announced himself and is not answered.
pub(crate) struct Announcements {
    last: AtomicU64,
    waiting: Mutex<BTreeMap<u64, oneshot::Sender<Option<Arc<str>>>>>,
    turns: Semaphore,
}

/// Somebody who announces himself.
pub(crate) struct Announced {
    /// Who he says he is.
    pub(crate) name: String,
    pub(crate) proof: Proof,
    /// The address that he declares.
    pub(crate) declared: String,
    pub(crate) from: SocketAddr,
}

impl Default for Announcements {
    fn default() -> Self {
        Self { last: AtomicU64::new(0), waiting: Mutex::default(), turns: Semaphore::new(AT_ONCE) }
    }
}

impl Announcements {
    /// Tells a fleet of somebody: the instance that he is, if he is one.
    ///
    /// # Errors
    /// Nobody says.
    pub(crate) async fn announce(
        &self,
        fleet: &Arc<str>,
        Announced { name, proof, declared, from }: Announced,
        events: &mpsc::Sender<WireEvent>,
    ) -> Result<Option<Arc<str>>, Status> {
        let announcement = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let from = from.ip().to_canonical();
        let event = FleetEvent::Announced { announcement, name, proof, declared, from };
        let asked = async {
            let _turn = self.turns.acquire().await.ok()?;
            let (answer, answered) = oneshot::channel();
            lock(&self.waiting).insert(announcement, answer);
            let _waiting = Waiting { announcements: self, announcement };
            events.send(WireEvent { fleet: Arc::clone(fleet), event }).await.ok()?;
            answered.await.ok()
        };
        let answer = timeout(ANSWERED_WITHIN, asked).await.ok().flatten();
        answer.ok_or_else(|| Status::unavailable("the engine is busy or ends: come again"))
    }

    /// Says who somebody is: whether he still waits for it.
    pub(crate) fn answer(&self, announcement: u64, accepted: Option<Arc<str>>) -> bool {
        let waiting = lock(&self.waiting).remove(&announcement);
        waiting.is_some_and(|answer| answer.send(accepted).is_ok())
    }
}

/// Somebody who waits, for as long as he does.
struct Waiting<'a> {
    announcements: &'a Announcements,
    announcement: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        lock(&self.announcements.waiting).remove(&self.announcement);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn somebody(name: &str) -> Announced {
        let from = ([127, 0, 0, 1], 1).into();
        Announced { name: name.to_owned(), proof: Proof::None, declared: String::new(), from }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_not_answered_in_time_does_not_wait_for_ever() {
        let announcements = Announcements::default();
        let (events, mut told) = mpsc::channel(1);
        let refused = announcements.announce(&"web".into(), somebody("web-1"), &events).await.unwrap_err();
        assert_eq!(refused.code(), tonic::Code::Unavailable);
        let Some(WireEvent { event: FleetEvent::Announced { announcement, .. }, .. }) = told.recv().await else {
            panic!()
        };
        assert!(!announcements.answer(announcement, None));
        assert!(lock(&announcements.waiting).is_empty());
    }

    #[tokio::test]
    async fn each_is_answered_for_himself() {
        let announcements = Arc::new(Announcements::default());
        let (events, mut told) = mpsc::channel(1);
        let asks = ["web-1", "web-2", "web-3"].map(|name| {
            let (announcements, events) = (Arc::clone(&announcements), events.clone());
            tokio::spawn(async move { announcements.announce(&"web".into(), somebody(name), &events).await })
        });
        for _ in &asks {
            let Some(WireEvent { event: FleetEvent::Announced { announcement, name, .. }, .. }) = told.recv().await
            else {
                panic!()
            };
            assert!(announcements.answer(announcement, (name != "web-2").then(|| name.into())));
        }
        for (ask, expected) in asks.into_iter().zip([Some("web-1"), None, Some("web-3")]) {
            assert_eq!(ask.await.unwrap().unwrap().as_deref(), expected);
        }
    }
}
