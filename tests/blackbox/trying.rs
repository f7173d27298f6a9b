//! What is tried before it is saved, as the window asks for it.

use std::{fs, path::Path, sync::Arc, time::Duration};

use estatus_api::{Client, Edit, ErrorCode, Event, LogLine, Reply, Request, Said, Section, TrialOf, Tried};
use estatus_core::observation::{Phase, Verdict};
use estatus_tests::{BOUND, Estatus, Site, eventually, free_port, is_alive};
use serde_json::{Value, json};
use tokio::time::timeout;

fn put(section: Section, name: Option<&str>, table: Value) -> Vec<Edit> {
    vec![Edit::Put { section, name: name.map(str::to_owned), table, called: None }]
}

fn program(name: &str, command: &str) -> Vec<Edit> {
    put(Section::Program, None, json!({ "name": name, "command": command }))
}

fn request(edits: Vec<Edit>, of: TrialOf) -> Request {
    Request::Try { edits, of, secrets: Vec::new() }
}

fn web() -> TrialOf {
    TrialOf::Program("web".to_owned())
}

async fn tried(client: &mut Client, edits: Vec<Edit>, of: TrialOf) -> Tried {
    let reply = timeout(BOUND, client.request(request(edits, of))).await.expect("it is answered");
    let Ok(Reply::Tried(tried)) = reply else { panic!("{reply:?}") };
    tried
}

/// Waits for lines of the trial until `is_so`.
async fn written(client: &mut Client, is_so: impl Fn(&[LogLine]) -> bool) {
    let mut all = Vec::new();
    let heard = async {
        while !is_so(&all) {
            if let Event::TrialLog { of, lines } = &*client.event().await.unwrap() {
                assert_eq!(*of, web());
                all.extend(lines.iter().cloned());
            }
        }
    };
    timeout(BOUND, heard).await.expect("it is written");
}

/// What is told first of the trial.
async fn first_of_trial(client: &mut Client) -> Arc<Event> {
    let heard = async {
        loop {
            let event = client.event().await.unwrap();
            if matches!(&*event, Event::TrialUnready { .. } | Event::TrialLog { .. }) {
                return event;
            }
        }
    };
    timeout(BOUND, heard).await.expect("something is told")
}

/// The answer to the request of this number.
async fn answered(client: &mut Client, id: u64) -> Tried {
    let heard = async {
        loop {
            match client.hear().await.unwrap() {
                Said::Answer { id: of, result } if of == id => return result,
                _ => {}
            }
        }
    };
    let result = timeout(BOUND, heard).await.expect("it is answered");
    let Ok(Reply::Tried(tried)) = result else { panic!("{result:?}") };
    tried
}

/// A program that notes its pid and that of its child in `notes`, and never ends.
fn endless(notes: &Path) -> String {
    format!("sleep 600 & echo $! >> '{0}'; echo $$ >> '{0}'; echo up; wait", notes.display())
}

/// The processes that have noted themselves.
fn noted(notes: &Path) -> Vec<u64> {
    let text = fs::read_to_string(notes).unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok()).collect()
}

fn all_gone(notes: &Path) {
    let all = noted(notes);
    assert!(!all.is_empty(), "nothing was started");
    eventually("nothing of it is left", || all.iter().all(|pid| !is_alive(*pid)).then_some(()));
}

#[tokio::test]
async fn a_monitor_is_probed_as_it_is_typed_and_nothing_comes_of_it() {
    let site = Site::start();
    let mut estatus = Estatus::new("[network]\nreference = []\n");
    estatus.start();
    let mut client = estatus.attach().await;
    let before = fs::read_to_string(estatus.config()).unwrap();
    let monitor = |table: Value| (put(Section::Monitor, None, table), TrialOf::Monitor("page".to_owned()));

    let (edits, of) = monitor(json!({ "name": "page", "http": site.url(), "every": "1h" }));
    let up = tried(&mut client, edits, of).await;
    let seen = up.seen.expect("what was seen");
    assert_eq!((up.verdict, seen.verdict), (Verdict::Up, Verdict::Up));
    assert!(seen.phases_ms.iter().any(|(phase, _)| *phase == Phase::FirstByte), "{:?}", seen.phases_ms);

    let (edits, of) = monitor(json!({ "name": "page", "tcp": format!("127.0.0.1:{}", free_port()) }));
    let down = tried(&mut client, edits, of).await;
    assert_eq!((down.verdict, down.seen.unwrap().failed_in), (Verdict::Down, Some(Phase::Connect)));

    let (edits, of) = monitor(json!({ "name": "page", "tcp": "no port" }));
    let Ok(Reply::Edited(edited)) = client.request(request(edits, of)).await else { panic!("it is tried") };
    assert_eq!(edited.problems[0].path, ["monitor", "0", "tcp"]);

    assert_eq!(fs::read_to_string(estatus.config()).unwrap(), before);
    assert_eq!(estatus.monitor("page"), None);
    assert!(estatus.json(&["incidents"]).as_array().is_some_and(Vec::is_empty));
}

