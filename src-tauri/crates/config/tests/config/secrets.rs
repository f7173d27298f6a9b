//! Secrets come from where the file points to, and nothing ever shows them.

use std::path::Path;

use estatus_api::{SecretUser, Section};
use estatus_config::{fits_to_store, remove_secret, secret, secret_states, store_secret};
use estatus_core::{
    config::Language,
    secret::{Secret, SecretRef, StoredIn},
};

/// The secret at `place`, or why there is none.
fn got(place: &SecretRef) -> Result<String, String> {
    secret(place, Path::new("no such folder"), Language::English)
        .map(|secret| secret.reveal().to_owned())
        .map_err(|error| error.to_string())
}

/// A file that only we can read. (Wine's `icacls` does nothing: there the umask has to keep others out.)
fn private(folder: &Path, content: &[u8]) -> SecretRef {
    let path = folder.join("smtp.secret");
    std::fs::write(&path, content).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    #[cfg(windows)]
    {
        let ours = format!("{}:F", std::env::var("USERNAME").unwrap());
        std::process::Command::new("icacls").arg(&path).args(["/inheritance:r", "/grant:r", &ours]).output().unwrap();
    }
    SecretRef::File(path)
}

#[test]
fn a_file_holds_one_secret_and_perhaps_a_line_end() {
    #[track_caller]
    fn check(content: &[u8], expected: Result<&str, &str>) {
        let folder = tempfile::tempdir().unwrap();
        let got = got(&private(folder.path(), content))
            .map_err(|error| error.replace(&folder.path().join("smtp.secret").display().to_string(), "FILE"));
        assert_eq!(got, expected.map(str::to_owned).map_err(str::to_owned));
    }
    check(b"hunter2", Ok("hunter2"));
    check(b"hunter2\n", Ok("hunter2"));
    check(b"hunter2\r\n", Ok("hunter2"));
    check(b" hunter2 \n\n", Ok(" hunter2 \n"));
    check("contraseña\n".as_bytes(), Ok("contraseña"));
    check(b"\n", Err("the secret file FILE is empty"));
    check(b"\xff\xff", Err("the secret file FILE is not text in UTF-8"));
    check(&[b'x'; 70_000], Err("cannot read the secret file FILE: it is too long"));
}

#[test]
fn a_file_that_is_missing_or_none_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let missing = got(&SecretRef::File(folder.path().join("missing"))).unwrap_err();
    assert!(missing.starts_with("cannot read the secret file ") && missing.contains("missing: "), "{missing}");
    let no_file = got(&SecretRef::File(folder.path().to_owned())).unwrap_err();
    assert!(no_file.ends_with(": it is not a file"), "{no_file}");
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    #[track_caller]
    fn check(mode: u32, refused: bool) {
        let folder = tempfile::tempdir().unwrap();
        let place = private(folder.path(), b"hunter2");
        let path = folder.path().join("smtp.secret");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let shown = path.display();
        let expected = format!(
            "the secret file {shown} is rejected: others can read it (mode {mode:03o}): run chmod 600 \"{shown}\""
        );
        assert_eq!(got(&place), if refused { Err(expected) } else { Ok("hunter2".to_owned()) });
    }
    check(0o600, false);
    check(0o400, false);
    check(0o640, true);
    check(0o604, true);
    check(0o610, true);
    check(0o644, true);
}

#[test]
fn a_variable_holds_a_secret() {
    // Set for every process of a test run; its value is of no matter.
    let (name, value) = std::env::vars().find(|(_, value)| !value.is_empty()).unwrap();
    assert_eq!(got(&SecretRef::Env(name)), Ok(value));
    assert_eq!(
        got(&SecretRef::Env("ESTATUS_TEST_NOBODY_SETS_THIS".to_owned())),
        Err("the environment variable ESTATUS_TEST_NOBODY_SETS_THIS is not set where Estatus was started".to_owned())
    );
}

#[test]
fn a_keyring_without_the_entry_says_what_to_do() {
    // Whether a keyring can be reached here or not: nobody has stored this.
    let error = got(&SecretRef::Keyring("estatus test, stored by nobody".to_owned())).unwrap_err();
    let enter = error.contains("or with: estatus secret set \"estatus test, stored by nobody\"");
    let instead = error.contains("write { env = \"VARIABLE\" } or { file = \"PATH\" } instead of { keyring = ");
    assert!(enter || instead, "{error}");
}

