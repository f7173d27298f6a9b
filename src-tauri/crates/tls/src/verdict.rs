//! What is wrong where TLS failed or a certificate was refused, in the words of [`Cause`].

use std::{fmt, net::IpAddr, sync::Arc};

use estatus_core::{Timestamp, observation::Cause};
use rustls::{AlertDescription, CertificateError, InvalidMessage, OtherError, PeerIncompatible};

use crate::{Failed, certificate::Certificate};

/// The shortest key of RSA that is safe (NIST SP 800-131A), and that is verified here.
const RSA_BITS: u32 = 2048;

/// What an error of rustls means, other than a refused certificate of which more is known.
pub fn of_tls(error: &rustls::Error) -> Cause {
    match error {
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion) => {
            Cause::NotTls
        }
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => Cause::ClientCertificate,
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(other)))
            if let Some(Refused(cause)) = other.downcast_ref() =>
        {
            cause.clone()
        }
        error => Cause::Tls { error: error.to_string() },
    }
}

/// What an error of rustls means that ended a handshake.
pub(crate) fn of_handshake(error: &rustls::Error) -> Failed {
    let refused = |alert: AlertDescription| Failed::NothingInCommon(Cause::TlsRefused { alert: alert_words(alert) });
    match error {
        rustls::Error::AlertReceived(
            alert @ (AlertDescription::HandshakeFailure
            | AlertDescription::ProtocolVersion
            | AlertDescription::InsufficientSecurity
            | AlertDescription::IllegalParameter),
        ) => refused(*alert),
        rustls::Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13 | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => Failed::NothingInCommon(Cause::TlsVersion { offered: "TLS 1.0 / 1.1".to_owned() }),
        rustls::Error::PeerIncompatible(_) | rustls::Error::PeerMisbehaved(_) => {
            Failed::NothingInCommon(Cause::Tls { error: error.to_string() })
        }
        error => Failed::Because(of_tls(error)),
    }
}

/// The alert as the standards write it (RFC 8446, section 6).
fn alert_words(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::HandshakeFailure => "handshake_failure".to_owned(),
        AlertDescription::ProtocolVersion => "protocol_version".to_owned(),
        AlertDescription::InsufficientSecurity => "insufficient_security".to_owned(),
        AlertDescription::IllegalParameter => "illegal_parameter".to_owned(),
        other => format!("{other:?}"),
    }
}

/// What it means that `chain` was refused for `host`.
pub(crate) fn explain(error: &rustls::Error, chain: &[Certificate], host: &str, now: Timestamp) -> Cause {
    use CertificateError as Error;
    let other = || of_tls(error);
    let (rustls::Error::InvalidCertificate(refused), Some(own)) = (error, chain.first()) else { return other() };
    match refused {
        Error::Expired | Error::ExpiredContext { .. } => expired(chain, now).unwrap_or_else(other),
        Error::NotValidYet | Error::NotValidYetContext { .. } => not_yet_valid(chain, now).unwrap_or_else(other),
        Error::NotValidForName | Error::NotValidForNameContext { .. } => wrong_host(own, host),
        Error::Revoked => Cause::CertificateRevoked { subject: own.subject.clone() },
        // The key of the server's own certificate signs the handshake, that of the others the certificate before.
        Error::BadSignature => {
            unfit(chain).unwrap_or_else(|| Cause::CertificateForged { subject: own.subject.clone() })
        }
        // A server's certificate that signs itself is refused for this or that, depending on what it says it is good for.
        _ if own.self_issued => Cause::CertificateSelfSigned { subject: own.subject.clone() },
        refused => unfit(chain).or_else(|| untrusted(refused, chain)).unwrap_or_else(other),
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

fn wrong_host(own: &Certificate, host: &str) -> Cause {
    let is_host = |name: &String| name.parse::<IpAddr>().ok() == host.parse().ok();
    let is_address = host.parse::<IpAddr>().is_ok();
    if is_address && own.make.addresses_as_names.iter().any(is_host) {
        return Cause::CertificateAddressAsName { host: host.to_owned() };
    }
    if own.names.is_empty() {
        return Cause::CertificateNoNames { subject: own.subject.clone() };
    }
    Cause::CertificateWrongHost { host: host.to_owned(), names: own.names.clone() }
}

/// What about the certificates themselves nobody could accept.
pub(crate) fn unfit(chain: &[Certificate]) -> Option<Cause> {
    let of_one = |one: &Certificate| {
        let (subject, make) = (one.subject.clone(), &one.make);
        if let Some(bits) = make.rsa_bits.filter(|bits| *bits < RSA_BITS) {
            return Some(Cause::CertificateWeakKey { subject, bits });
        }
        if let Some(hash) = make.forgeable.filter(|_| !one.self_issued) {
            return Some(Cause::CertificateOldSignature { subject, hash: hash.to_owned() });
        }
        if let Some(algorithm) = make.foreign_key.clone() {
            return Some(Cause::CertificateAlgorithm { subject, algorithm });
        }
        (make.version < 3).then_some(Cause::CertificateVersion { subject, version: make.version })
    };
    let of_own = |own: &Certificate| {
        let subject = own.subject.clone();
        if !own.make.for_servers {
            return Some(Cause::CertificatePurpose { subject });
        }
        own.make.of_authority.then_some(Cause::CertificateOfAuthority { subject })
    };
    chain.iter().find_map(of_one).or_else(|| chain.first().and_then(of_own))
}

fn untrusted(refused: &CertificateError, chain: &[Certificate]) -> Option<Cause> {
    if *refused != CertificateError::UnknownIssuer {
        return None;
    }
    let issuer = chain.last()?.issuer.clone();
    Some(if chain.len() == 1 { Cause::CertificateAlone { issuer } } else { Cause::CertificateUnknownIssuer { issuer } })
}

/// Why a chain was refused, on its way through a library that agrees on TLS itself.
#[derive(Debug)]
pub(crate) struct Refused(Cause);

impl Refused {
    /// The reason as an error of rustls.
    pub(crate) fn wrap(cause: Cause) -> rustls::Error {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(Self(cause)))))
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the certificate is not accepted: {:?}", self.0)
    }
}

