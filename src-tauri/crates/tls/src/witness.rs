//! Watches one handshake, so that it can be said afterwards what happened.

use std::{
    io,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use estatus_core::{Timestamp, observation::Cause};
use rustls::{
    AlertDescription, DigitallySignedStruct, SignatureScheme,
    client::{
        ResolvesClientCert,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
    sign::CertifiedKey,
};

use crate::{Failed, certificate, connection::PROVIDER, signature, verdict};

/// Lets every chain through the handshake, so that it can be read and then judged, but nobody who has not the key to it;
/// and has no certificate of its own to show.
#[derive(Debug)]
pub(crate) struct Witness {
    check_signatures: bool,
    presented: OnceLock<Vec<CertificateDer<'static>>>,
    was_asked: AtomicBool,
}

impl Witness {
    /// A witness of one handshake, in which it counts whether the server has the key to its certificate or not.
    pub(crate) fn new(check_signatures: bool) -> Self {
        Self { check_signatures, presented: OnceLock::new(), was_asked: AtomicBool::new(false) }
    }

    /// What it means that the handshake with `host` failed.
    pub(crate) fn explain(&self, error: io::Error, host: &str) -> Failed {
        let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
            return Failed::Io(error);
        };
        match tls {
            rustls::Error::InvalidCertificate(_) => {
                let chain = certificate::read_chain(self.presented.get().map_or(&[], Vec::as_slice));
                Failed::Because(verdict::explain(tls, &chain, host, Timestamp::now()))
            }
            // TLS 1.2 knows no alert of its own for this (RFC 5246, section 7.4.6).
            rustls::Error::AlertReceived(
                AlertDescription::HandshakeFailure
                | AlertDescription::BadCertificate
                | AlertDescription::CertificateUnknown
                | AlertDescription::UnknownCA
                | AlertDescription::AccessDenied,
            ) if self.was_asked.load(Ordering::Relaxed) => Failed::Because(Cause::ClientCertificate),
            other => verdict::of_handshake(other),
        }
    }

    fn check(
        &self,
        cert: &CertificateDer<'_>,
        verify: impl FnOnce(&CertificateDer<'_>) -> Result<HandshakeSignatureValid, rustls::Error>,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if self.check_signatures { verify(cert) } else { Ok(HandshakeSignatureValid::assertion()) }
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let presented = std::iter::once(own).chain(others).map(|one| one.clone().into_owned()).collect();
        // There is one handshake, and one chain in it.
        let _ = self.presented.set(presented);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.check(cert, |cert| signature::verify_tls12(message, cert, signed))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.check(cert, |cert| signature::verify_tls13(message, cert, signed))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = PROVIDER.signature_verification_algorithms.supported_schemes();
        if !self.check_signatures {
            schemes.extend(signature::UNVERIFIABLE);
        }
        schemes
    }
}

impl ResolvesClientCert for Witness {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<std::sync::Arc<CertifiedKey>> {
        self.was_asked.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}
