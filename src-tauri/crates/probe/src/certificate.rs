//! Reads the certificates a server presents and says what is wrong with them.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use estatus_core::{
    Timestamp,
    observation::{Cause, Warning, cut},
};
use rustls::{CertificateError, pki_types::CertificateDer};
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, parse_x509_certificate, x509::X509Name};

use crate::trace::Trace;

/// How many names of a certificate are told; some have hundreds.
const NAMES: usize = 20;

/// How many bytes of a certificate's name are told.
const NAME_LIMIT: usize = 200;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What a certificate says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Certificate {
    /// Whose it is: the common name, or the first host name, or the whole subject.
    pub(crate) subject: String,
    /// Who signed it.
    pub(crate) issuer: String,
    /// Its first moment.
    pub(crate) not_before: Timestamp,
    /// Its last moment.
    pub(crate) not_after: Timestamp,
    /// The hosts it is for.
    pub(crate) names: Vec<String>,
    /// Whether subject and issuer are one.
    pub(crate) self_issued: bool,
}

/// Reads a chain, the server's own certificate first; what is not a certificate is left out.
pub(crate) fn read_chain(chain: &[CertificateDer<'_>]) -> Vec<Certificate> {
    let parsed = chain.iter().filter_map(|der| parse_x509_certificate(der).ok());
    parsed.filter_map(|(_, certificate)| read(&certificate)).collect()
}

/// Notes for how long the chain holds, and warns where one of its certificates has fewer days left than `warn_days`.
///
/// What has run out already is not counted here: either the chain was refused for it, or it does not matter.
pub(crate) fn note_last_days(chain: &[Certificate], warn_days: u32, now: Timestamp, trace: &mut Trace) {
    let Some(soonest) = chain.iter().filter(|one| one.not_after > now).min_by_key(|one| one.not_after) else { return };
    let left = soonest.not_after.duration_since(now).unsigned_abs();
    if trace.holds_for.is_some_and(|known| known <= left) {
        return;
    }
    trace.holds_for = Some(left);
    if left < DAY * warn_days {
        let Certificate { subject, not_after, .. } = soonest.clone();
        trace.warning = Some(Warning::CertificateExpires { subject, not_after });
    }
}

/// What it means that the verifier refused `chain` for `host`.
pub(crate) fn explain(error: &rustls::Error, chain: &[Certificate], host: &str, now: Timestamp) -> Cause {
    use CertificateError as Refused;
    let other = || Cause::Tls { error: error.to_string() };
    let rustls::Error::InvalidCertificate(refused) = error else { return other() };
    match refused {
        Refused::Expired | Refused::ExpiredContext { .. } => expired(chain, now).unwrap_or_else(other),
        Refused::NotValidYet | Refused::NotValidYetContext { .. } => not_yet_valid(chain, now).unwrap_or_else(other),
        Refused::NotValidForName | Refused::NotValidForNameContext { .. } => {
            let names = chain.first().map(|own| own.names.clone()).unwrap_or_default();
            Cause::CertificateWrongHost { host: host.to_owned(), names }
        }
        Refused::Revoked => other(),
        refused => untrusted(refused, chain).unwrap_or_else(other),
    }
}

fn expired(chain: &[Certificate], now: Timestamp) -> Option<Cause> {
    let one = chain.iter().find(|one| one.not_after < now)?.clone();
    Some(Cause::CertificateExpired { subject: one.subject, not_after: one.not_after })
}

fn not_yet_valid(chain: &[Certificate], now: Timestamp) -> Option<Cause> {
    let one = chain.iter().find(|one| one.not_before > now)?.clone();
    Some(Cause::CertificateNotYetValid { subject: one.subject, not_before: one.not_before })
}

/// A server's certificate that signs itself is refused for this or that, depending on what it says it is good for.
fn untrusted(refused: &CertificateError, chain: &[Certificate]) -> Option<Cause> {
    let own = chain.first()?;
    if own.self_issued {
        return Some(Cause::CertificateSelfSigned { subject: own.subject.clone() });
    }
    let last = chain.last()?;
    (*refused == CertificateError::UnknownIssuer)
        .then(|| Cause::CertificateUnknownIssuer { issuer: last.issuer.clone() })
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
    })
}

