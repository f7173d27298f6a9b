//! The tries to send a message: what joins it when one begins, and what comes of it.

use std::time::Duration;

use super::{Outbox, add};
use crate::{
    ids::{EffectId, MessageId},
    incident::{Delivery, DeliveryResult, Message},
    schedule::Rng,
    time::{Instant, Now, elapsed},
};

/// The wait after the first failed try; it doubles with each further one.
const RETRY_FIRST: Duration = Duration::from_secs(5);

/// The longest wait between two tries.
const RETRY_LONGEST: Duration = Duration::from_secs(600);

/// The wait after a try that cannot succeed while the configuration stays as it is.
const RETRY_PERMANENT: Duration = Duration::from_secs(3600);

/// A message that could not be delivered for so long is given up: five days, as mail servers do (RFC 5321, 4.5.4.1).
const GIVE_UP_AFTER: Duration = Duration::from_secs(5 * 24 * 60 * 60);

/// And not before so many tries: the days may be those of a clock that was set, or of a machine that was off.
const GIVE_UP_TRIES: u32 = 50;

/// Of a try of which nothing was heard for so long it is not known whether the message was received.
const TRY_WITHIN: Duration = Duration::from_secs(3600);

/// The most alerts in one message.
const ALERTS_LIMIT: usize = 500;

impl Outbox {
    /// Begins a try. Whatever else waits openly for the same channel joins first, if this one may still be changed:
    /// those come back as merged. `conversation` says which messages the alerts of a message go on with.
    pub(crate) fn begin(
        &mut self,
        id: MessageId,
        attempt: EffectId,
        now: Instant,
        conversation: impl FnOnce(&Message) -> Vec<MessageId>,
    ) -> (Option<Message>, Vec<Message>) {
        let merged = self.merge_into(id);
        let Some(pending) = self.pending.get_mut(&id) else { return (None, merged) };
        if pending.is_open() {
            pending.message.answers = conversation(&pending.message);
        }
        let (failed, perhaps_received) = (pending.failed(), pending.perhaps_received());
        pending.message.delivery = Delivery::Sending { failed, perhaps_received };
        pending.attempt = Some(attempt);
        pending.due = now + TRY_WITHIN;
        pending.held = false;
        (Some(pending.message.clone()), merged)
    }

    fn merge_into(&mut self, id: MessageId) -> Vec<Message> {
        let Some(target) = self.pending.get(&id).filter(|pending| pending.is_open()) else { return Vec::new() };
        let channel = target.message.channel.clone();
        let others: Vec<MessageId> = self
            .pending
            .values()
            .filter(|other| other.message.id != id && other.message.channel == channel && other.is_open())
            .map(|other| other.message.id)
            .collect();
        let mut merged = Vec::new();
        for other in others {
            let Some(room) = self.pending.get(&id).map(|target| ALERTS_LIMIT - target.message.alerts.len()) else {
                break;
            };
            if self.pending.get(&other).is_none_or(|other| other.message.alerts.len() > room) {
                continue;
            }
            let Some(mut other) = self.pending.remove(&other) else { continue };
            let Some(target) = self.pending.get_mut(&id) else { break };
            let alerts = other.message.alerts.iter().cloned();
            if other.message.id > id {
                alerts.for_each(|alert| add(&mut target.message, alert));
            } else {
                // What is older of an incident never takes the place of what is newer.
                let newer = std::mem::replace(&mut target.message.alerts, alerts.collect());
                newer.into_iter().for_each(|alert| add(&mut target.message, alert));
            }
            other.message.delivery = Delivery::Merged { into: id };
            merged.push(other.message);
        }
        merged
    }

    /// The try under way of a message that is due all the same: nothing was heard of it.
    pub(crate) fn lost_try(&self, id: MessageId) -> Option<EffectId> {
        self.pending.get(&id)?.attempt
    }

    /// Takes the result of a try; `None` if nobody waits for it.
    pub(crate) fn finish(
        &mut self,
        attempt: EffectId,
        result: DeliveryResult,
        rng: &mut Rng,
        now: Now,
    ) -> Option<Message> {
        let pending = self.pending.values_mut().find(|pending| pending.attempt == Some(attempt))?;
        pending.attempt = None;
        let id = pending.message.id;
        let failed = pending.failed() + 1;
        match result {
            DeliveryResult::Delivered => pending.message.delivery = Delivery::Delivered { at: now.utc },
            DeliveryResult::Failed { error, .. }
                if failed >= GIVE_UP_TRIES && elapsed(pending.message.created, now.utc) > GIVE_UP_AFTER =>
            {
                pending.message.delivery = Delivery::Abandoned { at: now.utc, error };
            }
            DeliveryResult::Failed { error, perhaps_received, permanent } => {
                let perhaps_received = perhaps_received || pending.perhaps_received();
                pending.message.delivery = Delivery::Waiting { failed, error: Some(error), perhaps_received };
                pending.due = now.monotonic + wait_after(failed, permanent, rng);
            }
        }
        let message = pending.message.clone();
        if matches!(message.delivery, Delivery::Delivered { .. } | Delivery::Abandoned { .. }) {
            self.pending.remove(&id);
        }
        Some(message)
    }
}

fn wait_after(failed: u32, permanent: bool, rng: &mut Rng) -> Duration {
    let doubled = RETRY_FIRST.saturating_mul(1 << failed.saturating_sub(1).min(16));
    rng.jitter(if permanent { RETRY_PERMANENT } else { doubled.min(RETRY_LONGEST) })
}
