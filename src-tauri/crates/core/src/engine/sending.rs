//! A message is due: it is sent now, when it is no longer quiet, or not at all.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Effect, Engine};
use crate::{
    config::AlertPolicy,
    ids::MessageId,
    incident::{Alert, DeliveryResult, News},
    time::Now,
    words,
};

impl Engine {
    /// A message is due: it goes out now, or when it is no longer quiet.
    pub(super) fn send(&mut self, id: MessageId, now: Now) {
        if let Some(attempt) = self.outbox.lost_try(id) {
            let error = words::text(self.config.language, "delivery.unheard", &[]);
            let lost = DeliveryResult::Failed { error, perhaps_received: true, permanent: false };
            return self.delivered(attempt, lost, now);
        }
        if self.give_up_parked(id, now) {
            return;
        }
        if let Some(until) = quiet_until(&self.config.alerts, self.memory.snoozed_until, now.utc) {
            self.outbox.hold(id, now.instant_of(until));
            return;
        }
        let attempt = self.owners.number();
        let (monitors, programs, fleets) = (&self.monitors, &self.programs, &self.fleets);
        let conversation = |channel: &str, alert: &Alert| match alert.check {
            Some(_) => monitors
                .memory(&alert.subject)
                .map(|memory| memory.conversation(channel, &alert.news))
                .unwrap_or_default(),
            None if matches!(alert.news, News::Cooling { .. } | News::Steady) => {
                programs.get(&alert.subject).and_then(|it| it.memory.told.get(channel).cloned()).unwrap_or_default()
            }
            // A flow or a fleet may have the name of a program.
            None => {
                let memory = alert.news.trouble().and_then(|of| Some((of, fleets.memory(&alert.subject)?)));
                memory.and_then(|(of, memory)| memory.conversation(of, channel)).cloned().unwrap_or_default()
            }
        };
        let (message, merged) = self.outbox.begin(id, attempt, now.monotonic, |message| {
            let mut answers: Vec<MessageId> =
                message.alerts.iter().flat_map(|alert| conversation(&message.channel, alert)).collect();
            answers.sort_unstable();
            answers.dedup();
            answers
        });
        for message in merged {
            self.message_left(message);
        }
        let Some(message) = message else { return };
        self.dirty_messages.insert(id, None);
        self.effects.push_back(Effect::SendAlert { id: attempt, message: Arc::new(message) });
    }
}

/// Until when nothing may be told, if `at` lies in quiet hours or a snooze.
pub(super) fn quiet_until(policy: &AlertPolicy, snoozed_until: Option<Timestamp>, at: Timestamp) -> Option<Timestamp> {
    let mut end = snoozed_until.map_or(at, |until| until.max(at));
    // One span may begin where another ends; each can carry on the wait once.
    for _ in 0..=policy.quiet_hours.len() {
        end = policy.quiet_hours.iter().map(|span| span.end_after(end)).max().unwrap_or(end).max(end);
    }
    (end > at).then_some(end)
}
