//! What can go wrong between here and a server, whatever is spoken with it, in words.

use std::{error::Error, io};

use estatus_core::{
    observation::Cause,
    outside::{SAID_LIMIT, one_line},
    words::Words,
};

use crate::of_tls;

/// Why a connection could not be made or did not hold.
#[derive(Debug)]
pub enum ConnectionError {
    /// The system's resolver found no address.
    Name(String),
    /// Nobody listens on the port.
    Refused,
    /// The connection was not accepted in time.
    ConnectTimedOut,
    /// There is no connection for another reason.
    Connect(String),
    /// What came where TLS should begin is no TLS.
    NotTls,
    /// TLS failed, or the other side's certificate is not accepted.
    Tls(Cause),
    /// The connection was closed where an answer was due.
    Closed,
    /// The connection broke.
    Broken(String),
}

impl ConnectionError {
    /// What `error`, or what led to it, says of a connection; `None` where it is about something else.
    ///
    /// Whether the connection had been made before is for the caller to know.
    pub fn of(error: &(dyn Error + 'static), connected: bool) -> Option<Self> {
        if let Some(tls) = chain(error).find_map(|error| error.downcast_ref::<rustls::Error>()) {
            return Some(Self::of_tls(of_tls(tls)));
        }
        chain(error).find_map(|error| error.downcast_ref::<io::Error>()).map(|io| Self::of_io(io, connected))
    }

    /// What a failure of the connection itself is.
    pub fn of_io(io: &io::Error, connected: bool) -> Self {
        match io.kind() {
            io::ErrorKind::UnexpectedEof => Self::Closed,
            io::ErrorKind::ConnectionRefused if !connected => Self::Refused,
            io::ErrorKind::TimedOut if !connected => Self::ConnectTimedOut,
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
                Self::Broken(io.to_string())
            }
            _ if connected => Self::Broken(io.to_string()),
            _ => Self::Connect(io.to_string()),
        }
    }

    /// Why TLS was not agreed on.
    pub fn of_tls(cause: Cause) -> Self {
        if cause == Cause::NotTls { Self::NotTls } else { Self::Tls(cause) }
    }

    /// In one sentence with the remedy. `server` is `host:port`.
    pub fn sentence(&self, host: &str, server: &str, words: &Words) -> String {
        let say = |key: &str, error: &str| {
            let error = one_line(error, SAID_LIMIT);
            words.text(key, &[("host", host), ("server", server), ("error", &error)])
        };
        match self {
            Self::Name(error) => say("delivery.name", error),
            Self::Refused => say("delivery.refused", ""),
            Self::ConnectTimedOut => say("delivery.connect_timed_out", ""),
            Self::Connect(error) => say("delivery.connect", error),
            Self::NotTls => say("delivery.tls", &words.text("delivery.no_tls_there", &[])),
            Self::Tls(Cause::NoAuthorities { error }) => say("delivery.trust", error),
            Self::Tls(Cause::Tls { error }) => say("delivery.tls", error),
            Self::Tls(Cause::TlsVersion { offered } | Cause::TlsCipher { offered }) => {
                say("delivery.tls_offered", offered)
            }
            Self::Tls(cause) => say(insecure(cause), &words.cause(cause)),
            Self::Closed => say("delivery.closed", ""),
            Self::Broken(error) => say("delivery.broken", error),
        }
    }
}

/// The sentence about a connection that is not safe.
fn insecure(cause: &Cause) -> &'static str {
    match cause {
        Cause::CertificateExpired { .. } | Cause::CertificateNotYetValid { .. } => "delivery.certificate_expired",
        Cause::CertificateUnknownIssuer { .. } | Cause::CertificateAlone { .. } => "delivery.certificate_untrusted",
        Cause::CertificateWrongHost { .. } => "delivery.certificate_host",
        Cause::TlsRefused { .. } | Cause::ClientCertificate => "delivery.no_tls",
        Cause::CertificateAlgorithm { .. } | Cause::TrustFile { .. } => "delivery.no_tls",
        _ => "delivery.certificate",
    }
}

/// What began it all; what stands above says little but that something happened.
pub fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error).last().unwrap_or(error).to_string()
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| inner(*error))
}

/// What led to `error`. An [`io::Error`] names as its source only what led to the error it wraps, so that one is asked
/// for first.
fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    wrapped.map(|wrapped| wrapped as &(dyn Error + 'static)).or_else(|| error.source())
}
