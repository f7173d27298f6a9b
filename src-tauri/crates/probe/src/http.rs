//! The http check: asks for a page, over a connection of its own, and judges the answer.

mod body;
mod exchange;
mod json;
mod proxy;
mod redirect;
mod request;
mod route;
mod wire;

use std::time::Duration;

use ::http::{HeaderMap, StatusCode, header};
use body::{Body, Reading};
use estatus_core::{
    check::{HttpCheck, Redirects},
    observation::{Cause, Failure, Phase},
    ports::Ports,
};
use exchange::{Answer, Exchange};
use redirect::Next;
use request::Hop;

use crate::{evidence, handshake::Tls, text, trace::Trace};

/// How long the body of an answer that is refused for its status is waited for: it is evidence, no more.
const EVIDENCE_WAIT: Duration = Duration::from_secs(1);

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

/// Runs the check.
///
/// # Errors
/// The first thing that is not as it should be.
pub(crate) async fn probe(check: &HttpCheck, tls: &Tls, ports: &dyn Ports, trace: &mut Trace) -> Result<(), Cause> {
    let mut hop = Hop::first(check, ports).await?;
    let mut followed = 0;
    let (answer, exchange) = loop {
        let (answer, exchange) = ask(&hop, check, tls, trace).await?;
        trace.seen = seen(answer.status(), followed);
        match next(&hop, &answer, check.redirects, followed, trace)? {
            Some(next) => hop = next.into_hop(hop),
            None => break (answer, exchange),
        }
        followed += 1;
    };
    judge(check, answer, exchange, &hop, trace).await.map_err(|cause| hop.without_secrets_in(cause))
}

async fn ask(hop: &Hop, check: &HttpCheck, tls: &Tls, trace: &mut Trace) -> Result<(Answer, Exchange), Cause> {
    let route = route::open(hop, check, tls, trace).await?;
    trace.enter(Phase::Send);
    let request = hop.request(&route)?;
    Exchange::begin(route.stream, route.is_http2, request, trace).await
}

fn next(
    hop: &Hop,
    answer: &Answer,
    redirects: Redirects,
    followed: u32,
    trace: &mut Trace,
) -> Result<Option<Next>, Cause> {
    let Redirects::Follow { at_most } = redirects else { return Ok(None) };
    let Some(found) = redirect::of(&hop.url, &hop.method, answer) else { return Ok(None) };
    trace.enter(Phase::Assertion);
    trace.evidence = shown(&head(answer), &Body::default(), hop);
    let next = found.map_err(|cause| hop.without_secrets_in(cause))?;
    if followed >= at_most {
        return Err(hop.without_secrets_in(Cause::Redirects { at_most, to: next.url.into() }));
    }
    trace.evidence = None;
    Ok(Some(next))
}

async fn judge(
    check: &HttpCheck,
    answer: Answer,
    mut exchange: Exchange,
    hop: &Hop,
    trace: &mut Trace,
) -> Result<(), Cause> {
    let head = head(&answer);
    trace.evidence = shown(&head, &Body::default(), hop);
    let status = answer.status();
    if !check.accept.iter().any(|range| range.contains(status.as_u16().into())) {
        let cause = refused(status, check);
        trace.known = Some(cause.clone());
        let reading = Reading::start_of(Failure::EVIDENCE_LIMIT as u64);
        let reading = body::read(answer, reading, &mut exchange, trace);
        let body = tokio::time::timeout(EVIDENCE_WAIT, reading).await.ok().and_then(Result::ok).unwrap_or_default();
        trace.enter(Phase::Assertion);
        trace.evidence = shown(&head, &body, hop);
        return Err(cause);
    }
    let reading = if check.text.is_empty() && check.json.is_empty() {
        Reading::all_unseen(check.body_limit)
    } else {
        Reading::start_of(check.body_limit)
    };
    let body = body::read(answer, reading, &mut exchange, trace).await?;
    drop(exchange);

    trace.enter(Phase::Assertion);
    let judged = text::judge(&check.text, &body.bytes).and_then(|()| json::judge(&check.json, &body));
    if judged.is_err() {
        trace.evidence = shown(&head, &body, hop);
    }
    judged?;
    let took = trace.total();
    match check.below {
        Some(below) if took >= below => Err(Cause::TooSlow { took, below }),
        _ => Ok(()),
    }
}

fn refused(status: StatusCode, check: &HttpCheck) -> Cause {
    let accepted: Vec<String> = check.accept.iter().map(ToString::to_string).collect();
    Cause::Status {
        code: status.as_u16(),
        reason: status.canonical_reason().unwrap_or_default().to_owned(),
        accepted: accepted.join(", "),
    }
}

fn seen(status: StatusCode, followed: u32) -> String {
    let reason = status.canonical_reason().unwrap_or_default();
    let status = format!("{} {reason}", status.as_str());
    match followed {
        0 => status,
        1 => format!("{status} after 1 redirect"),
        _ => format!("{status} after {followed} redirects"),
    }
}

/// The status line and what helps of the header.
fn head(answer: &Answer) -> String {
    let reason = answer.status().canonical_reason().unwrap_or_default();
    let mut head = format!("{:?} {} {reason}\n", answer.version(), answer.status().as_str());
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

/// `head` and the start of `body` as evidence. Secrets are hidden first: half of one would not be recognised.
fn shown(head: &str, body: &Body, hop: &Hop) -> Option<String> {
    let start = body.bytes.get(..Failure::EVIDENCE_LIMIT).unwrap_or(&body.bytes);
    let gap = if start.is_empty() { "" } else { "\n" };
    let whole = format!("{head}{gap}{}", String::from_utf8_lossy(start));
    evidence::text(hop.without_secrets(whole).as_bytes())
}
