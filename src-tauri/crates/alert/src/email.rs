//! Puts a mail together.

use std::time::{SystemTime, UNIX_EPOCH};

use estatus_core::{
    config::EmailChannel,
    ids::MessageId,
    incident::{DeliveryResult, Message},
    words::Words,
};
use lettre::{
    Address,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};

use crate::{report::Report, text::one_line, undelivered::permanent};

/// The most Message-IDs that References names: of a longer conversation the first one and the last ones, as RFC 5537
/// (3.4.4) has it for news.
const REFERENCES_LIMIT: usize = 20;

/// A mail, ready to be sent.
#[derive(Debug)]
pub(crate) struct Mail {
    pub(crate) sender: Address,
    pub(crate) recipients: Vec<Address>,
    /// Header and body as they go over the wire; ASCII, lines end with CR LF.
    pub(crate) content: Vec<u8>,
}

impl Mail {
    /// The mail that tells `message`, or why there can be none.
    pub(crate) fn of(
        channel: &EmailChannel,
        installation: &str,
        message: &Message,
        report: &Report,
        words: &Words,
    ) -> Result<Self, DeliveryResult> {
        let id = |MessageId(number): MessageId| format!("estatus-{installation}-{number}");
        let answers = message.answers.iter().copied().map(id).collect();
        Draft { channel, id: id(message.id), answers, report, words }.finish()
    }

    /// A test mail, or why there can be none.
    pub(crate) fn test(
        channel: &EmailChannel,
        installation: &str,
        report: &Report,
        words: &Words,
    ) -> Result<Self, DeliveryResult> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let id = format!("estatus-{installation}-test-{now}");
        Draft { channel, id, answers: Vec::new(), report, words }.finish()
    }
}

/// What a mail is made of. Message-IDs are without their domain.
struct Draft<'a> {
    channel: &'a EmailChannel,
    id: String,
    answers: Vec<String>,
    report: &'a Report,
    words: &'a Words,
}

impl Draft<'_> {
    fn finish(self) -> Result<Mail, DeliveryResult> {
        let from = self.mailbox(&self.channel.from)?;
        let to: Vec<Mailbox> = self.channel.to.iter().map(|to| self.mailbox(to)).collect::<Result<_, _>>()?;
        let domain = from.email.domain();
        let with_domain = |id: &str| format!("<{id}@{domain}>");
        let (sender, recipients) = (from.email.clone(), to.iter().map(|to| to.email.clone()).collect());

        let mut mail = lettre::Message::builder()
            .from(from.clone())
            .subject(one_line(&self.report.subject, usize::MAX))
            .message_id(Some(with_domain(&self.id)))
            // RFC 3834: no vacation notice shall answer this.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        for to in to {
            mail = mail.to(to);
        }
        if let Some(last) = self.answers.last() {
            let references: Vec<String> = self.references().map(with_domain).collect();
            mail = mail.in_reply_to(with_domain(last)).references(references.join(" "));
        }
        let parts = MultiPart::alternative_plain_html(self.report.text(), self.report.html());
        let mail = mail
            .multipart(parts)
            .map_err(|error| permanent(self.words.text("delivery.mail", &[("error", &error.to_string())])))?;
        Ok(Mail { sender, recipients, content: mail.formatted() })
    }

    fn references(&self) -> impl Iterator<Item = &str> {
        let left_out = 1..=self.answers.len().saturating_sub(REFERENCES_LIMIT);
        let kept = self.answers.iter().enumerate().filter(move |(index, _)| !left_out.contains(index));
        kept.map(|(_, id)| id.as_str())
    }

    fn mailbox(&self, address: &str) -> Result<Mailbox, DeliveryResult> {
        address.parse().map_err(|error: lettre::address::AddressError| {
            let values = [("address", address), ("error", &error.to_string())];
            permanent(self.words.text("delivery.mailbox", &values))
        })
    }
}
