//! The tables of fleets: how large each is, where its instances come from, and how they reach Estatus.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use estatus_core::{
    check::HostPort,
    command::Run,
    fleet::{self, Credentials},
    secret::SecretRef,
};
use schemars::{Schema, SchemaGenerator, json_schema};

use super::{Many, Timeout};
use crate::{
    limits::MeanLoad,
    listed::Keyed,
    net::{Address, Endpoint},
    problem::{Span, advice, shown},
    reason::{Reason, reason},
    shape::{Node, Own, Reader, Shape, Whole},
    table::table,
    times::{DAY, HOUR, Lasting, YEAR},
    values::{Plain, Valued},
};

/// So many instances.
type Count<const FIRST: u32> = Whole<FIRST, { fleet::Fleet::LARGEST }>;

table! {
    /// A group of servers that grows and shrinks with its load: at most one of local, command, ec2 and asg says where they
    /// come from. Its name has only letters from a to z, digits, - and _.
    struct Fleet requires [] like r#"{ min = 1, max = 10 }"# {
        /// The minimum number of instances. Default: 1, or `desired` if that is less.
        min: Count<0>,
        /// The number of instances it is refilled to when there are fewer, from `min` to `max`. Default: `min`.
        desired: Count<0>,
        /// The maximum number of instances. Default: 10, or `desired` if that is more.
        max: Count<1>,
        /// How its size is decided: "target" (as many instances as its load needs), "seed" (one more when the load is above
        /// `load`, one fewer when it is below), "manual" or "schedule". Default: "target".
        policy: Rule,
        /// The mean load that its instances should have: "60%", or 0.6. Default: "60%".
        load: MeanLoad,
        /// How often each instance reports its load. Default: "5s".
        heartbeat: Lasting<1000, HOUR>,
        /// How soon after its launch an instance must announce itself, or it is replaced. Default: "5m".
        boot_within: Lasting<1000, DAY>,
        /// Where its instances come from: "local" (processes of this machine), "command", "ec2" or "asg". Default: the table
        /// of these that is there, or "local".
        launch: Launch,
        /// Instances that are processes of this machine.
        local: LocalInstances,
        /// Three commands that launch, list and terminate instances, for any cloud or engine.
        command: InstanceCommands,
        /// Instances of EC2, or of a cloud that has the same interface.
        ec2: Ec2,
        /// An Auto Scaling group that exists; its own scaling policies must be suspended.
        asg: Asg,
        /// The address and port at which instances reach Estatus; fleets may share one. Default: "127.0.0.1:50051".
        listen: Listen,
        /// The host and port at which instances are told to reach Estatus, if another than this machine's own: behind NAT or a
        /// load balancer. Default: `listen`, or the address by which this machine reaches others.
        advertise: Advertised,
        /// Whether instances on other machines may use the protocol that is not encrypted. Default: false.
        insecure: bool,
        /// Whether the address that an instance declares is used even if it connects from another one. Default: false.
        trust_declared: bool,
        /// The port at which an instance that uses the protocol that is not encrypted is asked for its load, if it declares
        /// none. Default: 50052.
        agent_port: Whole<1, 65535>,
        /// How many instances may be launched. Default: { launches = 60, within = "1h" }.
        budget: LaunchBudget,
        /// How long it may need more instances than `max` before an alert is sent. Default: "15m".
        at_max_for: Lasting<1000, { 31 * DAY }>,
        /// Names of the channels that get its alerts. Default: those of [alerts].
        channels: Many<String>,
        /// Whether instances are launched and removed automatically (true, the default), or only manually.
        enabled: bool,
        /// How many instances there are from which time on; for policy = "schedule".
        schedule: Many<Planned>,
    }

    /// Instances that are processes of this machine.
    struct LocalInstances requires [] like r#"{ command = "node server.js" }"# {
        /// What each instance runs; it finds what an agent needs in its environment. Default: the agent, whose load is set
        /// manually.
        command: Run,
        /// Where it runs. Default: the folder of this file.
        directory: PathBuf,
        /// Its environment variables; a value may be a secret.
        env: Own<Valued>,
    }

    /// Three commands that launch, list and terminate instances; each prints JSON.
    struct InstanceCommands requires [create, list, terminate]
        like r#"{ create = "./create.sh", list = "./list.sh", terminate = "./terminate.sh" }"# {
        /// Launches the instance whose name and token are in its environment, once, however often it runs, and prints
        /// {"id": "…"}.
        create: Run,
        /// Prints all instances that there are: [{"id": "…", "name": "…"}, …].
        list: Run,
        /// Terminates the instance whose name and id are in its environment.
        terminate: Run,
        /// Where the commands run. Default: the folder of this file.
        directory: PathBuf,
        /// Environment variables of the commands; a value may be a secret.
        env: Own<Valued>,
        /// How long each may take. Default: "1m".
        timeout: Timeout,
    }

    /// Instances of EC2, or of a cloud that has the same interface.
    struct Ec2 requires [region, template] like r#"{ region = "us-east-1", template = "lt-0abc" }"# {
        /// The region.
        region: Region,
        /// The launch template, by its id ("lt-0abc") or name.
        template: Template,
        /// The version of the template: a number, "$Latest" or "$Default". Default: "$Default".
        version: Version,
        /// The image ("ami-0abc"), in place of the template's.
        image: Plain,
        /// Who asks the cloud: { profile = "default" }, or { id = "AKIA…", secret = { keyring = "aws" } }, or "role", the role
        /// of this machine. Default: what AWS's own tools would use.
        credentials: Credentials,
        /// Where the cloud is asked, if it is not AWS.
        endpoint: Endpoint,
    }

    /// An Auto Scaling group that exists.
    struct Asg requires [region, group] like r#"{ region = "us-east-1", group = "web-asg" }"# {
        /// The region.
        region: Region,
        /// The name of the group.
        group: Plain,
        /// Who asks the cloud: { profile = "default" }, or { id = "AKIA…", secret = { keyring = "aws" } }, or "role", the role
        /// of this machine. Default: what AWS's own tools would use.
        credentials: Credentials,
        /// Where the cloud is asked, if it is not AWS.
        endpoint: Endpoint,
    }

    /// Who asks a cloud: either a profile, or an access key.
    struct AccessTable requires [] like r#"{ profile = "default" }"# {
        /// A profile of AWS's own files, `~/.aws/credentials` and `~/.aws/config`.
        profile: Plain,
        /// The id of an access key; needs `secret`.
        id: KeyId,
        /// Where the secret of the access key is kept.
        secret: SecretRef,
    }

    /// How many instances may be launched.
    struct LaunchBudget requires [launches, within] like r#"{ launches = 60, within = "1h" }"# {
        /// The number of launches.
        launches: Whole<1, 100_000>,
        /// Within this time.
        within: Lasting<1000, YEAR>,
    }

    /// How many instances there are from a time on.
    struct Planned requires [from, desired] like r#"{ from = "0 8 * * *", desired = 5 }"# {
        /// From when on, until the next entry: a cron expression with five fields.
        from: Plain,
        /// The number of instances, from `min` to `max`.
        desired: Count<0>,
    }
}

