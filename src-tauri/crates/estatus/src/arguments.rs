//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};

/// Keeps what you run running, checks it, tells you when it breaks and when it is well again, and remembers.
#[derive(Debug, Parser)]
#[command(name = "estatus", version, propagate_version = true)]
pub(crate) struct Arguments {
    /// The configuration file; the user's own estatus.toml where nothing is said.
    #[arg(long, global = true, env = "ESTATUS_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The folder of what Estatus remembers; the user's own where nothing is said.
    #[arg(long, global = true, env = "ESTATUS_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the engine in this terminal until it is interrupted.
    Run,
    /// Show how everything is; ends with 1 if something is down or cannot be kept running.
    Status {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Run one check now, without an engine, and show its phases: a URL, HOST:PORT, or the name of a monitor.
    Probe {
        /// What to check.
        target: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show a monitor's past.
    History {
        /// The monitor.
        monitor: String,
        /// How far back, like 90m, 24h or 30d.
        #[arg(long, default_value = "24h", value_parser = span)]
        since: Duration,
        /// Into how many parts the past is divided.
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=2000))]
        points: u16,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show incidents, the newest first, what was done about them and who was told.
    Incidents {
        /// Of one monitor only.
        monitor: Option<String>,
        /// How far back, like 24h or 30d.
        #[arg(long, value_parser = span)]
        since: Option<Duration>,
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Start a program and keep it running; waits until it runs.
    Start(Steered),
    /// Stop a program and keep it stopped; waits until nothing of it is left.
    Stop(Steered),
    /// Stop a program and start it again; waits until it runs.
    Restart(Steered),
    /// Show what a program writes; works without an engine.
    Logs {
        /// The program.
        program: String,
        /// Go on with what it writes from now on, until interrupted.
        #[arg(short, long)]
        follow: bool,
        /// So many of its last lines.
        #[arg(short = 'n', long, default_value_t = 40, value_name = "LINES")]
        lines: usize,
        /// Print JSON, one object a line.
        #[arg(long)]
        json: bool,
    },
    /// Keep a process that already runs as the process of a program.
    Adopt {
        /// The program.
        program: String,
        /// Which process.
        #[command(flatten)]
        process: Described,
        /// Adopt the one process that fits; without this it is only shown.
        #[arg(long)]
        yes: bool,
    },
    /// Check now: one monitor, or all.
    Check {
        /// The monitor.
        monitor: Option<String>,
    },
    /// Stop checking a monitor.
    Pause {
        /// The monitor.
        monitor: String,
        /// For how long, like 30m; until it is resumed where nothing is said.
        #[arg(long = "for", value_parser = span, value_name = "SPAN")]
        span: Option<Duration>,
    },
    /// Check a monitor again.
    Resume {
        /// The monitor.
        monitor: String,
    },
    /// Say that you know of a monitor's incident: no more reminders of it.
    Ack {
        /// The monitor.
        monitor: String,
    },
    /// Tell nothing for a while; what happened meanwhile is summed up afterwards.
    Snooze {
        /// For how long, like 1h, or "off".
        #[arg(value_parser = snooze_span)]
        span: SnoozeSpan,
        /// Of one monitor only.
        monitor: Option<String>,
    },
    /// The configuration file.
    Config {
        /// What to do.
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// E-mail.
    Email {
        /// What to do.
        #[command(subcommand)]
        command: EmailCommand,
    },
}

/// A program to start or stop.
#[derive(Debug, Args)]
pub(crate) struct Steered {
    /// The program.
    pub(crate) program: String,
    /// Do not wait for what comes of it.
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// Which running process is meant; without a word of it, the one whose name is the program's.
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
    /// By its number.
    #[arg(long)]
    pub(crate) pid: Option<u32>,
}

/// What to do with the configuration file.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Say whether the file is sound, and if not, where and why.
    Check,
    /// Put the file in force as it stands, although it takes everything or nearly everything away: a file that suddenly
    /// holds nothing is not believed.
    Apply,
    /// Print the JSON schema of the file, for editors.
    Schema,
    /// Print a commented example.
    Example,
    /// Add what another tool's file says: a Procfile, an ecosystem file of PM2, what `nssm dump` prints, a monitrc, a JSON
    /// backup of Uptime Kuma, a configuration of Gatus. Works without an engine.
    Import {
        /// The file of the other tool.
        file: PathBuf,
        /// Add it to the configuration file; without this it is only shown.
        #[arg(long)]
        yes: bool,
        /// Print JSON.
        #[arg(long, conflicts_with = "yes")]
        json: bool,
    },
}

/// What to do with e-mail.
#[derive(Debug, Subcommand)]
pub(crate) enum EmailCommand {
    /// Send a test mail and explain what goes wrong.
    Test {
        /// The channel; every one that sends e-mail where nothing is said.
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
    fn the_last_lines_of_a_log_can_be_counted() {
        let lines = |words: &[&str]| match Arguments::try_parse_from(["estatus", "logs", "web"].iter().chain(words)) {
            Ok(Arguments { command: Command::Logs { lines, follow, .. }, .. }) => Some((lines, follow)),
            _ => None,
        };
        assert_eq!(lines(&[]), Some((40, false)));
        assert_eq!(lines(&["-f", "-n", "0"]), Some((0, true)));
        assert_eq!(lines(&["-n", "few"]), None);
    }

    #[test]
    fn a_snooze_is_a_span_or_off() {
        assert_eq!(snooze_span("off"), Ok(SnoozeSpan::Off));
        assert_eq!(snooze_span("90m"), Ok(SnoozeSpan::For(Duration::from_secs(5400))));
        assert!(snooze_span("soon").is_err());
    }
}
