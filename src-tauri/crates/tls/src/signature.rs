//! Whether the server has the key to the certificate that it presents.

use rustls::{
    CertificateError, DigitallySignedStruct, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto,
    pki_types::{CertificateDer, SubjectPublicKeyInfoDer},
};
use webpki::RawPublicKeyEntity;
use x509_parser::{parse_x509_certificate, x509::X509Version};

use crate::connection::PROVIDER;

/// Ways to sign that can be offered where nobody looks whether the signature is right.
pub(crate) const UNVERIFIABLE: [SignatureScheme; 4] = [
    SignatureScheme::ECDSA_NISTP521_SHA512,
    SignatureScheme::ED448,
    SignatureScheme::RSA_PKCS1_SHA1,
    SignatureScheme::ECDSA_SHA1_Legacy,
];

/// Checks the signature of a handshake of TLS 1.2.
pub(crate) fn verify_tls12(
    message: &[u8],
    cert: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, rustls::Error> {
    match key_of_old_form(cert) {
        None => crypto::verify_tls12_signature(message, cert, signed, &PROVIDER.signature_verification_algorithms),
        Some(key) => verify_by_key(message, &key, signed),
    }
}

/// Checks the signature of a handshake of TLS 1.3.
pub(crate) fn verify_tls13(
    message: &[u8],
    cert: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, rustls::Error> {
    let algorithms = &PROVIDER.signature_verification_algorithms;
    match key_of_old_form(cert) {
        None => crypto::verify_tls13_signature(message, cert, signed, algorithms),
        Some(key) => crypto::verify_tls13_signature_with_raw_key(message, &key, signed, algorithms),
    }
}

/// The key of a certificate before version 3 of X.509, in which webpki looks for none.
fn key_of_old_form(cert: &CertificateDer<'_>) -> Option<SubjectPublicKeyInfoDer<'static>> {
    let (_, cert) = parse_x509_certificate(cert).ok()?;
    (cert.version() != X509Version::V3).then(|| SubjectPublicKeyInfoDer::from(cert.public_key().raw.to_vec()))
}

fn verify_by_key(
    message: &[u8],
    key: &SubjectPublicKeyInfoDer<'_>,
    signed: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, rustls::Error> {
    let bad = || rustls::Error::InvalidCertificate(CertificateError::BadSignature);
    let key = RawPublicKeyEntity::try_from(key).map_err(|_| bad())?;
    let mapping = PROVIDER.signature_verification_algorithms.mapping;
    let algorithms =
        mapping.iter().filter(|(scheme, _)| *scheme == signed.scheme).flat_map(|(_, algorithms)| *algorithms);
    let mut verified = algorithms.map(|algorithm| key.verify_signature(*algorithm, message, signed.signature()));
    if verified.any(|verified| verified.is_ok()) { Ok(HandshakeSignatureValid::assertion()) } else { Err(bad()) }
}
