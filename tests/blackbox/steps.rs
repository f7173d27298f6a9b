//! Steps that ask a person, send requests and run other flows, from outside; and runs that are tried out and repeated.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use estatus_tests::{Estatus, built, eventually};
use serde_json::{Value, json};

use crate::flows::{begin, ended, engine, show, step};

/// What a service was asked: the header by which it knows a request again, and the body.
type Asked = Arc<Mutex<Vec<(Option<String>, String)>>>;

/// A web service of ours. It answers at once, or never where it is silent.
struct Service {
    port: u16,
    asked: Asked,
    is_silent: Arc<AtomicBool>,
}

impl Service {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, is_silent) = (Asked::default(), Arc::new(AtomicBool::new(false)));
        let (note, silent) = (Arc::clone(&asked), Arc::clone(&is_silent));
        thread::spawn(move || {
            let mut unanswered = Vec::new();
            for visitor in listener.incoming().flatten() {
                if let Some(request) = taken(&visitor) {
                    note.lock().unwrap().push(request);
                }
                if silent.load(Ordering::Relaxed) {
                    unanswered.push(visitor);
                    continue;
                }
                let body = "{\"data\": {\"id\": 42}}";
                let length = body.len();
                let _ =
                    write!(&visitor, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
            }
        });
        Self { port, asked, is_silent }
    }

    fn asked(&self) -> Vec<(Option<String>, String)> {
        self.asked.lock().unwrap().clone()
    }
}

