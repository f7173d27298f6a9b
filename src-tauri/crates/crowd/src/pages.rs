//! Pages with one gauge each.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use http::{Request, Response};
use http_body_util::Full;
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1::Builder,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

const PAGE: &str = "# TYPE load gauge\nload 0.5\n";

pub(crate) async fn serve(port: u16) {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await.unwrap();
    let count = Arc::new(AtomicU64::new(0));
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let count = Arc::clone(&count);
        let service = service_fn(move |request: Request<Incoming>| {
            let body = match request.uri().path() {
                "/count" => Full::new(Bytes::from(count.load(Ordering::Relaxed).to_string())),
                _ => {
                    count.fetch_add(1, Ordering::Relaxed);
                    Full::new(Bytes::from_static(PAGE.as_bytes()))
                }
            };
            async { Response::builder().header("content-type", "text/plain; version=0.0.4").body(body) }
        });
        tokio::spawn(Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}