impl Fleet {
    /// The longest name.
    const NAME_LONGEST: usize = 50;

    /// What is wrong with `name`, which is part of the names of its instances: those are tags in clouds, names of files and
    /// values in certificates, so that it has nothing which means something there.
    pub(crate) fn name_is_wrong(name: &str) -> Option<Reason> {
        let is_well = name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.len() <= Self::NAME_LONGEST
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        (!is_well).then(|| reason!("fleet_name", most = Self::NAME_LONGEST))
    }
}

impl Keyed for Fleet {
    const WORD: &'static str = "fleet";
    const MOST: usize = 100;

    fn header() -> Reason {
        reason!("fleet_header")
    }
}

/// By which rule a fleet is scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    Target,
    Seed,
    Manual,
    Schedule,
}

/// Where the instances of a fleet come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Launch {
    Local,
    Command,
    Ec2,
    Asg,
}

impl Launch {
    /// Every way.
    pub(crate) const ALL: [Self; 4] = [Self::Local, Self::Command, Self::Ec2, Self::Asg];

    /// The word that stands for it, which is also the key of its table.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Command => "command",
            Self::Ec2 => "ec2",
            Self::Asg => "asg",
        }
    }

    /// A table of it that works.
    pub(crate) fn like(self) -> String {
        let like = match self {
            Self::Local => LocalInstances::like(),
            Self::Command => InstanceCommands::like(),
            Self::Ec2 => Ec2::like(),
            Self::Asg => Asg::like(),
        };
        format!("{} = {}", self.word(), like.unwrap_or_default())
    }
}

/// The address and port at which instances reach Estatus.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listen(pub(crate) SocketAddr);

impl Shape for Listen {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let what = reason!("a.listen");
        let Some(text) = node.text() else { return reader.expected(what, node, at) };
        match text.trim().parse::<SocketAddr>() {
            Ok(address) if address.port() == 0 => reader.refuse(at, reason!("listen_anywhere")),
            Ok(address) => Some(Self(address)),
            Err(_) => reader.unreadable(what, text, at),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": ":[0-9]+$",
            "examples": ["127.0.0.1:50051", "0.0.0.0:50051", "[::]:50051"],
        })
    }
}

/// The host and port at which instances on other machines reach Estatus.
#[derive(Clone, Debug)]
pub(crate) struct Advertised(pub(crate) HostPort);

impl Shape for Advertised {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let Address::<0>(found) = Address::read(node, at, reader)?;
        // With a scope, an address says something on this machine alone.
        let is_nowhere = found.host.parse::<IpAddr>().map_or(found.host.contains('%'), |ip| ip.is_unspecified());
        if is_nowhere {
            return reader.refuse(at, reason!("advertised_nowhere", found = found.to_string()));
        }
        Some(Self(found))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": ":[0-9]+$",
            "examples": ["estatus.example.com:50051", "203.0.113.5:50051"],
        })
    }
}

