//! Answers that are not quite as they should be and that browsers and curl take all the same; and what is said of those
//! that nobody can take.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

mod common;

use std::{future::Future, sync::Arc, time::Duration};

use common::{
    IMPATIENCE, PATIENCE, assert_down, assert_up,
    authority::{Authority, Wanted},
    evidence, http, probe, prober,
    server::{answer, closed_port, read_head, serve},
};
use estatus_core::{
    check::{Check, CodeRange, Comparison, HttpCheck, JsonAssertion, JsonStep, Redirects, TextAssertions},
    observation::{Cause, Observation, Phase},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::server::TlsStream;

fn text(contains: &[&str], lacks: &[&str]) -> TextAssertions {
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    TextAssertions { contains: owned(contains), lacks: owned(lacks), ..TextAssertions::default() }
}

fn containing(url: &str, wanted: &str) -> HttpCheck {
    HttpCheck { text: text(&[wanted], &[]), ..http(url) }
}

/// Answers each request with what `say` makes of its head.
async fn saying(say: impl Fn(&str) -> Vec<u8> + Clone + Send + Sync + 'static) -> String {
    let address = serve(move |mut stream| {
        let say = say.clone();
        async move {
            let said = say(&read_head(&mut stream).await);
            // The client may have seen enough before the end.
            let _ = stream.write_all(&said).await;
        }
    });
    format!("http://{}/", address.await)
}

/// A site within TLS that speaks `protocols`, and that breaks every connection off when `speak` is done with it.
struct Secured {
    url: String,
    authority: Authority,
}

impl Secured {
    async fn speaking<F>(
        protocols: &[&[u8]],
        speak: impl Fn(TlsStream<TcpStream>) -> F + Clone + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let authority = Authority::new("Test Authority");
        let mut config = Arc::unwrap_or_clone(Arc::clone(authority.sign(&Wanted::default()).acceptor().config()));
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let address = serve(move |stream| {
            let (acceptor, speak) = (acceptor.clone(), speak.clone());
            async move { speak(acceptor.accept(stream).await.unwrap()).await }
        });
        Self { url: format!("https://localhost:{}/", address.await.port()), authority }
    }

    async fn probe(&self, check: HttpCheck) -> Observation {
        let check = Check::Http(Box::new(check));
        prober().trusting([self.authority.root()]).probe(&check, PATIENCE).await
    }
}

async fn read_request(stream: &mut TlsStream<TcpStream>) {
    let mut come = Vec::new();
    while !come.ends_with(b"\r\n\r\n") {
        come.push(stream.read_u8().await.unwrap());
    }
}

#[tokio::test]
async fn the_end_of_a_tls_connection_ends_a_body_without_a_length_and_cuts_one_with_it() {
    let check = async |said: &'static str, cause: Option<Cause>| {
        let site = Secured::speaking(&[], move |mut stream| async move {
            read_request(&mut stream).await;
            stream.write_all(said.as_bytes()).await.unwrap();
            stream.flush().await.unwrap();
            // No close_notify: the connection just ends.
        })
        .await;
        let observation = site.probe(containing(&site.url, "here")).await;
        match cause {
            None => assert_up(&observation, "200 OK"),
            Some(cause) => assert_down(&observation, Phase::Body, &cause),
        }
        let unread = site.probe(http(&site.url)).await;
        assert_eq!(unread.failure.map(|failure| failure.cause), observation.failure.map(|failure| failure.cause));
    };
    check("HTTP/1.1 200 OK\r\n\r\nall that is here", None).await;
    check("HTTP/1.0 200 OK\r\n\r\nall that is here", None).await;
    check("HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\nall that is here", None).await;
    check("HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\nall that is here", Some(Cause::Closed)).await;
    let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nall that is here\r\n";
    check(chunks, Some(Cause::Closed)).await;
    check("HTTP/1.1 200 OK\r\nServ", Some(Cause::Closed)).await;
}

