//! Who plays: fleets with policies of every kind, and what a user does to them.

use std::{sync::Arc, time::Duration};

use estatus_core::{
    command::CommandLine,
    config::{Channel, CommandChannel, Config},
    fleet::{CommandProvider, Fleet, LaunchBudget, Planned, Policy, Provider},
    maintenance::Cron,
    network::NetworkPolicy,
    secret::SecretRef,
};

use crate::{
    changes::line,
    script::{Dice, HOUR, MINUTE},
};

pub(super) const NAMES: [&str; 3] = ["web", "api", "jobs"];

pub(super) fn config(dice: &mut Dice) -> Config {
    let command = CommandChannel { command: line("tell"), timeout: MINUTE };
    Config {
        fleets: NAMES.iter().map(|name| Arc::new(fleet(name, dice))).collect(),
        channels: [("desk".to_owned(), Channel::Command(command))].into(),
        network: NetworkPolicy { reference: Vec::new() },
        ..Config::default()
    }
}

fn fleet(name: &str, dice: &mut Dice) -> Fleet {
    let min = number(dice, 3);
    let desired = min + number(dice, 3);
    Fleet {
        min,
        desired,
        max: desired + 4 + number(dice, 8),
        // The first goes by its load, whatever the others do.
        policy: if name == NAMES[0] { Policy::Target } else { policy(dice) },
        heartbeat: Duration::from_secs(5 + dice.below(20)),
        boot_within: MINUTE * (3 + number(dice, 5)),
        provider: Provider::Command(commands()),
        budget: LaunchBudget { launches: 20 + number(dice, 40), within: HOUR },
        ..Fleet::new(name)
    }
}

fn policy(dice: &mut Dice) -> Policy {
    match dice.below(5) {
        0 | 1 => Policy::Target,
        2 => Policy::Seed,
        3 => Policy::Manual,
        _ => {
            let from = |cron| Cron::parse(cron, "Europe/Madrid").expect("a cron expression");
            let day = Planned { from: from("0 8 * * *"), desired: 4 };
            Policy::Schedule(vec![day, Planned { from: from("0 20 * * *"), desired: 2 }])
        }
    }
}

/// The name under which the secret of the provider is entered.
pub(super) const SECRET: &str = "cloud";

fn commands() -> CommandProvider {
    let with_secret = |command: &str| {
        let secret_env = vec![("TOKEN".to_owned(), SecretRef::Keyring(SECRET.to_owned()))];
        CommandLine { secret_env, ..line(command) }
    };
    CommandProvider {
        create: with_secret("create"),
        list: with_secret("list"),
        terminate: with_secret("terminate"),
        timeout: CommandProvider::TIMEOUT,
    }
}

/// The file after one edit of a fleet; `whole` has everything that may be put back.
pub(super) fn edit(file: &Config, whole: &Config, dice: &mut Dice) -> Config {
    let mut edited = file.clone();
    let name = NAMES[index(dice, NAMES.len())];
    let draw = dice.below(12);
    let Some(fleet) = edited.fleets.iter_mut().find(|fleet| &*fleet.name == name).map(Arc::make_mut) else {
        edited.fleets.extend(whole.fleets.iter().find(|fleet| &*fleet.name == name).cloned());
        return edited;
    };
    match draw {
        0 | 1 => edited.fleets.retain(|fleet| &*fleet.name != name),
        2 | 3 => {
            fleet.min = number(dice, 4);
            fleet.desired = fleet.min + number(dice, 3);
            fleet.max = fleet.desired + number(dice, 9);
        }
        4 => fleet.policy = policy(dice),
        5 => fleet.load = [0.3, 0.6, 0.95, 1.0][index(dice, 4)],
        6 => fleet.enabled = !fleet.enabled,
        7 => {
            let is_local = matches!(fleet.provider, Provider::Local { .. });
            fleet.provider = if is_local { Provider::Command(commands()) } else { Provider::default() };
        }
        8 => fleet.heartbeat = Duration::from_secs(5 + dice.below(20)),
        9 => fleet.boot_within = MINUTE * (3 + number(dice, 5)),
        10 => fleet.budget.launches = 10 + number(dice, 40),
        _ => return (*whole).clone(),
    }
    edited
}

fn number(dice: &mut Dice, limit: u64) -> u32 {
    u32::try_from(dice.below(limit)).expect("a small number")
}

pub(super) fn index(dice: &mut Dice, limit: usize) -> usize {
    usize::try_from(dice.below(u64::try_from(limit).expect("a small number"))).expect("a small number")
}
