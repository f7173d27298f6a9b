//! Sends one request and reads its answer.

use std::{sync::Arc, time::Duration};

use estatus_core::{
    fleet::command::{ProviderError, ProviderErrorKind as Kind},
    maintenance::in_words,
    observation::Cause,
    outside::{SAID_LIMIT, one_line},
    words::Words,
};
use estatus_tls::{ConnectionError, Tls, innermost};
use reqwest::{Client, ClientBuilder, Request, StatusCode, header::HeaderMap, redirect::Policy};
use tokio::{sync::OnceCell, time::timeout};
use url::Url;

use crate::provider::{
    fault::{not_done, perhaps_done},
    pace::Pace,
};

/// An answer with more bytes is not read to its end: a thousand instances are a tenth of it.
const ANSWER_LIMIT: usize = 64 << 20;

/// What sends requests.
pub(crate) struct Http {
    pace: Pace,
    tls: Arc<Tls>,
    secure: OnceCell<Client>,
    /// Where there is no TLS, nobody needs to be trusted, and a machine without any certificate authority can ask too.
    plain: OnceCell<Client>,
    /// What is on this machine or beside it is no matter of a proxy.
    direct: OnceCell<Client>,
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Http {
    /// What sends requests at this pace.
    pub(crate) fn new(pace: &Pace) -> Self {
        // An error means that there is a provider of cryptography, which is all that is needed.
        let _already_there = rustls::crypto::ring::default_provider().install_default();
        Self {
            pace: pace.clone(),
            tls: Arc::default(),
            secure: OnceCell::new(),
            plain: OnceCell::new(),
            direct: OnceCell::new(),
        }
    }

    /// Who sends to `url`.
    ///
    /// # Errors
    /// If this machine trusts nobody.
    pub(crate) async fn client(&self, url: &Url, words: &Words) -> Result<&Client, ProviderError> {
        let made = if url.scheme() == "https" {
            self.secure.get_or_try_init(|| self.secure_client()).await
        } else {
            self.plain.get_or_try_init(async || self.builder().tls_certs_only([]).build().map_err(no_client)).await
        };
        made.map_err(|cause| no_trust(&cause, words))
    }

    /// Who asks what is on this machine or beside it, without TLS and past every proxy.
    ///
    /// # Errors
    /// If the system has no room for it.
    pub(crate) async fn direct(&self, words: &Words) -> Result<&Client, ProviderError> {
        let builder = || self.builder().no_proxy().tls_certs_only([]);
        let made = self.direct.get_or_try_init(async || builder().build().map_err(no_client)).await;
        made.map_err(|cause| no_trust(&cause, words))
    }

    async fn secure_client(&self) -> Result<Client, Cause> {
        let mut config = self.tls.client_config().await?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        self.builder().tls_backend_preconfigured(config).build().map_err(no_client)
    }

    fn builder(&self) -> ClientBuilder {
        Client::builder()
            .user_agent(concat!("estatus/", env!("CARGO_PKG_VERSION")))
            // A signature holds for one host.
            .redirect(Policy::none())
            // What is repeated, and how often, is decided by whoever asks.
            .retry(reqwest::retry::never())
            .connect_timeout(self.pace.connect_within)
    }

    /// Sends `request` by `client` and reads what is answered within `within`.
    ///
    /// # Errors
    /// If there is no whole answer. Once there was a connection, what was asked for may have been done.
    pub(crate) async fn send(
        &self,
        client: &Client,
        request: Request,
        within: Duration,
        words: &Words,
    ) -> Result<Answer, ProviderError> {
        let (host, server) = (host(request.url()), server(request.url()));
        match timeout(within, exchange(client, request)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(trouble(&error, &host, &server, words)),
            Err(_) => {
                let values = [("server", server.as_str()), ("after", &in_words(within))];
                Err(perhaps_done(Kind::Unreachable, words.text("provider.no_answer", &values)))
            }
        }
    }
}

async fn exchange(client: &Client, request: Request) -> Result<Answer, reqwest::Error> {
    let mut response = client.execute(request).await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    while body.len() < ANSWER_LIMIT
        && let Some(chunk) = response.chunk().await?
    {
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

/// Host and port of `url`: all of it that is told.
pub(crate) fn server(url: &Url) -> String {
    url.port().map_or_else(|| host(url), |port| format!("{}:{port}", host(url)))
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

fn no_client(error: reqwest::Error) -> Cause {
    Cause::Tls { error: innermost(&error) }
}

fn no_trust(cause: &Cause, words: &Words) -> ProviderError {
    let error = match cause {
        Cause::NoAuthorities { error } => words.text("delivery.trust", &[("error", error)]),
        cause => words.text("delivery.trust", &[("error", &words.cause(cause))]),
    };
    not_done(Kind::Unreachable, error)
}

/// Before there is a connection, certainly nothing was done.
fn trouble(error: &reqwest::Error, host: &str, server: &str, words: &Words) -> ProviderError {
    let why = one_line(&innermost(error), SAID_LIMIT);
    let say = |key: &str, error: &str| words.text(key, &[("host", host), ("server", server), ("error", error)]);
    if error.is_builder() {
        return not_done(Kind::Configuration, say("provider.no_request", &why));
    }
    if !error.is_connect() {
        return perhaps_done(Kind::Unreachable, say("provider.broken", &why));
    }
    let error = if error.is_dns() {
        ConnectionError::Name(why)
    } else if error.is_timeout() {
        ConnectionError::ConnectTimedOut
    } else {
        ConnectionError::of(error, false).unwrap_or(ConnectionError::Connect(why))
    };
    not_done(Kind::Unreachable, error.sentence(host, server, words))
}
