//! What the window asks of the engine, over the same connection that it listens on.

use std::{sync::Arc, time::Duration};

use estatus_api::{Adoptable, Client, Edit, Edited, Event, LogFrom, LogStream, Reply, Request, Said, Section, StepOf};
use estatus_core::{
    engine::Ask,
    ids::RunId,
    program::{ProcessId, ProgramState},
};
use estatus_tests::{BOUND, Estatus, eventually};
use jiff::Timestamp;
use serde_json::json;

/// With a program that counts; see the tests of the program room.
fn config() -> String {
    format!(
        "# mine\n[network]\nreference = []\n[[program]]\nname = \"clock\"   # ticks\n\
         command = ['{}', 'tag-{}', 'count', '{}']\n",
        estatus_tests::built("examples/estatus-child").display(),
        std::process::id(),
        estatus_tests::free_port()
    )
}

async fn asked(client: &mut Client, request: Request) -> Reply {
    client.request(request).await.unwrap()
}

/// What listens on `port`; see the tests of the program room.
fn listening(port: u16) -> [String; 4] {
    let child = estatus_tests::built("examples/estatus-child").to_str().unwrap().to_owned();
    [child, format!("tag-{}", std::process::id()), "port".to_owned(), port.to_string()]
}

/// Waits for the event from which `wanted` takes something.
async fn heard<T>(client: &mut Client, wanted: impl Fn(&Event) -> Option<T>) -> T {
    let waiting = async {
        loop {
            if let Said::Event(event) = client.hear().await.unwrap()
                && let Some(found) = wanted(&event)
            {
                return found;
            }
        }
    };
    tokio::time::timeout(BOUND, waiting).await.expect("it is told")
}

/// Whether an edit was saved, so that it can be undone.
fn is_saved(reply: &Reply) -> bool {
    matches!(reply, Reply::Edited(Edited { problems, version: Some(_) }) if problems.is_empty())
}

#[tokio::test]
async fn the_file_is_edited_with_its_comments_kept_and_is_in_force_at_once() {
    let config = config();
    let mut estatus = Estatus::new(&config);
    estatus.start();
    let mut client = estatus.attach().await;
    let page = |port: u32| Edit::Put {
        section: Section::Monitor,
        name: None,
        table: json!({ "name": "port", "tcp": format!("127.0.0.1:{port}") }),
        called: None,
    };
    let wrong = Request::Edit { edits: vec![page(99_999)], save: true };
    let Reply::Edited(Edited { problems, version: None }) = asked(&mut client, wrong).await else {
        panic!("not edited")
    };
    assert_eq!(problems[0].path, ["monitor", "0", "tcp"]);
    assert_eq!(std::fs::read_to_string(estatus.config()).unwrap(), config);

    let right = Request::Edit { edits: vec![page(9)], save: true };
    let id = client.ask(right).await.unwrap();
    let mut answered = false;
    let mut there = false;
    while !(answered && there) {
        match tokio::time::timeout(BOUND, client.hear()).await.expect("it is told").unwrap() {
            Said::Answer { id: of, result } => answered = of == id && result.is_ok_and(|reply| is_saved(&reply)),
            Said::Event(event) => there |= matches!(&*event, Event::Monitor(monitor) if &*monitor.name == "port"),
        }
    }
    let text = std::fs::read_to_string(estatus.config()).unwrap();
    assert!(text.starts_with("# mine\n") && text.contains("# ticks"), "{text}");
    let Reply::Configuration(shown) = asked(&mut client, Request::Configuration).await else { panic!("not shown") };
    assert_eq!(shown.tables["monitor"][0]["tcp"], "127.0.0.1:9");
}

