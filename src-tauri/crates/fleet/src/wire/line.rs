//! What an agent is to be told, by whoever has something to tell it. There is one of each thing at most: a later one takes its
//! place, so nothing piles up for an agent that does not listen.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    task::Waker,
    time::Duration,
};

use tonic::Status;

use super::proto::agent::{Drain, EnrolResponse, FromEngine, Renew, SetLoad, Terms, from_engine::Says};

/// The line to an agent.
#[derive(Default)]
pub(crate) struct Line(Mutex<Orders>);

#[derive(Default)]
struct Orders {
    terms: Option<Duration>,
    drain: bool,
    renew: bool,
    renewed: Option<Vec<u8>>,
    load: Option<f32>,
    close: Option<Status>,
    waker: Option<Waker>,
}

impl Line {
    /// The agent is to say what its load is so often.
    pub(crate) fn terms(&self, heartbeat: Duration) {
        self.order(|orders| orders.terms = Some(heartbeat));
    }

    /// The agent is to finish what it has to do.
    pub(crate) fn drain(&self) {
        self.order(|orders| orders.drain = true);
    }

    /// The agent is to send a key.
    pub(crate) fn renew(&self) {
        self.order(|orders| orders.renew = true);
    }

    /// The certificate for that key.
    pub(crate) fn renewed(&self, certificate: Vec<u8>) {
        self.order(|orders| orders.renewed = Some(certificate));
    }

    /// The agent's load is this, if it is set by hand.
    pub(crate) fn set_load(&self, load: f32) {
        self.order(|orders| orders.load = Some(load));
    }

    /// Nothing more is to be said.
    pub(crate) fn close(&self, why: Status) {
        self.order(|orders| orders.close = Some(why));
    }

    fn order(&self, what: impl FnOnce(&mut Orders)) {
        let waker = {
            let mut orders = self.orders();
            what(&mut orders);
            orders.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// What comes next: something to tell, or why nothing more is. Else `waker` hears when there is.
    pub(crate) fn next(&self, waker: &Waker) -> Option<Result<FromEngine, Status>> {
        let mut orders = self.orders();
        if let Some(why) = orders.close.clone() {
            return Some(Err(why));
        }
        let says = orders.take();
        if says.is_none() && !orders.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            orders.waker = Some(waker.clone());
        }
        says.map(|says| Ok(FromEngine { says: Some(says) }))
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Orders {
    fn take(&mut self) -> Option<Says> {
        if let Some(heartbeat) = self.terms.take() {
            let heartbeat_milliseconds = u32::try_from(heartbeat.as_millis()).unwrap_or(u32::MAX);
            return Some(Says::Terms(Terms { heartbeat_milliseconds }));
        }
        if let Some(certificate) = self.renewed.take() {
            return Some(Says::Renewed(EnrolResponse { certificate }));
        }
        if let Some(load) = self.load.take() {
            return Some(Says::SetLoad(SetLoad { load }));
        }
        if std::mem::take(&mut self.renew) {
            return Some(Says::Renew(Renew {}));
        }
        std::mem::take(&mut self.drain).then_some(Says::Drain(Drain {}))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_come_first_and_only_the_last_of_each_is_told() {
        let line = Line::default();
        line.drain();
        for load in [0.1, 0.2] {
            line.set_load(load);
            line.terms(Duration::from_secs(5));
        }
        let next = || line.next(Waker::noop()).map(|next| next.map(|said| said.says.unwrap()));
        assert!(matches!(next(), Some(Ok(Says::Terms(Terms { heartbeat_milliseconds: 5_000 })))));
        assert!(matches!(next(), Some(Ok(Says::SetLoad(SetLoad { load: 0.2 })))));
        assert!(matches!(next(), Some(Ok(Says::Drain(_)))));
        assert!(next().is_none());
        line.drain();
        line.close(Status::cancelled("it is over"));
        assert_eq!(next().unwrap().unwrap_err().message(), "it is over");
    }
}
