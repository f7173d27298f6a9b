//! Who plays: flows with steps of every kind, the monitors that they heal and ask, and a program that they restart.

use std::{sync::Arc, time::Duration};

use estatus_core::{
    check::{Check, HostPort, TcpCheck},
    command::CommandLine,
    config::{Channel, CommandChannel, Config, Monitor},
    exit::Exit,
    flow::{
        AfterCrash, Budget, CatchUp, Definition, Flow, OnFailure, Otherwise, Overlap, Retry, RetryOn, Schedule, Step,
        StepAction, When, request::HttpRequest, text::Text,
    },
    maintenance::Cron,
    network::NetworkPolicy,
    program::{Program, ProgramAction},
    remedy::{Remedy, RemedyAction},
    secret::SecretRef,
};

use crate::{
    changes::line,
    script::{Dice, HOUR, MINUTE},
};

const SECOND: Duration = Duration::from_secs(1);
pub(super) const FLOWS: u64 = 8;
/// The secret that the commands of steps take.
pub(super) const SECRET: &str = "work";
/// These are run by steps of others, and for those that failed; they have no schedule of their own.
const INNER: u64 = 6;
const MONITORS: u64 = 5;

pub(super) fn config(dice: &mut Dice) -> Config {
    let command = CommandChannel { command: line("tell"), timeout: MINUTE };
    Config {
        programs: vec![Arc::new(Program::new("web", line("serve")))],
        monitors: (0..MONITORS).map(|index| Arc::new(monitor(index, dice))).collect(),
        flows: (0..FLOWS).map(|index| Arc::new(flow(index, dice))).collect(),
        channels: [("desk".to_owned(), Channel::Command(command))].into(),
        network: NetworkPolicy { reference: Vec::new() },
        ..Config::default()
    }
}

fn monitor(index: u64, dice: &mut Dice) -> Monitor {
    let address = HostPort { host: "127.0.0.1".to_owned(), port: 80 };
    let check = Check::Tcp(TcpCheck { address, ip: None, send: None, expect: None });
    // Those of the last are asked by steps alone.
    let heals = index < MONITORS - 1;
    let action = RemedyAction::Flow(format!("f{}", dice.below(2)).into());
    let every = dice.between(MINUTE * 2, MINUTE * 6);
    Monitor {
        every,
        retry_every: every,
        enabled: heals,
        on_down: heals.then(|| Remedy::new(action)),
        ..Monitor::new(&format!("m{index}"), check)
    }
}

fn some_monitor(dice: &mut Dice) -> Arc<str> {
    format!("m{}", dice.below(MONITORS)).into()
}

pub(super) fn flow(index: u64, dice: &mut Dice) -> Flow {
    let count = 1 + usize::try_from(dice.below(6)).unwrap();
    let steps = (0..count).map(|place| step(index, place, dice)).collect();
    let schedule = match dice.below(4) {
        0 => None,
        1 => Some(Schedule::Cron(Cron::parse("30 2,14 * * *", "Europe/Madrid").unwrap())),
        _ => Some(Schedule::Interval(dice.between(MINUTE * 2, HOUR * 3))),
    };
    let overlap = [Overlap::Skip, Overlap::Queue, Overlap::Replace][usize::try_from(dice.below(3)).unwrap()];
    let catch_up = [CatchUp::None, CatchUp::Latest, CatchUp::All][usize::try_from(dice.below(3)).unwrap()];
    let budget = dice.one_in(3).then(|| Budget { runs: 1 + u32::try_from(dice.below(4)).unwrap(), within: HOUR });
    let deadline = dice.one_in(3).then(|| dice.between(SECOND * 5, MINUTE * 5));
    Flow {
        schedule: schedule.filter(|_| index < INNER && (index > 1 || dice.one_in(2))),
        overlap,
        catch_up,
        budget,
        definition: Arc::new(Definition { deadline, channels: None, steps }),
        ..Flow::new(&format!("f{index}"), Vec::new())
    }
}

