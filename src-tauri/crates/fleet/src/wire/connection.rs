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
    sync::{Notify, watch},
    time::{sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tonic::{Status, body::Body, codegen::Service as _};
use tonic_health::{pb::health_server::HealthServer, server::HealthService};

use super::{
    codec::LONGEST,
    proto::{
        agent::agent_service_server::{AgentServiceServer, SERVICE_NAME as AGENT},
        document::connection_service_server::{ConnectionServiceServer, SERVICE_NAME as CONNECTION},
    },
    room::{Owner, Place},
    shared::Shared,
    visit::{Shown, Visit},
};

/// Whoever connects has agreed on TLS within this.
const SHAKES_HANDS_WITHIN: Duration = Duration::from_secs(10);
/// Whoever has not shown who he is by then is sent away; he may come again.
const STRANGER_FOR: Duration = Duration::from_secs(60);
/// What is under way when a connection is closed has so long to end.
const ENDS_WITHIN: Duration = Duration::from_secs(2);
/// Whoever has said nothing for so long is asked whether he is there, and has so long to answer.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(15));
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
    let (stream, shown) = match opened {
        Ok(Ok(opened)) => opened,
        Ok(Err(Unopened::Foreign)) => {
            let fleets = shared.fleets_at(listen);
            return shared.tell_refused(&fleets, from, Refusal::Foreign);
        }
        // Somebody else, or a scan: nobody need know.
        Ok(Err(Unopened::Nobody)) | Err(_) => return,
    };
    let (recognised, over) = (watch::Sender::new(None), Arc::default());
    let visit = Visit { shared, listen, from, shown, recognised, settled: Notify::new(), over };
    serve(stream, Arc::new(visit), health, place).await;
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

async fn open(shared: &Shared, stream: TcpStream) -> Result<(Stream, Option<Shown>), Unopened> {
    stream.set_nodelay(true)?;
    let mut first = [0];
    if stream.peek(&mut first).await? == 0 {
        return Err(Unopened::Nobody);
    }
    match first[0] {
        PREFACE => Ok((Stream::Plain(stream), None)),
        HANDSHAKE => {
            let keys = shared.keys()?;
            let stream = TlsAcceptor::from(Arc::clone(&keys.tls)).accept(stream).await?;
            let shown = match stream.get_ref().1.peer_certificates().and_then(<[_]>::first) {
                None => Shown::Nothing,
                Some(certificate) => keys.authority.whose(certificate).map_or(Shown::Foreign, Shown::Instance),
            };
            Ok((Stream::Tls(Box::new(stream)), Some(shown)))
        }
        _ => Err(Unopened::Nobody),
    }
}

async fn serve(stream: Stream, visit: Arc<Visit>, health: Health, place: Place) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new()).max_concurrent_streams(STREAMS).max_header_list_size(HEADERS);
    builder.initial_stream_window_size(WINDOW).initial_connection_window_size(WINDOW);
    builder.keep_alive_interval(KEEP_ALIVE.0).keep_alive_timeout(KEEP_ALIVE.1).auto_date_header(false);
    let services = Services { visit: Arc::clone(&visit), health };
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), services));
    // How it ends is told to nobody: whoever it was comes again, or does not.
    let stays = tokio::select! {
        _ = connection.as_mut() => return,
        stays = is_let_in(&visit, place) => stays,
    };
    if stays == Stays::LetIn {
        tokio::select! {
            _ = connection.as_mut() => return,
            () = visit.over.notified() => {}
        }
    }
    if stays != Stays::GivesWay {
        connection.as_mut().graceful_shutdown();
        let _ = timeout(ENDS_WITHIN, connection).await;
    }
}

/// How long somebody stays.
#[derive(PartialEq, Eq)]
enum Stays {
    LetIn,
    /// He has had his time.
    HadHisTime,
    GivesWay,
}

async fn is_let_in(visit: &Visit, mut place: Place) -> Stays {
    let mut recognised = visit.recognised.subscribe();
    let mut end = pin!(sleep(STRANGER_FOR));
    loop {
        tokio::select! {
            () = visit.settled.notified() => return Stays::LetIn,
            () = place.gone() => return Stays::GivesWay,
            () = end.as_mut() => return Stays::HadHisTime,
            Ok(()) = recognised.changed() => {
                if let Some(instance) = recognised.borrow_and_update().clone() {
                    place = visit.shared.instances.admit(Owner::Instance(instance));
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
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
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
