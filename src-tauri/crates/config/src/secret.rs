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

use estatus_core::secret::{Secret, SecretError, SecretRef};
use keyring_core::Entry;

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
/// If it is not there, cannot be read, or is a file that others can read; says what to do. Never holds the secret.
pub fn secret(place: &SecretRef) -> Result<Secret, SecretError> {
    let secret = match place {
        SecretRef::Keyring(name) => from_keyring(name),
        SecretRef::Env(variable) => from_env(variable),
        SecretRef::File(path) => from_file(path),
    };
    secret.map_err(SecretError)
}

fn from_env(variable: &str) -> Result<Secret, String> {
    match env::var(variable) {
        Ok(text) if text.is_empty() => Err(format!("the environment variable {variable} is empty")),
        Ok(text) => Ok(Secret::new(text)),
        Err(env::VarError::NotPresent) => {
            Err(format!("the environment variable {variable} is not set where Estatus was started"))
        }
        Err(env::VarError::NotUnicode(_)) => Err(format!("the environment variable {variable} is no text")),
    }
}

fn from_file(path: &Path) -> Result<Secret, String> {
    let shown = path.display();
    let bytes = read_private(path).map_err(|error| match error {
        Unreadable::Io(error) => format!("cannot read the secret file {shown}: {error}"),
        Unreadable::Exposed(reason) => format!("the secret file {shown} is refused: {reason}"),
    })?;
    let text = String::from_utf8(bytes).map_err(|_| format!("the secret file {shown} is no text in UTF-8"))?;
    let secret = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if secret.is_empty() { Err(format!("the secret file {shown} is empty")) } else { Ok(Secret::new(secret)) }
}

/// Why a secret file is not read.
enum Unreadable {
    Io(io::Error),
    /// Others can read it: how so, and what to do.
    Exposed(String),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn read_private(path: &Path) -> Result<Vec<u8>, Unreadable> {
    // Asked before it is opened: to open a named pipe would wait for its other end.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file").into());
    }
    let file = File::open(path)?;
    if let Some(reason) = platform::exposed(&file, path)? {
        return Err(Unreadable::Exposed(reason));
    }
    let mut bytes = Vec::new();
    file.take(SECRET_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > SECRET_MAX { Err(io::Error::other("it is too long").into()) } else { Ok(bytes) }
}

/// A name in the keyring, and where the answer goes.
type Question = (String, SyncSender<Result<Secret, String>>);

/// The one thread that talks to the keyring. Its calls block, may wait for a person, and on Linux must not be made from
/// a thread that runs async tasks; so a keyring that never answers costs one thread, not one for each question.
static KEYRING: LazyLock<Option<SyncSender<Question>>> = LazyLock::new(|| {
    let (questions, asked) = mpsc::sync_channel::<Question>(KEYRING_QUEUE);
    let answer_all = move || {
        for (name, answer) in asked {
            // Who asked may have lost patience.
            let _ = answer.send(ask_keyring(&name));
        }
    };
    thread::Builder::new().name("keyring".to_owned()).spawn(answer_all).ok().map(|_| questions)
});

fn from_keyring(name: &str) -> Result<Secret, String> {
    let busy = || format!("the keyring does not answer; is it waiting to be unlocked? {}", instead(name));
    let (answer, answered) = mpsc::sync_channel(1);
    let keyring = KEYRING.as_ref().ok_or_else(busy)?;
    keyring.try_send((name.to_owned(), answer)).map_err(|_| busy())?;
    answered.recv_timeout(KEYRING_PATIENCE).unwrap_or_else(|error| match error {
        RecvTimeoutError::Timeout => Err(busy()),
        RecvTimeoutError::Disconnected => Err(format!("the keyring failed; {}", instead(name))),
    })
}

fn ask_keyring(name: &str) -> Result<Secret, String> {
    use keyring_core::Error;
    if keyring_core::get_default_store().is_none() {
        let store = platform::keyring()
            .map_err(|error| format!("no keyring service can be reached ({error}); {}", instead(name)))?;
        keyring_core::set_default_store(store);
    }
    let password = Entry::new(SERVICE, name).and_then(|entry| entry.get_password());
    match password {
        Ok(password) if password.is_empty() => Err(format!("the keyring's entry \"{name}\" is empty")),
        Ok(password) => Ok(Secret::new(password)),
        Err(Error::NoEntry) => Err(format!(
            "the keyring has no entry \"{name}\" of the service \"{SERVICE}\"; {}",
            platform::store_with(name)
        )),
        Err(Error::Ambiguous(_)) => {
            Err(format!("the keyring has several entries \"{name}\" of the service \"{SERVICE}\""))
        }
        Err(Error::BadEncoding(_)) => Err(format!("the keyring's entry \"{name}\" is no text")),
        Err(Error::NoStorageAccess(error)) => {
            Err(format!("the keyring gives no access ({error}): unlock it; {}", instead(name)))
        }
        Err(error) => {
            // The connection may be gone for good; the next question makes a new one.
            keyring_core::unset_default_store();
            Err(format!("the keyring cannot be read ({error}); {}", instead(name)))
        }
    }
}

fn instead(name: &str) -> String {
    format!("write {{ env = \"VARIABLE\" }} or {{ file = \"PATH\" }} in place of {{ keyring = \"{name}\" }}")
}
