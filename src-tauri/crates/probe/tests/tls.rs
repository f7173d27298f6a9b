//! Certificates, over HTTPS and on any port.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

mod common;

use std::{sync::Arc, time::Duration};

use common::{
    IMPATIENCE, PATIENCE, assert_down, assert_up,
    authority::{Authority, Identity, Wanted},
    http,
    nginx::Nginx,
    prober,
    server::{follow, serve, silent},
};
use estatus_core::{
    check::{CertificateAssertions, Check, HostPort, HttpCheck, StartTls, TlsCheck, Trust},
    observation::{Cause, Observation, Phase, Warning},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const VERIFIED: CertificateAssertions = CertificateAssertions { trust: Trust::Machine, warn_days: 14 };

fn tls(port: u16, host: &str, starttls: Option<StartTls>) -> TlsCheck {
    let address = HostPort { host: host.to_owned(), port };
    TlsCheck { address, ip: None, starttls, certificate: VERIFIED }
}

async fn probe(check: TlsCheck, authority: &Authority) -> Observation {
    prober().trusting([authority.root()]).probe(&Check::Tls(check), PATIENCE).await
}

/// Presents `identity` to everybody who has followed `script`.
async fn present(identity: &Identity, script: &'static [&'static str]) -> u16 {
    let acceptor = identity.acceptor();
    let address = serve(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let stream = follow(script, stream).await;
            // Whoever does not trust the certificate hangs up.
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = stream.read_u8().await;
            }
        }
    });
    address.await.port()
}

fn days_away(after: Option<Duration>, days: u32) {
    let after = after.expect("it is known how long this holds");
    assert!(after > DAY * days - Duration::from_secs(60) && after <= DAY * days, "{after:?}");
}

