//! The programs that are compared, each told in its own language to check the same pages.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::bench::daemon::{Daemon, Lab, free_port};
use crate::{
    command::{clean, find},
    platform,
};

/// A page to check.
pub(crate) struct Monitor {
    name: String,
    /// The page.
    pub(crate) url: String,
    every: Duration,
}

impl Monitor {
    /// How long a probe may take.
    const TIMEOUT: Duration = Duration::from_secs(5);

    pub(crate) fn new(name: String, url: String, every: Duration) -> Self {
        Self { name, url, every }
    }
}

/// A program that checks.
pub(crate) enum Peer {
    /// Estatus, as built: where it is.
    Estatus(PathBuf),
    /// Monit: goes through its list and then sleeps.
    Monit,
    /// Prometheus's blackbox_exporter: probes when it is asked.
    Blackbox,
}

/// A peer at work.
pub(crate) struct Running {
    /// Its process.
    pub(crate) daemon: Daemon,
    /// Where it is asked to probe, if it has to be asked.
    pub(crate) port: Option<u16>,
}

impl Peer {
    /// One word for it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Estatus(_) => "estatus",
            Self::Monit => "monit",
            Self::Blackbox => "blackbox",
        }
    }

    /// Starts it on `monitors`; `every` is the interval of the one that has a single one for all.
    pub(crate) fn start(&self, lab: &Lab, monitors: &[Monitor], every: Duration) -> Result<Running> {
        match self {
            Self::Estatus(program) => start_estatus(program, lab, monitors),
            Self::Monit => start_monit(lab, monitors, every),
            Self::Blackbox => start_blackbox(lab),
        }
    }
}

fn start_estatus(program: &Path, lab: &Lab, monitors: &[Monitor]) -> Result<Running> {
    let mut toml = "[network]\nreference = []\n".to_owned();
    for Monitor { name, url, every } in monitors {
        let (every, timeout) = (every.as_secs(), Monitor::TIMEOUT.as_secs());
        write!(
            toml,
            "\n[[monitor]]\nname = \"{name}\"\nhttp = \"{url}\"\nevery = \"{every}s\"\ntimeout = \"{timeout}s\"\n"
        )?;
    }
    let config = lab.write("estatus.toml", &toml)?;
    let data = lab.join("data");
    if data.exists() {
        std::fs::remove_dir_all(&data)?;
    }
    std::fs::create_dir(&data)?;
    platform::close_to_others(&data)?;
    let arguments = ["--config".as_ref(), config.as_os_str(), "--data".as_ref(), data.as_os_str(), "run".as_ref()];
    Ok(Running { daemon: Daemon::start(lab, program, arguments)?, port: None })
}

/// Waits until the engine that runs on the data folder says `count` times that a verdict is up.
///
/// # Errors
/// If it does not within 20 s.
pub(crate) fn wait_for_verdicts(program: &Path, lab: &Lab, count: usize) -> Result<()> {
    let begun = Instant::now();
    loop {
        let mut status = clean(program);
        status.arg("--config").arg(lab.join("estatus.toml")).arg("--data").arg(lab.join("data"));
        // It ends with 1 while something is not up yet: what it prints is what counts.
        let said = status.args(["status", "--json"]).output().context("Failed to start estatus")?;
        let json = String::from_utf8_lossy(&said.stdout);
        let up = json.split_whitespace().collect::<String>().matches("\"verdict\":\"up\"").count();
        if up >= count {
            return Ok(());
        }
        if begun.elapsed() > Duration::from_secs(20) {
            let error = String::from_utf8_lossy(&said.stderr);
            bail!("`estatus status --json` knows only {up} of {count} monitors to be up; {}", error.trim());
        }
        thread::sleep(Duration::from_millis(200));
    }
}

fn start_monit(lab: &Lab, monitors: &[Monitor], every: Duration) -> Result<Running> {
    let file = |name: &str| lab.join(name).display().to_string();
    let mut text = format!("set daemon {}\nset log {}\n", every.as_secs(), file("monit.log"));
    writeln!(
        text,
        "set pidfile {}\nset idfile {}\nset statefile {}",
        file("monit.pid"),
        file("monit.id"),
        file("monit.state")
    )?;
    for Monitor { name, url, .. } in monitors {
        let timeout = Monitor::TIMEOUT.as_secs();
        writeln!(
            text,
            "check host {name} with address 127.0.0.1\n  if failed url {url} with timeout {timeout} seconds then alert"
        )?;
    }
    let conf = lab.write("monitrc", &text)?;
    platform::close_to_others(&conf)?;
    let program = find("monit").context("Monit is not installed")?;
    Ok(Running { daemon: Daemon::start(lab, &program, ["-I".as_ref(), "-c".as_ref(), conf.as_os_str()])?, port: None })
}

fn start_blackbox(lab: &Lab) -> Result<Running> {
    let timeout = Monitor::TIMEOUT.as_secs();
    let yaml = format!(
        "modules:\n  http_2xx:\n    prober: http\n    timeout: {timeout}s\n    http:\n      preferred_ip_protocol: ip4\n"
    );
    let conf = lab.write("blackbox.yml", &yaml)?;
    let port = free_port()?;
    let program = find("prometheus-blackbox-exporter").context("blackbox_exporter is not installed")?;
    let arguments = [
        format!("--config.file={}", conf.display()),
        format!("--web.listen-address=127.0.0.1:{port}"),
        "--log.level=error".to_owned(),
    ];
    Ok(Running { daemon: Daemon::start(lab, &program, arguments)?, port: Some(port) })
}
