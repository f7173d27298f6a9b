//! Programs that are tried: each started once, outside of its supervision, and ended with all that it has started.
//!
//! A trial has a shim, as a program has, which ends it when the engine is gone; where the shim is killed too, the next
//! engine ends what is left. As long as a trial stands for a program, that one is not to be started: nothing of a trial is
//! there any more, its folder neither, once [`Trials::has`] says no.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use estatus_core::{
    ids::StartId,
    program::{Ended, Found, Program, ProgramEvent, StartFailure},
    secret::Secret,
};
use jiff::Timestamp;
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
    task::spawn_blocking,
    time::{Instant, sleep, timeout},
};

use crate::{
    ledger::{Ledger, StartPhase},
    log::{Line, LogReader},
    names::file_name,
    shim::{Launch, ShimRequest, Stopping},
    supervisor::{Supervisor, SupervisorEvent},
};

/// A program that is only tried is killed when it has not ended so long after it was asked to.
const STOPPED_WITHIN: Duration = Duration::from_secs(10);
/// A folder that cannot be removed is tried again so soon, and for so long.
const REMOVAL_PAUSE: Duration = Duration::from_millis(20);
const REMOVED_WITHIN: Duration = Duration::from_secs(10);
/// How many events may wait for who listens to them.
const EVENTS_LIMIT: usize = 64;

/// How a trial stands.
#[derive(Clone, Debug, PartialEq)]
pub enum TrialState {
    /// Nothing has been started.
    Reserved,
    /// It is being started.
    Starting,
    /// It runs.
    Running {
        /// Whether it has said that it is ready, by `READY=1` or by the line that was waited for.
        ready: bool,
    },
    /// It could not be started.
    CannotStart(StartFailure),
    /// It has ended, with all that it had started.
    Ended(Ended),
    /// It was ended before it began.
    Cancelled,
}

impl TrialState {
    /// Whether nothing more happens.
    pub const fn is_over(&self) -> bool {
        matches!(self, Self::CannotStart(_) | Self::Ended(_) | Self::Cancelled)
    }
}

/// The trials of one data folder. Clones share them.
#[derive(Clone)]
pub struct Trials(Arc<Mutex<Shared>>);

struct Shared {
    folder: PathBuf,
    supervisor: Supervisor,
    under_way: Vec<UnderWay>,
}

/// A trial that is not over, or whose folder is still there.
struct UnderWay {
    /// What it is known by to its shim.
    name: Arc<str>,
    /// The programs that are not to be started beside it.
    stands_for: Vec<Arc<str>>,
    start: StartId,
    /// How it is stopped.
    how: Stopping,
    /// Whoever waits for it to be gone sees this being dropped.
    state: watch::Sender<TrialState>,
    /// Whether somebody looks at it.
    is_held: bool,
}

impl Trials {
    /// The trials below `data`, with shims that come from where those of `supervisor` do. What an engine before this one has
    /// left of any is ended.
    pub fn new(data: &Path, supervisor: &Supervisor) -> Self {
        let folder = data.join("trials");
        let (sender, events) = mpsc::channel(EVENTS_LIMIT);
        let supervisor = supervisor.beside(&folder, sender);
        let trials = Self(Arc::new(Mutex::new(Shared { folder, supervisor, under_way: Vec::new() })));
        tokio::spawn(listen(events, Arc::downgrade(&trials.0)));
        let over = trials.shared().end_what_was_left();
        over.into_iter().for_each(|(name, folder)| clear(&trials.0, name, folder));
        trials
    }

    /// A trial of the program `name`, which stands for that and for `others` from now on; nothing if another one stands for
    /// one of them.
    pub fn reserve(&self, name: &str, others: impl IntoIterator<Item = Arc<str>>) -> Option<Trial> {
        let mut shared = self.shared();
        let stands_for: Vec<Arc<str>> = others.into_iter().chain([name.into()]).collect();
        if stands_for.iter().any(|program| shared.has(program)) {
            return None;
        }
        let folder = shared.folder_of(name);
        let began = Timestamp::now();
        let start = StartId(u64::try_from(began.as_microsecond()).unwrap_or_default());
        let (sender, state) = watch::channel(TrialState::Reserved);
        let name: Arc<str> = name.into();
        shared.under_way.push(UnderWay {
            name: Arc::clone(&name),
            stands_for,
            start,
            how: Stopping::at_once(),
            state: sender,
            is_held: true,
        });
        Some(Trial { all: self.clone(), name, start, log: TrialLog { folder, began }, state })
    }

    /// Whether a trial stands for `program`.
    pub fn has(&self, program: &str) -> bool {
        self.shared().has(program)
    }

