//! Gets secrets from where they are kept.

use std::{
    env,
    fs::File,
    io::{self, Read},
    path::Path,
    sync::{
        LazyLock,
        mpsc::{self, RecvTimeoutError, SyncSender},
    },
    thread,
    time::Duration,
};

use estatus_core::{
    config::Language,
    secret::{Secret, SecretError, SecretRef},
};
use keyring_core::Entry;

use crate::reason::{Reason, reason};

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;

/// The service under which Estatus's entries stand in the keyring.
const SERVICE: &str = "estatus";

/// The longest secret, in bytes.
const SECRET_MAX: u64 = 64 * 1024;

/// How long the keyring may take; it may have to ask its owner to unlock it.
const KEYRING_PATIENCE: Duration = Duration::from_secs(30);

/// How many may wait for the keyring at once.
const KEYRING_QUEUE: usize = 16;

/// Gets the secret that is kept at `place`. Blocks: a file or the keyring has to answer, the latter for up to 30 s.
///
/// # Errors
/// If it is not there, cannot be read, or is a file that others can read; says what to do, in `language`. Never holds the
/// secret.
pub fn secret(place: &SecretRef, language: Language) -> Result<Secret, SecretError> {
    let secret = match place {
        SecretRef::Keyring(name) => from_keyring(name),
        SecretRef::Env(variable) => from_env(variable),
        SecretRef::File(path) => from_file(path),
    };
    secret.map_err(|reason| SecretError(reason.in_words(language)))
}

fn from_env(variable: &str) -> Result<Secret, Reason> {
    match env::var(variable) {
        Ok(text) if text.is_empty() => Err(reason!("env_empty", variable)),
        Ok(text) => Ok(Secret::new(text)),
        Err(env::VarError::NotPresent) => Err(reason!("env_unset", variable)),
        Err(env::VarError::NotUnicode(_)) => Err(reason!("env_no_text", variable)),
    }
}

fn from_file(path: &Path) -> Result<Secret, Reason> {
    let shown = || path.display().to_string();
    let bytes = read_private(path).map_err(|error| match error {
        Unreadable::Io(error) => reason!("file_unreadable", path = shown(), error = error.to_string()),
        Unreadable::Unfit(error) => reason!("file_unreadable", path = shown(), error),
        Unreadable::Exposed(how) => reason!("file_exposed", path = shown(), how),
    })?;
    let text = String::from_utf8(bytes).map_err(|_| reason!("file_no_text", path = shown()))?;
    let secret = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if secret.is_empty() { Err(reason!("file_empty", path = shown())) } else { Ok(Secret::new(secret)) }
}

/// Why a secret file is not read.
enum Unreadable {
    Io(io::Error),
    /// It is nothing that a secret is read from.
    Unfit(Reason),
    /// Others can read it: how so, and what to do.
    Exposed(Reason),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn read_private(path: &Path) -> Result<Vec<u8>, Unreadable> {
    // Asked before it is opened: to open a named pipe would wait for its other end.
    if !std::fs::metadata(path)?.is_file() {
        return Err(Unreadable::Unfit(reason!("no_file")));
    }
    let file = File::open(path)?;
    if let Some(reason) = platform::exposed(&file, path)? {
        return Err(Unreadable::Exposed(reason));
    }
    let mut bytes = Vec::new();
    file.take(SECRET_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > SECRET_MAX { Err(Unreadable::Unfit(reason!("secret_too_long"))) } else { Ok(bytes) }
}

/// A name in the keyring, and where the answer goes.
type KeyringQuery = (String, SyncSender<Result<Secret, Reason>>);

/// The one thread that talks to the keyring. Its calls block, may wait for a person, and on Linux must not be made from
/// a thread that runs async tasks; so a keyring that never answers costs one thread, not one for each question.
static KEYRING: LazyLock<Option<SyncSender<KeyringQuery>>> = LazyLock::new(|| {
    let (questions, asked) = mpsc::sync_channel::<KeyringQuery>(KEYRING_QUEUE);
    let answer_all = move || {
        for (name, answer) in asked {
            // Who asked may have lost patience.
            let _ = answer.send(ask_keyring(&name));
        }
    };
    thread::Builder::new().name("keyring".to_owned()).spawn(answer_all).ok().map(|_| questions)
});

fn from_keyring(name: &str) -> Result<Secret, Reason> {
    let busy = || reason!("keyring_silent", instead = instead(name));
    let (answer, answered) = mpsc::sync_channel(1);
    let keyring = KEYRING.as_ref().ok_or_else(busy)?;
    keyring.try_send((name.to_owned(), answer)).map_err(|_| busy())?;
    answered.recv_timeout(KEYRING_PATIENCE).unwrap_or_else(|error| match error {
        RecvTimeoutError::Timeout => Err(busy()),
        RecvTimeoutError::Disconnected => Err(reason!("keyring_failed", instead = instead(name))),
    })
}

fn ask_keyring(name: &str) -> Result<Secret, Reason> {
    use keyring_core::Error;
    if keyring_core::get_default_store().is_none() {
        let store = platform::keyring()
            .map_err(|error| reason!("no_keyring", error = error.to_string(), instead = instead(name)))?;
        keyring_core::set_default_store(store);
    }
    let password = Entry::new(SERVICE, name).and_then(|entry| entry.get_password());
    match password {
        Ok(password) if password.is_empty() => Err(reason!("keyring_empty", name)),
        Ok(password) => Ok(Secret::new(password)),
        Err(Error::NoEntry) => {
            Err(reason!("keyring_lacks", name, service = SERVICE, store = platform::store_with(name)))
        }
        Err(Error::Ambiguous(_)) => Err(reason!("keyring_several", name, service = SERVICE)),
        Err(Error::BadEncoding(_)) => Err(reason!("keyring_no_text", name)),
        Err(Error::NoStorageAccess(error)) => {
            Err(reason!("keyring_locked", error = error.to_string(), instead = instead(name)))
        }
        Err(error) => {
            // The connection may be gone for good; the next question makes a new one.
            keyring_core::unset_default_store();
            Err(reason!("keyring_unreadable", error = error.to_string(), instead = instead(name)))
        }
    }
}

fn instead(name: &str) -> Reason {
    let [env, file] = ["{ env = \"VARIABLE\" }", "{ file = \"PATH\" }"];
    reason!("in_place_of", env, file, keyring = format!("{{ keyring = \"{name}\" }}"))
}
