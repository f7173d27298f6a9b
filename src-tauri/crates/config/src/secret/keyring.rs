//! The system's keyring.

use std::{
    collections::{BTreeSet, HashMap},
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
    ask_about(name, move || match of_entry(&asked, Entry::get_password) {
        Ok(password) if password.is_empty() => Err(reason!("keyring_empty", name = asked)),
        Ok(password) => Ok(Secret::new(password)),
        Err(Trouble::NoKeyring(error)) => Err(unavailable(&asked, &error)),
        Err(Trouble::Refused(error)) => Err(refused(&asked, error)),
    })
}

/// Puts a secret into the keyring. Whether it took it; if not, it has nothing under that name.
pub(super) fn store(name: &str, secret: &Secret) -> Result<bool, Reason> {
    let (asked, secret) = (name.to_owned(), secret.clone());
    ask_about(name, move || match of_entry(&asked, |entry| entry.set_password(secret.reveal())) {
        Ok(()) => Ok(true),
        Err(Trouble::NoKeyring(_)) => Ok(false),
        // It would be found before what is put elsewhere now.
        Err(Trouble::Refused(Error::TooLong(..))) => delete(&asked).map(|_| false),
        Err(Trouble::Refused(error)) => match of_entry(&asked, |entry| entry.get_credential()) {
            Err(Trouble::NoKeyring(_) | Trouble::Refused(Error::NoEntry)) => Ok(false),
            _ => Err(refused(&asked, error)),
        },
    })
}

/// Takes what is under `name` out of the keyring. Whether there was something.
pub(super) fn remove(name: &str) -> Result<bool, Reason> {
    let asked = name.to_owned();
    ask_about(name, move || delete(&asked))
}

/// Whether the keyring has something under each of `names`.
pub(super) fn holds(names: Vec<String>) -> Vec<(String, Result<bool, Reason>)> {
    let asked = names.clone();
    ask(move || of_each(asked)).unwrap_or_else(|silence| silence.of_each(names))
}

/// The same, and of whatever else the keyring has of ours; by name.
pub(super) fn holds_and_more(names: BTreeSet<String>) -> Vec<(String, Result<bool, Reason>)> {
    let mut asked = names.clone();
    let all = move || {
        asked.extend(ours());
        of_each(asked)
    };
    ask(all).unwrap_or_else(|silence| silence.of_each(names))
}

/// For its thread alone.
fn of_each(names: impl IntoIterator<Item = String>) -> Vec<(String, Result<bool, Reason>)> {
    let of = |name: String| {
        let has = has(&name);
        (name, has)
    };
    names.into_iter().map(of).collect()
}

/// The names under which the keyring has something of ours, as far as it tells. For its thread alone.
fn ours() -> Vec<String> {
    let found = anew(|| Entry::search(&HashMap::from([platform::OURS])));
    let is_there = |entry: &Entry| entry.get_credential().is_ok();
    let found = found.unwrap_or_default().into_iter().filter(is_there).filter_map(|entry| entry.get_specifiers());
    found.filter(|(service, _)| service == SERVICE).map(|(_, name)| name).collect()
}

/// Whether the keyring has something under `name`. For its thread alone.
fn has(name: &str) -> Result<bool, Reason> {
    match of_entry(name, |entry| entry.get_credential()) {
        Ok(_) => Ok(true),
        Err(Trouble::NoKeyring(_) | Trouble::Refused(Error::NoEntry)) => Ok(false),
        Err(Trouble::Refused(error)) => Err(refused(name, error)),
    }
}

/// Takes what is under `name` out of the keyring. Whether there was something. For its thread alone.
fn delete(name: &str) -> Result<bool, Reason> {
    match of_entry(name, Entry::delete_credential) {
        Ok(()) => Ok(true),
        Err(Trouble::NoKeyring(_) | Trouble::Refused(Error::NoEntry)) => Ok(false),
        Err(Trouble::Refused(error)) => Err(refused(name, error)),
    }
}

/// Has the keyring's thread answer a question about `name`.
fn ask_about<T: Send + 'static>(
    name: &str,
    question: impl FnOnce() -> Result<T, Reason> + Send + 'static,
) -> Result<T, Reason> {
    ask(question).unwrap_or_else(|silence| Err(silence.reason(name)))
}

/// Has the keyring's thread answer a question.
fn ask<T: Send + 'static>(question: impl FnOnce() -> T + Send + 'static) -> Result<T, Silence> {
    let (answer, answered) = mpsc::sync_channel(1);
    let keyring = KEYRING.as_ref().ok_or(Silence::Busy)?;
    // Who asked may have lost patience.
    let question = Box::new(move || drop(answer.send(question())));
    keyring.try_send(question).map_err(|_| Silence::Busy)?;
    answered.recv_timeout(PATIENCE).map_err(|error| match error {
        RecvTimeoutError::Timeout => Silence::Busy,
        RecvTimeoutError::Disconnected => Silence::Failed,
    })
}

/// Why there is no answer.
enum Silence {
    /// There is none in time.
    Busy,
    /// Whoever talks to the keyring is gone.
    Failed,
}

impl Silence {
    /// The same, of the secret `name`.
    fn reason(&self, name: &str) -> Reason {
        match self {
            Self::Busy => reason!("keyring_silent", instead = instead(name)),
            Self::Failed => reason!("keyring_failed", instead = instead(name)),
        }
    }

    fn of_each(&self, names: impl IntoIterator<Item = String>) -> Vec<(String, Result<bool, Reason>)> {
        let of = |name: String| {
            let reason = self.reason(&name);
            (name, Err(reason))
        };
        names.into_iter().map(of).collect()
    }
}

/// Why the keyring does not do something.
enum Trouble {
    /// There is none.
    NoKeyring(Error),
    /// It has answered so.
    Refused(Error),
}

/// What comes of `act` on the entry `name` of the keyring, be something in it or not. For its thread alone.
fn of_entry<T>(name: &str, act: impl Fn(&Entry) -> keyring_core::Result<T>) -> Result<T, Trouble> {
    anew(|| Entry::new(SERVICE, name).and_then(|entry| act(&entry)))
}

/// What comes of `act` with a keyring. One that was connected to a while ago may have been restarted since, and then knows
/// nobody: it is connected to anew.
fn anew<T>(act: impl Fn() -> keyring_core::Result<T>) -> Result<T, Trouble> {
    let is_fresh = keyring_core::get_default_store().is_none();
    let connected = || platform::keyring().map(keyring_core::set_default_store).map_err(Trouble::NoKeyring);
    if is_fresh {
        connected()?;
    }
    match act() {
        Err(Error::PlatformFailure(error)) => {
            keyring_core::unset_default_store();
            if is_fresh {
                return Err(Trouble::Refused(Error::PlatformFailure(error)));
            }
            connected()?;
            act().map_err(Trouble::Refused)
        }
        result => result.map_err(Trouble::Refused),
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
        error => reason!("keyring_unreadable", error = error.to_string(), instead = instead(name)),
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
