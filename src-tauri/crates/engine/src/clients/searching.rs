//! The search in a log that goes on for one client, while other things are answered and told.

use std::future::pending;

use estatus_api::{ApiError, ErrorCode, Reply};

use super::{Pending, stopping};

/// An answer, and the number of its request.
type Answered = (u64, Result<Reply, ApiError>);

/// The search that goes on, if one does. Whoever searches sees when its answer is not waited for any more.
#[derive(Default)]
pub(super) struct Searching(Option<(u64, Pending)>);

impl Searching {
    /// Waits for the answer to the request `id` from now on; how the one before is answered, if it goes on still.
    pub(super) fn begin(&mut self, id: u64, answer: Pending) -> Option<Answered> {
        let (replaced, _) = self.0.replace((id, answer))?;
        let message = "another search has taken its place".to_owned();
        Some((replaced, Err(ApiError { code: ErrorCode::Gone, message })))
    }

    /// Waits for what is found. Nothing is lost when this is dropped before it is done.
    pub(super) async fn next(&mut self) -> Answered {
        let Some((id, answer)) = &mut self.0 else { return pending().await };
        let found = (*id, answer.await.unwrap_or_else(|_| Err(stopping())));
        self.0 = None;
        found
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{sync::oneshot, time::timeout};

    use super::*;

    #[tokio::test]
    async fn a_search_takes_the_place_of_the_one_before_which_nobody_waits_for_any_more() {
        let mut searching = Searching::default();
        let (first, pending) = oneshot::channel();
        assert!(searching.begin(1, pending).is_none());
        let (second, pending) = oneshot::channel();
        let (id, replaced) = searching.begin(2, pending).unwrap();
        assert_eq!((id, replaced.unwrap_err().code), (1, ErrorCode::Gone));
        assert!(first.is_closed());

        // Whoever waits may do something else meanwhile.
        assert!(timeout(Duration::from_millis(1), searching.next()).await.is_err());
        second.send(Ok(Reply::Done)).unwrap();
        assert_eq!(searching.next().await, (2, Ok(Reply::Done)));
        assert!(timeout(Duration::from_millis(1), searching.next()).await.is_err());
    }
}
