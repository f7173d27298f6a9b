//! What clients ask of flows and their runs.

use estatus_api::{LogLine, StepOf};
use estatus_core::{engine::Repeat, ids::RunId};
use estatus_program::command_folder;

use super::*;

/// What a command writes: whose run it is, and a secret.
pub(super) fn write_log(data: &Path, command: &DurableCommand) {
    let Some((_, run)) = command.env.iter().find(|(name, _)| name == "ESTATUS_RUN") else { return };
    let log = command_folder(data, &command.owner).join("log");
    fs::create_dir_all(&log).unwrap();
    let before = fs::read_to_string(log.join("current.log")).unwrap_or_default();
    let written = format!("{before}{:.3} O run {run} has hunter2\n", Timestamp::now());
    fs::write(log.join("current.log"), written).unwrap();
}

/// A step of the flow `mend`.
fn step(name: &str) -> String {
    format!("[[flow.mend.step]]\nname = \"{name}\"\nrun = \"do {name}\"\n")
}

/// Has the flow `mend` run, up to a command that waits to be released.
async fn runs(stage: &Stage, client: &mut Client) -> RunId {
    stage.world.played().holds = true;
    let begun = client.request(Request::Do(Ask::RunFlow { flow: "mend".to_owned() })).await;
    let Ok(Reply::Begun(run)) = begun else { panic!("{begun:?}") };
    run
}

fn release(stage: &Stage) {
    stage.world.played().holds = false;
    stage.world.released.notify_one();
}

/// Has the flow `mend` run, up to the end.
async fn ran(client: &mut Client) -> RunSummary {
    let begun = client.request(Request::Do(Ask::RunFlow { flow: "mend".to_owned() })).await;
    let run = run_ends(client).await;
    assert_eq!(begun, Ok(Reply::Begun(run.run)));
    run
}

#[tokio::test]
async fn a_run_that_is_over_is_repeated_from_the_step_that_failed() {
    let step = |name: &str| format!("[[flow.mend.step]]\nname = \"{name}\"\nrun = \"do {name}\"\n");
    let stage = Stage::start(&["first", "second", "third"].map(step).concat()).await;
    let mut client = stage.client().await;
    stage.world.played().failing.insert("do second".to_owned());
    let run = ran(&mut client).await;
    assert_eq!((run.state, run.failed), (RunState::Failed, Some(1)));

    let refused = async |client: &mut Client, run: u64, from: Option<&str>| {
        let how = Repeat { from: from.map(str::to_owned), as_then: false };
        client.request(Request::Repeat { run: RunId(run), how }).await.unwrap_err().message
    };
    let unknown = refused(&mut client, 99, None).await;
    assert!(unknown.starts_with("there is no run 99"), "{unknown}");
    let no_step = refused(&mut client, run.run.0, Some("fourth")).await;
    assert!(no_step.contains("has no step “fourth”"), "{no_step}");

    stage.world.played().failing.clear();
    let how = Repeat { from: Some("second".to_owned()), as_then: true };
    let begun = client.request(Request::Repeat { run: run.run, how }).await;
    let again = run_ends(&mut client).await;
    assert_eq!((again.state, again.repeats), (RunState::Succeeded, Some(run.run)));
    assert_eq!(begun, Ok(Reply::Begun(again.run)));
    let ran: Vec<String> = stage.world.played().commands.iter().map(|command| command.command.to_string()).collect();
    assert_eq!(ran, ["do first", "do second", "do second", "do third"]);

    let next = runs(&stage, &mut client).await;
    let running = refused(&mut client, next.0, None).await;
    assert!(running.contains("is not over yet"), "{running}");
    release(&stage);
    assert_eq!(run_ends(&mut client).await.state, RunState::Succeeded);
}

async fn step_log(client: &mut Client, run: RunId, place: usize, lines: usize) -> Vec<String> {
    let log = client.request(Request::StepLog { of: StepOf { run, place }, lines }).await.unwrap();
    let Reply::Log(lines) = log else { panic!("no log: {log:?}") };
    texts(&lines)
}

