//! Gets secrets from where they are kept, and keeps those that are entered.
//!
//! What is entered goes into the system's keyring or, where that takes it not, into a file of the data folder that only
//! its user can read. `{ keyring = "NAME" }` means either, the keyring first.

mod files;
mod keyring;
mod names;

use std::{
    env,
    fs::File,
    io::{self, Read},
    path::Path,
};

use estatus_api::SecretState;
use estatus_core::{
    config::Language,
    secret::{Secret, SecretError, SecretRef, StoredIn},
};

pub(crate) use self::names::fitting;
use crate::{
    edit,
    reason::{Reason, reason},
};

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;

/// The longest secret, in bytes.
const SECRET_MAX: u64 = 64 * 1024;

/// Gets the secret that is kept at `place`; `data` is the data folder. Blocks: a file or the keyring has to answer, the
/// latter for up to 30 s.
///
/// # Errors
/// If it is not there, cannot be read, or is a file that others can read; says what to do, in `language`. Never holds the
/// secret.
pub fn secret(place: &SecretRef, data: &Path, language: Language) -> Result<Secret, SecretError> {
    let secret = match place {
        SecretRef::Keyring(name) => from_keyring(name, data),
        SecretRef::Env(variable) => from_env(variable),
        SecretRef::File(path) => from_file(path),
    };
    secret.map_err(told(language))
}

/// Keeps `secret` under `name`, in place of what was kept under it, and says where. Blocks: the keyring may take 30 s.
///
/// # Errors
/// If the name or the secret is none that can be kept, or nothing takes it; says what to do, in `language`. Never holds
/// the secret.
pub fn store_secret(name: &str, secret: &Secret, data: &Path, language: Language) -> Result<StoredIn, SecretError> {
    names::check(name).and_then(|()| fit(secret)).and_then(|()| store(name, secret, data)).map_err(told(language))
}

/// Whether `secret` can be kept under `name`.
///
/// # Errors
/// If one of them is none that can be kept; says why, in `language`. Never holds the secret.
pub fn fits_to_store(name: &str, secret: &Secret, language: Language) -> Result<(), SecretError> {
    names::check(name).and_then(|()| fit(secret)).map_err(told(language))
}

/// Forgets the secret that is kept under `name`, wherever that is. Whether there was one. Blocks: the keyring may take
/// 30 s.
///
/// # Errors
/// If it cannot be removed; says why, in `language`.
pub fn remove_secret(name: &str, data: &Path, language: Language) -> Result<bool, SecretError> {
    let removed = keyring::remove(name).and_then(|was_in_keyring| {
        let was_in_file = files::remove(name, data)?;
        Ok(was_in_keyring || was_in_file)
    });
    removed.map_err(told(language))
}

/// How it stands with the secrets `names`, or, where none are named, with all that the configuration file `file` names or that
/// are kept, by name: whether each is kept, where, and what of the file names it. Blocks: the keyring may take 30 s.
pub fn secret_states(names: Option<Vec<String>>, file: &Path, data: &Path, language: Language) -> Vec<SecretState> {
    let users = edit::tables(file).map(|tables| names::named(&tables));
    let found = match names {
        Some(names) => keyring::holds(names),
        None => {
            let named = users.iter().flat_map(|users| users.keys().cloned());
            keyring::holds_and_more(named.chain(files::names(data)).collect())
        }
    };
    let state = |(name, in_keyring): (String, Result<bool, Reason>)| {
        let in_file = || files::stored(&name, data);
        let (stored, trouble) = match in_keyring {
            Ok(true) => (Some(keyring::stored()), None),
            Ok(false) => (in_file(), None),
            // As for whoever wants the secret.
            Err(reason) => in_file().map_or_else(|| (None, Some(reason.in_words(language))), |file| (Some(file), None)),
        };
        let used_by = users.as_ref().map(|users| users.get(&name).cloned().unwrap_or_default());
        SecretState { name, stored, trouble, used_by }
    };
    found.into_iter().map(state).collect()
}

/// Whether a secret is kept under `name` in a file of the data folder `data`, where whoever runs this can see that.
pub fn is_secret_in_file(name: &str, data: &Path) -> bool {
    files::stored(name, data).is_some()
}

