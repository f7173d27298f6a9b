//! Programs from outside: there is one copy whoever is killed, and a person at a terminal sees and steers it.

use std::{
    collections::hash_map::RandomState,
    fs,
    hash::BuildHasher,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use estatus_tests::{Estatus, built, eventually, free_port, is_alive, within};

/// Somebody is killed so many times.
const ROUNDS: u32 = 200;

/// A program with habits of its own; see the tests of the program room.
fn child() -> PathBuf {
    built("examples/estatus-child")
}

pub(crate) fn with_program(habit: &str, more: &str) -> Estatus {
    Estatus::new(&format!(
        "[network]\nreference = []\n[[program]]\nname = \"web\"\n\
         command = ['{}', 'tag-{}', {habit}]\nlog = {{ keep = \"200MB\" }}\n{more}\n",
        child().display(),
        std::process::id()
    ))
}

fn supervised_by(estatus: &Estatus, count: usize) {
    eventually(&format!("it is supervised by {count}"), || (estatus.shims().len() == count).then_some(()));
}

/// A line of the shell that writes its environment into `file`, and then does not end where it is to stay.
fn telling_env(file: &str, stays: bool) -> String {
    match (cfg!(windows), stays) {
        (false, false) => format!("env >{file}.new; mv {file}.new {file}"),
        (false, true) => format!("env >{file}.new; mv {file}.new {file}; exec sleep 1000"),
        (true, false) => format!("set >{file}.new& move {file}.new {file} >nul"),
        (true, true) => format!("set >{file}.new& move {file}.new {file} >nul& ping -n 1000 127.0.0.1 >nul"),
    }
}

/// Numbers that cannot be foreseen.
fn dice() -> impl FnMut(u64) -> u64 {
    let mut thrown = 0_u64;
    let chance = RandomState::new();
    move |below| {
        thrown += 1;
        chance.hash_one(thrown) % below
    }
}

/// On Windows lines that are written while a shim is killed may be missing.
const LOSES_LINES: bool = cfg!(windows);

#[test]
fn whoever_is_killed_there_is_one_copy_and_no_line_is_lost() {
    let mut dice = dice();
    let mut estatus = with_program(&format!("'count', '{}'", free_port()), "");
    estatus.start();
    let pid = estatus.wait_for_process("web", None);
    for round in 0..ROUNDS {
        let pause = Duration::from_micros(dice(20_000));
        assert!(within(pause, || (!is_alive(pid)).then_some(())).is_none(), "it ended in round {round}");
        let (engine, shim) = [(true, false), (false, true), (true, true)][usize::try_from(dice(3)).unwrap()];
        if engine {
            estatus.kill();
        }
        if shim {
            estatus.kill_shims();
        }
        if engine {
            estatus.start();
        }
    }
    assert_eq!(estatus.wait_for_process("web", None), pid);
    supervised_by(&estatus, 1);
    let stopped = estatus.say(&["stop", "web"]);
    assert_eq!(stopped.code, 0, "{stopped:?}");
    assert!(!is_alive(pid));
    supervised_by(&estatus, 0);

    let said = estatus.say(&["logs", "web", "-n", "100000000", "--json"]).out;
    let mut next = 1_u64;
    for line in said.lines() {
        let written: serde_json::Value = serde_json::from_str(line).unwrap();
        let number: u64 = written["text"].as_str().and_then(|text| text.parse().ok()).expect(line);
        assert!(number == next || LOSES_LINES && number > next, "{line}, not {next}");
        next = number + 1;
    }
    assert!(next > 1000, "only {next} lines");
    let state = fs::read_dir(estatus.data().join("programs")).unwrap().next().unwrap().unwrap().path().join("state");
    assert!(state.is_dir() && !state.join("twice").exists(), "there were two");
}

#[test]
fn what_a_user_stops_stays_stopped_and_what_he_starts_runs() {
    let mut estatus = with_program("'deaf'", "stop = { within = \"200ms\" }");
    estatus.start();
    let first = estatus.wait_for_process("web", None);
    let restarted = estatus.say(&["restart", "web"]);
    assert!(restarted.code == 0 && restarted.out.starts_with("web is running: process "), "{restarted:?}");
    assert!(!is_alive(first));
    let second = estatus.wait_for_process("web", Some(first));
    assert_eq!(estatus.say(&["stop", "web"]).code, 0);
    assert!(!is_alive(second));
    estatus.kill();
    estatus.start();
    assert_eq!(estatus.say(&["status"]).code, 0);
    assert_eq!(estatus.program("web").unwrap()["state"], "stopped");
    assert_eq!(estatus.say(&["start", "web"]).code, 0);
    let third = estatus.wait_for_process("web", None);
    assert!(estatus.stop().success());
    assert!(!is_alive(third), "Estatus quits, and the program is to be stopped then");
    estatus.start();
    estatus.wait_for_process("web", None);
    let unknown = estatus.say(&["stop", "wbe"]);
    assert!(unknown.code != 0 && unknown.err.contains("wbe"), "{unknown:?}");
}

#[test]
fn a_program_that_is_left_running_is_found_again() {
    let mut estatus = with_program("'sleep'", "on_quit = \"leave running\"");
    estatus.start();
    let pid = estatus.wait_for_process("web", None);
    assert!(estatus.stop().success());
    assert!(is_alive(pid));
    estatus.start();
    assert_eq!(estatus.wait_for_process("web", None), pid);
    assert_eq!(estatus.say(&["stop", "web"]).code, 0);
    assert!(!is_alive(pid));
}

#[test]
fn what_was_left_running_is_stopped_where_no_engine_is_to_find_it_again() {
    let mut estatus = with_program("'sleep'", "on_quit = \"leave running\"");
    estatus.start();
    let pid = estatus.wait_for_process("web", None);
    let refused = estatus.say(&["stop-left"]);
    assert!(refused.code == 1 && refused.err.contains("quit it first"), "{refused:?}");
    assert!(estatus.stop().success() && is_alive(pid));
    let said = estatus.say(&["stop-left"]);
    assert_eq!((said.code, is_alive(pid)), (0, false), "{said:?}");
    assert_eq!(estatus.say(&["stop-left"]).code, 0);
}

/// On Windows another process takes its place, which nobody here has started.
#[cfg(unix)]
#[test]
fn an_engine_that_is_started_again_keeps_its_programs_and_finds_the_file_that_is_there_now() {
    let mut estatus = with_program("'sleep'", "");
    estatus.start();
    let pid = estatus.wait_for_process("web", None);
    let began = estatus.json(&["status"])["host"]["started"].clone();
    let said = estatus.say(&["relaunch"]);
    assert!(said.code == 0 && said.out.starts_with("Estatus was started again, in version "), "{said:?}");
    assert_ne!(estatus.json(&["status"])["host"]["started"], began);
    assert_eq!(estatus.wait_for_process("web", None), pid);
    let shims = estatus.shims().len();
    assert_eq!(shims, 1);
    assert!(estatus.stop().success());
    assert!(!is_alive(pid));
    let refused = estatus.say(&["relaunch"]);
    assert!(refused.code == 1 && refused.err.contains("no engine runs"), "{refused:?}");
}

#[test]
fn what_cannot_work_is_said_in_one_sentence() {
    let check = |habit: &str, more: &str, said: &[&str]| {
        let mut estatus = with_program(habit, &format!("{more}\nenabled = false"));
        estatus.start();
        let started = estatus.say(&["start", "web"]);
        assert_eq!(started.code, 1, "{started:?}");
        for words in said {
            assert!(started.out.contains(words), "“{words}” is not in {started:?}");
        }
    };
    // It is not taken for running before it ends.
    let unready = format!("ready = {{ tcp = \"127.0.0.1:{}\" }}", free_port());
    check("'exit', '3'", &unready, &["exit code 3"]);
    check("'sleep'", "directory = 'no/such/folder'", &["folder", "does not exist"]);
    let port = free_port();
    let held = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let ready = format!("ready = {{ tcp = \"127.0.0.1:{port}\" }}");
    check("'sleep'", &ready, &[&port.to_string()]);
    drop(held);
}

#[test]
fn who_holds_the_port_of_a_program_is_named() {
    let port = free_port();
    let _held = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let ready = format!("ready = {{ tcp = \"127.0.0.1:{port}\" }}\nenabled = false");
    let mut estatus = with_program("'sleep'", &ready);
    estatus.start();
    let started = estatus.say(&["start", "web"]);
    assert!(started.code == 1 && started.out.contains(&format!("pid {}", std::process::id())), "{started:?}");
}

#[test]
fn the_log_is_followed_line_by_line() {
    let mut estatus = with_program(&format!("'count', '{}'", free_port()), "");
    estatus.start();
    estatus.wait_for_process("web", None);
    let mut follows = Command::new(built("estatus"))
        .args(["logs", "web", "-f", "-n", "0", "--json", "--data"])
        .arg(estatus.data())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(follows.stdout.take().unwrap()).lines();
    let numbers: Vec<u64> = lines
        .take(50)
        .map(|line| serde_json::from_str::<serde_json::Value>(&line.unwrap()).unwrap())
        .map(|written| written["text"].as_str().unwrap().parse().unwrap())
        .collect();
    follows.kill().unwrap();
    follows.wait().unwrap();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
}

/// A process that nobody of ours started.
struct Foreign(Child);

impl Foreign {
    fn start(port: u16) -> Self {
        let tag = format!("foreign-{}", std::process::id());
        let mut child =
            Command::new(child()).args([&tag, "port", &port.to_string()]).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert!(said.contains("listening"), "{said}");
        Self(child)
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_process_that_runs_already_is_adopted_when_it_is_the_only_one_that_fits() {
    let mut estatus = with_program("'sleep'", "enabled = false\nrestart = \"never\"");
    estatus.start();
    let (one, other) = (free_port(), free_port());
    let (first, _second) = (Foreign::start(one), Foreign::start(other));
    let pid = first.0.id().to_string();

    let pattern = format!("foreign-{} port", std::process::id());
    let ambiguous = estatus.say(&["adopt", "web", "--command-line", &pattern, "--yes"]);
    assert!(ambiguous.code == 1 && ambiguous.err.contains("2 processes match"), "{ambiguous:?}");
    assert!(ambiguous.out.contains(&pid), "{ambiguous:?}");

    let preview = estatus.say(&["adopt", "web", "--port", &one.to_string()]);
    assert!(preview.code == 0 && preview.out.contains(&pid) && preview.out.contains("--yes"), "{preview:?}");
    assert_eq!(estatus.program("web").unwrap()["state"], "stopped");

    let adopted = estatus.say(&["adopt", "web", "--port", &one.to_string(), "--yes"]);
    assert_eq!(adopted.code, 0, "{adopted:?}");
    assert_eq!(estatus.wait_for_process("web", None).to_string(), pid);
    // It is kept as any other.
    estatus.kill();
    estatus.start();
    assert_eq!(estatus.wait_for_process("web", None).to_string(), pid);
    drop(first);
    eventually("its end is seen", || estatus.program("web").filter(|program| program["state"] == "finished"));
}

#[test]
fn nothing_that_is_started_inherits_a_secret_of_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let config = format!(
        "[network]\nreference = []\n[alerts]\ngrace = \"0s\"\nmerge_within = \"10ms\"\n\
         [email]\nserver = \"127.0.0.1\"\nport = 9\nsecurity = \"none\"\nusername = \"me\"\n\
         password = {{ env = \"TOP_SECRET\" }}\nfrom = \"a@b.example\"\nto = [\"a@b.example\"]\n\
         [channel.script]\ncommand = '{}'\n\
         [[program]]\nname = \"web\"\ncommand = '{}'\n\
         [[program]]\nname = \"given\"\ncommand = '{}'\n\
         env = {{ TOP_SECRET = {{ env = \"TOP_SECRET\" }} }}\n\
         [[monitor]]\nname = \"check\"\ncommand = '{}'\naccept = [1]\nevery = \"1s\"\nfailures = 1\n\
         on_down = {{ run = '{}' }}\n",
        telling_env(&at("channel"), false),
        telling_env(&at("program"), true),
        telling_env(&at("given"), true),
        telling_env(&at("check"), false),
        telling_env(&at("remedy"), false)
    );
    let mut estatus = Estatus::new(&config).with_env("TOP_SECRET", "hunter2").with_env("NO_SECRET", "plain");
    estatus.start();
    for name in ["channel", "program", "given", "check", "remedy"] {
        let env = eventually(name, || {
            let env = fs::read_to_string(at(name)).ok()?;
            env.contains("NO_SECRET=plain").then_some(env)
        });
        assert_eq!(env.contains("hunter2"), name == "given", "{name}: {env}");
    }
}

#[test]
fn a_program_that_goes_into_the_background_is_told_with_what_to_do() {
    let mut estatus = with_program("'leave'", "limit = { restarts = 1, within = \"60s\" }");
    estatus.start();
    let cooling = eventually("it is cooling", || estatus.program("web").filter(|web| web["state"] == "cooling"));
    let trouble = cooling["trouble"].as_str().unwrap();
    assert!(trouble.contains("in the background") && trouble.contains("in the foreground"), "{trouble}");
    assert!(trouble.contains("estatus-child") && trouble.contains("(pid "), "{trouble}");
}
