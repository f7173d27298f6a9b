//! What `estatus doctor` says of a user's own configuration before a service takes it over.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by them")]

use std::{
    fs::{self, File},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde_json::Value;

const ESTATUS: &str = env!("CARGO_BIN_EXE_estatus");
const BOUND: Duration = Duration::from_secs(60);

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

    /// The program with these words, as this user runs it.
    fn estatus(&self, words: &[&str]) -> Command {
        let home = self.home.path();
        let mut estatus = Command::new(ESTATUS);
        estatus.args(words);
        for (name, folder) in [
            ("APPDATA", "Roaming"),
            ("LOCALAPPDATA", "Local"),
            ("ProgramData", "ProgramData"),
            ("XDG_CONFIG_HOME", ".config"),
        ] {
            estatus.env(name, home.join(folder));
        }
        estatus.env("XDG_DATA_HOME", home.join(".local/share")).env("HOME", home);
        estatus.env("TZ", "Asia/Kolkata");
        estatus.env("NODE_ENV", "test").env("ESTATUS_TOKEN", "x");
        estatus
    }

    /// What the doctor finds.
    fn findings(&self, more: &[&str]) -> Vec<Value> {
        let mut doctor = self.estatus(&["doctor", "--json"]);
        doctor.args(more);
        #[cfg(unix)]
        if !more.contains(&"--user") && std::os::unix::fs::MetadataExt::uid(&fs::metadata("/proc/self").unwrap()) == 0 {
            doctor.arg("--as-root");
        }
        let output = doctor.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }

    /// An engine of theirs, once its first program runs.
    fn engine(&self) -> Engine {
        let mut run = self.estatus(&["run"]);
        let engine = Engine(run.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap());
        let end = Instant::now() + BOUND;
        loop {
            let status = self.estatus(&["status", "--json"]).output().unwrap();
            let said: Value = serde_json::from_slice(&status.stdout).unwrap_or_default();
            if said["programs"][0]["pid"].is_u64() {
                return engine;
            }
            assert!(Instant::now() < end, "not within {BOUND:?}: the program runs: {status:?}");
            thread::park_timeout(Duration::from_millis(50));
        }
    }

    fn is_told(&self, about: &str, what: &str) -> bool {
        is_among(&self.findings(&[]), about, what)
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

fn is_among(findings: &[Value], about: &str, what: &str) -> bool {
    let fits = |it: &Value| it["about"] == about && it["what"].as_str().is_some_and(|said| said.contains(what));
    findings.iter().any(fits)
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

#[test]
fn a_finding_is_told_in_the_language_that_is_asked_for() {
    let token = if cfg!(windows) { "%ESTATUS_TOKEN%" } else { "$ESTATUS_TOKEN" };
    let user = User::new("");
    let home = user.home.path().display();
    let config = format!(
        r#"
        [[program]]
        name = "web"
        command = ["no-such-tool"]

        [[program]]
        name = "api"
        command = ["./no-such-file"]
        directory = '{home}/no-such-folder'
        env = {{ A = {{ file = '{home}/no-such-secret' }}, B = {{ env = "ESTATUS_TOKEN" }}, C = {{ keyring = "token" }} }}

        [[program]]
        name = "shell"
        command = "run {token}"
        ready = {{ http = "http://localhost/", headers = {{ X-Key = {{ keyring = "ready key" }} }} }}

        [[monitor]]
        name = "shop"
        http = "http://localhost/"
        headers = {{ X-Key = {{ keyring = "shop key" }} }}

        [[flow.release.step]]
        name = "call"
        http = "http://localhost/"
        bearer = {{ keyring = "call key" }}
        "#
    );
    fs::write(user.config(), config).unwrap();
    let findings = told_in_both(&user);
    let told = |about: &str, what: &str| assert!(is_among(&findings, about, what), "{about}, {what}: {findings:#?}");
    told("programa «web»", "no hay ningún ejecutable «no-such-tool» en PATH");
    told("programa «api»", "su ejecutable ./no-such-file no existe");
    told("programa «api»", "su directorio");
    told("programa «api»", "su secreto está en");
    told("programa «api»", "su secreto «token» está en el llavero");
    told("programa «shell», ready", "su secreto «ready key» está en el llavero");
    told("monitor «shop»", "su secreto «shop key» está en el llavero");
    told("flujo «release»", "su secreto «call key» está en el llavero");
    told("secretos", "un secreto se toma de la variable ESTATUS_TOKEN");
    told("programa «shell»", "su comando usa la variable ESTATUS_TOKEN");
    told("entorno", "el servicio no tiene la");

    let user = User::new("[[program]]\nname = 1\n");
    let _engine = hold(&user.data());
    let findings = told_in_both(&user);
    let told = |about: &str, what: &str| assert!(is_among(&findings, about, what), "{about}, {what}: {findings:#?}");
    told("motor", "Estatus ya está en marcha en");
    told("motor", "un proceso que no dice cuál es");
    told("configuración", "no se puede usar: ");
    told("configuración", "se esperaba");
}

#[test]
fn commands_of_flows_and_fleets_are_examined_as_those_of_programs_are() {
    let user = User::new(
        r#"
        [[flow.release.step]]
        name = "build"
        run = ["no-such-step"]
        undo = ["no-such-undo"]
        env = { KEY = { keyring = "build key" } }

        [fleet.web]
        local = { command = ["no-such-instance"] }

        [fleet.cloud.command]
        create = ["no-such-create"]
        list = ["no-such-list"]
        terminate = ["no-such-terminate"]

        [fleet.aws]
        listen = "0.0.0.0:50061"

        [fleet.aws.ec2]
        region = "us-east-1"
        template = "lt-0abc"
        credentials = { id = "AKIA0", secret = { keyring = "aws key" } }
        "#,
    );
    let findings = told_in_both(&user);
    for (about, what) in [
        ("flujo «release», paso «build»", "«no-such-step»"),
        ("flujo «release», paso «build»", "«build key»"),
        ("flujo «release», paso «build», undo", "«no-such-undo»"),
        ("flota «web»", "«no-such-instance»"),
        ("flota «cloud», create", "«no-such-create»"),
        ("flota «cloud», list", "«no-such-list»"),
        ("flota «cloud», terminate", "«no-such-terminate»"),
        ("flota «aws»", "«aws key»"),
    ] {
        assert!(is_among(&findings, about, what), "{about}, {what}: {findings:#?}");
    }
}

#[test]
fn since_when_another_engine_runs_is_told_by_the_clock_of_this_machine() {
    let user = User::new("");
    let _engine = hold(&user.data());
    fs::write(user.data().join("engine.holder"), "process 4711, since 2026-11-21T18:55:02Z").unwrap();
    assert!(user.is_told("engine", "process 4711, since 2026-11-22 00:25"), "{:#?}", user.findings(&[]));
    let findings = told_in_both(&user);
    assert!(is_among(&findings, "motor", "proceso 4711, desde 22/11/2026 00:25"), "{findings:#?}");
}

#[test]
fn a_secret_that_was_entered_is_a_problem_only_where_the_service_does_not_come_to_it() {
    let user =
        User::new("[[program]]\nname = \"web\"\ncommand = [\"sh\"]\nenv = { TOKEN = { keyring = \"token\" } }\n");
    let of_token = |more: &[&str]| -> Vec<Value> {
        let is_of_token = |it: &Value| it["what"].as_str().is_some_and(|what| what.contains("“token”"));
        user.findings(more).into_iter().filter(is_of_token).collect()
    };
    let found = of_token(&[]);
    assert_eq!((found.len(), &found[0]["problem"]), (1, &true.into()), "{found:#?}");
    assert!(found[0]["remedy"].as_str().unwrap().contains("estatus secret set"), "{found:#?}");
    #[cfg(unix)]
    {
        // A service of the user's own has their keyring, once they have logged in.
        let found = of_token(&["--user"]);
        assert_eq!((found.len(), &found[0]["problem"]), (1, &false.into()), "{found:#?}");
        // Where it is in a file beside the service's data, there is nothing to say.
        fs::create_dir(user.data().join("secrets")).unwrap();
        fs::write(user.data().join("secrets/secret-token"), "x").unwrap();
        assert_eq!(of_token(&[]), Vec::<Value>::new());
    }
}

#[test]
fn who_holds_a_port_is_told_in_the_language_that_is_asked_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let user = User::new(&format!(
        "[[program]]\nname = \"web\"\ncommand = [\"no-such-tool\"]\nready = {{ tcp = \"127.0.0.1:{port}\" }}\n"
    ));
    let findings = told_in_both(&user);
    let told = format!("su puerto {port} está ocupado por «");
    assert!(is_among(&findings, "programa «web»", &told), "{findings:#?}");
}

#[test]
fn a_port_is_held_by_others_only_where_no_engine_runs_its_program() {
    let other = tempfile::tempdir().unwrap();
    let [config, data] = ["estatus.toml", "data"].map(|name| other.path().join(name));
    fs::write(&config, "").unwrap();
    // Where it was built for Windows, its path is one of that machine.
    let estatus = std::path::absolute(ESTATUS).unwrap();
    let [estatus, config, data] = [&estatus, &config, &data].map(|path| path.to_str().unwrap());
    let command = [estatus, "run", "--config", config, "--data", data];
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let user = User::new(&format!(
        "[network]\nreference = []\n\n[[program]]\nname = \"web\"\ncommand = {command:?}\nready = {{ tcp = \
         \"127.0.0.1:{port}\" }}\n"
    ));
    let _engine = user.engine();
    let _listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let is_told = || user.is_told("program “web”", &format!("its port {port} is held by"));
    assert!(!is_told(), "{:#?}", user.findings(&[]));
    let stopped = user.estatus(&["stop", "web"]).output().unwrap();
    assert!(stopped.status.success(), "{stopped:?}");
    assert!(is_told(), "{:#?}", user.findings(&[]));
}

#[cfg(unix)]
#[test]
fn who_else_may_change_the_configuration_is_told_in_the_language_that_is_asked_for() {
    let user = User::new("");
    let folder = user.config();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    fs::set_permissions(folder.parent().unwrap(), open).unwrap();
    let findings = told_in_both(&user);
    assert!(findings[0]["what"].as_str().unwrap().starts_with("otros pueden cambiar"), "{findings:#?}");
}

/// What is found, in Spanish; each is told otherwise in English, and with all that stands in it.
fn told_in_both(user: &User) -> Vec<Value> {
    let [english, spanish] = ["en", "es"].map(|language| user.findings(&["--language", language]));
    assert_eq!(english, user.findings(&[]));
    assert!(!english.is_empty());
    assert_eq!(english.len(), spanish.len());
    for (english, spanish) in english.iter().zip(&spanish) {
        for text in ["what", "remedy"] {
            let [one, other] = [english, spanish].map(|it| it[text].as_str().unwrap());
            assert_ne!(one, other);
            // A person does not read the time of Greenwich.
            let is_moment = |word: &str| word.trim_matches([',', '.', ';', '(', ')']).parse::<Timestamp>().is_ok();
            assert!(![one, other].iter().any(|said| said.split_whitespace().any(is_moment)), "{one} {other}");
            for said in [one, other].map(|said| said.replace("{ file = ", "")) {
                assert!(!said.contains('{') && !said.starts_with("doctor."), "{said}");
            }
        }
    }
    spanish
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

#[cfg(windows)]
#[test]
fn a_drive_that_is_not_there_is_told_wherever_it_stands() {
    let is_free = |letter: &char| !Path::new(&format!("{letter}:\\")).exists();
    let letter = ('G'..='Y').find(is_free).unwrap();
    let user = User::new(&format!(
        r#"
        [[program]]
        name = "web"
        command = ["cmd", '{letter}:\app.js']
        directory = '{letter}:\web'
        env = {{ TOKEN = {{ file = '{letter}:\token' }} }}
        "#
    ));
    let told = user.findings(&["--data", &format!(r"{letter}:\data")]);
    for (about, place) in [("program “web”", "app.js"), ("program “web”", "web"), ("program “web”", "token")]
    {
        let said = format!(r"{letter}:\{place} is on the drive {letter}:, which is not there");
        assert!(is_among(&told, about, &said), "{said}: {told:#?}");
    }
    assert!(is_among(&told, "data", "which is not there"), "{told:#?}");
}
