//! `cargo xtask bundle`: what people install Estatus with. What goes into it, beside the programs, is in `packaging`.

mod debian;
mod windows;

use std::path::Path;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::{
    command::{cargo, run},
    pages, setup,
    windows::{built, cargo_for_windows, set_up_compiler},
    workspace,
};
use windows::Packing;

/// What is bundled.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The profile of cargo that the programs are built with
    #[arg(long, default_value = "release")]
    profile: String,
    /// What it is for; without this, whatever can be made here
    #[arg(long = "for", value_enum, value_name = "SYSTEM")]
    system: Option<System>,
}

/// What somebody installs Estatus on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum System {
    /// A package for Debian and what is made of it
    Debian,
    /// An installer for Windows
    Windows,
}

/// The packages whose programs are bundled.
const PACKAGES: [&str; 4] = ["--package", "estatus", "--package", "estatus-tray"];

/// Makes what is wanted, and says where it is. What cannot be made does not keep the other from being made.
pub(crate) fn bundle(options: &Options) -> Result<()> {
    let systems = options.system.map_or_else(|| vec![System::Debian, System::Windows], |system| vec![system]);
    let mut failed = Vec::new();
    for system in systems {
        let made = match system {
            System::Debian => for_debian(&options.profile),
            System::Windows => for_windows(&options.profile),
        };
        if let Err(error) = made {
            failed.push(format!("{system:?}: {error:#}"));
        }
    }
    if !failed.is_empty() {
        bail!("not everything could be made:\n{}", failed.join("\n"));
    }
    Ok(())
}

fn for_debian(profile: &str) -> Result<()> {
    setup::ensure(setup::TO_BUILD.iter().chain(setup::TO_BUILD_DESKTOP).chain(setup::TO_BUNDLE))?;
    pages::build()?;
    let target = workspace::target();
    let mut build = cargo();
    build.args(["build", "--locked", "--profile", profile]).args(PACKAGES).arg("--target-dir").arg(&target);
    run(&mut build)?;
    println!("{}", debian::package(&target.join(folder(profile)), &target, "xz")?.display());
    Ok(())
}

fn for_windows(profile: &str) -> Result<()> {
    set_up_compiler()?;
    setup::ensure(setup::TO_BUNDLE_FOR_WINDOWS)?;
    pages::build()?;
    let target = workspace::target();
    run(cargo_for_windows(&["build", "--profile", profile], &target)?.args(PACKAGES))?;
    println!("{}", windows::installer(&built(&target).join(folder(profile)), &target, Packing::Small)?.display());
    Ok(())
}

/// Makes a package for Debian of what the tests have built below `target`, for them to try.
pub(crate) fn package_of_tests(target: &Path) -> Result<()> {
    debian::package(&target.join("debug"), target, "none").map(drop)
}

/// Makes an installer for Windows of what the tests have built below `target`, for them to try.
pub(crate) fn installer_of_tests(target: &Path) -> Result<()> {
    setup::ensure(setup::TO_BUNDLE_FOR_WINDOWS)?;
    windows::installer(&built(target).join("debug"), target, Packing::None).map(drop)
}

/// Where cargo puts what it builds with `profile`.
fn folder(profile: &str) -> &str {
    if profile == "dev" { "debug" } else { profile }
}
