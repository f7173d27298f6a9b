//! Windows: every crate is type-checked for it, and the tests of those that have a part of their own for it run under Wine.

mod display;
mod reboot;
mod toolchain;
pub(crate) mod wine;

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::{command::run, workspace};
pub(crate) use toolchain::{built, cargo_for_windows, set_up as set_up_compiler};

const TRIPLE: &str = "x86_64-pc-windows-gnu";

/// The crates whose tests run under Wine in every run: those with a part of their own for each system, that are quick to build.
pub(crate) const TRIED: &[&str] =
    &["estatus-access", "estatus-api", "estatus-config", "estatus-program", "estatus-store", "estatus-tls", "reloj"];
/// All whose tests run under Wine: the others take long to build, or do the same everywhere.
pub(crate) const TRIED_WITH_REST: &[&str] = &[
    "estatus",
    "estatus-access",
    "estatus-alert",
    "estatus-api",
    "estatus-config",
    "estatus-core",
    "estatus-engine",
    "estatus-fleet",
    "estatus-probe",
    "estatus-program",
    "estatus-store",
    "estatus-tests",
    "estatus-tls",
    "estatus-tray",
    "reloj",
];

/// Sees that there is a compiler for Windows, and something that runs what it makes.
pub(crate) fn set_up() -> Result<()> {
    toolchain::set_up()?;
    wine::set_up()
}

/// Type-checks every crate with all its targets, but for `built`, whose targets are all built afterwards.
pub(crate) fn check(built: &[&str], target: &Path) -> Result<()> {
    let mut check = cargo_for_windows(&["check", "--workspace", "--all-targets"], target)?;
    run(check.args(built.iter().flat_map(|name| ["--exclude", name])))
}

/// Builds the tests of these crates, and the programs that they start.
pub(crate) fn build(crates: &[&str], target: &Path) -> Result<()> {
    let mut build = cargo_for_windows(&["build", "--tests", "--examples"], target)?;
    run(build.args(named(crates)))
}

/// Runs the tests of these crates, which show no windows.
pub(crate) fn test(crates: &[&str], target: &Path) -> Result<()> {
    test_in(&wine::Session::start()?, crates, target)
}

/// The same where windows can be shown.
pub(crate) fn test_with_display(crates: &[&str], target: &Path) -> Result<()> {
    test_in(&wine::Session::start_with_display()?, crates, target)
}

/// What Wine cannot show is left out by name, in `.config/nextest.toml`.
fn test_in(wine: &wine::Session, crates: &[&str], target: &Path) -> Result<()> {
    let mut test = cargo_for_windows(&["nextest", "run", "--profile", "wine"], target)?;
    // The library that the window's tests need lies beside the programs, which is not where tests are.
    test.env("WINEPATH", wine::path(&built(target).join("debug")));
    run(wine.runs(&mut test).args(named(crates)))
}

/// Tries what takes a Windows that is ended and started again.
pub(crate) fn reboot(target: &Path) -> Result<()> {
    reboot::service_survives(&built(target).join("debug/estatus.exe"))
}

/// Builds these programs as users have them, and says in which folder they are.
pub(crate) fn build_programs(names: &[&str]) -> Result<PathBuf> {
    let target = workspace::target();
    run(cargo_for_windows(&["build", "--release"], &target)?.args(named(names)))?;
    Ok(built(&target).join("release"))
}

/// Forgets what was built of our own crates below `target`; the others stay.
pub(crate) fn clean(target: &Path) -> Result<()> {
    if !toolchain::folder(target).exists() {
        return Ok(());
    }
    run(&mut cargo_for_windows(&["clean", "--quiet", "--workspace"], target)?)
}

fn named<'c>(crates: &'c [&'c str]) -> impl Iterator<Item = &'c str> {
    crates.iter().flat_map(|&name| ["-p", name])
}