#[tokio::test]
async fn chunks_are_read_under_http10_too() {
    let chunked = "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n4\r\n you\r\n0\r\n\r\n";
    let url = format!("http://{}/", answer(chunked).await);
    assert_up(&probe(containing(&url, "hello you")).await, "200 OK");
    let observation = probe(containing(&url, "goodbye")).await;
    assert_down(&observation, Phase::Assertion, &Cause::Missing { text: "goodbye".into(), within: 9 });
    assert!(evidence(&observation).starts_with("HTTP/1.0 200 OK\n"), "{observation:?}");
}

#[tokio::test]
async fn a_header_may_be_long() {
    let fields = |count: usize| format!("HTTP/1.1 200 OK\r\n{}\r\nhello", "X-Field: some value\r\n".repeat(count));
    for count in [101, 1000, 4990] {
        let url = format!("http://{}/", answer(fields(count)).await);
        assert_up(&probe(containing(&url, "hello")).await, "200 OK");
    }
    let long = format!("HTTP/1.1 200 OK\r\nX-Policy: {}\r\n\r\nhello", "x".repeat(200_000));
    assert_up(&probe(containing(&format!("http://{}/", answer(long).await), "hello")).await, "200 OK");
}

#[tokio::test]
async fn a_cookie_set_on_a_redirect_is_shown_to_where_it_leads() {
    let url = saying(|asked| {
        let cookies = asked.lines().find_map(|line| line.strip_prefix("Cookie: ")).unwrap_or_default();
        match (asked.split(' ').nth(1).unwrap(), cookies) {
            ("/", "own=x; theme=dark; session=4321abcd") => format!("HTTP/1.1 200 OK\r\n\r\nin with {cookies}"),
            ("/", _) => "HTTP/1.1 302 Found\r\nLocation: /login\r\nSet-Cookie: theme=dark; Path=/\r\n\r\n".to_owned(),
            _ => {
                "HTTP/1.1 302 Found\r\nLocation: /\r\nSet-Cookie: session=4321abcd; Path=/; HttpOnly\r\n\r\n".to_owned()
            }
        }
        .into_bytes()
    })
    .await;
    let headers = vec![("Cookie".to_owned(), "own=x".to_owned())];
    let check = HttpCheck { headers, ..containing(&url, "in with own=x") };
    assert_up(&probe(check.clone()).await, "200 OK after 2 redirects");
    let observation = probe(HttpCheck { text: text(&["never"], &[]), ..check }).await;
    assert!(evidence(&observation).ends_with("theme=dark; session=***"), "{observation:?}");
}

#[tokio::test]
async fn a_location_beyond_ascii_is_followed_as_it_is() {
    let url = saying(|asked| {
        let path = asked.split(' ').nth(1).unwrap();
        if path == "/" {
            b"HTTP/1.1 302 Found\r\nLocation: /ma\xf1ana/\xc3\xb1\r\n\r\n".to_vec()
        } else {
            format!("HTTP/1.1 200 OK\r\n\r\n{path}").into_bytes()
        }
    })
    .await;
    assert_up(&probe(containing(&url, "/ma%F1ana/%C3%B1")).await, "200 OK after 1 redirect");
}

