//! Commands that are known over a restart of Estatus: each has a shim, as a program has.
//!
//! The shim notes what it is about to start before it does, ends the command when it has had its time, and notes how it
//! ended. So where an engine is killed the command goes on, and the next engine learns its end; where the shim is killed
//! too, another takes over. What has begun or ended under an identity is never begun again under it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use estatus_core::{
    command::{CommandEnd, CommandOutcome, DurableCommand, ProgramFile},
    config::Language,
    exit::Exit,
    ids::StartId,
    program::{Ended, EndedBy, Found, Leftover, ProgramEvent, StartFailure},
    secret::Secret,
    words::Words,
};
use jiff::{Timestamp, tz::TimeZone};
use tokio::{
    sync::{mpsc, watch},
    task::spawn_blocking,
    time::timeout,
};

use crate::{
    executable::program_file,
    ledger::{Ledger, StartPhase},
    names::file_name,
    secrets::without_secrets,
    shim::{Launch, ShimRequest, Stopping},
    supervisor::{Supervisor, SupervisorEvent},
};

/// Somebody who is asked to end an earlier command gets so long for it.
const ENDED_WITHIN: Duration = Duration::from_secs(10);
/// How the last execution of an owner ended is known for so long.
const KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How many events may wait for who listens to them.
const EVENTS_LIMIT: usize = 64;

/// The folder of the commands of `owner` below the data folder, with the log of all that they wrote.
pub fn command_folder(data: &Path, owner: &str) -> PathBuf {
    commands(data).join(file_name(owner))
}

fn commands(data: &Path) -> PathBuf {
    data.join("commands")
}

/// The commands of owners, below one data folder.
pub struct Commands {
    folder: PathBuf,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    supervisor: Supervisor,
    /// The commands that run, by owner.
    running: BTreeMap<Arc<str>, Execution>,
}

/// A command that runs, as whoever waits for it sees it.
#[derive(Clone)]
struct Execution {
    start: StartId,
    /// The command as it stands in the configuration.
    line: String,
    began: Timestamp,
    outcome: watch::Sender<Option<CommandOutcome>>,
}

impl Commands {
    /// The commands below `data`, with shims that come from where those of `supervisor` do. Those that an engine before this
    /// one has left running are watched from now on.
    pub fn new(data: &Path, supervisor: &Supervisor) -> Self {
        let folder = commands(data);
        let (sender, events) = mpsc::channel(EVENTS_LIMIT);
        let shared = Shared { supervisor: supervisor.beside(&folder, sender), running: BTreeMap::new() };
        let commands = Self { folder, shared: Arc::new(Mutex::new(shared)) };
        tokio::spawn(listen(events, Arc::downgrade(&commands.shared)));
        commands.look_for_what_was_left();
        commands
    }

    /// Runs `command` with the variables of Estatus but for `hidden`, its own and `secret_env`, which is what has been fetched
    /// for its `secret_env`; or learns how it has ended. The last lines that it writes, of both streams, are in
    /// [`CommandOutcome::stdout`], without secrets.
    ///
    /// This takes little longer than its timeout, whatever runs already. Once `ended` is true the command is ended with all
    /// that it has started, or never begun. Dropping the future ends nothing.
    pub async fn run(
        &self,
        command: &DurableCommand,
        secret_env: &[(String, Secret)],
        hidden: &BTreeSet<String>,
        mut ended: watch::Receiver<bool>,
    ) -> CommandOutcome {
        let is_ended = ended.clone();
        let mut run = pin!(self.run_unless(&is_ended, command, secret_env, hidden));
        tokio::select! {
            biased;
            outcome = &mut run => return outcome,
            // What has begun is ended; what has not sees it before it begins.
            Ok(_) = ended.wait_for(|ended| *ended) => self.cancel(&command.owner),
        }
        run.await
    }

    async fn run_unless(
        &self,
        ended: &watch::Receiver<bool>,
        command: &DurableCommand,
        secret_env: &[(String, Secret)],
        hidden: &BTreeSet<String>,
    ) -> CommandOutcome {
        let outcome = self.outcome(ended, command, secret_env, hidden).await;
        CommandOutcome { stdout: without_secrets(outcome.stdout, secret_env), ..outcome }
    }

