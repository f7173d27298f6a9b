//! The engine's own certificate authority: whom it has let in shows a certificate of it, and so does the engine.

use std::{io, path::Path, time::Duration};

use estatus_access::write_atomically;
use estatus_core::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use ring::digest::{SHA256, digest};
use rustls::{
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_parser::parse_x509_certificate;

use super::{files, public_key::PublicKey};

/// Whom agents believe to be the engine: a certificate for this name, by the authority of their token.
pub(crate) const ENGINE: &str = "estatus-engine";
/// So long a certificate of an agent is valid.
pub(crate) const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
/// What the authority is called.
const NAME: &str = "Estatus fleets";
const KEY: &str = "ca.key";
const CERTIFICATE: &str = "ca.pem";

/// The authority, whose key lies in a folder of the engine's.
pub(crate) struct Authority {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

/// What shows that somebody is the engine.
pub(crate) struct EngineIdentity {
    /// Its certificate, and that of the authority.
    pub(crate) chain: Vec<CertificateDer<'static>>,
    /// Its key.
    pub(crate) key: PrivateKeyDer<'static>,
}

/// An instance, as its certificate names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) fleet: String,
    pub(crate) instance: String,
    /// When the certificate runs out.
    pub(crate) expires: Timestamp,
}

impl Authority {
    /// The authority in `folder`, made anew if there is none.
    ///
    /// # Errors
    /// What is there cannot be read or is no authority, or nothing can be written.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let key = match files::read(&folder.join(KEY))? {
            Some(pem) => KeyPair::from_pem(&pem).map_err(|error| unsound(folder, KEY, &error))?,
            None => {
                let key = KeyPair::generate().map_err(io::Error::other)?;
                write_atomically(&folder.join(KEY), &key.serialize_pem(), None)?;
                key
            }
        };
        let params = params_of_authority();
        let certificate = match files::read(&folder.join(CERTIFICATE))? {
            Some(pem) => {
                CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|e| unsound(folder, CERTIFICATE, &e))?
            }
            None => {
                let made = params.self_signed(&key).map_err(io::Error::other)?;
                write_atomically(&folder.join(CERTIFICATE), &made.pem(), None)?;
                made.der().clone()
            }
        };
        let authority = Self { certificate, issuer: Issuer::new(params, key) };
        authority.check().map_err(|error| unsound(folder, CERTIFICATE, &error))?;
        Ok(authority)
    }

    /// The SHA-256 of its certificate.
    pub(crate) fn hash(&self) -> Vec<u8> {
        hash(&self.certificate)
    }

    /// A certificate for whoever has the key: that he is the instance, from `now` on for [`LIFETIME`].
    pub(crate) fn issue(
        &self,
        fleet: &str,
        instance: &str,
        key: &PublicKey,
        now: Timestamp,
    ) -> Result<Issued, rcgen::Error> {
        let expires = now.saturating_add(LIFETIME).unwrap_or(Timestamp::MAX);
        let mut params = params(&[(DnType::OrganizationName, fleet), (DnType::CommonName, instance)]);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.not_after = date_time_ymd(1970, 1, 1) + Duration::from_secs(expires.as_second().max(0).unsigned_abs());
        let certificate = params.signed_by(key, &self.issuer)?;
        Ok(Issued { certificate: certificate.der().to_vec(), expires })
    }

    /// A new certificate for the engine, and its key.
    pub(crate) fn engine(&self) -> Result<EngineIdentity, rcgen::Error> {
        let mut params = params(&[(DnType::CommonName, ENGINE)]);
        params.subject_alt_names = vec![rcgen::SanType::DnsName(ENGINE.try_into()?)];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let chain = vec![params.signed_by(&key, &self.issuer)?.der().clone(), self.certificate.clone()];
        Ok(EngineIdentity { chain, key: PrivateKeyDer::Pkcs8(key.serialize_der().into()) })
    }

    /// Whose certificate that is; nothing if this authority has not made it for an instance. It may have run out.
    pub(crate) fn whose(&self, certificate: &CertificateDer<'_>) -> Option<Identity> {
        let (_, parsed) = parse_x509_certificate(certificate).ok()?;
        let expires = parsed.validity().not_after.timestamp();
        let at = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(expires).ok()?));
        self.verify(certificate, at, KeyUsage::client_auth()).ok()?;
        let subject = parsed.subject();
        let fleet = subject.iter_organization().next()?.as_str().ok()?.to_owned();
        let instance = subject.iter_common_name().next()?.as_str().ok()?.to_owned();
        Some(Identity { fleet, instance, expires: Timestamp::from_second(expires).ok()? })
    }

    /// That the key and the certificate belong together.
    fn check(&self) -> Result<(), String> {
        let engine = self.engine().map_err(|error| error.to_string())?;
        let [certificate, _] = engine.chain.as_slice() else { return Err("it makes no certificates".to_owned()) };
        let verified = self.verify(certificate, UnixTime::now(), KeyUsage::server_auth());
        verified.map_err(|error| format!("it is not that of {KEY}: {error}"))
    }

    fn verify(&self, certificate: &CertificateDer<'_>, at: UnixTime, usage: KeyUsage) -> Result<(), webpki::Error> {
        let algorithms = default_provider().signature_verification_algorithms.all;
        let anchors = [anchor_from_trusted_cert(&self.certificate)?];
        let end = EndEntityCert::try_from(certificate)?;
        end.verify_for_usage(algorithms, &anchors, &[], at, usage, None, None).map(|_| ())
    }
}

