//! Fleets: what a user says of them, and what is remembered of them. What an instance is stands in [`instance`], what is
//! decided and why in [`decision`], by which rules in [`rule`].

pub mod command;
pub mod decision;
pub mod detector;
pub mod instance;
pub mod needs;
pub mod planned;
pub mod replay;
pub mod rule;

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{check::HostPort, command::CommandLine, ids::MessageId, maintenance::Cron, secret::SecretRef};

/// A group of servers that is scaled.
#[derive(Clone, Debug, PartialEq)]
pub struct Fleet {
    /// Its name, unique among fleets.
    pub name: Arc<str>,
    /// Whether anything but a user launches or removes an instance of it.
    pub enabled: bool,
    /// So many instances it has at least.
    pub min: u32,
    /// To so many it is refilled; not fewer than `min`, not more than `max`.
    pub desired: u32,
    /// So many instances it has at most.
    pub max: u32,
    /// By which rule it is scaled.
    pub policy: Policy,
    /// The mean load that it is to have, above 0 and at most 1.
    pub load: f64,
    /// How often an instance says what its load is.
    pub heartbeat: Duration,
    /// An instance that has not announced itself for so long since it was launched is replaced.
    pub boot_within: Duration,
    /// Where its instances come from.
    pub provider: Provider,
    /// How agents reach Estatus.
    pub wire: Wire,
    /// More launches than this there are not, but under [`Policy::Seed`], which knows no budget; and as many again that take the
    /// place of lost and failed ones.
    pub budget: LaunchBudget,
    /// Somebody is told when it has had as many instances as it may for so long, and needed more.
    pub at_max_for: Duration,
    /// Who is told: names of channels. `None` leaves it to [`crate::config::AlertPolicy::channels`].
    pub channels: Option<Vec<String>>,
}

impl Fleet {
    /// `min` where nothing is said, unless `desired` is less.
    pub const MIN: u32 = 1;
    /// `max` where nothing is said, unless `desired` or `min` is more.
    pub const MAX: u32 = 10;
    /// The most instances that a fleet may have.
    pub const LARGEST: u32 = 100_000;
    /// `load` where nothing is said: the source document's 60 %.
    pub const LOAD: f64 = 0.6;
    /// `heartbeat` where nothing is said.
    pub const HEARTBEAT: Duration = Duration::from_secs(5);
    /// `boot_within` where nothing is said.
    pub const BOOT_WITHIN: Duration = Duration::from_secs(5 * 60);
    /// `at_max_for` where nothing is said.
    pub const AT_MAX_FOR: Duration = Duration::from_secs(15 * 60);

    /// A fleet of local processes, with every default.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            enabled: true,
            min: Self::MIN,
            desired: Self::MIN,
            max: Self::MAX,
            policy: Policy::default(),
            load: Self::LOAD,
            heartbeat: Self::HEARTBEAT,
            boot_within: Self::BOOT_WITHIN,
            provider: Provider::default(),
            wire: Wire::default(),
            budget: LaunchBudget::default(),
            at_max_for: Self::AT_MAX_FOR,
            channels: None,
        }
    }
}

/// By which rule a fleet is scaled.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Policy {
    /// By as many instances as its load needs to be what it is to be.
    #[default]
    Target,
    /// By the rule of the source document: one more above the load, one fewer below it.
    Seed,
    /// By the user alone; it is only refilled to `desired`, and what was launched for that in vain is removed.
    Manual,
    /// By the clock: it is refilled, and shrunk, to what holds at the time.
    Schedule(Vec<Planned>),
}

impl Policy {
    /// The word that stands for it in `estatus.toml`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Seed => "seed",
            Self::Manual => "manual",
            Self::Schedule(_) => "schedule",
        }
    }
}

/// So many instances from a time on.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// From when on, until the next of its fleet.
    pub from: Cron,
    /// So many.
    pub desired: u32,
}

/// How often instances may be launched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaunchBudget {
    /// So many launches.
    pub launches: u32,
    /// Within so long.
    pub within: Duration,
}

