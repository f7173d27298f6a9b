//! The keys that certificates are made for.

use rcgen::{PKCS_ECDSA_P256_SHA256, PublicKeyData, SignatureAlgorithm};
use ring::digest::{SHA256, digest};

/// What stands before an uncompressed point of P-256 in its SubjectPublicKeyInfo (RFC 5480, section 2).
const HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// A point: that it is not compressed, and two numbers of 32 bytes.
const POINT: usize = 65;

/// A key on P-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey([u8; POINT]);

impl PublicKey {
    /// Reads its SubjectPublicKeyInfo; nothing if it is that of another kind of key.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let point: [u8; POINT] = der.strip_prefix(&HEAD)?.try_into().ok()?;
        (point[0] == 4).then_some(Self(point))
    }

    /// What it is known by.
    pub(crate) fn fingerprint(&self) -> String {
        digest(&SHA256, &self.0).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl PublicKeyData for PublicKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{KeyPair, PKCS_ED25519};

    use super::*;

    #[test]
    fn a_key_on_p256_is_read_and_no_other() {
        let pair = KeyPair::generate().unwrap();
        let der = pair.subject_public_key_info();
        let key = PublicKey::read(&der).unwrap();
        assert_eq!((key.der_bytes(), key.subject_public_key_info()), (pair.der_bytes(), der.clone()));
        assert_eq!(key.fingerprint().len(), 64);
        for wrong in [&[][..], &der[1..], &der[..der.len() - 1], &[&der[..], &[0]].concat()] {
            assert_eq!(PublicKey::read(wrong), None);
        }
        let other = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        assert_eq!(PublicKey::read(&other.subject_public_key_info()), None);
    }
}
