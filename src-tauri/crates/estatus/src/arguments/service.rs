//! What `estatus service` is given, and what `estatus doctor` is of it.

#[cfg(windows)]
use std::path::PathBuf;

use clap::{Args, Subcommand};

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
    /// Stop the service and remove it; configuration and data stay, unless they are purged.
    Uninstall {
        /// Which one.
        #[command(flatten)]
        whose: ServiceScope,
        /// To whom the configuration is given back.
        #[cfg(windows)]
        #[command(flatten)]
        of_user: OfUser,
        /// Also delete its configuration and history, where they are in its own folder below %ProgramData%, and stop first what it
        /// has left running.
        #[cfg(windows)]
        #[arg(long)]
        purge: bool,
        /// What becomes of its console.
        #[command(flatten)]
        wait_on_failure: WaitOnFailure,
    },
    /// Have the installed service run this version of Estatus; its programs keep running.
    #[cfg(windows)]
    Upgrade,
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

#[cfg(all(test, unix))]
mod tests {
    use clap::Parser;

    use crate::arguments::Arguments;

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
}
