//! Follows redirects as browsers do (the Fetch standard, "HTTP-redirect fetch").

use estatus_core::observation::Cause;
use http::{HeaderName, Method, StatusCode, header};
use percent_encoding::{AsciiSet, percent_encode};
use url::Url;

use super::{exchange::Answer, request::Hop};

/// Nothing of ASCII; what is beyond it is encoded in any case.
const NON_ASCII: &AsciiSet = &AsciiSet::EMPTY;

/// What may be said to a stranger; everything else that a monitor sends may be meant for its own host alone.
const FOR_EVERYBODY: [HeaderName; 6] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::ACCEPT_LANGUAGE,
    header::CACHE_CONTROL,
    header::PRAGMA,
    header::USER_AGENT,
];

/// Where a redirect leads.
#[derive(Debug, PartialEq)]
pub(super) struct Next {
    /// The address.
    pub(super) url: Url,
    method: Method,
}

/// Where `answer` to a request of `method` for `from` leads; `None` where it is no redirect.
pub(super) fn of(from: &Url, method: &Method, answer: &Answer) -> Option<Result<Next, Cause>> {
    let location = answer.headers().get(header::LOCATION)?;
    let method = method_after(answer.status(), method)?;
    Some(target(from, &ascii(location.as_bytes())).map(|url| Next { url, method }))
}

/// The method of the next request; `None` where `status` is no redirect.
fn method_after(status: StatusCode, method: &Method) -> Option<Method> {
    match status.as_u16() {
        301 | 302 if method == Method::POST => Some(Method::GET),
        303 if method != Method::HEAD => Some(Method::GET),
        301 | 302 | 303 | 307 | 308 => Some(method.clone()),
        _ => None,
    }
}

/// `location` with each byte beyond ASCII percent-encoded: what charset it is in is known to who wrote it.
fn ascii(location: &[u8]) -> String {
    percent_encode(location, NON_ASCII).to_string()
}

fn target(from: &Url, location: &str) -> Result<Url, Cause> {
    let nowhere = || Cause::RedirectTarget { to: location.to_owned() };
    let mut to = from.join(location).map_err(|_| nowhere())?;
    if !matches!(to.scheme(), "http" | "https") {
        return Err(nowhere());
    }
    // What a server puts there is no password of ours.
    to.set_username("").and_then(|()| to.set_password(None)).map_err(|()| nowhere())?;
    Ok(to)
}

impl Next {
    /// What is asked next, after `hop`.
    pub(super) fn into_hop(self, mut hop: Hop) -> Hop {
        if self.url.origin() != hop.url.origin() {
            hop.keep_headers(&FOR_EVERYBODY);
        }
        if self.method != hop.method {
            hop.drop_body();
        }
        hop.url = self.url;
        hop.method = self.method;
        hop
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_method_changes_as_browsers_change_it() {
        let check = |code: u16, method: Method, next: Option<Method>| {
            assert_eq!(method_after(StatusCode::from_u16(code).unwrap(), &method), next, "{code} {method}");
        };
        check(301, Method::POST, Some(Method::GET));
        check(302, Method::POST, Some(Method::GET));
        check(303, Method::PUT, Some(Method::GET));
        check(303, Method::HEAD, Some(Method::HEAD));
        check(301, Method::PUT, Some(Method::PUT));
        check(307, Method::POST, Some(Method::POST));
        check(308, Method::DELETE, Some(Method::DELETE));
        check(300, Method::GET, None);
        check(304, Method::GET, None);
        check(200, Method::GET, None);
    }

    #[test]
    fn what_is_beyond_ascii_is_encoded_as_it_is() {
        let from = Url::parse("https://example.org/").unwrap();
        let check = |location: &[u8], to: &str| {
            assert_eq!(target(&from, &ascii(location)).map(String::from).as_deref(), Ok(to), "{location:?}");
        };
        check("/ma\u{f1}ana?d\u{ed}a".as_bytes(), "https://example.org/ma%C3%B1ana?d%C3%ADa");
        check(b"/ma\xf1ana?d\xeda", "https://example.org/ma%F1ana?d%EDa");
        check(b"/a b%20c", "https://example.org/a%20b%20c");
        check("//ma\u{f1}ana.example/".as_bytes(), "https://xn--maana-pta.example/");
    }

    #[test]
    fn a_location_is_read_from_where_one_is() {
        let from = Url::parse("https://example.org/a/b?c").unwrap();
        let check = |location: &str, to: Option<&str>| {
            let found = target(&from, location).map(String::from);
            let nowhere = || Cause::RedirectTarget { to: location.to_owned() };
            assert_eq!(found, to.map(str::to_owned).ok_or_else(nowhere), "{location}");
        };
        check("d", Some("https://example.org/a/d"));
        check("/d", Some("https://example.org/d"));
        check("//other.example/", Some("https://other.example/"));
        check("http://me:pw@other.example/", Some("http://other.example/"));
        check("ftp://example.org/", None);
        check("javascript:alert(1)", None);
        check("http://[", None);
    }
}
