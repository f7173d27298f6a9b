//! What is asked, and what is said with it.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use estatus_core::{
    check::{Auth, HttpCheck},
    observation::Cause,
    ports::Ports,
    secret::SecretRef,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};
use http_body_util::Full;
use url::{Position, Url};

use super::{coding::CODINGS, cookies::Jar, wire::Route};

const USER_AGENT: HeaderValue = HeaderValue::from_static(concat!("Estatus/", env!("CARGO_PKG_VERSION")));

/// Stands where a secret stood.
const HIDDEN: &str = "***";

/// The shortest text that is taken for a secret; a shorter one would be found in half the words of a page.
const SHORTEST_SECRET: usize = 4;

/// The same for what a server keeps in a cookie, which need not be a secret.
const SHORTEST_SESSION: usize = 8;

/// One request: the first one, or one that a redirect led to.
pub(crate) struct Hop {
    /// Where.
    pub(super) url: Url,
    /// How.
    pub(super) method: Method,
    headers: HeaderMap,
    body: Bytes,
    /// What the answers so far gave, to be shown to those that come.
    cookies: Jar,
    /// What a server may echo and nobody may read.
    secrets: Vec<String>,
}

impl Hop {
    /// What `check` asks first, with its secrets.
    ///
    /// # Errors
    /// [`Cause::Setup`] where a secret is not to be had, or a header is none.
    pub(super) async fn first(check: &HttpCheck, ports: &dyn Ports) -> Result<Self, Cause> {
        let method = Method::from_bytes(check.method.as_bytes())
            .map_err(|_| setup(format!("“{}” is no HTTP method", check.method)))?;
        let body = check.body.as_ref().map(|body| Bytes::copy_from_slice(body.as_bytes())).unwrap_or_default();
        let (headers, cookies, secrets) = (defaults(), Jar::default(), Vec::new());
        let mut hop = Self { url: check.url.clone(), method, headers, body, cookies, secrets };
        if let Some(auth) = &check.auth {
            hop.authorize(auth, ports).await?;
        }
        for (name, value) in &check.headers {
            hop.add_header(name, value, Privacy::ByName)?;
        }
        for (name, place) in &check.secret_headers {
            let secret = hop.fetch(place, ports).await?;
            hop.add_header(name, &secret, Privacy::Secret)?;
        }
        Ok(hop)
    }

    /// One that knows these secrets.
    #[cfg(test)]
    pub(super) fn with_secrets(secrets: &[&str]) -> Self {
        Self {
            url: Url::parse("http://example.org/").unwrap(),
            method: Method::GET,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            cookies: Jar::default(),
            secrets: secrets.iter().map(|&secret| secret.to_owned()).collect(),
        }
    }

