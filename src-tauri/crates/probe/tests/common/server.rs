//! Servers that do as they are told, however wrong.

use std::{future::Future, net::SocketAddr};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// Serves every connection with `serve`, until the test ends.
pub(crate) async fn serve<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// Reads the head of an HTTP request, answers `bytes` whatever it was, and closes.
pub(crate) async fn answer(bytes: impl Into<Vec<u8>>) -> SocketAddr {
    let bytes = bytes.into();
    serve(move |mut stream| {
        let bytes = bytes.clone();
        async move {
            read_head(&mut stream).await;
            // The client may have seen enough before the end.
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
    })
    .await
}

/// Takes every connection and does nothing with it.
pub(crate) async fn silent() -> SocketAddr {
    serve(|stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await
}

/// Reads up to the empty line that ends a head.
pub(crate) async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

/// Says and hears lines as written in `script`: what begins with `>` is said, what begins with `<` is expected.
/// Returns the connection after the last line.
pub(crate) async fn follow(script: &[&str], stream: TcpStream) -> TcpStream {
    let mut stream = BufReader::new(stream);
    for step in script {
        let (direction, text) = step.split_at(1);
        if direction == ">" {
            stream.write_all(format!("{text}\r\n").as_bytes()).await.unwrap();
        } else {
            let mut line = String::new();
            stream.read_line(&mut line).await.unwrap();
            assert!(line.starts_with(text), "expected {text}, heard {line}");
        }
    }
    stream.into_inner()
}

/// A port of this machine on which nobody listens.
pub(crate) fn closed_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
