//! A load that is set by hand: a page with a slider, which this machine alone reaches.
//!
//! Another page that is open in the same browser cannot move it: what it sends has neither the page's key, nor the right origin.

use std::{
    convert::Infallible,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use estatus_core::{config::Language, words::Reason};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode,
    header::{
        ACCEPT, ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, LOCATION, ORIGIN,
        REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    },
};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1::Builder,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinHandle,
    time::sleep,
};

use super::{AgentError, AgentNews, Teller, load::Standing};

const PAGE: &str = include_str!("manual/page.html");
/// So many may be connected at once; others wait.
const CONNECTIONS: usize = 32;
/// Whoever connects says what he wants within this.
const ASKS_WITHIN: Duration = Duration::from_secs(10);
/// What is sent to set the load is no longer.
const LONGEST: usize = 256;
/// When nobody can be let in, it is tried again after so long.
const PAUSE: Duration = Duration::from_millis(100);

/// A load that is set by hand, and its page until this is dropped.
pub(crate) struct Manual {
    page: Arc<Page>,
    task: JoinHandle<()>,
}

impl Drop for Manual {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Page {
    at: SocketAddr,
    name: String,
    server: String,
    /// Whoever has the page has this.
    key: String,
    shown: Mutex<Shown>,
}

#[derive(Clone, Copy, Default)]
struct Shown {
    /// In percent.
    load: u8,
    standing: Standing,
}

impl Manual {
    /// No load, and a page for that of the instance `name` at `port` or a free one, which is told.
    ///
    /// # Errors
    /// It cannot listen there.
    pub(crate) async fn begin(port: Option<u16>, name: &str, server: &str, tell: &Teller) -> Result<Self, AgentError> {
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port.unwrap_or(0)));
        let no_page = |error: io::Error| AgentError::Listen(wanted, error);
        let listener = TcpListener::bind(wanted).await.map_err(no_page)?;
        let at = listener.local_addr().map_err(no_page)?;
        let mut key = [0; 16];
        getrandom::fill(&mut key).map_err(|error| no_page(io::Error::other(error)))?;
        let page = Arc::new(Page {
            at,
            name: name.to_owned(),
            server: server.to_owned(),
            key: key.map(|byte| format!("{byte:02x}")).concat(),
            shown: Mutex::default(),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&page)));
        tell(AgentNews::Page(format!("http://{at}/")));
        Ok(Self { page, task })
    }

    /// The load, from 0 to 1.
    pub(crate) fn load(&self) -> f32 {
        f32::from(self.page.shown().load) / 100.0
    }

    /// Sets it.
    pub(crate) fn set(&self, load: f32) {
        // What is none is 0.
        self.page.shown().load = (load.clamp(0.0, 1.0) * 100.0).round() as u8;
    }

    /// Shows how it stands with the engine.
    pub(crate) fn show(&self, standing: Standing) {
        self.page.shown().standing = standing;
    }
}

async fn accept(listener: TcpListener, page: Arc<Page>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let page = Arc::clone(&page);
                tokio::spawn(async move {
                    serve(stream, page).await;
                    drop(place);
                });
            }
            Err(_) => sleep(PAUSE).await,
        }
    }
}

async fn serve(stream: TcpStream, page: Arc<Page>) {
    let answer = service_fn(move |request| {
        let page = Arc::clone(&page);
        async move { Ok::<_, Infallible>(page.answer(request).await) }
    });
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(ASKS_WITHIN);
    // How it ends matters to nobody.
    let _ = builder.serve_connection(TokioIo::new(stream), answer).await;
}

