//! Who has used which token: a token is good for one key, and for that one again, for an answer may be lost.
//!
//! That a token was used is remembered by the core, which knows nothing of keys. Here it is remembered by which key, for as
//! long as a token is valid.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use estatus_access::{create_private_folder, write_atomically};
use estatus_core::stable_name::stable_name;

use super::{files, public_key::PublicKey, token};

const FOLDER: &str = "claims";
/// A claim is forgotten after so long, at the next start.
const KEPT_FOR: Duration = Duration::from_secs(4 * token::LIFETIME.as_secs());
/// A file's name shows so much of the instance's.
const READABLE: usize = 32;

/// The claims, a file for each instance.
pub(crate) struct Claims(PathBuf);

/// Whose an instance's token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Nobody had used it: now it is this key's, until it is said otherwise.
    New,
    /// It is this key's.
    Ours,
    /// It is another key's.
    Anothers,
}

impl Claims {
    /// Those in `folder`, without those that are of no use any more.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let folder = folder.join(FOLDER);
        create_private_folder(&folder)?;
        for file in fs::read_dir(&folder)?.flatten() {
            let written = file.metadata().and_then(|file| file.modified());
            if written.is_ok_and(|written| written.elapsed().is_ok_and(|age| age > KEPT_FOR)) {
                // One that is left is of no use to anybody either.
                let _ = fs::remove_file(file.path());
            }
        }
        Ok(Self(folder))
    }

    /// Claims the token of an instance for `key`, if nobody has.
    ///
    /// # Errors
    /// It cannot be read or written down.
    pub(crate) fn claim(&self, fleet: &str, instance: &str, key: &PublicKey) -> io::Result<Claim> {
        match files::read(&self.file(fleet, instance))? {
            Some(claimed) if claimed == key.fingerprint() => Ok(Claim::Ours),
            Some(_) => Ok(Claim::Anothers),
            None => self.put(fleet, instance, key).map(|()| Claim::New),
        }
    }

    /// It is this key's, whosever it was.
    ///
    /// # Errors
    /// It cannot be written down.
    pub(crate) fn put(&self, fleet: &str, instance: &str, key: &PublicKey) -> io::Result<()> {
        write_atomically(&self.file(fleet, instance), &key.fingerprint(), None)
    }

    /// It is nobody's.
    pub(crate) fn remove(&self, fleet: &str, instance: &str) {
        // It may not be there.
        let _ = fs::remove_file(self.file(fleet, instance));
    }

    fn file(&self, fleet: &str, instance: &str) -> PathBuf {
        self.0.join(stable_name(&format!("{fleet}\n{instance}"), READABLE))
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{KeyPair, PublicKeyData};

    use super::*;

    #[test]
    fn a_token_is_the_first_keys_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let [first, second] =
            [(), ()].map(|()| PublicKey::read(&KeyPair::generate().unwrap().subject_public_key_info()).unwrap());
        let claim = |instance, key| Claims::open(folder.path()).unwrap().claim("web", instance, key).unwrap();
        assert_eq!(claim("web-1", &first), Claim::New);
        assert_eq!(claim("web-1", &first), Claim::Ours);
        assert_eq!(claim("web-1", &second), Claim::Anothers);
        assert_eq!(claim("web-2", &second), Claim::New);
        Claims::open(folder.path()).unwrap().put("web", "web-1", &second).unwrap();
        assert_eq!(claim("web-1", &second), Claim::Ours);
        Claims::open(folder.path()).unwrap().remove("web", "web-1");
        assert_eq!(claim("web-1", &first), Claim::New);
    }

    #[test]
    fn old_claims_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let key = PublicKey::read(&KeyPair::generate().unwrap().subject_public_key_info()).unwrap();
        let claims = Claims::open(folder.path()).unwrap();
        claims.claim("web", "web-1", &key).unwrap();
        let long_ago = std::time::SystemTime::now() - 2 * KEPT_FOR;
        // Closed again: what somebody has open is not everywhere gone at once.
        let file = |claims: &Claims| fs::OpenOptions::new().write(true).open(claims.file("web", "web-1"));
        file(&claims).and_then(|file| file.set_modified(long_ago)).unwrap();
        assert_eq!(Claims::open(folder.path()).unwrap().claim("web", "web-1", &key).unwrap(), Claim::New);
    }
}
