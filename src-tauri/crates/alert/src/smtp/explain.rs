//! Each failure of a delivery by SMTP in one sentence with the remedy.

use estatus_core::{config::EmailSecurity, incident::DeliveryResult, observation::Cause};
use estatus_tls::ConnectionError;

use super::{Answer, Conversation, SmtpDelivery, SmtpError, Stage};
use crate::{
    text::{SAID_LIMIT, one_line},
    undelivered::{permanent, temporary, unconfirmed},
};

impl SmtpDelivery<'_> {
    /// What to report of a conversation that came as far as this.
    pub(super) fn explain(&self, conversation: &Conversation, smtp_error: &SmtpError) -> DeliveryResult {
        let stage = conversation.stage;
        match smtp_error {
            SmtpError::Answer(answer) if stage == Stage::Hello => {
                let values = [("answer", said(answer)), ("hello", conversation.own_name.clone())];
                let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
                temporary(self.say("delivery.hello", &values))
            }
            SmtpError::Answer(answer) => self.answer(stage, answer),
            SmtpError::Recipients(refused) => self.recipients(refused),
            SmtpError::NoStartTls => permanent(self.say("delivery.no_starttls", &[])),
            SmtpError::NoLogin => permanent(self.say("delivery.no_login", &[])),
            SmtpError::International(address) => permanent(self.say("delivery.international", &[("address", address)])),
            SmtpError::Connection(_) | SmtpError::NotSmtp(_) | SmtpError::TimedOut if stage == Stage::Content => {
                let what = self.what_came(smtp_error);
                unconfirmed(self.say("delivery.unconfirmed", &[("error", &what)]))
            }
            SmtpError::NotSmtp(error) => {
                temporary(self.say("delivery.not_smtp", &[("error", &one_line(error, SAID_LIMIT))]))
            }
            SmtpError::TimedOut => temporary(self.timed_out(stage)),
            SmtpError::Connection(trouble) => temporary(self.trouble(stage, trouble)),
        }
    }

    /// What to report where the password cannot be had: the keyring may be locked for now, so this may pass.
    pub(super) fn no_password(&self, username: &str, error: &str) -> DeliveryResult {
        temporary(self.say("delivery.password", &[("username", username), ("error", error)]))
    }

    fn answer(&self, stage: Stage, answer: &Answer) -> DeliveryResult {
        let said = said(answer);
        let username = self.channel.login.as_ref().map(|login| login.username.as_str()).unwrap_or_default();
        let say = |key| self.say(key, &[("answer", &said), ("username", username), ("from", &self.channel.from)]);
        // A server that turns this machine away now may have it on a list for an hour, or it is another's server: a
        // hotel's portal, for one.
        let early = matches!(stage, Stage::Lookup | Stage::Connect | Stage::StartTls);
        if early && answer.is_permanent() {
            return temporary(say("delivery.greeting"));
        }
        if !answer.is_permanent() {
            return temporary(say("delivery.later"));
        }
        permanent(say(match (stage, answer.code) {
            // RFC 3207 (4) and RFC 4954 (6) have the same code for both.
            (_, 530) if said.to_uppercase().contains("STARTTLS") => "delivery.starttls_required",
            (Stage::Sender | Stage::Recipients | Stage::Data, 530) => "delivery.login_required",
            (Stage::Login, _) => "delivery.login",
            (Stage::Sender, _) => "delivery.sender",
            _ => "delivery.content",
        }))
    }

    fn recipients(&self, refused: &[(lettre::Address, Answer)]) -> DeliveryResult {
        let all_permanent = refused.iter().all(|(_, answer)| answer.is_permanent());
        // Where some are refused for good and some for the moment, what must be corrected is said first.
        let first = refused.iter().find(|(_, answer)| answer.is_permanent()).or_else(|| refused.first());
        let Some((_, answer)) = first else { return temporary(self.say("delivery.closed", &[])) };
        if answer.code == 530 {
            return self.answer(Stage::Recipients, answer);
        }
        let of_that_kind = refused.iter().filter(|(_, other)| other.is_permanent() == answer.is_permanent());
        let to: Vec<String> = of_that_kind.map(|(to, _)| to.to_string()).collect();
        let values = [("to", one_line(&to.join(", "), SAID_LIMIT)), ("answer", said(answer))];
        let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
        let key = if answer.is_permanent() { "delivery.recipient" } else { "delivery.recipient_later" };
        let error = self.say(key, &values);
        if all_permanent { permanent(error) } else { temporary(error) }
    }

    fn trouble(&self, stage: Stage, trouble: &ConnectionError) -> String {
        match (trouble, self.channel.security) {
            (ConnectionError::Refused, _) => self.say("delivery.refused_smtp", &[]),
            (ConnectionError::NotTls, EmailSecurity::Tls) if stage == Stage::Connect => {
                self.say("delivery.not_tls", &[])
            }
            (ConnectionError::Closed, EmailSecurity::StartTls | EmailSecurity::None) if stage == Stage::Connect => {
                self.say("delivery.silent", &[])
            }
            (ConnectionError::Tls(cause), _) if let Some(key) = with_trust(cause) => {
                self.say(key, &[("error", &self.words.cause(cause))])
            }
            _ => trouble.sentence(&self.channel.server.host, &self.server(), self.words),
        }
    }

    fn timed_out(&self, stage: Stage) -> String {
        match (stage, self.channel.security) {
            (Stage::Connect, EmailSecurity::Tls) => self.say("delivery.not_tls", &[]),
            (Stage::Connect, EmailSecurity::StartTls | EmailSecurity::None) => self.say("delivery.silent", &[]),
            _ => self.say("delivery.timed_out", &[("after", &self.words.span(self.channel.timeout))]),
        }
    }

    /// What came in place of the confirmation, in a few words.
    fn what_came(&self, smtp_error: &SmtpError) -> String {
        match smtp_error {
            SmtpError::TimedOut => {
                self.words.text("delivery.within", &[("after", &self.words.span(self.channel.timeout))])
            }
            SmtpError::NotSmtp(error) | SmtpError::Connection(ConnectionError::Broken(error)) => {
                one_line(error, SAID_LIMIT)
            }
            _ => self.words.text("delivery.no_answer", &[]),
        }
    }

    fn say(&self, key: &str, values: &[(&str, &str)]) -> String {
        let server = self.server();
        let values: Vec<_> = values.iter().copied().chain([("server", server.as_str())]).collect();
        self.words.text(key, &values)
    }

    fn server(&self) -> String {
        self.channel.server.to_string()
    }
}

/// The sentence about a certificate that a file can make trusted.
fn with_trust(cause: &Cause) -> Option<&'static str> {
    match cause {
        Cause::CertificateSelfSigned { .. } => Some("delivery.certificate_self_signed"),
        Cause::CertificateUnknownIssuer { .. } | Cause::CertificateAlone { .. } => {
            Some("delivery.certificate_untrusted_smtp")
        }
        Cause::TrustFile { .. } => Some("delivery.trust_file"),
        _ => None,
    }
}

fn said(answer: &Answer) -> String {
    format!("{} {}", answer.code, one_line(&answer.text, SAID_LIMIT)).trim_end().to_owned()
}
