//! What says what the load is.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sysinfo::{MINIMUM_CPU_UPDATE_INTERVAL, System};
use tokio::{
    sync::Mutex as AsyncMutex,
    task::{JoinHandle, spawn_blocking},
    time::{Instant, sleep_until, timeout},
};

use super::{AgentError, AgentNews, LoadSource, Teller, manual::Manual};

/// A file is read within this. One that takes longer, as on a drive that is gone, is waited for by nobody.
const READ_WITHIN: Duration = Duration::from_secs(1);
/// No file with a load in it is longer.
const LONGEST: u64 = 64;
/// Whoever has no more to do than this has finished.
const IDLE: f32 = 0.05;

/// The load of this instance.
pub(crate) struct Load {
    source: Source,
    /// Why it cannot be said, as it was told.
    trouble: Mutex<Option<String>>,
    tell: Teller,
}

enum Source {
    Cpu(Box<AsyncMutex<Result<Cpu, String>>>),
    File(LoadFile),
    Manual(Manual),
}

impl Load {
    /// That of the instance `name`, from `source`.
    ///
    /// # Errors
    /// The page for it cannot be served.
    pub(crate) async fn begin(
        source: LoadSource,
        name: &str,
        server: &str,
        tell: &Teller,
    ) -> Result<Arc<Self>, AgentError> {
        let source = match source {
            LoadSource::Cpu => Source::Cpu(Box::new(AsyncMutex::new(Cpu::begin()))),
            LoadSource::File(path) => Source::File(LoadFile { path, reading: AsyncMutex::default() }),
            LoadSource::Manual { page } => Source::Manual(Manual::begin(page, name, server, tell).await?),
        };
        Ok(Arc::new(Self { source, trouble: Mutex::default(), tell: Arc::clone(tell) }))
    }

    /// What it is now, from 0 to 1; nothing if it cannot be said, which is told.
    pub(crate) async fn now(&self) -> Option<f32> {
        let load = match &self.source {
            Source::Cpu(cpu) => match &mut *cpu.lock().await {
                Ok(cpu) => Ok(cpu.now().await),
                Err(error) => Err(error.clone()),
            },
            Source::File(file) => file.read().await,
            Source::Manual(manual) => Ok(manual.load()),
        };
        let trouble = load.as_ref().err().cloned();
        let mut told = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if *told != trouble {
            (self.tell)(trouble.clone().map_or(AgentNews::Load, AgentNews::NoLoad));
            *told = trouble;
        }
        load.ok()
    }

    /// Sets it, if it is set by hand.
    pub(crate) fn set(&self, load: f32) {
        if let Source::Manual(manual) = &self.source {
            manual.set(load);
        }
    }

    /// Shows how it stands with the engine, where a person sees it.
    pub(crate) fn show(&self, standing: Standing) {
        if let Source::Manual(manual) = &self.source {
            manual.show(standing);
        }
    }

    /// Whether there is nothing to do any more, the load being `load`. What a person sets by hand is no work.
    pub(crate) fn is_idle(&self, load: Option<f32>) -> bool {
        matches!(self.source, Source::Manual(_)) || load.is_some_and(|load| load <= IDLE)
    }
}

/// How it stands with the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is not connected.
    #[default]
    Away,
    /// It is connected.
    There,
    /// It is to finish.
    Draining,
}

/// The use of this machine's CPU, from one reading to the next.
struct Cpu {
    system: System,
    read: Instant,
    /// What was read last; nothing yet after the first reading, which has none before it.
    load: Option<f32>,
}

impl Cpu {
    fn begin() -> Result<Self, String> {
        let mut system = System::new().map_err(|error| error.to_string())?;
        system.refresh_cpu_usage();
        Ok(Self { system, read: Instant::now(), load: None })
    }

    async fn now(&mut self) -> f32 {
        let next = self.read + MINIMUM_CPU_UPDATE_INTERVAL;
        if let Some(load) = self.load.filter(|_| Instant::now() < next) {
            return load;
        }
        sleep_until(next).await;
        self.system.refresh_cpu_usage();
        self.read = Instant::now();
        *self.load.insert((self.system.global_cpu_usage() / 100.0).clamp(0.0, 1.0))
    }
}

