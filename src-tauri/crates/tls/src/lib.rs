//! Agrees on TLS with a server, judges its certificates, and says in our words what is wrong.
//!
//! Architecture invariant: whom Estatus trusts is decided here and nowhere else, whether a page is asked for, a mail is
//! sent or a webhook is called.

mod certificate;
mod connection;
mod connection_error;
mod known;
mod offer;
mod signature;
mod trust;
mod verdict;
mod witness;

use std::{io, sync::Arc};

use estatus_core::observation::Cause;
use rustls::pki_types::CertificateDer;
use tokio::{net::TcpStream, sync::OnceCell};
use tokio_rustls::client::TlsStream;

use crate::trust::Authorities;
pub use crate::{
    certificate::Certificate,
    connection_error::{ConnectionError, innermost},
    offer::look,
    verdict::of_tls,
};

/// What all TLS connections share; made at the first of them, for it reads every certificate this machine trusts.
#[derive(Default)]
pub struct Tls {
    extra_roots: Vec<CertificateDer<'static>>,
    authorities: OnceCell<Arc<Authorities>>,
}

/// A connection on which TLS was agreed.
pub struct Secured {
    /// The connection.
    pub stream: Box<TlsStream<TcpStream>>,
    /// The certificates that the server presented, its own first.
    pub chain: Vec<Certificate>,
}

/// Why TLS was not agreed on.
#[derive(Debug)]
pub enum Failed {
    /// The connection below failed.
    Io(io::Error),
    /// The server and we have no version or no way to encrypt in common, as far as the failure shows.
    NothingInCommon(Cause),
    /// For this reason.
    Because(Cause),
}

impl Failed {
    /// Whether a [`look()`] at what the server offers may show why: many hang up on what they do not understand.
    pub fn calls_for_a_look(&self) -> bool {
        use io::ErrorKind as Kind;
        match self {
            Self::Io(error) => {
                matches!(error.kind(), Kind::UnexpectedEof | Kind::ConnectionReset | Kind::ConnectionAborted)
            }
            Self::NothingInCommon(_) => true,
            Self::Because(_) => false,
        }
    }
}

impl From<Cause> for Failed {
    fn from(cause: Cause) -> Self {
        Self::Because(cause)
    }
}