impl Page {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        if !self.is_meant(&head.headers) {
            return plain(StatusCode::MISDIRECTED_REQUEST);
        }
        match (&head.method, head.uri.path()) {
            (&Method::GET, "/") => self.html(language(&head.headers)),
            (&Method::GET, "/state") => self.state(),
            (&Method::POST, "/load") if is_own(&head.headers) => match Limited::new(body, LONGEST).collect().await {
                Ok(body) => self.take(&head.headers, &body.to_bytes()),
                Err(_) => plain(StatusCode::PAYLOAD_TOO_LARGE),
            },
            (&Method::POST, "/load") => plain(StatusCode::FORBIDDEN),
            (_, "/" | "/state" | "/load") => plain(StatusCode::METHOD_NOT_ALLOWED),
            _ => plain(StatusCode::NOT_FOUND),
        }
    }

    /// Whether it is asked for by a name of this machine: others may lead here by names of their own.
    fn is_meant(&self, headers: &HeaderMap) -> bool {
        let port = self.at.port();
        let names = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
        headers.get(HOST).is_some_and(|host| names.iter().any(|name| host == name.as_str()))
    }

    fn take(&self, headers: &HeaderMap, body: &[u8]) -> Response<Full<Bytes>> {
        let body = String::from_utf8_lossy(body);
        let field = |wanted: &str| body.split('&').find_map(|field| field.strip_prefix(wanted)?.strip_prefix('='));
        if field("key") != Some(&self.key) {
            return plain(StatusCode::FORBIDDEN);
        }
        let Some(load) = field("load").and_then(|load| load.parse().ok()).filter(|load| *load <= 100) else {
            return plain(StatusCode::UNPROCESSABLE_ENTITY);
        };
        self.shown().load = load;
        if headers.get(ACCEPT).is_some_and(|accept| accept == "application/json") {
            return plain(StatusCode::NO_CONTENT);
        }
        let mut back = plain(StatusCode::SEE_OTHER);
        back.headers_mut().insert(LOCATION, HeaderValue::from_static("/"));
        back
    }

    fn state(&self) -> Response<Full<Bytes>> {
        let Shown { load, standing } = *self.shown();
        let standing = word(standing);
        with(StatusCode::OK, "application/json", format!("{{\"load\":{load},\"standing\":\"{standing}\"}}"))
    }

    fn html(&self, language: Language) -> Response<Full<Bytes>> {
        let Shown { load, standing } = *self.shown();
        let (name, server) = (&self.name, &self.server);
        let said = |reason: Reason| reason.in_words(language);
        let now = match standing {
            Standing::There => said!("page.there", server),
            Standing::Away => said!("page.away", server),
            Standing::Draining => said!("page.draining"),
        };
        let values = [
            ("language", language.code().to_owned()),
            ("title", said(said!("page.title", name))),
            ("name", name.clone()),
            ("label", said(said!("page.label"))),
            ("hint", said(said!("page.hint"))),
            ("set", said(said!("page.set"))),
            ("there", said(said!("page.there", server))),
            ("away", said(said!("page.away", server))),
            ("draining", said(said!("page.draining"))),
            ("now", said(now)),
            ("standing", word(standing).to_owned()),
            ("load", load.to_string()),
            ("key", self.key.clone()),
        ];
        with(StatusCode::OK, "text/html; charset=utf-8", fill(PAGE, &values))
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Away => "away",
        Standing::There => "there",
        Standing::Draining => "draining",
    }
}

/// Whether it does not come from a page of somebody else. What is no browser says nothing of that.
fn is_own(headers: &HeaderMap) -> bool {
    const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    headers.get(ORIGIN).is_none_or(|origin| origin == format!("http://{host}").as_str())
        && headers.get(SITE).is_none_or(|site| site == "same-origin")
}

/// The language that is wanted most, of those that there are.
fn language(headers: &HeaderMap) -> Language {
    let wanted = headers.get(ACCEPT_LANGUAGE).and_then(|wanted| wanted.to_str().ok()).unwrap_or_default();
    let weighed = wanted.split(',').filter_map(|one| {
        let (tag, weight) = one.split_once(";q=").unwrap_or((one, "1"));
        let language = match tag.trim().get(..2)?.to_ascii_lowercase().as_str() {
            "en" => Language::English,
            "es" => Language::Spanish,
            _ => return None,
        };
        Some((language, weight.trim().parse::<f32>().ok()?))
    });
    // Of two that are wanted alike, the first.
    let most = weighed.reduce(|best, next| if next.1 > best.1 { next } else { best });
    most.map_or(Language::English, |(language, _)| language)
}

/// `page` with each `{{name}}` in it replaced by its value, as text.
fn fill(page: &str, values: &[(&str, String)]) -> String {
    values.iter().fold(page.to_owned(), |page, (name, value)| page.replace(&format!("{{{{{name}}}}}"), &escape(value)))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // So that no value can name another.
            '{' => escaped.push_str("&#123;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    with(status, "text/plain; charset=utf-8", String::new())
}

fn with(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    const NOWHERE: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                           form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    let fixed = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, NOWHERE),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "same-origin"),
    ];
    response.headers_mut().extend(fixed.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}

#[cfg(test)]
mod tests;
