//! A fleet as the core wants it.

use std::{path::PathBuf, sync::Arc};

use estatus_core::{
    command::{CommandLine, Run},
    fleet::{Cloud, CommandProvider, Credentials, Ec2, Fleet, LaunchBudget, Planned, Policy, Provider, Wire},
    network::Scope,
};
use jiff::tz::TimeZone;

use crate::{
    check::command_line,
    listed::keyed,
    net::Endpoint,
    problem::Span,
    reason::reason,
    shape::{At, Field, Own, Reader, Whole, plain},
    tables::{self, Launch, Region, Rule},
    times::cron,
    values::Valued,
};

/// The fleets that `tables` describe; whether what they name exists is looked at elsewhere.
pub(crate) fn fleets(
    tables: Vec<(At<String>, tables::Fleet)>,
    zone: &TimeZone,
    reader: &mut Reader<'_>,
) -> Vec<Arc<Fleet>> {
    let mut fleets = Vec::with_capacity(tables.len());
    for (name, mut table) in tables {
        if let Some(reason) = tables::Fleet::name_is_wrong(&name.value) {
            reader.problem_with("fleet", &name.at, reason);
            continue;
        }
        let section = keyed::<tables::Fleet>(&name.value);
        fleets.extend(reader.section(section, |reader| fleet(&name.value, &mut table, zone, reader)).map(Arc::new));
    }
    fleets
}

fn fleet(name: &str, table: &mut tables::Fleet, zone: &TimeZone, reader: &mut Reader<'_>) -> Option<Fleet> {
    let size = size(table, reader);
    let policy = policy(name, table, &size, zone, reader);
    let budget = table.budget.take().and_then(|mut budget| {
        Some(LaunchBudget { launches: budget.launches.take()?.0, within: budget.within.take()?.0 })
    });
    let provider = provider(name, table, reader)?;
    let wire = wire(table, &provider, reader);
    Some(Fleet {
        enabled: table.enabled.take().unwrap_or(true),
        min: size.min,
        desired: size.desired,
        max: size.max,
        policy: policy?,
        load: table.load.take().map_or(Fleet::LOAD, |load| load.0),
        heartbeat: table.heartbeat.take().map_or(Fleet::HEARTBEAT, |every| every.0),
        boot_within: table.boot_within.take().map_or(Fleet::BOOT_WITHIN, |within| within.0),
        provider,
        wire,
        budget: budget.unwrap_or_default(),
        at_max_for: table.at_max_for.take().map_or(Fleet::AT_MAX_FOR, |lasts| lasts.0),
        channels: table.channels.take().map(plain),
        ..Fleet::new(name)
    })
}

/// How large a fleet may be, and is to be.
struct Size {
    min: u32,
    desired: u32,
    max: u32,
}

impl Size {
    /// Says that so many are outside of the bounds, if they are.
    fn refuse_outside(&self, desired: &At<u32>, reader: &mut Reader<'_>) {
        if desired.value < self.min {
            reader.problem_with("desired", &desired.at, reason!("less_than", key = "min", number = self.min));
        } else if desired.value > self.max {
            reader.problem_with("desired", &desired.at, reason!("more_than", key = "max", number = self.max));
        }
    }
}

/// How large the fleet may be, and is to be: what is not said gives way to what is.
fn size(table: &tables::Fleet, reader: &mut Reader<'_>) -> Size {
    let desired = table.desired.get().map(|desired| At { value: desired.value.0, at: desired.at.clone() });
    let wanted = |usual: u32| desired.as_ref().map_or(usual, |desired| desired.value);
    let min = count(&table.min, Fleet::MIN.min(wanted(Fleet::MIN)), 0);
    let max = count(&table.max, Fleet::MAX.max(wanted(min)).max(min), Fleet::LARGEST);
    let size = Size { min, desired: wanted(min), max: max.max(min) };
    match (table.max.at().filter(|_| max < min), &desired) {
        (Some(at), _) => reader.problem_with("max", at, reason!("less_than", key = "min", number = min)),
        (None, Some(desired)) => size.refuse_outside(desired, reader),
        (None, None) => {}
    }
    size
}

/// What `field` says; `usual` if it says nothing, and what is right with everything if what it says is wrong.
fn count<const FIRST: u32, const LAST: u32>(field: &Field<Whole<FIRST, LAST>>, usual: u32, right: u32) -> u32 {
    match field {
        Field::Absent => usual,
        Field::Bad => right,
        Field::Set(set) => set.value.0,
    }
}