fn step(flow: u64, place: usize, dice: &mut Dice) -> Step {
    let earlier = |dice: &mut Dice| usize::try_from(dice.below(u64::try_from(place).unwrap())).unwrap();
    let needs = match dice.below(4) {
        _ if place == 0 => Vec::new(),
        0 => vec![earlier(dice)],
        1 => Vec::new(),
        _ => vec![place - 1],
    };
    let inner = flow.max(INNER - 1) + 1;
    let action = match dice.below(16) {
        10 | 11 => StepAction::Http { request: Box::new(request(dice)) },
        12 => StepAction::Tell { channels: None, text: Text::new("it is so") },
        13 => StepAction::Approve {
            question: Text::new("Shall it?"),
            channels: None,
            within: dice.between(SECOND * 20, MINUTE * 10),
            otherwise: if dice.one_in(2) { Otherwise::Continue } else { Otherwise::Fail },
        },
        // No chain of them comes back to where it began.
        14 if inner < FLOWS => StepAction::Flow { flow: format!("f{inner}").into() },
        0 => StepAction::Check { monitor: some_monitor(dice) },
        1 => StepAction::WaitUntil { monitor: some_monitor(dice), within: dice.between(SECOND, MINUTE * 2) },
        2 => StepAction::Wait { lasts: dice.between(Duration::ZERO, MINUTE) },
        3 => {
            let action = [ProgramAction::Restart, ProgramAction::Start][usize::try_from(dice.below(2)).unwrap()];
            StepAction::Program { action, program: "web".into() }
        }
        _ => StepAction::Run { command: work(), timeout: dice.between(SECOND * 5, MINUTE) },
    };
    let when = (place > 0 && dice.one_in(5)).then(|| {
        let mut when = When::default();
        let list = match dice.below(3) {
            0 => &mut when.succeeded,
            1 => &mut when.skipped,
            _ => &mut when.failed,
        };
        list.push(earlier(dice));
        when
    });
    let retry = dice.one_in(3).then(|| Retry {
        times: 1 + u32::try_from(dice.below(3)).unwrap(),
        wait: SECOND,
        max_wait: SECOND * 10,
        on: if dice.one_in(2) { vec![RetryOn::Exit(Exit::Code(1)), RetryOn::Timeout] } else { Vec::new() },
    });
    Step {
        always: when.is_none() && dice.one_in(8),
        when,
        retry,
        on_failure: match dice.below(6) {
            0 => OnFailure::Continue,
            1 => OnFailure::Flow(format!("f{}", FLOWS - 1).into()),
            _ => OnFailure::Fail,
        },
        undo: dice.one_in(4).then(|| line("undo")),
        after_crash: match dice.below(3) {
            0 => AfterCrash::Rerun,
            1 => AfterCrash::Check(some_monitor(dice)),
            _ => AfterCrash::Fail,
        },
        ..Step::new(&format!("s{place}"), action, needs)
    }
}

/// What most steps do, with a secret that somebody enters now and then.
fn work() -> CommandLine {
    let secret = SecretRef::Keyring(SECRET.to_owned());
    CommandLine { secret_env: vec![("WORK".to_owned(), secret)], ..line("work") }
}

fn request(dice: &mut Dice) -> HttpRequest {
    HttpRequest {
        method: if dice.one_in(2) { "GET" } else { "POST" }.to_owned(),
        timeout: dice.between(SECOND, MINUTE),
        ..HttpRequest::new("http://127.0.0.1/".parse().expect("an address"))
    }
}

/// The file after one edit; `whole` has everything that may be put back.
pub(super) fn edit(file: &Config, whole: &Config, dice: &mut Dice) -> Config {
    let mut edited = file.clone();
    let index = dice.below(FLOWS);
    let name: Arc<str> = format!("f{index}").into();
    let place = edited.flows.iter().position(|flow| flow.name == name);
    match (dice.below(6), place) {
        (0 | 1, Some(place)) => drop(edited.flows.remove(place)),
        (2, Some(place)) => edited.flows[place] = Arc::new(flow(index, dice)),
        (3, Some(place)) => {
            let flow = Arc::make_mut(&mut edited.flows[place]);
            flow.enabled = !flow.enabled;
        }
        (4, Some(place)) => Arc::make_mut(&mut edited.flows[place]).budget = None,
        _ => put_back(&mut edited, whole),
    }
    // A remedy needs the flow that it names.
    let known: Vec<Arc<str>> = edited.flows.iter().map(|flow| Arc::clone(&flow.name)).collect();
    let lost = |monitor: &Monitor| match monitor.on_down.as_ref().map(|remedy| &remedy.action) {
        Some(RemedyAction::Flow(flow)) => !known.contains(flow),
        _ => false,
    };
    edited.monitors.retain(|monitor| !lost(monitor));
    edited
}

pub(super) fn put_back(file: &mut Config, whole: &Config) {
    for flow in &whole.flows {
        if file.flows.iter().all(|known| known.name != flow.name) {
            file.flows.push(Arc::clone(flow));
        }
    }
    for monitor in &whole.monitors {
        if file.monitors.iter().all(|known| known.name != monitor.name) {
            file.monitors.push(Arc::clone(monitor));
        }
    }
}
