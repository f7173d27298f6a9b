//! What is posted, and where.

use estatus_core::{
    config::{Receiver, WebhookUrl},
    incident::DeliveryResult,
    ports::Ports,
    secret::{Secret, SecretRef},
    words::Words,
};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;

use super::{messenger, template};
use crate::{
    payload::Payload,
    redactor::Redactor,
    text::{SAID_LIMIT, one_line},
    undelivered::{permanent, temporary},
};

/// A part of an address with fewer bytes is a word, not a secret.
const SECRET_PART: usize = 8;
/// Where messages for Pushover go (<https://pushover.net/api>).
const PUSHOVER: &str = "https://api.pushover.net/1/messages.json";
/// The header by which an application of Gotify says who it is (<https://gotify.net/docs/pushmsg>).
const GOTIFY_KEY: &str = "X-Gotify-Key";

/// A request that is ready to be sent.
pub(super) struct Posting {
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

/// A request that is being made ready.
pub(super) struct Preparing<'a> {
    pub(super) payload: &'a Payload,
    pub(super) ports: &'a dyn Ports,
    pub(super) words: &'a Words,
    /// It learns every secret that is used.
    pub(super) redactor: &'a mut Redactor,
}

impl Preparing<'_> {
    /// The request that tells `receiver`; or why there is none.
    pub(super) async fn posting(&mut self, receiver: &Receiver) -> Result<Posting, DeliveryResult> {
        let payload = self.payload;
        match receiver {
            Receiver::Json { url, headers, secret_headers, template } => {
                let body = template::body(template.as_deref(), payload, self.words)?;
                let url = match url {
                    WebhookUrl::Plain(url) => url.clone(),
                    WebhookUrl::Secret(place) => self.secret_url(place).await?,
                };
                let mut posting = self.ready(url, body);
                for (name, value) in headers {
                    self.add(&mut posting.headers, name, value, false)?;
                }
                for (name, place) in secret_headers {
                    let secret = self.secret_header(name, place).await?;
                    self.add(&mut posting.headers, name, secret.reveal(), true)?;
                }
                Ok(posting)
            }
            Receiver::Telegram { server, token, chat } => {
                let token = self.secret(token).await?;
                let url = below(server, &[&format!("bot{}", token.reveal().trim()), "sendMessage"]);
                Ok(self.posted(url, &messenger::telegram(chat, payload)))
            }
            Receiver::Discord { url } => {
                let url = self.secret_url(url).await?;
                Ok(self.posted(url, &messenger::discord(payload)))
            }
            Receiver::Slack { url } => {
                let url = self.secret_url(url).await?;
                Ok(self.posted(url, &messenger::slack(payload)))
            }
            Receiver::Teams { url } => {
                let url = self.secret_url(url).await?;
                Ok(self.posted(url, &messenger::teams(payload)))
            }
            Receiver::Ntfy { server, topic, token } => {
                let mut posting = self.posted(server.clone(), &messenger::ntfy(topic, payload));
                if let Some(token) = token {
                    let token = self.secret(token).await?;
                    let value = format!("Bearer {}", token.reveal().trim());
                    self.add(&mut posting.headers, AUTHORIZATION.as_str(), &value, true)?;
                }
                Ok(posting)
            }
            Receiver::Gotify { server, token } => {
                let token = self.secret(token).await?;
                let mut posting = self.posted(below(server, &["message"]), &messenger::gotify(payload));
                self.add(&mut posting.headers, GOTIFY_KEY, token.reveal().trim(), true)?;
                Ok(posting)
            }
            Receiver::Pushover { token, user } => {
                let token = self.secret(token).await?;
                let url = PUSHOVER.parse().map_err(|_| self.no_url())?;
                Ok(self.posted(url, &messenger::pushover(token.reveal().trim(), user, payload)))
            }
        }
    }

    fn posted(&mut self, url: Url, body: &Value) -> Posting {
        self.ready(url, body.to_string())
    }

    /// A request without headers of its own. The address itself lets whoever knows it in, with many services: what comes after
    /// the host is never repeated.
    fn ready(&mut self, url: Url, body: String) -> Posting {
        let parts = [Some(url.path().trim_matches('/')), url.query(), url.password()];
        for part in parts.into_iter().flatten().filter(|part| part.len() >= SECRET_PART) {
            self.redactor.know_text(part);
        }
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        Posting { url, headers, body }
    }

    async fn secret_header(&mut self, header: &str, place: &SecretRef) -> Result<Secret, DeliveryResult> {
        self.get(place, "delivery.secret", ("header", header)).await
    }

    async fn secret(&mut self, place: &SecretRef) -> Result<Secret, DeliveryResult> {
        self.get(place, "delivery.secret_of", ("channel", &self.payload.channel)).await
    }

    async fn get(&mut self, place: &SecretRef, key: &str, whose: (&str, &str)) -> Result<Secret, DeliveryResult> {
        let secret = self
            .ports
            .secret(place)
            .await
            .map_err(|error| temporary(self.words.text(key, &[whose, ("error", &error.to_string())])))?;
        self.redactor.know(&secret);
        // What is sent is without the white space around it.
        self.redactor.know_text(secret.reveal().trim());
        Ok(secret)
    }

    async fn secret_url(&mut self, place: &SecretRef) -> Result<Url, DeliveryResult> {
        let secret = self.secret(place).await?;
        let url = Url::parse(secret.reveal().trim()).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
        url.ok_or_else(|| self.no_url())
    }

    fn no_url(&self) -> DeliveryResult {
        permanent(self.words.text("delivery.secret_url", &[("channel", &self.payload.channel)]))
    }

    fn add(&self, headers: &mut HeaderMap, name: &str, value: &str, is_secret: bool) -> Result<(), DeliveryResult> {
        let pair = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_str(value).ok());
        let Some((header, mut value)) = pair else {
            return Err(permanent(self.words.text("delivery.header", &[("header", &one_line(name, SAID_LIMIT))])));
        };
        value.set_sensitive(is_secret);
        headers.insert(header, value);
        Ok(())
    }
}

/// `server` with `segments` behind its path.
fn below(server: &Url, segments: &[&str]) -> Url {
    let mut url = server.clone();
    // An `http` URL always has a path.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}
