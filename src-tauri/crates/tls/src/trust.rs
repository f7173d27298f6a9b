//! Who is trusted: by this machine, and by a file that a configuration names.

use std::sync::Arc;

use estatus_core::Timestamp;
use rustls::{
    CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        VerifierBuilderError, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
};
use rustls_platform_verifier::Verifier;
use x509_parser::parse_x509_certificate;

use crate::{
    certificate,
    connection::PROVIDER,
    known::{self, Known},
    signature,
    verdict::{self, Refused},
};

/// What this machine trusts.
#[derive(Debug)]
pub(crate) struct Authorities {
    verifier: Arc<dyn ServerCertVerifier>,
    known: Known,
}

impl Authorities {
    /// Reads it, from some hundred files. Blocks.
    pub(crate) fn load(extra_roots: Vec<CertificateDer<'static>>) -> Result<Self, rustls::Error> {
        Ok(Self { verifier: verifier(&extra_roots)?, known: Known::new(extra_roots) })
    }

    /// Whether `chain` is accepted for `name`: because somebody who is trusted vouches for it, or because the server's own
    /// certificate is itself among those that are trusted, as OpenSSL has it and webpki has not.
    pub(crate) fn judge(&self, chain: &[CertificateDer<'_>], name: &ServerName<'_>) -> Result<(), rustls::Error> {
        let (own, others) = chain.split_first().ok_or(rustls::Error::NoCertificatesPresented)?;
        let verdict = self.verifier.verify_server_cert(own, others, name, &[], UnixTime::now()).map(drop);
        match verdict {
            Err(refused) if signs_itself(own) && self.known.holds(own) => {
                is_of_today(own)?;
                let parsed = ParsedCertificate::try_from(own).map_err(|_| refused)?;
                verify_server_name(&parsed, name)
            }
            verdict => verdict,
        }
    }
}

/// This system's own, unless the environment names what is trusted: on Linux it heeds that, on Windows it does not.
fn verifier(extra_roots: &[CertificateDer<'static>]) -> Result<Arc<dyn ServerCertVerifier>, rustls::Error> {
    if cfg!(windows) && known::are_named() {
        let roots = Arc::new(known::named(extra_roots)?);
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&PROVIDER)).build();
        let unusable = |error: VerifierBuilderError| rustls::Error::General(error.to_string());
        return verifier.map_err(unusable).map(|verifier| verifier as _);
    }
    Ok(Arc::new(Verifier::new_with_extra_roots(extra_roots.to_vec(), Arc::clone(&PROVIDER))?))
}

/// What a file says is to be trusted.
#[derive(Debug)]
pub(crate) struct Given {
    certificates: Vec<CertificateDer<'static>>,
    roots: Arc<RootCertStore>,
}

impl Given {
    /// Reads certificates in PEM, or a single one in DER.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
        let mut certificates = found.map_err(|error| error.to_string())?;
        if certificates.is_empty() && parse_x509_certificate(bytes).is_ok() {
            certificates.push(CertificateDer::from(bytes.to_vec()));
        }
        if certificates.is_empty() {
            return Err("there is no certificate in it (-----BEGIN CERTIFICATE-----)".to_owned());
        }
        let mut roots = RootCertStore::empty();
        // What cannot vouch for others can still be the server's own.
        roots.add_parsable_certificates(certificates.iter().cloned());
        Ok(Self { certificates, roots: Arc::new(roots) })
    }

    /// Whether `chain` is accepted for `name`. A server's own certificate that is in the file is accepted whatever host it
    /// names, for it says who the server is better than any name.
    pub(crate) fn judge(&self, chain: &[CertificateDer<'_>], name: &ServerName<'_>) -> Result<(), rustls::Error> {
        let (own, others) = chain.split_first().ok_or(rustls::Error::NoCertificatesPresented)?;
        if self.certificates.contains(own) {
            return is_of_today(own);
        }
        let unknown = || rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::clone(&self.roots), Arc::clone(&PROVIDER));
        let verifier = verifier.build().map_err(|_| unknown())?;
        verifier.verify_server_cert(own, others, name, &[], UnixTime::now()).map(drop)
    }
}

fn signs_itself(own: &CertificateDer<'_>) -> bool {
    certificate::read_chain(std::slice::from_ref(own)).first().is_some_and(|own| own.self_issued)
}

fn is_of_today(own: &CertificateDer<'_>) -> Result<(), rustls::Error> {
    let now = Timestamp::now();
    let refused = match certificate::read_chain(std::slice::from_ref(own)).first() {
        None => CertificateError::BadEncoding,
        Some(own) if own.not_after < now => CertificateError::Expired,
        Some(own) if own.not_before > now => CertificateError::NotValidYet,
        Some(_) => return Ok(()),
    };
    Err(rustls::Error::InvalidCertificate(refused))
}

/// Refuses within the handshake what [`Authorities`] do not accept.
#[derive(Debug)]
pub(crate) struct Strict(pub(crate) Arc<Authorities>);

impl ServerCertVerifier for Strict {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain: Vec<CertificateDer<'_>> = std::iter::once(own).chain(others).cloned().collect();
        self.0.judge(&chain, name).map_err(|error| {
            let chain = certificate::read_chain(&chain);
            Refused::wrap(verdict::explain(&error, &chain, &name.to_str(), Timestamp::now()))
        })?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        signature::verify_tls12(message, cert, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        signature::verify_tls13(message, cert, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        PROVIDER.signature_verification_algorithms.supported_schemes()
    }
}
