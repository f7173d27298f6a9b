//! `cargo xtask run`: builds Estatus as its users have it and becomes it.

use std::{env, ffi::OsString, path::PathBuf};

use anyhow::Result;

use crate::{
    command::{cargo, clean, run as run_to_end},
    platform, setup, workspace,
};

/// Builds Estatus and starts its engine in this terminal.
pub(crate) fn run(arguments: &[OsString]) -> Result<()> {
    setup::ensure(setup::TO_BUILD)?;
    let mut estatus = clean(build()?);
    estatus.arg("run").args(arguments);
    platform::replace_by(estatus)
}

/// Builds `estatus` with the release profile; where it is.
///
/// # Errors
/// If it cannot be built; cargo has said why.
pub(crate) fn build() -> Result<PathBuf> {
    let target = workspace::target();
    run_to_end(cargo().args(["build", "--locked", "--release", "--package", "estatus", "--target-dir"]).arg(&target))?;
    Ok(target.join("release").join("estatus").with_extension(env::consts::EXE_EXTENSION))
}
