//! A durable command has a supervising process: it outlives an engine that is killed, its end is learned by the next, and
//! what has begun is never begun again.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

#[allow(dead_code, unused_imports, reason = "not every test needs all of it")]
mod support;

use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use estatus_core::{
    command::{CommandEnd, CommandLine, CommandOutcome, DurableCommand, Run},
    ids::StartId,
    secret::Secret,
};
use estatus_program::{Commands, LogReader, command_folder};
use support::{FORK_SERVERS, Stage, UNSEEN, code, eventually, is_alive, kill};
use tokio::{sync::watch, task::JoinHandle, time::timeout};

const LONG: Duration = Duration::from_secs(30);
const OWNER: &str = "remedy of web";

/// The commands of an engine; of another one, as if the one before had been killed, where there is one already.
fn engine(stage: &mut Stage) -> Arc<Commands> {
    stage.replace_engine();
    Arc::new(Commands::new(stage.data.path(), &stage.supervisor))
}

fn path(stage: &Stage, name: &str) -> PathBuf {
    stage.data.path().join(name)
}

fn lines(stage: &Stage, file: &str) -> Vec<String> {
    let text = fs::read_to_string(path(stage, file)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// A command that says when it begins, ends when it is told so, and says when two of them run at once.
fn once(stage: &Stage, name: &str, start: u64) -> DurableCommand {
    command(stage, &["once", stage.data.path().to_str().unwrap(), name], start)
}

/// A command with this habit.
fn command(stage: &Stage, habit: &[&str], start: u64) -> DurableCommand {
    let run = stage.program(habit).command.run;
    DurableCommand {
        owner: OWNER.to_owned(),
        start: StartId(start),
        command: CommandLine::new(run),
        env: Vec::new(),
        timeout: LONG,
    }
}

/// Nobody has the command ended.
fn wanted() -> watch::Receiver<bool> {
    watch::channel(false).1
}

fn spawn(commands: &Arc<Commands>, command: DurableCommand) -> JoinHandle<CommandOutcome> {
    let commands = Arc::clone(commands);
    tokio::spawn(async move { commands.run(&command, &[], &BTreeSet::new(), wanted()).await })
}

/// The engine is killed, with who waits in it.
async fn is_killed(commands: Arc<Commands>, waiting: JoinHandle<CommandOutcome>) {
    waiting.abort();
    assert!(waiting.await.is_err());
    assert_eq!(Arc::strong_count(&commands), 1);
}

async fn runs(stage: &Stage, begun: &[&str]) {
    eventually("it runs", || lines(stage, "begun") == begun).await;
}

fn let_end(stage: &Stage) {
    fs::write(path(stage, "go"), "").unwrap();
}

async fn leaves_nothing(stage: Stage) {
    assert!(!path(&stage, "twice").exists(), "two ran at once");
    eventually("nothing is left", || stage.alive().is_empty() && stage.shims().len() <= FORK_SERVERS).await;
}

#[tokio::test]
async fn the_end_of_a_command_is_told_with_what_it_wrote_but_for_secrets() {
    let mut stage = Stage::new();
    let commands = engine(&mut stage);
    let mut command = command(&stage, &["tell", "OWN", "RUN", "ESTATUS_PROGRAM", "TOP_SECRET"], 1);
    command.command.env.push(("OWN".into(), "12".into()));
    command.command.directory = Some(stage.data.path().to_owned());
    command.env.push(("RUN".into(), "34".into()));
    let secrets = [("TOP_SECRET".to_owned(), Secret::new("hunter2"))];
    let outcome = commands.run(&command, &secrets, &BTreeSet::new(), wanted()).await;
    assert_eq!(outcome.end, CommandEnd::Exited(0));
    let folder = dunce::canonicalize(stage.data.path()).unwrap();
    assert_eq!(outcome.stdout, format!("{}\n12 34 unset *******", folder.display()));
    let Run::Program { program, .. } = &command.command.run else { panic!("no program") };
    let file = outcome.program.expect("what it ran is known");
    assert_eq!((file.path, file.size), (PathBuf::from(program), fs::metadata(program).unwrap().len()));
    leaves_nothing(stage).await;
}

#[tokio::test]
async fn what_cannot_be_started_is_told_in_words() {
    let mut stage = Stage::new();
    let commands = engine(&mut stage);
    let mut none = command(&stage, &[], 1);
    none.command.run = Run::Program { program: "no-such-program-of-estatus".to_owned(), args: Vec::new() };
    let outcome = commands.run(&none, &[], &BTreeSet::new(), wanted()).await;
    assert!(matches!(&outcome.end, CommandEnd::CannotStart(why) if why.contains("no-such-program")), "{outcome:?}");
    let outcome = commands.run(&command(&stage, &["exit", "0"], 2), &[], &BTreeSet::new(), wanted()).await;
    assert_eq!(outcome.end, CommandEnd::Exited(0));
}

#[tokio::test]
async fn a_command_goes_on_when_the_engine_is_killed_and_the_next_one_learns_its_end() {
    let mut stage = Stage::new();
    let first = engine(&mut stage);
    let of_first = spawn(&first, once(&stage, "a", 1));
    runs(&stage, &["a"]).await;
    is_killed(first, of_first).await;
    let second = engine(&mut stage);
    let of_second = spawn(&second, once(&stage, "a", 1));
    let twice = spawn(&second, once(&stage, "a", 1));
    let again = spawn(&second, once(&stage, "a", 2));
    let_end(&stage);
    for outcome in [of_second.await.unwrap(), twice.await.unwrap(), again.await.unwrap()] {
        assert_eq!(outcome.program, None, "what lay there when it was begun is not known");
        assert_eq!((outcome.end, outcome.stdout.as_str()), (CommandEnd::Exited(3), "done"));
    }
    assert_eq!((lines(&stage, "begun"), lines(&stage, "ended")), (vec!["a".to_owned()], vec!["a".to_owned()]));
    leaves_nothing(stage).await;
}

#[tokio::test]
async fn a_command_that_ended_while_there_was_no_engine_is_not_begun_again() {
    let mut stage = Stage::new();
    let first = engine(&mut stage);
    let of_first = spawn(&first, once(&stage, "a", 1));
    runs(&stage, &["a"]).await;
    is_killed(first, of_first).await;
    stage.leave_engine();
    let_end(&stage);
    eventually("it has ended, and its supervising process too", || {
        !lines(&stage, "ended").is_empty() && stage.shims().is_empty()
    })
    .await;
    for _ in 0..2 {
        let next = engine(&mut stage);
        let outcome = next.run(&once(&stage, "a", 1), &[], &BTreeSet::new(), wanted()).await;
        assert_eq!((outcome.end, outcome.stdout.as_str()), (CommandEnd::Exited(3), "done"));
    }
    assert_eq!(lines(&stage, "begun"), ["a"]);
    // Another execution of the same is another.
    let next = engine(&mut stage);
    let outcome = next.run(&once(&stage, "b", 2), &[], &BTreeSet::new(), wanted()).await;
    assert_eq!(outcome.end, CommandEnd::Exited(3));
    assert_eq!(lines(&stage, "begun"), ["a", "b"]);
    leaves_nothing(stage).await;
}

#[tokio::test]
async fn whoever_is_killed_a_command_is_neither_doubled_nor_lost() {
    let mut stage = Stage::new();
    let mut commands = engine(&mut stage);
    let mut waiting = spawn(&commands, once(&stage, "a", 1));
    runs(&stage, &["a"]).await;
    for round in 0..4 {
        if round % 2 == 0 {
            is_killed(commands, waiting).await;
            commands = engine(&mut stage);
            waiting = spawn(&commands, once(&stage, "a", 1));
        }
        stage.shims().into_iter().for_each(kill);
        eventually("it has a supervising process again", || !stage.shims().is_empty()).await;
    }
    let_end(&stage);
    // Whoever was not its parent, or came when it had ended, did not see how.
    let end = waiting.await.unwrap().end;
    let is_seen = UNSEEN(code(3)) == code(3) && end == CommandEnd::Exited(3);
    assert!(is_seen || end == CommandEnd::Unseen, "{end:?}");
    assert_eq!((lines(&stage, "begun"), lines(&stage, "ended")), (vec!["a".to_owned()], vec!["a".to_owned()]));
    leaves_nothing(stage).await;
}

#[tokio::test]
async fn what_went_down_with_the_machine_is_told_so_and_not_begun_again() {
    let mut stage = Stage::new();
    let commands = engine(&mut stage);
    let waiting = spawn(&commands, once(&stage, "a", 1));
    runs(&stage, &["a"]).await;
    let folder = fs::read_dir(path(&stage, "commands")).unwrap().next().unwrap().unwrap().path();
    let of_another_boot =
        fs::read_to_string(folder.join("ledger.json")).unwrap().replacen("\"boot\":\"", "\"boot\":\"no", 1);
    let_end(&stage);
    waiting.await.unwrap();
    fs::write(folder.join("ledger.json"), of_another_boot).unwrap();
    let next = engine(&mut stage);
    let outcome = next.run(&once(&stage, "a", 1), &[], &BTreeSet::new(), wanted()).await;
    assert_eq!((outcome.end, lines(&stage, "begun")), (CommandEnd::Cancelled, vec!["a".to_owned()]));
}

#[tokio::test]
async fn another_command_is_ended_before_the_new_one_begins() {
    async fn check(is_another_engine: bool) {
        let mut stage = Stage::new();
        let mut commands = engine(&mut stage);
        let of_first = spawn(&commands, once(&stage, "a", 1));
        runs(&stage, &["a"]).await;
        let mut of_first = Some(of_first);
        if is_another_engine {
            is_killed(commands, of_first.take().unwrap()).await;
            commands = engine(&mut stage);
        }
        fs::remove_dir(path(&stage, "running")).unwrap();
        let of_second = spawn(&commands, once(&stage, "b", 2));
        runs(&stage, &["a", "b"]).await;
        if let Some(of_first) = of_first {
            assert_eq!(of_first.await.unwrap().end, CommandEnd::Cancelled);
        }
        let_end(&stage);
        assert_eq!(of_second.await.unwrap().end, CommandEnd::Exited(3));
        assert_eq!(lines(&stage, "ended"), ["b"]);
        leaves_nothing(stage).await;
    }
    check(false).await;
    check(true).await;
}

#[tokio::test]
async fn a_command_has_its_time_whoever_is_there_to_see_it() {
    async fn check(engine_is_killed: bool) {
        let mut stage = Stage::new();
        let mut commands = engine(&mut stage);
        let short = DurableCommand { timeout: Duration::from_secs(1), ..once(&stage, "a", 1) };
        let mut waiting = spawn(&commands, short.clone());
        runs(&stage, &["a"]).await;
        let begun = Instant::now();
        if engine_is_killed {
            is_killed(commands, waiting).await;
            stage.shims().into_iter().for_each(kill);
            commands = engine(&mut stage);
            waiting = spawn(&commands, short.clone());
        }
        assert_eq!(waiting.await.unwrap().end, CommandEnd::TimedOut { left: vec![] });
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
        assert_eq!(lines(&stage, "ended"), [""; 0]);
        // So it is told to an engine that was not there.
        drop(commands);
        let outcome = engine(&mut stage).run(&short, &[], &BTreeSet::new(), wanted()).await;
        assert_eq!((outcome.end, outcome.took), (CommandEnd::TimedOut { left: vec![] }, short.timeout));
        leaves_nothing(stage).await;
    }
    check(false).await;
    check(true).await;
}

#[tokio::test]
async fn all_are_ended_when_nobody_wants_them_any_more() {
    let mut stage = Stage::new();
    let commands = engine(&mut stage);
    let waiting = spawn(&commands, once(&stage, "a", 1));
    runs(&stage, &["a"]).await;
    assert!(commands.cancel_all(LONG).await);
    assert_eq!(waiting.await.unwrap().end, CommandEnd::Cancelled);
    let next = engine(&mut stage);
    let outcome = next.run(&once(&stage, "a", 1), &[], &BTreeSet::new(), wanted()).await;
    assert_eq!((outcome.end, lines(&stage, "begun")), (CommandEnd::Cancelled, vec!["a".to_owned()]));
    leaves_nothing(stage).await;
}

#[tokio::test]
async fn what_it_let_go_of_lives_on_and_is_nothing_to_the_next_one() {
    async fn check(leaves: &str) {
        let mut stage = Stage::new();
        let commands = engine(&mut stage);
        let pids = path(&stage, "pids");
        let habit = [leaves, "0", "noted", pids.to_str().unwrap()];
        let outcome = commands.run(&command(&stage, &habit, 1), &[], &BTreeSet::new(), wanted()).await;
        assert_eq!((outcome.end, outcome.stdout.as_str()), (CommandEnd::Exited(0), "started"), "{leaves}");
        eventually("it has begun", || lines(&stage, "pids").len() == 1).await;
        let pid: u32 = lines(&stage, "pids")[0].parse().unwrap();
        let outcome = commands.run(&command(&stage, &["exit", "4"], 2), &[], &BTreeSet::new(), wanted()).await;
        assert_eq!(outcome.end, CommandEnd::Exited(4));
        assert!(commands.cancel_all(LONG).await);
        assert!(is_alive(pid), "{leaves}");
        kill(pid);
        leaves_nothing(stage).await;
    }
    check("leave-and-exit").await;
    check("leave-bare-and-exit").await;
}

#[tokio::test]
async fn what_it_let_go_of_may_go_on_writing_to_its_output() {
    let mut stage = Stage::new();
    let commands = engine(&mut stage);
    let written = path(&stage, "written");
    let habit = ["leave-and-exit", "0", "write-on", written.to_str().unwrap()];
    let outcome = commands.run(&command(&stage, &habit, 1), &[], &BTreeSet::new(), wanted()).await;
    assert_eq!(outcome.end, CommandEnd::Exited(0));
    eventually("it has begun", || lines(&stage, "written.pid").len() == 1).await;
    let writer: u32 = lines(&stage, "written.pid")[0].parse().unwrap();
    drop(commands);
    stage.leave_engine();
    let count = || lines(&stage, "written").len();
    // Of a kilobyte each: more than any pipe holds.
    let wanted = count() + 3_000;
    let deadline = Instant::now() + LONG;
    while count() < wanted && is_alive(writer) && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let reached = count();
    kill(writer);
    assert!(reached >= wanted, "it could write no more after {reached} lines");
}

#[tokio::test]
async fn what_ended_long_ago_is_forgotten() {
    let mut stage = Stage::new();
    let commands = engine(&mut stage);
    commands.run(&command(&stage, &["exit", "0"], 1), &[], &BTreeSet::new(), wanted()).await;
    let folder = fs::read_dir(path(&stage, "commands")).unwrap().next().unwrap().unwrap().path();
    drop(engine(&mut stage));
    assert!(folder.exists());
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(31 * 24 * 60 * 60);
    fs::File::options().write(true).open(folder.join("ledger.json")).unwrap().set_modified(long_ago).unwrap();
    // Its supervising process may still be ending.
    eventually("it is forgotten", || {
        drop(engine(&mut stage));
        !folder.exists()
    })
    .await;
}

#[tokio::test]
async fn what_a_command_writes_is_in_its_log_which_stays_within_bounds() {
    const KEPT: u64 = 5_000_000;
    /// Of each stream, what has been taken and not yet been written.
    const SPOOL: u64 = 200_000;
    let mut stage = Stage::new();
    let commands = engine(&mut stage);
    let folder = command_folder(stage.data.path(), OWNER);
    let secrets = [("TOP_SECRET".to_owned(), Secret::new("hunter2"))];
    let outcome =
        commands.run(&command(&stage, &["tell", "TOP_SECRET"], 1), &secrets, &BTreeSet::new(), wanted()).await;
    assert_eq!(outcome.end, CommandEnd::Exited(0));
    let lines = LogReader::open(&folder).unwrap().last(9).unwrap();
    let shown: Vec<String> = lines.into_iter().map(|line| line.text).collect();
    assert_eq!(shown.last().map(String::as_str), Some("*******"), "{shown:?}");
    for file in [&folder, &folder.join("log")].into_iter().flat_map(|folder| fs::read_dir(folder).unwrap()) {
        let file = file.unwrap().path();
        let held = if file.is_file() { fs::read(&file).unwrap() } else { Vec::new() };
        assert!(!held.windows(7).any(|bytes| bytes == b"hunter2"), "the secret is in {}", file.display());
    }

    let outcome = commands.run(&command(&stage, &["flood", "12000000"], 2), &[], &BTreeSet::new(), wanted()).await;
    assert_eq!(outcome.end, CommandEnd::Exited(0));
    let last = LogReader::open(&folder).unwrap().last(1).unwrap().remove(0).text;
    assert_eq!(outcome.stdout.lines().last(), Some(last.as_str()));
    let size = |folder: PathBuf| -> u64 {
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum()
    };
    assert!(size(folder.join("log")) <= KEPT && size(folder.clone()) <= SPOOL, "{}", size(folder.join("log")));
    leaves_nothing(stage).await;
}

#[tokio::test]
async fn what_is_ended_before_it_begins_never_begins_and_ends_where_it_was_about_to() {
    let mut stage = Stage::new();
    let commands = engine(&mut stage);
    let (ends, ended) = watch::channel(true);
    let hidden = BTreeSet::new();
    let outcome = commands.run(&once(&stage, "a", 1), &[], &hidden, ended.clone()).await;
    assert_eq!(outcome.end, CommandEnd::Cancelled);
    assert!(!command_folder(stage.data.path(), OWNER).exists());

    ends.send(false).unwrap();
    let command = once(&stage, "a", 2);
    let mut run = pin!(commands.run(&command, &[], &hidden, ended));
    // What it does first takes its time: it looks for the file of its program.
    timeout(Duration::ZERO, &mut run).await.unwrap_err();
    ends.send(true).unwrap();
    assert_eq!(run.await.end, CommandEnd::Cancelled);
}
