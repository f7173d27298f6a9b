//! Secrets come from where the file points to, and nothing ever shows them.

use std::path::Path;

use estatus_config::secret;
use estatus_core::{config::Language, secret::SecretRef};

/// The secret at `place`, or why there is none.
fn got(place: &SecretRef) -> Result<String, String> {
    secret(place, Language::English).map(|secret| secret.reveal().to_owned()).map_err(|error| error.to_string())
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
    check(b"\xff\xfe", Err("the secret file FILE is not text in UTF-8"));
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
    let store = error.contains("add it with: ");
    let instead = error.contains("write { env = \"VARIABLE\" } or { file = \"PATH\" } instead of { keyring = ");
    assert!(store || instead, "{error}");
}

#[test]
fn a_secret_shows_itself_to_no_log() {
    let folder = tempfile::tempdir().unwrap();
    let secret = secret(&private(folder.path(), b"hunter2"), Language::English).unwrap();
    assert_eq!(format!("{secret:?}"), "[secret]");
}