impl std::error::Error for Refused {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::Make;

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
            make: Make {
                version: 3,
                rsa_bits: None,
                foreign_key: None,
                forgeable: None,
                for_servers: true,
                of_authority: false,
                addresses_as_names: Vec::new(),
            },
        }
    }

    #[test]
    fn a_refusal_is_explained_by_the_certificate_it_is_about() {
        #[track_caller]
        fn check(refused: CertificateError, chain: &[Certificate], cause: Cause) {
            let error = rustls::Error::InvalidCertificate(refused);
            assert_eq!(explain(&error, chain, "192.0.2.1", at(100)), cause);
        }
        use CertificateError as Error;
        let good = one("own", "ca", 0, 200);
        let made = |change: fn(&mut Make)| {
            let mut one = good.clone();
            change(&mut one.make);
            one
        };
        let (subject, issuer) = ("own".to_owned(), "root".to_owned());
        let cause = Cause::CertificateExpired { subject: "ca".into(), not_after: at(99) };
        check(Error::Expired, &[good.clone(), one("ca", "root", 0, 99)], cause);
        let cause = Cause::CertificateNotYetValid { subject: subject.clone(), not_before: at(101) };
        check(Error::NotValidYet, &[one("own", "ca", 101, 200)], cause);
        let cause = Cause::CertificateWrongHost { host: "192.0.2.1".into(), names: vec!["own.example".into()] };
        check(Error::NotValidForName, std::slice::from_ref(&good), cause);
        let nameless = Certificate { names: Vec::new(), ..good.clone() };
        check(Error::NotValidForName, &[nameless], Cause::CertificateNoNames { subject: subject.clone() });
        let mut as_name = made(|make| make.addresses_as_names = vec!["192.0.2.1".into()]);
        as_name.names = vec!["192.0.2.1".into()];
        check(Error::NotValidForName, &[as_name], Cause::CertificateAddressAsName { host: "192.0.2.1".into() });
        let cause = Cause::CertificateUnknownIssuer { issuer: issuer.clone() };
        check(Error::UnknownIssuer, &[good.clone(), one("ca", "root", 0, 200)], cause);
        let cause = Cause::CertificateAlone { issuer: "ca".into() };
        check(Error::UnknownIssuer, std::slice::from_ref(&good), cause);
        let cause = Cause::CertificateSelfSigned { subject: subject.clone() };
        check(Error::InvalidPurpose, &[one("own", "own", 0, 200)], cause);
        let cause = Cause::CertificateRevoked { subject: subject.clone() };
        check(Error::Revoked, &[one("own", "own", 0, 200)], cause);

        let weak = made(|make| make.rsa_bits = Some(1024));
        check(Error::BadSignature, &[weak], Cause::CertificateWeakKey { subject: subject.clone(), bits: 1024 });
        let cause = Cause::CertificateOldSignature { subject: subject.clone(), hash: "SHA-1".into() };
        check(Error::UnknownIssuer, &[made(|make| make.forgeable = Some("SHA-1"))], cause);
        let cause = Cause::CertificateAlgorithm { subject: subject.clone(), algorithm: "Ed448".into() };
        check(Error::UnknownIssuer, &[made(|make| make.foreign_key = Some("Ed448".into()))], cause);
        let cause = Cause::CertificateVersion { subject: subject.clone(), version: 1 };
        check(Error::BadEncoding, &[made(|make| make.version = 1)], cause);
        let cause = Cause::CertificatePurpose { subject: subject.clone() };
        check(Error::InvalidPurpose, &[made(|make| make.for_servers = false)], cause);
        let cause = Cause::CertificateOfAuthority { subject };
        check(Error::BadEncoding, &[made(|make| make.of_authority = true)], cause);
    }

    #[test]
    fn what_no_certificate_shows_is_told_as_it_came() {
        let error = rustls::Error::InvalidCertificate(CertificateError::BadSignature);
        assert_eq!(explain(&error, &[], "host", at(0)), Cause::Tls { error: error.to_string() });
        let forged = Cause::CertificateForged { subject: "own".into() };
        assert_eq!(explain(&error, &[one("own", "ca", 0, 200)], "host", at(0)), forged);
    }

    #[test]
    fn a_reason_travels_through_a_library() {
        let cause = Cause::CertificateSelfSigned { subject: "own".into() };
        assert_eq!(of_tls(&Refused::wrap(cause.clone())), cause);
    }
}
