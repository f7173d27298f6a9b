//! The window's pages, which are built before the program that shows them.

use std::{path::PathBuf, process::Command};

use anyhow::{Context, Result};

use crate::{
    command::{clean, find, run},
    setup, workspace,
};

/// Builds the pages into `ui/dist`.
///
/// # Errors
/// If npm cannot; it has said why.
pub(crate) fn build() -> Result<()> {
    setup::install_node_modules(&folder())?;
    run(npm()?.args(["run", "build"]))
}

/// Checks their types and tests them, by themselves and in a browser.
///
/// # Errors
/// If a test fails; npm has said which.
pub(crate) fn test() -> Result<()> {
    ["check", "test", "e2e"].into_iter().try_for_each(|script| run(npm()?.args(["run", script])))
}

fn folder() -> PathBuf {
    workspace::root().join("ui")
}

fn npm() -> Result<Command> {
    let mut npm = clean(find("npm").context("npm is not to be found")?);
    npm.arg("--silent").current_dir(folder());
    Ok(npm)
}
