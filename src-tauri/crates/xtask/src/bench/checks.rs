//! HTTP checks by Estatus, Monit and blackbox_exporter: the same monitors on the same nginx, one after the other.

mod figures;
mod hung;
mod nginx;
mod peer;
mod scrape;

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use clap::Args;

use self::{
    figures::{Column, Figures},
    hung::Hung,
    nginx::{Hits, Nginx, now},
    peer::{Monitor, Peer},
    scrape::Scraper,
};
use super::{
    daemon::{Daemon, Lab},
    meter,
};
use crate::{run, setup};

/// How long it is looked at.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Seconds over which CPU time and delays are measured
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u64).range(5..=3600))]
    seconds: u64,
    /// Seconds over which memory is watched
    #[arg(long, default_value_t = 180, value_parser = clap::value_parser!(u64).range(30..=86_400))]
    memory_seconds: u64,
    /// Leaves Estatus out: measures the others only
    #[arg(long)]
    peers_only: bool,
}

/// How many monitors the CPU time is measured with, each probed every second.
const BUSY: usize = 100;
/// How many monitors must have their first verdict soon.
const MANY: usize = 1_000;
/// How many monitors the memory of Estatus is measured with beside those.
const MOST: usize = 10_000;
/// How many targets hang.
const HUNG: usize = 100;
/// The longest wait for something that surely comes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Measures and prints the table.
pub(crate) fn checks(options: &Options) -> Result<()> {
    setup::ensure(setup::TO_BENCH_CHECKS)?;
    let bench = Bench::start(options)?;
    let estatus = if options.peers_only { None } else { Some(Peer::Estatus(run::build()?)) };
    let peers = estatus.into_iter().chain([Peer::Monit, Peer::Blackbox]);
    let mut figures = Figures::default();
    for peer in peers {
        bench.measure(&peer, &mut figures).with_context(|| format!("Failed to measure {}", peer.name()))?;
    }
    println!("\n{}", figures.table());
    Ok(())
}

struct Bench {
    nginx: Nginx,
    hung: Hung,
    lab: Lab,
    window: Duration,
    memory_window: Duration,
}

impl Bench {
    fn start(options: &Options) -> Result<Self> {
        let lab = Lab::new()?;
        Ok(Self {
            nginx: Nginx::start(&lab)?,
            hung: Hung::start()?,
            lab,
            window: Duration::from_secs(options.seconds),
            memory_window: Duration::from_secs(options.memory_seconds),
        })
    }

    fn measure(&self, peer: &Peer, figures: &mut Figures) -> Result<()> {
        println!("── {}: {BUSY} checks a second for {} s", peer.name(), self.window.as_secs());
        let busy = self.busy(peer)?;
        let column = figures.of(peer);
        column.cpu_ms = Some(busy.cpu_ms);
        column.memory = Some(busy.memory);
        if matches!(peer, Peer::Blackbox) {
            return Ok(()); // It probes when it is asked to: it has no start, no schedule and no monitors of its own.
        }
        println!("── {}: one healthy target among {HUNG} hung ones for {} s", peer.name(), self.window.as_secs());
        column.delay = Some(self.delay(peer)?);
        println!("── {}: the first verdict of {MANY} monitors, and memory", peer.name());
        self.many(peer, column)?;
        if let Peer::Estatus(program) = peer {
            println!("── {}: the memory of {MOST} monitors", peer.name());
            column.memory_of_most = Some(self.most(peer, program)?);
        }
        Ok(())
    }

    /// The CPU time of a check, and the memory at the end.
    fn busy(&self, peer: &Peer) -> Result<Busy> {
        let path = format!("busy/{}", peer.name());
        let monitors = self.monitors(&path, BUSY, Duration::from_secs(1));
        let daemon = peer.start(&self.lab, &monitors, Duration::from_secs(1))?;
        let _scraper = daemon.port.map(|port| Scraper::start(port, &monitors, Duration::from_secs(1)));
        let daemon = daemon.daemon;
        self.wait_for_all(&path, BUSY, &daemon)?;
        self.watch(Duration::from_secs(3), &daemon)?;

        let (from, before) = (now(), meter::cpu(daemon.pid())?);
        self.watch(self.window, &daemon)?;
        let (after, to) = (meter::cpu(daemon.pid())?, now());
        let checks = self.nginx.hits(&path)?.between(from, to);
        let due = BUSY as f64 * self.window.as_secs_f64();
        if (checks as f64) < 0.8 * due {
            bail!("it made only {checks} checks of {due} that were due");
        }
        Ok(Busy {
            cpu_ms: (after - before).as_secs_f64() * 1e3 / checks as f64,
            memory: meter::resident(daemon.pid())?,
        })
    }