    /// The outcome; of an execution that is begun for it, with what lay there then, which nobody knows of one that was begun
    /// before.
    async fn outcome(
        &self,
        ended: &watch::Receiver<bool>,
        command: &DurableCommand,
        secret_env: &[(String, Secret)],
        hidden: &BTreeSet<String>,
    ) -> CommandOutcome {
        let line = command.command.to_string();
        loop {
            let execution = match self.under_way(&command.owner) {
                Some(execution) => execution,
                None => {
                    let program = program_of(command).await;
                    let launch = || Launch::once(command, secret_env, hidden);
                    match self.begin(ended, command, &line, launch) {
                        Begun::Now(execution) => {
                            let outcome = execution.ended().await;
                            let program = program.filter(|_| !matches!(outcome.end, CommandEnd::CannotStart(_)));
                            return CommandOutcome { program, ..outcome };
                        }
                        Begun::Before(execution) => execution,
                        Begun::HasEnded(outcome) => return outcome,
                    }
                }
            };
            if execution.start == command.start || execution.line == line {
                return execution.ended().await;
            }
            self.cancel(&command.owner);
            if timeout(ENDED_WITHIN, execution.ended()).await.is_err() {
                let reason = format!("`{}` runs since before, and cannot be ended: end it yourself", execution.line);
                return outcome(CommandEnd::CannotStart(reason), String::new(), Duration::ZERO);
            }
        }
    }

    fn under_way(&self, owner: &str) -> Option<Execution> {
        shared(&self.shared).running.get(owner).cloned()
    }

    /// Ends the command that `owner` has running, if there is one; whoever waits for it learns its end.
    pub fn cancel(&self, owner: &str) {
        shared(&self.shared).cancel(owner);
    }

    /// Ends every command, with all that it has started. Whether they have, `within` that time.
    pub async fn cancel_all(&self, within: Duration) -> bool {
        let all: Vec<Execution> = {
            let mut shared = shared(&self.shared);
            let owners: Vec<Arc<str>> = shared.running.keys().cloned().collect();
            owners.iter().for_each(|owner| shared.cancel(owner));
            shared.running.values().cloned().collect()
        };
        let ended = async {
            for execution in &all {
                execution.ended().await;
            }
        };
        timeout(within, ended).await.is_ok()
    }

    /// Begins an execution, unless there is one of this owner, or this very one has been or is not wanted any more.
    fn begin(
        &self,
        ended: &watch::Receiver<bool>,
        command: &DurableCommand,
        line: &str,
        launch: impl FnOnce() -> Launch,
    ) -> Begun {
        let mut shared = shared(&self.shared);
        if let Some(execution) = shared.running.get(&*command.owner) {
            return Begun::Before(execution.clone());
        }
        let ledger = Ledger::read_of_any_boot(&self.folder.join(file_name(&command.owner)));
        if let Some(ledger) = ledger.filter(|ledger| ledger.start == command.start) {
            match &ledger.phase {
                StartPhase::Ended(ended) => {
                    // When it began is not known any more; one that had its time took that.
                    let limit =
                        ledger.terms.once.as_ref().filter(|_| ended.by == EndedBy::Limit).map(|once| once.limit);
                    return Begun::HasEnded(outcome_of(ended, limit.unwrap_or_default()));
                }
                // It went down with the machine.
                _ if !ledger.is_of_this_boot() => {
                    return Begun::HasEnded(outcome(CommandEnd::Cancelled, String::new(), Duration::ZERO));
                }
                // Its shim found it so a moment ago, or is asked to.
                StartPhase::Spawning | StartPhase::Running(_) => {}
            }
        }
        if *ended.borrow() {
            return Begun::HasEnded(outcome(CommandEnd::Cancelled, String::new(), Duration::ZERO));
        }
        let execution = Execution::new(command.start, line.to_owned(), Timestamp::now());
        let owner: Arc<str> = command.owner.as_str().into();
        shared.running.insert(Arc::clone(&owner), execution.clone());
        shared.supervisor.ask(&owner, ShimRequest::Start(Box::new(launch())));
        Begun::Now(execution)
    }

    /// Has those watched that an engine before this one has left running, and forgets what ended long ago.
    fn look_for_what_was_left(&self) {
        let files = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        for folder in files.map(|file| file.path()).filter(|path| path.is_dir()) {
            let Some(ledger) = Ledger::read_of_any_boot(&folder) else {
                // Of what was forgotten while somebody had a file of it open, the folder is left.
                let _ = fs::remove_dir(&folder);
                continue;
            };
            let Some(once) = ledger.terms.once.as_ref().filter(|_| ledger.is_of_this_boot()) else {
                forget_if_old(&folder);
                continue;
            };
            let began = match &ledger.phase {
                StartPhase::Ended(_) => {
                    forget_if_old(&folder);
                    continue;
                }
                StartPhase::Running(record) => record.since,
                StartPhase::Spawning => Timestamp::now(),
            };
            let owner: Arc<str> = ledger.program.as_str().into();
            let execution = Execution::new(ledger.start, once.command.clone(), began);
            let mut shared = shared(&self.shared);
            shared.running.insert(Arc::clone(&owner), execution);
            shared.supervisor.ask(&owner, ShimRequest::Look);
        }
    }
}