/// By which rule a fleet of this size is scaled.
fn policy(
    name: &str,
    table: &mut tables::Fleet,
    size: &Size,
    zone: &TimeZone,
    reader: &mut Reader<'_>,
) -> Option<Policy> {
    let policy = match &table.policy {
        Field::Bad => return None,
        Field::Set(At { value: Rule::Schedule, at }) => {
            let at = at.clone();
            return scheduled(name, &mut table.schedule, &at, size, zone, reader);
        }
        Field::Set(At { value: Rule::Seed, .. }) => Policy::Seed,
        Field::Set(At { value: Rule::Manual, .. }) => Policy::Manual,
        Field::Set(At { value: Rule::Target, .. }) | Field::Absent => Policy::Target,
    };
    if let Some(at) = table.schedule.at() {
        reader.problem_with("schedule", at, reason!("schedule_alone"));
    }
    let said = table.desired.at().map(|at| ("desired", at)).or_else(|| Some(("min", table.min.at()?)));
    if let Some((key, at)) = said.filter(|_| size.desired == 0 && policy != Policy::Manual) {
        reader.problem_with(key, at, reason!("without_load", policy = policy.word()));
    }
    Some(policy)
}

/// The rule of a schedule, which is asked for at `at`.
fn scheduled(
    name: &str,
    field: &mut Field<Vec<At<tables::Planned>>>,
    at: &Span,
    size: &Size,
    zone: &TimeZone,
    reader: &mut Reader<'_>,
) -> Option<Policy> {
    let entries = match std::mem::take(field) {
        Field::Bad => return None,
        Field::Absent => Vec::new(),
        Field::Set(set) => plain(set.value),
    };
    if entries.is_empty() {
        reader.problem_with("policy", at, reason!("needs_schedule", header = format!("[[fleet.{name}.schedule]]")));
        return None;
    }
    // All of them are looked at before it is known whether one means nothing.
    let planned = |entry| reader.within("schedule", |reader| planned(entry, size, zone, reader));
    let planned: Vec<Option<Planned>> = entries.into_iter().map(planned).collect();
    planned.into_iter().collect::<Option<_>>().map(Policy::Schedule)
}

fn planned(mut table: tables::Planned, size: &Size, zone: &TimeZone, reader: &mut Reader<'_>) -> Option<Planned> {
    let desired = table.desired.take_placed().map(|desired| At { value: desired.value.0, at: desired.at });
    if let Some(desired) = &desired {
        size.refuse_outside(desired, reader);
    }
    let from = table.from.take_placed()?;
    let from = reader.within("from", |reader| cron(&from.value.0, &from.at, zone, reader))?;
    Some(Planned { from, desired: desired?.value })
}

/// Where the instances of a fleet come from.
fn provider(name: &str, table: &mut tables::Fleet, reader: &mut Reader<'_>) -> Option<Provider> {
    match launch(name, table, reader)? {
        Launch::Local => {
            let table = table.local.take();
            let command = table.and_then(|table| reader.within("local", |reader| local(table, reader)));
            Some(Provider::Local { command })
        }
        Launch::Command => {
            let table = table.command.take()?;
            reader.within("command", |reader| commands(table, reader)).map(Provider::Command)
        }
        Launch::Ec2 => {
            let mut table = table.ec2.take()?;
            let cloud = cloud(&mut table.region, &mut table.endpoint, &mut table.credentials);
            let version = table.version.take().map_or_else(|| Ec2::VERSION.to_owned(), |version| version.0);
            let image = table.image.take().map(|image| image.0);
            Some(Provider::Ec2(Ec2 { template: table.template.take()?.0, version, image, cloud: cloud? }))
        }
        Launch::Asg => {
            let mut table = table.asg.take()?;
            let cloud = cloud(&mut table.region, &mut table.endpoint, &mut table.credentials);
            Some(Provider::Asg { group: table.group.take()?.0, cloud: cloud? })
        }
    }
}

