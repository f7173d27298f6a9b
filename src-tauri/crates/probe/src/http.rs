//! The http check: asks for a page, over a connection of its own, and judges the answer.

mod body;
mod charset;
mod coding;
mod cookies;
mod exchange;
#[cfg(test)]
mod fuzz;
mod json;
mod proxy;
mod redirect;
mod request;
mod route;
mod tail;
mod wire;

use std::time::Duration;

use ::http::{HeaderMap, StatusCode, header};
use body::Reading;
use estatus_core::{
    check::{CertificateAssertions, HttpCheck, JsonStep, Redirects, TextAssertions},
    config::Monitor,
    flow::request::HttpRequest,
    observation::{Cause, Phase},
    outside::cut,
    ports::Ports,
};
use exchange::{Answer, Exchange, Refusal};
use hyper::ext::ReasonPhrase;
use redirect::Next;
use request::Hop;
use route::Open;

use crate::{evidence, trace::Trace};

/// How long the body of an answer that is refused for its status is waited for: it is evidence, no more.
const EVIDENCE_WAIT: Duration = Duration::from_secs(1);

/// How many bytes of a server's own reason phrase are told.
const REASON_LIMIT: usize = 60;

/// The header fields that help somebody who looks for the cause of a failure.
const TELLING: [header::HeaderName; 7] = [
    header::SERVER,
    header::VIA,
    header::LOCATION,
    header::RETRY_AFTER,
    header::WWW_AUTHENTICATE,
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
];

/// What is kept of the answer to the request of a step.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// See [`RequestOutcome::saved`](estatus_core::flow::request::RequestOutcome::saved).
    pub(crate) saved: Option<String>,
    /// See [`RequestOutcome::output`](estatus_core::flow::request::RequestOutcome::output).
    pub(crate) output: Vec<String>,
}

/// What is to be kept of an answer, and where.
struct Keeping<'a> {
    save: Option<&'a [JsonStep]>,
    kept: &'a mut Kept,
}

impl Keeping<'_> {
    /// Keeps of an answer that was `judged` so what is to be kept.
    fn keep(self, judged: Result<(), Cause>, reading: &Reading<'_>, hop: &Hop) -> Result<(), Cause> {
        self.kept.output = reading.tail(hop);
        judged?;
        if let Some(path) = self.save {
            self.kept.saved = Some(hop.without_secrets(reading.value(path)?));
        }
        Ok(())
    }
}

/// The check that asks as `request` does, and judges the answer so.
fn check_of(request: &HttpRequest) -> HttpCheck {
    HttpCheck {
        url: request.url.clone(),
        method: request.method.clone(),
        headers: request.headers.clone(),
        secret_headers: request.secret_headers.clone(),
        body: request.body.as_ref().map(|body| body.as_written().to_owned()),
        auth: request.auth.clone(),
        redirects: Redirects::Follow { at_most: Monitor::REDIRECTS },
        accept: request.accept.clone(),
        text: TextAssertions { contains: request.contains.clone(), ..TextAssertions::default() },
        json: Vec::new(),
        below: None,
        ip: None,
        proxy: None,
        certificate: CertificateAssertions::default(),
        body_limit: Monitor::BODY_LIMIT,
    }
}

/// Runs the check.
///
/// # Errors
/// The first thing that is not as it should be.
pub(crate) async fn probe(
    check: &HttpCheck,
    ways: &impl Open,
    ports: &dyn Ports,
    trace: &mut Trace,
) -> Result<(), Cause> {
    run(check, ways, ports, trace, None).await
}

/// Sends the request of a step, and keeps what is to be kept of the answer: its last lines also where it is not well.
///
/// # Errors
/// The first thing that is not as it should be.
pub(crate) async fn send(
    request: &HttpRequest,
    ways: &impl Open,
    ports: &dyn Ports,
    trace: &mut Trace,
    kept: &mut Kept,
) -> Result<(), Cause> {
    let keeping = Keeping { save: request.save.as_deref(), kept };
    run(&check_of(request), ways, ports, trace, Some(keeping)).await
}