#[tokio::test]
async fn what_a_program_writes_and_uses_is_told_to_those_who_follow_it() {
    let mut estatus = Estatus::new(&config());
    estatus.start();
    estatus.wait_for_process("clock", None);
    let (mut follows, mut other) = (estatus.attach().await, estatus.attach().await);
    let follow = Request::Follow { log_of: Some("clock".to_owned()), step: None, usage: true };
    assert_eq!(asked(&mut follows, follow).await, Reply::Done);
    let line = heard(&mut follows, |event| match event {
        Event::Log { program, lines } if &**program == "clock" => lines.first().cloned(),
        _ => None,
    });
    let line = line.await;
    assert_eq!(line.stream, Some(LogStream::Out));
    assert!(line.text.parse::<u32>().is_ok(), "{line:?}");
    let usage =
        heard(&mut follows, |event| if let Event::Usage(usage) = event { usage.first().cloned() } else { None });
    let usage = usage.await;
    assert_eq!(usage.program, Arc::from("clock"));
    assert!(usage.memory > 100_000, "{usage:?}");
    let Reply::Log(last) = asked(&mut other, Request::Log { program: "clock".to_owned(), lines: 2 }).await else {
        panic!("no log")
    };
    assert!(!last.is_empty() && last.iter().all(|line| line.text.parse::<u32>().is_ok()));
    let place = last[0].place.expect("a line of a log has its place");
    let found = |from, text: &str| Request::ReadLog {
        program: "clock".to_owned(),
        from,
        text: text.to_owned(),
        stream: Some(LogStream::Out),
        limit: 10_000,
    };
    let Reply::LogPage(after) = asked(&mut other, found(LogFrom::After(place), "")).await else { panic!("no page") };
    let Reply::LogPage(before) = asked(&mut other, found(LogFrom::Before(place), "")).await else { panic!("no page") };
    let Reply::LogPage(same) = asked(&mut other, found(LogFrom::End, &last[0].text)).await else { panic!("no page") };
    assert!(after.lines.iter().chain(&before.lines).all(|line| line.place != Some(place)));
    assert!(same.lines.contains(&last[0]) && same.rest.is_none(), "{same:?}");

    assert_eq!(asked(&mut follows, Request::Follow { log_of: None, step: None, usage: false }).await, Reply::Done);
    for client in [&mut follows, &mut other] {
        let quiet = async {
            loop {
                let said = client.hear().await.unwrap();
                let private =
                    matches!(&said, Said::Event(event) if matches!(**event, Event::Log { .. } | Event::Usage(_)));
                assert!(!private, "{said:?}");
            }
        };
        assert!(tokio::time::timeout(Duration::from_millis(300), quiet).await.is_err());
    }
}

