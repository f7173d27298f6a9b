//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::{Parser, Subcommand};

/// Checks what you run, tells you when it breaks and when it is well again, and remembers.
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
    /// Show how everything is; ends with 1 if something is down.
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
    /// Show incidents, the newest first, and who was told.
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

/// What to do with the configuration file.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Say whether the file is sound, and if not, where and why.
    Check,
    /// Print the JSON schema of the file, for editors.
    Schema,
    /// Print a commented example.
    Example,
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
    fn a_snooze_is_a_span_or_off() {
        assert_eq!(snooze_span("off"), Ok(SnoozeSpan::Off));
        assert_eq!(snooze_span("90m"), Ok(SnoozeSpan::For(Duration::from_secs(5400))));
        assert!(snooze_span("soon").is_err());
    }
}
