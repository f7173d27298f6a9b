//! The tray and its window, beside a Tauri application that does nothing: `tests/desktop/figures.rs` measures.

use anyhow::{Context, Result};
use serde_json::Value;

use super::table::{Limit, Table};
use crate::{
    command::{cargo, output, run},
    pages, setup, workspace,
};

/// The first word of the line with what was measured.
const FIGURES: &str = "figures: ";

/// Measures both in builds for release.
pub(crate) fn desktop() -> Result<()> {
    setup::ensure(setup::TO_TEST)?;
    pages::build()?;
    let mut build = cargo();
    build.args(["build", "--release", "--locked", "--package", "estatus", "--package", "estatus-tray"]);
    build.args(["--bins", "--example", "bare", "--target-dir"]).arg(workspace::target());
    run(&mut build)?;
    let mut measure = cargo();
    measure.args(["test", "--release", "--locked", "--package", "estatus-tests", "--test", "desktop", "--target-dir"]);
    measure.arg(workspace::target()).args(["--", "--ignored", "--exact", "figures::figures", "--nocapture"]);
    let said = output(&mut measure)?;
    let measured = said.lines().find_map(|line| line.split_once(FIGURES)).context("Nothing was measured")?.1;
    println!("{}", table(&serde_json::from_str(measured)?).text());
    Ok(())
}

/// The limits are 0.3 s, a tenth more than the 47 MB of a bare Tauri application, 70 MB and 0.5 s.
fn table(measured: &Value) -> Table<2> {
    let own = |name: &str| [measured[name].as_f64(), None];
    let both = |name: &str| [measured[name][0].as_f64(), measured[name][1].as_f64()];
    let mut table = Table::new(["Estatus", "bare Tauri"]);
    table.row("start to icon, ms", 0, Limit::AtMost(300.0), own("start_ms"));
    table.row("window wanted to first paint, ms", 0, Limit::AtMost(500.0), both("paint_ms"));
    table.row("memory in the tray, never opened, MB", 1, Limit::AtMost(52.0), both("idle_mb"));
    table.row("the same with the engine in it, MB", 1, Limit::AtMost(52.0), own("hosting_mb"));
    table.row("memory with the window open, MB", 1, Limit::Nothing, both("open_mb"));
    table.row("memory after it was closed, MB", 1, Limit::AtMost(70.0), both("closed_mb"));
    table.row("wake-ups in 20 idle seconds", 0, Limit::AtMost(0.0), own("wakes"));
    table
}