fn texts(lines: &[LogLine]) -> Vec<String> {
    lines.iter().map(|line| line.text.clone()).collect()
}

#[tokio::test]
async fn the_log_of_a_step_is_what_it_wrote_in_that_run_without_its_secrets() {
    // Closed: what somebody has open is not everywhere gone at once.
    let token = tempfile::NamedTempFile::new().unwrap().into_temp_path();
    fs::write(&token, "hunter2").unwrap();
    let second =
        format!("retry = {{ times = 1, wait = \"10ms\" }}\nenv = {{ TOKEN = {{ file = '{}' }} }}\n", token.display());
    let wait = "[[flow.mend.step]]\nname = \"third\"\nwait = \"1ms\"\n";
    let stage = Stage::start(&[step("first"), step("second"), second, wait.to_owned()].concat()).await;
    let mut client = stage.client().await;
    let one = ran(&mut client).await.run;
    stage.world.played().failing.insert("do second".to_owned());
    let two = ran(&mut client).await.run;

    assert_eq!(step_log(&mut client, one, 0, 9).await, [format!("run {one} has hunter2")]);
    assert_eq!(step_log(&mut client, one, 1, 9).await, [format!("run {one} has *******")]);
    // It was tried twice.
    assert_eq!(step_log(&mut client, two, 1, 9).await, vec![format!("run {two} has *******"); 2]);
    assert_eq!(step_log(&mut client, two, 1, 1).await.len(), 1);
    assert_eq!(step_log(&mut client, one, 2, 9).await, [""; 0]);
    assert_eq!(step_log(&mut client, two, 2, 9).await, [""; 0]);

    let mut refused = async |run: RunId, place: usize| {
        let of = StepOf { run, place };
        let log = client.request(Request::StepLog { of, lines: 9 }).await.unwrap_err();
        let followed = client.request(Request::Follow { log_of: None, step: Some(of), usage: false }).await;
        assert_eq!(followed, Err(log.clone()));
        log.message
    };
    assert!(refused(RunId(99), 0).await.starts_with("there is no run 99"));
    assert!(refused(one, 3).await.contains("has no such step"));
    fs::remove_file(&token).unwrap();
    let hidden = refused(one, 1).await;
    assert!(hidden.starts_with("the log of this step is not shown"), "{hidden}");
}