async fn run(
    check: &HttpCheck,
    ways: &impl Open,
    ports: &dyn Ports,
    trace: &mut Trace,
    keeping: Option<Keeping<'_>>,
) -> Result<(), Cause> {
    let mut hop = trace.wait(Hop::first(check, ports)).await?;
    let mut way = Way::default();
    let (answer, exchange) = loop {
        let (answer, exchange) = ask(&hop, check, ways, trace).await?;
        trace.seen = seen(&answer, way.followed);
        match next(&hop, &answer, check.redirects, &way, trace)? {
            Some(next) => {
                way.follow(answer.status(), check);
                hop.keep_cookies(answer.headers());
                hop = next.into_hop(hop);
                trace.redirected_to = Some(hop.without_secrets(hop.url.to_string()));
            }
            None => break (answer, exchange),
        }
    };
    let judged = match accepts(check, answer.status()) {
        true => judge(check, answer, exchange, &hop, trace, keeping).await,
        false => Err(refuse(check, answer, exchange, &hop, &way, trace, keeping).await),
    };
    judged.map_err(|cause| hop.without_secrets_in(cause))
}

/// The redirects that led to where a probe is.
#[derive(Default)]
struct Way {
    followed: u32,
    /// The status code of the first of them that the check names among those it accepts.
    accepted: Option<u16>,
}

impl Way {
    fn follow(&mut self, status: StatusCode, check: &HttpCheck) {
        self.followed += 1;
        let code = u32::from(status.as_u16());
        // A range as wide as 200-399 is no sign that a redirect is wanted.
        let is_named = check.accept.iter().any(|range| range.first >= 300 && range.contains(code));
        self.accepted = self.accepted.or_else(|| is_named.then_some(status.as_u16()));
    }
}

/// Asks; a second time where the server wants to be asked over HTTP/1.1.
async fn ask(hop: &Hop, check: &HttpCheck, ways: &impl Open, trace: &mut Trace) -> Result<(Answer, Exchange), Cause> {
    let mut http2 = true;
    loop {
        let route = ways.open(hop, check, http2, trace).await?;
        trace.enter(Phase::Send);
        let request = hop.request(&route)?;
        match Exchange::begin(route.stream, route.is_http2, request, trace).await {
            Ok(answered) => return Ok(answered),
            Err(Refusal::WantsHttp1) if http2 => http2 = false,
            Err(Refusal::WantsHttp1) => return Err(Cause::Closed),
            Err(Refusal::Failed(cause)) => return Err(cause),
        }
    }
}

fn next(hop: &Hop, answer: &Answer, redirects: Redirects, way: &Way, trace: &mut Trace) -> Result<Option<Next>, Cause> {
    let Redirects::Follow { at_most } = redirects else { return Ok(None) };
    let Some(found) = redirect::of(&hop.url, &hop.method, answer) else { return Ok(None) };
    trace.enter(Phase::Assertion);
    trace.evidence = shown(&head(answer, trace), "", hop);
    let next = found.map_err(|cause| hop.without_secrets_in(cause))?;
    if way.followed >= at_most {
        return Err(hop.without_secrets_in(Cause::Redirects { at_most, to: next.url.into() }));
    }
    trace.evidence = None;
    Ok(Some(next))
}

/// The answer is refused for its status; what comes with it is evidence.
async fn refuse(
    check: &HttpCheck,
    answer: Answer,
    mut exchange: Exchange,
    hop: &Hop,
    way: &Way,
    trace: &mut Trace,
    keeping: Option<Keeping<'_>>,
) -> Cause {
    let head = head(&answer, trace);
    trace.evidence = shown(&head, "", hop);
    let cause = refused(&answer, check, way);
    trace.known = Some(cause.clone());
    let mut reading = match &keeping {
        Some(_) => Reading::to_keep(check, false, &answer),
        None => Reading::start_of(&answer),
    };
    let read = reading.read(answer, &mut exchange, trace);
    // What has come by then is evidence, too.
    let _ = tokio::time::timeout(EVIDENCE_WAIT, read).await;
    trace.enter(Phase::Assertion);
    trace.evidence = shown(&head, reading.start(), hop);
    if let Some(keeping) = keeping {
        keeping.kept.output = reading.tail(hop);
    }
    cause
}

