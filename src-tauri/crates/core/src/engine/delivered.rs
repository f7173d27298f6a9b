//! A try to send a message has ended: who was told what, for later messages to answer it.

use super::Engine;
use crate::{
    fleet::FleetMemory,
    ids::EffectId,
    incident::{Alert, Delivery, DeliveryResult, Message, News},
    time::Now,
};

impl Engine {
    pub(super) fn delivered(&mut self, id: EffectId, result: DeliveryResult, now: Now) {
        let Some(message) = self.outbox.finish(id, result, &mut self.rng, now) else { return };
        let read =
            matches!(message.delivery, Delivery::Delivered { .. } | Delivery::Waiting { perhaps_received: true, .. });
        if read {
            for alert in &message.alerts {
                self.remember_conversation(alert, &message);
            }
        }
        self.message_left(message);
    }

    fn remember_conversation(&mut self, alert: &Alert, message: &Message) {
        let about = alert.news.conversation().filter(|_| alert.check.is_some());
        match (&alert.news, about) {
            (News::Cooling { .. }, _) => {
                self.programs.change_memory(&alert.subject, |memory| memory.was_told(&message.channel, message.id));
            }
            (News::FleetTrouble { trouble, .. }, _) => {
                let told = |memory: &mut FleetMemory| memory.was_told(*trouble, &message.channel, message.id);
                self.fleets.change_memory(&alert.subject, told);
            }
            (_, Some(about)) => {
                let told = (about, message.id);
                self.monitors.change_memory(&alert.subject, |memory| memory.was_told(&message.channel, told));
            }
            _ => {}
        }
    }
}
