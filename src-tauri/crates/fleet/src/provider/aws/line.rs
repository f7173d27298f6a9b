//! The way to AWS, for whoever has credentials already, or needs none.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, SystemTime},
};

use estatus_core::{
    Timestamp,
    fleet::{
        Cloud,
        command::{ProviderError, ProviderErrorKind as Kind},
    },
    outside::one_line,
    secret::Secret,
    words::Words,
};
use jiff::fmt::rfc2822;
use reqwest::{
    Method, StatusCode,
    header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue},
};
use roxmltree::Node;
use tokio::time::sleep;
use url::Url;

use super::{
    Asking, CallError,
    call::Call,
    credentials::Keys,
    http::{Answer, Http, server},
    refusal::Refusal,
    sign::{self, Scope, Unsigned},
    xml,
};
use crate::provider::{
    fault::{not_done, perhaps_done, said},
    pace::Pace,
};

/// How often a request is made at most.
const TRIES: u32 = 3;
/// The clock is not to blame for a refusal if it is off by less: AWS lets five minutes pass.
const SKEW: i64 = 4 * 60;
/// Nor is it, if it is said to be off by more: ten years.
const ABSURD: i64 = 10 * 365 * 24 * 60 * 60;
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
/// Whatever is on this machine or beside it answers within this, or is not there.
const BESIDE_WITHIN: Duration = Duration::from_secs(2);

/// The way to AWS.
pub(crate) struct Line {
    http: Http,
    pace: Pace,
    /// So many seconds the clock of AWS is ahead of ours, where that matters.
    ahead: AtomicI64,
}

impl Line {
    /// One on which things go at this pace.
    pub(crate) fn new(pace: &Pace) -> Self {
        Self { http: Http::new(pace), pace: pace.clone(), ahead: AtomicI64::new(0) }
    }

    /// Makes a request as whoever has `keys`, again where that does no more and may help.
    ///
    /// # Errors
    /// If it is refused, or there is no answer that `read` understands.
    pub(crate) async fn ask<T>(
        &self,
        asking: Asking<'_>,
        call: &Call,
        keys: Option<&Keys>,
        read: impl Fn(Node<'_, '_>) -> Option<T>,
    ) -> Result<T, CallError> {
        let (mut tries, mut perhaps_done) = (0, false);
        loop {
            tries += 1;
            let (mut error, is_clocks) = match self.ask_once(asking, call, keys, &read).await {
                Ok(read) => return Ok(read),
                Err(failed) => failed,
            };
            let is_open = *error.perhaps_done();
            perhaps_done |= is_open && call.changes();
            let passes = error.kind() == Kind::Throttled || (is_open && (call.is_repeatable || !call.changes()));
            if !(passes || is_clocks) || tries == TRIES {
                *error.perhaps_done() = perhaps_done;
                return Err(error);
            }
            if !is_clocks {
                sleep(self.pace.retry_after.saturating_mul(1 << (tries - 1)).mul_f64(chance())).await;
            }
        }
    }

    /// Whether the failure was that of our clock, which is known to be off from now on.
    async fn ask_once<T>(
        &self,
        asking: Asking<'_>,
        call: &Call,
        keys: Option<&Keys>,
        read: impl Fn(Node<'_, '_>) -> Option<T>,
    ) -> Result<T, (CallError, bool)> {
        let sure = |error: ProviderError| (CallError::from(error), false);
        let Asking { cloud, words, .. } = asking;
        let url = call.service.endpoint(cloud).ok_or_else(|| {
            sure(not_done(Kind::Configuration, words.text("provider.region", &[("region", &cloud.region)])))
        })?;
        let client = self.http.client(&url, words).await.map_err(sure)?;
        let no_request = |error: &str| {
            let values = [("server", &*server(&url)), ("error", error)];
            sure(not_done(Kind::Configuration, words.text("provider.no_request", &values)))
        };
        let body = call.body();
        let request = client.post(url.clone()).header(CONTENT_TYPE, FORM);
        let request = match keys {
            Some(keys) => {
                let headers = self.signed(url.as_str(), &body, call, cloud, keys);
                request.headers(headers.map_err(|error| no_request(&error))?)
            }
            None => request,
        };
        let request = request.body(body).build().map_err(|error| no_request(&error.to_string()))?;
        let answer = self.http.send(client, request, self.pace.answer_within, words).await.map_err(sure)?;
        let secrets: Vec<&Secret> = keys.into_iter().flat_map(Keys::secrets).chain(&call.secrets).collect();
        understand(&answer, call, read, &secrets).map_err(|refused| match refused {
            Some(refusal) => {
                let is_clocks = refusal.may_be_the_clock() && self.learns_the_time(&answer.headers);
                // A server with a trouble of its own may have done what it refuses.
                let perhaps_done = refusal.kind() == Kind::Unreachable;
                (CallError::Refused { refusal, perhaps_done }, is_clocks)
            }
            None => {
                let values = [("server", &*server(&url)), ("answer", &excerpt(&answer, &secrets))];
                sure(perhaps_done(Kind::Unreachable, words.text("provider.not_understood", &values)))
            }
        })
    }

