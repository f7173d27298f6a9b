//! Commands of which an owner has one at a time, whatever happens to Estatus.
//!
//! What is known of such a command stands in a file for as long as it runs. Where an engine is killed the command goes on;
//! the next engine finds it by its file, sees to it that it ends within its time, and how it ends is the outcome for
//! whoever would run it again meanwhile.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use estatus_core::{
    command::{CommandEnd, CommandOutcome, CommandRun},
    program::ProcessId,
    secret::Secret,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, timeout},
};
use tracing::warn;

use crate::{
    platform::{self, Tree},
    reaper::Owned,
    run::{self, END_WITHIN},
    shim::file_name,
};

/// Somebody who is asked to end an earlier command gets so long for it.
const ENDED_WITHIN: Duration = Duration::from_secs(10);

/// The commands of owners, below one data folder.
pub struct Commands {
    folder: PathBuf,
    known: Arc<Known>,
}

/// Those that run, by owner.
type Known = Mutex<BTreeMap<String, Earlier>>;

/// A command that runs already, as whoever would run another sees it.
#[derive(Clone)]
struct Earlier {
    command: String,
    outcome: watch::Receiver<Option<CommandOutcome>>,
    unwanted: Arc<Notify>,
}

impl Commands {
    /// The commands below `data`. Those that an engine before this one has left running are watched from now on.
    pub fn new(data: &Path) -> Self {
        let commands = Self { folder: data.join("commands"), known: Arc::default() };
        for (path, entry) in entries(&commands.folder) {
            match Tree::left_behind(&entry.token, entry.root) {
                Some(tree) => commands.watch(path, entry, tree),
                None => drop(fs::remove_file(path)),
            }
        }
        commands
    }

    /// Runs `run` as [`crate::run`] does, unless a command of the same owner runs already: if that is the same, its
    /// outcome is given back; another is ended first.
    ///
    /// This takes little longer than the timeout of `run`, whatever runs already. Dropping the future ends what it has
    /// started.
    pub async fn run(
        &self,
        owner: &str,
        run: CommandRun,
        secret_env: Vec<(String, Secret)>,
        hidden: &BTreeSet<String>,
    ) -> CommandOutcome {
        let command = run.command.to_string();
        loop {
            let mut earlier = match self.begin(owner, &command) {
                Ok(turn) => return run::run_as(run, secret_env, hidden, Some(turn)).await,
                Err(earlier) => earlier,
            };
            if earlier.command == command {
                if let Ok(outcome) = timeout(run.timeout, earlier.outcome()).await {
                    match outcome {
                        Some(outcome) => return outcome,
                        // It was given up, and has ended.
                        None => continue,
                    }
                }
                earlier.unwanted.notify_one();
                if let Ok(Some(outcome)) = timeout(ENDED_WITHIN, earlier.outcome()).await {
                    return outcome;
                }
            } else {
                earlier.unwanted.notify_one();
                if timeout(ENDED_WITHIN, earlier.outcome()).await.is_ok() {
                    continue;
                }
            }
            let reason = format!("`{}` runs since before, and cannot be ended: end it yourself", earlier.command);
            return ended(CommandEnd::CannotStart(reason), Duration::ZERO);
        }
    }

    /// Nobody waits for any of them any more.
    pub fn give_up(&self) {
        known(&self.known).values().for_each(|earlier| earlier.unwanted.notify_one());
    }

    /// The turn of `owner`, unless it has one already.
    fn begin(&self, owner: &str, command: &str) -> Result<Turn, Earlier> {
        let mut known = known(&self.known);
        if let Some(earlier) = known.get(owner) {
            return Err(earlier.clone());
        }
        let (outcome, told) = watch::channel(None);
        let unwanted = Arc::new(Notify::new());
        let earlier = Earlier { command: command.to_owned(), outcome: told, unwanted: Arc::clone(&unwanted) };
        known.insert(owner.to_owned(), earlier);
        let path = self.folder.join(format!("{}.json", file_name(owner)));
        let (owner, known) = (owner.to_owned(), Arc::clone(&self.known));
        Ok(Turn { owner, command: command.to_owned(), path, known, outcome, unwanted })
    }

