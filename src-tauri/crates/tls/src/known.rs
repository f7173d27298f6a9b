//! The certificates themselves that this machine trusts.

use std::{env, sync::OnceLock};

use rustls::{RootCertStore, pki_types::CertificateDer};

/// They are read when a server presents a certificate that signs itself, which few do.
#[derive(Debug)]
pub(crate) struct Known {
    extra: Vec<CertificateDer<'static>>,
    machines: OnceLock<Vec<CertificateDer<'static>>>,
}

impl Known {
    /// Those of this machine, and `extra`.
    pub(crate) fn new(extra: Vec<CertificateDer<'static>>) -> Self {
        Self { extra, machines: OnceLock::new() }
    }

    /// Whether `one` is among them. The first time it reads some hundred files.
    pub(crate) fn holds(&self, one: &CertificateDer<'_>) -> bool {
        self.extra.contains(one) || self.machines.get_or_init(machines).contains(one)
    }
}

fn machines() -> Vec<CertificateDer<'static>> {
    // Windows' own verifier looks for its own itself.
    if cfg!(windows) && !are_named() { Vec::new() } else { rustls_native_certs::load_native_certs().certs }
}

/// Whether the environment names what is trusted, as OpenSSL has it.
pub(crate) fn are_named() -> bool {
    ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Those that the environment names, and `extra`.
///
/// # Errors
/// If there are none.
pub(crate) fn named(extra: &[CertificateDer<'static>]) -> Result<RootCertStore, rustls::Error> {
    let read = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(read.certs.into_iter().chain(extra.iter().cloned()));
    match read.errors.first() {
        Some(error) if roots.is_empty() => Err(rustls::Error::General(error.to_string())),
        _ => Ok(roots),
    }
}
