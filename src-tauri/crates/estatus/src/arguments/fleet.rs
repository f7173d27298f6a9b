//! What `estatus fleet` is given.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::span;

/// What to do with fleets.
#[derive(Debug, Subcommand)]
pub(crate) enum FleetCommand {
    /// List the fleets, with their size and load.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show a fleet with its instances, and what was decided last and why. Exits with 1 if something is wrong.
    Show {
        /// The fleet.
        fleet: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Launch one more instance, which no rule removes.
    Add {
        /// The fleet.
        fleet: String,
        /// Print JSON: the name of the instance.
        #[arg(long)]
        json: bool,
    },
    /// Remove an instance: it may finish what it has to do for 30 s, and is terminated then.
    Remove {
        /// Which.
        #[command(flatten)]
        named: NamedInstance,
    },
    /// Have an instance finish what it has to do, however long that takes (at most an hour), and terminate it then.
    Drain {
        /// Which.
        #[command(flatten)]
        named: NamedInstance,
    },
    /// Protect an instance: neither a rule nor `estatus fleet remove` removes it.
    Protect {
        /// Which.
        #[command(flatten)]
        named: NamedInstance,
        /// Protect it no longer.
        #[arg(long)]
        off: bool,
    },
    /// Set the load of an instance whose agent has it set manually, as those of local fleets have.
    Load {
        /// Which.
        #[command(flatten)]
        named: NamedInstance,
        /// Its load: 95%, or 0.95.
        #[arg(value_parser = load)]
        load: f32,
    },
    /// Show what was decided of a fleet, with the reasons and what was rejected, newest first.
    Decisions {
        /// The fleet.
        fleet: String,
        /// Maximum number of decisions.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Try another rule on the load that a fleet had, and show what it would have done beside what was done. Nothing is
    /// launched, removed or changed.
    Replay {
        /// The fleet.
        fleet: String,
        /// The other rule.
        #[command(flatten)]
        other: TriedRule,
        /// How far back, like 90m, 24h or 30d.
        #[arg(long, default_value = "7d", value_parser = span)]
        since: Duration,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// A rule that is tried. What is not said is as it is in force.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct TriedRule {
    /// By which rule it is scaled; `schedule` only where one is in force.
    #[arg(long, value_parser = ["target", "seed", "manual", "schedule"])]
    pub(crate) policy: Option<String>,
    /// The mean load that it is to have, like 60%.
    #[arg(long, value_parser = share)]
    pub(crate) load: Option<f64>,
    /// So many instances it has at least.
    #[arg(long)]
    pub(crate) min: Option<u32>,
    /// To so many it is refilled.
    #[arg(long)]
    pub(crate) desired: Option<u32>,
    /// So many instances it has at most.
    #[arg(long)]
    pub(crate) max: Option<u32>,
}

/// A share of the whole, like 60% or 0.6.
fn share(text: &str) -> Result<f64, String> {
    let number = |text: &str| text.trim_end().parse::<f64>().ok();
    let share = text.strip_suffix('%').map_or_else(|| number(text), |text| number(text).map(|percent| percent / 100.0));
    share.filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| "a share like 60% or 0.6 is expected".to_owned())
}

/// An instance of a fleet.
#[derive(Debug, Args)]
pub(crate) struct NamedInstance {
    /// The instance, by its name or by what the provider calls it.
    pub(crate) instance: String,
    /// Its fleet; default: the one that has it.
    #[arg(long)]
    pub(crate) fleet: Option<String>,
    /// Print JSON: the name of the instance.
    #[arg(long)]
    pub(crate) json: bool,
}

fn load(text: &str) -> Result<f32, &'static str> {
    estatus_fleet::parse_load(text).ok_or("a load is from 0% to 100%, or from 0 to 1")
}