fn common_name(name: &X509Name<'_>) -> Option<String> {
    let text = name.iter_common_name().next()?.as_str().ok()?;
    (!text.is_empty()).then(|| text.to_owned())
}

fn issuer(name: &X509Name<'_>) -> String {
    common_name(name).unwrap_or_else(|| name.to_string())
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(alternative)) = certificate.subject_alternative_name() else { return Vec::new() };
    let names = alternative.value.general_names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(cut((*name).to_owned(), NAME_LIMIT)),
        GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
        _ => None,
    });
    names.take(NAMES).collect()
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|octets| Ipv4Addr::from(octets).into());
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(|octets| Ipv6Addr::from(octets).into())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn one(subject: &str, issuer: &str, not_before: i64, not_after: i64) -> Certificate {
        Certificate {
            subject: subject.into(),
            issuer: issuer.into(),
            not_before: at(not_before),
            not_after: at(not_after),
            names: vec![format!("{subject}.example")],
            self_issued: subject == issuer,
        }
    }

    #[test]
    fn a_refusal_is_explained_by_the_certificate_it_is_about() {
        let check = |refused: CertificateError, chain: &[Certificate], cause: Cause| {
            let error = rustls::Error::InvalidCertificate(refused);
            assert_eq!(explain(&error, chain, "host", at(100)), cause);
        };
        let good = one("own", "ca", 0, 200);
        check(
            CertificateError::Expired,
            &[good.clone(), one("ca", "root", 0, 99)],
            Cause::CertificateExpired { subject: "ca".into(), not_after: at(99) },
        );
        check(
            CertificateError::NotValidYet,
            &[one("own", "ca", 101, 200)],
            Cause::CertificateNotYetValid { subject: "own".into(), not_before: at(101) },
        );
        check(
            CertificateError::NotValidForName,
            std::slice::from_ref(&good),
            Cause::CertificateWrongHost { host: "host".into(), names: vec!["own.example".into()] },
        );
        check(
            CertificateError::UnknownIssuer,
            &[good.clone(), one("ca", "root", 0, 200)],
            Cause::CertificateUnknownIssuer { issuer: "root".into() },
        );
        check(
            CertificateError::InvalidPurpose,
            &[one("own", "own", 0, 200)],
            Cause::CertificateSelfSigned { subject: "own".into() },
        );
        let revoked = Cause::Tls { error: "invalid peer certificate: Revoked".into() };
        check(CertificateError::Revoked, &[one("own", "own", 0, 200)], revoked);
    }

    #[test]
    fn the_certificate_that_runs_out_first_counts() {
        let check = |chain: &[Certificate], warn_days: u32, holds_for: Option<u64>, warns_of: Option<&str>| {
            let mut trace = Trace::begin(at(0));
            note_last_days(chain, warn_days, at(0), &mut trace);
            assert_eq!(trace.holds_for, holds_for.map(Duration::from_secs));
            let subject = trace.warning.map(|Warning::CertificateExpires { subject, .. }| subject);
            assert_eq!(subject.as_deref(), warns_of);
        };
        let day = 86_400;
        let chain = [one("own", "ca", -1, 30 * day), one("ca", "root", -1, 3 * day), one("old", "root", -9, -3)];
        check(&chain, 14, Some(3 * 86_400), Some("ca"));
        check(&chain, 3, Some(3 * 86_400), None);
        check(&chain, 4, Some(3 * 86_400), Some("ca"));
        check(&chain, 0, Some(3 * 86_400), None);
        check(&chain[2..], 14, None, None);
    }
}