impl Default for LaunchBudget {
    fn default() -> Self {
        Self { launches: 60, within: Duration::from_secs(60 * 60) }
    }
}

/// Where instances come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// They are processes of this machine: our agent, or a command that is given what the agent needs.
    Local {
        /// What runs in each; our agent, whose load is set by hand, if nothing is said.
        command: Option<CommandLine>,
    },
    /// Three commands, each with JSON on its standard output, for any cloud or engine.
    Command(CommandProvider),
    /// EC2, or what speaks as it does.
    Ec2(Ec2),
    /// An Auto Scaling group that exists.
    Asg {
        /// The group.
        group: String,
        /// How the cloud is reached.
        cloud: Cloud,
    },
}

impl Default for Provider {
    fn default() -> Self {
        Self::Local { command: None }
    }
}

impl Provider {
    /// Whether what comes from `other` is found and ended here, too: only how it is launched may differ.
    pub fn is_where(&self, other: &Self) -> bool {
        let place = |cloud: &Cloud| (cloud.region.clone(), cloud.endpoint.clone());
        match (self, other) {
            (Self::Local { .. }, Self::Local { .. }) | (Self::Command(_), Self::Command(_)) => true,
            (Self::Ec2(one), Self::Ec2(other)) => place(&one.cloud) == place(&other.cloud),
            (Self::Asg { group, cloud }, Self::Asg { group: other_group, cloud: other }) => {
                group == other_group && place(cloud) == place(other)
            }
            _ => false,
        }
    }

    /// Every place where a secret is kept that it takes to launch, list and terminate instances.
    pub fn secrets(&self) -> Vec<&SecretRef> {
        match self {
            Self::Local { command } => command.iter().flat_map(CommandLine::secrets).collect(),
            Self::Command(CommandProvider { create, list, terminate, .. }) => {
                [create, list, terminate].into_iter().flat_map(CommandLine::secrets).collect()
            }
            Self::Ec2(Ec2 { cloud, .. }) | Self::Asg { cloud, .. } => match &cloud.credentials {
                Credentials::Key { secret, .. } => vec![secret],
                Credentials::Usual | Credentials::Profile(_) | Credentials::Role => Vec::new(),
            },
        }
    }

    /// The word that stands for it in `estatus.toml`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Local { .. } => "local",
            Self::Command(_) => "command",
            Self::Ec2(_) => "ec2",
            Self::Asg { .. } => "asg",
        }
    }
}

/// Three commands that launch, list and terminate instances.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandProvider {
    /// Launches one, whose name and token it finds in its environment, and prints `{"id": …}`. It may be run twice with the
    /// same name, and then launches none.
    pub create: CommandLine,
    /// Prints `[{"id": …, "name": …}, …]`: all that were launched so and are not gone.
    pub list: CommandLine,
    /// Terminates the one whose name and id it finds in its environment.
    pub terminate: CommandLine,
    /// When this has passed, a command is ended.
    pub timeout: Duration,
}

impl CommandProvider {
    /// `timeout` where nothing is said.
    pub const TIMEOUT: Duration = Duration::from_secs(60);
}

/// Where and from what EC2 instances are launched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ec2 {
    /// The launch template, by its id (`lt-…`) or name.
    pub template: String,
    /// Its version: a number, `$Latest` or `$Default`.
    pub version: String,
    /// The image, over the template's.
    pub image: Option<String>,
    /// How the cloud is reached.
    pub cloud: Cloud,
}

impl Ec2 {
    /// `version` where nothing is said.
    pub const VERSION: &str = "$Default";
}

/// How AWS, or what speaks as it does, is reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cloud {
    /// The region.
    pub region: String,
    /// Where it is asked, if not where AWS's region is.
    pub endpoint: Option<Url>,
    /// By whose right.
    pub credentials: Credentials,
}