    /// The request, in the form that `route` needs.
    ///
    /// # Errors
    /// [`Cause::Setup`] where the address cannot be asked for.
    pub(super) fn request(&self, route: &Route) -> Result<Request<Full<Bytes>>, Cause> {
        let mut headers = self.headers.clone();
        self.cookies.show(&self.url, &mut headers);
        let authority = self.authority();
        let target = if route.is_http2 {
            // HTTP/2 has the host in the address, and no header that speaks of the connection.
            let host = headers.remove(header::HOST);
            let host = host.as_ref().and_then(|host| host.to_str().ok()).unwrap_or(&authority);
            format!("{}://{host}{}", self.url.scheme(), &self.url[Position::BeforePath..Position::AfterQuery])
        } else {
            if !headers.contains_key(header::HOST) {
                let host = HeaderValue::from_str(&authority).map_err(|error| setup(error.to_string()))?;
                headers.insert(header::HOST, host);
            }
            if !headers.contains_key(header::CONNECTION) {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            match &route.through_proxy {
                Some(authorization) => {
                    headers.extend(authorization.clone().map(|value| (header::PROXY_AUTHORIZATION, value)));
                    self.url[..Position::AfterQuery].to_owned()
                }
                None => self.url[Position::BeforePath..Position::AfterQuery].to_owned(),
            }
        };
        let uri = Uri::try_from(target).map_err(|error| setup(format!("this URL cannot be asked for: {error}")))?;
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// Keeps the cookies that come with the header of an answer.
    pub(super) fn keep_cookies(&mut self, answered: &HeaderMap) {
        for value in self.cookies.keep(answered, &self.url) {
            if value.len() >= SHORTEST_SESSION {
                self.secrets.push(value);
            }
        }
    }

    /// Whether the request asks to leave HTTP for another protocol, which only HTTP/1.1 knows how to.
    pub(super) fn upgrades(&self) -> bool {
        self.headers.contains_key(header::UPGRADE)
    }

    /// Leaves out every header but `these`, and these too where they are secrets.
    pub(super) fn keep_headers(&mut self, these: &[HeaderName]) {
        let mut kept = |name: &HeaderName| self.headers.remove(name).filter(|value| !value.is_sensitive());
        self.headers = these.iter().filter_map(|name| Some((name.clone(), kept(name)?))).collect();
    }

    /// Leaves out the body and what speaks of it.
    pub(super) fn drop_body(&mut self) {
        self.body = Bytes::new();
        for name in [header::CONTENT_TYPE, header::CONTENT_ENCODING, header::CONTENT_LANGUAGE, header::CONTENT_LENGTH] {
            self.headers.remove(name);
        }
    }

    /// `text` with every secret of this request hidden.
    pub(super) fn without_secrets(&self, text: String) -> String {
        self.secrets.iter().fold(text, |text, secret| text.replace(secret, HIDDEN))
    }

    /// The same of the beginning of a longer text, at whose end half a secret may stand.
    pub(super) fn without_secrets_in_start(&self, start: String) -> String {
        let mut text = self.without_secrets(start);
        let longest = self.secrets.iter().map(String::len).max().unwrap_or_default();
        text.truncate(text.floor_char_boundary(text.len().saturating_sub(longest)));
        text
    }

    /// `cause` with every secret of this request hidden in what came from the server.
    pub(super) fn without_secrets_in(&self, cause: Cause) -> Cause {
        match cause {
            Cause::Redirects { at_most, to } => Cause::Redirects { at_most, to: self.without_secrets(to) },
            Cause::RedirectTarget { to } => Cause::RedirectTarget { to: self.without_secrets(to) },
            Cause::Json { path, wanted, found } => {
                Cause::Json { path, wanted, found: found.map(|text| self.without_secrets(text)) }
            }
            cause => cause,
        }
    }

    fn authority(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    async fn authorize(&mut self, auth: &Auth, ports: &dyn Ports) -> Result<(), Cause> {
        let value = match auth {
            Auth::Basic { username, password } => {
                let password = self.fetch(password, ports).await?;
                format!("Basic {}", self.hide(BASE64_STANDARD.encode(format!("{username}:{password}"))))
            }
            Auth::Bearer(token) => format!("Bearer {}", self.fetch(token, ports).await?),
        };
        let mut value = HeaderValue::try_from(value)
            .map_err(|_| setup("the secret has a character that no header can carry, perhaps a line end".to_owned()))?;
        value.set_sensitive(true);
        self.headers.insert(header::AUTHORIZATION, value);
        Ok(())
    }

    async fn fetch(&mut self, place: &SecretRef, ports: &dyn Ports) -> Result<String, Cause> {
        let secret = ports.secret(place).await.map_err(|error| setup(error.to_string()))?;
        Ok(self.hide(secret.reveal().to_owned()))
    }

    fn hide(&mut self, secret: String) -> String {
        if secret.len() >= SHORTEST_SECRET {
            self.secrets.push(secret.clone());
        }
        secret
    }

    /// Replaces a default of the same name; several of the user's own stay.
    fn add_header(&mut self, name: &str, value: &str, privacy: Privacy) -> Result<(), Cause> {
        let parsed = HeaderName::try_from(name).map_err(|_| setup(format!("“{name}” is no header name")))?;
        let mut field = HeaderValue::try_from(value)
            .map_err(|_| setup(format!("the value of the header {name} has a character that no header can carry")))?;
        if matches!(privacy, Privacy::Secret) || is_secret(&parsed) {
            field.set_sensitive(true);
            self.hide(value.to_owned());
            // A server need not repeat by which scheme somebody has said who he is.
            if let Some((_, credentials)) = value.split_once(' ').filter(|_| is_credentials(&parsed)) {
                self.hide(credentials.trim().to_owned());
            }
        }
        if self.headers.get(&parsed).is_some_and(|known| is_default(&parsed, known)) {
            self.headers.insert(parsed, field);
        } else {
            self.headers.append(parsed, field);
        }
        Ok(())
    }
}

/// How it is known whether the value of a header is a secret.
#[derive(Clone, Copy)]
enum Privacy {
    /// By the header's name.
    ByName,
    /// It was kept as one.
    Secret,
}

fn defaults() -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(header::USER_AGENT, USER_AGENT);
    headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(CODINGS));
    headers
}

fn is_default(name: &HeaderName, value: &HeaderValue) -> bool {
    defaults().get(name) == Some(value)
}

/// Whether what a header of this name carries is likely to be nobody's business.
fn is_secret(name: &HeaderName) -> bool {
    ["auth", "cookie", "key", "secret", "token", "password"].iter().any(|word| name.as_str().contains(word))
}

/// Whether a header of this name carries the name of a scheme and then credentials (RFC 9110, 11.4).
fn is_credentials(name: &HeaderName) -> bool {
    [header::AUTHORIZATION, header::PROXY_AUTHORIZATION].contains(name)
}

fn setup(error: String) -> Cause {
    Cause::Setup { error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_recognised_by_the_name_of_their_header() {
        let check = |name: &'static str, secret: bool| {
            assert_eq!(is_secret(&HeaderName::from_static(name)), secret, "{name}");
        };
        check("authorization", true);
        check("x-api-key", true);
        check("cookie", true);
        check("x-auth-token", true);
        check("accept", false);
        check("content-type", false);
    }
}
