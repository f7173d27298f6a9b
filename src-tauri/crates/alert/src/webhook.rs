//! Tells by an HTTP request.

mod markdown;
mod messenger;
mod posting;
mod sending;
mod template;

use estatus_core::{
    config::{Receiver, WebhookChannel},
    incident::DeliveryResult,
    ports::Ports,
    words::Words,
};

use self::{posting::Preparing, sending::Sending};
use crate::{payload::Payload, redactor::Redactor};

/// One delivery by an HTTP request.
pub(crate) struct WebhookDelivery<'a> {
    pub(crate) channel: &'a WebhookChannel,
    pub(crate) ports: &'a dyn Ports,
    pub(crate) words: &'a Words,
}

impl WebhookDelivery<'_> {
    /// Posts `payload`.
    pub(crate) async fn deliver(&self, payload: &Payload) -> DeliveryResult {
        let WebhookChannel { receiver, timeout } = self.channel;
        let mut redactor = Redactor::default();
        let mut preparing = Preparing { payload, ports: self.ports, words: self.words, redactor: &mut redactor };
        match preparing.posting(receiver).await {
            Ok(posting) => {
                let is_preset = !matches!(receiver, Receiver::Json { .. });
                let (timeout, redactor, words) = (*timeout, &redactor, self.words);
                Sending { posting: &posting, channel: &payload.channel, is_preset, timeout, redactor, words }
                    .send()
                    .await
            }
            Err(why) => why,
        }
    }
}
