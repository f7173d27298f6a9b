//! Sends a request, and judges what becomes of it.

use std::time::Duration;

use estatus_core::{incident::DeliveryResult, observation::Cause, words::Words};
use estatus_tls::{ConnectionError, Tls, innermost};
use reqwest::{Client, Request, Response, StatusCode, redirect::Policy};

use super::posting::Posting;
use crate::{
    redactor::Redactor,
    text::{SAID_LIMIT, one_line},
    undelivered::{permanent, temporary, unconfirmed},
    within,
};

/// How long the rest of an unwelcome answer may take; it only makes the error clearer.
const EXCERPT_WITHIN: Duration = Duration::from_secs(2);

/// A request that is on its way.
pub(super) struct Sending<'a> {
    pub(super) posting: &'a Posting,
    /// The channel's name.
    pub(super) channel: &'a str,
    /// Whether the user has written neither template nor headers.
    pub(super) is_preset: bool,
    pub(super) timeout: Duration,
    pub(super) redactor: &'a Redactor,
    pub(super) words: &'a Words,
}

impl Sending<'_> {
    /// Sends it.
    pub(super) async fn send(&self) -> DeliveryResult {
        let client = match self.client().await {
            Ok(client) => client,
            Err(why) => return why,
        };
        let Posting { url, headers, body } = self.posting;
        match client.post(url.clone()).headers(headers.clone()).body(body.clone()).build() {
            Ok(request) => self.execute(&client, request).await,
            Err(error) => self.no_request(&error),
        }
    }

    /// A client for one request: a channel is used so seldom that an open connection would be a waste.
    async fn client(&self) -> Result<Client, DeliveryResult> {
        let builder = Client::builder()
            .user_agent(concat!("estatus/", env!("CARGO_PKG_VERSION")))
            // A redirect could carry secrets elsewhere, and turns a POST into a GET.
            .redirect(Policy::none())
            // What has perhaps been received is not sent again behind the back of the outbox.
            .retry(reqwest::retry::never())
            .connect_timeout(self.timeout / 2);
        // Where there is no TLS, a machine without any certificate authority can tell too.
        let builder = if self.posting.url.scheme() == "https" {
            let mut config = Tls::default().client_config().await.map_err(|cause| self.no_trust(&cause))?;
            config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
            builder.tls_backend_preconfigured(config)
        } else {
            builder.tls_certs_only([])
        };
        builder.build().map_err(|error| {
            temporary(self.say("delivery.trust", &[("error", &one_line(&innermost(&error), SAID_LIMIT))]))
        })
    }

    fn no_trust(&self, cause: &Cause) -> DeliveryResult {
        let host = self.posting.url.host_str().unwrap_or_default();
        temporary(ConnectionError::of_tls(cause.clone()).sentence(host, &self.server(), self.words))
    }

    async fn execute(&self, client: &Client, request: Request) -> DeliveryResult {
        match within(self.timeout, client.execute(request)).await {
            Some(Ok(response)) => self.judge(response).await,
            Some(Err(error)) => self.trouble(&error),
            None => {
                let after = self.words.span(self.timeout);
                let what = self.words.text("delivery.within", &[("after", &after)]);
                unconfirmed(self.say("delivery.unconfirmed", &[("error", &what)]))
            }
        }
    }

    async fn judge(&self, response: Response) -> DeliveryResult {
        let status = response.status();
        if status.is_success() {
            return DeliveryResult::Delivered;
        }
        let answer = excerpt(response, self.redactor).await;
        let say = |key| self.say(key, &[("answer", &answer), ("channel", self.channel)]);
        match status {
            StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT => permanent(say("delivery.redirect")),
            _ if status.is_redirection() => temporary(say("delivery.redirect")),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
                temporary(say("delivery.status_later"))
            }
            _ if status.is_client_error() => {
                permanent(say(if self.is_preset { "delivery.status_preset" } else { "delivery.status" }))
            }
            _ => temporary(say("delivery.status_later")),
        }
    }

    /// Once there was a connection, the request may have been read, whatever came then.
    fn trouble(&self, error: &reqwest::Error) -> DeliveryResult {
        if error.is_builder() {
            return self.no_request(error);
        }
        if error.is_connect() {
            let trouble = if error.is_dns() {
                ConnectionError::Name(innermost(error))
            } else if error.is_timeout() {
                ConnectionError::ConnectTimedOut
            } else {
                ConnectionError::of(error, false).unwrap_or_else(|| ConnectionError::Connect(innermost(error)))
            };
            let host = self.posting.url.host_str().unwrap_or_default();
            return temporary(trouble.sentence(host, &self.server(), self.words));
        }
        unconfirmed(self.say("delivery.unconfirmed", &[("error", &one_line(&innermost(error), SAID_LIMIT))]))
    }

    fn no_request(&self, error: &reqwest::Error) -> DeliveryResult {
        let error = one_line(&innermost(error), SAID_LIMIT);
        permanent(self.say("delivery.request", &[("error", &error), ("channel", self.channel)]))
    }

    fn say(&self, key: &str, values: &[(&str, &str)]) -> String {
        let server = self.server();
        let values: Vec<_> = values.iter().copied().chain([("server", server.as_str())]).collect();
        self.words.text(key, &values)
    }

    /// Host and port: all of the address that may be shown.
    fn server(&self) -> String {
        let url = &self.posting.url;
        let host = url.host_str().unwrap_or_default();
        url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
}

/// The status and the beginning of what came with it. More is read than shown, lest half a secret stays at the end.
async fn excerpt(mut response: Response, redactor: &Redactor) -> String {
    let status = response.status();
    let mut body = Vec::new();
    let read = async {
        while body.len() < 4 * SAID_LIMIT {
            let Ok(Some(chunk)) = response.chunk().await else { break };
            body.extend_from_slice(&chunk);
        }
    };
    let _what_there_is_will_do = within(EXCERPT_WITHIN, read).await;
    let body = one_line(&redactor.clean(&String::from_utf8_lossy(&body)), SAID_LIMIT);
    if body.is_empty() { status.to_string() } else { format!("{status}: {body}") }
}
