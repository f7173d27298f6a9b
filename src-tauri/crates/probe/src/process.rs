//! Counts processes by executable name, path or command line.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use estatus_core::{
    check::{ProcessCheck, ProcessMatch},
    naming::{Called, comparable_name, comparable_path},
    observation::{Cause, Phase},
};
use sysinfo::{ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind};
use tokio::{
    sync::Mutex,
    task::spawn_blocking,
    time::{Instant, sleep_until},
};

use crate::trace::Trace;

/// How long one reading of the process table serves all probes; after that its memory is given back.
const FRESH_FOR: Duration = Duration::from_millis(500);

/// The longest part of a command line that is kept, in bytes. Some programs have hundreds of kilobytes of them.
const COMMAND_LINE_LIMIT: usize = 32 * 1024;

/// Counts the processes that fit.
pub(crate) async fn probe(check: &ProcessCheck, table: &Table, trace: &mut Trace) -> Result<(), Cause> {
    trace.enter(Phase::Run);
    let processes = table.read().await?;
    let wanted = Wanted::new(&check.by).await;
    let found = processes.iter().filter(|process| wanted.fits(process)).count();
    let found = u32::try_from(found).unwrap_or(u32::MAX);
    trace.seen = if found == 1 { "1 process".to_owned() } else { format!("{found} processes") };
    trace.enter(Phase::Assertion);
    if found < check.at_least {
        return Err(Cause::TooFew { found, at_least: check.at_least });
    }
    match check.at_most {
        Some(at_most) if found > at_most => Err(Cause::TooMany { found, at_most }),
        _ => Ok(()),
    }
}

/// The process table, read once for all probes that want it at the same time.
#[derive(Default)]
pub(crate) struct Table {
    latest: Arc<Mutex<Option<Reading>>>,
}

struct Reading {
    at: Instant,
    processes: Arc<[Process]>,
}

impl Table {
    async fn read(&self) -> Result<Arc<[Process]>, Cause> {
        let mut latest = self.latest.lock().await;
        if let Some(reading) = latest.as_ref().filter(|reading| reading.at.elapsed() < FRESH_FOR) {
            return Ok(Arc::clone(&reading.processes));
        }
        let at = Instant::now();
        let cannot_read = |error: String| Cause::Setup { error: format!("the process table cannot be read: {error}") };
        let processes = spawn_blocking(processes).await.map_err(|error| cannot_read(error.to_string()))?;
        let processes = processes.map_err(|error| cannot_read(error.to_string()))?;
        *latest = Some(Reading { at, processes: Arc::clone(&processes) });
        drop(latest);
        tokio::spawn(forget(Arc::clone(&self.latest), at));
        Ok(processes)
    }
}

async fn forget(latest: Arc<Mutex<Option<Reading>>>, at: Instant) {
    sleep_until(at + FRESH_FOR).await;
    let mut latest = latest.lock().await;
    if latest.as_ref().is_some_and(|reading| reading.at == at) {
        *latest = None;
    }
}

#[derive(Debug)]
struct Process {
    pid: u32,
    /// As the system shows it: on Linux at most 15 bytes, and a script's own name rather than its interpreter's.
    name: String,
    /// `None` where this user may not know it.
    path: Option<PathBuf>,
    command_line: String,
    /// What it was called by.
    called: PathBuf,
}

/// Every process that runs, threads and those that have ended aside.
fn processes() -> Result<Arc<[Process]>, sysinfo::Error> {
    let mut system = System::new()?;
    let what = ProcessRefreshKind::nothing().without_tasks().with_cmd(UpdateKind::Always).with_exe(UpdateKind::Always);
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, what);
    let ended = [ProcessStatus::Zombie, ProcessStatus::Dead];
    let running = system.processes().values();
    Ok(running.filter(|it| it.thread_kind().is_none() && !ended.contains(&it.status())).map(Process::of).collect())
}

impl Process {
    fn of(process: &sysinfo::Process) -> Self {
        let words: Vec<_> = process.cmd().iter().map(|word| word.to_string_lossy()).collect();
        let mut command_line = words.join(" ");
        command_line.truncate(command_line.floor_char_boundary(COMMAND_LINE_LIMIT));
        Self {
            pid: process.pid().as_u32(),
            name: process.name().to_string_lossy().into_owned(),
            path: process.exe().filter(|path| !path.as_os_str().is_empty()).map(still_there),
            command_line,
            called: process.cmd().first().map(PathBuf::from).unwrap_or_default(),
        }
    }
}