#[tokio::test]
async fn a_coding_that_says_nothing_is_none() {
    let check = async |coding: &str, check: fn(&str) -> HttpCheck, cause: Option<Cause>| {
        let body = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n{{\"state\": \"here\"}}");
        let observation = probe(check(&format!("http://{}/", answer(body).await))).await;
        match cause {
            None => assert_up(&observation, "200 OK"),
            Some(cause) => assert_down(&observation, Phase::Assertion, &cause),
        }
    };
    let unknown = || Some(Cause::Compression { error: "nobody asked for the coding “rot13”".into() });
    for nothing in ["none", "identity", "utf-8", "aws-chunked"] {
        check(nothing, |url| containing(url, "here"), None).await;
    }
    check("rot13", http, None).await;
    check("rot13", |url| containing(url, "here"), None).await;
    check("rot13", |url| containing(url, "urer"), unknown()).await;
    check("rot13", |url| HttpCheck { text: text(&[], &["error"]), ..http(url) }, unknown()).await;
}

#[tokio::test]
async fn a_mark_before_json_is_no_part_of_it() {
    let body = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n\xef\xbb\xbf{\"state\": \"ok\"}";
    let state = JsonStep::Name("state".to_owned());
    let json = vec![JsonAssertion { path: vec![state], comparison: Comparison::Equal, value: "ok".into() }];
    let url = format!("http://{}/", answer(*body).await);
    assert_up(&probe(HttpCheck { json, ..http(&url) }).await, "200 OK");
}

#[tokio::test]
async fn a_page_is_read_by_its_charset() {
    let check = async |content_type: &str, body: &[u8], asked: TextAssertions, cause: Option<Cause>| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n\r\n");
        let url = format!("http://{}/", answer([head.as_bytes(), body].concat()).await);
        let observation = probe(HttpCheck { text: asked, ..http(&url) }).await;
        match cause {
            None => assert_up(&observation, "200 OK"),
            Some(cause) => {
                assert_down(&observation, Phase::Assertion, &cause);
                assert!(evidence(&observation).ends_with("Estado: caído mañana"), "{observation:?}");
            }
        }
    };
    let latin1 = b"Estado: ca\xeddo ma\xf1ana";
    let unwanted = || Some(Cause::Unwanted { text: "caído".into() });
    check("text/html; charset=iso-8859-1", latin1, text(&["mañana"], &[]), None).await;
    check("text/html; charset=iso-8859-1", latin1, text(&[], &["caído"]), unwanted()).await;
    let declared = [b"<meta charset=\"iso-8859-1\">".as_slice(), latin1].concat();
    check("text/html", &declared, text(&["mañana"], &[]), None).await;
    check("text/html", &declared, text(&[], &["caído"]), unwanted()).await;
    check("text/html; charset=windows-1251", b"\xcf\xf0\xe8\xe2\xe5\xf2", text(&["Привет"], &["Пока"]), None).await;
}

#[tokio::test]
async fn a_server_that_wants_http1_gets_it() {
    let rst_stream = [0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 0xd];
    let go_away = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xd];
    for refusal in [rst_stream.to_vec(), go_away.to_vec()] {
        let site = Secured::speaking(&[b"h2", b"http/1.1"], move |mut stream| {
            let refusal = refusal.clone();
            async move {
                if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                    read_http2_request(&mut stream).await;
                    stream.write_all(&refusal).await.unwrap();
                    let _ = stream.read_to_end(&mut Vec::new()).await;
                } else {
                    read_request(&mut stream).await;
                    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").await.unwrap();
                    let _ = stream.shutdown().await;
                }
            }
        })
        .await;
        assert_up(&site.probe(containing(&site.url, "hello")).await, "200 OK");
    }
}

/// Shakes hands over HTTP/2 and reads up to the HEADERS frame of the request (RFC 9113, sections 3.4 and 4.1).
async fn read_http2_request(stream: &mut TlsStream<TcpStream>) {
    stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.unwrap();
    stream.read_exact(&mut [0; 24]).await.unwrap();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        stream.read_exact(&mut vec![0; length]).await.unwrap();
        if head[3] == 1 {
            return;
        }
    }
}

#[tokio::test]
async fn broken_http2_is_told_as_what_it_is() {
    let check = async |said: &'static [u8], is_it: fn(&Cause) -> bool| {
        let site = Secured::speaking(&[b"h2"], move |mut stream| async move {
            read_http2_request(&mut stream).await;
            stream.write_all(said).await.unwrap();
            let _ = stream.shutdown().await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        })
        .await;
        let failure = site.probe(http(&site.url)).await.failure.unwrap();
        assert!(is_it(&failure.cause), "{said:?}: {failure:?}");
    };
    let protocol = |cause: &Cause| matches!(cause, Cause::Protocol { error } if error.contains("HTTP/2"));
    check(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", protocol).await;
    check(&[0xff; 40], protocol).await;
    // DATA before HEADERS; RST_STREAM with INTERNAL_ERROR; GOAWAY with ENHANCE_YOUR_CALM.
    check(&[0, 0, 1, 0, 0, 0, 0, 0, 1, b'x'], protocol).await;
    check(&[0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 2], protocol).await;
    check(&[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xb], protocol).await;
    check(b"", |cause| *cause == Cause::Closed).await;
}

