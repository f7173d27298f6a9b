//! The stream of an agent: what it says is heard, what it is to be told is told. Both are done by one task, which sleeps while
//! there is nothing.

use std::{
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use estatus_core::{Timestamp, fleet::command::Refusal};
use futures_util::Stream;
use tokio::{sync::Notify, time::Instant};
use tonic::{Status, Streaming};

use super::{
    keys::{Keys, Validity},
    line::Line,
    proto::agent::{FromAgent, FromEngine, from_agent::Said},
    public_key::PublicKey,
    shared::{Serving, Shared},
    visit::Visit,
};

/// So many things are heard in a row before others have their turn.
const IN_A_ROW: u32 = 16;
/// A heartbeat that comes sooner than after this part of the time is not heard.
const TOO_SOON: u32 = 4;

/// An agent that attends, until this is dropped.
pub(crate) struct Attendance {
    shared: Arc<Shared>,
    serving: Arc<Serving>,
    instance: Arc<str>,
    line: Arc<Line>,
    agent: Streaming<FromAgent>,
    keys: Arc<Keys>,
    from: SocketAddr,
    /// Its connection has no use without it.
    over: Arc<Notify>,
    /// When its certificate runs out.
    expires: Timestamp,
    /// It was asked for a key to renew it for.
    is_renewing: bool,
    /// When its heartbeat was last heard.
    heard: Option<Instant>,
}

/// An instance that was let in.
pub(crate) struct LetIn {
    pub(crate) serving: Arc<Serving>,
    pub(crate) instance: Arc<str>,
    pub(crate) line: Arc<Line>,
}

impl Attendance {
    /// That of somebody who was let in as `instance`.
    pub(crate) fn new(
        visit: &Visit,
        keys: Arc<Keys>,
        expires: Timestamp,
        agent: Streaming<FromAgent>,
        let_in: LetIn,
    ) -> Self {
        let LetIn { serving, instance, line } = let_in;
        let (shared, over) = (Arc::clone(&visit.shared), Arc::clone(&visit.over));
        let from = visit.from;
        Self { shared, serving, instance, line, agent, keys, from, over, expires, is_renewing: false, heard: None }
    }

    /// Hears what the agent says; why it has nothing more to say.
    fn hear(&mut self, said: FromAgent) -> Result<(), Status> {
        match said.said {
            Some(Said::Heartbeat(heartbeat)) => {
                if !self.is_too_soon() {
                    self.heard = Some(Instant::now());
                    self.serving.heard.hear(&self.instance, heartbeat.load);
                    self.look_at_certificate()?;
                }
            }
            Some(Said::Drained(_)) => self.shared.drained(&self.serving.fleet, &self.instance),
            Some(Said::Renewal(renewal)) if self.is_renewing => {
                let key = PublicKey::read(&renewal.public_key);
                let key = key.ok_or_else(|| Status::invalid_argument("this is no key on P-256"))?;
                let now = self.shared.now();
                let issued = self.keys.authority.issue(&self.serving.fleet, &self.instance, &key, now);
                let issued = issued.map_err(|error| Status::internal(error.to_string()))?;
                (self.expires, self.is_renewing) = (issued.expires, false);
                self.line.renewed(issued.certificate);
            }
            // What it was not asked for, and what newer agents say.
            Some(Said::Renewal(_) | Said::Hello(_)) | None => {}
        }
        Ok(())
    }

    fn is_too_soon(&self) -> bool {
        let least: Duration = *self.serving.heartbeat.borrow() / TOO_SOON;
        self.heard.is_some_and(|heard| heard.elapsed() < least)
    }

    fn look_at_certificate(&mut self) -> Result<(), Status> {
        match self.keys.validity(self.expires, self.shared.now()) {
            Validity::Fresh => self.is_renewing = false,
            Validity::ToRenew | Validity::RunOut if !self.is_renewing => {
                self.is_renewing = true;
                self.line.renew();
            }
            Validity::ToRenew => {}
            // It was asked at the heartbeat before.
            Validity::RunOut => return Err(self.refuse_expired()),
        }
        Ok(())
    }

    fn refuse_expired(&self) -> Status {
        let fleets = self.shared.fleet(&self.serving.fleet);
        self.shared.tell_refused(fleets.as_slice(), self.from, Refusal::Expired);
        Status::unauthenticated("your certificate has run out")
    }
}

impl Stream for Attendance {
    type Item = Result<FromEngine, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        for _ in 0..IN_A_ROW {
            if let Some(next) = this.line.next(context.waker()) {
                return Poll::Ready(Some(next));
            }
            match Pin::new(&mut this.agent).poll_next(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(said))) => {
                    if let Err(status) = this.hear(said) {
                        return Poll::Ready(Some(Err(status)));
                    }
                }
                // It has gone.
                Poll::Ready(None | Some(Err(_))) => return Poll::Ready(None),
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Attendance {
    fn drop(&mut self) {
        self.shared.leave(&self.serving.fleet, &self.instance, &self.line);
        self.over.notify_one();
    }
}