/// A file with a load in it, which somebody else writes.
struct LoadFile {
    path: PathBuf,
    reading: AsyncMutex<Option<JoinHandle<Result<f32, String>>>>,
}

impl LoadFile {
    async fn read(&self) -> Result<f32, String> {
        let mut reading = self.reading.lock().await;
        let path = self.path.clone();
        let under_way =
            reading.get_or_insert_with(|| spawn_blocking(move || read(&path).map_err(|error| explain(&path, &error))));
        match timeout(READ_WITHIN, under_way).await {
            Ok(read) => {
                *reading = None;
                read.unwrap_or_else(|error| Err(error.to_string()))
            }
            Err(_) => Err(format!("{} is not read within {} s", self.path.display(), READ_WITHIN.as_secs())),
        }
    }
}

fn explain(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

fn read(path: &Path) -> io::Result<f32> {
    let mut text = String::new();
    File::open(path)?.take(LONGEST).read_to_string(&mut text)?;
    parse_load(&text).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no load from 0 to 1 or 0 % to 100 %"))
}

/// The load, from 0 to 1, that `text` says: `0.25` or `25%`.
pub fn parse_load(text: &str) -> Option<f32> {
    let text = text.trim();
    let load = match text.strip_suffix('%') {
        Some(percent) => percent.trim_end().parse::<f32>().ok()? / 100.0,
        None => text.parse().ok()?,
    };
    (0.0..=1.0).contains(&load).then_some(load)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn untold() -> Teller {
        Arc::new(|_| {})
    }

    #[test]
    fn a_load_is_a_share_or_in_percent() {
        let check = |text: &str, expected: Option<f32>| assert_eq!(parse_load(text), expected, "{text}");
        check("0", Some(0.0));
        check(" 0.25\n", Some(0.25));
        check("1", Some(1.0));
        check("25%", Some(0.25));
        check("100 %\n", Some(1.0));
        for wrong in ["", "40", "1.01", "101%", "-0.1", "NaN", "inf", "0,5", "0.5 0.5", "busy", "%"] {
            check(wrong, None);
        }
    }

    #[tokio::test]
    async fn a_file_is_read_each_time_and_its_trouble_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("load");
        let (tell, told) = std::sync::mpsc::channel();
        let tell: Teller = Arc::new(move |news| tell.send(news).unwrap());
        let load = Load::begin(LoadSource::File(path.clone()), "web-1", "", &tell).await.unwrap();
        for (text, expected) in
            [(None, None), (None, None), (Some("0.5"), Some(0.5)), (Some("x"), None), (Some("7%"), Some(0.07))]
        {
            if let Some(text) = text {
                std::fs::write(&path, text).unwrap();
            }
            assert_eq!(load.now().await, expected, "{text:?}");
        }
        let told: Vec<AgentNews> = told.try_iter().collect();
        assert!(
            matches!(&told[..], [AgentNews::NoLoad(missing), AgentNews::Load, AgentNews::NoLoad(wrong), AgentNews::Load]
                if missing.contains("load: ") && wrong.ends_with("no load from 0 to 1 or 0 % to 100 %")),
            "{told:?}"
        );
        assert!(load.is_idle(Some(0.05)) && !load.is_idle(Some(0.06)) && !load.is_idle(None));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_that_is_never_read_is_waited_for_by_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("load");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let load = Load::begin(LoadSource::File(path.clone()), "web-1", "", &untold()).await.unwrap();
        assert_eq!(load.now().await, None);
        // The same reading goes on.
        let writing = spawn_blocking(move || std::fs::write(path, "0.5"));
        assert_eq!(load.now().await, Some(0.5));
        writing.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn the_use_of_the_cpu_is_a_share() {
        let load = Load::begin(LoadSource::Cpu, "web-1", "", &untold()).await.unwrap();
        for _ in 0..3 {
            assert!(load.now().await.is_some_and(|load| (0.0..=1.0).contains(&load)));
        }
    }
}
