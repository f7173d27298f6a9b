//! Reads the certificates a server presents.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use estatus_core::{Timestamp, outside::cut};
use rustls::pki_types::CertificateDer;
use x509_parser::{
    certificate::X509Certificate, extensions::GeneralName, parse_x509_certificate, public_key::PublicKey,
    x509::X509Name,
};

/// How many names of a certificate are told; some have hundreds.
const NAMES: usize = 20;

/// How many bytes of a certificate's name are told.
const NAME_LIMIT: usize = 200;

/// What a certificate says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is: the common name, or the first host name, or the whole subject.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// Its first moment.
    pub not_before: Timestamp,
    /// Its last moment.
    pub not_after: Timestamp,
    /// The hosts it is for.
    pub names: Vec<String>,
    /// Whether subject and issuer are one.
    pub self_issued: bool,
    /// What may be wrong with it beside that.
    pub(crate) make: Make,
}

/// How a certificate is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Make {
    /// The version of X.509.
    pub(crate) version: u32,
    /// The length of its key in bits, if that is one of RSA.
    pub(crate) rsa_bits: Option<u32>,
    /// The curve of its key, or the kind of key, if it is one that is not known here.
    pub(crate) foreign_key: Option<String>,
    /// The hash under its signature, if that can be forged.
    pub(crate) forgeable: Option<&'static str>,
    /// Whether it may be used by servers.
    pub(crate) for_servers: bool,
    /// Whether it is one of an authority.
    pub(crate) of_authority: bool,
    /// The names that stand in it as DNS names, though they are addresses.
    pub(crate) addresses_as_names: Vec<String>,
}

/// Reads a chain, the server's own certificate first; what is not a certificate is left out.
pub(crate) fn read_chain(chain: &[CertificateDer<'_>]) -> Vec<Certificate> {
    let parsed = chain.iter().filter_map(|der| parse_x509_certificate(der).ok());
    parsed.filter_map(|(_, certificate)| read(&certificate)).collect()
}

fn read(certificate: &X509Certificate<'_>) -> Option<Certificate> {
    let validity = certificate.validity();
    let names = names(certificate);
    let subject = common_name(certificate.subject())
        .or_else(|| names.first().cloned())
        .unwrap_or_else(|| certificate.subject().to_string());
    Some(Certificate {
        subject: cut(subject, NAME_LIMIT),
        issuer: cut(issuer(certificate.issuer()), NAME_LIMIT),
        not_before: Timestamp::from_second(validity.not_before.timestamp()).ok()?,
        not_after: Timestamp::from_second(validity.not_after.timestamp()).ok()?,
        names,
        self_issued: certificate.subject().as_raw() == certificate.issuer().as_raw(),
        make: make(certificate),
    })
}

fn make(certificate: &X509Certificate<'_>) -> Make {
    let usage = certificate.extended_key_usage().ok().flatten();
    Make {
        version: certificate.version().0 + 1,
        rsa_bits: match certificate.public_key().parsed() {
            Ok(PublicKey::RSA(key)) => u32::try_from(key.key_size()).ok(),
            _ => None,
        },
        foreign_key: foreign_key(certificate),
        forgeable: forgeable(&certificate.signature_algorithm.algorithm.to_id_string()),
        for_servers: usage.is_none_or(|usage| usage.value.server_auth || usage.value.any),
        of_authority: certificate.is_ca(),
        addresses_as_names: dns_names(certificate).filter(|name| name.parse::<IpAddr>().is_ok()).collect(),
    }
}

/// RFC 5480, section 2.1.1.1; RFC 8410, section 3.
fn foreign_key(certificate: &X509Certificate<'_>) -> Option<String> {
    let algorithm = &certificate.public_key().algorithm;
    let kind = match algorithm.algorithm.to_id_string().as_str() {
        "1.2.840.10045.2.1" => {
            let curve = algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
            match curve.map(|curve| curve.to_id_string()).as_deref() {
                Some("1.2.840.10045.3.1.7" | "1.3.132.0.34") => return None,
                Some("1.3.132.0.35") => "ECDSA on P-521".to_owned(),
                Some("1.3.132.0.10") => "ECDSA on secp256k1".to_owned(),
                Some(curve) => format!("ECDSA on the curve {curve}"),
                None => "ECDSA on a curve of its own".to_owned(),
            }
        }
        "1.2.840.113549.1.1.1" | "1.3.101.112" => return None,
        "1.3.101.113" => "Ed448".to_owned(),
        "1.2.840.10040.4.1" => "DSA".to_owned(),
        "1.2.840.113549.1.1.10" => "a key for RSASSA-PSS alone".to_owned(),
        other => format!("a key of the kind {other}"),
    };
    Some(kind)
}

/// The hash that a signature algorithm uses, if nobody should rely on it any more (RFC 8017, appendix A.2.4; RFC 5758).
fn forgeable(algorithm: &str) -> Option<&'static str> {
    match algorithm {
        "1.2.840.113549.1.1.2" => Some("MD2"),
        "1.2.840.113549.1.1.4" => Some("MD5"),
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" | "1.2.840.10045.4.1" | "1.2.840.10040.4.3" => Some("SHA-1"),
        _ => None,
    }
}

fn common_name(name: &X509Name<'_>) -> Option<String> {
    let text = name.iter_common_name().next()?.as_str().ok()?;
    (!text.is_empty()).then(|| text.to_owned())
}

fn issuer(name: &X509Name<'_>) -> String {
    common_name(name).unwrap_or_else(|| name.to_string())
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let names = general_names(certificate).iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(cut((*name).to_owned(), NAME_LIMIT)),
        GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
        _ => None,
    });
    names.take(NAMES).collect()
}

fn dns_names(certificate: &X509Certificate<'_>) -> impl Iterator<Item = String> {
    let names = general_names(certificate).iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        _ => None,
    });
    names.take(NAMES)
}

fn general_names<'a>(certificate: &'a X509Certificate<'a>) -> &'a [GeneralName<'a>] {
    let alternative = certificate.subject_alternative_name().ok().flatten();
    alternative.map_or(&[], |alternative| &alternative.value.general_names)
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|octets| Ipv4Addr::from(octets).into());
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(|octets| Ipv6Addr::from(octets).into())).ok()
}
