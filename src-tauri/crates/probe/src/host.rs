//! Measures this machine: CPU, memory, load and free disk space.

#[cfg_attr(unix, path = "host/unix.rs")]
#[cfg_attr(windows, path = "host/windows.rs")]
mod platform;

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use estatus_core::{
    check::{DiskLimit, HostCheck},
    observation::{Cause, Phase},
    usage::Measure,
};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};

use crate::{calls::Calls, trace::Trace};

/// The shortest time over which the use of the CPU says anything.
const SHORTEST: Duration = Duration::from_millis(200);

/// How many disks are asked at once, and how many more that were slow. A network drive that is gone may hold whoever asks
/// for minutes.
const DISKS_AT_ONCE: usize = 8;

/// Measures every figure and holds those that have a limit against it.
pub(crate) async fn probe(check: &HostCheck, meter: &Meter, trace: &mut Trace) -> Result<(), Cause> {
    trace.enter(Phase::Run);
    let cpu = meter.cpu().await.map_err(|error| cannot_measure("CPU use", &error))?;
    let memory = platform::memory().map_err(|error| cannot_measure("memory use", &error))?;
    let load = platform::load();
    let mut seen = vec![format!("CPU {cpu:.0}%"), format!("memory {memory:.0}%")];
    seen.extend(load.as_ref().ok().map(|load| format!("load {load:.2}")));
    trace.seen = seen.join(", ");

    let mut figures = Figures::default();
    figures.below(Measure::Cpu, cpu, check.cpu_below, trace);
    figures.below(Measure::Memory, memory, check.memory_below, trace);
    match load {
        Ok(load) => figures.below(Measure::Load, load, check.load_below, trace),
        Err(error) if check.load_below.is_some() => return Err(cannot_measure("load", &error)),
        // A system that has none.
        Err(_) => {}
    }
    for (path, limit) in &check.disk_free_above {
        let disk = meter.disk(path, trace).await.map_err(|error| no_disk(path, &error))?;
        trace.seen = format!("{}, {} {:.0}% free", trace.seen, path.display(), disk.percent());
        figures.above(path, &disk, *limit, trace);
    }
    trace.enter(Phase::Assertion);
    figures.beyond.map_or(Ok(()), Err)
}

fn cannot_measure(what: &str, error: &io::Error) -> Cause {
    Cause::Setup { error: format!("{what} cannot be measured here: {error}") }
}

fn no_disk(path: &Path, error: &str) -> Cause {
    let error = format!("free space on {} cannot be measured ({error}): correct the path", path.display());
    Cause::Setup { error }
}

/// What has been held against its limit.
#[derive(Default)]
struct Figures {
    /// The first figure beyond its limit.
    beyond: Option<Cause>,
}

impl Figures {
    fn below(&mut self, figure: Measure, measured: f64, limit: Option<f64>, trace: &mut Trace) {
        trace.measured.push((figure.clone(), measured));
        if let Some(limit) = limit.filter(|limit| measured >= *limit) {
            self.beyond.get_or_insert(Cause::Host { figure, measured, limit });
        }
    }

    fn above(&mut self, path: &Path, disk: &Disk, limit: DiskLimit, trace: &mut Trace) {
        let figure = limit.measure(path);
        let measured = match limit {
            DiskLimit::Percent(_) => disk.percent(),
            DiskLimit::Bytes(_) => disk.free as f64,
        };
        let limit = limit.amount();
        trace.measured.push((figure.clone(), measured));
        if measured <= limit {
            self.beyond.get_or_insert(Cause::Host { figure, measured, limit });
        }
    }
}

/// How much of a disk is free for users.
#[derive(Clone, Copy, Debug)]
struct Disk {
    /// In bytes.
    free: u64,
    /// In bytes, what only the system may use aside.
    total: u64,
}

impl Disk {
    fn percent(&self) -> f64 {
        share(self.free, self.total)
    }
}

/// `part` of `whole`, in percent.
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 * 100.0 }
}

/// Measures what shows itself only from one probe to the next.
pub(crate) struct Meter {
    latest: Mutex<Option<Reading>>,
    disks: Calls<PathBuf, Result<Disk, String>>,
}

impl Default for Meter {
    fn default() -> Self {
        Self { latest: Mutex::default(), disks: Calls::new(DISKS_AT_ONCE, DISKS_AT_ONCE) }
    }
}