    fn watch(&self, path: PathBuf, entry: Entry, tree: Tree) {
        let Ok(turn) = self.begin(&entry.owner, &entry.command) else { return };
        if path != turn.path {
            // Who renamed it?
            let _ = fs::remove_file(path);
        }
        let ran = Duration::try_from(Timestamp::now().duration_since(entry.began)).unwrap_or_default();
        let remains = entry.timeout.saturating_sub(ran);
        let mut owned = Owned::new(None, tree, Some(turn));
        tokio::spawn(async move {
            let begun = Instant::now();
            let end = match owned.exited_within(remains).await {
                Some(_) => {
                    owned.let_go();
                    CommandEnd::Unseen
                }
                None => CommandEnd::TimedOut { left: owned.end(END_WITHIN).await },
            };
            if let Some(turn) = owned.into_turn() {
                turn.tell(&ended(end, ran + begun.elapsed()));
            }
        });
    }
}

impl Earlier {
    /// Waits for its outcome; nothing if it is given up.
    async fn outcome(&mut self) -> Option<CommandOutcome> {
        self.outcome.wait_for(Option::is_some).await.ok()?.clone()
    }
}

/// The right of an owner to have a command run, until this is dropped.
pub(crate) struct Turn {
    owner: String,
    command: String,
    path: PathBuf,
    known: Arc<Known>,
    outcome: watch::Sender<Option<CommandOutcome>>,
    unwanted: Arc<Notify>,
}

/// What is known of a command that runs.
#[derive(Serialize, Deserialize)]
struct Entry {
    owner: String,
    /// As it stands in the configuration.
    command: String,
    /// During which boot of the machine this was written.
    boot: String,
    /// What marks its processes.
    token: String,
    /// The command's own process; nothing while that is about to be started.
    root: Option<ProcessId>,
    began: Timestamp,
    /// How long it may run.
    timeout: Duration,
}

impl Turn {
    /// Notes that a command with this token is about to be started, and after that with which process it runs.
    pub(crate) fn note(&self, token: &str, root: Option<ProcessId>, timeout: Duration) {
        let entry = Entry {
            owner: self.owner.clone(),
            command: self.command.clone(),
            boot: platform::boot_id(),
            token: token.to_owned(),
            root,
            began: Timestamp::now(),
            timeout,
        };
        if let Err(error) = entry.write(&self.path) {
            // Better that it runs than that it is known.
            warn!(command = self.command, %error, "if Estatus is killed while this runs, the next one does not know of it");
        }
    }

    /// Waits until nobody wants it any more.
    pub(crate) async fn unwanted(&self) {
        self.unwanted.notified().await;
    }

    /// Tells whoever waits for it.
    pub(crate) fn tell(&self, outcome: &CommandOutcome) {
        self.outcome.send_replace(Some(outcome.clone()));
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
        known(&self.known).remove(&self.owner);
    }
}

impl Entry {
    fn write(&self, path: &Path) -> io::Result<()> {
        path.parent().map_or(Ok(()), platform::make_private)?;
        let new = path.with_extension("new");
        fs::write(&new, serde_json::to_vec(self)?)?;
        fs::rename(new, path)
    }

    /// The entry in `file`, if it is of this boot.
    fn read(file: &Path) -> Option<Self> {
        let entry: Self = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
        (entry.boot == platform::boot_id()).then_some(entry)
    }
}

/// The entries in `folder`. What is none, or none any more, is removed.
fn entries(folder: &Path) -> Vec<(PathBuf, Entry)> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path());
    let read = |path: PathBuf| match Entry::read(&path) {
        Some(entry) => Some((path, entry)),
        None => {
            let _ = fs::remove_file(path);
            None
        }
    };
    files.filter_map(read).collect()
}

fn known(known: &Known) -> MutexGuard<'_, BTreeMap<String, Earlier>> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ended(end: CommandEnd, took: Duration) -> CommandOutcome {
    CommandOutcome { end, stdout: String::new(), stderr: String::new(), took }
}
