//! Monit, told in its language to keep programs running.

use std::{
    fmt::Write,
    fs,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

use super::{peer::Program, stand::found};
use crate::{bench::daemon::Daemon, command::clean, platform};

const CONF: &str = "monitrc";
const SOCKET: &str = "monit.socket";
/// It answers within this.
const BEGINS_WITHIN: Duration = Duration::from_secs(120);

/// Has it keep `programs` running, and the first of them restarted when the page at `page` is broken.
pub(super) fn configure(folder: &Path, programs: &[Program], page: Option<u16>) -> Result<()> {
    let at = |file: &str| folder.join(file).display().to_string();
    let mut text = format!(
        "set daemon 1\nset log {}\nset pidfile {}\nset idfile {}\nset statefile {}\n\
         set httpd unixsocket {}\n  allow bench:bench\n",
        at("monit.log"),
        at("monit.pid"),
        at("monit.id"),
        at("monit.state"),
        at(SOCKET)
    );
    for program in programs {
        let name = &program.name;
        let (pid, start, stop) = (at(&format!("{name}.pid")), format!("{name}.start"), format!("{name}.stop"));
        let starts = format!("setsid {} </dev/null >/dev/null 2>&1 &\necho $! >{pid}\n", program.line());
        fs::write(folder.join(&start), starts)?;
        fs::write(folder.join(&stop), format!("kill $(cat {pid})\n"))?;
        writeln!(text, "check process {name} with pidfile {pid}")?;
        writeln!(text, "  start program = \"/bin/sh {}\"\n  stop program = \"/bin/sh {}\"", at(&start), at(&stop))?;
        if programs.len() > 1 {
            // It would take many of its rounds to start so many.
            Command::new("/bin/sh").arg(at(&start)).status()?;
        }
    }
    if let Some(port) = page {
        writeln!(text, "  if failed port {port} protocol http then restart")?;
    }
    let conf = folder.join(CONF);
    fs::write(&conf, text)?;
    platform::close_to_others(&conf)
}

pub(super) fn run(folder: &Path) -> Result<Command> {
    let mut command = found("monit")?;
    command.arg("-I").arg("-c").arg(folder.join(CONF));
    Ok(command)
}

/// Waits until it can be told something.
pub(super) fn wait(daemon: &Daemon, folder: &Path) -> Result<()> {
    let begun = Instant::now();
    while !folder.join(SOCKET).exists() {
        daemon.check()?;
        if begun.elapsed() > BEGINS_WITHIN {
            bail!("Monit does not begin");
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

pub(super) fn stop(folder: &Path, name: &str) -> Command {
    let mut command = clean("monit");
    command.arg("-c").arg(folder.join(CONF)).args(["stop", name]);
    command
}
