//! The installer for Windows, by itself (`cargo xtask windows` makes it first): it installs, replaces what runs, and goes
//! without a trace. It is one user's, of this prefix of Wine: what that user has of Estatus is gone afterwards.
#![cfg(windows)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by them")]

use std::{
    env, fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use estatus_tests::{built, bundled, eventually, is_alive};
use serde_json::Value;

const UNINSTALL: &str = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\Estatus";
const RUN: &str = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run";
/// What belongs to the links of a tray with a data folder of its own.
const LINKS_OF_ANOTHER: &str = r"HKCU\Software\Classes\estatus-0123456789abcdef";
const PROGRAMS: [&str; 4] = ["estatus.exe", "estatus-tray.exe", "estatus-window.exe", "WebView2Loader.dll"];

fn installer() -> PathBuf {
    bundled("windows", "exe")
}

/// A folder that Windows names.
fn folder(variable: &str) -> PathBuf {
    env::var_os(variable).map(PathBuf::from).expect(variable)
}

fn installed() -> PathBuf {
    folder("LOCALAPPDATA").join(r"Programs\Estatus")
}

fn config() -> PathBuf {
    folder("APPDATA").join(r"Estatus\estatus.toml")
}

fn data() -> PathBuf {
    folder("LOCALAPPDATA").join("Estatus")
}

fn must(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs what may leave others behind, which would keep a pipe of ours.
fn install(command: &mut Command) {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

/// Whether the registry has a value, or a key where none is named, and what `reg` says of it.
fn registered(key: &str, value: Option<&str>) -> Option<String> {
    let mut query = Command::new("reg");
    query.args(["query", key]);
    if let Some(value) = value {
        query.args(["/v", value]);
    }
    let said = query.output().unwrap();
    said.status.success().then(|| String::from_utf8_lossy(&said.stdout).into_owned())
}

fn estatus(arguments: &[&str]) -> std::process::Output {
    Command::new(installed().join("estatus.exe")).args(arguments).output().unwrap()
}

fn status() -> Option<Value> {
    serde_json::from_slice(&estatus(&["status", "--json"]).stdout).ok()
}

/// The process of the one program, once it runs.
fn program() -> u64 {
    eventually("the program runs", || {
        let status = status()?;
        let program = status["programs"].as_array()?.first().filter(|it| it["state"] == "running")?.clone();
        program["pid"].as_u64()
    })
}

/// Has Estatus keep a program running, from a tray.
fn start() -> u64 {
    fs::create_dir_all(config().parent().unwrap()).unwrap();
    let child = built("examples/estatus-child").display().to_string();
    let text = format!(
        "[network]\nreference = []\n[[program]]\nname = \"web\"\ncommand = ['{child}', 'installed', 'sleep']\n"
    );
    fs::write(config(), text).unwrap();
    let mut tray = Command::new(installed().join("estatus-tray.exe"));
    tray.arg("--hidden").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    program()
}

fn uninstall(options: &[&str]) {
    // Started in place it would wait for its end, but leave itself there.
    install(Command::new(installed().join("uninstall.exe")).arg("/S").args(options));
    eventually("it is uninstalled", || (!installed().exists()).then_some(()));
    eventually("it is forgotten", || registered(UNINSTALL, None).is_none().then_some(()));
}

/// What is still there of all that an installation puts there.
fn traces() -> Vec<String> {
    let start_menu = folder("APPDATA").join(r"Microsoft\Windows\Start Menu\Programs\Estatus.lnk");
    let files =
        [installed(), start_menu].into_iter().filter(|path| path.exists()).map(|path| path.display().to_string());
    let app = r"HKCU\Software\Classes\AppUserModelId\org.estatus.desktop";
    let keys = [app, r"HKCU\Software\Classes\estatus", LINKS_OF_ANOTHER, UNINSTALL];
    let keys = keys.into_iter().filter(|key| registered(key, None).is_some()).map(str::to_owned);
    let value = registered(RUN, Some("Estatus"));
    let path = registered(r"HKCU\Environment", Some("Path")).filter(|path| path.contains("Estatus"));
    files.chain(keys).chain(value).chain(path).collect()
}

#[test]
fn it_installs_replaces_what_runs_without_its_programs_noticing_and_goes_without_a_trace() {
    assert_eq!(traces(), [""; 0], "an earlier installation is there");
    install(Command::new(installer()).args(["/S", "/NOSTART"]));
    for program in PROGRAMS {
        assert!(installed().join(program).is_file(), "{program} is missing");
    }
    assert!(must(Command::new(installed().join("estatus.exe")).arg("--version")).starts_with("estatus "));
    let at_login = registered(RUN, Some("Estatus")).expect("it starts at login");
    assert!(at_login.contains(r#"estatus-tray.exe" --hidden"#), "{at_login}");
    let path = registered(r"HKCU\Environment", Some("Path")).expect("it is on the PATH");
    assert!(path.contains(r"Programs\Estatus"), "{path}");

    let pid = start();
    let began = status().unwrap()["host"].clone();
    must(Command::new("reg").args(["delete", RUN, "/v", "Estatus", "/f"]));
    install(Command::new(installer()).arg("/S"));
    let host = eventually("another engine runs", || {
        let host = status()?["host"].clone();
        (host["started"] != began["started"]).then_some(host)
    });
    assert_ne!(host["pid"], began["pid"], "its tray was not started again");
    assert_eq!(program(), pid);
    assert!(registered(RUN, Some("Estatus")).is_none(), "the start at login was switched on again");
    assert!(!installed().join("old").exists(), "the old files are there");

    must(Command::new("reg").args(["add", LINKS_OF_ANOTHER, "/f"]));
    uninstall(&[]);
    assert!(!is_alive(pid) && !is_alive(host["pid"].as_u64().unwrap()), "something of it runs");
    assert_eq!(traces(), [""; 0]);
    assert!(config().is_file() && data().join("estatus.db").is_file(), "what is the user's own is gone");

    install(Command::new(installer()).args(["/S", "/NOSTART", "/NOLOGIN"]));
    assert!(registered(RUN, Some("Estatus")).is_none());
    uninstall(&["/PURGE"]);
    assert_eq!(traces(), [""; 0]);
    assert!(!config().exists() && !data().exists(), "what is the user's own is there");
}
