//! What the user was told.

use std::{collections::BTreeMap, time::Duration};

use estatus_core::{
    ids::{IncidentId, MessageId},
    incident::{Message, News},
};

/// What one channel's reader has read.
#[derive(Default)]
pub(crate) struct Inbox {
    /// When each message first came.
    pub(crate) received: BTreeMap<MessageId, (Duration, Message)>,
    /// How many came a second time, as the same message.
    pub(crate) repeated: u64,
    told_down: BTreeMap<IncidentId, MessageId>,
    told_over: BTreeMap<IncidentId, MessageId>,
}

impl Inbox {
    /// A message comes. A reader recognises one that came before by its number, if it is the same.
    pub(crate) fn receive(&mut self, message: &Message, now: Duration) {
        if let Some((_, before)) = self.received.get(&message.id) {
            assert_eq!(before.alerts, message.alerts, "message {:?} came twice with different contents", message.id);
            self.repeated += 1;
            return;
        }
        self.received.insert(message.id, (now, message.clone()));
        for alert in &message.alerts {
            let (told, id) = match &alert.news {
                News::Down { incident } => (&mut self.told_down, incident.id),
                News::Recovered { incident } => (&mut self.told_over, incident.id),
                _ => continue,
            };
            let before = told.insert(id, message.id);
            assert!(before.is_none(), "{:?} was told twice, in {before:?} and {:?}", alert.news, message.id);
        }
        assert!(message.answers.iter().all(|id| *id < message.id), "a message answers a later one: {message:?}");
    }

    /// Whether the reader knows that `incident` began.
    pub(crate) fn knows(&self, incident: IncidentId) -> bool {
        self.told_down.contains_key(&incident) || self.told_over.contains_key(&incident)
    }

    /// Whether the reader was told that `incident` began, and not that it is over.
    pub(crate) fn left_in_the_dark(&self, incident: IncidentId) -> bool {
        self.told_down.contains_key(&incident) && !self.told_over.contains_key(&incident)
    }
}
