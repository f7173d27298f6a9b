//! The messages that are on their way: what waits, what joins it, and what is taken out of it.

mod tries;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;

use crate::{
    config::Language,
    fleet::Trouble,
    ids::{EffectId, IncidentId, MessageId},
    incident::{Alert, Delivery, Message, News},
    time::{Instant, Now},
    words,
};

/// A waiting message takes alerts up to so many; the next one begins another, which goes with it. Each alert that is added
/// writes the whole message down again: without this bound the work would grow with the square of the alerts.
const WAITING_LIMIT: usize = 20;

#[derive(Clone, Debug)]
struct Pending {
    message: Message,
    due: Instant,
    attempt: Option<EffectId>,
    /// It is put off as nothing may be told now.
    held: bool,
    /// Its channel is not configured: when it is given up.
    parked_until: Option<Instant>,
}

/// What a message waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waits {
    /// Its time.
    ForItsTime,
    /// Its channel, which is not configured.
    ForItsChannel,
}

impl Pending {
    fn new(message: Message, due: Instant) -> Self {
        Self { message, due, attempt: None, held: false, parked_until: None }
    }

    /// Whether it may still be changed: nobody can have read it.
    fn is_open(&self) -> bool {
        matches!(self.message.delivery, Delivery::Waiting { perhaps_received: false, .. })
    }

    /// When something is to be done with it: it is sent, its try is taken for lost, or it is given up.
    fn next(&self) -> Instant {
        self.parked_until.filter(|_| self.attempt.is_none()).unwrap_or(self.due)
    }

    fn failed(&self) -> u32 {
        match self.message.delivery {
            Delivery::Waiting { failed, .. } | Delivery::Sending { failed, .. } => failed,
            Delivery::Delivered { .. }
            | Delivery::Merged { .. }
            | Delivery::Withdrawn { .. }
            | Delivery::Abandoned { .. } => 0,
        }
    }

    /// Whether the receiver may have got it at any try so far.
    fn perhaps_received(&self) -> bool {
        matches!(
            self.message.delivery,
            Delivery::Waiting { perhaps_received: true, .. } | Delivery::Sending { perhaps_received: true, .. }
        )
    }
}

/// The messages that are neither delivered nor given up.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    pending: BTreeMap<MessageId, Pending>,
    last: MessageId,
}

impl Outbox {
    /// The outbox as it was left. What was being sent may have been received, so it is sent again as it is.
    pub(crate) fn restored(messages: Vec<Message>, last: MessageId, now: Instant) -> Self {
        let pending = messages
            .into_iter()
            .map(|mut message| {
                if let Delivery::Sending { failed, .. } = message.delivery {
                    message.delivery = Delivery::Waiting { failed, error: None, perhaps_received: true };
                }
                (message.id, Pending::new(message, now))
            })
            .collect();
        Self { pending, last }
    }

    /// Whether a message on its way tells `channel` of `incident`.
    pub(crate) fn will_tell(&self, channel: &str, monitor: &str, incident: IncidentId) -> bool {
        let tells = |alert: &Alert| *alert.subject == *monitor && alert.news.conversation() == Some(incident);
        self.messages().any(|message| message.channel == channel && message.alerts.iter().any(tells))
    }

    /// Whether a message on its way tells `channel` that a program is cooling.
    pub(crate) fn will_tell_of(&self, channel: &str, program: &str) -> bool {
        let tells = |alert: &Alert| *alert.subject == *program && matches!(alert.news, News::Cooling { .. });
        self.messages().any(|message| message.channel == channel && message.alerts.iter().any(tells))
    }

    /// Whether a message on its way tells `channel` of a trouble of a fleet.
    pub(crate) fn will_tell_trouble(&self, channel: &str, fleet: &str, of: Trouble) -> bool {
        let tells = |alert: &Alert| {
            *alert.subject == *fleet && matches!(alert.news, News::FleetTrouble { trouble, .. } if trouble == of)
        };
        self.messages().any(|message| message.channel == channel && message.alerts.iter().any(tells))
    }

