//! A supervisor, and the program it supervises.

use std::{
    collections::BTreeSet,
    hash::{BuildHasher, RandomState},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use estatus_core::{
    command::{CommandLine, Run},
    exit::Exit,
    ids::StartId,
    program::{Ended, Found, ProcessId, Program, ProgramCommand, ProgramEvent, StartEnvironment},
};
use estatus_program::{ShimCommand, Supervisor, SupervisorEvent};
use tempfile::TempDir;
use tokio::sync::mpsc;

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;

#[cfg(windows)]
pub(crate) use platform::BROKEN;
pub(crate) use platform::{
    AND_THEN, ASKED, FOREVER, FORK_SERVERS, KILLED, UNSEEN, apart, holder, identity, is_alive, kill, on_console,
};

pub(crate) const LONG: Duration = Duration::from_secs(30);

/// A data folder, a supervisor on it, and a tag that all processes of this test bear in their command line.
pub(crate) struct Stage {
    pub(crate) data: TempDir,
    pub(crate) tag: String,
    pub(crate) supervisor: Supervisor,
    pub(crate) events: mpsc::Receiver<SupervisorEvent>,
}

/// A number of its own for every test, also of one whose process has the pid of another that has ended.
fn unique() -> String {
    format!("tag-{:016x}", RandomState::new().hash_one(std::process::id()))
}

/// The executable of `examples/estatus-child`, which is built with the tests of this crate.
pub(crate) fn child() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let target = tests.parent().and_then(Path::parent).unwrap();
    let child = target.join("examples").join(format!("estatus-child{}", std::env::consts::EXE_SUFFIX));
    assert!(child.exists(), "build the examples first: {} is missing", child.display());
    child
}

impl Stage {
    pub(crate) fn new() -> Self {
        let (data, tag) = (tempfile::tempdir().unwrap(), unique());
        platform::set_up(&child(), data.path(), &tag);
        let (supervisor, events) = supervisor(data.path(), &tag);
        Self { data, tag, supervisor, events }
    }

    /// As if the engine had been killed and started again.
    pub(crate) fn replace_engine(&mut self) {
        (self.supervisor, self.events) = supervisor(self.data.path(), &self.tag);
    }

    /// As if the engine had been killed, and none were there.
    pub(crate) fn leave_engine(&mut self) {
        let nobody = ShimCommand { program: platform::NOTHING.into(), args: Vec::new() };
        let (events, heard) = mpsc::channel(1);
        (self.supervisor, self.events) = (Supervisor::new(self.data.path(), nobody, events), heard);
    }

    pub(crate) fn folder(&self, program: &Program) -> PathBuf {
        estatus_program::folder(self.data.path(), &program.name)
    }

    /// A program with this habit.
    pub(crate) fn program(&self, habit: &[&str]) -> Program {
        let args = [&[self.tag.as_str()], habit].concat().into_iter().map(str::to_owned).collect();
        let run = Run::Program { program: self.executable().to_str().unwrap().to_owned(), args };
        let mut program = Program::new("web", command(run));
        program.stop.within = platform::STOPPED_WITHIN;
        program
    }

    /// The executable of the programs of this test.
    pub(crate) fn executable(&self) -> PathBuf {
        platform::executable(&child(), self.data.path(), &self.tag)
    }

    /// A program that is started by a shell. A command behind it keeps the shell from becoming the child itself.
    pub(crate) fn shell(&self, habit: &str) -> Program {
        let line = format!("{} {} {habit}{} echo", self.executable().display(), self.tag, platform::AND_THEN);
        let mut program = Program::new("web", command(Run::Shell(line)));
        program.stop.within = platform::STOPPED_WITHIN;
        program
    }

    pub(crate) fn carry_out(&mut self, program: &Arc<Program>, command: ProgramCommand) {
        self.supervisor.carry_out(program, command, &[], &BTreeSet::new());
    }

    /// Asks for a start, of a process that is there already if there is one to `adopt`.
    pub(crate) fn ask_start(&mut self, program: &Arc<Program>, start: u64, adopt: Option<ProcessId>) {
        let environment = StartEnvironment::default();
        self.carry_out(program, ProgramCommand::Start { start: StartId(start), environment, adopt });
    }

    pub(crate) fn ask_stop(&mut self, program: &Arc<Program>, start: u64) {
        self.carry_out(program, ProgramCommand::Stop { start: StartId(start) });
    }

