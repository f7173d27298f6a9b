//! The service of Windows and the take-over of NSSM's, with the service control manager of Wine. They change the services of
//! the machine that they run on, so that on a real Windows they do nothing.
#![cfg(windows)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by them")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

const ESTATUS: &str = env!("CARGO_BIN_EXE_estatus");
const BOUND: Duration = Duration::from_secs(60);

/// A place for an engine; nothing on a machine whose services are somebody's.
fn place() -> Option<Place> {
    let is_wine = Path::new(r"C:\windows\system32\winecfg.exe").exists();
    is_wine.then(|| Place(tempfile::tempdir().unwrap()))
}

struct Place(TempDir);

impl Place {
    fn file(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn configure(&self, text: &str) {
        fs::write(self.file("estatus.toml"), format!("[network]\nreference = []\n{text}")).unwrap();
    }

    /// The program with these words, for this place.
    fn estatus(&self, words: &[&str]) -> Command {
        let places = ["--config".to_owned(), self.file("estatus.toml"), "--data".to_owned(), self.file("data")];
        let mut estatus = Command::new(ESTATUS);
        estatus.args(words).args(places);
        estatus
    }

    /// Runs the program: its exit code and all that it said.
    fn say(&self, words: &[&str]) -> (i32, String) {
        run(&mut self.estatus(words))
    }

    /// An engine, once it can be reached.
    fn engine(&self) -> Engine {
        let engine = Engine(self.estatus(&["run"]).stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap());
        eventually("the engine runs", &mut String::new(), |said| {
            let code;
            (code, *said) = self.say(&["status"]);
            (code == 0).then_some(())
        });
        engine
    }

    #[track_caller]
    fn must(&self, words: &[&str]) -> String {
        let (code, said) = self.say(words);
        assert_eq!(code, 0, "{words:?}: {said}");
        said
    }

    fn service(&self) -> Value {
        serde_json::from_str(&self.say(&["service", "status", "--json"]).1).unwrap()
    }

    /// The process of the program, once it runs.
    fn keeper(&self) -> u64 {
        let mut said = String::new();
        eventually("the program runs", &mut said, |said| {
            *said = self.say(&["status", "--json"]).1;
            let status: Value = serde_json::from_str(said).ok()?;
            let program = status["programs"].get(0).filter(|program| program["state"] == "running")?.clone();
            program["pid"].as_u64()
        })
    }
}

/// Ends when this is dropped.
struct Engine(Child);

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Removes the service of a place when it is dropped.
struct Installed<'a>(&'a Place);

impl Drop for Installed<'_> {
    fn drop(&mut self) {
        let _ = self.0.say(&["service", "uninstall"]);
    }
}

fn run(command: &mut Command) -> (i32, String) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout) + &text(&output.stderr))
}

#[track_caller]
fn windows(words: &[&str]) -> String {
    let (code, said) = run(Command::new(words[0]).args(&words[1..]));
    assert_eq!(code, 0, "{words:?}: {said}");
    said
}

/// Waits for a fact; `said` is what was said last.
#[track_caller]
fn eventually<T>(what: &str, said: &mut String, mut fact: impl FnMut(&mut String) -> Option<T>) -> T {
    let end = Instant::now() + BOUND;
    loop {
        if let Some(found) = fact(said) {
            return found;
        }
        assert!(Instant::now() < end, "not within {BOUND:?}: {what}: {said}");
        thread::park_timeout(Duration::from_millis(50));
    }
}

/// What the service runs.
fn own_program() -> PathBuf {
    PathBuf::from(env::var_os("ProgramFiles").unwrap()).join(r"Estatus\estatus.exe")
}