#[tokio::test]
async fn a_program_is_started_in_the_open_and_all_of_it_is_gone_when_that_is_told() {
    let mut estatus = Estatus::new("[network]\nreference = []\n");
    estatus.start();
    let notes = estatus.data().join("notes");
    let mut client = estatus.attach().await;

    let id = client.ask(request(program("web", &endless(&notes)), web())).await.unwrap();
    written(&mut client, |lines| lines.iter().any(|line| line.text == "up")).await;
    // The client may have other things done meanwhile.
    let refused = client.request(request(program("web", "true"), web())).await.unwrap_err();
    assert!(refused.code == ErrorCode::Wrong && refused.message.contains("already being tried"), "{refused:?}");
    client.ask(Request::EndTrial { of: web() }).await.unwrap();
    let went = answered(&mut client, id).await;
    assert_eq!(went.verdict, Verdict::Up);
    assert!(went.text.contains("until you stopped it. It has been stopped again"), "{}", went.text);
    assert!(went.lines.iter().any(|line| line.text == "up"), "{:?}", went.lines);
    assert!(noted(&notes).iter().all(|pid| !is_alive(*pid)), "{:?}", noted(&notes));

    let ended = tried(&mut client, program("web", "echo broken >&2; exit 3"), web()).await;
    assert_eq!(ended.verdict, Verdict::Down);
    assert!(ended.text.contains("exit code 3") && ended.text.contains("would restart it"), "{}", ended.text);
    assert_eq!(ended.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["broken"]);

    let port = free_port();
    let serves = format!("exec python3 -m http.server --bind 127.0.0.1 {port}");
    let table = json!({ "name": "web", "command": serves, "ready": { "tcp": format!("127.0.0.1:{port}") } });
    let ready = tried(&mut client, put(Section::Program, None, table), web()).await;
    assert_eq!(ready.verdict, Verdict::Up);
    assert!(ready.text.starts_with("It was ready after"), "{}", ready.text);

    assert_eq!(estatus.program("web"), None);
    eventually("no file is left", || {
        fs::read_dir(estatus.data().join("trials")).unwrap().next().is_none().then_some(())
    });
}

#[tokio::test]
async fn a_program_that_is_tried_ends_with_its_client_and_with_an_engine_that_is_killed() {
    for kills in [false, true] {
        let mut estatus = Estatus::new("[network]\nreference = []\n");
        estatus.start();
        let notes = estatus.data().join("notes");
        let mut client = estatus.attach().await;
        client.ask(request(program("web", &endless(&notes)), web())).await.unwrap();
        written(&mut client, |lines| lines.iter().any(|line| line.text == "up")).await;
        if kills {
            estatus.kill();
        } else {
            drop(client);
        }
        all_gone(&notes);
    }
}

