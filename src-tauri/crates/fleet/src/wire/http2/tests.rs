use proptest::{collection::vec, prelude::*};

use super::*;

const CALL: &[u8] = b"the headers";

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn message(text: &[u8]) -> Vec<u8> {
    [&[0][..], &u32::try_from(text.len()).unwrap().to_be_bytes(), text].concat()
}

fn call() -> Vec<u8> {
    frame(HEADERS, END_HEADERS, 1, CALL)
}

fn take(http: &mut Http2, bytes: &[u8]) -> Result<Vec<Came>, Broken> {
    let mut came = Vec::new();
    http.take(bytes, &mut |one| came.push(one)).map(|()| came)
}

/// One that has heard these frames after the preface; what it says from then on.
fn heard(frames: &[Vec<u8>]) -> (Http2, Result<Vec<Came>, Broken>) {
    let mut http = Http2::default();
    http.waiting().clear();
    let came = take(&mut http, &[PREFACE, &frames.concat()].concat());
    (http, came)
}

/// What is to be sent, in frames: kind, flags, stream, payload.
fn sent(http: &mut Http2) -> Vec<(u8, u8, u32, Vec<u8>)> {
    let waiting = std::mem::take(http.waiting());
    let (mut rest, mut frames) = (waiting.as_slice(), Vec::new());
    while let Some((head, behind)) = rest.split_first_chunk::<HEAD>() {
        let (payload, behind) = behind.split_at(u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize);
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        frames.push((head[3], head[4], stream, payload.to_vec()));
        rest = behind;
    }
    assert!(rest.is_empty());
    frames
}

#[test]
fn a_call_is_heard_however_it_comes() {
    let conversation = [
        PREFACE.to_vec(),
        frame(SETTINGS, 0, 0, &[]),
        frame(HEADERS, 0, 1, &CALL[..4]),
        frame(CONTINUATION, 0, 1, &CALL[4..6]),
        frame(CONTINUATION, END_HEADERS, 1, &CALL[6..]),
        frame(DATA, 0, 1, &[message(b"first"), message(b""), message(b"third")[..3].to_vec()].concat()),
        frame(PING, 0, 0, b"12345678"),
        frame(250, 255, 7, b"from the future"),
        frame(DATA, PADDED, 1, &[&[2][..], &message(b"third")[3..], &[0, 0]].concat()),
        frame(DATA, END_STREAM, 1, &[]),
    ]
    .concat();
    let expected = [
        Came::Call(CALL.to_vec()),
        Came::Message(b"first".to_vec()),
        Came::Message(Vec::new()),
        Came::Message(b"third".to_vec()),
        Came::End,
    ];
    let replies = [(SETTINGS, ACK, 0, Vec::new()), (PING, ACK, 0, b"12345678".to_vec())];
    for size in [1, 2, 3, 7, 10, 24, 100, conversation.len()] {
        let mut http = Http2::default();
        assert_eq!(sent(&mut http).len(), 1);
        let came: Vec<Came> = conversation.chunks(size).flat_map(|part| take(&mut http, part).unwrap()).collect();
        assert_eq!(came, expected, "{size}");
        assert_eq!(sent(&mut http), replies, "{size}");
        assert_eq!((http.partial.capacity(), http.message.capacity()), (0, 0));
    }
}

#[test]
fn what_is_not_as_it_should_be_ends_the_connection() {
    let check = |frames: &[Vec<u8>]| assert_eq!(heard(frames).1, Err(Broken), "{frames:?}");
    assert_eq!(take(&mut Http2::default(), b"PRI * HTTP/1"), Err(Broken));
    check(&[frame(DATA, 0, 1, &message(b"before its call"))]);
    check(&[frame(HEADERS, END_HEADERS, 2, CALL)]);
    check(&[frame(HEADERS, 0, 1, CALL), frame(PING, 0, 0, b"12345678")]);
    check(&[frame(HEADERS, 0, 1, CALL), frame(CONTINUATION, END_HEADERS, 3, CALL)]);
    check(&[frame(CONTINUATION, END_HEADERS, 1, CALL)]);
    check(&[frame(HEADERS, END_HEADERS | PADDED, 1, &[])]);
    check(&[frame(HEADERS, END_HEADERS | PADDED, 1, &[3, 1, 2])]);
    check(&[frame(PUSH_PROMISE, 0, 1, &[])]);
    check(&[frame(PING, 0, 0, b"short")]);
    check(&[frame(SETTINGS, 0, 0, b"short")]);
    check(&[frame(SETTINGS, 0, 1, &[])]);
    check(&[frame(WINDOW_UPDATE, 0, 0, &[0; 4])]);
    check(&[frame(WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff])]);
    check(&[frame(WINDOW_UPDATE, 0, 0, &[1])]);
    check(&[call(), frame(DATA, 0, 1, &[1, 0, 0, 0, 0])]);
    check(&[call(), frame(DATA, 0, 1, &[0, 0, 1, 0, 0])]);
    check(&[[&[0, 0x40, 1][..], &[DATA, 0, 0, 0, 0, 1]].concat()]);
    let long = frame(CONTINUATION, 0, 1, &[0; 5_000]);
    check(&[frame(HEADERS, 0, 1, CALL), long.clone(), long]);
    // Whoever asks and takes no answer.
    check(&vec![frame(PING, 0, 0, b"12345678"); 5_000]);
}

