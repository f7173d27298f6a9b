//! Ends what nobody waits for any more, on a thread of its own: that takes a while, and whoever gave it up has none.

use std::{
    io,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use estatus_core::command::CommandEnd;
use tokio::{sync::watch, time::timeout};
use tracing::warn;

use crate::platform::{Child, Tree, command_end};

/// For how long the proof is waited for that nothing is left.
const PROOF_WITHIN: Duration = Duration::from_secs(3);

/// How many commands have not ended, with all that they have started.
static ALIVE: LazyLock<watch::Sender<usize>> = LazyLock::new(watch::Sender::default);

static QUEUE: Mutex<Queue> = Mutex::new(Queue { given: Vec::new(), works: false });

/// What waits for the reaper's thread; never more than commands run.
struct Queue {
    given: Vec<Running>,
    /// Whether there is a thread: it lives as long as there is something to do.
    works: bool,
}

/// Waits until every command that was run in this process has ended, with all that was to end with it, or until `within`
/// is over. Whether they have.
pub async fn all_ended(within: Duration) -> bool {
    let mut alive = ALIVE.subscribe();
    timeout(within, alive.wait_for(|&alive| alive == 0)).await.is_ok()
}

/// A command that runs, and all that it has started. Unless that was ended, it is ended when this is
/// dropped, soon and for certain, but not by the thread that drops it.
pub(crate) struct Owned {
    /// Nothing only while this is dropped.
    running: Option<Running>,
    is_settled: bool,
}

struct Running {
    child: Child,
    tree: Tree,
    _alive: Alive,
}

impl Owned {
    pub(crate) fn new(child: Child, tree: Tree) -> Self {
        Self { running: Some(Running { child, tree, _alive: Alive::new() }), is_settled: false }
    }

    /// Waits for the end of the command itself; nothing if that does not come `within`.
    pub(crate) async fn exited_within(&mut self, within: Duration) -> Option<io::Result<()>> {
        let Running { child, tree, .. } = self.running.as_mut()?;
        timeout(within, tree.exited(child)).await.ok()
    }

    /// How the command itself has ended.
    pub(crate) async fn command_end(&mut self) -> io::Result<CommandEnd> {
        match &mut self.running {
            Some(running) => command_end(&mut running.child).await,
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Ends all of it and gives back what is still there after `within`.
    pub(crate) async fn end(&mut self, within: Duration) -> Vec<u32> {
        let left = match &self.running {
            Some(running) => running.tree.end(within).await,
            None => Vec::new(),
        };
        self.is_settled = true;
        left
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(running) = self.running.take().filter(|_| !self.is_settled) {
            give(running);
        }
    }
}

/// Counts a command for as long as it may be alive.
struct Alive;

impl Alive {
    fn new() -> Self {
        ALIVE.send_modify(|alive| *alive += 1);
        Self
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        ALIVE.send_modify(|alive| *alive -= 1);
    }
}

fn queue() -> MutexGuard<'static, Queue> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Hands `running` to the reaper's thread.
fn give(running: Running) {
    let mut queue = queue();
    queue.given.push(running);
    if std::mem::replace(&mut queue.works, true) {
        return;
    }
    drop(queue);
    if thread::Builder::new().name("reaper".to_owned()).spawn(work).is_err() {
        // Better late than not at all.
        work();
    }
}

/// Ends all that is given, and all that is given meanwhile.
fn work() {
    while let Some(given) = taken() {
        let left = Tree::end_all(given.iter().map(|running| &running.tree), PROOF_WITHIN);
        if !left.is_empty() {
            warn!(?left, "processes of a command could not be ended");
        }
    }
}

/// What has been given; nothing, and the thread is to end, if there is none.
fn taken() -> Option<Vec<Running>> {
    let mut queue = queue();
    queue.works = !queue.given.is_empty();
    queue.works.then(|| std::mem::take(&mut queue.given))
}
