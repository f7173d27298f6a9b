//! Those who do not mean well, or do not know what they do.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    engine::{Engine, PATIENCE, fleet},
    program::{Agent, own},
};

async fn connect(at: SocketAddr) -> TcpStream {
    TcpStream::connect(at).await.unwrap()
}

#[tokio::test]
async fn garbage_is_hung_up_on() {
    let data = tempfile::tempdir().unwrap();
    let mut engine = Engine::new(data.path());
    let at = engine.serve(&Arc::new(fleet("web"))).await;
    let noise: Vec<u8> = (0..4096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let openings: [&[u8]; 6] = [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"POST / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\xff\xff\x01\x00",
        &[&[22][..], &noise].concat(),
        &noise,
    ];
    for opening in openings {
        let mut stream = connect(at).await;
        // It may be hung up on before all of it is taken.
        let _ = stream.write_all(opening).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        // Reset or closed, it is over.
        let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("it is hung up on");
        assert!(answer.len() < 1024, "{answer:?}");
    }
    engine.core.launch("web-1");
    let mut agent = Agent::start(own(at, &engine.token("web", "web-1")));
    agent.attends().await;
    engine.heard("web-1").await;
}

#[tokio::test]
async fn a_thousand_connections_that_say_nothing_keep_nobody_out() {
    let data = tempfile::tempdir().unwrap();
    let mut engine = Engine::new(data.path());
    let at = engine.serve(&Arc::new(fleet("web"))).await;
    engine.core.launch("web-1");
    engine.core.launch("web-2");
    let mut before = Agent::start(own(at, &engine.token("web", "web-1")));
    before.attends().await;
    let mut idle = Vec::new();
    for _ in 0..1_000 {
        idle.push(connect(at).await);
    }
    let mut after = Agent::start(own(at, &engine.token("web", "web-2")));
    after.attends().await;
    engine.heard("web-2").await;
    engine.heard("web-1").await;
    // The first of them have given way.
    let gone = timeout(PATIENCE, idle[0].read(&mut [0])).await.expect("it is hung up on");
    assert!(gone.map_or(true, |bytes| bytes == 0));
    let stays = timeout(Duration::from_millis(100), idle[999].read(&mut [0])).await;
    assert!(stays.is_err(), "{stays:?}");
}
