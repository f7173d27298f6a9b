//! Those that an engine has to do with: `estatus-crowd` plays them.

use std::{env, ffi::OsStr, path::PathBuf};

use anyhow::{Context, Result};

use crate::{
    bench::daemon::{Daemon, Lab},
    command::{cargo, clean, output, run},
    workspace,
};

/// The built program.
pub(super) struct Crowd(PathBuf);

impl Crowd {
    /// Builds it as users have what it is made of.
    pub(super) fn build() -> Result<Self> {
        let mut build = cargo();
        // With Estatus, so that what both are made of is built once.
        build.args(["build", "--release", "--locked", "--package", "estatus", "--package", "estatus-crowd"]);
        run(build.arg("--target-dir").arg(workspace::target()))?;
        let program = workspace::target().join("release/estatus-crowd");
        Ok(Self(program.with_extension(env::consts::EXE_EXTENSION)))
    }

    /// Has it play something.
    pub(super) fn play<A: AsRef<OsStr>>(&self, lab: &Lab, words: impl IntoIterator<Item = A>) -> Result<Daemon> {
        Daemon::start(lab, &self.0, words)
    }

    /// The longest time that it takes to decide on so many instances, of the usual times for different cases, in milliseconds.
    pub(super) fn decide(&self, count: u32) -> Result<f64> {
        let said = output(clean(&self.0).args(["decide", &count.to_string()]))?;
        println!("   {}", said.trim().replace('\n', ", "));
        let took = said.lines().filter_map(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        took.reduce(f64::max).context("it did not say how long it takes to decide")
    }
}
