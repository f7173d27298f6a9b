//! Messages to channels.

use std::{sync::Arc, time::Duration};

use estatus_core::{
    config::Channel,
    engine::Input,
    ids::EffectId,
    incident::{DeliveryResult, Message},
    words::Words,
};

use super::{Tasks, What};
use crate::{barrier::on_disk, bounded::bounded, workers::Workers};

/// The bound for a delivery, beyond any timeout that a channel may have.
pub(crate) const DELIVERS_WITHIN: Duration = Duration::from_secs(15 * 60);

impl<W: Workers> Tasks<W> {
    pub(crate) fn send_alert(&mut self, id: EffectId, channel: Option<Channel>, message: Arc<Message>, words: Words) {
        let (workers, results, barrier) = (Arc::clone(&self.workers), self.results.clone(), self.barrier.clone());
        let task = tokio::spawn(async move {
            on_disk(barrier).await;
            let result = match channel {
                Some(channel) => {
                    let delivery = workers.deliver(&channel, &message, &words);
                    bounded(DELIVERS_WITHIN, delivery).await.unwrap_or_else(|| delivery_lost(&words))
                }
                None => {
                    let error = words.text("delivery.no_channel", &[("channel", &message.channel)]);
                    DeliveryResult::Failed { error, perhaps_received: false, permanent: true }
                }
            };
            log_delivery(&message, &result);
            let _ = results.send(Input::Delivered { id, result }).await;
        });
        self.runs(id, What::Delivery, task.abort_handle());
    }
}

pub(crate) fn delivery_lost(words: &Words) -> DeliveryResult {
    let error = words.text("delivery.failed_in_itself", &[]);
    DeliveryResult::Failed { error, perhaps_received: true, permanent: false }
}

fn log_delivery(message: &Message, result: &DeliveryResult) {
    match result {
        DeliveryResult::Delivered => tracing::info!(channel = message.channel, "a message was delivered"),
        DeliveryResult::Failed { error, .. } => {
            tracing::warn!(channel = message.channel, %error, "a message was not delivered and will be tried again");
        }
    }
}
