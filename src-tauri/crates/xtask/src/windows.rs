//! Windows: every crate is built for it, and its tests run under Wine.

mod display;
mod reboot;
mod toolchain;
pub(crate) mod wine;

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::{command::run, workspace};
pub(crate) use toolchain::{built, cargo_for_windows, set_up as set_up_compiler};

const TRIPLE: &str = "x86_64-pc-windows-gnu";

/// Sees that there is a compiler for Windows, and something that runs what it makes.
pub(crate) fn set_up() -> Result<()> {
    toolchain::set_up()?;
    wine::set_up()
}

/// Builds all programs and all tests, of the same parts.
pub(crate) fn build(target: &Path) -> Result<()> {
    run(&mut cargo_for_windows(&["build", "--workspace", "--all-targets"], target)?)
}

/// Runs the tests. What Wine cannot show is left out by name, in `.config/nextest.toml`.
pub(crate) fn test(target: &Path) -> Result<()> {
    let wine = wine::Session::start_with_display()?;
    let mut test = cargo_for_windows(&["nextest", "run", "--workspace", "--profile", "wine"], target)?;
    // The library that the window's tests need lies beside the programs, which is not where tests are.
    test.env("WINEPATH", wine::path(&built(target).join("debug")));
    run(wine.runs(&mut test))
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
