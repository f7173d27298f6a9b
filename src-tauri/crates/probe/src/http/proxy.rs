//! Goes through a proxy.

use std::{
    future::{Ready, ready},
    io,
    task::{Context, Poll},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use estatus_core::{check::IpVersion, config::Language, observation::Cause, words::Words};
use http::{HeaderValue, Uri};
use hyper_util::{client::legacy::connect::proxy::SocksV5, rt::TokioIo};
use jiff::tz::TimeZone;
use percent_encoding::percent_decode_str;
use tokio::net::TcpStream;
use tower_service::Service;
use url::{Host, Url};

use crate::{cause, dial, evidence, lines::Lines, trace::Trace};

/// Registered with IANA.
pub(super) const SOCKS_PORT: u16 = 1080;

/// The host, without brackets, and the port of `url`.
///
/// # Errors
/// [`Cause::Setup`] where there is no host, or a scheme of which no port is known.
pub(super) fn host_and_port(url: &Url) -> Result<(String, u16), Cause> {
    let host = url.host().map(|host| match host {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    });
    let port = url.port_or_known_default().or_else(|| (url.scheme() == "socks5").then_some(SOCKS_PORT));
    host.zip(port).ok_or_else(|| Cause::Setup { error: format!("“{}://…” names no host and port", url.scheme()) })
}

/// Connects to `proxy` itself.
///
/// # Errors
/// [`Cause::Proxy`], whatever the reason.
pub(super) async fn connect(proxy: &Url, ip: Option<IpVersion>, trace: &mut Trace) -> Result<TcpStream, Cause> {
    let (host, port) = host_and_port(proxy)?;
    dial::connect(&host, port, ip, trace).await.map_err(|cause| match cause {
        Cause::Setup { .. } => cause,
        cause => failed(format!("{host}:{port}: {}", Words::new(Language::English, TimeZone::UTC).cause(&cause))),
    })
}

/// Connects to `host` and `port` through `proxy`, which looks the name up.
///
/// # Errors
/// [`Cause::Proxy`], whatever the reason.
pub(super) async fn tunnel(
    proxy: &Url,
    host: &str,
    port: u16,
    ip: Option<IpVersion>,
    trace: &mut Trace,
) -> Result<TcpStream, Cause> {
    let stream = connect(proxy, ip, trace).await?;
    let authority = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    match proxy.scheme() {
        "socks5" => by_socks(stream, proxy, &authority).await,
        _ => by_connect(stream, proxy, &authority).await,
    }
}

/// How we authorize ourselves at `proxy`, if its URL says so (RFC 7617).
///
/// # Errors
/// [`Cause::Setup`] where user and password are no text.
pub(super) fn authorization(proxy: &Url) -> Result<Option<HeaderValue>, Cause> {
    let Some((user, password)) = credentials(proxy) else { return Ok(None) };
    let value = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
    let mut value = HeaderValue::try_from(value).map_err(|error| Cause::Setup { error: error.to_string() })?;
    value.set_sensitive(true);
    Ok(Some(value))
}

fn credentials(proxy: &Url) -> Option<(String, String)> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let is_named = !proxy.username().is_empty() || proxy.password().is_some();
    is_named.then(|| (decoded(proxy.username()), decoded(proxy.password().unwrap_or_default())))
}

/// RFC 9110, section 9.3.6.
async fn by_connect(stream: TcpStream, proxy: &Url, authority: &str) -> Result<TcpStream, Cause> {
    let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
    if let Some(authorization) = authorization(proxy)?.as_ref().and_then(|value| value.to_str().ok()) {
        request.push_str(&format!("Proxy-Authorization: {authorization}\r\n"));
    }
    request.push_str("\r\n");
    let spoken = async {
        let mut lines = Lines::over(stream);
        lines.say(&request).await?;
        let heard = lines.hear_until(str::is_empty).await?;
        Ok((heard.into_iter().next().unwrap_or_default(), lines.into_stream()))
    };
    let (status, stream) = spoken.await.map_err(|error| failed(words(&error)))?;
    let code = status.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1));
    if code.is_some_and(|code| code.len() == 3 && code.starts_with('2')) {
        stream.map_err(|error| failed(words(&error)))
    } else {
        Err(failed(format!("it answered {}", evidence::line(status.as_bytes()))))
    }
}

/// RFC 1928 and RFC 1929.
async fn by_socks(stream: TcpStream, proxy: &Url, authority: &str) -> Result<TcpStream, Cause> {
    let uri = |text: String| Uri::try_from(text).map_err(|error| Cause::Setup { error: error.to_string() });
    let mut socks = SocksV5::new(uri("socks5://proxy".to_owned())?, Connected(Some(TokioIo::new(stream))));
    if let Some((user, password)) = credentials(proxy) {
        socks = socks.with_auth(user, password);
    }
    let agreed = socks.call(uri(format!("tcp://{authority}"))?).await;
    agreed.map(TokioIo::into_inner).map_err(|error| failed(error.to_string()))
}

/// The connector that hyper-util's SOCKS client asks for: hands out the connection that there is.
struct Connected(Option<TokioIo<TcpStream>>);

impl Service<Uri> for Connected {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Ready<io::Result<TokioIo<TcpStream>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(self.0.take().ok_or_else(|| io::ErrorKind::NotConnected.into()))
    }
}

fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it closed the connection without an answer".to_owned(),
        _ => cause::text(error),
    }
}

fn failed(error: String) -> Cause {
    Cause::Proxy { error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_stand_in_the_proxys_address() {
        let check = |url: &str, found: Option<(&str, &str)>| {
            let found = found.map(|(user, password)| (user.to_owned(), password.to_owned()));
            assert_eq!(credentials(&Url::parse(url).unwrap()), found, "{url}");
        };
        check("http://proxy:3128", None);
        check("http://me@proxy:3128", Some(("me", "")));
        check("socks5://me:p%40ss%2Bword@proxy", Some(("me", "p@ss+word")));
    }
}
