//! Whatever a server says, a probe comes to a verdict: it neither panics nor goes on for ever.

use std::time::Duration;

use estatus_core::{
    Timestamp,
    check::{CertificateAssertions, CodeRange, Comparison, JsonAssertion, JsonStep, TextAssertions, Trust},
    command::{CommandOutcome, CommandRun},
    observation::{Observation, Verdict},
    ports::BoxFuture,
    secret::{Secret, SecretError, SecretRef},
};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{
    wire::{Route, Stream},
    *,
};

/// No time passes but what is waited for.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What a server says, whatever it is asked, and how.
#[derive(Clone, Debug)]
struct Said {
    bytes: Vec<u8>,
    /// How many bytes it says at a time.
    piece: usize,
    /// Whether it closes the connection then, or falls silent.
    closes: bool,
    is_http2: bool,
}

impl Open for Said {
    async fn open(&self, _: &Hop, _: &HttpCheck, http2: bool, _: &mut Trace) -> Result<Route, Cause> {
        let (ours, mut theirs) = tokio::io::duplex(1 << 12);
        let said = self.clone();
        tokio::spawn(async move {
            for piece in said.bytes.chunks(said.piece) {
                if theirs.write_all(piece).await.is_err() {
                    return;
                }
            }
            if said.closes {
                let _ = theirs.shutdown().await;
            }
            let _ = theirs.read_to_end(&mut Vec::new()).await;
        });
        Ok(Route { stream: Stream::plain(ours), is_http2: http2 && self.is_http2, through_proxy: None })
    }
}

struct NoPorts;

impl Ports for NoPorts {
    fn run(&self, _: CommandRun) -> BoxFuture<'_, CommandOutcome> {
        unreachable!("an http check runs no command")
    }

    fn secret<'a>(&'a self, _: &'a SecretRef) -> BoxFuture<'a, Result<Secret, SecretError>> {
        Box::pin(async { Err(SecretError("there is none".to_owned())) })
    }
}

fn probe_of(check: &HttpCheck, said: &Said) -> Observation {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut trace = Trace::begin(Timestamp::UNIX_EPOCH);
        match tokio::time::timeout(TIMEOUT, probe(check, said, &NoPorts, &mut trace)).await {
            Ok(Ok(())) => trace.up(),
            Ok(Err(cause)) => trace.down(cause),
            Err(_) => trace.timed_out(TIMEOUT),
        }
    })
}

fn any_check() -> impl Strategy<Value = HttpCheck> {
    let texts = |texts: &[&str]| -> Vec<String> { texts.iter().map(|&text| text.to_owned()).collect() };
    let text = prop_oneof![
        Just(TextAssertions::default()),
        Just(TextAssertions { contains: texts(&["hello", "ñ"]), ..TextAssertions::default() }),
        Just(TextAssertions { lacks: texts(&["error"]), ..TextAssertions::default() }),
        Just(TextAssertions {
            contains: texts(&["h"]),
            lacks: texts(&["x"]),
            matches: vec![regex::Regex::new(r"\bh\w+o$").unwrap()],
        }),
    ];
    let json = JsonAssertion {
        path: vec![JsonStep::Name("a".to_owned()), JsonStep::Index(0)],
        comparison: Comparison::Equal,
        value: 1.into(),
    };
    let methods = prop_oneof![4 => Just("GET"), 1 => Just("HEAD"), 1 => Just("POST")];
    (text, prop::option::of(Just(json)), methods, prop_oneof![Just(1_u64), Just(100), Just(1 << 20)], 0..4_u32)
        .prop_map(|(text, json, method, body_limit, at_most)| HttpCheck {
            url: "http://example.org/a/b?c".parse().unwrap(),
            method: method.to_owned(),
            headers: vec![("Cookie".to_owned(), "own=1".to_owned())],
            secret_headers: Vec::new(),
            body: None,
            auth: None,
            redirects: if at_most == 0 { Redirects::Refuse } else { Redirects::Follow { at_most } },
            accept: vec![CodeRange { first: 200, last: 299 }, CodeRange { first: 301, last: 301 }],
            text,
            json: json.into_iter().collect(),
            below: None,
            ip: None,
            proxy: None,
            certificate: CertificateAssertions { trust: Trust::Machine, warn_days: 14 },
            body_limit,
        })
}

