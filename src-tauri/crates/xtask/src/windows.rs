//! Windows: every crate is type-checked for it, and the tests of those that have a part of their own for it run under Wine.

mod display;
mod toolchain;
pub(crate) mod wine;

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::{bundle, command::run, pages, stages::Stages, workspace};
pub(crate) use toolchain::{built, cargo_for_windows, set_up as set_up_compiler};

const TRIPLE: &str = "x86_64-pc-windows-gnu";

/// The crates whose tests run under Wine in every run: those with a part of their own for each system, that are quick to build.
pub(crate) const TRIED: &[&str] =
    &["estatus-access", "estatus-api", "estatus-config", "estatus-program", "estatus-store", "estatus-tls", "reloj"];
/// All whose tests run under Wine: the others take long to build, or do the same everywhere.
const TRIED_WITH_REST: &[&str] = &[
    "estatus",
    "estatus-access",
    "estatus-alert",
    "estatus-api",
    "estatus-config",
    "estatus-core",
    "estatus-engine",
    "estatus-probe",
    "estatus-program",
    "estatus-store",
    "estatus-tests",
    "estatus-tls",
    "estatus-tray",
    "reloj",
];

/// Sees to what it needs, type-checks every crate and runs the tests that there are for Windows.
pub(crate) fn windows() -> Result<()> {
    let target = workspace::target();
    let mut stages = Stages::default();
    stages.go("set-up", set_up)?;
    stages.go("type-check", || check(&target))?;
    stages.go("build", || build(TRIED_WITH_REST, &target))?;
    stages.go("installer", || {
        pages::build()?;
        bundle::installer_of_tests(&target)
    })?;
    stages.go("tests", || tests(TRIED_WITH_REST, &target, &wine::Session::start_with_display()?))
}

/// Sees that there is a compiler for Windows, and something that runs what it makes.
pub(crate) fn set_up() -> Result<()> {
    toolchain::set_up()?;
    wine::set_up()
}

/// Type-checks every crate with all its targets.
pub(crate) fn check(target: &Path) -> Result<()> {
    run(&mut cargo_for_windows(&["check", "--workspace", "--all-targets"], target)?)
}

/// Builds the tests of these crates, and the programs that they start.
pub(crate) fn build(crates: &[&str], target: &Path) -> Result<()> {
    let mut build = cargo_for_windows(&["build", "--tests", "--examples"], target)?;
    run(build.args(named(crates)))
}

/// Runs the tests of these crates, which show no windows.
pub(crate) fn test(crates: &[&str], target: &Path) -> Result<()> {
    tests(crates, target, &wine::Session::start()?)
}

/// What Wine cannot show is left out by name, in `.config/nextest.toml`.
fn tests(crates: &[&str], target: &Path, wine: &wine::Session) -> Result<()> {
    let mut test = cargo_for_windows(&["nextest", "run", "--profile", "wine"], target)?;
    run(wine.runs(&mut test).args(named(crates)))
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