/// A request, as far as it is looked at here.
fn taken(visitor: &TcpStream) -> Option<(Option<String>, String)> {
    let mut reader = BufReader::new(visitor);
    let (mut key, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else {
            if line.trim().is_empty() {
                break;
            }
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "idempotency-key" => key = Some(value.trim().to_owned()),
            "content-length" => length = value.trim().parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((key, String::from_utf8(body).ok()?))
}

fn request(flow: &str, name: &str, port: u16, more: &str) -> String {
    format!("[[flow.{flow}.step]]\nname = \"{name}\"\nhttp = \"http://127.0.0.1:{port}/deploy\"\n{more}\n")
}

/// Waits until the step at `place` stands so.
fn stands(estatus: &Estatus, run: &str, place: usize, state: &str) -> Value {
    eventually(&format!("step {place} is {state}: {}", show(estatus, run)), || {
        let step = show(estatus, run)["steps"][place].clone();
        (step["state"] == state).then_some(step)
    })
}

/// What the shell has for the variable `name`.
fn variable(name: &str) -> String {
    if cfg!(windows) { format!("%{name}%") } else { format!("${name}") }
}

/// A line for the shell that fails with 4 as long as `file` is not there.
fn looking_for(file: &Path) -> String {
    let file = file.display();
    if cfg!(windows) {
        format!("echo looking & if not exist {file} exit 4")
    } else {
        format!("echo looking; test -e {file} || exit 4")
    }
}

/// What says one thing, and another once `file` is there.
fn until(file: &Path, first: &str, last: &str) -> String {
    format!("{} steps until {} {first} {last}", built("examples/estatus-child").display(), file.display())
}

/// As the engine calls whoever runs this.
fn own_name() -> String {
    let asked = if cfg!(windows) { Command::new("whoami").output() } else { Command::new("id").arg("-un").output() };
    let name = String::from_utf8(asked.unwrap().stdout).unwrap();
    // Where that is told, too, the machine comes first.
    name.trim().rsplit('\\').next().unwrap_or_default().to_owned()
}

#[test]
fn what_a_service_answers_is_there_for_later_steps() {
    let service = Service::start();
    let config = step("deploy", "build", "echo version 7", "")
        + &request(
            "deploy",
            "ask",
            service.port,
            "method = \"POST\"\nbody = \"deploy {{ steps.build.output }}\"\nsave = \"data.id\"",
        )
        + &step(
            "deploy",
            "note",
            &format!("echo got {} after {}", variable("ESTATUS_STEP_ASK_OUTPUT"), variable("ESTATUS_STEP_BUILD_EXIT")),
            "",
        );
    let estatus = engine(&config);
    let run = ended(&estatus, &begin(&estatus, "deploy"));
    assert_eq!((&run["state"], &run["steps"][1]["saved"]), (&json!("succeeded"), &json!("42")), "{run}");
    assert_eq!(run["steps"][2]["output"], json!(["got 42 after 0"]), "{run}");
    let asked = service.asked();
    assert_eq!((asked.len(), asked[0].1.as_str()), (1, "deploy version 7"));
    assert!(asked[0].0.is_some(), "{asked:?}");
}

#[test]
fn a_request_that_changes_something_is_sent_once_whoever_is_killed() {
    let service = Service::start();
    service.is_silent.store(true, Ordering::Relaxed);
    let mut estatus = engine(&request("deploy", "ask", service.port, "method = \"POST\"\ntimeout = \"30s\""));
    let run = begin(&estatus, "deploy");
    eventually("it is asked", || (service.asked().len() == 1).then_some(()));
    estatus.kill();
    service.is_silent.store(false, Ordering::Relaxed);
    estatus.start();
    let run = ended(&estatus, &run);
    assert_eq!((&run["state"], &run["steps"][0]["state"]), (&json!("crashed"), &json!("indeterminate")), "{run}");
    assert_eq!(service.asked().len(), 1);
}

#[test]
fn a_run_waits_for_a_person_whoever_is_killed_and_goes_on_as_that_one_says() {
    let config = "[[flow.release.step]]\nname = \"may we\"\napprove = \"Release now?\"\nwithin = \"1h\"\n".to_owned()
        + &step("release", "go", "echo gone", "");
    let mut estatus = engine(&config);
    let run = begin(&estatus, "release");
    let waits = stands(&estatus, &run, 0, "waiting_for_approval");
    assert_eq!(waits["question"]["text"], "Release now?", "{waits}");
    estatus.kill();
    estatus.start();
    assert_eq!(show(&estatus, &run)["state"], "waiting_for_approval");
    let listed = estatus.say(&["flow", "list"]);
    assert!(listed.out.contains("waiting for approval"), "{listed:?}");
    let approved = estatus.json(&["flow", "approve", &run]);
    assert_eq!(approved["run"].to_string(), run);
    let over = ended(&estatus, &run);
    assert_eq!(over["state"], "succeeded");
    let user = own_name();
    let answer = |said: &str| format!("{said} by {user} on the command line");
    assert_eq!(over["steps"][0]["why"], answer("approved"));
    let again = estatus.say(&["flow", "approve", &run]);
    assert!(again.code == 2 && again.err.contains(&run), "{again:?}");

    let run = begin(&estatus, "release");
    stands(&estatus, &run, 0, "waiting_for_approval");
    assert_eq!(estatus.json(&["flow", "deny", &run, "--step", "may we"])["run"].to_string(), run);
    let run = ended(&estatus, &run);
    assert!(run["state"] == "failed" && run["why"].as_str().unwrap().contains("denied"), "{run}");
    assert_eq!(run["steps"][0]["why"], answer("denied"));
}

#[test]
fn a_step_runs_another_flow_whoever_is_killed_and_tells_where_that_failed() {
    let folder = tempfile::tempdir().unwrap();
    let goes_on = folder.path().join("goes-on");
    let config = "[[flow.outer.step]]\nname = \"first\"\nflow = \"inner\"\n".to_owned()
        + &step("outer", "then", "echo then", "")
        + &step("inner", "slow", &until(&goes_on, "begins", "ends"), "")
        + "[[flow.ill.step]]\nname = \"first\"\nflow = \"broken\"\non_failure = { flow = \"call\" }\n"
        + &step("broken", "breaks", "exit 7", "")
        + &step("call", "calls", "echo called", "");
    let mut estatus = engine(&config);
    let run = begin(&estatus, "outer");
    stands(&estatus, &run, 0, "running");
    estatus.kill();
    estatus.start();
    fs::write(&goes_on, "").unwrap();
    let run = ended(&estatus, &run);
    assert_eq!(run["state"], "succeeded", "{run}");
    let inner = show(&estatus, &run["steps"][0]["run"].to_string());
    assert_eq!((&inner["flow"], &inner["state"]), (&json!("inner"), &json!("succeeded")), "{inner}");
    assert_eq!(estatus.json(&["flow", "runs", "inner"]).as_array().unwrap().len(), 1);

    let run = ended(&estatus, &begin(&estatus, "ill"));
    let why = run["why"].as_str().unwrap();
    assert!(run["state"] == "failed" && why.contains("“breaks”") && why.contains("exit code 7"), "{run}");
    let called = eventually("the other flow is run", || {
        let runs = estatus.json(&["flow", "runs", "call"]);
        (runs[0]["state"] == "succeeded").then(|| runs[0].clone())
    });
    assert!(called["cause"].as_str().unwrap().contains("failed"), "{called}");
}

#[test]
fn what_succeeded_is_taken_back_and_the_run_is_repeated_from_where_it_failed() {
    let folder = tempfile::tempdir().unwrap();
    let is_mended = folder.path().join("mended");
    let config = step("move", "first", "echo one", "")
        + &step("move", "second", "echo two", "undo = \"echo back to one\"")
        + &step("move", "third", &looking_for(&is_mended), "")
        + &step("move", "fourth", "echo four", "");
    let estatus = engine(&config);
    let failed = ended(&estatus, &begin(&estatus, "move"));
    assert_eq!((&failed["state"], &failed["failed"]), (&json!("failed"), &json!(2)), "{failed}");
    let undone = &failed["steps"][1]["undo"];
    assert_eq!((&undone["state"], &undone["output"]), (&json!("succeeded"), &json!(["back to one"])), "{failed}");
    let shown = estatus.say(&["flow", "show", &failed["run"].to_string()]);
    for words in ["exit code 4", "looking", "back to one", "--from"] {
        assert!(shown.out.contains(words), "“{words}” is not in {}", shown.out);
    }

    fs::write(&is_mended, "").unwrap();
    let begun = estatus.json(&["flow", "run", "move", "--from", "third"]);
    let run = ended(&estatus, &begun["run"].to_string());
    assert_eq!((&run["state"], &run["repeats"]), (&json!("succeeded"), &failed["run"]), "{run}");
    let kept: Vec<bool> =
        run["steps"].as_array().unwrap().iter().map(|step| step["kept"].as_bool().unwrap_or_default()).collect();
    assert_eq!(kept, [true, false, false, false], "what was taken back is done again: {run}");
}

#[test]
fn a_run_is_tried_out_without_being_done() {
    let folder = tempfile::tempdir().unwrap();
    let done = folder.path().join("done");
    let config = step("work", "does", &format!("echo done > {}", done.display()), "undo = \"echo undone\"")
        + "[[flow.work.step]]\nname = \"gone\"\nrun = [\"no-such-program-anywhere\"]\n"
        + &step("well", "does", "echo well", "");
    let estatus = engine(&config);
    let tried = estatus.say(&["flow", "run", "work", "--dry-run"]);
    assert!(tried.code == 1 && tried.out.contains("no-such-program-anywhere"), "{tried:?}");
    let plan = estatus.json(&["flow", "run", "work", "--dry-run"]);
    assert_eq!((&plan["well"], plan["steps"].as_array().unwrap().len()), (&json!(false), 2), "{plan}");
    assert_eq!(estatus.say(&["flow", "run", "well", "--dry-run"]).code, 0);
    assert_eq!(estatus.json(&["flow", "runs"]), json!([]));
    assert!(!done.exists());
}

#[test]
fn what_a_step_writes_is_read_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let goes_on = folder.path().join("goes-on");
    let estatus = engine(&step("work", "talks", &until(&goes_on, "first", "last"), ""));
    let earlier = begin(&estatus, "work");
    fs::write(&goes_on, "").unwrap();
    ended(&estatus, &earlier);
    fs::remove_file(&goes_on).unwrap();

    let run = begin(&estatus, "work");
    eventually("its first line is there", || {
        let log = estatus.say(&["flow", "log", &run, "talks"]);
        log.out.contains("first").then_some(())
    });
    fs::write(&goes_on, "").unwrap();
    ended(&estatus, &run);
    let log = estatus.say(&["flow", "log", &run, "talks"]);
    assert_eq!((log.out.matches("first").count(), log.out.matches("last").count()), (1, 1), "{log:?}");
}