#[tokio::test]
async fn a_good_certificate_is_read() {
    let authority = Authority::new("Test Authority");
    let port = present(&authority.sign(&Wanted::default()), &[]).await;
    for host in ["localhost", "127.0.0.1"] {
        let observation = probe(tls(port, host, None), &authority).await;
        assert_eq!(observation.failure, None, "{host}");
        let expected = "TLSv1.3, certificate of Test Server until 20";
        assert!(observation.seen.starts_with(expected), "{}", observation.seen);
        days_away(observation.holds_for, 90);
        assert_eq!(observation.warning, None);
        let phases: Vec<Phase> = observation.phases.iter().map(|(phase, _)| phase).collect();
        assert_eq!(phases, [Phase::Connect, Phase::Tls]);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_said_exactly() {
    let authority = Authority::new("Test Authority");
    let stranger = Authority::new("Stranger");
    let check = async |identity: Identity, cause: fn(&Cause) -> bool| {
        let port = present(&identity, &[]).await;
        let failure = probe(tls(port, "localhost", None), &authority).await.failure.unwrap();
        assert_eq!(failure.phase, Phase::Tls);
        assert!(cause(&failure.cause), "{failure:?}");
        let unverified = CertificateAssertions { trust: Trust::Anybody, ..VERIFIED };
        let observation = probe(TlsCheck { certificate: unverified, ..tls(port, "localhost", None) }, &authority).await;
        assert_eq!(observation.failure, None);
        assert!(observation.seen.contains("certificate of"), "{}", observation.seen);
    };
    let of = |days| Wanted { days, ..Wanted::default() };
    check(authority.sign(&of((-30, -3))), |cause| {
        let ago = |not_after: &estatus_core::Timestamp| not_after.duration_until(estatus_core::Timestamp::now());
        matches!(cause, Cause::CertificateExpired { subject, not_after }
            if subject == "Test Server" && ago(not_after).as_hours() == 72)
    })
    .await;
    check(
        authority.sign(&of((3, 30))),
        |cause| matches!(cause, Cause::CertificateNotYetValid { subject, .. } if subject == "Test Server"),
    )
    .await;
    let others = Wanted { names: &["other.example", "192.0.2.1", "2001:db8::1"], ..Wanted::default() };
    check(authority.sign(&others), |cause| {
        *cause
            == Cause::CertificateWrongHost {
                host: "localhost".into(),
                names: vec!["other.example".into(), "192.0.2.1".into(), "2001:db8::1".into()],
            }
    })
    .await;
    for is_ca in [false, true] {
        check(Wanted::default().signed_by_itself(is_ca), |cause| {
            *cause == Cause::CertificateSelfSigned { subject: "Test Server".into() }
        })
        .await;
    }
    let alone = |cause: &Cause| *cause == Cause::CertificateAlone { issuer: "Stranger".into() };
    check(stranger.sign(&Wanted::default()), alone).await;
    let unknown = |cause: &Cause| *cause == Cause::CertificateUnknownIssuer { issuer: "Stranger".into() };
    check(stranger.sign(&Wanted::default()).with(stranger.root()), unknown).await;
    let wanted = Wanted { common_name: Some("Intermediate"), names: &[], days: (-30, -3) };
    let (expired, certificate) = authority.below(&wanted);
    check(
        expired.sign(&Wanted::default()).with(certificate),
        |cause| matches!(cause, Cause::CertificateExpired { subject, .. } if subject == "Intermediate"),
    )
    .await;
}

#[tokio::test]
async fn the_last_days_of_any_certificate_of_the_chain_warn() {
    let authority = Authority::new("Test Authority");
    let wanted = Wanted { common_name: Some("Intermediate"), names: &[], days: (-30, 5) };
    let (intermediate, certificate) = authority.below(&wanted);
    let port = present(&intermediate.sign(&Wanted::default()).with(certificate), &[]).await;
    let check = async |certificate: CertificateAssertions, warns: bool| {
        let observation = probe(TlsCheck { certificate, ..tls(port, "localhost", None) }, &authority).await;
        assert_eq!(observation.failure, None);
        days_away(observation.holds_for, 5);
        match observation.warning {
            Some(Warning::CertificateExpires { subject, .. }) => assert!(warns && subject == "Intermediate"),
            None => assert!(!warns),
        }
    };
    check(VERIFIED, true).await;
    check(CertificateAssertions { trust: Trust::Anybody, warn_days: 14 }, true).await;
    check(CertificateAssertions { trust: Trust::Machine, warn_days: 4 }, false).await;
    check(CertificateAssertions { trust: Trust::Machine, warn_days: 0 }, false).await;
}

#[tokio::test]
async fn a_certificate_without_a_common_name_is_called_by_its_first_host() {
    let authority = Authority::new("Test Authority");
    let port = present(&authority.sign(&Wanted { common_name: None, ..Wanted::default() }), &[]).await;
    let observation = probe(tls(port, "localhost", None), &authority).await;
    assert!(observation.seen.contains("certificate of localhost until"), "{}", observation.seen);
}

#[tokio::test]
async fn tls_is_begun_in_every_protocol_that_knows_how() {
    let authority = Authority::new("Test Authority");
    let identity = authority.sign(&Wanted::default());
    let check = async |protocol, script, cause: Option<Cause>| {
        let port = present(&identity, script).await;
        let observation = probe(tls(port, "localhost", Some(protocol)), &authority).await;
        match cause {
            None => assert_eq!(observation.failure, None, "{protocol:?}"),
            Some(cause) => assert_down(&observation, Phase::Tls, &cause),
        }
    };
    let refused = |answer: &str| Some(Cause::StartTls { answer: answer.to_owned() });
    let smtp: &[&str] = &[
        ">220-mail.example",
        ">220 ready",
        "<EHLO [127.0.0.1]",
        ">250-mail",
        ">250-StartTLS",
        ">250 OK",
        "<STARTTLS",
        ">220 go",
    ];
    check(StartTls::Smtp, smtp, None).await;
    check(StartTls::Smtp, &[">554 go away"], refused("554 go away")).await;
    let none: &[&str] = &[">220 ready", "<EHLO", ">250-mail", ">250 SIZE"];
    let not_offered = |answer: &str| Some(Cause::StartTlsNotOffered { answer: answer.to_owned() });
    check(StartTls::Smtp, none, not_offered("SIZE")).await;
    check(StartTls::Smtp, &[">220 ready", "<EHLO", ">250 mail"], not_offered("250 mail")).await;
    check(StartTls::Smtp, &[">220 ready", "<EHLO", ">502 what"], not_offered("502 what")).await;
    let later: &[&str] = &[">220 ready", "<EHLO", ">250 STARTTLS", "<STARTTLS", ">454 later"];
    check(StartTls::Smtp, later, refused("454 later")).await;

    let imap: &[&str] = &[">* OK ready", "<a STARTTLS", ">* CAPABILITY IMAP4rev2", ">a OK begin"];
    check(StartTls::Imap, imap, None).await;
    check(StartTls::Imap, &[">* BYE busy"], refused("* BYE busy")).await;
    check(StartTls::Imap, &[">* OK ready", "<a STARTTLS", ">a BAD what"], not_offered("a BAD what")).await;

    check(StartTls::Pop3, &[">+OK ready", "<STLS", ">+OK begin"], None).await;
    check(StartTls::Pop3, &[">+OK ready", "<STLS", ">-ERR no"], refused("-ERR no")).await;

    check(StartTls::Ftp, &[">220-files", "> of mine", ">220 ready", "<AUTH TLS", ">234 begin"], None).await;
    check(StartTls::Ftp, &[">220 ready", "<AUTH TLS", ">502 no"], not_offered("502 no")).await;
    check(StartTls::Ftp, &[">220 ready", "<AUTH TLS", ">530 log in first"], refused("530 log in first")).await;
}

#[tokio::test]
async fn what_a_server_says_in_the_clear_after_it_agreed_does_not_count() {
    let authority = Authority::new("Test Authority");
    let port = serve(|stream| async {
        let mut stream = follow(&[">+OK ready", "<STLS"], stream).await;
        let _ = stream.write_all(b"+OK begin\r\n+OK injected\r\n").await;
        std::future::pending::<()>().await;
    });
    let observation = probe(tls(port.await.port(), "localhost", Some(StartTls::Pop3)), &authority).await;
    assert!(matches!(observation.failure.unwrap().cause, Cause::Protocol { .. }));
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_told_apart_from_one_that_is_silent() {
    let authority = Authority::new("Test Authority");
    let port = serve(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _ = stream.read_u8().await;
    });
    let observation = probe(tls(port.await.port(), "localhost", None), &authority).await;
    assert_down(&observation, Phase::Tls, &Cause::NotTls);

    let port = serve(|mut stream| async move { drop(stream.read_u8().await) });
    let observation = probe(tls(port.await.port(), "localhost", None), &authority).await;
    let failure = observation.failure.unwrap();
    assert!(matches!(failure.cause, Cause::Closed | Cause::Broken { .. }), "{failure:?}");

    for starttls in [None, Some(StartTls::Smtp)] {
        let port = silent().await.port();
        let check = Check::Tls(tls(port, "localhost", starttls));
        let observation = prober().probe(&check, IMPATIENCE).await;
        assert_down(&observation, Phase::Tls, &Cause::TimedOut { after: IMPATIENCE });
    }
}

#[tokio::test]
async fn endless_talk_before_tls_is_cut_short() {
    let authority = Authority::new("Test Authority");
    let port = serve(|mut stream| async move { while stream.write_all(b"220-and another thing\r\n").await.is_ok() {} });
    let observation = probe(tls(port.await.port(), "localhost", Some(StartTls::Smtp)), &authority).await;
    assert_down(&observation, Phase::Tls, &Cause::Protocol { error: "the answer has no end".into() });
    let port = serve(|mut stream| async move { while stream.write_all(&[b'x'; 1024]).await.is_ok() {} });
    let observation = probe(tls(port.await.port(), "localhost", Some(StartTls::Imap)), &authority).await;
    assert_down(&observation, Phase::Tls, &Cause::Protocol { error: "the line has no end".into() });
}

#[tokio::test]
async fn a_page_over_https_comes_by_whichever_http_the_server_speaks() {
    let authority = Authority::new("Test Authority");
    let identity = authority.sign(&Wanted { days: (-1, 5), ..Wanted::default() });
    let check = async |http2: &str, version: &str| {
        let servers = format!(
            "server {{ listen 127.0.0.1:PORT; listen 127.0.0.1:TLS_PORT ssl {http2};
              ssl_certificate own.pem; ssl_certificate_key own.key;
              location / {{ return 200 \"$server_protocol to $host:$http_x_key\"; }}
              location /bad {{ return 500; }} location /page {{ }} }}"
        );
        let page = vec![b'x'; 500_000];
        let nginx = Nginx::start(&[("page", &page)], &servers, |directory| identity.write(directory, "own"));
        let prober = Arc::new(prober().trusting([authority.root()]));
        let probe = async |check: HttpCheck| prober.probe(&Check::Http(Box::new(check)), PATIENCE).await;

        let mut check = http(&nginx.tls_url("/"));
        check.text.contains.push(format!("{version} to localhost:k"));
        check.headers.push(("X-Key".into(), "k".into()));
        let observation = probe(check.clone()).await;
        assert_up(&observation, "200 OK");
        let phases: Vec<Phase> = observation.phases.iter().map(|(phase, _)| phase).collect();
        let expected = [Phase::Connect, Phase::Tls, Phase::Send, Phase::FirstByte, Phase::Body, Phase::Assertion];
        assert_eq!(phases, expected);
        assert!(matches!(observation.warning, Some(Warning::CertificateExpires { .. })));
        days_away(observation.holds_for, 5);

        check.headers.push(("Host".into(), "other.example".into()));
        check.text.contains = vec![format!("{version} to other.example:k")];
        assert_up(&probe(check).await, "200 OK");

        let mut large = http(&nginx.tls_url("/page"));
        large.text.contains.push("y".into());
        let missing = Cause::Missing { text: "y".into(), within: 500_000 };
        assert_down(&probe(large).await, Phase::Assertion, &missing);

        let bad = probe(http(&nginx.tls_url("/bad"))).await;
        assert!(common::evidence(&bad).starts_with(&format!("{version} 500 Internal Server Error\n")));
        let untrusted = common::prober().probe(&Check::Http(Box::new(http(&nginx.tls_url("/")))), PATIENCE).await;
        assert_down(&untrusted, Phase::Tls, &Cause::CertificateAlone { issuer: "Test Authority".into() });
    };
    check("", "HTTP/1.1").await;
    check("http2", "HTTP/2.0").await;
}

#[tokio::test]
async fn a_silent_http2_server_times_out_while_its_answer_is_waited_for() {
    let authority = Authority::new("Test Authority");
    let mut config = Arc::unwrap_or_clone(Arc::clone(authority.sign(&Wanted::default()).acceptor().config()));
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let port = serve(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let mut stream = acceptor.accept(stream).await.unwrap();
            // An empty SETTINGS frame (RFC 9113, section 6.5), and nothing after it.
            stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.unwrap();
            std::future::pending::<()>().await;
        }
    });
    let check = http(&format!("https://localhost:{}/", port.await.port()));
    let observation = prober().trusting([authority.root()]).probe(&Check::Http(Box::new(check)), 3 * IMPATIENCE).await;
    assert_down(&observation, Phase::FirstByte, &Cause::TimedOut { after: 3 * IMPATIENCE });
}