    fn signed(&self, url: &str, body: &str, call: &Call, cloud: &Cloud, keys: &Keys) -> Result<HeaderMap, String> {
        let request = Unsigned { url, headers: &[("content-type", FORM)], body: body.as_bytes() };
        let scope = Scope { region: &cloud.region, service: call.service.name(), at: self.now() };
        let signed = sign::headers(&request, &scope, keys).map_err(|error| one_line(&error.to_string(), 200))?;
        let mut headers = HeaderMap::new();
        for (name, value) in signed {
            let mut value = HeaderValue::from_str(&value).map_err(|error| format!("{name}: {error}"))?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(headers)
    }

    /// The time by AWS's clock, as far as that is known.
    fn now(&self) -> SystemTime {
        let ahead = self.ahead.load(Ordering::Relaxed);
        let by = Duration::from_secs(ahead.unsigned_abs());
        let now = SystemTime::now();
        if ahead < 0 { now - by } else { now + by }
    }

    /// Takes over the time that the server says it is; whether ours was so far off that it explains a refusal.
    fn learns_the_time(&self, headers: &HeaderMap) -> bool {
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        let Some(theirs) = date.and_then(|date| rfc2822::parse(date).ok()) else { return false };
        let ahead = theirs.timestamp().as_second().saturating_sub(Timestamp::now().as_second());
        if ahead.abs() > ABSURD {
            return false;
        }
        let known = self.ahead.swap(ahead, Ordering::Relaxed);
        (ahead - known).abs() > SKEW
    }

    /// What is answered to a request to what is on this machine or beside it; nothing where there is no answer.
    pub(crate) async fn beside(&self, request: Beside<'_>, words: &Words) -> Option<Answer> {
        let client = self.http.direct(words).await.ok()?;
        let mut built = client.request(request.method, request.url.clone());
        for (name, value) in request.headers {
            let mut value = HeaderValue::from_str(value).ok()?;
            value.set_sensitive(true);
            built = built.header(*name, value);
        }
        self.http.send(client, built.build().ok()?, BESIDE_WITHIN, words).await.ok()
    }
}

/// What `read` makes of the answer to `call`; otherwise what it refuses, if it says so.
fn understand<T>(
    answer: &Answer,
    call: &Call,
    read: impl Fn(Node<'_, '_>) -> Option<T>,
    secrets: &[&Secret],
) -> Result<T, Option<Refusal>> {
    if answer.status.is_success() {
        let is_its = |root: &Node<'_, '_>| root.tag_name().name().strip_suffix("Response") == Some(call.action);
        return xml::read(&answer.body, |root| Some(root).filter(is_its).and_then(read)).ok_or(None);
    }
    let refusal = Refusal::read(&answer.body);
    // Refusals of a signature repeat what was signed, and what is not allowed is named once more in a code of AWS's own.
    let tidy = |refusal: Refusal| {
        let plain = refusal.message.split("Encoded authorization failure message").next().unwrap_or_default();
        Refusal { code: said(&refusal.code, secrets), message: said(plain, secrets) }
    };
    Err(refusal.map(tidy))
}

fn excerpt(answer: &Answer, secrets: &[&Secret]) -> String {
    let body = said(&answer.body, secrets);
    match answer.status {
        status if body.is_empty() => status.to_string(),
        StatusCode::OK => body,
        status => format!("{status}: {body}"),
    }
}

/// A number from a half to one, so that those who wait do not all come back at once.
fn chance() -> f64 {
    getrandom::u32().map_or(1.0, |random| 0.5 + f64::from(random) / f64::from(u32::MAX) / 2.0)
}

/// A request to what is on this machine or beside it.
pub(crate) struct Beside<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a Url,
    pub(crate) headers: &'a [(&'static str, &'a str)],
}