#[test]
fn a_secret_shows_itself_to_no_log() {
    let folder = tempfile::tempdir().unwrap();
    let secret = secret(&private(folder.path(), b"hunter2"), folder.path(), Language::English).unwrap();
    assert_eq!(format!("{secret:?}"), "[secret]");
}

/// A keyring of this process alone, which lives as long as it. Nextest gives each test one.
fn with_keyring() -> tempfile::TempDir {
    keyring_core::set_default_store(keyring_core::mock::Store::new().unwrap());
    tempfile::tempdir().unwrap()
}

/// No keyring: nothing answers on the session bus.
#[cfg(unix)]
fn without_keyring() -> tempfile::TempDir {
    keyring_core::unset_default_store();
    assert!(std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_none(), "this test needs a session without a bus");
    tempfile::tempdir().unwrap()
}

fn store(name: &str, text: &str, data: &Path) -> Result<StoredIn, String> {
    store_secret(name, &Secret::new(text), data, Language::English).map_err(|error| error.to_string())
}

fn kept(name: &str, data: &Path) -> Result<String, String> {
    let found = secret(&SecretRef::Keyring(name.to_owned()), data, Language::English);
    found.map(|secret| secret.reveal().to_owned()).map_err(|error| error.to_string())
}

fn stored(name: &str, data: &Path) -> Option<StoredIn> {
    let mut states = secret_states(Some(vec![name.to_owned()]), &data.join("no.toml"), data, Language::English);
    states.remove(0).stored
}

#[test]
fn what_is_entered_goes_into_the_keyring_and_is_used_from_there() {
    let data = with_keyring();
    assert!(kept("smtp", data.path()).unwrap_err().contains("estatus secret set \"smtp\""));
    assert_eq!(stored("smtp", data.path()), None);
    let place = store("smtp", "hunter2", data.path()).unwrap();
    assert!(matches!(place, StoredIn::Keyring { .. }), "{place:?}");
    assert_eq!((kept("smtp", data.path()).as_deref(), stored("smtp", data.path())), (Ok("hunter2"), Some(place)));
    store("smtp", "hunter3", data.path()).unwrap();
    assert_eq!(kept("smtp", data.path()).as_deref(), Ok("hunter3"));
    assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 0, "nothing is in a file");
    assert_eq!(remove_secret("smtp", data.path(), Language::English), Ok(true));
    assert_eq!(remove_secret("smtp", data.path(), Language::English), Ok(false));
    assert_eq!(stored("smtp", data.path()), None);
}

#[cfg(unix)]
#[test]
fn where_there_is_no_keyring_it_goes_into_a_file_that_only_its_user_can_read() {
    use std::os::unix::fs::PermissionsExt;

    let data = without_keyring();
    assert!(kept("smtp", data.path()).unwrap_err().starts_with("nothing is stored under \"smtp\" (no keyring"));
    let place = store("smtp", " hunter2\n", data.path()).unwrap();
    let path = data.path().join("secrets/secret-smtp");
    assert_eq!(place, StoredIn::File { path: path.clone() });
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    assert_eq!((kept("smtp", data.path()).as_deref(), stored("smtp", data.path())), (Ok(" hunter2\n"), Some(place)));
    store("smtp", "hunter3", data.path()).unwrap();
    store("SMTP", "other", data.path()).unwrap();
    assert_eq!(kept("smtp", data.path()).as_deref(), Ok("hunter3"));
    assert_eq!(std::fs::read_dir(data.path().join("secrets")).unwrap().count(), 2, "nothing is left beside them");
    let listed = secret_states(None, &data.path().join("no.toml"), data.path(), Language::English);
    assert_eq!(listed.iter().map(|state| state.name.as_str()).collect::<Vec<_>>(), ["SMTP", "smtp"]);

    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(kept("smtp", data.path()).unwrap_err().contains("is rejected: others can read it"));
    assert_eq!(remove_secret("smtp", data.path(), Language::English), Ok(true));
    assert_eq!(stored("smtp", data.path()), None);
}

