//! The command line.

mod agent;
mod fleet;
mod secret;

use std::{path::PathBuf, time::Duration};

use clap::{
    ArgGroup, Args, Parser, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use estatus_api::{ReportFormat, ReportMonth};
use estatus_core::config::Language;

pub(crate) use agent::AgentArguments;
pub(crate) use fleet::{FleetCommand, NamedInstance, TriedRule};
pub(crate) use secret::SecretCommand;

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

/// How much of a log is shown, and how.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ShownLog {
    /// Follow new output until interrupted; that of a step, until it has ended.
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Number of last lines to show.
    #[arg(short = 'n', long, default_value_t = 40, value_name = "LINES")]
    pub(crate) lines: usize,
    /// Print JSON, one object per line.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which lines of a log are shown.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct SoughtLines {
    /// Show only lines that contain this text, in upper or lower case; the whole log is searched.
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
    /// Show only what was written to standard error.
    #[arg(long)]
    pub(crate) errors: bool,
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

/// What to do with flows.
#[derive(Debug, Subcommand)]
pub(crate) enum FlowCommand {
    /// List the flows, with their last run and when they are due next.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Run a flow now, repeat one of its runs, or show what a run would do.
    Run(FlowRun),
    /// Show the runs of one flow, or of all, newest first.
    Runs {
        /// The flow; default: all.
        flow: Option<String>,
        /// Maximum number of runs.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show a run with its steps and what they wrote; if it failed, also where, why, and what has changed since the last
    /// success. Exits with 1 if it did not succeed.
    Show {
        /// The number of the run, as `estatus flow runs` lists it.
        run: u64,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show what the command of a step wrote in a run.
    Log {
        /// The number of the run.
        run: u64,
        /// The step.
        step: String,
        /// How much of it, and how.
        #[command(flatten)]
        shown: ShownLog,
    },
    /// Approve what a run asks, so that it goes on.
    Approve(FlowAnswer),
    /// Deny what a run asks: its step fails.
    Deny(FlowAnswer),
    /// Cancel a run: its commands are ended, and only steps that always run still do. A second time ends these, too.
    Cancel {
        /// The number of the run.
        run: u64,
        /// Print JSON: the number of the run.
        #[arg(long)]
        json: bool,
    },
}

/// A run of a flow that is wanted.
#[derive(Debug, Default, Args)]
#[command(group = ArgGroup::new("repeated").args(["from", "again"]).multiple(true))]
pub(crate) struct FlowRun {
    /// The flow.
    pub(crate) flow: String,
    /// Only show what each step would do, and whether the monitors, programs, folders and secrets that it needs are as they
    /// should be; exits with 1 if something was found that would make it fail.
    #[arg(long, conflicts_with_all = ["follow", "from", "again", "as_then"])]
    pub(crate) dry_run: bool,
    /// Show its steps and their output as they run, and wait for its end; exits with 1 if it does not succeed. Ctrl-C leaves
    /// it running.
    #[arg(long)]
    pub(crate) follow: bool,
    /// Repeat the last run from this step on; what the steps that do not depend on it have done is kept.
    #[arg(long, value_name = "STEP")]
    pub(crate) from: Option<String>,
    /// Repeat this run and not the last one; without --from, all of it.
    #[arg(long, value_name = "RUN")]
    pub(crate) again: Option<u64>,
    /// Repeat it with the steps that it had, even if the flow has been changed since.
    #[arg(long, requires = "repeated")]
    pub(crate) as_then: bool,
    /// Print JSON: the number of the run, or with --dry-run what was found.
    #[arg(long, conflicts_with = "follow")]
    pub(crate) json: bool,
}

/// A run that is answered.
#[derive(Debug, Args)]
pub(crate) struct FlowAnswer {
    /// The number of the run.
    pub(crate) run: u64,
    /// The step that asks; default: the only one that does.
    #[arg(long)]
    pub(crate) step: Option<String>,
    /// Print JSON: the number of the run.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What to do with the service.
#[derive(Debug, Subcommand)]
pub(crate) enum ServiceCommand {
    /// Install the service, have it start at boot, and start it. Run it again to change it.
    Install {
        /// As whom it runs.
        #[command(flatten)]
        account: ServiceAccount,
        /// Variables that it has.
        #[command(flatten)]
        env: ServiceEnv,
        /// Do not start it now.
        #[arg(long)]
        no_start: bool,
        /// Install it even if `estatus doctor` finds something that has to be done first.
        #[arg(long)]
        yes: bool,
        /// What becomes of its console.
        #[command(flatten)]
        wait_on_failure: WaitOnFailure,
    },
    /// Stop the service and remove it; configuration and data stay.
    Uninstall {
        /// Which one.
        #[command(flatten)]
        whose: ServiceScope,
        /// To whom the configuration is given back.
        #[cfg(windows)]
        #[command(flatten)]
        of_user: OfUser,
        /// What becomes of its console.
        #[command(flatten)]
        wait_on_failure: WaitOnFailure,
    },
    /// Start the service.
    Start {
        /// Which one.
        #[command(flatten)]
        whose: ServiceScope,
    },
    /// Stop the service until the next boot.
    Stop {
        /// Which one.
        #[command(flatten)]
        whose: ServiceScope,
    },
    /// Show whether the service is installed and running; exits with 1 if it is not running.
    Status {
        /// Which one.
        #[command(flatten)]
        whose: ServiceScope,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take over services that NSSM runs, as programs: shows what each comes to.
    #[cfg(windows)]
    TakeOver {
        /// The services; default: all that NSSM runs.
        names: Vec<String>,
        /// Stop and disable them in Windows, and add them to the configuration file; without this, they are only shown.
        #[arg(long)]
        yes: bool,
    },
    /// Give a service back that was taken over: it is NSSM's again, and no program any more.
    #[cfg(windows)]
    GiveBack {
        /// The service.
        name: String,
    },
    /// Run the engine as the service manager wants it; only the service manager has a use for it.
    #[command(hide = true)]
    Run {
        /// Let every user of this machine connect.
        #[arg(long)]
        all_users: bool,
    },
}

/// What becomes of a console that closes by itself.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct WaitOnFailure {
    /// Where it fails, wait for Enter: the window starts this on a console of its own, whose output it cannot read.
    #[arg(long, hide = true)]
    pub(crate) wait_on_failure: bool,
}

/// Where the user who wants this has what is their own: whoever answers Windows' question for an administrator may be
/// another.
#[cfg(windows)]
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct OfUser {
    /// Their configuration file.
    #[arg(long, hide = true, value_name = "FILE", requires = "user_data")]
    pub(crate) user_config: Option<PathBuf>,
    /// Their data folder.
    #[arg(long, hide = true, value_name = "DIR", requires = "user_config")]
    pub(crate) user_data: Option<PathBuf>,
}

/// Which of the services is meant.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct ServiceScope {
    /// The service of your own systemd user instance, for which you need not be root; without this, the machine's.
    #[cfg(unix)]
    #[arg(long)]
    pub(crate) user: bool,
}

/// As whom the service runs.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ServiceAccount {
    /// Which one.
    #[command(flatten)]
    pub(crate) whose: ServiceScope,
    /// The user as whom it runs; default: the user who ran sudo.
    #[cfg(unix)]
    #[arg(long, visible_alias = "user-account", value_name = "NAME", conflicts_with_all = ["user", "as_root"])]
    pub(crate) account: Option<String>,
    /// Run it as root: whoever may edit estatus.toml then runs anything as root.
    #[cfg(unix)]
    #[arg(long, conflicts_with = "user")]
    pub(crate) as_root: bool,
    /// The user as whom it runs, as `.\name` or `DOMAIN\name`; its password is asked for. Default: an account of its own,
    /// `NT SERVICE\Estatus`.
    #[cfg(windows)]
    #[arg(long, value_name = "NAME", conflicts_with = "as_system")]
    pub(crate) account: Option<String>,
    /// Run it as LocalSystem: whoever may edit estatus.toml then runs anything as the system.
    #[cfg(windows)]
    #[arg(long)]
    pub(crate) as_system: bool,
    /// Whose configuration becomes the service's.
    #[cfg(windows)]
    #[command(flatten)]
    pub(crate) of_user: OfUser,
}

/// Variables that the service has beside those of its account.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ServiceEnv {
    /// A variable that the service has, with the value it has here, or another one; `NAME=` takes one away. May be repeated;
    /// others stay. Not for secrets: others can read it.
    #[arg(long = "env", value_name = "NAME[=VALUE]")]
    pub(crate) env: Vec<String>,
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

    #[cfg(unix)]
    #[test]
    fn a_service_runs_as_one_user_and_never_as_root_unless_told() {
        let check = |words: &[&str], understood: bool| {
            let line = ["estatus", "service", "install"].iter().chain(words);
            assert_eq!(Arguments::try_parse_from(line).is_ok(), understood, "{words:?}");
        };
        check(&[], true);
        check(&["--user"], true);
        check(&["--account", "luz", "--env", "PATH", "--env", "A=b c"], true);
        check(&["--user-account", "luz"], true);
        check(&["--as-root"], true);
        check(&["--user", "--as-root"], false);
        check(&["--user", "--account", "luz"], false);
        check(&["--account", "luz", "--as-root"], false);
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
    fn the_last_lines_of_a_log_can_be_counted() {
        let lines = |words: &[&str]| match Arguments::try_parse_from(["estatus", "logs", "web"].iter().chain(words)) {
            Ok(Arguments { command: Command::Logs { shown, .. }, .. }) => Some((shown.lines, shown.follow)),
            _ => None,
        };
        assert_eq!(lines(&[]), Some((40, false)));
        assert_eq!(lines(&["-f", "-n", "0"]), Some((0, true)));
        assert_eq!(lines(&["-n", "few"]), None);
    }

    #[test]
    fn lines_of_a_log_can_be_looked_for() {
        let sought = |words: &[&str]| match Arguments::try_parse_from(["estatus", "logs", "web"].iter().chain(words)) {
            Ok(Arguments { command: Command::Logs { sought, .. }, .. }) => (sought.search, sought.errors),
            other => panic!("{other:?}"),
        };
        assert_eq!(sought(&[]), (None, false));
        assert_eq!(sought(&["--search", "timed out", "--errors", "-f"]), (Some("timed out".to_owned()), true));
    }

    fn flow(words: &[&str]) -> Result<FlowCommand, String> {
        match Arguments::try_parse_from(["estatus", "flow"].iter().chain(words)) {
            Ok(Arguments { command: Command::Flow { command }, .. }) => Ok(command),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn a_run_is_begun_repeated_or_only_planned() {
        let run = |words: &[&str]| match flow(&[&["run", "deploy"], words].concat()) {
            Ok(FlowCommand::Run(run)) => Ok(run),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error),
        };
        let understood = |words: &[&str]| run(words).unwrap();
        assert!(understood(&["--dry-run", "--json"]).dry_run);
        assert_eq!(understood(&["--from", "build it"]).from.as_deref(), Some("build it"));
        let again = understood(&["--again", "7", "--from", "build", "--as-then", "--follow"]);
        assert!(again.again == Some(7) && again.as_then && again.follow);
        assert!(understood(&["--from", "build", "--as-then", "--json"]).json);

        let refused = |words: &[&str], why: &[&str]| {
            let error = run(words).unwrap_err();
            assert!(why.iter().all(|why| error.contains(why)), "{words:?}: {error}");
        };
        refused(&["--dry-run", "--follow"], &["--dry-run", "cannot be used with", "--follow"]);
        refused(&["--dry-run", "--from", "build"], &["--dry-run", "cannot be used with", "--from"]);
        refused(&["--dry-run", "--again", "7"], &["--dry-run", "cannot be used with", "--again"]);
        refused(&["--dry-run", "--as-then"], &["--dry-run", "cannot be used with", "--as-then"]);
        refused(&["--follow", "--json"], &["--follow", "cannot be used with", "--json"]);
        refused(&["--as-then"], &["required", "--from <STEP>", "--again <RUN>"]);
        refused(&["--again", "the last"], &["invalid value 'the last'", "--again <RUN>"]);
    }

    #[test]
    fn a_run_is_answered_by_its_number_and_where_several_steps_ask_by_the_step() {
        assert!(matches!(
            flow(&["approve", "7"]),
            Ok(FlowCommand::Approve(FlowAnswer { run: 7, step: None, json: false }))
        ));
        let Ok(FlowCommand::Deny(denied)) = flow(&["deny", "7", "--step", "go live?"]) else { panic!() };
        assert_eq!((denied.run, denied.step.as_deref()), (7, Some("go live?")));
        assert!(matches!(flow(&["cancel", "7", "--json"]), Ok(FlowCommand::Cancel { run: 7, json: true })));
        assert!(flow(&["approve"]).is_err());
    }

    #[test]
    fn a_log_of_a_step_is_shown_as_that_of_a_program() {
        let Ok(FlowCommand::Log { run, step, shown }) = flow(&["log", "7", "build it", "-n", "3", "-f"]) else {
            panic!()
        };
        assert_eq!((run, step.as_str(), shown.lines, shown.follow), (7, "build it", 3, true));
        assert!(flow(&["log", "7"]).is_err());
    }

    #[test]
    fn a_snooze_is_a_span_or_off() {
        assert_eq!(snooze_span("off"), Ok(SnoozeSpan::Off));
        assert_eq!(snooze_span("90m"), Ok(SnoozeSpan::For(Duration::from_secs(5400))));
        assert!(snooze_span("soon").is_err());
    }
}