/// Linux marks the executable of a process that was replaced or deleted while it runs.
fn still_there(path: &Path) -> PathBuf {
    path.to_str().and_then(|text| text.strip_suffix(" (deleted)")).map_or_else(|| path.to_owned(), PathBuf::from)
}

/// What is looked for, made ready to be compared many times.
enum Wanted<'a> {
    Name(String),
    /// As it was written, and where it leads.
    Path(String, String),
    CommandLine(&'a regex::Regex),
}

impl<'a> Wanted<'a> {
    async fn new(by: &'a ProcessMatch) -> Self {
        match by {
            ProcessMatch::Name(name) => Self::Name(comparable_name(name)),
            ProcessMatch::Path(path) => {
                let leads_to = tokio::fs::canonicalize(path).await.unwrap_or_else(|_| path.clone());
                Self::Path(comparable_path(path), comparable_path(&leads_to))
            }
            ProcessMatch::CommandLine(pattern) => Self::CommandLine(pattern),
        }
    }

    fn fits(&self, process: &Process) -> bool {
        match self {
            Self::Name(name) => process.called().is(name),
            Self::Path(written, leads_to) => {
                let path = process.called().path();
                path == *written || path == *leads_to
            }
            Self::CommandLine(pattern) => process.pid != std::process::id() && pattern.is_match(&process.command_line),
        }
    }
}

impl Process {
    fn called(&self) -> Called<'_> {
        Called { name: &self.name, path: self.path.as_deref(), started_as: &self.called }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(name: &str, path: Option<&str>, command_line: &str) -> Process {
        let called = command_line.split(' ').next().unwrap_or_default().into();
        Process { pid: 1, name: name.into(), path: path.map(PathBuf::from), command_line: command_line.into(), called }
    }

    #[tokio::test]
    #[cfg(unix)]
    async fn a_process_is_recognised_by_what_is_known_of_it() {
        async fn check(by: ProcessMatch, process: &Process, fits: bool) {
            assert_eq!(Wanted::new(&by).await.fits(process), fits, "{by:?} {process:?}");
        }
        let name = |text: &str| ProcessMatch::Name(text.to_owned());
        let path = |text: &str| ProcessMatch::Path(text.into());
        let line = |text: &str| ProcessMatch::CommandLine(regex::Regex::new(text).unwrap());

        let nginx = process("nginx", Some("/usr/sbin/nginx"), "nginx: worker process");
        check(name("nginx"), &nginx, true).await;
        check(name("nginx.exe"), &nginx, true).await;
        check(name("Nginx"), &nginx, false).await;
        check(name("ngin"), &nginx, false).await;
        check(path("/usr/sbin/nginx"), &nginx, true).await;
        check(path("/usr/bin/nginx"), &nginx, false).await;
        check(line("^nginx: (worker|master)"), &nginx, true).await;
        check(line("nginx -g"), &nginx, false).await;

        let script = process("reloj.py", Some("/usr/bin/python3.11"), "/usr/bin/python3 ./reloj.py");
        check(name("reloj.py"), &script, true).await;
        check(name("python3.11"), &script, true).await;
        check(name("python3"), &script, false).await;

        // Of another user's process the path is not known, and its name is cut.
        let other = process("a-rather-long-n", None, "/opt/x/a-rather-long-name -d");
        check(name("a-rather-long-name"), &other, true).await;
        check(name("a-rather-long-nonsense"), &other, false).await;
        check(path("/opt/x/a-rather-long-name"), &other, true).await;
    }

    #[tokio::test]
    async fn estatus_itself_is_no_match_for_a_command_line() {
        let own = Process { pid: std::process::id(), ..process("estatus", None, "estatus run --config reloj.toml") };
        let by = ProcessMatch::CommandLine(regex::Regex::new("reloj").unwrap());
        assert!(!Wanted::new(&by).await.fits(&own));
    }

    #[test]
    fn an_executable_that_was_replaced_keeps_its_path() {
        assert_eq!(still_there(Path::new("/usr/bin/web (deleted)")), Path::new("/usr/bin/web"));
        assert_eq!(still_there(Path::new("/usr/bin/web")), Path::new("/usr/bin/web"));
    }

    #[tokio::test]
    async fn one_reading_serves_all_and_is_then_forgotten() {
        let table = Table::default();
        let (first, second) = tokio::join!(table.read(), table.read());
        let (first, second) = (first.unwrap(), second.unwrap());
        assert!(Arc::ptr_eq(&first, &second));
        tokio::time::pause();
        tokio::time::advance(FRESH_FOR * 2).await;
        while table.latest.lock().await.is_some() {
            tokio::task::yield_now().await;
        }
    }
}
