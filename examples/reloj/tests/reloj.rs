//! The built program, killed and started again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by them")]

use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

#[test]
fn it_goes_on_after_it_was_killed_and_begins_anew_after_it_was_done() {
    let folder = folder("killed");
    let mut reloj = reloj(&folder, "100ms").stdout(Stdio::piped()).spawn().unwrap();
    let printed = BufReader::new(reloj.stdout.take().unwrap()).lines().take(7).count();
    reloj.kill().unwrap();
    reloj.wait().unwrap();
    assert_eq!(printed, 7);

    let kept: u32 = fs::read_to_string(folder.join("counts")).unwrap().split_whitespace().map(number).sum();
    // The last line may have been printed and not been counted yet.
    assert!(kept >= 6, "{kept}");
    assert_eq!(lines(&folder), 40 - kept);
    assert!(!folder.join("counts").exists());
    assert_eq!(lines(&folder), 40);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn without_a_folder_it_prints_twenty_times_each() {
    let out = Command::new(env!("CARGO_BIN_EXE_reloj"))
        .args(["--every", "1ms"])
        .env_remove("ESTATUS_STATE_DIR")
        .output()
        .unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let of = |thread: &str| text.lines().filter(|line| line.starts_with(thread)).count();
    assert_eq!((of("Hilo-1: "), of("Hilo-2: "), out.status.code()), (20, 20, Some(0)));
}

/// How many lines a whole run prints; it ends with exit code 0.
fn lines(folder: &Path) -> u32 {
    let out = reloj(folder, "5ms").output().unwrap();
    assert_eq!(out.status.code(), Some(0));
    u32::try_from(String::from_utf8(out.stdout).unwrap().lines().count()).unwrap()
}

fn reloj(folder: &Path, every: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reloj"));
    command.args(["--every", every]).env("ESTATUS_STATE_DIR", folder);
    command
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("reloj-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn number(word: &str) -> u32 {
    word.parse().unwrap()
}
