//! Of a remedy's command there is one at a time, also where the engine is another by now.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use estatus_core::command::{Background, CommandEnd, CommandLine, CommandOutcome, CommandRun, Run};
use estatus_program::Commands;
use tempfile::TempDir;
use tokio::task::JoinHandle;

const LONG: Duration = Duration::from_secs(30);
const OWNER: &str = "remedy of web";

/// A data folder, and what commands leave beside it.
struct Stage {
    data: TempDir,
}

impl Stage {
    fn new() -> Self {
        Self { data: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.data.path().join(name)
    }

    /// The commands of an engine; of another one that was killed, where there is one already.
    fn engine(&self) -> Arc<Commands> {
        Arc::new(Commands::new(self.data.path()))
    }

    /// A command that says when it begins, ends when it is told so, and says when two of them run at once.
    fn line(&self, name: &str) -> String {
        format!(
            "cd {}; mkdir running || touch twice; echo {name} >>begun; until [ -e go ]; do sleep 0.01; done; \
             rmdir running; echo {name} >>ended",
            self.data.path().display()
        )
    }

    fn lines(&self, file: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path(file)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    async fn until(&self, fact: &str, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + LONG;
        while !is_so(self) {
            assert!(Instant::now() < deadline, "never: {fact}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn leaves_nothing(self) {
        self.until("nothing is noted any more", |stage| is_empty(&stage.path("commands"))).await;
        assert!(!self.path("twice").exists(), "two ran at once");
    }
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut files| files.next().is_none())
}

fn run_of(line: &str) -> CommandRun {
    let run = Run::Shell(line.to_owned());
    CommandRun {
        command: CommandLine { run, directory: None, env: Vec::new(), secret_env: Vec::new() },
        env: Vec::new(),
        stdin: None,
        timeout: LONG,
        background: Background::LivesOn,
        owner: Some(OWNER.to_owned()),
        output_limit: 1024,
    }
}

fn spawn(commands: &Arc<Commands>, run: CommandRun) -> JoinHandle<CommandOutcome> {
    let commands = Arc::clone(commands);
    tokio::spawn(async move { commands.run(OWNER, run, Vec::new(), &BTreeSet::new()).await })
}

#[tokio::test]
async fn the_same_command_goes_on_and_how_it_ends_is_the_outcome() {
    let stage = Stage::new();
    let first = stage.engine();
    let mut of_first = spawn(&first, run_of(&stage.line("a")));
    stage.until("it runs", |stage| stage.lines("begun") == ["a"]).await;
    let twice = spawn(&first, run_of(&stage.line("a")));
    let second = stage.engine();
    let of_second = spawn(&second, run_of(&stage.line("a")));
    assert!(tokio::time::timeout(Duration::from_millis(300), &mut of_first).await.is_err());
    fs::write(stage.path("go"), "").unwrap();
    assert_eq!(of_first.await.unwrap().end, CommandEnd::Exited(0));
    assert_eq!(twice.await.unwrap().end, CommandEnd::Exited(0));
    assert_eq!(of_second.await.unwrap().end, CommandEnd::Unseen);
    assert_eq!((stage.lines("begun"), stage.lines("ended")), (vec!["a".to_owned()], vec!["a".to_owned()]));
    // It is another's turn.
    assert_eq!(spawn(&second, run_of(&stage.line("b"))).await.unwrap().end, CommandEnd::Exited(0));
    stage.leaves_nothing().await;
}

#[tokio::test]
async fn another_command_is_ended_before_the_new_one_begins() {
    async fn check(is_another_engine: bool) {
        let stage = Stage::new();
        let first = stage.engine();
        let of_first = spawn(&first, run_of(&stage.line("a")));
        stage.until("it runs", |stage| stage.lines("begun") == ["a"]).await;
        let second = if is_another_engine { stage.engine() } else { first };
        fs::remove_dir(stage.path("running")).unwrap();
        let of_second = spawn(&second, run_of(&stage.line("b")));
        stage.until("the other runs", |stage| stage.lines("begun") == ["a", "b"]).await;
        let end = of_first.await.unwrap().end;
        assert!(matches!(end, CommandEnd::Signaled(9) | CommandEnd::TimedOut { .. }), "{end:?}");
        fs::write(stage.path("go"), "").unwrap();
        assert_eq!(of_second.await.unwrap().end, CommandEnd::Exited(0));
        assert_eq!(stage.lines("ended"), ["b"]);
        stage.leaves_nothing().await;
    }
    check(false).await;
    check(true).await;
}

#[tokio::test]
async fn what_was_left_running_has_no_more_time_than_it_had() {
    let stage = Stage::new();
    let first = stage.engine();
    let _of_first = spawn(&first, CommandRun { timeout: Duration::from_secs(2), ..run_of(&stage.line("a")) });
    stage.until("it runs", |stage| stage.lines("begun") == ["a"]).await;
    let begun = Instant::now();
    let second = stage.engine();
    let end = spawn(&second, run_of(&stage.line("a"))).await.unwrap().end;
    assert_eq!(end, CommandEnd::TimedOut { left: vec![] });
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert_eq!(stage.lines("ended"), [""; 0]);
    stage.leaves_nothing().await;
}

#[tokio::test]
async fn what_has_ended_before_is_nothing_to_the_next_engine_and_what_it_let_go_of_lives_on() {
    let stage = Stage::new();
    let line = format!("sleep 1000 >/dev/null 2>&1 & echo $! >{}", stage.path("pid").display());
    assert_eq!(spawn(&stage.engine(), run_of(&line)).await.unwrap().end, CommandEnd::Exited(0));
    let pid: i32 = stage.lines("pid")[0].parse().unwrap();
    let second = stage.engine();
    fs::write(stage.path("go"), "").unwrap();
    assert_eq!(spawn(&second, run_of(&stage.line("b"))).await.unwrap().end, CommandEnd::Exited(0));
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it lives");
    stage.leaves_nothing().await;
}

#[tokio::test]
async fn what_is_given_up_is_ended_and_forgotten() {
    let stage = Stage::new();
    let commands = stage.engine();
    let running = spawn(&commands, run_of(&stage.line("a")));
    stage.until("it runs", |stage| stage.lines("begun") == ["a"]).await;
    running.abort();
    assert!(running.await.is_err());
    assert!(estatus_program::all_ended(LONG).await);
    fs::remove_dir(stage.path("running")).unwrap();
    let running = spawn(&commands, run_of(&stage.line("b")));
    stage.until("another runs", |stage| stage.lines("begun") == ["a", "b"]).await;
    commands.give_up();
    assert_eq!(running.await.unwrap().end, CommandEnd::TimedOut { left: vec![] });
    fs::remove_dir(stage.path("running")).unwrap();
    stage.leaves_nothing().await;
}

#[tokio::test]
async fn what_is_no_note_of_this_boot_is_removed() {
    let stage = Stage::new();
    let folder = stage.path("commands");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("broken.json"), "{").unwrap();
    let entry = format!(
        r#"{{"owner":"o","command":"c","boot":"another","token":"t","root":{{"pid":{},"started":1}},
            "began":"2026-01-01T00:00:00Z","timeout":{{"secs":1,"nanos":0}}}}"#,
        std::process::id()
    );
    fs::write(folder.join("old.json"), entry).unwrap();
    drop(stage.engine());
    stage.leaves_nothing().await;
}