    /// Starts it and gives back its first process.
    pub(crate) async fn start(&mut self, program: &Arc<Program>, start: u64) -> ProcessId {
        self.ask_start(program, start, None);
        self.until(|event| match event {
            ProgramEvent::Started { start: started, process } if started == StartId(start) => Some(process),
            ProgramEvent::CannotStart { failure, .. } => panic!("{failure:?}"),
            _ => None,
        })
        .await
    }

    /// Stops it and gives back how it ended.
    pub(crate) async fn stop(&mut self, program: &Arc<Program>, start: u64) -> Ended {
        self.ask_stop(program, start);
        self.ended(start).await
    }

    /// Waits until that start has ended.
    pub(crate) async fn ended(&mut self, start: u64) -> Ended {
        self.until(|event| match event {
            ProgramEvent::Exited(ended) if ended.start == StartId(start) => Some(ended),
            _ => None,
        })
        .await
    }

    /// Looks for it and gives back how it was found.
    pub(crate) async fn look(&mut self, program: &Arc<Program>) -> Found {
        self.carry_out(program, ProgramCommand::Look);
        self.found().await
    }

    pub(crate) async fn found(&mut self) -> Found {
        self.until(|event| match event {
            ProgramEvent::Found(found) => Some(found),
            _ => None,
        })
        .await
    }

    /// Waits for the event that `wanted` takes something from.
    pub(crate) async fn until<T>(&mut self, mut wanted: impl FnMut(ProgramEvent) -> Option<T>) -> T {
        let mut seen = Vec::new();
        let waiting = async {
            while let Some(happened) = self.events.recv().await {
                seen.push(format!("{:?}", happened.event));
                if let Some(found) = wanted(happened.event) {
                    return found;
                }
            }
            panic!("the supervisor tells nothing more");
        };
        match tokio::time::timeout(LONG, waiting).await {
            Ok(found) => found,
            Err(_) => panic!("it did not happen; this did: {seen:#?}"),
        }
    }

    /// The processes of this test, but for its shims and their fork server.
    pub(crate) fn alive(&self) -> Vec<u32> {
        platform::processes_with(&self.tag, false)
    }

    /// The shims of this test and their fork server.
    pub(crate) fn shims(&self) -> Vec<u32> {
        platform::processes_with(&self.tag, true)
    }

    /// The shim of the program.
    pub(crate) fn shim(&self, program: &Program) -> Option<u32> {
        platform::shim_among(&self.shims(), &self.folder(program))
    }

    /// Waits until a line with `text` is in the log.
    pub(crate) async fn until_written(&self, program: &Program, text: &str) {
        eventually(&format!("it writes {text}"), || self.log(program).iter().any(|line| line.contains(text))).await;
    }

    /// Every line of the log.
    pub(crate) fn log(&self, program: &Program) -> Vec<String> {
        let Ok(mut reader) = estatus_program::LogReader::open(&self.folder(program)) else { return Vec::new() };
        reader.last(usize::MAX).unwrap().into_iter().map(|line| line.text).collect()
    }

    /// When the engine goes and nothing runs, nothing of Estatus is left either.
    pub(crate) async fn leaves_nothing(mut self) {
        self.replace_engine();
        let begun = Instant::now();
        loop {
            let (alive, shims) = (self.alive(), self.shims());
            if alive.is_empty() && shims.is_empty() {
                return;
            }
            assert!(begun.elapsed() < LONG, "left: processes {alive:?}, shims and their helpers {shims:?}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

impl Drop for Stage {
    /// A test that failed leaves nothing behind either, nor one that kills what is just starting something.
    fn drop(&mut self) {
        let begun = Instant::now();
        loop {
            let left = [self.shims(), self.alive()].concat();
            left.iter().copied().for_each(kill);
            if left.is_empty() || begun.elapsed() > LONG {
                return;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}

fn supervisor(data: &Path, tag: &str) -> (Supervisor, mpsc::Receiver<SupervisorEvent>) {
    let (events, told) = mpsc::channel(256);
    (Supervisor::new(data, shim_command(data, tag), events), told)
}

/// How the shims of the test with this tag are started, whose first data folder is `data`.
pub(crate) fn shim_command(data: &Path, tag: &str) -> ShimCommand {
    ShimCommand { program: platform::shim_executable(&child(), data, tag), args: vec!["shim".into(), tag.into()] }
}

pub(crate) fn command(run: Run) -> CommandLine {
    CommandLine::new(run)
}

/// Waits for a fact.
pub(crate) async fn eventually(fact: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < LONG, "never: {fact}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// A port that is free now.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

pub(crate) fn code(code: i32) -> Exit {
    Exit::Code(code)
}
