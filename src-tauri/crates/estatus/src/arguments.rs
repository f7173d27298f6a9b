//! The command line.

mod agent;
mod fleet;
mod flow;
mod log;
mod secret;
mod service;

use std::{path::PathBuf, time::Duration};

use clap::{
    Args, Parser, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use estatus_api::{ReportFormat, ReportMonth};
use estatus_core::config::Language;

pub(crate) use agent::AgentArguments;
pub(crate) use fleet::{FleetCommand, NamedInstance, TriedRule};
pub(crate) use flow::{FlowAnswer, FlowCommand, FlowRun};
pub(crate) use log::{ShownLog, SoughtLines};
pub(crate) use secret::SecretCommand;
#[cfg(windows)]
pub(crate) use service::OfUser;
pub(crate) use service::{ServiceAccount, ServiceCommand, ServiceEnv, ServiceScope, WaitOnFailure};

/// Keeps your programs running, monitors what you run, alerts you when it goes down and recovers, and keeps its history.
#[derive(Debug, Parser)]
#[command(name = "estatus", version, propagate_version = true)]
pub(crate) struct Arguments {
    /// The configuration file; default: estatus.toml in your own configuration folder.
    #[arg(long, global = true, env = "ESTATUS_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The data folder, which holds the history; default: your own data folder.
    #[arg(long, global = true, env = "ESTATUS_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The command.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the engine in this terminal until interrupted.
    Run {
        /// Let every user of this machine connect: they may see the status and steer; only you and administrators may see
        /// and change the configuration. On Linux this needs root, or a folder /run/estatus of your own.
        #[arg(long)]
        all_users: bool,
    },
    /// Show the status of all monitors and programs; exits with 1 if one is down or cannot be kept running.
    Status {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Run a single check without the engine and show its phases: a URL, HOST:PORT, or the name of a monitor.
    Probe {
        /// What to check.
        target: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show the history of a monitor.
    History {
        /// The monitor.
        monitor: String,
        /// How far back, like 90m, 24h or 30d.
        #[arg(long, default_value = "24h", value_parser = span)]
        since: Duration,
        /// Number of intervals to divide the period into.
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=2000))]
        points: u16,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show what a program used over time: CPU and memory, with its starts.
    Usage {
        /// The program.
        name: String,
        /// NAME is a `host` monitor: show what it measured of this machine.
        #[arg(long)]
        monitor: bool,
        /// How far back, like 90m, 24h or 30d.
        #[arg(long, default_value = "24h", value_parser = span)]
        since: Duration,
        /// Number of intervals to divide the period into.
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=2000))]
        points: u16,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show incidents, newest first, with their remedy attempts and alerts.
    Incidents {
        /// Only this monitor.
        monitor: Option<String>,
        /// How far back, like 24h or 30d.
        #[arg(long, value_parser = span)]
        since: Option<Duration>,
        /// Maximum number of incidents.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Report how monitors did in a month: uptime, downtime, incidents, latency.
    Report {
        /// The month, like 2026-10, or `current` or `last`, by the time zone of the configuration.
        #[arg(long, default_value = "current", value_parser = report_month)]
        month: ReportMonth,
        /// Only monitors with this tag; may be repeated.
        #[arg(long = "tag", value_name = "TAG")]
        tags: Vec<String>,
        /// The format: one HTML page, or comma-separated values of the monitors or of the incidents.
        #[arg(long, default_value = "html", value_parser = report_format())]
        format: ReportFormat,
        /// Write to this file instead of standard output.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Print JSON.
        #[arg(long, conflicts_with = "format")]
        json: bool,
    },
    /// Start a program and keep it running; waits until it is running.
    Start(Steered),
    /// Stop a program and keep it stopped; waits until all its processes have ended.
    Stop(Steered),
    /// Stop what Estatus left running when it quit, for the installer of Windows, which deletes what it would be found by.
    #[command(hide = true)]
    StopLeft,
    /// Restart a program; waits until it is running.
    Restart(Steered),
    /// List flows, run and repeat them, answer what they ask, and show what became of their runs.
    Flow {
        /// The command.
        #[command(subcommand)]
        command: FlowCommand,
    },
    /// Show and steer fleets: groups of servers that are scaled by their load.
    Fleet {
        /// The command.
        #[command(subcommand)]
        command: FleetCommand,
    },
    /// Show the output of a program; works without the engine.
    Logs {
        /// The program.
        program: String,
        /// Which lines of it.
        #[command(flatten)]
        sought: SoughtLines,
        /// How much of it, and how.
        #[command(flatten)]
        shown: ShownLog,
    },
    /// Adopt a running process as the process of a program.
    Adopt {
        /// The program.
        program: String,
        /// The process.
        #[command(flatten)]
        process: Described,
        /// Adopt the matching process; without this, it is only shown.
        #[arg(long)]
        yes: bool,
    },
    /// Check one monitor, or all, now.
    Check {
        /// The monitor; default: all.
        monitor: Option<String>,
    },
    /// Pause a monitor.
    Pause {
        /// The monitor.
        monitor: String,
        /// For how long, like 30m; default: until resumed.
        #[arg(long = "for", value_parser = span, value_name = "SPAN")]
        span: Option<Duration>,
    },
    /// Resume a paused monitor.
    Resume {
        /// The monitor.
        monitor: String,
    },
    /// Acknowledge the open incident of a monitor: no more reminders are sent.
    Ack {
        /// The monitor.
        monitor: String,
    },
    /// Snooze alerts for a while; a summary is sent afterwards.
    Snooze {
        /// For how long, like 1h, or "off".
        #[arg(value_parser = snooze_span)]
        span: SnoozeSpan,
        /// Only this monitor.
        monitor: Option<String>,
    },
    /// Have Estatus end and start again, for example in the version that was just installed; programs keep running.
    Relaunch {
        /// The engine of the installed service, wherever its data are.
        #[arg(long, conflicts_with_all = ["config", "data"])]
        service: bool,
    },
    /// Check, import or print configuration.
    Config {
        /// The command.
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Change the PATH of this user, for the installer.
    #[cfg(windows)]
    #[command(hide = true)]
    Path {
        /// The command.
        #[command(subcommand)]
        command: PathCommand,
    },
    /// Run Estatus as a service of the operating system: from boot on, with nobody logged in.
    Service {
        /// The command.
        #[command(subcommand)]
        command: ServiceCommand,
    },
    /// Show what would be different if Estatus ran as a service, and what to do about it; exits with 1 if something has
    /// to be done.
    Doctor {
        /// As whom the service would run.
        #[command(flatten)]
        account: ServiceAccount,
        /// Variables that the service would have.
        #[command(flatten)]
        env: ServiceEnv,
        /// The language in which the findings are told.
        #[arg(long, default_value = Language::default().code(), value_parser = language())]
        language: Language,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Run the agent of a fleet on this machine: it tells Estatus that the machine is there, and what its load is. Started
    /// again, it goes on with the certificate that it has.
    Agent(AgentArguments),
    /// Store, list and remove the secrets that the configuration names: passwords and tokens. Works without the engine.
    Secret {
        /// The command.
        #[command(subcommand)]
        command: SecretCommand,
    },
    /// Test the email settings.
    Email {
        /// The command.
        #[command(subcommand)]
        command: EmailCommand,
    },
}

/// A program to start or stop.
#[derive(Debug, Args)]
pub(crate) struct Steered {
    /// The program.
    pub(crate) program: String,
    /// Do not wait for the result.
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// How to find the running process; by default by the name of the program.
#[derive(Debug, Default, Args)]
#[group(multiple = false)]
pub(crate) struct Described {
    /// By the name of its executable.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// By the path of its executable.
    #[arg(long)]
    pub(crate) path: Option<PathBuf>,
    /// By its command line: a regular expression.
    #[arg(long, value_name = "REGEX")]
    pub(crate) command_line: Option<String>,
    /// By a TCP port that it listens on.
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// By its process ID.
    #[arg(long)]
    pub(crate) pid: Option<u32>,
}

/// What to do with the configuration file.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Check whether the configuration file is valid, and show each error with its line.
    Check,
    /// Apply the file even though it removes everything or nearly everything: a file that suddenly contains nothing is
    /// not applied by itself.
    Apply,
    /// Print the JSON schema of the configuration file, for editors.
    Schema,
    /// Print a commented example configuration.
    Example,
    /// Import the file of another tool: a Procfile, a PM2 ecosystem file, the output of `nssm dump`, a monitrc, an Uptime
    /// Kuma JSON backup, a Gatus configuration, or the output of `schtasks /query /xml`. Works without the engine.
    Import {
        /// The file of the other tool.
        file: PathBuf,
        /// Add it to the configuration file; without this, it is only shown.
        #[arg(long)]
        yes: bool,
        /// Print JSON.
        #[arg(long, conflicts_with = "yes")]
        json: bool,
    },
}

/// What is done to the PATH of this user.
#[cfg(windows)]
#[derive(Debug, Subcommand)]
pub(crate) enum PathCommand {
    /// Put a folder on it.
    Add {
        /// The folder.
        folder: String,
    },
    /// Take a folder off it.
    Remove {
        /// The folder.
        folder: String,
    },
}

/// What to do with e-mail.
#[derive(Debug, Subcommand)]
pub(crate) enum EmailCommand {
    /// Send a test email and explain what goes wrong.
    Test {
        /// The channel; default: all email channels.
        channel: Option<String>,
    },
}

/// For how long to tell nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SnoozeSpan {
    /// From now on for so long.
    For(Duration),
    /// No longer.
    Off,
}

fn span(text: &str) -> Result<Duration, String> {
    estatus_config::duration(text).map_err(|error| error.to_string())
}

/// A month, as it is written; whether there is one is known where the zone is.
#[expect(clippy::unnecessary_wraps, reason = "this is how clap wants it")]
fn report_month(text: &str) -> Result<ReportMonth, String> {
    Ok(match text {
        "current" => ReportMonth::Current,
        "last" => ReportMonth::Last,
        month => ReportMonth::Of(month.to_owned()),
    })
}

fn report_format() -> impl TypedValueParser<Value = ReportFormat> {
    PossibleValuesParser::new(["html", "csv", "incidents-csv"]).map(|said| match said.as_str() {
        "csv" => ReportFormat::Csv,
        "incidents-csv" => ReportFormat::IncidentsCsv,
        _ => ReportFormat::Html,
    })
}

fn language() -> impl TypedValueParser<Value = Language> {
    PossibleValuesParser::new(Language::ALL.map(Language::code)).map(|said| {
        let spoken = Language::ALL.into_iter().find(|language| language.code() == said);
        spoken.unwrap_or_default()
    })
}

fn snooze_span(text: &str) -> Result<SnoozeSpan, String> {
    if text == "off" { Ok(SnoozeSpan::Off) } else { span(text).map(SnoozeSpan::For) }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_process_is_described_in_one_way() {
        let check = |words: &[&str], understood: bool| {
            let line = ["estatus", "adopt", "web"].iter().chain(words);
            assert_eq!(Arguments::try_parse_from(line).is_ok(), understood, "{words:?}");
        };
        check(&[], true);
        check(&["--pid", "12"], true);
        check(&["--command-line", "node .*vite", "--yes"], true);
        check(&["--pid", "12", "--port", "80"], false);
        check(&["--pid", "web"], false);
    }

    #[test]
    fn a_snooze_is_a_span_or_off() {
        assert_eq!(snooze_span("off"), Ok(SnoozeSpan::Off));
        assert_eq!(snooze_span("90m"), Ok(SnoozeSpan::For(Duration::from_secs(5400))));
        assert!(snooze_span("soon").is_err());
    }
}
