//! Commands.

use estatus_core::{
    command::{CommandLine, Run},
    fleet::command::ProviderErrorKind as Kind,
};

use super::*;

/// What was found in the environments of all that ran, and in the token file.
type Seen = Arc<Mutex<Vec<(String, BTreeMap<String, String>, Option<String>)>>>;

fn scene(answer: impl Fn(&str) -> CommandOutcome + Send + Sync + 'static) -> (Estatus, Seen, TempDir) {
    let (seen, data) = (Seen::default(), tempfile::tempdir().unwrap());
    let line = |name: &str| CommandLine::new(Run::Shell(name.to_owned()));
    let provider = Provider::Command(CommandProvider {
        create: line("create"),
        list: line("list"),
        terminate: line("terminate"),
        timeout: Duration::from_secs(7),
    });
    let shared = Arc::clone(&seen);
    let runs: Runs = Box::new(move |run| {
        assert_eq!((run.timeout, &run.stdin), (Duration::from_secs(7), &None));
        let env: BTreeMap<String, String> = run.env.iter().cloned().collect();
        let token = env.get("ESTATUS_TOKEN_FILE").map(|file| std::fs::read_to_string(file).unwrap());
        let name = run.command.to_string();
        shared.lock().unwrap().push((name.clone(), env, token));
        answer(&name)
    });
    (Estatus::start(data.path(), quick(), &[], provider, runs), seen, data)
}

fn prints(text: &'static str) -> impl Fn(&str) -> CommandOutcome {
    move |_| outcome(CommandEnd::Exited(0), text)
}

#[tokio::test]
async fn a_command_finds_what_it_needs_and_the_token_in_a_file_of_its_own() {
    let (mut estatus, seen, data) = scene(prints(" {\"id\": \"c0ffee\", \"more\": 1}\n"));
    estatus.launch("web-1");
    assert_eq!(estatus.launched().await, "c0ffee");
    let (name, env, token) = seen.lock().unwrap().remove(0);
    let known = |name: &str| env[name].as_str();
    assert_eq!((name.as_str(), known("ESTATUS_FLEET"), known("ESTATUS_INSTANCE")), ("create", "web", "web-1"));
    assert_eq!(known("ESTATUS_SERVER"), "estatus.example:50051");
    let (token, file) = (token.unwrap(), Path::new(known("ESTATUS_TOKEN_FILE")));
    assert!(token.starts_with("single-use-") && file.starts_with(data.path()) && !file.exists());
    assert!(!env.values().any(|value| value.contains(&token)));
}

#[tokio::test]
async fn what_there_is_and_what_is_to_go_is_known_by_id_and_name() {
    let (mut estatus, seen, _data) = scene(|name| match name {
        "list" => outcome(
            CommandEnd::Exited(0),
            r#"[{"id": 17, "name": "web-1"}, {"id": "b", "name": "web-2", "outdated": true}, {"id": "c"}]"#,
        ),
        _ => outcome(CommandEnd::Exited(0), "whatever"),
    });
    let (_, listed) = estatus.list().await;
    let one = |id: &str, name: Option<&str>, outdated| Listed {
        id: id.to_owned(),
        name: name.map(Into::into),
        lives: true,
        outdated,
    };
    assert_eq!(listed, [one("17", Some("web-1"), false), one("b", Some("web-2"), true), one("c", None, false)]);
    seen.lock().unwrap().clear();

    for (instance, id, expected) in [
        ("web-9", Some("z"), vec![("terminate", "z")]),
        ("web-1", None, vec![("list", ""), ("terminate", "17")]),
        ("web-8", None, vec![("list", "")]),
    ] {
        estatus.terminate(instance, id);
        assert_eq!(estatus.next().await, FleetEvent::Terminated { instance: instance.into(), why: None });
        let ran = std::mem::take(&mut *seen.lock().unwrap());
        let ran: Vec<_> = ran
            .iter()
            .map(|(name, env, _)| (name.as_str(), env.get("ESTATUS_INSTANCE_ID").map_or("", String::as_str)))
            .collect();
        assert_eq!(ran, expected);
    }
}

#[tokio::test]
async fn each_way_to_fail_is_told() {
    #[track_caller]
    fn check(outcome: CommandOutcome, kind: Kind, perhaps_done: bool, says: &str) -> impl Future<Output = ()> {
        let says = says.to_owned();
        async move {
            let (mut estatus, _, _data) = scene(move |_| outcome.clone());
            estatus.launch("web-1");
            let error = estatus.undone().await;
            assert_eq!((error.kind, error.perhaps_done), (kind, perhaps_done), "{error:?}");
            assert!(error.error.contains(&says), "{error:?}");
        }
    }
    let failed =
        |code, stderr: &str| CommandOutcome { stderr: stderr.to_owned(), ..outcome(CommandEnd::Exited(code), "") };
    check(failed(1, "no\nquota"), Kind::Other, true, "create exited with code 1 (no quota)").await;
    let knows = outcome(CommandEnd::Exited(1), r#"{"error": "no\nroom", "kind": "capacity"}"#);
    check(knows, Kind::Capacity, false, "no room").await;
    check(outcome(CommandEnd::Exited(3), r#"{"error": "no"}"#), Kind::Other, false, "no").await;
    check(outcome(CommandEnd::Exited(0), ""), Kind::Configuration, true, "something else than expected").await;
    check(outcome(CommandEnd::Exited(0), "launched!"), Kind::Configuration, true, "launched!").await;
    check(outcome(CommandEnd::Exited(0), r#"{"id": " "}"#), Kind::Configuration, true, "id").await;
    check(outcome(CommandEnd::TimedOut { left: vec![] }, ""), Kind::Unreachable, true, "did not finish within 7.0 s")
        .await;
    check(outcome(CommandEnd::Signaled(9), ""), Kind::Other, true, "signal 9").await;
    check(outcome(CommandEnd::Unseen, ""), Kind::Other, true, "not known how").await;
    let missing = outcome(CommandEnd::CannotStart("there is no such program".to_owned()), "");
    check(missing, Kind::Configuration, false, "there is no such program").await;
}

#[tokio::test]
async fn a_token_that_a_command_prints_is_not_told() {
    let (mut estatus, seen, _data) = scene(|_| outcome(CommandEnd::Exited(0), "not JSON"));
    estatus.launch("web-1");
    estatus.undone().await;
    let token = seen.lock().unwrap()[0].2.clone().unwrap();
    let echo = token.clone();
    let (mut estatus, _, _data) =
        scene(move |_| CommandOutcome { stderr: format!("+ enrol {echo}"), ..outcome(CommandEnd::Exited(1), "") });
    let words = Words::new(Language::English, TimeZone::UTC);
    let known = Enrolment { token: Secret::new(token.clone()), server: String::new() };
    let launch = FleetCommand::Launch { instance: "web-1".into(), attempt: 0 };
    estatus.providers.carry_out(&Arc::clone(&estatus.fleet), launch, Some(known), &words);
    let error = estatus.undone().await.error;
    assert!(error.contains("+ enrol ***") && !error.contains(&token), "{error}");
}

#[tokio::test]
async fn what_fails_in_itself_is_told_too() {
    let (mut estatus, _, _data) = scene(|_| panic!("a mistake of ours"));
    estatus.launch("web-1");
    assert_eq!(estatus.undone().await.error, "this failed because of an error in Estatus: please report this");
    estatus.carry_out(FleetCommand::List);
    estatus.undone().await;
}
