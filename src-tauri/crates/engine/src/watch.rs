//! The configuration file, read: at the start, after every change of it, and when somebody wants it put in force.
//!
//! A file that takes nearly everything away was perhaps only cut off ([`Removal`]): it is believed when it says the same
//! after a pause. One that takes everything away is refused like one that is wrong, until the user says that it is meant.

use std::{sync::Arc, time::Duration};

use estatus_config::{last_good, versions};
use estatus_core::{config::Config, removal::Removal};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::spawn_blocking,
    time::{Instant, sleep, sleep_until},
};

use crate::{Options, Problems, file_changes};

/// A file that takes nearly everything away is believed when it still does after this.
const PAUSE: Duration = Duration::from_secs(3);
/// At the start a file that says something else each time is read at most so often.
const FIRST_LOOKS: usize = 4;
/// So many may wait for the file to be put in force.
const APPLIES_LIMIT: usize = 16;

/// What an engine starts with.
pub(crate) struct First {
    pub(crate) config: Arc<Config>,
    /// What was in force when Estatus ran the last time, as far as that is known.
    pub(crate) before: Option<Arc<Config>>,
    /// Why that is not the file as it stands, but its last good version.
    pub(crate) refused: Option<Refused>,
    /// What is the last good version from now on, once what follows from it is on disk: see [`keep`].
    pub(crate) good: Option<String>,
}

/// Why a file is not in force as it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refused {
    pub(crate) problems: Problems,
    /// It is sound, but takes everything away: once the user says that it is meant, it is in force.
    pub(crate) is_emptied: bool,
}

impl From<Problems> for Refused {
    fn from(problems: Problems) -> Self {
        Self { problems, is_emptied: false }
    }
}

/// What has become of the file.
pub(crate) struct Loaded {
    pub(crate) read: Result<Arc<Config>, Refused>,
    /// Told when that has been taken in, and what follows from it is on disk.
    pub(crate) taken: oneshot::Sender<()>,
}

/// Where it is told whether the file is in force now.
pub(crate) type Applied = oneshot::Sender<Result<(), Problems>>;

/// What an engine starts with: the file, or its last good version where the file cannot be believed.
///
/// # Errors
/// What is wrong with the file, if it never was good.
pub(crate) async fn first(options: &Options) -> Result<First, Problems> {
    let Some(last) = last(options).await else {
        let (text, config) = read(options).await?;
        return Ok(First { config, before: None, refused: None, good: Some(text) });
    };
    let before = Some(Arc::clone(&last));
    let mut doubtful = None;
    for _ in 0..FIRST_LOOKS {
        let (text, config) = match believable(read(options).await, &last, options) {
            Ok(read) => read,
            Err(refused) => return Ok(First { config: last, before, refused: Some(refused), good: None }),
        };
        if Removal::of(&last, &config) == Removal::Little || doubtful.as_ref() == Some(&text) {
            return Ok(First { config, before, refused: None, good: Some(text) });
        }
        doubtful = Some(text);
        sleep(PAUSE).await;
    }
    // Whoever writes it will be done some time; that is seen.
    Ok(First { config: last, before, refused: None, good: None })
}

/// Watches the file from now on. What is sent into the first channel has it put in force as it is; out of the second comes
/// what has become of it. `in_force` is what it is compared with.
pub(crate) fn start(
    options: Options,
    in_force: watch::Receiver<Arc<Config>>,
) -> (mpsc::Sender<Applied>, mpsc::Receiver<Loaded>) {
    let (loaded, receiver) = mpsc::channel(1);
    let (sender, wanted) = mpsc::channel(APPLIES_LIMIT);
    let changes = file_changes(options.config.clone());
    tokio::spawn(Reader { options, in_force, loaded, doubt: None }.live(changes, wanted));
    (sender, receiver)
}

struct Reader {
    options: Options,
    in_force: watch::Receiver<Arc<Config>>,
    loaded: mpsc::Sender<Loaded>,
    doubt: Option<Doubt>,
}

/// A file that takes nearly everything away, once read.
struct Doubt {
    text: String,
    /// If it still says so then, it is believed.
    until: Instant,
}

impl Reader {
    async fn live(mut self, mut changes: mpsc::Receiver<()>, mut wanted: mpsc::Receiver<Applied>) {
        loop {
            tokio::select! {
                biased;
                () = self.loaded.closed() => return,
                Some(applied) = wanted.recv() => self.apply(applied).await,
                Some(()) = changes.recv() => self.look().await,
                () = end_of(self.doubt.as_ref()) => self.look().await,
            }
        }
    }