#[test]
fn a_service_runs_stops_with_its_programs_and_is_removed() {
    let Some(place) = place() else { return };
    let other = [place.file("other.toml"), place.file("other")];
    fs::write(&other[0], "").unwrap();
    // Where it was built for Windows, its path is one of that machine.
    let estatus = std::path::absolute(ESTATUS).unwrap();
    let program = [estatus.to_str().unwrap(), "run", "--config", &other[0], "--data", &other[1]];
    place.configure(&format!("[[program]]\nname = \"keeper\"\ncommand = {program:?}\n"));
    assert!(place.say(&["service", "status"]).1.contains("not installed"));
    let _installed = Installed(&place);
    let installed = place.must(&["service", "install", "--yes", "--env", "GREETING=hola"]);
    assert!(installed.contains("The service is running"), "{installed}");
    let service = place.service();
    assert_eq!(
        (&service["enabled"], &service["account"]),
        (&true.into(), &r"NT SERVICE\Estatus".into()),
        "{service:#}"
    );
    let program = place.keeper();
    assert!(place.must(&["service", "install", "--yes"]).contains("installed already"));
    assert_eq!(place.service()["pid"], service["pid"]);
    let key = r"HKLM\SYSTEM\CurrentControlSet\Services\Estatus";
    assert!(windows(&["reg", "query", key, "/v", "Environment"]).contains("GREETING=hola"), "what was given stays");

    let copy = own_program();
    let line = windows(&["reg", "query", key, "/v", "ImagePath"]);
    assert!(line.contains(copy.to_str().unwrap()) && copy.is_file(), "{line}");
    let origin = windows(&["reg", "query", &format!(r"{key}\Parameters"), "/v", "InstalledFrom"]);
    assert!(origin.contains(estatus.parent().unwrap().to_str().unwrap()), "{origin}");
    assert!(place.must(&["service", "upgrade"]).contains(" already."));
    let newer = place.file("estatus.exe");
    // What is behind its end changes nothing that it does.
    fs::write(&newer, [fs::read(&estatus).unwrap(), b"newer".to_vec()].concat()).unwrap();
    let (code, said) = run(Command::new(&newer).args(["service", "upgrade"]));
    assert!(code == 0 && said.contains("The service is running"), "{said}");
    assert_eq!(fs::read(&copy).unwrap(), fs::read(&newer).unwrap());
    assert_ne!(place.service()["pid"], service["pid"], "the one from before runs");
    assert_eq!(place.keeper(), program, "its program did not go on");

    // That one which was killed is started again is for docs/windows-checklist.md: Wine does not even notice.
    place.must(&["service", "stop"]);
    assert_eq!(place.service()["running"], false);
    assert!(!windows(&["tasklist"]).contains(&format!(" {program} ")), "the program was not stopped");
    place.must(&["service", "start"]);
    assert_ne!(place.keeper(), program);
    let gone = place.must(&["service", "uninstall"]);
    assert!(gone.contains("These stay"), "{gone}");
    assert!(!copy.parent().unwrap().exists(), "its program is there");
    assert!(place.must(&["service", "uninstall"]).contains("not installed"));
}

#[test]
fn a_service_of_nssms_is_shown_taken_over_and_given_back() {
    let Some(place) = place() else { return };
    place.configure("");
    let name = format!("reloj{}", std::process::id());
    let key = format!(r"HKLM\SYSTEM\CurrentControlSet\Services\{name}");
    let parameters = format!(r"{key}\Parameters");
    windows(&["sc", "create", &name, "binPath=", r"C:\nssm\nssm.exe", "start=", "auto"]);
    let set = |value: &str, kind: &str, data: &str| {
        windows(&["reg", "add", &parameters, "/v", value, "/t", kind, "/d", data, "/f"]);
    };
    set("Application", "REG_EXPAND_SZ", r"C:\windows\system32\cmd.exe");
    set("AppParameters", "REG_EXPAND_SZ", "/c \"echo hola & echo\"");
    set("AppEnvironmentExtra", "REG_MULTI_SZ", r"NODE_ENV=production\0A=b\0PATH=C:\node;%PATH%");
    set("AppStopMethodConsole", "REG_DWORD", "3000");
    set("AppRotateFiles", "REG_DWORD", "1");
    let file = || fs::read_to_string(place.file("estatus.toml")).unwrap();
    let start = || windows(&["reg", "query", &key, "/v", "Start"]);

    let shown = place.must(&["service", "take-over", &name]);
    assert!(shown.contains("echo hola & echo") && shown.contains("NODE_ENV"), "{shown}");
    assert!(shown.contains(r"C:\node;") && shown.to_lowercase().contains("system32"), "{shown}");
    // As whom it ran and how its output was kept is all that it does not keep.
    let is_skipped = |key: &str| shown.contains(&format!("`{key}` is skipped"));
    assert!(
        shown.matches("skipped").count() == 2 && is_skipped("ObjectName") && is_skipped("AppRotateFiles"),
        "{shown}"
    );
    assert!(start().contains("0x2") && !file().contains(&name), "it was only to be shown");
    let (code, said) = place.say(&["service", "take-over", &name, "--yes"]);
    assert!(code == 1 && said.contains("nothing would start it") && start().contains("0x2"), "{said}");
    let _engine = place.engine();
    place.must(&["service", "take-over", &name, "--yes"]);
    assert!(start().contains("0x4") && file().contains(&name), "{}", file());
    assert!(place.must(&["service", "take-over", &name, "--yes"]).contains("already"));
    place.must(&["service", "give-back", &name]);
    assert!(start().contains("0x2") && !file().contains(&name), "{}", file());
    assert_eq!(place.say(&["service", "give-back", &name]).0, 1);
    assert_eq!(place.say(&["service", "take-over", "no-such-service"]).0, 2);
    windows(&["sc", "delete", &name]);
}