    /// Ends the trial that stands for `program`, if there is one, and waits until it is gone.
    pub fn end(&self, program: &str) -> impl Future<Output = ()> + Send + use<> {
        let gone = self.shared().end(|trial| trial.stands_for.iter().any(|other| **other == *program));
        async move {
            for mut gone in gone {
                while gone.changed().await.is_ok() {}
            }
        }
    }

    /// Ends every trial. Whether they have ended, `within` that time.
    pub async fn end_all(&self, within: Duration) -> bool {
        let all = self.shared().end(|_| true);
        let over = async {
            for mut state in all {
                // What is dropped is over.
                let _ = state.wait_for(TrialState::is_over).await;
            }
        };
        timeout(within, over).await.is_ok()
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        lock(&self.0)
    }
}

/// A program that is tried. When this is dropped, it ends.
pub struct Trial {
    all: Trials,
    name: Arc<str>,
    start: StartId,
    log: TrialLog,
    state: watch::Receiver<TrialState>,
}

impl Trial {
    /// Starts `program` with the variables of Estatus but for `hidden`, its own and `secret_env`, which is what has been
    /// fetched for its `secret_env`; `stop_env` is the same for its stop command. It is the first start that it sees. Where
    /// the trial has been ended meanwhile, nothing is started.
    pub fn start(
        &self,
        program: &Program,
        secret_env: &[(String, Secret)],
        stop_env: &[(String, Secret)],
        hidden: &BTreeSet<String>,
    ) {
        let mut shared = self.all.shared();
        let Some(trial) = shared.find(&self.name).filter(|trial| *trial.state.borrow() == TrialState::Reserved) else {
            return;
        };
        let how = Stopping::new(&program.stop, stop_env, hidden);
        trial.how = Stopping { within: how.within.min(STOPPED_WITHIN), ..how };
        trial.state.send_replace(TrialState::Starting);
        let mut launch = Launch::tried(program, trial.stands_for.clone(), self.start, secret_env, hidden);
        launch.stop.clone_from(&trial.how);
        shared.supervisor.ask(&self.name, ShimRequest::Start(Box::new(launch)));
    }

    /// How it stands, from now on. As long as this trial is there, that is told.
    pub fn state(&self) -> watch::Receiver<TrialState> {
        self.state.clone()
    }

    /// Has it stopped, as its stop policy says, within ten seconds.
    pub fn stop(&self) {
        self.all.shared().end(|trial| trial.name == self.name);
    }

    /// Gives it up, and waits until nothing of it is left: from then on its programs can be started, and tried again.
    pub async fn gone(self) {
        let mut state = self.state();
        drop(self);
        while state.changed().await.is_ok() {}
    }

    /// What it writes.
    pub const fn log(&self) -> &TrialLog {
        &self.log
    }
}

/// What the program of a trial writes, as long as the trial is there.
#[derive(Clone, Debug)]
pub struct TrialLog {
    /// The folder with its log.
    pub folder: PathBuf,
    /// When the trial was reserved; what stands there from before then is another's.
    pub began: Timestamp,
}

impl TrialLog {
    /// The last `most` lines, the oldest first. Blocks.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn last(&self, most: usize) -> io::Result<Vec<Line>> {
        match LogReader::open(&self.folder) {
            Ok(mut log) => log.last_within(self.began, None, most),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        let mut shared = self.all.shared();
        shared.end(|trial| trial.name == self.name);
        if let Some(trial) = shared.find(&self.name) {
            trial.is_held = false;
        }
        if let Some((name, folder)) = shared.cleared(&self.name) {
            clear(&self.all.0, name, folder);
        }
    }
}

impl Shared {
    fn folder_of(&self, name: &str) -> PathBuf {
        self.folder.join(file_name(name))
    }

    fn has(&self, program: &str) -> bool {
        self.under_way.iter().any(|trial| trial.stands_for.iter().any(|other| **other == *program))
    }

    fn find(&mut self, name: &str) -> Option<&mut UnderWay> {
        self.under_way.iter_mut().find(|trial| *trial.name == *name)
    }

    /// Ends the `wanted` trials; their states come back.
    fn end(&mut self, wanted: impl Fn(&UnderWay) -> bool) -> Vec<watch::Receiver<TrialState>> {
        let Self { under_way, supervisor, .. } = self;
        let wanted = under_way.iter().filter(|trial| wanted(trial)).map(|trial| {
            let is_reserved = *trial.state.borrow() == TrialState::Reserved;
            if is_reserved {
                trial.state.send_replace(TrialState::Cancelled);
            } else if !trial.state.borrow().is_over() {
                supervisor.ask(&trial.name, ShimRequest::Stop { start: trial.start, how: trial.how.clone() });
            }
            trial.state.subscribe()
        });
        wanted.collect()
    }

