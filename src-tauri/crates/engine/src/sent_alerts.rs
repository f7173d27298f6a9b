//! What is told of incidents, for whoever shows them: the core forgets a message once it is delivered.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use estatus_api::AlertState;
use estatus_core::{
    ids::{IncidentId, MessageId},
    incident::Message,
};

/// The alerts of so many incidents that are over are remembered: a message may still be on its way.
const OVER: usize = 500;

/// The alerts of open incidents, and of those that were over lately.
#[derive(Debug, Default)]
pub(crate) struct SentAlerts {
    alerts: BTreeMap<IncidentId, BTreeMap<MessageId, Vec<AlertState>>>,
    /// The incidents that are over, in the order in which they ended.
    over: VecDeque<IncidentId>,
}

impl SentAlerts {
    /// Takes in how a message stands. Gives back the incidents that it tells of.
    pub(crate) fn hear(&mut self, message: &Message) -> BTreeSet<IncidentId> {
        let mut told = BTreeSet::new();
        for incident in message.alerts.iter().filter_map(|alert| alert.news.incident()) {
            if !told.insert(incident.id) {
                continue;
            }
            let alerts = AlertState::of(message, incident.id).collect();
            self.alerts.entry(incident.id).or_default().insert(message.id, alerts);
            if incident.closed.is_some() {
                self.is_over(incident.id);
            }
        }
        told
    }

    /// Takes in that an incident is over. Of those that are, the oldest beyond [`OVER`] are forgotten.
    pub(crate) fn is_over(&mut self, incident: IncidentId) {
        if self.over.contains(&incident) {
            return;
        }
        self.over.push_back(incident);
        if self.over.len() > OVER
            && let Some(oldest) = self.over.pop_front()
        {
            self.alerts.remove(&oldest);
        }
    }

    /// What was told of an incident, the first first.
    pub(crate) fn of(&self, incident: IncidentId) -> Vec<AlertState> {
        self.alerts.get(&incident).into_iter().flat_map(BTreeMap::values).flatten().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use estatus_core::{
        Timestamp,
        incident::{Alert, Before, Delivery, Incident, News},
        observation::{Cause, Failure, Phase},
    };

    use super::*;

    fn incident(id: u64) -> Incident {
        let failure = || Failure::new(Phase::Connect, Cause::Refused);
        Incident {
            id: IncidentId(id),
            monitor: "page".into(),
            opened: Timestamp::UNIX_EPOCH,
            closed: None,
            cause: failure(),
            last: failure(),
            acknowledged: None,
            before: Before::default(),
            attempts: Vec::new(),
            earlier_attempts: 0,
            escalated: None,
            measured: None,
        }
    }

    fn message(id: u64, incidents: &[u64], delivery: Delivery) -> Message {
        let alert = |incident: &u64| Alert {
            subject: Arc::from("page"),
            check: None,
            target: String::new(),
            news: News::Down { incident: self::incident(*incident) },
        };
        Message {
            id: MessageId(id),
            channel: "email".to_owned(),
            alerts: incidents.iter().map(alert).collect(),
            created: Timestamp::UNIX_EPOCH + Duration::from_secs(id),
            answers: Vec::new(),
            delivery,
        }
    }

    fn waiting() -> Delivery {
        Delivery::Waiting { failed: 0, error: None, perhaps_received: false }
    }

    const DELIVERED: Delivery = Delivery::Delivered { at: Timestamp::UNIX_EPOCH };

    #[test]
    fn an_alert_is_known_as_it_stands_when_its_message_is_long_delivered() {
        let mut told = SentAlerts::default();
        assert_eq!(told.hear(&message(1, &[7, 8], waiting())), [IncidentId(7), IncidentId(8)].into());
        assert_eq!(told.of(IncidentId(7))[0].delivery, waiting());
        told.hear(&message(1, &[7, 8], DELIVERED));
        told.hear(&message(2, &[7], waiting()));
        let states =
            |incident| told.of(IncidentId(incident)).into_iter().map(|alert| alert.delivery).collect::<Vec<_>>();
        assert_eq!((states(7), states(8), states(9)), (vec![DELIVERED, waiting()], vec![DELIVERED], vec![]));
    }

    #[test]
    fn of_incidents_that_are_over_the_oldest_are_forgotten_and_of_open_ones_none() {
        let mut told = SentAlerts::default();
        for id in 0..700 {
            told.hear(&message(id, &[id], DELIVERED));
            if id >= 100 {
                told.is_over(IncidentId(id));
            }
        }
        let known = |incident| !told.of(IncidentId(incident)).is_empty();
        assert!((0..100).chain(200..700).all(known) && !(100..200).any(known));
    }
}