#[tokio::test]
async fn who_expects_a_redirect_learns_that_it_was_followed() {
    let url = saying(|asked| match asked.split(' ').nth(1).unwrap() {
        "/" => b"HTTP/1.1 301 Moved\r\nLocation: /new\r\n\r\n".to_vec(),
        _ => b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
    })
    .await;
    let check = async |accept: &[(u32, u32)], redirects, found: Result<&str, Cause>| {
        let accept = accept.iter().map(|&(first, last)| CodeRange { first, last }).collect();
        let observation = probe(HttpCheck { accept, redirects, ..http(&url) }).await;
        match found {
            Ok(seen) => assert_up(&observation, seen),
            Err(cause) => assert_down(&observation, Phase::Assertion, &cause),
        }
    };
    let follow = Redirects::Follow { at_most: 3 };
    let followed = |accepted: &str| {
        Err(Cause::RedirectFollowed { redirect: 301, code: 200, reason: "OK".into(), accepted: accepted.into() })
    };
    check(&[(301, 301)], follow, followed("301")).await;
    check(&[(300, 399)], follow, followed("300-399")).await;
    check(&[(301, 301)], Redirects::Refuse, Ok("301 Moved Permanently")).await;
    check(&[(200, 200), (301, 301)], follow, Ok("200 OK after 1 redirect")).await;
    let status = Cause::Status { code: 200, reason: "OK".into(), accepted: "302".into() };
    check(&[(302, 302)], follow, Err(status)).await;
}

#[tokio::test]
async fn a_failure_behind_a_redirect_names_where_it_is() {
    let gone = format!("http://127.0.0.1:{}/", closed_port());
    let to = gone.clone();
    let url = saying(move |asked| {
        match asked.split(' ').nth(1).unwrap() {
            "/" => "HTTP/1.1 302 Found\r\nLocation: /missing\r\n\r\n".to_owned(),
            "/away" => format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\n\r\n"),
            _ => "HTTP/1.1 404 Not Found\r\n\r\nno such page".to_owned(),
        }
        .into_bytes()
    })
    .await;
    let missing = probe(http(&url)).await;
    let address = format!("{url}missing");
    assert_eq!(missing.failure.as_ref().unwrap().redirected_to.as_deref(), Some(address.as_str()));
    assert_eq!(evidence(&missing), format!("{address}\nHTTP/1.1 404 Not Found\n\nno such page"));

    let refused = probe(http(&format!("{url}away"))).await;
    assert_down(&refused, Phase::Connect, &Cause::Refused);
    assert_eq!(refused.failure.unwrap().redirected_to, Some(gone));

    let direct = probe(http(&address)).await;
    assert_eq!(direct.failure.unwrap().redirected_to, None);
}

#[tokio::test]
async fn a_status_without_a_registered_phrase_is_told_by_the_servers_own_or_without_one() {
    let check = async |line: &str, reason: &str, seen: &str| {
        let url = format!("http://{}/", answer(format!("HTTP/1.1 {line}\r\n\r\n")).await);
        let observation = probe(http(&url)).await;
        let cause = Cause::Status { code: 520, reason: reason.into(), accepted: "200-299".into() };
        assert_down(&observation, Phase::Assertion, &cause);
        assert_eq!(observation.seen, seen);
        assert_eq!(evidence(&observation), format!("HTTP/1.1 {seen}\n"));
    };
    check("520", "", "520").await;
    check("520 ", "", "520").await;
    check("520 Web Server Is Odd", "Web Server Is Odd", "520 Web Server Is Odd").await;
}

/// Says `head`, then `body`, and nothing more, without an end.
async fn endless(head: &'static str, body: &'static str) -> String {
    let address = serve(move |mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}").as_bytes()).await;
        std::future::pending::<()>().await;
    });
    format!("http://{}/", address.await)
}