/// Answers that are nearly right: their parts, in any number and order.
fn any_answer() -> impl Strategy<Value = Vec<u8>> {
    let line = prop::sample::select(vec![
        "HTTP/1.1 200 OK",
        "HTTP/1.0 200 OK",
        "HTTP/1.1 302 Found",
        "HTTP/1.1 301 Moved",
        "HTTP/1.1 520 ",
        "HTTP/1.1 100",
        "HTTP/1.1 204 No Content",
        "HTTP/1.1 101 Switching Protocols",
        "HTTP/2.0 200 OK",
        "ICY 200 OK",
        "",
    ]);
    let field = prop::sample::select(vec![
        "Content-Length: 5",
        "Content-Length: 0",
        "Content-Length: 99999999999999999999",
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked",
        "Content-Encoding: gzip",
        "Content-Encoding: deflate",
        "Content-Encoding: br",
        "Content-Encoding: zstd",
        "Content-Encoding: gzip, br, none",
        "Content-Encoding: rot13",
        "Location: /a",
        "Location: //other.example/\u{f1}",
        "Location: http://[::1",
        "Set-Cookie: own=2; Path=/",
        "Set-Cookie: =;;=",
        "Set-Cookie: id=long enough to hide; Domain=example.org; Max-Age=9",
        "Content-Type: text/html; charset=utf-16",
        "Content-Type: text/event-stream",
        "Content-Type: text/html; charset=\"",
        "Content-Type: application/json",
        "Connection: close",
        " folded",
        "No colon",
        ": no name",
        "X: \u{1}",
    ]);
    let body = prop_oneof![
        Just(b"hello".to_vec()),
        Just(b"5\r\nhello\r\n0\r\n\r\n".to_vec()),
        Just(b"5;x=y\r\nhello\r\n0\r\nTrailer: x\r\n\r\n".to_vec()),
        Just(b"ffffffffffffffff\r\n".to_vec()),
        Just(b"\xef\xbb\xbf{\"a\": [1]}".to_vec()),
        Just(b"{\"a\": [[[[[[[[".to_vec()),
        Just(b"<meta charset=shift_jis>\x93\xfa".to_vec()),
        Just(b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xcbH\xcd\xc9\xc9\x07\0\x86\xa6\x106\x05\0\0\0".to_vec()),
        Just(b"x\x9c\xcbH\xcd\xc9\xc9\x07\0\x06,\x02\x15".to_vec()),
        Just(b"\xcbH\xcd\xc9\xc9\x07\0".to_vec()),
        Just(b"\x0b\x02\x80hello\x03".to_vec()),
        Just(b"(\xb5/\xfd\x04Y)\0\0hello5\x9d\xc7\x8e".to_vec()),
        prop::collection::vec(any::<u8>(), 0..60),
        "[ -~\r\n]{0,60}".prop_map(String::into_bytes),
        (any::<u8>(), 0..5000_usize).prop_map(|(byte, count)| vec![byte; count]),
    ];
    (line, prop::collection::vec(field, 0..6), prop::collection::vec(body, 0..3)).prop_map(|(line, fields, bodies)| {
        let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
        [format!("{line}\r\n{fields}\r\n").into_bytes(), bodies.concat()].concat()
    })
}

/// Frames of HTTP/2, of which the heads are in order and the rest need not be (RFC 9113, section 4.1).
fn any_frames() -> impl Strategy<Value = Vec<u8>> {
    let payload = prop_oneof![
        Just(Vec::new()),
        // :status 200; :status 302 with a location.
        Just(b"\x88".to_vec()),
        Just(b"\x48\x03302\x0f\x1f\x02/a".to_vec()),
        Just(b"\0\0\0\x0d".to_vec()),
        Just(b"\0\0\0\0\0\0\0\x0d".to_vec()),
        Just(b"hello".to_vec()),
        prop::collection::vec(any::<u8>(), 0..40),
    ];
    let frame = (0..11_u8, any::<u8>(), prop_oneof![Just(0_u32), Just(1), Just(3), any::<u32>()], payload);
    prop::collection::vec(frame, 0..6).prop_map(|frames| {
        let settings = b"\0\0\0\x04\0\0\0\0\0".to_vec();
        frames.into_iter().fold(settings, |mut bytes, (kind, flags, stream, payload)| {
            bytes.extend_from_slice(&[0, 0, payload.len() as u8, kind, flags]);
            bytes.extend_from_slice(&stream.to_be_bytes());
            bytes.extend_from_slice(&payload);
            bytes
        })
    })
}

fn anything_said() -> impl Strategy<Value = Said> {
    let bytes = prop_oneof![
        4 => any_answer().prop_map(|bytes| (bytes, false)),
        2 => any_frames().prop_map(|bytes| (bytes, true)),
        1 => (prop::collection::vec(any::<u8>(), 0..200), any::<bool>()),
    ];
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3);
    (bytes, changes, 1..2000_usize, any::<bool>()).prop_map(|((mut bytes, is_http2), changes, piece, closes)| {
        for (at, byte) in changes {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        Said { bytes, piece, closes, is_http2 }
    })
}

proptest! {
    #[test]
    fn whatever_a_server_says_there_is_a_verdict(check in any_check(), said in anything_said()) {
        let observation = probe_of(&check, &said);
        prop_assert_eq!(observation.verdict == Verdict::Up, observation.failure.is_none());
        prop_assert!(observation.seen.len() <= Observation::SEEN_LIMIT);
        let evidence = observation.failure.and_then(|failure| failure.evidence).unwrap_or_default();
        prop_assert!(evidence.len() <= estatus_core::observation::Failure::EVIDENCE_LIMIT);
        prop_assert!(!evidence.chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
    }
}

#[test]
fn the_parts_make_answers_that_are_well() {
    let said = |bytes: &[u8], is_http2| Said { bytes: bytes.to_vec(), piece: 3, closes: true, is_http2 };
    let contains = TextAssertions { contains: vec!["hello".to_owned()], ..TextAssertions::default() };
    let hello = |head: &str, body: &[u8]| [format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n").as_bytes(), body].concat();
    let gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xcbH\xcd\xc9\xc9\x07\0\x86\xa6\x106\x05\0\0\0";
    let frames = b"\0\0\0\x04\0\0\0\0\0\0\0\x01\x01\x04\0\0\0\x01\x88\0\0\x05\0\x01\0\0\0\x01hello";
    for (bytes, is_http2) in [
        (hello("Content-Length: 5", b"hello"), false),
        (hello("Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n"), false),
        (hello("Content-Encoding: gzip", gzip), false),
        (hello("Content-Encoding: deflate", b"x\x9c\xcbH\xcd\xc9\xc9\x07\0\x06,\x02\x15"), false),
        (hello("Content-Encoding: deflate", b"\xcbH\xcd\xc9\xc9\x07\0"), false),
        (frames.to_vec(), true),
    ] {
        let check = HttpCheck {
            url: "http://example.org/".parse().unwrap(),
            method: "GET".to_owned(),
            headers: Vec::new(),
            secret_headers: Vec::new(),
            body: None,
            auth: None,
            redirects: Redirects::Refuse,
            accept: vec![CodeRange { first: 200, last: 299 }],
            text: contains.clone(),
            json: Vec::new(),
            below: None,
            ip: None,
            proxy: None,
            certificate: CertificateAssertions { trust: Trust::Machine, warn_days: 14 },
            body_limit: 1 << 20,
        };
        let observation = probe_of(&check, &said(&bytes, is_http2));
        assert_eq!(observation.failure, None, "{:?}", String::from_utf8_lossy(&bytes));
    }
}
