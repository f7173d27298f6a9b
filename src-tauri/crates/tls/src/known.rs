//! The certificates themselves that this machine trusts.

use std::sync::OnceLock;

use rustls::pki_types::CertificateDer;

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

#[cfg(unix)]
fn machines() -> Vec<CertificateDer<'static>> {
    rustls_native_certs::load_native_certs().certs
}

/// Windows' own verifier looks for them itself.
#[cfg(windows)]
fn machines() -> Vec<CertificateDer<'static>> {
    Vec::new()
}