    /// The user says that the file is meant as it is.
    async fn apply(&mut self, applied: Applied) {
        let done = match read(&self.options).await {
            Ok((text, config)) => {
                self.take(text, config).await;
                Ok(())
            }
            Err(problems) => {
                self.tell(Err(problems.clone().into())).await;
                Err(problems)
            }
        };
        // Whoever wanted it may have gone.
        let _ = applied.send(done);
    }

    /// The file may have changed.
    async fn look(&mut self) {
        let in_force = Arc::clone(&self.in_force.borrow());
        match believable(read(&self.options).await, &in_force, &self.options) {
            Ok((text, config)) => {
                if Removal::of(&in_force, &config) == Removal::Little || self.believes(&text) {
                    self.take(text, config).await;
                }
            }
            Err(refused) => self.tell(Err(refused)).await,
        }
    }

    /// Whether a file that takes nearly everything away has been saying so for long enough.
    fn believes(&mut self, text: &str) -> bool {
        if let Some(doubt) = self.doubt.as_ref().filter(|doubt| doubt.text == text) {
            return Instant::now() >= doubt.until;
        }
        tracing::warn!("the configuration takes nearly everything away; it is read again before that is believed");
        self.doubt = Some(Doubt { text: text.to_owned(), until: Instant::now() + PAUSE });
        false
    }

    async fn take(&mut self, text: String, config: Arc<Config>) {
        self.tell(Ok(config)).await;
        keep(&self.options, text).await;
    }

    /// Comes back when it has been taken in, so that the next look compares with what is in force then.
    async fn tell(&mut self, read: Result<Arc<Config>, Refused>) {
        self.doubt = None;
        let (taken, is_taken) = oneshot::channel();
        if self.loaded.send(Loaded { read, taken }).await.is_ok() {
            // The loop is gone only when the engine stops.
            let _ = is_taken.await;
        }
    }
}

async fn end_of(doubt: Option<&Doubt>) {
    match doubt {
        Some(doubt) => sleep_until(doubt.until).await,
        None => std::future::pending().await,
    }
}

type Read = Result<(String, Arc<Config>), Problems>;

/// What was read, unless it takes everything away that is in force.
fn believable(read: Read, in_force: &Config, options: &Options) -> Result<(String, Arc<Config>), Refused> {
    let (text, config) = read?;
    if Removal::of(in_force, &config) == Removal::All {
        let Config { monitors, programs, flows, fleets, .. } = in_force;
        let count = monitors.len() + programs.len() + flows.len() + fleets.len();
        let problems = Problems::emptied(&options.config, count, in_force.language);
        return Err(Refused { problems, is_emptied: true });
    }
    Ok((text, config))
}

async fn read(options: &Options) -> Read {
    let (file, defaults) = (options.config.clone(), options.defaults.clone());
    in_a_thread(move || {
        let text = estatus_config::text(&file, &defaults)?;
        let config = estatus_config::parse(&text, &file, &defaults)?;
        Ok((text, Arc::new(config)))
    })
    .await
}

/// The last good version of the file. One that cannot be used is none.
async fn last(options: &Options) -> Option<Arc<Config>> {
    let options = options.clone();
    in_a_thread(move || {
        let text = match last_good::read(&options.config, &options.data) {
            Ok(text) => text?,
            Err(error) => {
                tracing::warn!(%error, "the last good configuration cannot be read");
                return None;
            }
        };
        match estatus_config::parse(&text, &options.config, &options.defaults) {
            Ok(config) => Some(Arc::new(config)),
            Err(problems) => {
                tracing::warn!("the last good configuration is good no longer:\n{problems}");
                None
            }
        }
    })
    .await
}

/// Keeps `text` as the last good version of the file. What is remembered is of that version, so nothing that follows from
/// it may be missing on disk: a channel that was renamed would be a new one at the next start, and told everything again.
/// Whoever wrote it, it can be put back later: it is one of the last versions, too.
pub(crate) async fn keep(options: &Options, text: String) {
    let options = options.clone();
    in_a_thread(move || {
        if let Err(error) = last_good::keep(&text, &options.config, &options.data) {
            tracing::warn!(%error, "the configuration cannot be kept for a start at which the file is wrong");
        }
        if let Err(error) = versions::keep_in_force(&text, &options.config, &options.data) {
            tracing::warn!(%error, "the configuration cannot be kept among its last versions");
        }
    })
    .await;
}

async fn in_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    spawn_blocking(work).await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}
