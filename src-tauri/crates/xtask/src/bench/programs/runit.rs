//! runit, told in its language to keep programs running.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::{
    peer::Program,
    stand::{STOPS_WITHIN, found},
};
use crate::{command::clean, platform};

const SERVICES: &str = "services";

pub(super) fn configure(folder: &Path, programs: &[Program]) -> Result<()> {
    let services = folder.join(SERVICES);
    fs::create_dir(&services)?;
    let script = |file: PathBuf, text: String| -> Result<()> {
        fs::create_dir_all(file.parent().context("a script has no folder")?)?;
        fs::write(&file, format!("#!/bin/sh\nexec {text}\n"))?;
        platform::close_to_others(&file)
    };
    // So many programs at once have no loggers, which would be processes more.
    let with_logs = programs.len() == 1;
    for program in programs {
        let service = services.join(&program.name);
        if with_logs {
            let log = folder.join("logs").join(&program.name);
            fs::create_dir_all(&log)?;
            fs::write(log.join("config"), "s0\n")?;
            script(service.join("log/run"), format!("svlogd -tt {}", log.display()))?;
        }
        script(service.join("run"), program.line())?;
    }
    Ok(())
}

pub(super) fn run(folder: &Path) -> Result<Command> {
    let mut command = found("runsvdir")?;
    command.arg("-P").arg(folder.join(SERVICES));
    Ok(command)
}

pub(super) fn stop(folder: &Path, name: &str) -> Command {
    let mut command = clean("sv");
    command.args(["-w", &STOPS_WITHIN.to_string(), "force-stop"]).arg(folder.join(SERVICES).join(name));
    command
}