    /// Adds an alert for a channel: to a message that waits there, or to a new one that goes with it, or waits
    /// `merge_within` where there is none.
    pub(crate) fn post(&mut self, channel: &str, alert: Alert, merge_within: Duration, now: Now) -> MessageId {
        let mut waiting: Vec<&mut Pending> = self
            .pending
            .values_mut()
            .filter(|pending| pending.message.channel == channel && pending.is_open())
            .collect();
        let first = waiting.iter().min_by_key(|pending| pending.due);
        let goes_with = first.map(|first| (first.due, first.held, first.parked_until));
        let knows = |pending: &Pending| pending.message.alerts.iter().any(|known| is_about_the_same(known, &alert));
        let place = waiting
            .iter()
            .position(|pending| knows(pending))
            .or_else(|| waiting.iter().position(|pending| pending.message.alerts.len() < WAITING_LIMIT));
        if let Some(pending) = place.and_then(|place| waiting.get_mut(place)) {
            add(&mut pending.message, alert);
            return pending.message.id;
        }
        self.last = MessageId(self.last.0 + 1);
        let message = Message {
            id: self.last,
            channel: channel.to_owned(),
            alerts: vec![alert],
            created: now.utc,
            answers: Vec::new(),
            delivery: Delivery::Waiting { failed: 0, error: None, perhaps_received: false },
        };
        let (due, held, parked_until) = goes_with.unwrap_or((now.monotonic + merge_within, false, None));
        self.pending.insert(self.last, Pending { held, parked_until, ..Pending::new(message, due) });
        self.last
    }

    /// When the next message is due. A channel takes one at a time, so that an answer never overtakes what it answers.
    pub(crate) fn next_due(&self) -> Option<(Instant, MessageId)> {
        let busy: BTreeSet<&str> = self
            .pending
            .values()
            .filter(|pending| pending.attempt.is_some())
            .map(|pending| pending.message.channel.as_str())
            .collect();
        let is_next =
            |pending: &&Pending| pending.attempt.is_some() || !busy.contains(pending.message.channel.as_str());
        let waiting = self.pending.values().filter(is_next);
        waiting.map(|pending| (pending.next(), pending.message.id)).min()
    }

