//! What the engine knows agents by, in a folder of its data that is nobody else's.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use estatus_access::{create_private_folder, write_atomically};
use estatus_core::{Timestamp, fleet::command::Refusal, secret::Secret};
use rustls::ServerConfig;

use super::{
    authority::{Authority, LIFETIME},
    claims::Claims,
    files, proto, tls,
    token::{self, TokenKey},
};

/// The folder below the data folder.
const FOLDER: &str = "fleet";
const TOKEN_KEY: &str = "token.key";
/// When the engine was last there.
const PRESENT: &str = "present";
/// A certificate that ran out while no engine was there to renew it is good for so long once there is one.
const GRACE: Duration = Duration::from_secs(15 * 60);

/// Keys, and what is made by them.
pub(crate) struct Keys {
    pub(crate) authority: Authority,
    pub(crate) tokens: TokenKey,
    pub(crate) claims: Claims,
    pub(crate) tls: Arc<ServerConfig>,
    present: PathBuf,
    /// When an engine was last there before this one.
    absent_since: Option<Timestamp>,
    opened: Timestamp,
}

impl Keys {
    /// Those in the data folder, made anew where there are none.
    ///
    /// # Errors
    /// The folder is not this user's alone, or what is in it cannot be used.
    pub(crate) fn open(data: &Path, now: Timestamp) -> io::Result<Self> {
        let folder = data.join(FOLDER);
        create_private_folder(&folder)?;
        let authority = Authority::open(&folder)?;
        let tls = tls::of_engine(authority.engine().map_err(io::Error::other)?).map_err(io::Error::other)?;
        let present = folder.join(PRESENT);
        Ok(Self {
            authority,
            tokens: token_key(&folder.join(TOKEN_KEY))?,
            claims: Claims::open(&folder)?,
            tls: Arc::new(tls),
            absent_since: files::read(&present)?.and_then(|when| when.trim().parse().ok()),
            present,
            opened: now,
        })
    }

    /// A token for the launch of an instance.
    pub(crate) fn token(&self, fleet: &str, instance: &str, now: Timestamp) -> Secret {
        let expires = now.as_second().saturating_add(token::LIFETIME.as_secs().cast_signed());
        self.tokens.sign(&proto::agent::Token {
            fleet: fleet.to_owned(),
            instance: instance.to_owned(),
            expires: expires.max(0).unsigned_abs(),
            authority: self.authority.hash(),
        })
    }

    /// Writes down that the engine is there.
    pub(crate) fn note_present(&self, now: Timestamp) {
        // It costs agents their certificates at most, if no engine is there for as long as those are valid.
        if let Err(error) = write_atomically(&self.present, &format!("{now}\n"), None) {
            tracing::warn!("{} cannot be written: {error}", self.present.display());
        }
    }

    /// How it stands with a certificate that runs out then.
    pub(crate) fn validity(&self, expires: Timestamp, now: Timestamp) -> Validity {
        if expires > now {
            let left = Duration::try_from(expires.duration_since(now)).unwrap_or_default();
            // More than it had at first: a clock was wrong.
            return if left > LIFETIME / 2 && left <= LIFETIME { Validity::Fresh } else { Validity::ToRenew };
        }
        let ran_out_alone = self.absent_since.is_some_and(|absent_since| expires > absent_since);
        let within_grace = self.opened.saturating_add(GRACE).is_ok_and(|end| now < end);
        if ran_out_alone && within_grace { Validity::ToRenew } else { Validity::RunOut }
    }
}

/// How it stands with a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validity {
    Fresh,
    /// It is good still, and has had half of its time.
    ToRenew,
    RunOut,
}

impl Validity {
    /// Whether it is good.
    pub(crate) fn check(self) -> Result<(), Refusal> {
        if self == Self::RunOut { Err(Refusal::Expired) } else { Ok(()) }
    }
}

fn token_key(file: &Path) -> io::Result<TokenKey> {
    const LENGTH: usize = 32;
    let secret = match files::read(file)? {
        Some(secret) => secret,
        None => {
            let mut secret = [0; LENGTH];
            getrandom::fill(&mut secret).map_err(io::Error::other)?;
            let secret = secret.map(|byte| format!("{byte:02x}")).concat();
            write_atomically(file, &secret, None)?;
            secret
        }
    };
    if secret.len() != 2 * LENGTH {
        let error = format!("{} cannot be used: it is no key", file.display());
        return Err(io::Error::new(io::ErrorKind::InvalidData, error));
    }
    Ok(TokenKey::new(secret.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-11-{text}Z").parse().unwrap()
    }

    #[test]
    fn tokens_of_before_a_restart_are_known_after_it() {
        let data = tempfile::tempdir().unwrap();
        let token = Keys::open(data.path(), at("29T12:00")).unwrap().token("web", "web-1", at("29T12:00"));
        let keys = Keys::open(data.path(), at("29T12:10")).unwrap();
        let said = keys.tokens.verify(token.reveal(), at("29T12:14")).unwrap();
        assert_eq!(
            (said.fleet.as_str(), said.instance.as_str(), said.authority),
            ("web", "web-1", keys.authority.hash())
        );
        assert_eq!(keys.tokens.verify(token.reveal(), at("29T12:15")), Err(Refusal::Expired));
    }

    #[test]
    fn a_certificate_is_renewed_at_half_its_time_and_for_a_while_after_nobody_was_there_to_do_it() {
        let data = tempfile::tempdir().unwrap();
        let keys = Keys::open(data.path(), at("01T00:00")).unwrap();
        let check = |keys: &Keys, expires, now, expected| {
            assert_eq!(keys.validity(at(expires), at(now)), expected, "{expires} at {now}");
        };
        check(&keys, "11T12:00", "10T12:00", Validity::Fresh);
        check(&keys, "11T12:00", "10T23:59", Validity::Fresh);
        check(&keys, "11T12:00", "11T00:00", Validity::ToRenew);
        check(&keys, "11T12:00", "11T11:59", Validity::ToRenew);
        check(&keys, "11T12:00", "11T12:00", Validity::RunOut);
        // The clock was set back.
        check(&keys, "11T12:00", "08T12:00", Validity::ToRenew);

        keys.note_present(at("11T12:00"));
        let keys = Keys::open(data.path(), at("14T09:00")).unwrap();
        check(&keys, "11T12:01", "14T09:00", Validity::ToRenew);
        check(&keys, "14T08:59", "14T09:14", Validity::ToRenew);
        check(&keys, "11T12:00", "14T09:00", Validity::RunOut);
        check(&keys, "11T12:01", "14T09:15", Validity::RunOut);
    }

    #[test]
    fn a_key_that_is_damaged_is_told_and_kept() {
        let data = tempfile::tempdir().unwrap();
        Keys::open(data.path(), at("29T12:00")).unwrap();
        std::fs::write(data.path().join(FOLDER).join(TOKEN_KEY), "short").unwrap();
        let said = Keys::open(data.path(), at("29T12:00")).err().unwrap().to_string();
        assert!(said.ends_with("token.key cannot be used: it is no key"), "{said}");
    }
}
