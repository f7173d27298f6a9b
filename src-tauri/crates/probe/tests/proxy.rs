//! The http check through a proxy.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

mod common;

use common::{
    IMPATIENCE, PATIENCE, assert_down, assert_up,
    authority::{Authority, Wanted},
    http,
    nginx::Nginx,
    prober,
    server::{answer, closed_port, read_head, serve, silent},
};
use estatus_core::{
    check::{Check, HttpCheck},
    observation::{Cause, Observation, Phase},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::TcpStream,
};

const SITE: &str = "server { listen 127.0.0.1:PORT; listen 127.0.0.1:TLS_PORT ssl;
    ssl_certificate own.pem; ssl_certificate_key own.key;
    location / { return 200 \"to $http_host for $http_proxy_authorization.\"; } }";

fn site(authority: &Authority) -> Nginx {
    Nginx::start(&[], SITE, |directory| authority.sign(&Wanted::default()).write(directory, "own"))
}

async fn probe(check: HttpCheck, authority: &Authority) -> Observation {
    prober().trusting([authority.root()]).probe(&Check::Http(Box::new(check)), PATIENCE).await
}

fn through(proxy: &str, url: &str) -> HttpCheck {
    HttpCheck { proxy: Some(proxy.parse().unwrap()), ..http(url) }
}

fn proxy_failure(observation: &Observation) -> &str {
    let failure = observation.failure.as_ref().unwrap();
    assert_eq!(failure.phase, Phase::Connect, "{failure:?}");
    let Cause::Proxy { error } = &failure.cause else { panic!("{failure:?}") };
    error
}

/// A proxy that knows CONNECT, and asks for `authorization`.
async fn connect_proxy(authorization: Option<&'static str>) -> u16 {
    let address = serve(move |mut client| async move {
        let head = read_head(&mut client).await;
        let mut words = head.split_whitespace();
        assert_eq!(words.next(), Some("CONNECT"));
        let target = words.next().unwrap();
        assert!(head.contains(&format!("Host: {target}\r\n")), "{head}");
        if authorization.is_some_and(|wanted| !head.contains(&format!("Proxy-Authorization: {wanted}\r\n"))) {
            let _ = client.write_all(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n").await;
            return;
        }
        let mut server = TcpStream::connect(target).await.unwrap();
        client.write_all(b"HTTP/1.1 200 Connected\r\nVia: test\r\n\r\n").await.unwrap();
        let _ = copy_bidirectional(&mut client, &mut server).await;
    });
    address.await.port()
}

/// A SOCKS5 proxy (RFC 1928) that asks for user and password (RFC 1929) where `login` is given.
async fn socks_proxy(login: Option<(&'static str, &'static str)>) -> u16 {
    let address = serve(move |mut client| async move {
        let _ = socks(&mut client, login).await;
    });
    address.await.port()
}

async fn socks(client: &mut TcpStream, login: Option<(&str, &str)>) -> std::io::Result<()> {
    async fn text(client: &mut TcpStream) -> std::io::Result<String> {
        let mut text = vec![0; client.read_u8().await?.into()];
        client.read_exact(&mut text).await?;
        Ok(String::from_utf8(text).unwrap())
    }
    assert_eq!(client.read_u8().await?, 5);
    let methods = text(client).await?;
    let method = if login.is_some() { 2 } else { 0 };
    if !methods.as_bytes().contains(&method) {
        return client.write_all(&[5, 0xff]).await;
    }
    client.write_all(&[5, method]).await?;
    if let Some((user, password)) = login {
        assert_eq!(client.read_u8().await?, 1);
        let is_well = text(client).await? == user && text(client).await? == password;
        client.write_all(&[1, u8::from(!is_well)]).await?;
    }
    let mut request = [0; 4];
    client.read_exact(&mut request).await?;
    let host = match request {
        [5, 1, 0, 3] => text(client).await?,
        [5, 1, 0, 1] => std::net::Ipv4Addr::from(client.read_u32().await?).to_string(),
        other => panic!("{other:?}"),
    };
    let port = client.read_u16().await?;
    let Ok(mut server) = TcpStream::connect((host, port)).await else {
        return client.write_all(&[5, 5, 0, 1, 0, 0, 0, 0, 0, 0]).await;
    };
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    copy_bidirectional(client, &mut server).await.map(drop)
}

#[tokio::test]
async fn an_http_proxy_is_told_the_whole_address() {
    let authority = Authority::new("Test Authority");
    let site = site(&authority);
    let check = async |proxy: String, expected: &str| {
        let mut check = through(&proxy, "http://elsewhere.example/page?x");
        check.text.contains.push(expected.to_owned());
        let observation = probe(check, &authority).await;
        assert_up(&observation, "200 OK");
        assert_eq!(observation.remote.unwrap().to_string(), "127.0.0.1");
        assert_eq!(observation.phases.get(Phase::Dns), None);
    };
    check(site.url(""), "to elsewhere.example for .").await;
    let login = site.url("").replace("http://", "http://me:p%40ss@");
    check(login, "to elsewhere.example for Basic bWU6cEBzcw==.").await;
}

#[tokio::test]
async fn https_goes_through_a_tunnel_of_the_proxy() {
    let authority = Authority::new("Test Authority");
    let site = site(&authority);
    let login = connect_proxy(Some("Basic bWU6cEBzcw==")).await;
    let open = connect_proxy(None).await;
    let check = async |proxy: String| {
        let mut check = through(&proxy, &site.tls_url("/"));
        check.text.contains.push(format!("to localhost:{} for .", site.tls_port));
        assert_up(&probe(check, &authority).await, "200 OK");
    };
    check(format!("http://127.0.0.1:{open}")).await;
    check(format!("http://me:p%40ss@127.0.0.1:{login}")).await;
    let observation = probe(through(&format!("http://127.0.0.1:{login}"), &site.tls_url("/")), &authority).await;
    assert_eq!(proxy_failure(&observation), "it answered “HTTP/1.1 407 Who are you”");
}

#[tokio::test]
async fn a_socks_proxy_looks_the_name_up() {
    let authority = Authority::new("Test Authority");
    let site = site(&authority);
    let open = socks_proxy(None).await;
    let login = socks_proxy(Some(("me", "p@ss"))).await;
    let check = async |proxy: String, url: String| {
        let observation = probe(through(&proxy, &url), &authority).await;
        assert_up(&observation, "200 OK");
    };
    check(format!("socks5://127.0.0.1:{open}"), site.url("/")).await;
    check(format!("socks5://127.0.0.1:{open}"), site.tls_url("/")).await;
    check(format!("socks5://me:p%40ss@127.0.0.1:{login}"), site.tls_url("/")).await;

    let fails = async |proxy: String, url: String, said: &str| {
        let observation = probe(through(&proxy, &url), &authority).await;
        let error = proxy_failure(&observation);
        assert!(error.contains(said), "{error}");
        assert!(!error.contains("p@ss") && !error.contains("wrong"), "{error}");
    };
    fails(format!("socks5://127.0.0.1:{login}"), site.url("/"), "user/pass").await;
    fails(format!("socks5://me:wrong@127.0.0.1:{login}"), site.url("/"), "credentials").await;
    let nobody = format!("http://127.0.0.1:{}/", closed_port());
    fails(format!("socks5://127.0.0.1:{open}"), nobody, "connection refused").await;
}

#[tokio::test]
async fn a_proxy_that_fails_is_to_blame() {
    let authority = Authority::new("Test Authority");
    let check = async |proxy: String, url: &str, said: &str| {
        let observation = probe(through(&proxy, url), &authority).await;
        let error = proxy_failure(&observation);
        assert!(error.contains(said), "{error}");
    };
    let closed = closed_port();
    for scheme in ["http", "socks5"] {
        for url in ["http://elsewhere.example/", "https://elsewhere.example/"] {
            let said = format!("127.0.0.1:{closed}: connection refused");
            check(format!("{scheme}://127.0.0.1:{closed}"), url, &said).await;
        }
    }
    let garbage = answer("what?\r\n\r\n").await;
    check(format!("http://{garbage}"), "https://elsewhere.example/", "it answered “what?”").await;
    let closing = answer("").await;
    check(format!("http://{closing}"), "https://elsewhere.example/", "closed the connection").await;

    let hung = silent().await;
    let check = Check::Http(Box::new(through(&format!("socks5://{hung}"), "http://elsewhere.example/")));
    let observation = prober().probe(&check, IMPATIENCE).await;
    assert_down(&observation, Phase::Connect, &Cause::TimedOut { after: IMPATIENCE });
}