struct Reading {
    at: Instant,
    times: CpuTimes,
    share: f64,
}

/// What all cores together have done since the start of the machine, in a unit of the system's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CpuTimes {
    busy: u64,
    total: u64,
}

impl CpuTimes {
    /// The share that was busy since `earlier`, in percent.
    fn share_since(self, earlier: Self) -> f64 {
        share(self.busy.saturating_sub(earlier.busy), self.total.saturating_sub(earlier.total)).min(100.0)
    }
}

impl Meter {
    /// The CPU in use since the probe before, in percent of all cores; the first probe takes 200 ms to measure it, and
    /// two that follow each other faster share one figure.
    async fn cpu(&self) -> io::Result<f64> {
        let mut latest = self.latest.lock().await;
        let earlier = match &*latest {
            Some(reading) if reading.at.elapsed() < SHORTEST => return Ok(reading.share),
            Some(reading) => reading.times,
            None => {
                let times = platform::cpu_times()?;
                sleep(SHORTEST).await;
                times
            }
        };
        let times = platform::cpu_times()?;
        let share = times.share_since(earlier);
        *latest = Some(Reading { at: Instant::now(), times, share });
        Ok(share)
    }

    async fn disk(&self, path: &Path, trace: &mut Trace) -> Result<Disk, String> {
        let asked = path.to_owned();
        let answer =
            self.disks.ask(path.to_owned(), move || platform::disk(&asked).map_err(|error| error.to_string()), trace);
        answer.await.unwrap_or_else(|| Err("the question was broken off".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use estatus_core::Timestamp;

    use super::*;

    #[test]
    fn the_share_of_the_cpu_lies_between_nothing_and_all() {
        let check = |earlier: (u64, u64), now: (u64, u64), share: f64| {
            let [earlier, now] = [earlier, now].map(|(busy, total)| CpuTimes { busy, total });
            assert_eq!(now.share_since(earlier), share, "{earlier:?} {now:?}");
        };
        check((100, 1000), (100, 1100), 0.0);
        check((100, 1000), (150, 1200), 25.0);
        check((100, 1000), (200, 1100), 100.0);
        check((100, 1000), (100, 1000), 0.0);
        check((100, 1000), (90, 990), 0.0);
        check((100, 1000), (202, 1101), 100.0);
    }

    #[test]
    fn every_figure_is_kept_and_the_first_beyond_its_limit_is_told() {
        let disk = Disk { free: 30, total: 100 };
        let check = |cpu: Option<f64>, memory: Option<f64>, limit: DiskLimit, beyond: Option<Measure>| {
            let (mut figures, mut trace) = (Figures::default(), Trace::begin(Timestamp::UNIX_EPOCH));
            figures.below(Measure::Cpu, 50.0, cpu, &mut trace);
            figures.below(Measure::Memory, 60.0, memory, &mut trace);
            figures.above(Path::new("/data"), &disk, limit, &mut trace);
            let found = figures.beyond.map(|cause| match cause {
                Cause::Host { figure, .. } => figure,
                cause => panic!("{cause:?}"),
            });
            assert_eq!(found, beyond);
            let on_disk = (limit.measure(Path::new("/data")), 30.0);
            assert_eq!(trace.up().measured, [(Measure::Cpu, 50.0), (Measure::Memory, 60.0), on_disk]);
        };
        let path = || "/data".to_owned();
        check(None, None, DiskLimit::Percent(29.0), None);
        check(Some(50.1), Some(60.1), DiskLimit::Bytes(29), None);
        check(Some(50.0), Some(60.0), DiskLimit::Bytes(30), Some(Measure::Cpu));
        check(Some(90.0), Some(60.0), DiskLimit::Bytes(30), Some(Measure::Memory));
        check(None, None, DiskLimit::Percent(30.0), Some(Measure::DiskFreePercent { path: path() }));
        check(None, None, DiskLimit::Bytes(31), Some(Measure::DiskFreeBytes { path: path() }));
    }

    #[tokio::test]
    async fn probes_that_follow_each_other_at_once_share_one_figure() {
        let meter = Meter::default();
        let first = meter.cpu().await.unwrap();
        assert!((0.0..=100.0).contains(&first), "{first}");
        let reading = meter.latest.lock().await.as_ref().map(|reading| reading.at);
        if meter.cpu().await.unwrap() != first {
            assert!(reading.unwrap().elapsed() >= SHORTEST);
        }
    }
}
