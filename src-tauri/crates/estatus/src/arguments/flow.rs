//! What `estatus flow` is given.

use clap::{ArgGroup, Args, Subcommand};

use super::ShownLog;

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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::arguments::{Arguments, Command};

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
}
