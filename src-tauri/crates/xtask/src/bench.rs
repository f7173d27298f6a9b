//! `cargo xtask bench`: Estatus beside others of its trade.

mod checks;

use anyhow::Result;
use clap::Subcommand;

/// What is measured.
#[derive(Debug, Subcommand)]
pub(crate) enum Subject {
    /// HTTP checks, beside Monit and Prometheus's blackbox_exporter
    Checks(checks::Options),
}

/// Measures.
pub(crate) fn bench(subject: &Subject) -> Result<()> {
    match subject {
        Subject::Checks(options) => checks::checks(options),
    }
}