#[tokio::test]
async fn an_endless_body_is_judged_by_what_came() {
    let url = endless("Content-Type: text/event-stream; charset=utf-8", "data: ready\n\n").await;
    let asking = |contains: &[&str], lacks: &[&str]| HttpCheck { text: text(contains, lacks), ..http(&url) };
    assert_up(&probe(http(&url)).await, "200 OK");
    assert_up(&probe(asking(&["ready"], &[])).await, "200 OK");
    assert_up(&probe(asking(&["ready"], &["error"])).await, "200 OK");
    let observation = probe(asking(&["ready"], &["data"])).await;
    assert_down(&observation, Phase::Assertion, &Cause::Unwanted { text: "data".into() });
    let impatient = async |check| prober().probe(&Check::Http(Box::new(check)), IMPATIENCE).await;
    let missing = Cause::Missing { text: "never".into(), within: 13 };
    assert_down(&impatient(asking(&["never"], &[])).await, Phase::Assertion, &missing);

    let camera = endless("Content-Type: multipart/x-mixed-replace; boundary=b", "--b\r\n").await;
    assert_up(&probe(http(&camera)).await, "200 OK");
    // One that has a length or is a page hangs.
    let late = Cause::TimedOut { after: IMPATIENCE };
    for head in ["Content-Type: text/event-stream\r\nContent-Length: 1000", "Content-Type: text/html"] {
        let url = endless(head, "<p>ready").await;
        assert_down(&impatient(containing(&url, "ready")).await, Phase::Body, &late);
    }
}

#[tokio::test]
async fn a_long_body_is_searched_to_its_end_and_a_cut_one_proves_nothing_by_what_it_lacks() {
    let page = || [vec![b'x'; 3 << 20], b"the end: down".to_vec()].concat();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", page().len());
    let url = format!("http://{}/", answer([head.into_bytes(), page()].concat()).await);
    let check = async |limit: u64, asked: TextAssertions, cause: Option<Cause>| {
        let observation = probe(HttpCheck { text: asked, body_limit: limit, ..http(&url) }).await;
        match cause {
            None => assert_up(&observation, "200 OK"),
            Some(cause) => assert_down(&observation, Phase::Assertion, &cause),
        }
    };
    let unproven =
        |text: &str, within: u64| Some(Cause::Unproven { text: text.into(), within, key: "body_limit".into() });
    let whole = 16 << 20;
    check(whole, text(&["the end"], &[]), None).await;
    check(whole, text(&["xxx"], &["error"]), None).await;
    check(whole, text(&[], &["down"]), Some(Cause::Unwanted { text: "down".into() })).await;
    check(whole, text(&["never"], &[]), Some(Cause::Missing { text: "never".into(), within: (3 << 20) + 13 })).await;
    let matches = vec![regex::Regex::new(r"(?m)^x+the end: \w+$").unwrap(), regex::Regex::new("end: down$").unwrap()];
    check(whole, TextAssertions { matches: vec![matches[1].clone()], ..text(&[], &[]) }, None).await;
    check(1 << 20, text(&["xxx"], &[]), None).await;
    check(1 << 20, text(&["the end"], &[]), unproven("the end", 1 << 20)).await;
    check(1 << 20, text(&[], &["down"]), unproven("down", 1 << 20)).await;
    check(1 << 20, TextAssertions { matches, ..text(&[], &[]) }, unproven(r"(?m)^x+the end: \w+$", 1 << 20)).await;
}

#[tokio::test]
async fn searching_a_long_body_takes_no_longer_than_reading_it() {
    let address = serve(|mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        for _ in 0..160 {
            if stream.write_all(&[b'x'; 100_000]).await.is_err() {
                return;
            }
        }
    });
    let url = format!("http://{}/", address.await);
    let asked = TextAssertions { matches: vec![regex::Regex::new("y+z$").unwrap()], ..text(&["yes", "x"], &["no"]) };
    let observation = probe(HttpCheck { text: asked, body_limit: 32 << 20, ..http(&url) }).await;
    let missing = Cause::Missing { text: "yes".into(), within: 16_000_000 };
    assert_down(&observation, Phase::Assertion, &missing);
    assert!(observation.latency.unwrap() < Duration::from_secs(15), "{observation:?}");
}
