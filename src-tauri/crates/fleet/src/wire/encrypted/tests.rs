use rustls::{AlertDescription, ClientConfig, RootCertStore, crypto::ring::default_provider};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy, duplex, split},
    net::TcpListener,
    spawn,
    task::JoinHandle,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::*;
use crate::wire::{ALPN, authority::Authority, engine_name, tls};

type Accepted = JoinHandle<io::Result<Box<Encrypted>>>;

fn authority() -> Authority {
    Authority::open(tempfile::tempdir().unwrap().path()).unwrap()
}

fn client(authority: &Authority, protocol: &[u8]) -> TlsConnector {
    let mut known = RootCertStore::empty();
    known.add(authority.engine().unwrap().chain.remove(1)).unwrap();
    let config = ClientConfig::builder_with_provider(default_provider().into()).with_safe_default_protocol_versions();
    let mut config = config.unwrap().with_root_certificates(known).with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    TlsConnector::from(Arc::new(config))
}

/// A connection that an engine of `authority` accepts.
async fn connect(authority: &Authority) -> (TcpStream, Accepted) {
    let config = Arc::new(tls::of_engine(authority.engine().unwrap()).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (accepted, _) = listener.accept().await.unwrap();
    (stream, spawn(Encrypted::accept(config, accepted)))
}

async fn pair() -> (TlsStream<TcpStream>, Box<Encrypted>) {
    let authority = authority();
    let (stream, accepted) = connect(&authority).await;
    let connector = client(&authority, ALPN);
    let stream = connector.connect(engine_name().unwrap(), stream).await.unwrap();
    (stream, accepted.await.unwrap().unwrap())
}

/// Whether nothing is kept.
fn is_bare(stream: &Encrypted) -> bool {
    let Buffers { partial, unread, waiting } = &stream.buffers;
    [partial, unread, waiting].iter().all(|buffer| buffer.capacity() == 0)
}

#[tokio::test]
async fn what_is_said_comes_over_in_whatever_pieces() {
    for piece in [1, 7, 500, 5_000, 100_000] {
        let authority = authority();
        let (stream, accepted) = connect(&authority).await;
        let (near, far) = duplex(64 * 1024);
        let (mut from_near, mut to_near) = split(far);
        let (mut from_engine, mut to_engine) = stream.into_split();
        spawn(async move {
            let mut buffer = vec![0; piece];
            while let bytes @ 1.. = from_near.read(&mut buffer).await.unwrap() {
                to_engine.write_all(&buffer[..bytes]).await.unwrap();
            }
        });
        spawn(async move { copy(&mut from_engine, &mut to_near).await });
        let echo = spawn(async move {
            let (mut from, mut to) = split(accepted.await.unwrap().unwrap());
            copy(&mut from, &mut to).await.unwrap();
            to.shutdown().await.unwrap();
            from.unsplit(to)
        });
        let connector = client(&authority, ALPN);
        let (mut from, mut to) = split(connector.connect(engine_name().unwrap(), near).await.unwrap());
        let said: Vec<u8> = (0..(piece * 2_000).min(300_000)).map(|at| (at * at % 251) as u8).collect();
        let whole = said.clone();
        spawn(async move {
            to.write_all(&whole).await.unwrap();
            to.shutdown().await.unwrap();
        });
        let mut heard = Vec::new();
        from.read_to_end(&mut heard).await.unwrap();
        assert!(heard == said, "in pieces of {piece}");
        assert!(is_bare(&echo.await.unwrap()), "in pieces of {piece}");
    }
}

#[tokio::test]
async fn nothing_is_kept_while_nothing_is_said() {
    let (mut agent, mut engine) = pair().await;
    for _ in 0..3 {
        assert!(is_bare(&engine));
        agent.write_all(b"how are you?").await.unwrap();
        let mut heard = [0; 12];
        engine.read_exact(&mut heard[..5]).await.unwrap();
        assert!(!is_bare(&engine), "what is not read is kept");
        engine.read_exact(&mut heard[5..]).await.unwrap();
        assert_eq!(&heard, b"how are you?");
        engine.write_all(b"well").await.unwrap();
        engine.flush().await.unwrap();
        agent.read_exact(&mut heard[..4]).await.unwrap();
        assert_eq!(&heard[..4], b"well");
    }
}

#[tokio::test]
async fn keys_may_change() {
    let (mut agent, mut engine) = pair().await;
    for _ in 0..3 {
        agent.get_mut().1.refresh_traffic_keys().unwrap();
        agent.write_all(b"?").await.unwrap();
        assert_eq!(engine.read_u8().await.unwrap(), b'?');
        engine.write_all(b"!").await.unwrap();
        engine.flush().await.unwrap();
        assert_eq!(agent.read_u8().await.unwrap(), b'!');
    }
}

#[tokio::test]
async fn both_hear_why_they_do_not_agree() {
    let alert = |error: &io::Error| match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::AlertReceived(alert)) => Some(*alert),
        _ => None,
    };
    let (ours, anothers) = (authority(), authority());
    let (stream, accepted) = connect(&ours).await;
    let connector = client(&anothers, ALPN);
    connector.connect(engine_name().unwrap(), stream).await.unwrap_err();
    let error = accepted.await.unwrap().err().unwrap();
    // Both authorities have the same name, but not the same key.
    assert_eq!(alert(&error), Some(AlertDescription::DecryptError), "{error}");

    let (stream, accepted) = connect(&ours).await;
    let error = client(&ours, b"h3").connect(engine_name().unwrap(), stream).await.err().unwrap();
    assert_eq!(alert(&error), Some(AlertDescription::NoApplicationProtocol), "{error}");
    assert_eq!(accepted.await.unwrap().err().unwrap().kind(), io::ErrorKind::InvalidData);
}

#[tokio::test]
async fn what_is_cut_is_not_taken_for_its_end() {
    let mut heard = Vec::new();
    let (mut agent, mut engine) = pair().await;
    agent.write_all(b"well").await.unwrap();
    agent.shutdown().await.unwrap();
    engine.read_to_end(&mut heard).await.unwrap();
    assert_eq!(heard, b"well");

    let (mut agent, mut engine) = pair().await;
    agent.write_all(b"we").await.unwrap();
    agent.flush().await.unwrap();
    drop(agent);
    assert_eq!(engine.read_to_end(&mut heard).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);

    let (stream, accepted) = connect(&authority()).await;
    drop(stream);
    assert_eq!(accepted.await.unwrap().err().unwrap().kind(), io::ErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn what_is_no_tls_is_refused_and_not_gathered() {
    for noise in [&[0; 64][..], b"\x16\x03\x01\xff\xff\x01\x00", b"\x16\x03\x01\x40\x00\x01\xff\xff\xff"] {
        let (mut stream, accepted) = connect(&authority()).await;
        let (mut from, mut to) = stream.split();
        let says = async {
            to.write_all(noise).await?;
            // Until it is hung up on.
            while to.write_all(&[0x16, 3, 3, 0x40, 0].repeat(1_000)).await.is_ok() {}
            Ok::<_, io::Error>(())
        };
        let mut alert = Vec::new();
        let (error, _, _) = tokio::join!(accepted, says, from.read_to_end(&mut alert));
        assert_eq!(error.unwrap().err().unwrap().kind(), io::ErrorKind::InvalidData);
        assert!(alert.len() < 100);
    }
}
