//! One connection to a gRPC server, over which calls go.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, Response, Uri, uri::InvalidUri};
use hyper::{
    body::Incoming,
    client::conn::http2::{Builder, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tonic::body::Body;
use tower_service::Service;

/// The connection, for as long as somebody holds this.
#[derive(Clone)]
pub(crate) struct Channel(SendRequest<Body>);

/// After so long without a word the other side is asked whether it is there, and has so long to answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeepAlive {
    pub(crate) after: Duration,
    pub(crate) within: Duration,
}

impl Channel {
    /// Speaks over `stream`, which leads to a server of HTTP/2.
    ///
    /// # Errors
    /// There is none.
    pub(crate) async fn over<S>(stream: S, keep_alive: Option<KeepAlive>) -> hyper::Result<Self>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let mut builder = Builder::new(TokioExecutor::new());
        builder.timer(TokioTimer::new());
        if let Some(KeepAlive { after, within }) = keep_alive {
            builder.keep_alive_interval(after).keep_alive_timeout(within).keep_alive_while_idle(true);
        }
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
        // What goes wrong is told to whoever calls.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self(sender))
    }
}

impl Service<Request<Body>> for Channel {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = hyper::Result<Response<Incoming>>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.0.send_request(request))
    }
}

/// What calls to `address` name as where they go.
///
/// # Errors
/// It is no address.
pub(crate) fn origin(scheme: &str, address: &str) -> io::Result<Uri> {
    let origin = format!("{scheme}://{address}").parse();
    origin.map_err(|error: InvalidUri| io::Error::new(io::ErrorKind::InvalidInput, format!("{address}: {error}")))
}
