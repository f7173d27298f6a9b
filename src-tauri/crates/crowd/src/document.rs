//! Instances that speak the source document's protocol, in as few words as HTTP/2 needs for it: what is measured is when they
//! are asked.

use std::{
    convert::Infallible,
    fs::File,
    future,
    io::Write,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Body, Bytes, Incoming},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};

use crate::tickets::{self, Ticket};

/// What all of them have in common.
struct Scene {
    log: Mutex<File>,
    dead: PathBuf,
    /// So many die.
    die: u32,
}

pub(crate) async fn play(folder: &Path, log: &Path, dead: &Path, die: u32) {
    let scene = Arc::new(Scene { log: Mutex::new(File::create(log).unwrap()), dead: dead.to_owned(), die });
    tickets::take(folder, |ticket| drop(tokio::spawn(instance(Arc::clone(&scene), ticket)))).await;
}

async fn instance(scene: Arc<Scene>, Ticket { instance, server, .. }: Ticket) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let at = listener.local_addr().unwrap().to_string();
    let number: u32 = instance.rsplit_once('-').unwrap().1.parse().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let scene = Arc::clone(&scene);
            let service = service_fn(move |_: Request<Incoming>| ping(Arc::clone(&scene), number));
            let http = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
        }
    });
    assert!(announce(&server, &at, &instance).await, "{instance} is not accepted");
}

/// Notes that it was asked, and says that the load is 0.5.
async fn ping(
    scene: Arc<Scene>,
    number: u32,
) -> Result<Response<impl Body<Data = Bytes, Error = Infallible>>, Infallible> {
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    writeln!(scene.log.lock().unwrap(), "{number} {at}").unwrap();
    if number <= scene.die && scene.dead.exists() {
        future::pending::<()>().await;
    }
    let load = [&[0x0d][..], &0.5_f32.to_le_bytes()].concat();
    let trailers = HeaderMap::from_iter([("grpc-status".parse().unwrap(), HeaderValue::from_static("0"))]);
    let body = Full::new(Bytes::from(framed(&load))).with_trailers(future::ready(Some(Ok(trailers))));
    Ok(Response::builder().header("content-type", "application/grpc").body(body).unwrap())
}

/// Whether the monitor accepts it.
async fn announce(server: &str, address: &str, name: &str) -> bool {
    let stream = TcpStream::connect(server).await.unwrap();
    let http = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
    let (mut sender, connection) = http.handshake(TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let text =
        |field: u8, text: &str| [&[field << 3 | 2, u8::try_from(text.len()).unwrap()][..], text.as_bytes()].concat();
    let message = [text(1, address), text(2, name)].concat();
    let request = Request::post(format!("http://{server}/ConnectionService/onConnect"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Full::new(Bytes::from(framed(&message))))
        .unwrap();
    let answer = sender.send_request(request).await.unwrap().into_body().collect().await.unwrap();
    connection.abort();
    answer.to_bytes().ends_with(&[0x08, 1])
}

/// A message as gRPC sends it.
fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[0][..], &length, message].concat()
}
