//! The few messages of TLS that come before anything is encrypted (RFC 5246, RFC 8446).

use rustls::pki_types::CertificateDer;

use super::names;

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
const SERVER_KEY_EXCHANGE: u8 = 12;
const SERVER_HELLO_DONE: u8 = 14;

const SERVER_NAME: u16 = 0;
const SUPPORTED_GROUPS: u16 = 10;
const POINT_FORMATS: u16 = 11;
const SIGNATURE_ALGORITHMS: u16 = 13;
const SUPPORTED_VERSIONS: u16 = 43;
const KEY_SHARE: u16 = 51;

/// What a server has said.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// The version it agrees on.
    pub(super) version: Option<u16>,
    pub(super) cipher: Option<u16>,
    /// The curve or group that it takes for the key exchange.
    pub(super) group: Option<u16>,
    pub(super) chain: Vec<CertificateDer<'static>>,
    /// Whether nothing more is to be expected.
    pub(super) is_whole: bool,
}

/// A ClientHello with all that was ever in use. Nothing secret will follow, so nothing in it is random.
pub(super) fn hello(host: &str, with_tls13: bool) -> Vec<u8> {
    let mut extensions = Vec::new();
    // An address is no name (RFC 6066, section 3).
    if host.parse::<std::net::IpAddr>().is_err() {
        let name = [&[0][..], &prefixed(host.as_bytes())].concat();
        extensions.extend(extension(SERVER_NAME, &prefixed(&name)));
    }
    extensions.extend(extension(SUPPORTED_GROUPS, &prefixed(&words(names::GROUPS.iter().map(|(id, _)| *id)))));
    extensions.extend(extension(POINT_FORMATS, &[1, 0]));
    extensions.extend(extension(SIGNATURE_ALGORITHMS, &prefixed(&words(names::SIGNATURES))));
    let mut ciphers = words(names::CIPHERS.iter().map(|(id, _)| *id));
    if with_tls13 {
        ciphers.extend(words(names::TLS13_CIPHERS.iter().map(|(id, _)| *id)));
        extensions.extend(extension(SUPPORTED_VERSIONS, &[2, 3, 4]));
        // No share: the server must say which group it wants.
        extensions.extend(extension(KEY_SHARE, &prefixed(&[])));
    }
    let body =
        [&[3, 3][..], b"Estatus looks at what is offered", &[0], &prefixed(&ciphers), &[1, 0], &prefixed(&extensions)]
            .concat();
    let message = [&[1, 0][..], &prefixed(&body)].concat();
    [&[HANDSHAKE, 3, 1][..], &prefixed(&message)].concat()
}

fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &prefixed(content)].concat()
}

/// `content` led by its length in two bytes. What is written here is never longer.
fn prefixed(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes()[..], content].concat()
}

fn words(words: impl IntoIterator<Item = u16>) -> Vec<u8> {
    words.into_iter().flat_map(u16::to_be_bytes).collect()
}

/// Reads what has come so far.
pub(super) fn read(bytes: &[u8]) -> Heard {
    let mut heard = Heard::default();
    let mut rest = Bytes(bytes);
    let mut messages = Vec::new();
    while let Some((kind, content)) = record(&mut rest) {
        match kind {
            HANDSHAKE => messages.extend_from_slice(content),
            ALERT => heard.is_whole = true,
            // What is encrypted is no business of ours.
            _ => {
                heard.is_whole = true;
                break;
            }
        }
    }
    // What begins otherwise is no TLS.
    heard.is_whole |= bytes.first().is_some_and(|first| *first != HANDSHAKE);
    let mut messages = Bytes(&messages);
    while let Some((kind, content)) = message(&mut messages) {
        take(&mut heard, kind, Bytes(content));
    }
    heard
}

fn record<'a>(bytes: &mut Bytes<'a>) -> Option<(u8, &'a [u8])> {
    let kind = bytes.byte()?;
    bytes.word()?;
    let length = bytes.word()?;
    Some((kind, bytes.take(length.into())?))
}

fn message<'a>(bytes: &mut Bytes<'a>) -> Option<(u8, &'a [u8])> {
    let kind = bytes.byte()?;
    let length = bytes.triple()?;
    Some((kind, bytes.take(length)?))
}

fn take(heard: &mut Heard, kind: u8, mut content: Bytes<'_>) {
    match kind {
        SERVER_HELLO => {
            // Whatever of it can be read counts.
            let _ = server_hello(heard, &mut content);
            // In TLS 1.3 all that follows is encrypted.
            heard.is_whole |= heard.version == Some(names::TLS13);
        }
        CERTIFICATE => {
            content.triple();
            while let Some(der) = content.triple().and_then(|length| content.take(length)) {
                heard.chain.push(CertificateDer::from(der.to_vec()));
            }
        }
        SERVER_KEY_EXCHANGE if heard.cipher.is_some_and(names::is_on_a_curve) => {
            const NAMED: u8 = 3;
            heard.group = content.byte().filter(|kind| *kind == NAMED).and_then(|_| content.word());
        }
        SERVER_HELLO_DONE => heard.is_whole = true,
        _ => {}
    }
}

fn server_hello(heard: &mut Heard, content: &mut Bytes<'_>) -> Option<()> {
    const RANDOM: usize = 32;
    heard.version = content.word();
    content.take(RANDOM)?;
    let session = content.byte()?;
    content.take(session.into())?;
    heard.cipher = content.word();
    content.byte()?;
    content.word()?;
    loop {
        let kind = content.word()?;
        let length = content.word()?;
        let mut value = Bytes(content.take(length.into())?);
        match kind {
            SUPPORTED_VERSIONS => heard.version = value.word(),
            KEY_SHARE => heard.group = value.word(),
            _ => {}
        }
    }
}

/// Bytes that are read from the front, and never beyond the end.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn word(&mut self) -> Option<u16> {
        self.take(2)?.first_chunk().copied().map(u16::from_be_bytes)
    }

    fn triple(&mut self) -> Option<usize> {
        let bytes = self.take(3)?;
        Some(bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }
}
