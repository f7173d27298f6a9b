//! One connection, from its first byte: TLS or plain text, then HTTP/2, over which somebody asks for one of the services.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use estatus_core::fleet::command::Refusal;
use futures_util::FutureExt;
use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http2::Builder, service::Service};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::watch,
    time::{sleep, timeout},
};
use tonic::{Status, body::Body, codegen::Service as _};
use tonic_health::{pb::health_server::HealthServer, server::HealthService};

use super::{
    attendance,
    authority::Identity,
    codec::LONGEST,
    encrypted::Encrypted,
    proto::{
        agent::agent_service_server::{AgentServiceServer, SERVICE_NAME as AGENT},
        document::connection_service_server::{ConnectionServiceServer, SERVICE_NAME as CONNECTION},
    },
    room::{Owner, Place},
    shared::Shared,
    visit::{Shown, Visit},
};
use crate::socket::hasten;

/// Whoever connects has agreed on TLS within this.
const SHAKES_HANDS_WITHIN: Duration = Duration::from_secs(10);
/// Whoever is not known by a certificate is sent away after so long; he may come again.
const STRANGER_FOR: Duration = Duration::from_secs(60);
/// What is under way when a connection is closed has so long to end.
const ENDS_WITHIN: Duration = Duration::from_secs(2);
/// So much may be asked at once over a connection.
const STREAMS: u32 = 8;
/// So long the headers of a request may be.
const HEADERS: u32 = 8 * 1024;
/// How much may be under way to us.
const WINDOW: u32 = 64 * 1024 - 1;

/// The first byte of TLS: a handshake (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 22;
/// The first byte of HTTP/2 in plain text, of "PRI" (RFC 9113, section 3.4).
const PREFACE: u8 = b'P';

/// The health of the engine, which is always the same: it is there.
pub(crate) type Health = HealthServer<HealthService>;

/// Receives somebody who has come to `listen`, until he goes.
pub(crate) async fn receive(
    shared: Arc<Shared>,
    health: Health,
    listen: SocketAddr,
    (stream, from): (TcpStream, SocketAddr),
    place: Place,
) {
    let opened = tokio::select! {
        opened = timeout(SHAKES_HANDS_WITHIN, open(&shared, stream)) => opened,
        () = place.gone() => return,
    };
    let opened = match opened {
        Ok(Ok(opened)) => opened,
        Ok(Err(Unopened::Foreign)) => {
            let fleets = shared.fleets_at(listen);
            return shared.tell_refused(&fleets, from, Refusal::Foreign);
        }
        // Somebody else, or a scan: nobody need know.
        Ok(Err(Unopened::Nobody)) | Err(_) => return,
    };
    let visit = |shown| Visit { shared, listen, from, shown, recognised: watch::Sender::new(None) };
    // Each goes on in a task that has no room for the others.
    match opened {
        Opened::Plain(stream) => drop(tokio::spawn(serve(Stream::Plain(stream), visit(None), health, place))),
        Opened::Stranger(stream, shown) => {
            tokio::spawn(serve(Stream::Tls(stream), visit(Some(shown)), health, place));
        }
        Opened::Instance(stream, identity) => {
            tokio::spawn(attendance::receive(Stream::Tls(stream), visit(None), identity));
        }
    }
}

/// A connection that is one.
enum Opened {
    Plain(TcpStream),
    Stranger(Box<Encrypted>, Shown),
    Instance(Box<Encrypted>, Identity),
}

/// Why a connection has come to nothing.
enum Unopened {
    /// Whoever it was, he took us for another engine than he knows.
    Foreign,
    Nobody,
}

impl From<io::Error> for Unopened {
    fn from(error: io::Error) -> Self {
        let of_tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match of_tls {
            Some(rustls::Error::AlertReceived(rustls::AlertDescription::UnknownCA)) => Self::Foreign,
            _ => Self::Nobody,
        }
    }
}

async fn open(shared: &Shared, stream: TcpStream) -> Result<Opened, Unopened> {
    hasten(&stream)?;
    let mut first = [0];
    if stream.peek(&mut first).await? == 0 {
        return Err(Unopened::Nobody);
    }
    match first[0] {
        PREFACE => Ok(Opened::Plain(stream)),
        HANDSHAKE => {
            let keys = shared.keys()?;
            let stream = Encrypted::accept(Arc::clone(&keys.tls), stream).await?;
            let shown = stream.shown();
            let identity = shown.and_then(|certificate| keys.authority.whose(certificate));
            let shown = if shown.is_none() { Shown::Nothing } else { Shown::Foreign };
            Ok(match identity {
                Some(identity) => Opened::Instance(stream, identity),
                None => Opened::Stranger(stream, shown),
            })
        }
        _ => Err(Unopened::Nobody),
    }
}

/// Serves somebody who is not known by a certificate, for a while.
async fn serve(stream: Stream, visit: Visit, health: Health, place: Place) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new()).max_concurrent_streams(STREAMS).max_header_list_size(HEADERS);
    builder.initial_stream_window_size(WINDOW).initial_connection_window_size(WINDOW).auto_date_header(false);
    let visit = Arc::new(visit);
    let services = Services { visit: Arc::clone(&visit), health };
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), services));
    // How it ends is told to nobody: whoever it was comes again, or does not.
    let may_end = tokio::select! {
        _ = connection.as_mut() => return,
        may_end = had_his_time(&visit, place) => may_end,
    };
    if may_end {
        connection.as_mut().graceful_shutdown();
        let _ = timeout(ENDS_WITHIN, connection).await;
    }
}

/// Waits until somebody has had his time, or has to give way: whether he may end what he is at.
async fn had_his_time(visit: &Visit, mut place: Place) -> bool {
    let mut recognised = visit.recognised.subscribe();
    let mut end = pin!(sleep(STRANGER_FOR));
    loop {
        tokio::select! {
            () = place.gone() => return false,
            () = end.as_mut() => return true,
            Ok(()) = recognised.changed() => {
                if let Some(instance) = recognised.borrow_and_update().clone() {
                    place = visit.shared.enrolling.admit(Owner::Instance(instance));
                }
            }
        }
    }
}

/// What may be asked for.
struct Services {
    visit: Arc<Visit>,
    health: Health,
}

impl Service<Request<Incoming>> for Services {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let visit = Arc::clone(&self.visit);
        match service_of(request.uri().path()) {
            CONNECTION => ConnectionServiceServer::from_arc(visit).max_decoding_message_size(LONGEST).call(request),
            AGENT => AgentServiceServer::from_arc(visit).max_decoding_message_size(LONGEST).call(request),
            tonic_health::pb::health_server::SERVICE_NAME => self.health.clone().call(request),
            _ => async { Ok(Status::unimplemented("there is no such service here").into_http()) }.boxed(),
        }
    }
}

/// The service that a path names: what stands before the method.
pub(crate) fn service_of(path: &str) -> &str {
    path.strip_prefix('/').and_then(|path| path.rsplit_once('/')).map_or("", |(service, _)| service)
}

/// A connection, encrypted or not.
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<Encrypted>),
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