#[tokio::test]
async fn there_is_never_a_second_copy_of_a_program_that_is_tried() {
    let mut estatus = Estatus::new("[network]\nreference = []\n");
    estatus.start();
    let mut client = estatus.attach().await;
    let (taken, twice) = (estatus.data().join("taken"), estatus.data().join("twice"));
    // It takes a while to end, and says when it is not alone.
    let alone = format!(
        "mkdir '{0}' || touch '{1}'; trap 'sleep 0.5; rmdir \"{0}\"; exit 0' TERM; echo up; while :; do sleep 0.05; done",
        taken.display(),
        twice.display()
    );
    let id = client.ask(request(program("web", &alone), web())).await.unwrap();
    written(&mut client, |lines| lines.iter().any(|line| line.text == "up")).await;

    // It is saved meanwhile: its first start ends the trial, and waits for that.
    let mut other = estatus.attach().await;
    let save = Request::Edit { edits: program("web", &alone), save: true };
    assert!(matches!(other.request(save).await, Ok(Reply::Edited(edited)) if edited.problems.is_empty()));
    let went = answered(&mut client, id).await;
    assert!(went.text.contains("starts the saved program itself"), "{}", went.text);
    estatus.wait_for_process("web", None);
    assert!(!twice.exists(), "two ran at once");

    // What runs is not tried, under another name neither.
    for name in ["web", "site"] {
        let edits = put(Section::Program, Some("web"), json!({ "name": name, "command": alone }));
        let of = TrialOf::Program(name.to_owned());
        let refused = other.request(request(edits, of)).await.unwrap_err();
        assert!(refused.message.contains("“web” is not stopped (running)"), "{refused:?}");
    }
    assert_eq!(estatus.say(&["stop", "web"]).code, 0);
    eventually("it is stopped", || estatus.program("web").filter(|program| program["state"] == "stopped"));
    let id = other.ask(request(Vec::new(), web())).await.unwrap();
    written(&mut other, |lines| lines.iter().any(|line| line.text == "up")).await;
    assert_eq!(estatus.say(&["start", "web"]).code, 0);
    answered(&mut other, id).await;
    estatus.wait_for_process("web", None);
    assert!(!twice.exists(), "two ran at once");
}

#[tokio::test]
async fn a_program_is_tried_all_the_same_where_what_it_starts_after_does_not_run_and_that_is_said_first() {
    let mut estatus = Estatus::new(
        "[network]\nreference = []\n[[program]]\nname = \"db\"\ncommand = \"sleep 600\"\nenabled = false\n",
    );
    estatus.start();
    let mut client = estatus.attach().await;
    let edits = || {
        let table = json!({ "name": "web", "command": "echo up; sleep 600", "start_after": ["db"] });
        put(Section::Program, None, table)
    };
    let id = client.ask(request(edits(), web())).await.unwrap();
    let first = first_of_trial(&mut client).await;
    assert!(matches!(&*first, Event::TrialUnready { unready, .. } if *unready == [Arc::from("db")]), "{first:?}");
    written(&mut client, |lines| lines.iter().any(|line| line.text == "up")).await;
    client.ask(Request::EndTrial { of: web() }).await.unwrap();
    assert_eq!(answered(&mut client, id).await.verdict, Verdict::Up);

    assert_eq!(estatus.say(&["start", "db"]).code, 0);
    let id = client.ask(request(edits(), web())).await.unwrap();
    let first = first_of_trial(&mut client).await;
    assert!(matches!(&*first, Event::TrialLog { .. }), "{first:?}");
    client.ask(Request::EndTrial { of: web() }).await.unwrap();
    assert_eq!(answered(&mut client, id).await.verdict, Verdict::Up);
}

#[tokio::test]
async fn a_command_that_tells_is_tried_with_what_is_typed() {
    let mut estatus = Estatus::new("[network]\nreference = []\n");
    estatus.start();
    let mut client = estatus.attach().await;
    let told = estatus.data().join("told");
    let channel = |command: String| {
        let (section, table) = (Section::Channel, json!({ "command": command }));
        vec![Edit::Put { section, name: None, table, called: Some("desk".to_owned()) }]
    };
    let of = || TrialOf::Channel("desk".to_owned());
    let took = tried(&mut client, channel(format!("echo \"$ESTATUS_NEWS\" > '{}'", told.display())), of()).await;
    assert_eq!((took.verdict, fs::read_to_string(&told).unwrap().as_str()), (Verdict::Up, "test\n"));
    let refused = tried(&mut client, channel("echo no paper >&2; exit 4".to_owned()), of()).await;
    assert_eq!(refused.verdict, Verdict::Down);
    assert!(refused.text.contains("no paper"), "{}", refused.text);

    // Whoever gives up a trial is answered all the same, and so is everybody else meanwhile.
    let id = client.ask(request(channel("sleep 600".to_owned()), of())).await.unwrap();
    assert!(matches!(client.request(Request::Status).await, Ok(Reply::Status(_))));
    client.ask(Request::EndTrial { of: of() }).await.unwrap();
    let answer = timeout(Duration::from_secs(30), async {
        loop {
            if let Said::Answer { id: of, result } = client.hear().await.unwrap()
                && of == id
            {
                return result;
            }
        }
    });
    assert_eq!(answer.await.expect("it is answered").unwrap_err().code, ErrorCode::Failed);
}
