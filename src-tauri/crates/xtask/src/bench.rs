//! `cargo xtask bench`: Estatus beside others of its trade.

mod checks;
mod daemon;
mod desktop;
mod fleet;
mod flows;
mod meter;
mod programs;
mod table;

use anyhow::Result;
use clap::Subcommand;

/// What is measured.
#[derive(Debug, Subcommand)]
pub(crate) enum Subject {
    /// HTTP checks, beside Monit and Prometheus's blackbox_exporter
    Checks(checks::Options),
    /// Programs kept running, beside supervisord, runit and Monit, or on Windows beside NSSM
    Programs(programs::Options),
    /// Flows, beside Prefect and a journal in SQLite
    Flows(flows::Options),
    /// Fleets with ten thousand agents, beside Prometheus
    Fleet(fleet::Options),
    /// The tray and its window, beside a bare Tauri application
    Desktop,
    /// Part of `bench programs`: serves a page that can be broken
    #[command(hide = true)]
    Page(programs::Page),
    /// Part of `bench programs --windows`: does what a program does that is supervised
    #[cfg(windows)]
    #[command(subcommand, hide = true)]
    Habit(programs::Habit),
}

/// Measures.
pub(crate) fn bench(subject: &Subject) -> Result<()> {
    match subject {
        Subject::Checks(options) => checks::checks(options),
        Subject::Programs(options) => programs::programs(options),
        Subject::Flows(options) => flows::flows(options),
        Subject::Fleet(options) => fleet::fleet(options),
        Subject::Desktop => desktop::desktop(),
        Subject::Page(page) => page.serve(),
        #[cfg(windows)]
        Subject::Habit(habit) => habit.follow(),
    }
}
