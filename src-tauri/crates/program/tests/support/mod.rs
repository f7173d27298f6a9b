//! A supervisor, and the program it supervises.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
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

pub(crate) const LONG: Duration = Duration::from_secs(30);

/// A data folder, a supervisor on it, and a tag that all processes of this test bear in their command line.
pub(crate) struct Stage {
    pub(crate) data: TempDir,
    pub(crate) tag: String,
    pub(crate) supervisor: Supervisor,
    pub(crate) events: mpsc::Receiver<SupervisorEvent>,
}

/// A number of its own for every test, in every process.
fn unique() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("tag-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The executable of `examples/estatus-child`, which is built with the tests of this crate.
pub(crate) fn child() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let target = tests.parent().and_then(Path::parent).unwrap();
    let child = target.join("examples").join("estatus-child");
    assert!(child.exists(), "build the examples first: {} is missing", child.display());
    child
}

impl Stage {
    pub(crate) fn new() -> Self {
        let (data, tag) = (tempfile::tempdir().unwrap(), unique());
        let (supervisor, events) = supervisor(data.path(), &tag);
        Self { data, tag, supervisor, events }
    }

    /// As if the engine had been killed and started again.
    pub(crate) fn replace_engine(&mut self) {
        (self.supervisor, self.events) = supervisor(self.data.path(), &self.tag);
    }

    /// As if the engine had been killed, and none were there.
    pub(crate) fn leave_engine(&mut self) {
        let nobody = ShimCommand { program: "/bin/true".into(), args: Vec::new() };
        let (events, heard) = mpsc::channel(1);
        (self.supervisor, self.events) = (Supervisor::new(self.data.path(), nobody, events), heard);
    }

    pub(crate) fn folder(&self, program: &Program) -> PathBuf {
        estatus_program::folder(self.data.path(), &program.name)
    }

    /// A program with this habit.
    pub(crate) fn program(&self, habit: &[&str]) -> Program {
        let args = [&[self.tag.as_str()], habit].concat().into_iter().map(str::to_owned).collect();
        let run = Run::Program { program: child().to_str().unwrap().to_owned(), args };
        let mut program = Program::new("web", command(run));
        program.stop.within = Duration::from_millis(500);
        program
    }

    /// A program that is started by a shell. A command in front keeps the shell from becoming the child itself.
    pub(crate) fn shell(&self, habit: &str) -> Program {
        let line = format!("{} {} {habit}; true", child().display(), self.tag);
        let mut program = Program::new("web", command(Run::Shell(line)));
        program.stop.within = Duration::from_millis(500);
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
        processes_with(&self.tag, false)
    }

    /// The shims of this test and their fork server.
    pub(crate) fn shims(&self) -> Vec<u32> {
        processes_with(&self.tag, true)
    }

    /// The shim of the program.
    pub(crate) fn shim(&self, program: &Program) -> Option<u32> {
        let lock = fs::canonicalize(self.folder(program).join("shim.lock")).ok()?;
        self.shims().into_iter().find(|pid| {
            let open = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
            open.filter_map(|entry| fs::read_link(entry.path()).ok()).any(|file| file == lock)
        })
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
        eventually("nothing is left", || self.alive().is_empty() && self.shims().is_empty()).await;
    }
}

impl Drop for Stage {
    /// A test that failed leaves nothing behind either.
    fn drop(&mut self) {
        for pid in self.shims().into_iter().chain(self.alive()) {
            kill(pid);
        }
    }
}

fn supervisor(data: &Path, tag: &str) -> (Supervisor, mpsc::Receiver<SupervisorEvent>) {
    let (events, told) = mpsc::channel(256);
    let shim = ShimCommand { program: child(), args: vec!["shim".into(), tag.into()] };
    (Supervisor::new(data, shim, events), told)
}

pub(crate) fn command(run: Run) -> CommandLine {
    CommandLine { run, directory: None, env: Vec::new(), secret_env: Vec::new() }
}

fn processes_with(tag: &str, shims: bool) -> Vec<u32> {
    let pids = fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let args: Vec<&[u8]> = line.split(|&byte| byte == 0).collect();
        let has_tag = line.windows(tag.len()).any(|part| part == tag.as_bytes());
        has_tag && is_alive(*pid) && (args.get(1) == Some(&b"shim".as_slice())) == shims
    })
    .collect()
}

pub(crate) fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// Waits for a fact.
pub(crate) async fn eventually(fact: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < LONG, "never: {fact}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

pub(crate) fn kill(pid: u32) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
}

/// A port that is free now.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

pub(crate) fn code(code: i32) -> Exit {
    Exit::Code(code)
}

/// What tells a process from every other.
pub(crate) fn identity(pid: u32) -> ProcessId {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let started = stat.rsplit_once(") ").unwrap().1.split(' ').nth(19).unwrap();
    ProcessId { pid, started: started.parse().unwrap() }
}