    /// Something happened to the trial `name`.
    fn hear(&mut self, name: &str, event: ProgramEvent) {
        let Some(trial) = self.find(name) else { return };
        let Some(state) = told(event, trial) else { return };
        let is_over = state.is_over();
        trial.state.send_replace(state);
        if is_over {
            self.supervisor.release(name);
        }
    }

    /// The folder of the trial `name`, if that is over and nobody looks at it.
    fn cleared(&mut self, name: &str) -> Option<(Arc<str>, PathBuf)> {
        let folder = self.folder_of(name);
        let trial = self.find(name).filter(|trial| !trial.is_held && trial.state.borrow().is_over())?;
        Some((Arc::clone(&trial.name), folder))
    }

    /// Ends what may run. What has ended is to be cleared away, and comes back.
    fn end_what_was_left(&mut self) -> Vec<(Arc<str>, PathBuf)> {
        let files = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let folders: Vec<PathBuf> = files.map(|file| file.path()).filter(|path| path.is_dir()).collect();
        let mut over = Vec::new();
        for folder in folders {
            let Some(ledger) = Ledger::read(&folder) else {
                // Nothing was started there. What cannot be removed now is removed by the next engine.
                let _ = fs::remove_dir_all(&folder);
                continue;
            };
            let name: Arc<str> = ledger.program.as_str().into();
            let how = Stopping::at_once();
            let state = match ledger.phase {
                StartPhase::Ended(ended) => {
                    over.push((Arc::clone(&name), folder));
                    TrialState::Ended(ended)
                }
                StartPhase::Spawning | StartPhase::Running(_) => {
                    self.supervisor.ask(&name, ShimRequest::Stop { start: ledger.start, how: how.clone() });
                    TrialState::Running { ready: false }
                }
            };
            self.under_way.push(UnderWay {
                stands_for: ledger.terms.stands_for.into_iter().chain([Arc::clone(&name)]).collect(),
                name,
                start: ledger.start,
                how,
                state: watch::Sender::new(state),
                is_held: false,
            });
        }
        over
    }
}

/// Hears what becomes of trials, for as long as anybody is interested.
async fn listen(mut events: mpsc::Receiver<SupervisorEvent>, all: Weak<Mutex<Shared>>) {
    while let Some(SupervisorEvent { program: name, event }) = events.recv().await {
        let Some(all) = all.upgrade() else { return };
        let mut shared = lock(&all);
        shared.hear(&name, event);
        let over = shared.cleared(&name);
        drop(shared);
        if let Some((name, folder)) = over {
            clear(&all, name, folder);
        }
    }
}

/// Removes the folder of a trial that is over, which then is gone. A shim that has told of the end may have files open
/// there until it is gone itself, and on Windows nobody can remove them until then.
fn clear(all: &Arc<Mutex<Shared>>, name: Arc<str>, folder: PathBuf) {
    let all = Arc::downgrade(all);
    let work = async move {
        let begun = Instant::now();
        // What cannot be removed by then is removed by the next engine.
        while !is_removed(folder.clone()).await && begun.elapsed() < REMOVED_WITHIN {
            sleep(REMOVAL_PAUSE).await;
        }
        if let Some(all) = all.upgrade() {
            lock(&all).under_way.retain(|trial| trial.name != name);
        }
    };
    // Where an engine ends there may be nobody left to do it.
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(work);
    }
}

/// Removes that folder; whether it is not there any more.
async fn is_removed(folder: PathBuf) -> bool {
    let removed = spawn_blocking(move || fs::remove_dir_all(folder)).await;
    removed.is_ok_and(|removed| removed.map_or_else(|error| error.kind() == io::ErrorKind::NotFound, |()| true))
}

/// How `trial` stands after `event`, if that says anything new.
fn told(event: ProgramEvent, trial: &UnderWay) -> Option<TrialState> {
    let runs = |ready| Some(TrialState::Running { ready });
    let is_ready = *trial.state.borrow() == TrialState::Running { ready: true };
    match event {
        ProgramEvent::Started { start, .. } if start == trial.start => runs(is_ready),
        ProgramEvent::Ready { start } if start == trial.start => runs(true),
        ProgramEvent::Found(Found::Running { start, ready, .. }) if start == trial.start => runs(ready || is_ready),
        ProgramEvent::Exited(ended) | ProgramEvent::Found(Found::Ended(ended)) if ended.start == trial.start => {
            Some(TrialState::Ended(ended))
        }
        // Whoever was looked for is not there, and nothing is known of it any more.
        ProgramEvent::Found(Found::Nothing) => {
            let exit = estatus_core::exit::Exit::Unseen;
            Some(TrialState::Ended(Ended::new(trial.start, exit, Timestamp::now())))
        }
        ProgramEvent::CannotStart { start, failure } if start == trial.start => Some(TrialState::CannotStart(failure)),
        _ => None,
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
