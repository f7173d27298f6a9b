//! What part of a log is shown.

use clap::Args;

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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::arguments::{Arguments, Command};

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
}
