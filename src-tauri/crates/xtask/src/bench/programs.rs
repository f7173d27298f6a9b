//! Programs kept running by Estatus, supervisord, runit and Monit: the same programs under each, one after the other.

mod capture;
mod figures;
mod heal;
mod idle;
mod page;
mod peer;
mod restart;
mod stop;
mod told;

use anyhow::{Context, Result};
use clap::Args;

use self::{figures::Figures, peer::Peer};
use super::daemon::Lab;
use crate::{run, setup};

pub(crate) use page::Page;

/// How long it is looked at.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How many programs do nothing while memory and CPU time are measured
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    idle: u32,
    /// Seconds over which their CPU time is measured
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(5..=3600))]
    seconds: u64,
    /// Megabytes of output that are captured
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(10..=10_000))]
    megabytes: u64,
    /// Leaves Estatus out: measures the others only
    #[arg(long, conflicts_with = "estatus_only")]
    peers_only: bool,
    /// Leaves the others out
    #[arg(long)]
    estatus_only: bool,
}

/// Measures and prints the table.
pub(crate) fn programs(options: &Options) -> Result<()> {
    setup::ensure(setup::TO_BENCH_PROGRAMS)?;
    let lab = Lab::new()?;
    let estatus = if options.peers_only { None } else { Some(Peer::Estatus(run::build()?)) };
    let others = [Peer::Supervisord, Peer::Runit, Peer::Monit];
    let others = others.into_iter().filter(|_| !options.estatus_only);
    let mut figures = Figures::default();
    for peer in estatus.into_iter().chain(others) {
        measure(&lab, &peer, options, &mut figures).with_context(|| format!("Failed to measure {}", peer.name()))?;
    }
    println!("\n{}", figures.table());
    Ok(())
}

fn measure(lab: &Lab, peer: &Peer, options: &Options, figures: &mut Figures) -> Result<()> {
    let name = peer.name();
    let column = figures.of(peer);
    println!("── {name}: a program that ends is started again, {} times", peer.rounds());
    let mut waits = restart::waits(lab, peer)?;
    waits.sort_unstable();
    column.restart_median = waits.get(waits.len() / 2).copied();
    // Of few that is the worst.
    column.restart_p99 = waits.get(waits.len() * 99 / 100).copied();
    println!("── {name}: {} programs that do nothing, for {} s", options.idle, options.seconds);
    let idle = idle::idle(lab, peer, options.idle, options.seconds)?;
    column.memory = Some(idle.memory / u64::from(options.idle));
    column.cpu = Some(idle.cpu_percent);
    println!("── {name}: a program is stopped of which six descendants do not want to go");
    column.survivors = Some(stop::survivors(lab, peer)?);
    if peer.captures() {
        println!("── {name}: {} MB of output", options.megabytes);
        column.capture = Some(capture::megabytes_per_second(lab, peer, options.megabytes)?);
    }
    if peer.checks() {
        println!("── {name}: a page that answers 503 is healed by a restart");
        column.heal = Some(heal::worst(lab, peer)?);
    }
    Ok(())
}
