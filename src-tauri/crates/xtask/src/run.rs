//! `cargo xtask run`: builds Estatus, quickly rather than for speed, and becomes it.

mod demo;

use std::{env, ffi::OsString, path::PathBuf};

use anyhow::Result;

use self::demo::Demo;
use crate::{
    command::{cargo, clean, run as run_to_end},
    pages, platform, setup, workspace,
};

/// The profile for whoever wants to see it run.
const QUICK: &str = "quick";
/// The profile of what users have.
const RELEASE: &str = "release";

/// Builds Estatus and starts it: in the tray where there is a desktop, else its engine in this terminal. `--demo fleet` among
/// `arguments` has it show a fleet.
pub(crate) fn run(mut arguments: Vec<OsString>) -> Result<()> {
    let demo = Demo::take(&mut arguments)?;
    let places = demo.iter().flat_map(Demo::places);
    setup::ensure(setup::TO_BUILD)?;
    if platform::has_desktop() {
        setup::ensure(setup::TO_BUILD_DESKTOP)?;
        pages::build()?;
        build_packages(QUICK, &["estatus", "estatus-tray"])?;
        println!("Estatus is in the tray now; `cargo run -- run` would run it in this terminal.");
        let mut tray = clean(built(QUICK, "estatus-tray"));
        tray.args(places).args(arguments);
        demo.iter().for_each(Demo::explain_window);
        return platform::replace_by(tray);
    }
    println!("There is no desktop here, so its engine runs in this terminal, without a tray icon.");
    build_packages(QUICK, &["estatus"])?;
    let program = built(QUICK, "estatus");
    let mut estatus = clean(&program);
    estatus.arg("run").args(places).args(arguments);
    demo.iter().for_each(|demo| demo.explain_terminal(&program));
    platform::replace_by(estatus)
}

/// Builds `estatus` with the release profile; where it is.
///
/// # Errors
/// If it cannot be built; cargo has said why.
pub(crate) fn build() -> Result<PathBuf> {
    build_packages(RELEASE, &["estatus"])?;
    Ok(built(RELEASE, "estatus"))
}

fn build_packages(profile: &str, packages: &[&str]) -> Result<()> {
    let mut build = cargo();
    build.args(["build", "--locked", "--profile", profile, "--target-dir"]).arg(workspace::target());
    run_to_end(build.args(packages.iter().flat_map(|package| ["--package", package])))
}

fn built(profile: &str, name: &str) -> PathBuf {
    workspace::target().join(profile).join(name).with_extension(env::consts::EXE_EXTENSION)
}