/// By whose right a cloud is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Credentials {
    /// What the environment says, else the profile `default`, else the role of the machine that Estatus runs on, in the order
    /// of AWS's own tools.
    Usual,
    /// A profile of the shared files `credentials` and `config`.
    Profile(String),
    /// An access key.
    Key {
        /// Its id.
        id: String,
        /// Its secret.
        secret: SecretRef,
    },
    /// The role of the machine that Estatus runs on.
    Role,
}

/// How agents reach Estatus, and Estatus them.
#[derive(Clone, Debug, PartialEq)]
pub struct Wire {
    /// Where agents reach Estatus.
    pub listen: SocketAddr,
    /// Where agents that are launched are told to reach it, if not there: what lies in between may have other addresses.
    pub advertise: Option<HostPort>,
    /// Whether the source document's protocol, which is not encrypted, is spoken beyond this machine.
    pub insecure: bool,
    /// Whether the address that an instance declares is used although the connection came from another.
    pub trust_declared: bool,
    /// Where an instance that speaks the source document's protocol is asked for its load, if it does not say.
    pub agent_port: u16,
}

impl Wire {
    /// `listen` where nothing is said.
    pub const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 50051);
    /// `agent_port` where nothing is said.
    pub const AGENT_PORT: u16 = 50052;
}

impl Default for Wire {
    fn default() -> Self {
        Self {
            listen: Self::LISTEN,
            advertise: None,
            insecure: false,
            trust_declared: false,
            agent_port: Self::AGENT_PORT,
        }
    }
}

/// What is remembered of a fleet over restarts, beside its instances and decisions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FleetMemory {
    /// The number of the newest instance.
    pub last_instance: u64,
    /// The number of the newest decision.
    pub last_decision: u64,
    /// When the instances were launched that the budget counts.
    pub launches: Vec<Timestamp>,
    /// When those were that took the place of lost and failed ones, which have the same budget once more.
    pub replacements: Vec<Timestamp>,
    /// When the fleet last turned from growing to shrinking or back, as far as that is counted.
    pub turns: Vec<Timestamp>,
    /// Which way its load has moved it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// Since when it has needed more instances than it may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_max_since: Option<Timestamp>,
    /// What is wrong with it, or was lately.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub troubles: BTreeMap<Trouble, TroubleMemory>,
    /// Where the instances are that it left behind when it was taken out of the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<Provider>,
    /// Since when it has been out of the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed: Option<Timestamp>,
}

impl FleetMemory {
    /// What is wrong, and was told.
    pub fn open_troubles(&self) -> impl Iterator<Item = Trouble> {
        self.troubles.iter().filter(|(_, memory)| memory.ended.is_none()).map(|(trouble, _)| *trouble)
    }

    /// A message told `channel` of a trouble.
    pub(crate) fn was_told(&mut self, trouble: Trouble, channel: &str, message: MessageId) {
        let Some(memory) = self.troubles.get_mut(&trouble) else { return };
        let told = memory.told.entry(channel.to_owned()).or_default();
        if !told.contains(&message) {
            told.push(message);
        }
    }

    /// The messages that told `channel` of a trouble.
    pub(crate) fn conversation(&self, trouble: Trouble, channel: &str) -> Option<&Vec<MessageId>> {
        self.troubles.get(&trouble)?.told.get(channel)
    }
}

/// What is remembered of a trouble of a fleet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TroubleMemory {
    /// When it was over; nothing while it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// How many times it has come back soon after it was over.
    pub returned: u32,
    /// By channel, the messages that told of it.
    pub told: BTreeMap<String, Vec<MessageId>>,
}

/// Which way a fleet goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// It gets more instances.
    Growing,
    /// It gets fewer.
    Shrinking,
}

/// What is wrong with a fleet, so that somebody should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// Instances cannot be launched.
    CannotLaunch,
    /// It has needed more instances than it may have for long.
    AtMax,
    /// Instances were lost.
    Lost,
    /// Nothing is done, as most instances fell silent at once: perhaps the own network is off.
    Held,
}