async fn judge(
    check: &HttpCheck,
    answer: Answer,
    mut exchange: Exchange,
    hop: &Hop,
    trace: &mut Trace,
    keeping: Option<Keeping<'_>>,
) -> Result<(), Cause> {
    let head = head(&answer, trace);
    trace.evidence = shown(&head, "", hop);
    let mut reading = match &keeping {
        Some(keeping) => Reading::to_keep(check, keeping.save.is_some(), &answer),
        None => Reading::of(check, &answer),
    };
    let read = reading.read(answer, &mut exchange, trace).await;
    drop(exchange);
    let judged = read.and_then(|()| {
        trace.enter(Phase::Assertion);
        reading.judge(check)
    });
    let judged = match keeping {
        Some(keeping) => keeping.keep(judged, &reading, hop),
        None => judged,
    };
    if judged.is_err() {
        trace.evidence = shown(&head, reading.start(), hop);
    }
    judged?;
    let took = trace.total();
    match check.below {
        Some(below) if took >= below => Err(Cause::TooSlow { took, below }),
        _ => Ok(()),
    }
}

fn accepts(check: &HttpCheck, status: StatusCode) -> bool {
    check.accept.iter().any(|range| range.contains(status.as_u16().into()))
}

fn refused(answer: &Answer, check: &HttpCheck, way: &Way) -> Cause {
    let accepted: Vec<String> = check.accept.iter().map(ToString::to_string).collect();
    let (code, reason, accepted) = (answer.status().as_u16(), reason(answer), accepted.join(", "));
    match way.accepted {
        Some(redirect) => Cause::RedirectFollowed { redirect, code, reason, accepted },
        None => Cause::Status { code, reason, accepted },
    }
}

/// The registered reason phrase of the status, else the server's own.
fn reason(answer: &Answer) -> String {
    let own = || answer.extensions().get::<ReasonPhrase>().map(|own| evidence::harmless_line(own.as_bytes()));
    let registered = answer.status().canonical_reason().map(str::to_owned);
    registered.or_else(own).map(|reason| cut(reason, REASON_LIMIT)).unwrap_or_default()
}

/// The status code and its reason phrase, if it has one.
fn status(answer: &Answer) -> String {
    let (code, reason) = (answer.status(), reason(answer));
    if reason.is_empty() { code.as_str().to_owned() } else { format!("{} {reason}", code.as_str()) }
}

fn seen(answer: &Answer, followed: u32) -> String {
    let status = status(answer);
    match followed {
        0 => status,
        1 => format!("{status} after 1 redirect"),
        _ => format!("{status} after {followed} redirects"),
    }
}

/// The address, where a redirect led to it, the status line and what helps of the header.
fn head(answer: &Answer, trace: &Trace) -> String {
    let mut head = trace.redirected_to.as_ref().map(|address| format!("{address}\n")).unwrap_or_default();
    head.push_str(&format!("{:?} {}\n", answer.version(), status(answer)));
    for (name, value) in telling(answer.headers()) {
        head.push_str(name.as_str());
        head.push_str(": ");
        head.push_str(&String::from_utf8_lossy(value.as_bytes()));
        head.push('\n');
    }
    head
}

fn telling(headers: &HeaderMap) -> impl Iterator<Item = (&header::HeaderName, &header::HeaderValue)> {
    TELLING.iter().filter_map(|name| Some((name, headers.get(name)?)))
}

/// `head` and the start of a body as evidence. Secrets are hidden first: half of one would not be recognised.
fn shown(head: &str, body: &str, hop: &Hop) -> Option<String> {
    let gap = if body.is_empty() { "" } else { "\n" };
    evidence::text(hop.without_secrets(format!("{head}{gap}{body}")).as_bytes())
}
