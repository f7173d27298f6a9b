//! `cargo xtask run`: builds Estatus as its users have it and becomes it.

use std::{env, ffi::OsString, path::PathBuf};

use anyhow::Result;

use crate::{
    command::{cargo, clean, run as run_to_end},
    pages, platform, setup, workspace,
};

/// Builds Estatus and starts it: in the tray where there is a desktop, else its engine in this terminal.
pub(crate) fn run(arguments: &[OsString]) -> Result<()> {
    setup::ensure(setup::TO_BUILD)?;
    if platform::has_desktop() {
        setup::ensure(setup::TO_BUILD_DESKTOP)?;
        pages::build()?;
        build_packages(&["estatus", "estatus-tray"])?;
        println!("Estatus is in the tray now; `cargo run --release -- run` would run it in this terminal.");
        let mut tray = clean(built("estatus-tray"));
        tray.args(arguments);
        return platform::replace_by(tray);
    }
    println!("There is no desktop here, so its engine runs in this terminal, without a tray icon.");
    let mut estatus = clean(build()?);
    estatus.arg("run").args(arguments);
    platform::replace_by(estatus)
}

/// Builds `estatus` with the release profile; where it is.
///
/// # Errors
/// If it cannot be built; cargo has said why.
pub(crate) fn build() -> Result<PathBuf> {
    build_packages(&["estatus"])?;
    Ok(built("estatus"))
}

fn build_packages(packages: &[&str]) -> Result<()> {
    let mut build = cargo();
    build.args(["build", "--locked", "--release", "--target-dir"]).arg(workspace::target());
    run_to_end(build.args(packages.iter().flat_map(|package| ["--package", package])))
}

fn built(name: &str) -> PathBuf {
    workspace::target().join("release").join(name).with_extension(env::consts::EXE_EXTENSION)
}
