//! Estatus, told in its language to keep programs running.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use super::{heal::EVERY, peer::Program, stand::STOPS_WITHIN};
use crate::platform;

/// Has it keep `programs` running, and the first of them healed when the page at `page` is broken.
pub(super) fn configure(folder: &Path, programs: &[Program], page: Option<u16>) -> Result<()> {
    let mut toml = "[network]\nreference = []\n".to_owned();
    for Program { name, command } in programs {
        writeln!(toml, "\n[[program]]\nname = \"{name}\"\ncommand = {command:?}")?;
        writeln!(toml, "limit = {{ restarts = 1000, within = \"1s\" }}\nstop = {{ within = \"{STOPS_WITHIN}s\" }}")?;
        writeln!(toml, "log = {{ keep = \"20GB\" }}")?;
    }
    if let Some(port) = page {
        let every = EVERY.as_secs();
        writeln!(toml, "\n[[monitor]]\nname = \"page\"\nhttp = \"http://127.0.0.1:{port}/\"\nevery = \"{every}s\"")?;
        writeln!(toml, "on_down = {{ restart = \"{}\" }}", programs[0].name)?;
    }
    let config = folder.join("estatus.toml");
    fs::write(&config, toml)?;
    let data = folder.join("data");
    fs::create_dir(&data)?;
    platform::close_to_others(&data)?;
    Ok(())
}

/// Estatus as `program` starts it, which calls a path as `path` says.
pub(super) fn command(mut program: Command, folder: &Path, path: impl Fn(&Path) -> String) -> Command {
    let at = |name: &str| path(&folder.join(name));
    program.args(["--config", &at("estatus.toml"), "--data", &at("data")]);
    program
}

/// The files in which it keeps what its programs write.
pub(super) fn logs(folder: &Path) -> Vec<PathBuf> {
    files(&folder.join("data/programs")).iter().flat_map(|program| files(&program.join("log"))).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}