/// A region of a cloud; it is part of the name of the host that is asked.
#[derive(Clone, Debug)]
pub(crate) struct Region(pub(crate) String);

impl Shape for Region {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let what = reason!("a.region");
        let Some(text) = node.text() else { return reader.expected(what, node, at) };
        let is_label = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if text.is_empty() || text.len() > 63 || text.starts_with('-') || !is_label(text) {
            return reader.unreadable(what, text, at);
        }
        match region_of_zone(text) {
            Some(region) => reader.refuse(at, reason!("zone_of_region", zone = shown(text), region = shown(region))),
            None => Some(Self(text.to_owned())),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9_][A-Za-z0-9_-]*$", "examples": ["us-east-1"] })
    }
}

/// The region whose availability zone has this name, if it is the name of one: `us-east-1a` is of `us-east-1`.
fn region_of_zone(text: &str) -> Option<&str> {
    let region = text.strip_suffix(|c: char| c.is_ascii_lowercase())?;
    (region.contains('-') && region.ends_with(|c: char| c.is_ascii_digit())).then_some(region)
}

/// A launch template, by its id or name.
#[derive(Clone, Debug)]
pub(crate) struct Template(pub(crate) String);

impl Shape for Template {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        /// What EC2 lets the name of a template have beside letters and digits.
        const MARKS: &str = "().-/_";
        const LONGEST: usize = 128;
        let text = Plain::read(node, at, reader)?.0;
        if text.len() > LONGEST || !text.chars().all(|c| c.is_ascii_alphanumeric() || MARKS.contains(c)) {
            return reader.unreadable(reason!("a.template"), &text, at);
        }
        Some(Self(text))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9().\\-/_]{1,128}$", "examples": ["lt-0abc", "web"] })
    }
}

/// The version of a launch template.
#[derive(Clone, Debug)]
pub(crate) struct Version(pub(crate) String);

impl Shape for Version {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        const WORDS: [&str; 2] = ["$Latest", "$Default"];
        let number = |number: &i64| *number > 0;
        let text = match (node.integer(), node.text()) {
            (Some(version), _) => version.to_string(),
            (None, Some(text)) => text.to_owned(),
            (None, None) => return reader.expected(reason!("a.version"), node, at),
        };
        if WORDS.contains(&text.as_str()) || text.parse().ok().as_ref().is_some_and(number) {
            return Some(Self(text));
        }
        let advice = advice(&text, WORDS);
        reader.refuse(at, reason!("no_version", found = shown(&text), advice))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "integer", "minimum": 1 },
            { "type": "string", "pattern": "^([1-9][0-9]*|\\$Latest|\\$Default)$" },
        ] })
    }
}

/// The id of an access key.
#[derive(Clone, Debug)]
pub(crate) struct KeyId(String);

impl Shape for KeyId {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let text = Plain::read(node, at, reader)?.0;
        // What was found is in no message: it may be the secret.
        if looks_like_secret(&text) {
            return reader.refuse(at, reason!("id_is_secret"));
        }
        if text.starts_with("ASIA") {
            return reader.refuse(at, reason!("key_is_temporary", profile = "{ profile = \"NAME\" }"));
        }
        Some(Self(text))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        Plain::schema(generator)
    }
}

/// Whether this is what the secret of an access key of AWS looks like: 40 letters of Base64, upper and lower case.
fn looks_like_secret(text: &str) -> bool {
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
    let has = |is: fn(&char) -> bool| text.chars().any(|c| is(&c));
    text.len() == 40 && text.chars().all(is_base64) && has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase)
}

/// The machine's own role, a profile or an access key.
impl Shape for Credentials {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        const ROLE: &str = "role";
        if node.text() == Some(ROLE) {
            return Some(Self::Role);
        }
        let Node::Table(_) = node else {
            // What was found is in no message: it may be a secret.
            let [profile, key] = ["{ profile = \"NAME\" }", "{ id = \"AKIA…\", secret = { keyring = \"NAME\" } }"];
            return reader.expected(reason!("a.credentials", profile, key, role = format!("\"{ROLE}\"")), node, at);
        };
        let mut table = AccessTable::read(node, at, reader)?;
        match (table.profile.is_absent(), table.id.is_absent(), table.secret.is_absent()) {
            (false, true, true) => table.profile.take().map(|profile| Self::Profile(profile.0)),
            (true, false, false) => Some(Self::Key { id: table.id.take()?.0, secret: table.secret.take()? }),
            (true, false, true) => {
                let at = table.id.at().unwrap_or(at);
                reader.within("id", |reader| reader.refuse(at, reason!("needs_beside", key = "secret")))
            }
            (true, true, false) => {
                let at = table.secret.at().unwrap_or(at);
                reader.within("secret", |reader| reader.refuse(at, reason!("needs_beside", key = "id")))
            }
            _ => reader.refuse(at, reason!("needs_one_access")),
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "const": "role" }, AccessTable::schema(generator)] })
    }
}
