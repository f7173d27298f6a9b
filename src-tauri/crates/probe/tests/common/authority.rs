//! A certificate authority of the test's own.

use std::{path::Path, time::Duration};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

const DAY: i64 = 24 * 60 * 60;

/// Signs certificates.
pub(crate) struct Authority {
    certificate: rcgen::Certificate,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate with those that vouch for it, and its key.
pub(crate) struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: KeyPair,
}

/// What a certificate says; the days are counted from today.
pub(crate) struct Wanted<'a> {
    pub(crate) common_name: Option<&'a str>,
    pub(crate) names: &'a [&'a str],
    pub(crate) days: (i64, i64),
}

impl Default for Wanted<'_> {
    fn default() -> Self {
        Self { common_name: Some("Test Server"), names: &["localhost", "127.0.0.1"], days: (-1, 90) }
    }
}

impl Wanted<'_> {
    fn params(&self) -> CertificateParams {
        let names: Vec<String> = self.names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        if let Some(name) = self.common_name {
            params.distinguished_name.push(DnType::CommonName, name);
        }
        let now = estatus_core::Timestamp::now().as_second();
        let at = |days: i64| date_time_ymd(1970, 1, 1) + Duration::from_secs((now + days * DAY) as u64);
        (params.not_before, params.not_after) = (at(self.days.0), at(self.days.1));
        params
    }

    /// The certificate, signed by itself, as an authority or not.
    pub(crate) fn signed_by_itself(&self, is_ca: bool) -> Identity {
        let mut params = self.params();
        if is_ca {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Identity { chain: vec![certificate.der().clone()], key }
    }
}

impl Authority {
    /// An authority that nobody trusts yet.
    pub(crate) fn new(name: &str) -> Self {
        let wanted = Wanted { common_name: Some(name), names: &[], days: (-10, 1000) };
        let mut params = wanted.params();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// Its own certificate.
    pub(crate) fn root(&self) -> CertificateDer<'static> {
        self.certificate.der().clone()
    }

    /// A certificate for a server.
    pub(crate) fn sign(&self, wanted: &Wanted<'_>) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = wanted.params().signed_by(&key, &self.issuer).unwrap();
        Identity { chain: vec![certificate.der().clone()], key }
    }

    /// An authority below this one, with its certificate.
    pub(crate) fn below(&self, wanted: &Wanted<'_>) -> (Authority, CertificateDer<'static>) {
        let mut params = wanted.params();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let der = certificate.der().clone();
        (Self { certificate, issuer: Issuer::new(params, key) }, der)
    }
}

impl Identity {
    /// Presents `certificate` too.
    pub(crate) fn with(mut self, certificate: CertificateDer<'static>) -> Self {
        self.chain.push(certificate);
        self
    }

    /// Writes `NAME.pem` and `NAME.key` for a server that reads files.
    pub(crate) fn write(&self, directory: &Path, name: &str) {
        let pem: String = self.chain.iter().map(|der| pem("CERTIFICATE", der)).collect();
        std::fs::write(directory.join(format!("{name}.pem")), pem).unwrap();
        std::fs::write(directory.join(format!("{name}.key")), self.key.serialize_pem()).unwrap();
    }

    /// A TLS server that presents it.
    pub(crate) fn acceptor(&self) -> tokio_rustls::TlsAcceptor {
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), key)
            .unwrap();
        tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config))
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    let text = BASE64_STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