impl Shared {
    fn cancel(&mut self, owner: &str) {
        if let Some((owner, execution)) = self.running.get_key_value(owner) {
            let stop = ShimRequest::Stop { start: execution.start, how: Stopping::at_once() };
            self.supervisor.ask(owner, stop);
        }
    }

    /// Something happened to the command of `owner`: if that was its end, whoever waits for it is told.
    fn hear(&mut self, owner: &str, event: ProgramEvent) {
        let Some(execution) = self.running.get(owner) else { return };
        if let Some(outcome) = told(event, execution) {
            execution.outcome.send_replace(Some(outcome));
            self.running.remove(owner);
            self.supervisor.release(owner);
        }
    }
}

enum Begun {
    /// It runs from now on.
    Now(Execution),
    /// It runs already, or an earlier one of this owner does.
    Before(Execution),
    /// It has been, or is not to be.
    HasEnded(CommandOutcome),
}

impl Execution {
    fn new(start: StartId, line: String, began: Timestamp) -> Self {
        Self { start, line, began, outcome: watch::Sender::new(None) }
    }

    /// Waits for its outcome. Who tells it lives as long as this does.
    async fn ended(&self) -> CommandOutcome {
        let mut outcome = self.outcome.subscribe();
        let told = outcome.wait_for(Option::is_some).await.ok().and_then(|told| told.clone());
        told.unwrap_or_else(unseen)
    }
}

/// What `command` runs, as it lies there now. What the disk says of that may take its time.
async fn program_of(command: &DurableCommand) -> Option<ProgramFile> {
    let line = command.command.clone();
    spawn_blocking(move || program_file(&line)).await.unwrap_or_default()
}

/// Hears what becomes of commands, for as long as anybody is interested.
async fn listen(mut events: mpsc::Receiver<SupervisorEvent>, all: Weak<Mutex<Shared>>) {
    while let Some(SupervisorEvent { program: owner, event }) = events.recv().await {
        let Some(all) = all.upgrade() else { return };
        shared(&all).hear(&owner, event);
    }
}

/// The outcome of `execution`, if that is what was told.
fn told(event: ProgramEvent, execution: &Execution) -> Option<CommandOutcome> {
    match event {
        ProgramEvent::Exited(ended) | ProgramEvent::Found(Found::Ended(ended)) if ended.start == execution.start => {
            let took = Duration::try_from(ended.at.duration_since(execution.began)).unwrap_or_default();
            Some(outcome_of(&ended, took))
        }
        // Whoever was looked for is not there, and nothing is known of it any more.
        ProgramEvent::Found(Found::Nothing) => Some(unseen()),
        ProgramEvent::CannotStart { start, failure } if start == execution.start => {
            Some(outcome(CommandEnd::CannotStart(in_words(&failure)), String::new(), Duration::ZERO))
        }
        _ => None,
    }
}

fn outcome_of(ended: &Ended, took: Duration) -> CommandOutcome {
    let left = ended.left.iter().filter_map(|left| match left {
        Leftover::Process { pid, .. } => Some(*pid),
        Leftover::Port { .. } => None,
    });
    let end = match (ended.by, ended.exit) {
        (EndedBy::Limit, _) => CommandEnd::TimedOut { left: left.collect() },
        (EndedBy::Stop, _) => CommandEnd::Cancelled,
        (EndedBy::Itself, Exit::Code(code)) => CommandEnd::Exited(code),
        (EndedBy::Itself, Exit::Signal(number)) => CommandEnd::Signaled(number),
        (EndedBy::Itself, Exit::Unseen) => CommandEnd::Unseen,
    };
    outcome(end, ended.tail.join("\n"), took)
}

fn unseen() -> CommandOutcome {
    outcome(CommandEnd::Unseen, String::new(), Duration::ZERO)
}

fn outcome(end: CommandEnd, stdout: String, took: Duration) -> CommandOutcome {
    CommandOutcome { end, stdout, stderr: String::new(), took, program: None }
}

/// Why a command could not be started, in English.
fn in_words(failure: &StartFailure) -> String {
    Words::new(Language::English, TimeZone::UTC).start_failure(failure)
}

/// The ledger goes last: as long as it is there, what cannot be removed now, because somebody has it open, will be.
fn forget_if_old(folder: &Path) {
    let ledger = folder.join("ledger.json");
    let written = fs::metadata(&ledger).and_then(|ledger| ledger.modified());
    if !written.is_ok_and(|written| written.elapsed().is_ok_and(|age| age > KEPT_FOR)) {
        return;
    }
    let remove = |path: &Path| if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path());
    if files.filter(|path| *path != ledger).all(|path| remove(&path).is_ok()) {
        let _ = fs::remove_dir_all(folder);
    }
}

fn shared(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
