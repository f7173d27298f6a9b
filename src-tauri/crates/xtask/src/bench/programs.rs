//! Programs kept running by Estatus, supervisord, runit and Monit: the same programs under each, one after the other. Those
//! for Windows, which are Estatus and NSSM, run in Wine.

mod capture;
mod copies;
mod estatus;
mod figures;
#[cfg(windows)]
mod habit;
mod heal;
mod idle;
mod monit;
mod nssm;
mod page;
mod peer;
mod restart;
mod runit;
mod stand;
mod stop;
mod supervisord;
mod told;
mod windows;

use anyhow::{Context, Result};
use clap::Args;

use self::{figures::Figures, peer::Peer, windows::ForWindows};
use super::daemon::Lab;
use crate::{
    run, setup,
    windows::{build_programs, set_up},
};

#[cfg(windows)]
pub(crate) use habit::Habit;
pub(crate) use page::Page;

/// How long it is looked at.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Measures Estatus for Windows beside NSSM, both in Wine
    #[arg(long, conflicts_with = "megabytes")]
    windows: bool,
    /// How many times a program is seen to be started again, at most
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rounds: u32,
    /// How many programs do nothing while memory and CPU time are measured; fewer for Windows, as each takes Wine a second
    #[arg(long, default_value = "1000", default_value_if("windows", "true", "100"), value_parser = clap::value_parser!(u32).range(1..=1_000))]
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
    let table = if options.windows { on_windows(options) } else { on_linux(options) }?;
    println!("\n{table}");
    Ok(())
}

fn on_linux(options: &Options) -> Result<String> {
    setup::ensure(setup::TO_BENCH_PROGRAMS)?;
    let estatus = if options.peers_only { None } else { Some(Peer::Estatus(run::build()?)) };
    let other = |peer: Peer| (!options.estatus_only).then_some(peer);
    let peers = [estatus, other(Peer::Supervisord), other(Peer::Runit), other(Peer::Monit)];
    let figures = measure_all(&Lab::new()?, &peers, options)?;
    Ok(figures::on_linux(["Estatus", "supervisord", "runit", "Monit"], &figures))
}

fn on_windows(options: &Options) -> Result<String> {
    set_up()?;
    setup::ensure(setup::TO_BENCH_PROGRAMS_FOR_WINDOWS)?;
    let built = build_programs(if options.peers_only { &["xtask"] } else { &["estatus", "xtask"] })?;
    let xtask = built.join("xtask.exe");
    let estatus = ForWindows::new(built.join("estatus.exe"), &xtask);
    let estatus = (!options.peers_only).then_some(Peer::EstatusForWindows(estatus));
    let nssm = if options.estatus_only { None } else { Some(Peer::Nssm(ForWindows::new(nssm::fetch()?, &xtask))) };
    let figures = measure_all(&Lab::new()?, &[estatus, nssm], options)?;
    Ok(figures::on_windows(["Estatus", "NSSM"], &figures))
}

fn measure_all<const N: usize>(lab: &Lab, peers: &[Option<Peer>; N], options: &Options) -> Result<[Figures; N]> {
    let mut figures = [Figures::default(); N];
    for (peer, figures) in peers.iter().zip(&mut figures) {
        let Some(peer) = peer else { continue };
        *figures = measure(lab, peer, options).with_context(|| format!("Failed to measure {}", peer.name()))?;
    }
    Ok(figures)
}

fn measure(lab: &Lab, peer: &Peer, options: &Options) -> Result<Figures> {
    let name = peer.name();
    let mut figures = Figures::default();
    let rounds = peer.rounds().min(usize::try_from(options.rounds)?);
    println!("── {name}: a program that ends is started again, {rounds} times");
    let mut waits = restart::waits(lab, peer, rounds)?;
    waits.sort_unstable();
    figures.restart_median = waits.get(waits.len() / 2).copied();
    // Of few that is the worst.
    figures.restart_p99 = waits.get(waits.len() * 99 / 100).copied();
    println!("── {name}: {} programs that do nothing, for {} s", options.idle, options.seconds);
    let idle = idle::idle(lab, peer, options.idle, options.seconds)?;
    figures.memory = Some(idle.memory / u64::from(options.idle));
    figures.cpu = Some(idle.cpu_percent);
    println!("── {name}: a program is stopped of which six descendants do not want to go");
    figures.survivors = Some(stop::survivors(lab, peer)?);
    if peer.for_windows().is_some() {
        println!("── {name}: all that supervises a program is killed, and started again");
        figures.copies = Some(copies::most(lab, peer)?);
    }
    if peer.captures() {
        println!("── {name}: {} MB of output", options.megabytes);
        figures.capture = Some(capture::megabytes_per_second(lab, peer, options.megabytes)?);
    }
    if peer.checks() {
        println!("── {name}: a page that answers 503 is healed by a restart");
        figures.heal = Some(heal::worst(lab, peer)?);
    }
    Ok(figures)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn fewer_programs_are_idle_on_windows_unless_it_is_said_how_many() {
        let check = |words: &[&str], idle: u32| {
            let line = Line::parse_from([&["programs"], words].concat());
            assert_eq!(line.options.idle, idle, "{words:?}");
        };
        check(&[], 1_000);
        check(&["--windows"], 100);
        check(&["--windows", "--idle", "7"], 7);
    }
}
