//! What waits to be asked of a program's shim.
//!
//! No order is ever dropped for want of room, and yet few wait: what is asked later takes the place of what it makes
//! pointless.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::shim::ShimRequest;

/// Where questions are put in.
pub(super) struct Slot(Arc<Shared>);

/// Where they are taken out, in the order in which they were put in.
pub(super) struct Mailbox(Arc<Shared>);

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Notify,
}

#[derive(Default)]
struct Waiting {
    asked: VecDeque<ShimRequest>,
    is_closed: bool,
}

/// A mailbox with its slot. Once the slot is dropped and the mailbox is empty, nothing more comes.
pub(super) fn mailbox() -> (Slot, Mailbox) {
    let shared = Arc::<Shared>::default();
    (Slot(Arc::clone(&shared)), Mailbox(shared))
}

impl Slot {
    pub(super) fn put(&self, asked: ShimRequest) {
        let mut waiting = self.0.waiting();
        waiting.asked.retain(|earlier| !makes_pointless(&asked, earlier));
        waiting.asked.push_back(asked);
        drop(waiting);
        self.0.changed.notify_one();
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.waiting().is_closed = true;
        self.0.changed.notify_one();
    }
}

impl Mailbox {
    /// Waits for the next question. Nothing is lost when this is dropped before it is done.
    pub(super) async fn next(&mut self) -> Option<ShimRequest> {
        loop {
            let is_closed = {
                let mut waiting = self.0.waiting();
                if let Some(asked) = waiting.asked.pop_front() {
                    return Some(asked);
                }
                waiting.is_closed
            };
            if is_closed {
                return None;
            }
            self.0.changed.notified().await;
        }
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether nobody waits for an answer to `earlier` any more once `later` is asked. A start ends first whatever runs of an
/// earlier one.
fn makes_pointless(later: &ShimRequest, earlier: &ShimRequest) -> bool {
    match later {
        ShimRequest::Start(_) => {
            matches!(earlier, ShimRequest::Start(_) | ShimRequest::Stop { .. } | ShimRequest::Measure { .. })
        }
        ShimRequest::Stop { .. } => matches!(earlier, ShimRequest::Stop { .. }),
        ShimRequest::Look => matches!(earlier, ShimRequest::Look),
        ShimRequest::Measure { ports, .. } => {
            matches!(earlier, ShimRequest::Measure { ports: asked, .. } if *ports || !asked)
        }
        ShimRequest::StepAside => matches!(earlier, ShimRequest::StepAside),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use estatus_core::{
        command::{CommandLine, Run},
        exit::Signal,
        ids::StartId,
        program::{Program, StartEnvironment},
    };

    use super::*;
    use crate::shim::{Launch, StopBy, Stopping};

    fn start(number: u64) -> ShimRequest {
        let run = Run::Shell("web".to_owned());
        let command = CommandLine::new(run);
        let program = Program::new("web", command);
        let launch = Launch::new(
            &program,
            StartId(number),
            StartEnvironment::default(),
            None,
            &[],
            &std::collections::BTreeSet::new(),
        );
        ShimRequest::Start(Box::new(launch))
    }

    fn stop(number: u64) -> ShimRequest {
        let how = Stopping { by: StopBy::Signal(Signal::Term), within: Duration::ZERO };
        ShimRequest::Stop { start: StartId(number), how }
    }

    fn measure(number: u64) -> ShimRequest {
        ShimRequest::Measure { start: StartId(number), ports: false }
    }

    fn word(asked: &ShimRequest) -> String {
        match asked {
            ShimRequest::Look => "look".to_owned(),
            ShimRequest::Start(launch) => format!("start {}", launch.start),
            ShimRequest::Stop { start, .. } => format!("stop {start}"),
            ShimRequest::Measure { start, .. } => format!("measure {start}"),
            ShimRequest::StepAside => "step aside".to_owned(),
        }
    }

    #[tokio::test]
    async fn what_is_asked_is_taken_in_order_but_for_what_has_become_pointless() {
        async fn check(asked: Vec<ShimRequest>, taken: &[&str]) {
            let shown: Vec<String> = asked.iter().map(word).collect();
            let (slot, mut mailbox) = mailbox();
            asked.into_iter().for_each(|asked| slot.put(asked));
            drop(slot);
            let mut found = Vec::new();
            while let Some(asked) = mailbox.next().await {
                found.push(word(&asked));
            }
            assert_eq!(found, taken, "{shown:?}");
        }
        check(vec![], &[]).await;
        check(vec![ShimRequest::Look, start(1), stop(1)], &["look", "start 1", "stop 1"]).await;
        check(vec![start(1), stop(1), start(2)], &["start 2"]).await;
        check(vec![stop(1), stop(1)], &["stop 1"]).await;
        check(vec![stop(1), start(2), measure(2), stop(2)], &["start 2", "measure 2", "stop 2"]).await;
        check(vec![measure(1), ShimRequest::Look, measure(1), ShimRequest::Look], &["measure 1", "look"]).await;
    }

    #[tokio::test]
    async fn no_order_is_lost_however_many_measurements_are_asked_for() {
        let (slot, mut mailbox) = mailbox();
        slot.put(start(1));
        (0..1000).for_each(|_| slot.put(measure(1)));
        slot.put(stop(1));
        (0..1000).for_each(|_| slot.put(measure(1)));
        drop(slot);
        let mut found = Vec::new();
        while let Some(asked) = mailbox.next().await {
            found.push(word(&asked));
        }
        assert_eq!(found, ["start 1", "stop 1", "measure 1"]);
    }
}
