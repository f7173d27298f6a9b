//! supervisord, told in its language to keep programs running.

use std::{fmt::Write, fs, path::Path, process::Command};

use anyhow::Result;

use super::{
    peer::Program,
    stand::{STOPS_WITHIN, found},
};
use crate::command::clean;

const CONF: &str = "supervisord.conf";

pub(super) fn configure(folder: &Path, programs: &[Program]) -> Result<()> {
    let at = |file: &str| folder.join(file).display().to_string();
    let mut ini = format!(
        "[supervisord]\nnodaemon=true\nuser=root\nlogfile={}\npidfile={}\nminfds=8192\n\
         [unix_http_server]\nfile={3}\n[supervisorctl]\nserverurl=unix://{3}\n\
         [rpcinterface:supervisor]\nsupervisor.rpcinterface_factory={2}\n",
        at("log"),
        at("pid"),
        "supervisor.rpcinterface:make_main_rpcinterface",
        at("socket"),
    );
    for program in programs {
        writeln!(ini, "[program:{}]\ncommand={}", program.name, program.line())?;
        writeln!(
            ini,
            "autorestart=true\nstartsecs=0\nstopasgroup=true\nkillasgroup=true\nstopwaitsecs={STOPS_WITHIN}"
        )?;
        writeln!(ini, "stdout_logfile={}\nstdout_logfile_maxbytes=0", at(&format!("{}.log", program.name)))?;
        writeln!(ini, "redirect_stderr=true")?;
    }
    Ok(fs::write(folder.join(CONF), ini)?)
}

pub(super) fn run(folder: &Path) -> Result<Command> {
    let mut command = found("supervisord")?;
    command.arg("-c").arg(folder.join(CONF));
    Ok(command)
}

pub(super) fn stop(folder: &Path, name: &str) -> Command {
    let mut command = clean("supervisorctl");
    command.arg("-c").arg(folder.join(CONF)).args(["stop", name]);
    command
}
