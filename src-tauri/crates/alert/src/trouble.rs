//! What can go wrong between here and a server, whatever is spoken with it; and the results it leads to.

use std::{error::Error, io};

use estatus_core::{incident::DeliveryResult, words::Words};
use rustls::CertificateError;

use crate::text::one_line;

/// The most bytes that are repeated of what a server or a library said.
pub(crate) const SAID_LIMIT: usize = 400;

/// A failure that may pass by itself.
pub(crate) fn temporary(error: String) -> DeliveryResult {
    DeliveryResult::Failed { error, perhaps_received: false, permanent: false }
}

/// A failure that stays until the configuration is changed.
pub(crate) fn permanent(error: String) -> DeliveryResult {
    DeliveryResult::Failed { error, perhaps_received: false, permanent: true }
}

/// A failure after which nobody here can know whether the message arrived.
pub(crate) fn unconfirmed(error: String) -> DeliveryResult {
    DeliveryResult::Failed { error, perhaps_received: true, permanent: false }
}

/// Why a connection could not be made or did not hold.
#[derive(Debug)]
pub(crate) enum Trouble {
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
    /// The other side's certificate is not accepted.
    Certificate(CertificateError),
    /// TLS failed for another reason.
    Tls(String),
    /// The connection was closed where an answer was due.
    Closed,
    /// The connection broke.
    Broken(String),
}

impl Trouble {
    /// What `error`, or what led to it, says of a connection; `None` where it is about something else.
    ///
    /// Whether the connection had been made before is for the caller to know.
    pub(crate) fn of(error: &(dyn Error + 'static), connected: bool) -> Option<Self> {
        let chain = || std::iter::successors(Some(error), |error| inner(*error));
        if let Some(tls) = chain().find_map(|error| error.downcast_ref::<rustls::Error>()) {
            return Some(Self::of_tls(tls));
        }
        let io = chain().find_map(|error| error.downcast_ref::<io::Error>())?;
        Some(match io.kind() {
            io::ErrorKind::UnexpectedEof => Self::Closed,
            io::ErrorKind::ConnectionRefused if !connected => Self::Refused,
            io::ErrorKind::TimedOut if !connected => Self::ConnectTimedOut,
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
                Self::Broken(io.to_string())
            }
            _ if connected => Self::Broken(io.to_string()),
            _ => Self::Connect(io.to_string()),
        })
    }

    fn of_tls(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidMessage(_) => Self::NotTls,
            rustls::Error::InvalidCertificate(error) => Self::Certificate(error.clone()),
            other => Self::Tls(other.to_string()),
        }
    }

    /// In one sentence with the remedy. `server` is `host:port`.
    pub(crate) fn sentence(&self, host: &str, server: &str, words: &Words) -> String {
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
            Self::Certificate(error) => say(certificate(error), &error.to_string()),
            Self::Tls(error) => say("delivery.tls", error),
            Self::Closed => say("delivery.closed", ""),
            Self::Broken(error) => say("delivery.broken", error),
        }
    }
}

fn certificate(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => "delivery.certificate_expired",
        CertificateError::UnknownIssuer => "delivery.certificate_untrusted",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "delivery.certificate_host"
        }
        _ => "delivery.certificate",
    }
}

/// What led to `error`. An [`io::Error`] names as its source only what led to the error it wraps, so that one is asked
/// for first.
fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    wrapped.map(|wrapped| wrapped as &(dyn Error + 'static)).or_else(|| error.source())
}