#[cfg(unix)]
#[test]
fn a_keyring_that_comes_later_takes_the_place_of_the_file() {
    let data = without_keyring();
    store("smtp", "of the file", data.path()).unwrap();
    keyring_core::set_default_store(keyring_core::mock::Store::new().unwrap());
    // It has nothing of that name yet.
    assert_eq!(kept("smtp", data.path()).as_deref(), Ok("of the file"));
    store("smtp", "of the keyring", data.path()).unwrap();
    assert_eq!(kept("smtp", data.path()).as_deref(), Ok("of the keyring"));
    assert!(!data.path().join("secrets/secret-smtp").exists());
}

#[test]
fn a_keyring_that_does_not_take_it_leaves_it_to_the_file_unless_it_has_another_of_that_name() {
    let data = with_keyring();
    let refuse = |name: &str| {
        let entry = keyring_core::Entry::new("estatus", name).unwrap();
        let entry: &keyring_core::mock::Cred = entry.as_any().downcast_ref().unwrap();
        entry.set_error(keyring_core::Error::NoStorageAccess("it is locked".into()));
    };
    refuse("new");
    let place = store("new", "hunter2", data.path()).unwrap();
    assert!(matches!(place, StoredIn::File { .. }), "{place:?}");
    assert_eq!(kept("new", data.path()).as_deref(), Ok("hunter2"));
    store("old", "before", data.path()).unwrap();
    refuse("old");
    let error = store("old", "hunter2", data.path()).unwrap_err();
    assert!(error.contains("the keyring denies access") && !error.contains("hunter2"), "{error}");
    assert_eq!(kept("old", data.path()).as_deref(), Ok("before"));
}

#[test]
fn all_secrets_are_listed_that_are_named_or_kept_anywhere_with_what_uses_them() {
    let data = with_keyring();
    let file = data.path().join("estatus.toml");
    let list = || secret_states(None, &file, data.path(), Language::English);
    assert_eq!(list(), []);
    let text = "[[monitor]]\nname = \"shop\"\nhttp = \"http://shop/\"\nheaders = { X-Key = { keyring = \"key\" } }\n";
    std::fs::write(&file, text).unwrap();
    store("left over", "hunter2", data.path()).unwrap();
    let keyring = store("key", "hunter2", data.path()).unwrap();
    std::fs::create_dir(data.path().join("secrets")).unwrap();
    std::fs::write(data.path().join("secrets/secret-aside"), "hunter2").unwrap();
    let shop = SecretUser { section: Section::Monitor, name: "shop".to_owned() };
    let aside = StoredIn::File { path: data.path().join("secrets/secret-aside") };
    let states: Vec<_> = list().into_iter().map(|state| (state.name, state.stored, state.used_by)).collect();
    assert_eq!(
        states,
        [
            ("aside".to_owned(), Some(aside), Some(Vec::new())),
            ("key".to_owned(), Some(keyring.clone()), Some(vec![shop])),
            ("left over".to_owned(), Some(keyring), Some(Vec::new())),
        ]
    );
    // Of what cannot be read nobody knows what it uses.
    std::fs::write(&file, "[[monitor\n").unwrap();
    assert!(list().iter().all(|state| state.used_by.is_none()), "{:?}", list());
}

#[test]
fn what_cannot_be_kept_is_refused_and_not_repeated() {
    let data = with_keyring();
    #[track_caller]
    fn check(data: &Path, name: &str, text: &str, expected: &str) {
        let error = store(name, text, data).unwrap_err();
        assert!(error.starts_with(expected) && !error.contains("hunter2"), "{error}");
        let told = fits_to_store(name, &Secret::new(text), Language::English).unwrap_err();
        assert_eq!(told.to_string(), error);
    }
    check(data.path(), "smtp", "", "a secret must not be empty");
    check(data.path(), "smtp", "hunter2\0", "a secret must not contain the character zero");
    check(data.path(), "smtp", &"hunter2".repeat(10_000), "a secret has at most 65536 bytes");
    check(data.path(), "../smtp", "hunter2", "the name of a secret has at most 64 bytes");
}
