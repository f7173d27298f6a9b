//! What others may ask the agent itself: how it is, and what its load is if it speaks the source document's protocol. In plain
//! text, as that has it; nothing of it is a secret.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt;
use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http2::Builder, service::Service};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
    time::sleep,
};
use tonic::{Status, body::Body, codegen::Service as _};
use tonic_health::{
    pb::health_server::HealthServer,
    server::{HealthReporter, HealthService},
};

use super::{AgentError, AgentNews, Teller, load::Load};
use crate::{
    socket::hasten,
    wire::{
        HEARTBEAT_SERVICE, HeartbeatResponse, HeartbeatService, HeartbeatServiceServer, LONGEST, PingRequest,
        service_of,
    },
};

/// So many may be connected at once; others are sent away.
const CONNECTIONS: usize = 64;
/// Whoever has said nothing for so long is asked whether he is there.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// When nobody can be let in, it is tried again after so long.
const PAUSE: Duration = Duration::from_millis(100);

/// The agent's own server, until this is dropped.
pub(crate) struct Server {
    at: SocketAddr,
    asked: watch::Receiver<()>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What may be asked for.
#[derive(Clone)]
struct Services {
    health: HealthServer<HealthService>,
    load: Option<Arc<Asked>>,
}

/// The load, and that somebody asks for it.
struct Asked {
    load: Arc<Load>,
    asked: watch::Sender<()>,
}

impl Server {
    /// Listens at `listen`, and says what `load` is if there is one.
    ///
    /// # Errors
    /// It cannot listen there.
    pub(crate) async fn bind(listen: SocketAddr, load: Option<Arc<Load>>, tell: &Teller) -> Result<Self, AgentError> {
        let no_listener = |error| AgentError::Listen(listen, error);
        let listener = TcpListener::bind(listen).await.map_err(no_listener)?;
        let at = listener.local_addr().map_err(no_listener)?;
        tell(AgentNews::Listens(at.to_string()));
        let reporter = HealthReporter::new();
        if load.is_some() {
            reporter.set_service_status(HEARTBEAT_SERVICE, tonic_health::ServingStatus::Serving).await;
        }
        let (sender, asked) = watch::channel(());
        let load = load.map(|load| Arc::new(Asked { load, asked: sender }));
        let health = HealthServer::new(HealthService::from_health_reporter(reporter));
        let task = tokio::spawn(accept(listener, Services { health, load }));
        Ok(Self { at, asked, task })
    }

    /// Where it listens.
    pub(crate) fn at(&self) -> SocketAddr {
        self.at
    }

    /// Changes whenever somebody has asked for the load.
    pub(crate) fn asked(&self) -> watch::Receiver<()> {
        let mut asked = self.asked.clone();
        asked.mark_unchanged();
        asked
    }
}

async fn accept(listener: TcpListener, services: Services) {
    let connected = Arc::new(AtomicUsize::new(0));
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let one = Connected::new(&connected);
                if connected.load(Ordering::Relaxed) <= CONNECTIONS {
                    tokio::spawn(serve(stream, services.clone(), one));
                }
            }
            Err(_) => sleep(PAUSE).await,
        }
    }
}

/// One who is connected.
struct Connected(Arc<AtomicUsize>);

impl Connected {
    fn new(all: &Arc<AtomicUsize>) -> Self {
        all.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(all))
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn serve(stream: TcpStream, services: Services, _connected: Connected) {
    // One that cannot be had is as good.
    let _ = hasten(&stream);
    let mut builder = Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new()).keep_alive_interval(KEEP_ALIVE);
    // How it ends matters to nobody.
    let _ = builder.serve_connection(TokioIo::new(stream), services).await;
}

impl Service<Request<Incoming>> for Services {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        match (service_of(request.uri().path()), &self.load) {
            (HEARTBEAT_SERVICE, Some(load)) => {
                let mut service = HeartbeatServiceServer::from_arc(Arc::clone(load)).max_decoding_message_size(LONGEST);
                service.call(request)
            }
            (tonic_health::pb::health_server::SERVICE_NAME, _) => self.health.clone().call(request),
            _ => async { Ok(Status::unimplemented("there is no such service here").into_http()) }.boxed(),
        }
    }
}

#[tonic::async_trait]
impl HeartbeatService for Asked {
    async fn ping(&self, _request: tonic::Request<PingRequest>) -> Result<tonic::Response<HeartbeatResponse>, Status> {
        self.asked.send_replace(());
        // The document has no way to say that it is not known.
        let load = self.load.now().await.ok_or_else(|| Status::internal("the load is not known"))?;
        Ok(tonic::Response::new(HeartbeatResponse { load }))
    }
}