/// A certificate that was made.
pub(crate) struct Issued {
    /// As DER.
    pub(crate) certificate: Vec<u8>,
    /// When it runs out.
    pub(crate) expires: Timestamp,
}

/// The SHA-256 by which a token names an authority.
pub(crate) fn hash(certificate: &CertificateDer<'_>) -> Vec<u8> {
    digest(&SHA256, certificate).as_ref().to_vec()
}

/// The name by which the engine is asked for.
pub(crate) fn engine_name() -> Result<ServerName<'static>, rustls::pki_types::InvalidDnsNameError> {
    ServerName::try_from(ENGINE)
}

fn params_of_authority() -> CertificateParams {
    let mut params = params(&[(DnType::CommonName, NAME)]);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

/// A certificate that does not run out: clocks of agents may be wrong by any time (RFC 5280, section 4.1.2.5, has its end).
fn params(subject: &[(DnType, &str)]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    for (kind, value) in subject {
        params.distinguished_name.push(kind.clone(), *value);
    }
    (params.not_before, params.not_after) = (date_time_ymd(1970, 1, 1), date_time_ymd(9999, 12, 31));
    params.use_authority_key_identifier_extension = true;
    params
}

fn unsound(folder: &Path, name: &str, error: &dyn std::fmt::Display) -> io::Error {
    let file = folder.join(name);
    io::Error::new(io::ErrorKind::InvalidData, format!("{} cannot be used: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn key() -> PublicKey {
        use rcgen::PublicKeyData;
        PublicKey::read(&KeyPair::generate().unwrap().subject_public_key_info()).unwrap()
    }

    fn der(issued: &Issued) -> CertificateDer<'_> {
        CertificateDer::from(issued.certificate.as_slice())
    }

    #[test]
    fn a_certificate_says_whose_it_is_and_until_when() {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::open(folder.path()).unwrap();
        let now: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        let issued = authority.issue("Tienda ñ", "tienda-7", &key(), now).unwrap();
        let expires: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        assert_eq!(issued.expires, expires);
        let identity = Identity { fleet: "Tienda ñ".to_owned(), instance: "tienda-7".to_owned(), expires };
        assert_eq!(authority.whose(&der(&issued)), Some(identity.clone()));
        // The same authority, after a restart.
        let again = Authority::open(folder.path()).unwrap();
        assert_eq!((again.hash(), again.whose(&der(&issued))), (authority.hash(), Some(identity)));
    }

    #[test]
    fn the_certificate_of_another_authority_or_for_something_else_is_nobodys() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [ours, theirs] = folders.each_ref().map(|folder| Authority::open(folder.path()).unwrap());
        let issued = theirs.issue("web", "web-1", &key(), Timestamp::now()).unwrap();
        assert_eq!(ours.whose(&der(&issued)), None);
        assert_eq!(ours.whose(&ours.engine().unwrap().chain[0]), None);
        assert_eq!(ours.whose(&ours.certificate), None);
        assert_eq!(ours.whose(&CertificateDer::from(vec![1, 2, 3])), None);
    }

    #[test]
    fn what_is_lost_of_an_authority_is_made_anew_and_what_is_damaged_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let first = Authority::open(folder.path()).unwrap().hash();
        let [key, certificate] = [KEY, CERTIFICATE].map(|name| folder.path().join(name));
        // As after a kill between the two.
        fs::remove_file(&certificate).unwrap();
        Authority::open(folder.path()).unwrap();
        fs::write(&certificate, "").unwrap();
        let said = Authority::open(folder.path()).err().unwrap().to_string();
        assert!(said.contains("ca.pem cannot be used"), "{said}");
        fs::remove_file(&certificate).unwrap();
        fs::remove_file(&key).unwrap();
        assert_ne!(Authority::open(folder.path()).unwrap().hash(), first);
        fs::write(&key, KeyPair::generate().unwrap().serialize_pem()).unwrap();
        let said = Authority::open(folder.path()).err().unwrap().to_string();
        assert!(said.contains("it is not that of ca.key"), "{said}");
        fs::write(&key, "nothing").unwrap();
        let said = Authority::open(folder.path()).err().unwrap().to_string();
        assert!(said.contains("ca.key cannot be used"), "{said}");
    }
}
