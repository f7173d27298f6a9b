//! The installer for Windows, by itself (`cargo xtask windows` makes it first): it installs, replaces what runs, and goes
//! without a trace. It is one user's, of this prefix of Wine: what that user has of Estatus is gone afterwards.
#![cfg(windows)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by them")]

use std::{
    env, fs,
    os::windows::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use estatus_tests::{built, bundled, eventually, is_alive};
use serde_json::Value;

const UNINSTALL: &str = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\Estatus";
const RUN: &str = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run";
const SERVICE: &str = r"HKLM\SYSTEM\CurrentControlSet\Services\Estatus";
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

/// Without a pipe of ours, which those would keep that it may leave behind.
fn apart(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

fn install(command: &mut Command) {
    let status = apart(command).status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

/// What is installed into `folder`.
fn install_into(folder: &Path) {
    // It comes as it is, whatever is in it, and never in quotes.
    install(Command::new(installer()).args(["/S", "/NOSTART"]).raw_arg(format!("/D={}", folder.display())));
}

/// The exit code of the uninstaller in `folder`, which waits for its end where it runs in place.
fn uninstall_in_place(folder: &Path, options: &[&str]) -> Option<i32> {
    let mut uninstall = Command::new(folder.join("uninstall.exe"));
    uninstall.arg("/S").args(options).raw_arg(format!("_?={}", folder.display()));
    apart(&mut uninstall).status().unwrap().code()
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

fn estatus(arguments: &[&str]) -> Output {
    Command::new(installed().join("estatus.exe")).args(arguments).output().unwrap()
}

fn status() -> Option<Value> {
    serde_json::from_slice(&estatus(&["status", "--json"]).stdout).ok()
}

/// The process of our program, once it runs.
fn program() -> u64 {
    eventually("the program runs", || {
        let status = status()?;
        let program =
            status["programs"].as_array()?.iter().find(|it| it["name"] == "web" && it["state"] == "running")?.clone();
        program["pid"].as_u64()
    })
}

/// A configuration with one program, of which `more` says more.
fn keeps_a_program(more: &str) -> String {
    let child = built("examples/estatus-child").display().to_string();
    format!(
        "[network]\nreference = []\n[[program]]\nname = \"web\"\ncommand = ['{child}', 'installed', 'sleep']\n{more}\n"
    )
}

/// Has Estatus keep a program running, from a tray.
fn start(more: &str) -> u64 {
    fs::create_dir_all(config().parent().unwrap()).unwrap();
    fs::write(config(), keeps_a_program(more)).unwrap();
    apart(Command::new(installed().join("estatus-tray.exe")).arg("--hidden")).spawn().unwrap();
    program()
}

/// An engine of what is installed in `folder`, on files of its own in `home`, once it answers.
fn run(folder: &Path, home: &Path) -> Child {
    let estatus = || Command::new(folder.join("estatus.exe"));
    let (config, data) = (home.join("other.toml"), home.join("other"));
    fs::write(&config, "[network]\nreference = []\n").unwrap();
    let runs = apart(estatus().arg("--config").arg(&config).arg("--data").arg(&data).arg("run")).spawn().unwrap();
    eventually("the engine answers", || {
        let said = apart(estatus().arg("--data").arg(&data).arg("status")).status().unwrap();
        said.success().then_some(())
    });
    runs
}

/// Has a program that may run be of another version: what is behind its end changes nothing that it does.
fn make_other(program: &Path) {
    let as_it_is = fs::read(program).unwrap();
    fs::rename(program, program.with_extension("old")).unwrap();
    fs::write(program, [as_it_is, b"other".to_vec()].concat()).unwrap();
}

fn uninstall(options: &[&str]) {
    // Started in place it would wait for its end, but leave itself there.
    install(Command::new(installed().join("uninstall.exe")).arg("/S").args(options));
    eventually("it is uninstalled", || (!installed().exists()).then_some(()));
    eventually("it is forgotten", || registered(UNINSTALL, None).is_none().then_some(()));
}

/// The names of what is in `folder`.
fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Where upgrades have put away files of `folder`.
fn old_folders(folder: &Path) -> Vec<String> {
    names(folder).into_iter().filter(|name| name.starts_with(".estatus-old")).collect()
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

    let pid = start("");
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
    assert_eq!(old_folders(&installed()), [""; 0], "the old files are there");

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

/// An upgrade does not reach an engine on another folder: it goes on from the files that were put away.
#[test]
fn files_of_the_user_stay_and_nothing_goes_while_something_of_it_runs() {
    assert_eq!(traces(), [""; 0], "an earlier installation is there");
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("Estatus de Íñigo");
    let notes = folder.join(r"old\notes.txt");
    fs::create_dir_all(notes.parent().unwrap()).unwrap();
    fs::write(&notes, "mine").unwrap();
    install_into(&folder);
    let mut runs = run(&folder, home.path());
    install(Command::new(installer()).args(["/S", "/NOSTART"]));
    assert_eq!(old_folders(&folder).len(), 1);
    assert!(!installed().exists(), "it was installed anew elsewhere");

    assert_eq!(uninstall_in_place(&folder, &[]), Some(2));
    for program in PROGRAMS {
        assert!(folder.join(program).is_file(), "{program} is missing");
    }
    assert!(registered(UNINSTALL, None).is_some(), "it is forgotten");

    runs.kill().unwrap();
    runs.wait().unwrap();
    install(Command::new(folder.join("uninstall.exe")).arg("/S"));
    eventually("it is forgotten", || registered(UNINSTALL, None).is_none().then_some(()));
    assert_eq!(names(&folder), ["old"]);
    assert_eq!(fs::read_to_string(&notes).unwrap(), "mine");
    assert_eq!(traces(), [""; 0]);
}

#[test]
fn what_is_left_running_when_it_quits_is_stopped_where_its_data_go() {
    assert_eq!(traces(), [""; 0], "an earlier installation is there");
    install(Command::new(installer()).args(["/S", "/NOSTART"]));
    let pid = start("on_quit = \"leave running\"");
    uninstall(&[]);
    assert!(is_alive(pid), "it was to be left running");
    install(Command::new(installer()).args(["/S", "/NOSTART"]));
    uninstall(&["/PURGE"]);
    assert!(!is_alive(pid), "it runs");
    assert!(!config().exists() && !data().exists(), "what is the user's own is there");
}

#[test]
fn a_tray_that_has_no_engine_takes_the_new_version_too() {
    assert_eq!(traces(), [""; 0], "an earlier installation is there");
    install(Command::new(installer()).args(["/S", "/NOSTART"]));
    fs::create_dir_all(config().parent().unwrap()).unwrap();
    fs::write(config(), "this is no configuration").unwrap();
    let mut tray = apart(Command::new(installed().join("estatus-tray.exe")).arg("--hidden")).spawn().unwrap();
    eventually("the tray is there", || data().join("desktop.json").exists().then_some(()));
    install(Command::new(installer()).arg("/S"));
    assert!(tray.wait().unwrap().success());
    fs::write(config(), keeps_a_program("")).unwrap();
    let pid = program();
    uninstall(&["/PURGE"]);
    assert!(!is_alive(pid) && !data().exists());
}

#[test]
fn a_service_installed_from_it_takes_the_new_version_and_goes_with_it() {
    assert_eq!(traces(), [""; 0], "an earlier installation is there");
    let data_of_service = folder("ProgramData").join("Estatus");
    install(Command::new(installer()).args(["/S", "/NOSTART"]));
    install(Command::new(installed().join("estatus.exe")).args(["service", "install", "--yes"]));
    // Without a configuration of the user's own, it is the service's that is looked at.
    let left_running = "on_quit = \"leave running\"";
    fs::write(data_of_service.join("estatus.toml"), keeps_a_program(left_running)).unwrap();
    let pid = program();
    let began = status().unwrap()["host"].clone();
    let copy = folder("ProgramFiles").join(r"Estatus\estatus.exe");
    make_other(&copy);
    install(Command::new(installer()).args(["/S", "/NOSTART"]));
    eventually("another engine runs", || (status()?["host"]["started"] != began["started"]).then_some(()));
    let log = || fs::read_to_string(data_of_service.join(r"data\service.log")).unwrap_or_default();
    assert_eq!(program(), pid, "{}", log());
    assert!(fs::read(&copy).unwrap() == fs::read(installed().join("estatus.exe")).unwrap(), "it has the other version");

    uninstall(&["/PURGE"]);
    assert!(!copy.parent().unwrap().exists(), "the program of the service is there");
    assert!(registered(SERVICE, None).is_none(), "the service is there");
    assert!(!is_alive(pid), "its program runs");
    assert!(!data_of_service.exists(), "what the service has configured is there");
    assert_eq!(traces(), [""; 0]);
}
