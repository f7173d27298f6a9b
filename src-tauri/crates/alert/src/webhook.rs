//! Tells by an HTTP request.

mod template;

use std::{error::Error, time::Duration};

use estatus_core::{
    config::WebhookChannel, incident::DeliveryResult, maintenance::in_words, observation::Cause, ports::Ports,
    words::Words,
};
use estatus_tls::Tls;
use reqwest::{
    Client, Request, Response, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
    redirect::Policy,
};

use crate::{
    connection_error::{ConnectionError, SAID_LIMIT, permanent, temporary, unconfirmed},
    payload::Payload,
    redactor::Redactor,
    text::one_line,
    within,
};

/// A part of an address with fewer bytes is a word, not a secret.
const SECRET_PART: usize = 8;
/// How long the rest of an unwelcome answer may take; it only makes the error clearer.
const EXCERPT_WITHIN: Duration = Duration::from_secs(2);

/// One delivery by an HTTP request.
pub(crate) struct WebhookDelivery<'a> {
    pub(crate) channel: &'a WebhookChannel,
    pub(crate) ports: &'a dyn Ports,
    pub(crate) words: &'a Words,
}

impl WebhookDelivery<'_> {
    /// Posts `payload`.
    pub(crate) async fn deliver(&self, payload: &Payload) -> DeliveryResult {
        let mut redactor = Redactor::default();
        self.know_url(&mut redactor);
        match self.prepare(payload, &mut redactor).await {
            Ok((client, request)) => self.send(&client, request, &payload.channel, &redactor).await,
            Err(why) => why,
        }
    }

    /// The address itself lets whoever knows it in, with many services: what comes after the host is never repeated.
    fn know_url(&self, redactor: &mut Redactor) {
        let url = &self.channel.url;
        let parts = [Some(url.path().trim_matches('/')), url.query(), url.password()];
        for part in parts.into_iter().flatten().filter(|part| part.len() >= SECRET_PART) {
            redactor.know_text(part);
        }
    }

    async fn prepare(&self, payload: &Payload, redactor: &mut Redactor) -> Result<(Client, Request), DeliveryResult> {
        let body = template::body(self.channel.template.as_deref(), payload, self.words)?;
        let headers = self.headers(redactor).await?;
        let client = self.client().await?;
        let request = client.post(self.channel.url.clone()).headers(headers).body(body).build();
        request.map(|request| (client, request)).map_err(|error| self.no_request(&error, &payload.channel))
    }

    /// A client for one request: a channel is used so seldom that an open connection would be a waste.
    async fn client(&self) -> Result<Client, DeliveryResult> {
        let builder = Client::builder()
            .user_agent(concat!("estatus/", env!("CARGO_PKG_VERSION")))
            // A redirect could carry secrets elsewhere, and turns a POST into a GET.
            .redirect(Policy::none())
            // What has perhaps been received is not sent again behind the back of the outbox.
            .retry(reqwest::retry::never())
            .connect_timeout(self.channel.timeout / 2);
        // Where there is no TLS, a machine without any certificate authority can tell too.
        let builder = if self.channel.url.scheme() == "https" {
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
        let host = self.channel.url.host_str().unwrap_or_default();
        temporary(ConnectionError::of_tls(cause.clone()).sentence(host, &self.server(), self.words))
    }

    async fn headers(&self, redactor: &mut Redactor) -> Result<HeaderMap, DeliveryResult> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in &self.channel.headers {
            self.add(&mut headers, name, value, false)?;
        }
        for (name, place) in &self.channel.secret_headers {
            let secret = self.ports.secret(place).await.map_err(|error| {
                let values = [("header", name.as_str()), ("error", &error.to_string())];
                temporary(self.words.text("delivery.secret", &values))
            })?;
            redactor.know(&secret);
            self.add(&mut headers, name, secret.reveal(), true)?;
        }
        Ok(headers)
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

    async fn send(&self, client: &Client, request: Request, channel: &str, redactor: &Redactor) -> DeliveryResult {
        match within(self.channel.timeout, client.execute(request)).await {
            Some(Ok(response)) => self.judge(response, channel, redactor).await,
            Some(Err(error)) => self.trouble(&error, channel),
            None => {
                let after = in_words(self.channel.timeout);
                let what = self.words.text("delivery.within", &[("after", &after)]);
                unconfirmed(self.say("delivery.unconfirmed", &[("error", &what)]))
            }
        }
    }

    async fn judge(&self, response: Response, channel: &str, redactor: &Redactor) -> DeliveryResult {
        let status = response.status();
        if status.is_success() {
            return DeliveryResult::Delivered;
        }
        let answer = excerpt(response, redactor).await;
        let say = |key| self.say(key, &[("answer", &answer), ("channel", channel)]);
        match status {
            StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT => permanent(say("delivery.redirect")),
            _ if status.is_redirection() => temporary(say("delivery.redirect")),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
                temporary(say("delivery.status_later"))
            }
            _ if status.is_client_error() => permanent(say("delivery.status")),
            _ => temporary(say("delivery.status_later")),
        }
    }

    /// Once there was a connection, the request may have been read, whatever came then.
    fn trouble(&self, error: &reqwest::Error, channel: &str) -> DeliveryResult {
        if error.is_builder() {
            return self.no_request(error, channel);
        }
        if error.is_connect() {
            let trouble = if error.is_dns() {
                ConnectionError::Name(innermost(error))
            } else if error.is_timeout() {
                ConnectionError::ConnectTimedOut
            } else {
                ConnectionError::of(error, false).unwrap_or_else(|| ConnectionError::Connect(innermost(error)))
            };
            let host = self.channel.url.host_str().unwrap_or_default();
            return temporary(trouble.sentence(host, &self.server(), self.words));
        }
        unconfirmed(self.say("delivery.unconfirmed", &[("error", &one_line(&innermost(error), SAID_LIMIT))]))
    }

    fn no_request(&self, error: &reqwest::Error, channel: &str) -> DeliveryResult {
        let error = one_line(&innermost(error), SAID_LIMIT);
        permanent(self.say("delivery.request", &[("error", &error), ("channel", channel)]))
    }

    fn say(&self, key: &str, values: &[(&str, &str)]) -> String {
        let server = self.server();
        let values: Vec<_> = values.iter().copied().chain([("server", server.as_str())]).collect();
        self.words.text(key, &values)
    }

    /// Host and port: all of the address that may be shown.
    fn server(&self) -> String {
        let url = &self.channel.url;
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

/// What began it all; what stands above says little but that something happened.
fn innermost(error: &reqwest::Error) -> String {
    let mut innermost: &dyn Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
