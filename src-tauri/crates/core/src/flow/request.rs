//! The request that a step sends.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::text::Text;
use crate::{
    check::{self, Auth, CodeRange, JsonStep},
    observation::Failure,
    secret::SecretRef,
};

/// A request, and what its answer must be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// `http://…` or `https://…`, without user and password.
    pub url: Url,
    /// The method, in capitals.
    pub method: String,
    /// Headers to send, beside those that every request has.
    pub headers: Vec<(String, String)>,
    /// Headers whose values are secrets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secret_headers: Vec<(String, SecretRef)>,
    /// The body to send.
    pub body: Option<Text>,
    /// Who asks.
    pub auth: Option<Auth>,
    /// The status codes that are well; never empty.
    pub accept: Vec<CodeRange>,
    /// Each of these is in the answer's body.
    pub contains: Vec<String>,
    /// The way to the value in the answer's body, which is JSON then, that is kept as the step's result.
    pub save: Option<Vec<JsonStep>>,
    /// The answer must be there within this.
    pub timeout: Duration,
}

impl HttpRequest {
    /// Asks for `url`, with every default.
    pub fn new(url: Url) -> Self {
        Self {
            url,
            method: "GET".to_owned(),
            headers: Vec::new(),
            secret_headers: Vec::new(),
            body: None,
            auth: None,
            accept: vec![CodeRange { first: 200, last: 299 }],
            contains: Vec::new(),
            save: None,
            timeout: Self::TIMEOUT,
        }
    }

    /// `timeout` where nothing is said.
    pub const TIMEOUT: Duration = Duration::from_secs(30);
    /// The most bytes of a value that is saved: commands find it in their environment.
    pub const SAVED_LIMIT: usize = 16 * 1024;

    /// The header by which a server knows a request that it has received already
    /// (draft-ietf-httpapi-idempotency-key-header).
    pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

    /// The names of all its headers.
    pub fn header_names(&self) -> impl Iterator<Item = &str> {
        let plain = self.headers.iter().map(|(name, _)| name.as_str());
        plain.chain(self.secret_headers.iter().map(|(name, _)| name.as_str()))
    }

    /// Every place where a secret is kept that it carries.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretRef> {
        check::carried(self.auth.as_ref(), &self.secret_headers)
    }

    /// Whether it may be sent twice without harm: it only looks (RFC 9110, 9.2.1).
    pub fn is_safe(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE")
    }
}

/// What came of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestOutcome {
    /// Why it is not well; nothing if it is.
    pub failure: Option<Failure>,
    /// The value that was to be saved: a text as it is, anything else as JSON. Secrets of the request are hidden in it, as
    /// they are in all that comes back.
    pub saved: Option<String>,
    /// The last lines of the answer's body, as [`crate::program::Ended::tail_of`] has them of a command: text of the
    /// outside world.
    pub output: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_request_carries_is_told_and_one_of_before_there_were_secret_headers_is_read() {
        let plain = HttpRequest {
            headers: vec![("Accept".to_owned(), "text/html".to_owned())],
            auth: Some(Auth::Bearer(SecretRef::Env("TOKEN".to_owned()))),
            ..HttpRequest::new("http://127.0.0.1/".parse().unwrap())
        };
        let written = serde_json::to_string(&plain).unwrap();
        assert!(!written.contains("secret_headers"), "{written}");
        assert_eq!(serde_json::from_str::<HttpRequest>(&written).unwrap(), plain);
        let key = SecretRef::Keyring("key".to_owned());
        let request = HttpRequest { secret_headers: vec![("X-Key".to_owned(), key.clone())], ..plain };
        assert_eq!(request.header_names().collect::<Vec<_>>(), ["Accept", "X-Key"]);
        assert_eq!(request.secrets().collect::<Vec<_>>(), [&SecretRef::Env("TOKEN".to_owned()), &key]);
        let written = serde_json::to_string(&request).unwrap();
        assert_eq!(serde_json::from_str::<HttpRequest>(&written).unwrap(), request);
    }
}