/// The one way in which instances are launched: what `launch` says, or the table that is there.
fn launch(name: &str, table: &tables::Fleet, reader: &mut Reader<'_>) -> Option<Launch> {
    let way = |word: &str| Launch::ALL.into_iter().find(|launch| launch.word() == word);
    let there: Vec<(Launch, &Span)> = table.present.iter().filter_map(|key| Some((way(key.value)?, &key.at))).collect();
    let said = match &table.launch {
        Field::Bad => return None,
        Field::Set(said) => said,
        Field::Absent => {
            return match there.as_slice() {
                [] => Some(Launch::Local),
                [(only, _)] => Some(*only),
                [(first, _), (second, at), ..] => {
                    reader.refuse(at, reason!("two_launches", first = first.word(), second = second.word()))
                }
            };
        }
    };
    let launch = said.value;
    for (other, at) in there.iter().filter(|(other, _)| *other != launch) {
        let key = other.word();
        reader.problem(at, reason!("other_launch", key, launch = launch.word()));
    }
    if launch != Launch::Local && there.iter().all(|(other, _)| *other != launch) {
        let (header, like) = (format!("[fleet.{name}.{}]", launch.word()), launch.like());
        reader.problem_with("launch", &said.at, reason!("needs_launch_table", header, like));
    }
    Some(launch)
}

/// What each local instance runs; nothing where that is the agent.
fn local(mut table: tables::LocalInstances, reader: &mut Reader<'_>) -> Option<CommandLine> {
    for key in table.present.iter().filter(|_| table.command.is_absent()) {
        reader.problem_with(key.value, &key.at, reason!("needs_beside", key = "command"));
    }
    let (directory, env) = (table.directory.take(), table.env.take());
    Some(command(table.command.take()?, directory, env, reader))
}

fn commands(mut table: tables::InstanceCommands, reader: &mut Reader<'_>) -> Option<CommandProvider> {
    let (directory, env) = (table.directory.take(), table.env.take());
    let timeout = table.timeout.take().map_or(CommandProvider::TIMEOUT, |timeout| timeout.0);
    let create = command(table.create.take()?, directory, env, reader);
    let [list, terminate] =
        [table.list.take()?, table.terminate.take()?].map(|run| CommandLine { run, ..create.clone() });
    Some(CommandProvider { create, list, terminate, timeout })
}

/// A command that runs in the folder of the file, where nothing else is said: as a service, Estatus itself runs in a folder
/// that nobody has chosen.
fn command(run: Run, directory: Option<PathBuf>, env: Option<Own<Valued>>, reader: &mut Reader<'_>) -> CommandLine {
    let directory = directory.or_else(|| reader.folder());
    command_line(run, directory, env, reader)
}

fn cloud(
    region: &mut Field<Region>,
    endpoint: &mut Field<Endpoint>,
    credentials: &mut Field<Credentials>,
) -> Option<Cloud> {
    Some(Cloud {
        region: region.take()?.0,
        endpoint: endpoint.take().map(|endpoint| endpoint.0),
        credentials: credentials.take().unwrap_or(Credentials::Usual),
    })
}

/// How agents on instances that come from `provider` reach Estatus.
fn wire(table: &mut tables::Fleet, provider: &Provider, reader: &mut Reader<'_>) -> Wire {
    let listen = table.listen.get().map_or(Wire::LISTEN, |listen| listen.value.0);
    // What is advertised may lead here.
    if listen.ip().is_loopback() && is_elsewhere(provider) && table.advertise.is_absent() {
        let at = table.listen.at().unwrap_or(&table.at);
        let listen = listen.to_string();
        reader.problem_with("listen", at, reason!("listen_out_of_reach", listen, like = "0.0.0.0:50051"));
    }
    Wire {
        listen,
        advertise: table.advertise.take().map(|advertise| advertise.0),
        insecure: table.insecure.take().unwrap_or(false),
        trust_declared: table.trust_declared.take().unwrap_or(false),
        agent_port: table.agent_port.take().and_then(|port| u16::try_from(port.0).ok()).unwrap_or(Wire::AGENT_PORT),
    }
}

/// Whether instances are on other machines than this one: those of a cloud are, if the cloud is.
fn is_elsewhere(provider: &Provider) -> bool {
    let (Provider::Ec2(Ec2 { cloud, .. }) | Provider::Asg { cloud, .. }) = provider else { return false };
    let host = cloud.endpoint.as_ref().and_then(|endpoint| endpoint.host_str());
    host.is_none_or(|host| Scope::of_host(host.trim_matches(['[', ']'])) != Scope::Machine)
}
