//! Renders messages in the reader's language and delivers them: by e-mail, webhook or command.
//!
//! Architecture invariant: nothing here decides whether, when or how often to tell. [`Courier::deliver`] makes one try
//! to bring one message to one channel and says truthfully how it ended; merging, retries and quiet hours are rules of
//! `estatus-core`.

mod command;
mod email;
mod payload;
mod redactor;
mod report;
mod smtp;
mod text;
mod undelivered;
mod webhook;

use std::{future::Future, sync::Arc, time::Duration};

use estatus_core::{
    config::{Channel, EmailChannel},
    incident::{Delivery, DeliveryResult, Message},
    ports::Ports,
    words::Words,
};
use tokio::time::timeout;

pub use crate::payload::{
    Payload, PayloadAlert, PayloadApproval, PayloadAttempt, PayloadBefore, PayloadFailedStep, PayloadFleet,
    PayloadIncident, PayloadProgram, PayloadRun, PayloadSuccess, PayloadTold, PayloadUndoing,
};
use crate::{command::CommandDelivery, email::Mail, report::Report, smtp::SmtpDelivery, webhook::WebhookDelivery};

/// Renders and delivers messages.
pub struct Courier {
    ports: Arc<dyn Ports>,
    installation: String,
}

impl Courier {
    /// `installation` is this data folder's random name: letters, digits and `-`. It is part of every Message-ID, so
    /// that two installations with the same sender never write the same one.
    ///
    /// Makes *ring* the process's provider of cryptography for TLS, unless there is one already.
    pub fn new(ports: Arc<dyn Ports>, installation: String) -> Self {
        // An error means that there is a provider, which is all that is needed.
        let _already_there = rustls::crypto::ring::default_provider().install_default();
        Self { ports, installation }
    }

    /// Makes one try to bring `message` to `channel`. Takes at most the channel's timeout, and a second to say goodbye.
    ///
    /// A mail has the same Message-ID and the same content at every try.
    pub async fn deliver(&self, channel: &Channel, message: &Message, words: &Words) -> DeliveryResult {
        let report = Report::of(message, words);
        match channel {
            Channel::Email(email) => self.mail(email, message, &report, words).await,
            Channel::Webhook(webhook) => {
                let payload = Payload::new(&self.installation, message, &report, words);
                WebhookDelivery { channel: webhook, ports: &*self.ports, words }.deliver(&payload).await
            }
            Channel::Command(command) => {
                let payload = Payload::new(&self.installation, message, &report, words);
                CommandDelivery { channel: command, ports: &*self.ports, words }.deliver(&payload).await
            }
        }
    }

    /// Sends a test message to the channel that is called `name`; a mail fails if a single one of its recipients is refused.
    /// Each failure is explained in one sentence with the remedy.
    pub async fn test(&self, name: &str, channel: &Channel, words: &Words) -> DeliveryResult {
        match channel {
            Channel::Email(email) => {
                let report = Report::test_mail(email, words);
                let mail = Mail::test(email, &self.installation, &report, words);
                self.smtp(email, words, 0, true).deliver(mail).await
            }
            Channel::Webhook(webhook) => {
                let payload = Payload::test(&self.installation, name, &Report::test(name, words), words);
                WebhookDelivery { channel: webhook, ports: &*self.ports, words }.deliver(&payload).await
            }
            Channel::Command(command) => {
                let payload = Payload::test(&self.installation, name, &Report::test(name, words), words);
                CommandDelivery { channel: command, ports: &*self.ports, words }.deliver(&payload).await
            }
        }
    }

    async fn mail(&self, channel: &EmailChannel, message: &Message, report: &Report, words: &Words) -> DeliveryResult {
        let failed = match message.delivery {
            Delivery::Waiting { failed, .. } | Delivery::Sending { failed, .. } => failed,
            Delivery::Delivered { .. }
            | Delivery::Merged { .. }
            | Delivery::Withdrawn { .. }
            | Delivery::Abandoned { .. } => 0,
        };
        let mail = Mail::of(channel, &self.installation, message, report, words);
        self.smtp(channel, words, failed, false).deliver(mail).await
    }

    fn smtp<'a>(
        &'a self,
        channel: &'a EmailChannel,
        words: &'a Words,
        failed: u32,
        everybody: bool,
    ) -> SmtpDelivery<'a> {
        SmtpDelivery { channel, ports: &*self.ports, words, failed, everybody }
    }
}

/// `future`'s output, unless it takes longer than `limit`.
async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    timeout(limit, future).await.ok()
}