#[test]
fn messages_are_sent_as_far_as_the_other_side_has_room() {
    let window =
        |bytes: u32| frame(SETTINGS, 0, 0, &[&INITIAL_WINDOW_SIZE.to_be_bytes()[..], &bytes.to_be_bytes()].concat());
    let (mut http, _) = heard(&[window(30), call()]);
    sent(&mut http);
    assert!(http.has_room(25) && !http.has_room(26));
    http.send(b"0123456789");
    let data = (DATA, 0, 1, message(b"0123456789"));
    assert_eq!(sent(&mut http), [(HEADERS, END_HEADERS, 1, OK.to_vec()), data.clone()]);
    assert!(http.has_room(10) && !http.has_room(11));
    http.send(b"0123456789");
    assert_eq!(sent(&mut http), [data]);
    take(&mut http, &frame(WINDOW_UPDATE, 0, 1, &10_u32.to_be_bytes())).unwrap();
    assert!(http.has_room(5) && !http.has_room(6));
    take(&mut http, &window(130)).unwrap();
    assert!(http.has_room(105) && !http.has_room(106));
    // Of a call that is none, and below nothing.
    take(&mut http, &frame(WINDOW_UPDATE, 0, 9, &10_u32.to_be_bytes())).unwrap();
    take(&mut http, &window(0)).unwrap();
    assert!(!http.has_room(0));
}

#[test]
fn what_has_come_is_acknowledged_from_time_to_time() {
    let (mut http, _) = heard(&[call()]);
    let data = frame(DATA, 0, 1, &message(&[0; 10_000]));
    for _ in 0..3 {
        assert_eq!(take(&mut http, &data).unwrap().len(), 1);
    }
    assert_eq!(sent(&mut http), []);
    take(&mut http, &data).unwrap();
    let bytes = 40_020_u32.to_be_bytes().to_vec();
    assert_eq!(sent(&mut http), [(WINDOW_UPDATE, 0, 0, bytes.clone()), (WINDOW_UPDATE, 0, 1, bytes)]);
}

#[test]
fn there_is_one_call() {
    let (mut http, came) = heard(&[
        call(),
        frame(HEADERS, END_HEADERS, 3, b"another"),
        frame(DATA, 0, 3, &message(b"unheard")),
        frame(RST_STREAM, 0, 3, &[0; 4]),
        frame(HEADERS, END_HEADERS | END_STREAM, 1, b"trailers"),
    ]);
    assert_eq!(came, Ok(vec![Came::Call(CALL.to_vec()), Came::End]));
    assert_eq!(sent(&mut http), [(RST_STREAM, 0, 3, REFUSED_STREAM.to_be_bytes().to_vec())]);
    let (_, came) = heard(&[call(), frame(RST_STREAM, 0, 1, &[0; 4])]);
    assert_eq!(came, Ok(vec![Came::Call(CALL.to_vec()), Came::End]));
}

#[test]
fn an_end_says_why() {
    let text = "ñ% {long} ".repeat(20);
    let encoded = "%C3%B1%25 {long} ".repeat(20);
    // 340 bytes, by section 5.1 of RFC 7541: 127, and 213 in two parts.
    let value = [&[127, 213, 1][..], encoded.as_bytes()].concat();
    let block = [&b"\x00\x0bgrpc-status\x02"[..], b"16", b"\x00\x0cgrpc-message", &value].concat();
    let (mut http, _) = heard(&[call()]);
    http.end(&Status::unauthenticated(&text));
    let ends = [(RST_STREAM, 0, 1, vec![0; 4]), (GOAWAY, 0, 0, vec![0, 0, 0, 1, 0, 0, 0, 0])];
    let trailers = |block: Vec<u8>| (HEADERS, END_HEADERS | END_STREAM, 1, block);
    assert_eq!(sent(&mut http), [&[trailers([OK, &block].concat())][..], &ends].concat());
    // Once.
    http.end(&Status::unauthenticated(&text));
    http.send(b"more");
    assert_eq!(sent(&mut http), []);

    let (mut http, _) = heard(&[call()]);
    http.send(b"");
    sent(&mut http);
    http.end(&Status::unauthenticated(&text));
    assert_eq!(sent(&mut http)[0], trailers(block));
}

/// A frame that may be one, or something near it.
fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    let payload = prop_oneof![vec(any::<u8>(), 0..40), Just(message(b"text")), Just(vec![0; 6]), Just(vec![0; 8])];
    (0_u8..11, any::<u8>(), 0_u32..5, payload)
        .prop_map(|(kind, flags, stream, payload)| frame(kind, flags, stream, &payload))
}

proptest! {
    #[test]
    fn whatever_comes_there_is_a_bound_on_what_is_kept(
        frames in vec(any_frame(), 0..60),
        garbage in vec(any::<u8>(), 0..60),
        size in 1_usize..50,
    ) {
        let bytes = [PREFACE.to_vec(), call(), frames.concat(), garbage].concat();
        let mut http = Http2::default();
        for part in bytes.chunks(size) {
            if take(&mut http, part).is_err() {
                break;
            }
            if http.has_room(10) {
                http.send(b"0123456789");
            }
            let kept = http.partial.len() + http.message.len() + http.headers.as_ref().map_or(0, |it| it.block.len());
            prop_assert!(kept < HEAD + LONGEST_FRAME + MESSAGE_HEAD + LONGEST + LONGEST_HEADERS);
        }
        http.end(&Status::ok(""));
        sent(&mut http);
    }
}