    /// The messages, in the order of their numbers.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.pending.values().map(|pending| &pending.message)
    }

    /// The newest number ever given.
    pub(crate) fn last(&self) -> MessageId {
        self.last
    }

    /// The message, if it is still on its way.
    pub(crate) fn get(&self, id: MessageId) -> Option<&Message> {
        self.pending.get(&id).map(|pending| &pending.message)
    }

    /// What a message waits for.
    pub(crate) fn waits(&self, id: MessageId) -> Waits {
        let parked = self.pending.get(&id).is_some_and(|pending| pending.parked_until.is_some());
        if parked { Waits::ForItsChannel } else { Waits::ForItsTime }
    }

    /// Puts a due message off, as nothing may be told before `until`.
    pub(crate) fn hold(&mut self, id: MessageId, until: Instant) {
        if let Some(pending) = self.pending.get_mut(&id) {
            pending.due = until;
            pending.held = true;
        }
    }

    /// Looks again at what was held: a snooze has been set or ended, the quiet hours or the clock have changed.
    pub(crate) fn release(&mut self, now: Instant) {
        for pending in self.pending.values_mut().filter(|pending| pending.held) {
            pending.held = false;
            pending.due = pending.due.min(now);
        }
    }

    /// Puts aside what is addressed to channels that do not exist, to be given up at `until`; what was put aside and has its
    /// channel again is due.
    pub(crate) fn park(&mut self, exists: impl Fn(&str) -> bool, until: Instant, now: Instant) {
        for pending in self.pending.values_mut() {
            if !exists(&pending.message.channel) {
                pending.parked_until.get_or_insert(until);
            } else if pending.parked_until.take().is_some() {
                pending.due = pending.due.min(now);
            }
        }
    }

    /// What waits for the channel `old` goes to `new`; these messages come back.
    pub(crate) fn rename(&mut self, old: &str, new: &str) -> Vec<Message> {
        let waiting = self.pending.values_mut().filter(|pending| pending.message.channel == old);
        waiting
            .map(|pending| {
                new.clone_into(&mut pending.message.channel);
                pending.message.clone()
            })
            .collect()
    }

    /// Takes what nobody is to hear any more out of the messages that nobody can have read; one that tells nothing else is
    /// not sent. Those that this changed come back.
    pub(crate) fn withdraw(&mut self, is_over: impl Fn(&Alert) -> bool, now: Timestamp) -> Vec<Message> {
        let tells = |pending: &Pending| pending.is_open() && pending.message.alerts.iter().any(&is_over);
        let changed: Vec<MessageId> =
            self.pending.iter().filter(|(_, pending)| tells(pending)).map(|(id, _)| *id).collect();
        changed.into_iter().filter_map(|id| self.withdraw_from(id, &is_over, now)).collect()
    }

    fn withdraw_from(&mut self, id: MessageId, is_over: impl Fn(&Alert) -> bool, now: Timestamp) -> Option<Message> {
        let message = &mut self.pending.get_mut(&id)?.message;
        if message.alerts.iter().all(&is_over) {
            let message = self.pending.remove(&id)?.message;
            return Some(Message { delivery: Delivery::Withdrawn { at: now }, ..message });
        }
        message.alerts.retain(|alert| !is_over(alert));
        Some(message.clone())
    }

    /// Gives up a message whose channel no longer exists; says so in `language`.
    pub(crate) fn abandon(&mut self, id: MessageId, language: Language, now: Timestamp) -> Option<Message> {
        let mut message = self.pending.remove(&id)?.message;
        let error = words::text(language, "delivery.no_channel", &[("channel", &message.channel)]);
        message.delivery = Delivery::Abandoned { at: now, error };
        Some(message)
    }

    /// Tries at once what has failed before: the network is back, or the configuration has changed.
    pub(crate) fn hurry(&mut self, now: Instant) {
        let failed = self.pending.values_mut().filter(|pending| pending.attempt.is_none() && pending.failed() > 0);
        failed.for_each(|pending| pending.due = pending.due.min(now));
    }
}

/// Adds what is new of an incident in the place of what is old of it: nobody has read that yet.
fn add(message: &mut Message, alert: Alert) {
    let known = message.alerts.iter_mut().find(|known| is_about_the_same(known, &alert));
    match known {
        Some(known) if matches!((&known.news, &alert.news), (News::Down { .. }, News::Reminder { .. })) => {}
        Some(known) => *known = alert,
        None => message.alerts.push(alert),
    }
}

fn is_about_the_same(one: &Alert, other: &Alert) -> bool {
    same_incident(one, other) || same_warning(one, other) || same_trouble(one, other)
}

fn same_incident(one: &Alert, other: &Alert) -> bool {
    let about = one.news.conversation();
    about.is_some() && about == other.news.conversation() && one.subject == other.subject
}

fn same_warning(one: &Alert, other: &Alert) -> bool {
    let warns = |alert: &Alert| matches!(alert.news, News::Warning { .. });
    one.subject == other.subject && warns(one) && warns(other)
}

