//! Flows of Estatus and of Prefect: what a run, a step and a run that waits cost, and what is known of a run whose engine was
//! killed. A journal in SQLite, of one committed row for each step, is what keeping it costs at the least.

mod contract;
mod estatus;
mod figures;
mod prefect;

use anyhow::{Context, Result};
use clap::Args;

use self::{figures::Figures, prefect::Prefect};
use super::daemon::Lab;
use crate::{run, setup};

/// How long it is looked at.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How often an empty flow of Estatus is run, and a tenth as often one of Prefect
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(10..=10_000))]
    rounds: u32,
    /// How many steps that do nothing or run `true` a flow has
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(2..=1_000))]
    steps: u32,
    /// How many steps run side by side
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(2..=1_000))]
    side: u32,
    /// How many runs wait while their memory is measured, and how many flows are scheduled while nothing is due
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(10..=10_000))]
    flows: u32,
    /// Seconds over which CPU time and wake-ups are measured
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(5..=3600))]
    seconds: u64,
    /// Leaves Estatus out: measures the others only
    #[arg(long, conflicts_with = "estatus_only")]
    peers_only: bool,
    /// Leaves the others out
    #[arg(long)]
    estatus_only: bool,
}

/// Measures and prints the table.
pub(crate) fn flows(options: &Options) -> Result<()> {
    setup::ensure(setup::TO_BENCH_FLOWS)?;
    let lab = Lab::new()?;
    let mut figures = Figures::default();
    if !options.peers_only {
        estatus::measure(&lab, &run::build()?, options, &mut figures).context("Failed to measure Estatus")?;
    }
    if !options.estatus_only {
        let prefect = Prefect::fetch(&lab).context("Failed to fetch Prefect")?;
        prefect.measure(options, &mut figures).context("Failed to measure Prefect")?;
    }
    println!("\n{}", figures.table());
    Ok(())
}

/// The one in the middle.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
