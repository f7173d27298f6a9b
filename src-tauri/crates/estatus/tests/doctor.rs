//! What `estatus doctor` says of a user's own configuration before a service takes it over.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by them")]

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// A user with a home of their own.
struct User {
    home: tempfile::TempDir,
}

impl User {
    fn new(config: &str) -> Self {
        let user = Self { home: tempfile::tempdir().unwrap() };
        let file = user.config();
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, config).unwrap();
        fs::create_dir_all(user.data()).unwrap();
        user
    }

    fn of(&self, windows: &str, unix: &str) -> PathBuf {
        self.home.path().join(if cfg!(windows) { windows } else { unix })
    }

    fn config(&self) -> PathBuf {
        self.of("Roaming/Estatus/estatus.toml", ".config/estatus/estatus.toml")
    }

    fn data(&self) -> PathBuf {
        self.of("Local/Estatus", ".local/share/estatus")
    }

    /// What the doctor finds.
    fn findings(&self, more: &[&str]) -> Vec<Value> {
        let home = self.home.path();
        let mut doctor = Command::new(env!("CARGO_BIN_EXE_estatus"));
        doctor.args(["doctor", "--json"]).args(more);
        #[cfg(unix)]
        if std::os::unix::fs::MetadataExt::uid(&fs::metadata("/proc/self").unwrap()) == 0 {
            doctor.arg("--as-root");
        }
        for (name, folder) in [
            ("APPDATA", "Roaming"),
            ("LOCALAPPDATA", "Local"),
            ("ProgramData", "ProgramData"),
            ("XDG_CONFIG_HOME", ".config"),
        ] {
            doctor.env(name, home.join(folder));
        }
        doctor.env("XDG_DATA_HOME", home.join(".local/share")).env("HOME", home);
        let output = doctor.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }

    fn is_told(&self, about: &str, what: &str) -> bool {
        let findings = self.findings(&[]);
        let fits = |it: &&Value| it["about"] == about && it["what"].as_str().is_some_and(|said| said.contains(what));
        findings.iter().any(|it| fits(&it))
    }
}

fn hold(data: &Path) -> File {
    let file = File::create(data.join("engine.lock")).unwrap();
    file.try_lock().unwrap();
    file
}

#[test]
fn a_configuration_that_becomes_the_services_is_examined_where_it_is_now() {
    let user = User::new("[[program]]\nname = \"web\"\ncommand = [\"no-such-tool\"]\n");
    assert!(user.is_told("program “web”", "no-such-tool"), "{:#?}", user.findings(&[]));
    assert!(!user.is_told("engine", "already runs"));
    let _engine = hold(&user.data());
    assert!(user.is_told("engine", "already runs"), "{:#?}", user.findings(&[]));
}

#[cfg(windows)]
#[test]
fn a_relative_path_that_the_move_changes_is_told() {
    let program = |folder: &str| format!("[[program]]\nname = \"web\"\ncommand = [\"cmd\"]\ndirectory = '{folder}'\n");
    let user = User::new(&program("web"));
    assert!(user.is_told("configuration", "relative paths"), "{:#?}", user.findings(&[]));
    let user = User::new(&program(r"C:\windows"));
    assert!(!user.is_told("configuration", "relative paths"), "{:#?}", user.findings(&[]));
}
