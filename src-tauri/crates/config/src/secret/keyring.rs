//! The system's keyring.

use std::{
    sync::{
        LazyLock,
        mpsc::{self, RecvTimeoutError, SyncSender},
    },
    thread,
    time::Duration,
};

use estatus_core::secret::{Secret, StoredIn};
use keyring_core::{Entry, Error};

use super::platform;
use crate::reason::{Reason, reason};

/// The service under which Estatus's entries stand in the keyring.
const SERVICE: &str = "estatus";

/// How long the keyring may take; it may have to ask its owner to unlock it.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many may wait for the keyring at once.
const QUEUE: usize = 16;

/// What is asked of the keyring, and brings its answer to whoever asks.
type Question = Box<dyn FnOnce() + Send>;

/// The one thread that talks to the keyring. Its calls block, may wait for a person, and on Linux must not be made from
/// a thread that runs async tasks; so a keyring that never answers costs one thread, not one for each question.
static KEYRING: LazyLock<Option<SyncSender<Question>>> = LazyLock::new(|| {
    let (questions, asked) = mpsc::sync_channel::<Question>(QUEUE);
    let answer_all = move || asked.into_iter().for_each(|question| question());
    thread::Builder::new().name("keyring".to_owned()).spawn(answer_all).ok().map(|_| questions)
});

/// That a secret is kept in the keyring.
pub(super) fn stored() -> StoredIn {
    StoredIn::Keyring { called: platform::KEYRING.to_owned() }
}

/// The secret that the keyring has under `name`.
pub(super) fn get(name: &str) -> Result<Secret, Reason> {
    let asked = name.to_owned();
    ask(name, move || {
        let entry = entry(&asked).map_err(|error| unavailable(&asked, &error))?;
        entry.get_password().map_err(|error| refused(&asked, error)).and_then(|password| match password.as_str() {
            "" => Err(reason!("keyring_empty", name = asked)),
            _ => Ok(Secret::new(password)),
        })
    })
}

/// Puts a secret into the keyring. Whether it took it; if not, it has nothing under that name.
pub(super) fn store(name: &str, secret: &Secret) -> Result<bool, Reason> {
    let (asked, secret) = (name.to_owned(), secret.clone());
    ask(name, move || {
        let Ok(entry) = entry(&asked) else { return Ok(false) };
        let Err(error) = entry.set_password(secret.reveal()) else { return Ok(true) };
        if matches!(error, Error::TooLong(..)) {
            // It would be found before what is put elsewhere now.
            return delete(&entry).map(|_| false).map_err(|error| refused(&asked, error));
        }
        match entry.get_credential() {
            Err(Error::NoEntry) => Ok(false),
            _ => Err(refused(&asked, error)),
        }
    })
}

/// Takes what is under `name` out of the keyring. Whether there was something.
pub(super) fn remove(name: &str) -> Result<bool, Reason> {
    let asked = name.to_owned();
    ask(name, move || match entry(&asked) {
        Ok(entry) => delete(&entry).map_err(|error| refused(&asked, error)),
        Err(_) => Ok(false),
    })
}

/// Whether the keyring has something under each of `names`.
pub(super) fn holds(names: &[String]) -> Vec<Result<bool, Reason>> {
    let Some(first) = names.first() else { return Vec::new() };
    let asked = names.to_vec();
    let holds = |name: &String| match entry(name).map(|entry| entry.get_credential()) {
        Ok(Ok(_)) => Ok(true),
        Ok(Err(Error::NoEntry)) | Err(_) => Ok(false),
        Ok(Err(error)) => Err(refused(name, error)),
    };
    let found = ask(first, move || Ok(asked.iter().map(holds).collect::<Vec<_>>()));
    found.unwrap_or_else(|reason| names.iter().map(|_| Err(reason.clone())).collect())
}

/// Has the keyring's thread answer a question about `name`.
fn ask<T: Send + 'static>(
    name: &str,
    question: impl FnOnce() -> Result<T, Reason> + Send + 'static,
) -> Result<T, Reason> {
    let busy = || reason!("keyring_silent", instead = instead(name));
    let (answer, answered) = mpsc::sync_channel(1);
    let keyring = KEYRING.as_ref().ok_or_else(busy)?;
    // Who asked may have lost patience.
    let question = Box::new(move || drop(answer.send(question())));
    keyring.try_send(question).map_err(|_| busy())?;
    answered.recv_timeout(PATIENCE).unwrap_or_else(|error| match error {
        RecvTimeoutError::Timeout => Err(busy()),
        RecvTimeoutError::Disconnected => Err(reason!("keyring_failed", instead = instead(name))),
    })
}

/// The entry `name` of the keyring, be something in it or not; an error if there is no keyring. For its thread alone.
fn entry(name: &str) -> keyring_core::Result<Entry> {
    if keyring_core::get_default_store().is_none() {
        keyring_core::set_default_store(platform::keyring()?);
    }
    Entry::new(SERVICE, name)
}

fn delete(entry: &Entry) -> keyring_core::Result<bool> {
    match entry.delete_credential() {
        Ok(()) => Ok(true),
        Err(Error::NoEntry) => Ok(false),
        Err(error) => Err(error),
    }
}

fn unavailable(name: &str, error: &Error) -> Reason {
    reason!("no_keyring", name, error = error.to_string(), enter = enter(name))
}

fn refused(name: &str, error: Error) -> Reason {
    match error {
        Error::NoEntry => reason!("keyring_lacks", name, enter = enter(name)),
        Error::Ambiguous(_) => reason!("keyring_several", name, service = SERVICE),
        Error::BadEncoding(_) => reason!("keyring_no_text", name),
        Error::NoStorageAccess(error) => {
            reason!("keyring_locked", error = error.to_string(), instead = instead(name))
        }
        error => {
            // The connection may be gone for good; the next question makes a new one.
            keyring_core::unset_default_store();
            reason!("keyring_unreadable", error = error.to_string(), instead = instead(name))
        }
    }
}

/// How a secret is entered.
fn enter(name: &str) -> Reason {
    reason!("enter_secret", command = format!("estatus secret set \"{name}\""))
}

fn instead(name: &str) -> Reason {
    let [env, file] = ["{ env = \"VARIABLE\" }", "{ file = \"PATH\" }"];
    reason!("in_place_of", env, file, keyring = format!("{{ keyring = \"{name}\" }}"))
}
