//! `estatus run`: an engine in this terminal; and what an engine of the service has in common with it.

#[cfg(windows)]
mod hidden_window;

use std::{
    env,
    future::Future,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use estatus_api::Host;
use estatus_config::Defaults;
use estatus_core::{
    Timestamp,
    config::Language,
    record::JournalEntry,
    remedy::{Attempt, Outcome as RemedyOutcome},
    words::Words,
};
use estatus_engine::{Admits, Audience, EngineEnd, HostKind, Options, ShimCommand, StartError};
use tracing_subscriber::EnvFilter;

use crate::{CommandError, Outcome, Result, SHIM, configuration::Places, output::Printer, show};

pub(crate) async fn run(places: &Places, all_users: bool) -> Result {
    let program = this_program()?;
    // Whoever prints is a thread already.
    estatus_engine::set_limits();
    let said = Said { out: printer(io::stdout())?, err: printer(io::stderr())? };
    log(said.err.clone(), io::stderr().is_terminal());
    if places.begin()? {
        let example = places.config.display();
        said.out.line(format_args!("There was no configuration yet: an example was created in {example}"));
        said.out
            .line(format_args!("It monitors this machine. Add what you run; Estatus reads it again when you save it."));
    }
    match host(places, said, HostKind::Terminal, admits(all_users), |terminal| Box::new(terminal), stopped()).await? {
        EngineEnd::Stopped => Ok(Outcome::Well),
        EngineEnd::Relaunching => relaunch(&program),
    }
}

/// Becomes what `program` is now, with the same arguments.
#[cfg(unix)]
fn relaunch(program: &Path) -> Result {
    use std::os::unix::process::CommandExt;
    Err(not_relaunched(program, &Command::new(program).args(env::args_os().skip(1)).exec()))
}

/// Starts what `program` is now with the same arguments, and stands for it in this terminal: Ctrl-C reaches both, and ends
/// that one only.
#[cfg(windows)]
fn relaunch(program: &Path) -> Result {
    let ended = Command::new(program).args(env::args_os().skip(1)).status();
    let ended = ended.map_err(|error| not_relaunched(program, &error))?;
    std::process::exit(ended.code().unwrap_or(1))
}

fn not_relaunched(program: &Path, error: &io::Error) -> CommandError {
    CommandError::Failed(format!("Estatus has ended, and {} cannot be started again: {error}", program.display()))
}

/// Whose processes may connect.
pub(crate) fn admits(all_users: bool) -> Admits {
    if all_users { Admits::EveryLocalUser } else { Admits::ThisUser }
}

/// Where an engine's host writes: what happens, and what goes wrong.
pub(crate) struct Said {
    /// What happens.
    pub(crate) out: Printer,
    /// What goes wrong.
    pub(crate) err: Printer,
}

/// Hosts an engine until `stop` is ready; what `face` makes of the terminal hears what it does.
pub(crate) async fn host(
    places: &Places,
    said: Said,
    kind: HostKind,
    admits: Admits,
    face: impl FnOnce(Terminal) -> Box<dyn Audience>,
    stop: impl Future<Output = ()>,
) -> std::result::Result<EngineEnd, CommandError> {
    let options = Options {
        config: places.config.clone(),
        data: places.data.clone(),
        defaults: Defaults::of_system(),
        shim: shim()?,
        host: kind,
        admits,
    };
    let terminal = Terminal {
        out: said.out.clone(),
        paint: show::Paint::for_stdout(),
        words: Words::new(Language::English, options.defaults.zone.clone()),
    };
    let ended = estatus_engine::run(options, face(terminal), stop).await;
    said.out.finish();
    said.err.finish();
    match ended {
        Ok(ended) => Ok(ended),
        Err(error @ StartError::Config(_)) => Err(CommandError::wrong(error)),
        Err(error) => Err(CommandError::failed(error)),
    }
}

pub(crate) fn printer(out: impl io::Write + Send + 'static) -> std::result::Result<Printer, CommandError> {
    Printer::start(out).map_err(|error| CommandError::Failed(format!("cannot start threads: {error}")))
}

/// How shims are started.
pub(crate) fn shim() -> std::result::Result<ShimCommand, CommandError> {
    Ok(ShimCommand { program: this_program()?, args: vec![SHIM.into()] })
}

/// This program, by the path it has now: after an update that is where the new one is.
pub(crate) fn this_program() -> std::result::Result<PathBuf, CommandError> {
    env::current_exe()
        .map_err(|error| CommandError::Failed(format!("the path of this program cannot be found: {error}")))
}

/// Whoever sits at this terminal.
pub(crate) struct Terminal {
    out: Printer,
    paint: show::Paint,
    words: Words,
}

impl Audience for Terminal {
    fn ready(&mut self, host: &Host) {
        self.hosts(host, "stop it with Ctrl-C");
    }

    fn journal(&mut self, at: Timestamp, entry: &JournalEntry) {
        let at = show::time(at);
        match entry {
            JournalEntry::Health { monitor, to, cause, .. } => {
                let why = cause.as_ref().map(|cause| self.words.cause(cause)).unwrap_or_default();
                let health = self.paint.health(*to, 10);
                self.out.line(format_args!("{at}  {health}  {}  {}", show::one_line(monitor), show::one_line(&why)));
            }
            JournalEntry::Program { program, to, why } => {
                let state = self.paint.program(*to, 10);
                let why = show::one_line(why.as_deref().unwrap_or_default());
                self.out.line(format_args!("{at}  {state}  {}  {why}", show::one_line(program)));
            }
            JournalEntry::Remedy { monitor, attempt } => {
                self.out.line(format_args!(
                    "{at}  {}  {}  {}",
                    self.remedy(attempt),
                    show::one_line(monitor),
                    self.deed(attempt)
                ));
            }
            JournalEntry::Run { run, flow, to, why } => {
                let state = self.paint.run(*to, 10);
                let why = show::one_line(why.as_deref().unwrap_or_default());
                self.out.line(format_args!("{at}  {state}  {} (run {run})  {why}", show::one_line(flow)));
            }
            JournalEntry::NetworkOff { .. } => self.out.line(format_args!("{at}  this machine's own network is down")),
            JournalEntry::NetworkOn { .. } => self.out.line(format_args!("{at}  this machine's own network is back")),
            JournalEntry::Configured { monitors, programs, flows } => {
                let monitors = show::counted(*monitors, "monitor", "monitors");
                let programs = show::counted(*programs, "program", "programs");
                let flows = match flows {
                    0 => String::new(),
                    count => format!(", {}", show::counted(*count, "flow", "flows")),
                };
                self.out.line(format_args!("{at}  configuration loaded: {monitors}, {programs}{flows}"));
            }
            _ => {}
        }
    }

    fn quitting(&mut self, stopped: &[Arc<str>], left: &[Arc<str>]) {
        if !stopped.is_empty() {
            self.out.line(format_args!("Stopping {} …", show::one_line(&stopped.join(", "))));
        }
        if !left.is_empty() {
            self.out.line(format_args!(
                "Left running: {}; Estatus finds what is running when it starts again.",
                show::one_line(&left.join(", "))
            ));
        }
    }
}

impl Terminal {
    /// Says that an engine runs, and how it is stopped.
    pub(crate) fn hosts(&self, host: &Host, stopped: &str) {
        self.out.line(format_args!("Estatus is running (process {}); {stopped}.", host.pid));
        self.out.line(format_args!("  configuration  {}", host.config.display()));
        self.out.line(format_args!("  data           {}", host.data.display()));
    }

    /// How a try to heal stands, in one word, as wide as a health's.
    fn remedy(&self, attempt: &Attempt) -> String {
        match attempt.outcome {
            None => self.paint.warning(&format!("{:<10}", "remedy")),
            Some(RemedyOutcome::Healed) => self.paint.good(&format!("{:<10}", "healed")),
            Some(_) => self.paint.warning(&format!("{:<10}", "not healed")),
        }
    }

    /// What was done, and how it went.
    fn deed(&self, attempt: &Attempt) -> String {
        let deed = self.words.deed(&attempt.deed);
        let outcome = attempt.outcome.as_ref().map(|outcome| format!(": {}", self.words.outcome(outcome)));
        show::one_line(&(deed + &outcome.unwrap_or_default()))
    }
}

/// Resolves when the user or the system wants the program to end.
#[cfg(unix)]
pub(crate) async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut hang_up)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup())) else {
        return interrupted().await;
    };
    tokio::select! {
        () = interrupted() => {}
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
}

/// Resolves when the user or the system wants the program to end.
#[cfg(windows)]
pub(crate) async fn stopped() {
    use tokio::signal::windows::{ctrl_close, ctrl_shutdown};
    let (Ok(mut close), Ok(mut shutdown)) = (ctrl_close(), ctrl_shutdown()) else {
        return interrupted().await;
    };
    tokio::select! {
        () = interrupted() => {}
        _ = close.recv() => {}
        _ = shutdown.recv() => {}
        () = hidden_window::closed() => {}
    }
}

/// Resolves when the user presses Ctrl-C.
pub(crate) async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Has what goes wrong written to `err`.
pub(crate) fn log(err: Printer, is_terminal: bool) {
    let filter = EnvFilter::try_from_env("ESTATUS_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    // Only a second subscriber in one process is refused, and there is none.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(move || err.clone())
        .with_ansi(is_terminal)
        .try_init();
}