#[tokio::test]
async fn a_flow_is_planned_and_what_its_step_writes_is_told_run_by_run_to_those_who_follow_it() {
    let child = estatus_tests::built("examples/estatus-child").to_str().unwrap().to_owned();
    let counts = json!([child, format!("tag-{}", std::process::id()), "count", estatus_tests::free_port().to_string()]);
    let mut estatus = Estatus::new(&format!(
        "[network]\nreference = []\n[[flow.work.step]]\nname = \"say\"\nrun = \"echo hello\"\n\
         [[flow.work.step]]\nname = \"count\"\nrun = {counts}\n\
         env = {{ ESTATUS_STATE_DIR = '{}' }}\n\
         [[flow.work.step]]\nname = \"never\"\nrun = [\"no-such-program\"]\n",
        std::env::temp_dir().display()
    ));
    estatus.start();
    let (mut client, mut follows) = (estatus.attach().await, estatus.attach().await);
    let Reply::Plan(plan) = asked(&mut client, Request::Plan { flow: "work".to_owned() }).await else {
        panic!("no plan")
    };
    let found: Vec<Vec<bool>> =
        plan.steps.iter().map(|step| step.findings.iter().map(|finding| finding.well).collect()).collect();
    assert_eq!((plan.well, found), (false, vec![vec![], vec![true], vec![false]]), "{plan:?}");
    assert_eq!(plan.steps[0].if_it_fails, ["the run fails", "these steps are skipped: count, never"]);

    for _ in 0..2 {
        let begun = asked(&mut client, Request::Do(Ask::RunFlow { flow: "work".to_owned() })).await;
        let Reply::Begun(run) = begun else { panic!("{begun:?}") };
        let counting = StepOf { run, place: 1 };
        let follow = Request::Follow { log_of: None, step: Some(counting), usage: false };
        assert_eq!(asked(&mut follows, follow).await, Reply::Done);
        let line = heard(&mut follows, |event| match event {
            // It counts faster than anybody reads, and that is said, too.
            Event::StepLog { of, lines } if *of == counting => lines.iter().find(|line| line.stream.is_some()).cloned(),
            _ => None,
        });
        assert!(line.await.text.parse::<u32>().is_ok());
        assert_eq!(asked(&mut client, Request::Do(Ask::CancelRun { run })).await, Reply::Done);
        // It counts from 1 in each run, and what it wrote in the other stands in the same log.
        let log = written(&mut client, run, counting).await;
        let numbers: Vec<u32> = log.iter().map(|text| text.parse().unwrap()).collect();
        assert!(numbers.len() > 1 && numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{numbers:?}");
        let said = asked(&mut client, Request::StepLog { of: StepOf { run, place: 0 }, lines: 9 }).await;
        let Reply::Log(said) = said else { panic!("{said:?}") };
        assert_eq!(said.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["hello"]);
    }
}

/// Waits for the end of a run, and reads what a step of it wrote.
async fn written(client: &mut Client, run: RunId, of: StepOf) -> Vec<String> {
    let over = async {
        loop {
            let Reply::Run(status) = asked(client, Request::Run { run }).await else { panic!("no run") };
            if status.summary.state.is_over() {
                return;
            }
        }
    };
    tokio::time::timeout(BOUND, over).await.expect("it is over");
    let Reply::Log(lines) = asked(client, Request::StepLog { of, lines: 10_000 }).await else { panic!("no log") };
    lines.into_iter().map(|line| line.text).collect()
}

#[tokio::test]
async fn what_listens_on_this_machine_is_told_with_the_program_it_belongs_to() {
    let port = estatus_tests::free_port();
    let words = listening(port);
    let mut estatus = Estatus::new(&format!(
        "[network]\nreference = []\n[[program]]\nname = \"pages\"\ncommand = {}\nready = {{ tcp = \"127.0.0.1:{port}\" }}\n",
        json!(words)
    ));
    estatus.start();
    let pid = estatus.wait_for_process("pages", None);
    let mut client = estatus.attach().await;
    let Reply::Survey(found) = asked(&mut client, Request::Survey).await else { panic!("no survey") };
    let pages = found.iter().find(|it| it.ports == [port]).expect("it is found");
    assert_eq!((u64::from(pages.process.pid), pages.program.as_deref()), (pid, Some("pages")));
    assert_eq!(pages.words, words);
    assert!(pages.directory.is_some());
}

/// As the window does it by one click.
#[tokio::test]
async fn a_process_that_runs_becomes_a_program_and_is_kept_without_a_second_copy() {
    let mut estatus = Estatus::new("[network]\nreference = []\n");
    estatus.start();
    let mut client = estatus.attach().await;
    let port = estatus_tests::free_port();
    let words = listening(port);
    let mut server = std::process::Command::new(&words[0])
        .args(&words[1..])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    eventually("it listens", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
    let Reply::Survey(found) = asked(&mut client, Request::Survey).await else { panic!("no survey") };
    let process = found.iter().find(|it| it.ports == [port]).expect("it is found").process;
    assert_eq!(process.pid, server.id());
    let adoptable = asked(&mut client, Request::Adoptable { process }).await;
    assert_eq!(adoptable, Reply::Adoptable(Adoptable { can_be_asked: Some(true) }));
    let gone = Request::Adoptable { process: ProcessId { started: process.started + 1, ..process } };
    assert_eq!(asked(&mut client, gone).await, Reply::Adoptable(Adoptable { can_be_asked: None }));

    let put = |name: Option<&str>, table| Edit::Put {
        section: Section::Program,
        name: name.map(str::to_owned),
        table,
        called: None,
    };
    let waits = json!({ "name": "pages", "command": words, "enabled": false });
    let edits = vec![put(None, waits)];
    assert!(is_saved(&asked(&mut client, Request::Edit { edits, save: true }).await));
    let pages = |state: &str| estatus.program("pages").filter(|pages| pages["state"] == state);
    eventually("it is a program", || pages("stopped"));
    let adopt = Ask::AdoptProgram { program: "pages".to_owned(), process };
    assert_eq!(asked(&mut client, Request::Do(adopt)).await, Reply::Done);
    assert_eq!(eventually("it is taken over", || pages("running"))["pid"], server.id());
    let edits = vec![put(Some("pages"), json!({ "name": "pages", "command": words }))];
    assert!(is_saved(&asked(&mut client, Request::Edit { edits, save: true }).await));
    assert!(!std::fs::read_to_string(estatus.config()).unwrap().contains("enabled"));

    server.kill().unwrap();
    server.wait().unwrap();
    let new = estatus.wait_for_process("pages", Some(u64::from(process.pid)));
    assert_ne!(new, u64::from(process.pid));
    eventually("it listens again", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
    let past = Request::ProgramHistory { program: "pages".to_owned(), since: Timestamp::UNIX_EPOCH, limit: 100 };
    let Reply::ProgramHistory(past) = asked(&mut client, past).await else { panic!("no history") };
    let starts = past.iter().filter(|change| change.to == ProgramState::Starting).count();
    assert_eq!(starts, 2, "it was taken over, and started once: {past:#?}");
}

#[tokio::test]
async fn causes_are_told_in_the_language_of_the_configuration_and_anew_when_that_changes() {
    let config = |language: &str| {
        format!(
            "language = \"{language}\"\n[alerts]\ngrace = \"0s\"\n[network]\nreference = []\n\
             [[monitor]]\nname = \"port\"\ntcp = \"127.0.0.1:{}\"\nevery = \"1h\"\n",
            estatus_tests::free_port()
        )
    };
    let spanish = config("es");
    let mut estatus = Estatus::new(&spanish);
    estatus.start();
    estatus.wait_for("port", "down");
    let mut client = estatus.attach().await;
    let first = client.hello().snapshot.clone();
    assert!(first.monitors[0].last.as_ref().unwrap().detail.contains("rechazada"), "{first:#?}");
    assert!(first.incidents[0].cause.contains("rechazada"), "{first:#?}");
    estatus.configure(&spanish.replace("\"es\"", "\"en\""));
    let incident = heard(&mut client, |event| match event {
        Event::Incident(incident) => Some(incident.cause.clone()),
        _ => None,
    });
    assert!(incident.await.contains("refused"));
    let Reply::Incidents(told) = asked(&mut client, Request::Incidents { monitor: None, since: None, limit: 1 }).await
    else {
        panic!("no incidents")
    };
    assert!(told[0].cause.contains("refused"), "{told:?}");
}
