//! The way to the server that is asked: straight or through a proxy, in the clear or within TLS.

use std::future::Future;

use estatus_core::{Timestamp, check::HttpCheck, observation::Cause};
use estatus_tls::Tls;
use tokio::net::TcpStream;

use super::{
    proxy,
    request::Hop,
    wire::{Route, Stream},
};
use crate::{dial, handshake::shake_hands, trace::Trace};

const HTTP1_ONLY: &[&[u8]] = &[b"http/1.1"];
const HTTP2_FIRST: &[&[u8]] = &[b"h2", b"http/1.1"];

/// Opens ways to servers.
pub(crate) trait Open {
    /// Opens the way that `hop` needs, to speak HTTP/2 over it only if `http2` and the server wants to.
    ///
    /// # Errors
    /// Why there is none.
    fn open(
        &self,
        hop: &Hop,
        check: &HttpCheck,
        http2: bool,
        trace: &mut Trace,
    ) -> impl Future<Output = Result<Route, Cause>> + Send;
}

impl Open for Tls {
    async fn open(&self, hop: &Hop, check: &HttpCheck, http2: bool, trace: &mut Trace) -> Result<Route, Cause> {
        open(hop, check, http2, self, trace).await
    }
}

async fn open(hop: &Hop, check: &HttpCheck, http2: bool, tls: &Tls, trace: &mut Trace) -> Result<Route, Cause> {
    let (host, port) = proxy::host_and_port(&hop.url)?;
    let is_secured = hop.url.scheme() == "https";
    if let Some(proxy) = check.proxy.as_ref().filter(|proxy| proxy.scheme() == "http" && !is_secured) {
        let through_proxy = Some(proxy::authorization(proxy)?);
        let stream = Stream::plain(proxy::connect(proxy, check.ip, trace).await?);
        return Ok(Route { stream, is_http2: false, through_proxy });
    }
    let stream = reach(check, &host, port, trace).await?;
    if !is_secured {
        return Ok(Route { stream: Stream::plain(stream), is_http2: false, through_proxy: None });
    }
    let alpn = if http2 && !hop.upgrades() { HTTP2_FIRST } else { HTTP1_ONLY };
    let again = || reach_aside(check, &host, port);
    let secured = shake_hands(tls, stream, &host, alpn, &check.certificate, again, trace).await?;
    let is_http2 = secured.stream.get_ref().1.alpn_protocol() == Some(b"h2");
    Ok(Route { stream: Stream::tls(secured.stream), is_http2, through_proxy: None })
}

/// A connection to the server itself, through a proxy if there is one.
async fn reach(check: &HttpCheck, host: &str, port: u16, trace: &mut Trace) -> Result<TcpStream, Cause> {
    match &check.proxy {
        None => dial::connect(host, port, check.ip, trace).await,
        Some(proxy) => proxy::tunnel(proxy, host, port, check.ip, trace).await,
    }
}

/// The same, of which the probe notes nothing.
async fn reach_aside(check: &HttpCheck, host: &str, port: u16) -> Result<TcpStream, Cause> {
    reach(check, host, port, &mut Trace::begin(Timestamp::now())).await
}
