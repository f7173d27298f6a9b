//! The programs that are compared, each told in its own language to keep the same programs running.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use super::heal::EVERY;
use crate::{
    bench::{
        daemon::{Daemon, Lab},
        meter,
    },
    command::{clean, find},
    platform,
};

/// How long a program may take to end when it is asked to.
const STOPS_WITHIN: u64 = 2;
/// All programs of one that ends have ended within this.
const ENDS_WITHIN: Duration = Duration::from_secs(120);

/// A program to be kept running.
pub(crate) struct Program {
    name: String,
    command: Vec<String>,
}

impl Program {
    /// No word of `command` has a blank in it.
    pub(crate) fn new<const N: usize>(name: &str, command: [&str; N]) -> Self {
        Self { name: name.to_owned(), command: command.map(str::to_owned).to_vec() }
    }

    fn line(&self) -> String {
        self.command.join(" ")
    }
}

/// A program that keeps others running.
pub(crate) enum Peer {
    /// Estatus, as built: where it is.
    Estatus(PathBuf),
    /// supervisord.
    Supervisord,
    /// runit: runsvdir, with a runsv for each program.
    Runit,
    /// Monit: looks at its programs once a second.
    Monit,
}

/// A peer at work.
pub(crate) struct Stand<'a> {
    peer: &'a Peer,
    folder: PathBuf,
    /// Its process.
    pub(crate) daemon: Daemon,
}

impl Peer {
    /// One word for it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Estatus(_) => "estatus",
            Self::Supervisord => "supervisord",
            Self::Runit => "runit",
            Self::Monit => "monit",
        }
    }

    /// How many times a program is seen to be started again.
    pub(crate) fn rounds(&self) -> usize {
        match self {
            Self::Estatus(_) => 150,
            Self::Supervisord | Self::Runit => 30,
            Self::Monit => 10,
        }
    }

    /// How long a program lives before it ends: so long that it is started again at once.
    pub(crate) fn lives(&self) -> Duration {
        match self {
            // They wait for a second after what has not lived for one.
            Self::Estatus(_) | Self::Runit => Duration::from_millis(1_200),
            Self::Supervisord => Duration::from_millis(100),
            Self::Monit => Duration::from_millis(3_000),
        }
    }

    /// Whether it keeps what a program writes.
    pub(crate) fn captures(&self) -> bool {
        !matches!(self, Self::Monit)
    }

    /// Whether it looks at pages.
    pub(crate) fn checks(&self) -> bool {
        matches!(self, Self::Estatus(_) | Self::Monit)
    }

    /// Starts it on `programs`. The first of them serves a page at `page`, and is started again when that is broken.
    pub(crate) fn start(&self, lab: &Lab, programs: &[Program], page: Option<u16>) -> Result<Stand<'_>> {
        let folder = lab.folder(self.name())?;
        let daemon = match self {
            Self::Estatus(program) => start_estatus(program, lab, &folder, programs, page),
            Self::Supervisord => start_supervisord(lab, &folder, programs),
            Self::Runit => start_runit(lab, &folder, programs),
            Self::Monit => start_monit(lab, &folder, programs, page),
        }?;
        Ok(Stand { peer: self, folder, daemon })
    }
}

impl Stand<'_> {
    /// The processes that supervise: all that came of it but for the programs.
    pub(crate) fn supervisors(&self, lab: &Lab) -> Vec<u32> {
        let programs = meter::marked(lab.mark());
        meter::tree(self.daemon.pid()).into_iter().filter(|pid| !programs.contains(pid)).collect()
    }

    /// Stops a program as a user would.
    pub(crate) fn stop(&self, name: &str) -> Result<()> {
        let at = |file: &str| self.folder.join(file);
        let mut command = match self.peer {
            Peer::Estatus(program) => {
                let mut command = clean(program);
                command.arg("--config").arg(at("estatus.toml")).arg("--data").arg(at("data")).args(["stop", name]);
                command
            }
            Peer::Supervisord => {
                let mut command = clean("supervisorctl");
                command.arg("-c").arg(at("supervisord.conf")).args(["stop", name]);
                command
            }
            Peer::Runit => {
                let mut command = clean("sv");
                command.args(["-w", &STOPS_WITHIN.to_string(), "force-stop"]).arg(at("services").join(name));
                command
            }
            Peer::Monit => {
                let mut command = clean("monit");
                command.arg("-c").arg(at("monitrc")).args(["stop", name]);
                command
            }
        };
        // runit's says by its exit code that it had to kill.
        let done = command.stdin(Stdio::null()).output().context("Failed to start its command")?;
        if !done.status.success() && !matches!(self.peer, Peer::Runit) {
            bail!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        }
        Ok(())
    }

    /// The files in which it keeps what a program writes.
    pub(crate) fn logs(&self, name: &str) -> Vec<PathBuf> {
        match self.peer {
            Peer::Estatus(_) => files(&self.folder.join("data/programs"))
                .iter()
                .flat_map(|program| files(&program.join("log")))
                .collect(),
            Peer::Supervisord => vec![self.folder.join(format!("{name}.log"))],
            Peer::Runit => vec![self.folder.join("logs").join(name).join("current")],
            Peer::Monit => Vec::new(),
        }
    }

    /// Ends it and its programs.
    pub(crate) fn end(self, lab: &Lab) {
        // Told so, runsvdir ends its services as well.
        let signal = if matches!(self.peer, Peer::Runit) { "-HUP" } else { "-TERM" };
        self.daemon.end_by(signal, ENDS_WITHIN);
        lab.end_programs();
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn start_estatus(program: &Path, lab: &Lab, folder: &Path, programs: &[Program], page: Option<u16>) -> Result<Daemon> {
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
    let arguments = ["--config".as_ref(), config.as_os_str(), "--data".as_ref(), data.as_os_str(), "run".as_ref()];
    Daemon::start(lab, program, arguments)
}

fn start_supervisord(lab: &Lab, folder: &Path, programs: &[Program]) -> Result<Daemon> {
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
    let conf = folder.join("supervisord.conf");
    fs::write(&conf, ini)?;
    let program = find("supervisord").context("supervisord is not installed")?;
    Daemon::start(lab, &program, ["-c".as_ref(), conf.as_os_str()])
}

fn start_runit(lab: &Lab, folder: &Path, programs: &[Program]) -> Result<Daemon> {
    let services = folder.join("services");
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
    let program = find("runsvdir").context("runit is not installed")?;
    Daemon::start(lab, &program, ["-P".as_ref(), services.as_os_str()])
}

fn start_monit(lab: &Lab, folder: &Path, programs: &[Program], page: Option<u16>) -> Result<Daemon> {
    let at = |file: &str| folder.join(file).display().to_string();
    let mut text = format!(
        "set daemon 1\nset log {}\nset pidfile {}\nset idfile {}\nset statefile {}\n\
         set httpd unixsocket {}\n  allow bench:bench\n",
        at("monit.log"),
        at("monit.pid"),
        at("monit.id"),
        at("monit.state"),
        at("monit.socket")
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
    let conf = folder.join("monitrc");
    fs::write(&conf, text)?;
    platform::close_to_others(&conf)?;
    let program = find("monit").context("Monit is not installed")?;
    let daemon = Daemon::start(lab, &program, ["-I".as_ref(), "-c".as_ref(), conf.as_os_str()])?;
    let begun = Instant::now();
    while !folder.join("monit.socket").exists() {
        daemon.check()?;
        if begun.elapsed() > ENDS_WITHIN {
            bail!("Monit does not begin");
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(daemon)
}