fn same_trouble(one: &Alert, other: &Alert) -> bool {
    let about = one.news.trouble();
    about.is_some() && about == other.news.trouble() && one.subject == other.subject
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        ids::EffectId,
        incident::{Before, DeliveryResult, Incident},
        observation::{Cause, Failure, Phase},
        schedule::Rng,
    };

    fn incident(id: u64) -> Incident {
        let failure = || Failure::new(Phase::Connect, Cause::Refused);
        Incident {
            id: IncidentId(id),
            monitor: "page".into(),
            opened: Timestamp::UNIX_EPOCH,
            measured: None,
            closed: None,
            cause: failure(),
            last: failure(),
            acknowledged: None,
            before: Before::default(),
            attempts: Vec::new(),
            earlier_attempts: 0,
            escalated: None,
        }
    }

    fn alert(news: News) -> Alert {
        Alert { subject: Arc::from("page"), check: None, target: String::new(), news }
    }

    fn down(id: u64) -> Alert {
        alert(News::Down { incident: incident(id) })
    }

    fn recovered(id: u64) -> Alert {
        alert(News::Recovered { incident: incident(id) })
    }

    fn at(seconds: u64) -> Now {
        let since = Duration::from_secs(seconds);
        Now { monotonic: Instant::from_boot(since), slept: Duration::ZERO, utc: Timestamp::UNIX_EPOCH + since }
    }

    const MERGES: Duration = Duration::from_secs(10);

    fn empty() -> Outbox {
        Outbox::restored(Vec::new(), MessageId(0), at(0).monotonic)
    }

    fn begin(outbox: &mut Outbox, id: MessageId, attempt: u64) -> (Message, usize) {
        let (message, merged) = outbox.begin(id, EffectId(attempt), at(0).monotonic, |_| Vec::new());
        (message.unwrap(), merged.len())
    }

    #[test]
    fn many_alerts_wait_in_small_messages_that_go_as_one() {
        let mut outbox = empty();
        for id in 1..=50 {
            outbox.post("mail", down(id), MERGES, at(id / 10));
        }
        assert!(outbox.messages().all(|message| message.alerts.len() <= WAITING_LIMIT));
        // What is new of an incident is told in the place of what is old, wherever that waits.
        outbox.post("mail", recovered(3), MERGES, at(9));
        let (due, first) = outbox.next_due().unwrap();
        assert_eq!((due, first), (at(10).monotonic, MessageId(1)));
        let (message, merged) = begin(&mut outbox, first, 1);
        assert_eq!((message.alerts.len(), merged), (50, 2));
        assert_eq!(message.alerts[2], recovered(3));
        assert_eq!(outbox.messages().count(), 1);
    }

    #[test]
    fn what_nobody_is_to_hear_any_more_is_taken_out_of_what_nobody_can_have_read() {
        let mut outbox = empty();
        let is_over = |told: &Alert| *told == down(1);
        let alone = outbox.post("desk", down(1), MERGES, at(0));
        let mixed = outbox.post("mail", down(1), MERGES, at(0));
        outbox.post("mail", down(2), MERGES, at(0));
        let withdrawn = outbox.withdraw(is_over, at(5).utc);
        let told: Vec<_> = withdrawn.iter().map(|message| (message.id, message.alerts.as_slice())).collect();
        assert_eq!(told, [(alone, [down(1)].as_slice()), (mixed, [down(2)].as_slice())]);
        assert_eq!(withdrawn[0].delivery, Delivery::Withdrawn { at: at(5).utc });
        assert_eq!(outbox.messages().map(|message| message.id).collect::<Vec<_>>(), [mixed]);
        assert_eq!(outbox.withdraw(is_over, at(5).utc), []);

        // Of one that is being sent it is not known whether it is read.
        let sent = outbox.post("phone", down(1), MERGES, at(6));
        begin(&mut outbox, sent, 1);
        assert_eq!(outbox.withdraw(is_over, at(7).utc), []);
    }

    #[test]
    fn what_is_older_of_an_incident_never_takes_the_place_of_what_is_newer() {
        let mut outbox = empty();
        let first = outbox.post("mail", down(1), MERGES, at(0));
        outbox.post("mail", down(2), MERGES, at(0));
        begin(&mut outbox, first, 1);
        let second = outbox.post("mail", recovered(1), MERGES, at(1));
        let failed = DeliveryResult::Failed { error: String::new(), perhaps_received: false, permanent: true };
        outbox.finish(EffectId(1), failed, &mut Rng::new(1), at(2));
        let (message, _) = begin(&mut outbox, second, 2);
        assert_eq!(message.alerts, [recovered(1), down(2)]);
    }
}