    /// How much later than due the healthy target is probed at the worst.
    fn delay(&self, peer: &Peer) -> Result<Duration> {
        let every = Duration::from_secs(1);
        let path = format!("healthy/{}", peer.name());
        let mut monitors = self.monitors(&path, 1, every);
        monitors.extend((0..HUNG).map(|number| Monitor::new(format!("hung-{number}"), self.hung.url(number), every)));
        let before = self.hung.taken();
        let running = peer.start(&self.lab, &monitors, every)?;
        self.wait_for_all(&path, 1, &running.daemon)?;
        // The first probe comes with the start, the second at its place in the interval, and from then on it is due when it is.
        self.watch(every * 2, &running.daemon)?;
        let from = now();
        self.watch(self.window, &running.daemon)?;
        let hung = self.hung.taken() - before;
        // Monit waits for one after the other, so it does not come to all of them; who claims no delay has to.
        if matches!(peer, Peer::Estatus(_)) && hung < HUNG {
            bail!("it probed hung targets only {hung} times, so that it was not delayed says nothing");
        }
        Ok(self.nginx.hits(&path)?.worst_gap(from, now()).saturating_sub(every))
    }

    /// Until when all of many monitors were probed, and what memory that takes, at the beginning and at the end.
    fn many(&self, peer: &Peer, column: &mut Column) -> Result<()> {
        let path = format!("many/{}", peer.name());
        let every = Duration::from_secs(20);
        let monitors = self.monitors(&path, MANY, every);
        let begun = now();
        let running = peer.start(&self.lab, &monitors, every)?;
        let hits = self.wait_for_all(&path, MANY, &running.daemon)?;
        column.first_verdict = hits.last_first().map(|last| last.saturating_sub(begun));
        if let Peer::Estatus(program) = peer {
            peer::wait_for_verdicts(program, &self.lab, MANY)?;
            self.watch(every, &running.daemon)?;
            let early = meter::resident(running.daemon.pid())?;
            self.watch(self.memory_window.saturating_sub(every), &running.daemon)?;
            let late = meter::resident(running.daemon.pid())?;
            column.memory = Some(early.max(late));
            column.growth = Some(late as i64 - early as i64);
        } else {
            self.watch(every, &running.daemon)?;
            column.memory = Some(meter::resident(running.daemon.pid())?);
        }
        Ok(())
    }

    /// The memory that very many monitors take.
    fn most(&self, peer: &Peer, program: &Path) -> Result<u64> {
        let path = format!("most/{}", peer.name());
        let every = Duration::from_secs(20);
        let running = peer.start(&self.lab, &self.monitors(&path, MOST, every), every)?;
        self.wait_for_all(&path, MOST, &running.daemon)?;
        peer::wait_for_verdicts(program, &self.lab, MOST)?;
        self.watch(every * 2, &running.daemon)?;
        meter::resident(running.daemon.pid())
    }

    fn monitors(&self, path: &str, count: usize, every: Duration) -> Vec<Monitor> {
        let name = path.replace('/', "-");
        (0..count).map(|number| Monitor::new(format!("{name}-{number}"), self.nginx.url(path, number), every)).collect()
    }

    /// Waits until `count` different pages below `path` were asked for.
    fn wait_for_all(&self, path: &str, count: usize, daemon: &Daemon) -> Result<Hits> {
        let begun = Instant::now();
        loop {
            let hits = self.nginx.hits(path)?;
            if hits.different() >= count {
                return Ok(hits);
            }
            if begun.elapsed() > PATIENCE {
                bail!("only {} of {count} monitors were probed within {} s", hits.different(), PATIENCE.as_secs());
            }
            daemon.check()?;
            thread::sleep(Duration::from_millis(200));
        }
    }

    /// Lets time pass; fails as soon as the program that is measured has ended.
    fn watch(&self, span: Duration, daemon: &Daemon) -> Result<()> {
        let end = Instant::now() + span;
        while Instant::now() < end {
            daemon.check()?;
            thread::sleep(Duration::from_secs(1).min(end.saturating_duration_since(Instant::now())));
        }
        Ok(())
    }
}

struct Busy {
    /// CPU time of one check, in milliseconds.
    cpu_ms: f64,
    /// Resident memory, in bytes.
    memory: u64,
}