fn told(language: Language) -> impl Fn(Reason) -> SecretError {
    move |reason| SecretError(reason.in_words(language))
}

fn fit(secret: &Secret) -> Result<(), Reason> {
    match secret.reveal() {
        "" => Err(reason!("secret_empty")),
        text if text.len() as u64 > SECRET_MAX => Err(reason!("secret_exceeds", most = SECRET_MAX)),
        // It is to stand in variables and headers, which end at such a one.
        text if text.contains('\0') => Err(reason!("secret_has_zero")),
        _ => Ok(()),
    }
}

fn store(name: &str, secret: &Secret, data: &Path) -> Result<StoredIn, Reason> {
    if keyring::store(name, secret)? {
        // What an earlier time without a keyring has left is old now.
        files::remove(name, data)?;
        return Ok(keyring::stored());
    }
    files::store(name, secret, data)
}

/// A keyring that does not answer keeps nobody from what is in a file: it had nothing of that name when that was written.
fn from_keyring(name: &str, data: &Path) -> Result<Secret, Reason> {
    match keyring::get(name) {
        Ok(secret) => Ok(secret),
        Err(reason) => files::get(name, data)?.ok_or(reason),
    }
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
    let text = text_of(path).map_err(|error| unreadable(path, error))?;
    secret_in(&text, path)
}

/// The secret that `text` is, the content of the file at `path`: without the line end at its end, and the mark that Windows
/// PowerShell and some editors begin a file in UTF-8 with.
fn secret_in(text: &str, path: &Path) -> Result<Secret, Reason> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let secret = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    if secret.is_empty() {
        Err(reason!("file_empty", path = path.display().to_string()))
    } else {
        Ok(Secret::new(secret))
    }
}

fn unreadable(path: &Path, error: Unreadable) -> Reason {
    let path = path.display().to_string();
    match error {
        Unreadable::Io(error) => reason!("file_unreadable", path, error = error.to_string()),
        Unreadable::Unfit(error) => reason!("file_unreadable", path, error),
        Unreadable::Exposed(how) => reason!("file_exposed", path, how),
        Unreadable::NoText => reason!("file_no_text", path),
    }
}

/// Why a secret file is not read.
enum Unreadable {
    Io(io::Error),
    /// It is nothing that a secret is read from.
    Unfit(Reason),
    /// Others can read it: how so, and what to do.
    Exposed(Reason),
    NoText,
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The text of a file that nobody else can read.
fn text_of(path: &Path) -> Result<String, Unreadable> {
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
    if bytes.len() as u64 > SECRET_MAX {
        return Err(Unreadable::Unfit(reason!("secret_too_long")));
    }
    text_in(bytes)
}

fn text_in(bytes: Vec<u8>) -> Result<String, Unreadable> {
    // It begins with a mark in the order of its bytes, which no text in UTF-8 does.
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Unreadable::Unfit(reason!("secret_in_utf16")));
    }
    String::from_utf8(bytes).map_err(|_| Unreadable::NoText)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_editors_begin_a_file_with_is_no_part_of_its_secret() {
        let check = |bytes: &[u8], expected: Result<&str, &str>| {
            let secret = text_in(bytes.to_vec()).map_err(|error| unreadable(Path::new("FILE"), error));
            let secret = secret.and_then(|text| secret_in(&text, Path::new("FILE")));
            let secret = secret.map(|secret| secret.reveal().to_owned());
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(secret.map_err(|reason| reason.in_words(Language::English)), expected, "{bytes:?}");
        };
        check(b"hunter2\r\n", Ok("hunter2"));
        check(b"\xef\xbb\xbfhunter2\r\n", Ok("hunter2"));
        check("\u{feff}contraseña".as_bytes(), Ok("contraseña"));
        check(b"\xef\xbb\xbf\r\n", Err("the secret file FILE is empty"));
        let of_utf16 = "cannot read the secret file FILE: it is in UTF-16: save it in UTF-8 (in Windows PowerShell: -Encoding utf8)";
        check(b"\xff\xfeh\0", Err(of_utf16));
        check(b"\xfe\xff\0h", Err(of_utf16));
        check(b"h\xff", Err("the secret file FILE is not text in UTF-8"));
    }
}
