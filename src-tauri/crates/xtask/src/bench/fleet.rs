//! Fleets of Estatus: what ten thousand agents cost their engine, beside Prometheus, which asks as many targets as often; how soon
//! a load that is too high is answered; whom the dead delay; and what an engine without a fleet pays for those that have one.

mod crowd;
mod estatus;
mod figures;
mod idle;
mod prometheus;

use std::{
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use clap::Args;

use self::{crowd::Crowd, figures::Figures};
use super::{
    daemon::{Daemon, Lab},
    meter,
};
use crate::{run, setup};

/// How many agents there are, and how long they are looked at.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How many agents attend, and how many targets Prometheus asks
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(200..=25_000))]
    agents: u32,
    /// Seconds over which CPU time and memory are measured
    #[arg(long, default_value_t = 65, value_parser = clap::value_parser!(u64).range(10..=3600))]
    seconds: u64,
    /// An `estatus` that was built without fleets, to compare an idle engine and the executable with
    #[arg(long, value_name = "FILE")]
    without: Option<PathBuf>,
    /// Leaves Estatus out: measures Prometheus only
    #[arg(long, conflicts_with = "estatus_only")]
    peers_only: bool,
    /// Leaves Prometheus out
    #[arg(long)]
    estatus_only: bool,
}

/// How often an agent says its load, and Prometheus asks a target.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How often memory is looked at. What a program needs for a moment is not counted.
const LOOKS_EVERY: Duration = Duration::from_secs(5);

/// Measures and prints the tables.
pub(crate) fn fleet(options: &Options) -> Result<()> {
    setup::ensure(setup::TO_BENCH_FLEET)?;
    let limit = meter::open_files_limit()?;
    ensure!(
        limit > u64::from(options.agents) + 1_000,
        "a process may open only {limit} files: too few for {} agents (`ulimit -Hn`)",
        options.agents
    );
    let lab = Lab::new()?;
    let crowd = Crowd::build()?;
    let mut figures = Figures::default();
    if !options.peers_only {
        let program = run::build()?;
        let mut idle = |program: &PathBuf| idle::measure(&lab, program, options.seconds);
        figures.without = options.without.as_ref().map(&mut idle).transpose()?;
        let with = idle(&program)?;
        estatus::measure(&lab, &crowd, &program, options, with.memory, &mut figures)
            .context("Failed to measure Estatus")?;
        figures.with = Some(with);
    }
    if !options.estatus_only {
        figures.prometheus = Some(prometheus::measure(&lab, &crowd, options).context("Failed to measure Prometheus")?);
    }
    println!("\n{}", figures.table());
    Ok(())
}

/// What a program has used while it was watched.
#[derive(Clone, Copy, Debug)]
struct Used {
    /// CPU time for each heartbeat's time.
    cpu_of_sweep: Duration,
    /// The least memory (PSS) that it had, in bytes.
    memory: u64,
}

fn watch(daemon: &Daemon, seconds: u64) -> Result<Used> {
    let (begun, before) = (Instant::now(), meter::cpu(daemon.pid())?);
    let mut memory = u64::MAX;
    while begun.elapsed() < Duration::from_secs(seconds) {
        thread::sleep(LOOKS_EVERY.min(Duration::from_secs(seconds)));
        daemon.check()?;
        memory = memory.min(meter::proportional(daemon.pid()));
    }
    let used = meter::cpu(daemon.pid())?.saturating_sub(before);
    let sweeps = begun.elapsed().as_secs_f64() / HEARTBEAT.as_secs_f64();
    Ok(Used { cpu_of_sweep: used.div_f64(sweeps), memory })
}

/// Waits until something is so; `how_far` says how far it is where it takes too long.
fn wait_until(
    what: &str,
    within: Duration,
    mut is_so: impl FnMut() -> Result<bool>,
    how_far: impl Fn() -> String,
) -> Result<()> {
    let begun = Instant::now();
    while !is_so()? {
        ensure!(begun.elapsed() < within, "not within {} s: {what}{}", within.as_secs(), how_far());
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}