#[tokio::test]
async fn whoever_follows_a_step_is_told_what_it_writes_in_that_run_alone() {
    let stage = Stage::start(&step("first")).await;
    let (mut client, mut other) = (stage.client().await, stage.client().await);
    for client in [&mut client, &mut other] {
        let run = runs(&stage, client).await;
        let step = Some(StepOf { run, place: 0 });
        // At the first time there is no log yet.
        assert_eq!(client.request(Request::Follow { log_of: None, step, usage: false }).await, Ok(Reply::Done));
        release(&stage);
        let told = event(client, |event| match event {
            Event::StepLog { of, lines } => Some((of.run, texts(lines))),
            _ => None,
        });
        assert_eq!(told.await, (run, vec![format!("run {run} has hunter2")]));
    }
    // The first one hears of the end of the second run, and of nothing that was written in it.
    let ends = |event: &Event| matches!(event, Event::Run(run) if run.run == RunId(2) && run.state.is_over());
    loop {
        let event = timeout(LONG, client.event()).await.expect("it is told").unwrap();
        assert!(!matches!(&*event, Event::StepLog { .. }), "{event:?}");
        if ends(&event) {
            break;
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_plan_says_what_a_run_would_do_and_what_was_found_and_does_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let token = tempfile::NamedTempFile::new().unwrap();
    fs::write(&token, "hunter2").unwrap();
    let config = format!(
        "{monitor}{PROGRAM}\
         [[flow.mend.step]]\nname = \"look\"\ncheck = \"page\"\n\
         [[flow.mend.step]]\nname = \"clear\"\nrun = [\"sh\", \"-c\", \"true\"]\nwhen = {{ failed = \"look\" }}\n\
         directory = '{folder}'\nenv = {{ TOKEN = {{ file = '{token}' }} }}\n\
         [[flow.mend.step]]\nname = \"again\"\nrestart = \"web\"\n\
         [[flow.mend.step]]\nname = \"back\"\nwait_until = \"page\"\n",
        monitor = monitor("page", "enabled = false"),
        folder = folder.path().display(),
        token = token.path().display(),
    );
    let mut stage = Stage::start(&config).await;
    let mut client = stage.client().await;
    let unknown = client.request(Request::Plan { flow: "men".to_owned() }).await.unwrap_err();
    assert!(unknown.message.contains("no flow called “men”"), "{unknown:?}");
    stage.world.played().down.insert("page".to_owned());
    let plan = async |client: &mut Client| {
        let plan = client.request(Request::Plan { flow: "mend".to_owned() }).await;
        let Ok(Reply::Plan(plan)) = plan else { panic!("no plan: {plan:?}") };
        plan
    };
    let planned = plan(&mut client).await;
    let told = |place: usize| {
        let step: &estatus_api::PlannedStep = &planned.steps[place];
        let found: Vec<(bool, &str)> =
            step.findings.iter().map(|finding| (finding.well, finding.text.as_str())).collect();
        (step.begins, step.when.as_deref(), found, step.if_it_fails.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let down = "“page” does not pass now: connection refused: nothing is listening on the port";
    let heals = vec!["the run goes on", "then these steps begin: clear, again, back"];
    assert_eq!(told(0), (true, None, vec![(false, down)], heals));
    let there = format!("the directory {} is there", folder.path().display());
    let (begins, when, found, falls) = told(1);
    assert_eq!((begins, when), (false, Some("if this step failed: look")));
    assert_eq!(falls, ["the run fails", "these steps are skipped: again, back"]);
    assert!(
        matches!(&found[..], [
        (true, folder), (true, sh), (true, "its secrets are available: TOKEN"),
    ] if *folder == there && sh.starts_with("sh is /")),
        "{found:?}"
    );
    let web = "web was not found: install it, or correct the command in estatus.toml";
    assert_eq!(told(2).2, [(false, web)]);
    assert_eq!(told(3).2, [(false, down)]);
    assert_eq!((planned.well, &*planned.flow), (false, "mend"));

    fs::remove_file(&token).unwrap();
    let planned = plan(&mut client).await;
    let secret = &planned.steps[1].findings[2];
    assert!(!secret.well && secret.text.starts_with("a secret that it needs is not available"), "{secret:?}");
    assert!(!format!("{planned:?}").contains("hunter2"), "{planned:?}");

    assert_eq!(stage.asked().await, ProgramCommand::Look);
    assert!(stage.commands.try_recv().is_err(), "something was done to the program");
    assert!(stage.world.played().commands.is_empty());
    let runs = client.request(Request::Runs { flow: None, limit: 9 }).await;
    assert_eq!(runs, Ok(Reply::Runs(Vec::new())));
}

#[tokio::test]
async fn a_plan_is_well_if_what_fails_now_is_healed_by_the_run() {
    let flow = "[[flow.mend.step]]\nname = \"look\"\ncheck = \"page\"\n\
                [[flow.mend.step]]\nname = \"clear\"\nrun = \"echo clear\"\nwhen = { failed = \"look\" }\n\
                [[flow.mend.step]]\nname = \"back\"\ncheck = \"page\"\n\
                [[flow.look.step]]\nname = \"look\"\ncheck = \"page\"\n";
    let stage = Stage::start(&format!("{}{flow}", monitor("page", "enabled = false"))).await;
    let mut client = stage.client().await;
    let mut plan = async |flow: &str| {
        let plan = client.request(Request::Plan { flow: flow.to_owned() }).await;
        let Ok(Reply::Plan(plan)) = plan else { panic!("no plan: {plan:?}") };
        (plan.well, plan.steps[0].findings[0].well)
    };
    assert_eq!(plan("look").await, (true, true));
    stage.world.played().down.insert("page".to_owned());
    assert_eq!(plan("mend").await, (true, false));
    assert_eq!(plan("look").await, (false, false));
    stage.world.played().broken.insert("page".to_owned());
    assert_eq!(plan("look").await, (false, false));
}
