//! What will happen in a world: drawn from its seed before it begins.

use std::{sync::Arc, time::Duration};

use estatus_core::{
    check::{Check, HostCheck, HostPort, TcpCheck},
    command::{CommandLine, Run},
    config::{AlertPolicy, Channel, CommandChannel, Config, Failures, Monitor},
    network::NetworkPolicy,
    network::Scope,
};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const DAY: Duration = Duration::from_secs(86_400);

/// What may go wrong beside the targets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faults {
    pub(crate) network: bool,
    pub(crate) sleep: bool,
    pub(crate) clock: bool,
    pub(crate) mail: bool,
    pub(crate) disk: bool,
    pub(crate) crashes: bool,
    /// The user edits the file, pauses, snoozes and acknowledges.
    pub(crate) edits: bool,
}

impl Faults {
    pub(crate) const NONE: Self =
        Self { network: false, sleep: false, clock: false, mail: false, disk: false, crashes: false, edits: false };
}

/// The dice of a world (xorshift64*, Vigna 2016).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit.max(1)
    }

    pub(crate) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    pub(crate) fn between(&mut self, low: Duration, high: Duration) -> Duration {
        let span = u64::try_from((high - low).as_millis()).unwrap();
        low + Duration::from_millis(self.below(span + 1))
    }
}

/// Stretches of time, in order, that do not touch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spells(Vec<(Duration, Duration)>);

impl Spells {
    /// Spells of a length within `lasts`, with a pause within `apart` before each, until `end`.
    fn draw(dice: &mut Dice, end: Duration, apart: (Duration, Duration), lasts: (Duration, Duration)) -> Self {
        let mut spells = Vec::new();
        let mut at = dice.between(apart.0, apart.1);
        while at < end {
            let to = at + dice.between(lasts.0, lasts.1);
            spells.push((at, to));
            at = to + dice.between(apart.0, apart.1);
        }
        Self(spells)
    }

    /// Whether `at` lies in one.
    pub(crate) fn covers(&self, at: Duration) -> bool {
        self.touches(at, at)
    }

    /// Whether one and the stretch from `from` to `to` have a moment in common.
    pub(crate) fn touches(&self, from: Duration, to: Duration) -> bool {
        let next = self.0.partition_point(|(_, end)| *end <= from);
        self.0.get(next).is_some_and(|(begin, _)| *begin <= to)
    }

    /// Since when `at` has been outside, or inside, as it is.
    pub(crate) fn unchanged_since(&self, at: Duration) -> Duration {
        let next = self.0.partition_point(|(_, end)| *end <= at);
        match self.0.get(next) {
            Some((begin, _)) if *begin <= at => *begin,
            _ => next.checked_sub(1).map_or(Duration::ZERO, |last| self.0[last].1),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Duration, Duration)> + '_ {
        self.0.iter().copied()
    }
}

/// A target, and when it is truly down.
pub(crate) struct Target {
    pub(crate) scope: Scope,
    pub(crate) down: Spells,
    /// Whether it does not answer at all while it is down, rather than refuse.
    pub(crate) hangs: bool,
}

/// Everything that will happen.
pub(crate) struct Script {
    pub(crate) seed: u64,
    pub(crate) faults: Faults,
    /// The world ends then.
    pub(crate) end: Duration,
    /// From then on nothing goes wrong any more, so that everything must come to its end.
    pub(crate) peace: Duration,
    pub(crate) config: Arc<Config>,
    /// In the order of the monitors.
    pub(crate) targets: Vec<Target>,
    pub(crate) local_net_off: Spells,
    pub(crate) internet_off: Spells,
    /// When nobody answers for the network although it is on.
    pub(crate) witnesses_silent: Spells,
    pub(crate) asleep: Spells,
    pub(crate) mail_down: Spells,
    pub(crate) disk_full: Spells,
    /// When the wall clock is set, and by how many seconds.
    pub(crate) clock_steps: Vec<(Duration, i64)>,
    pub(crate) crashes: Vec<Duration>,
    pub(crate) dice: Dice,
}

impl Script {
    pub(crate) fn new(seed: u64, days: u64, faults: Faults) -> Self {
        let mut dice = Dice::new(seed);
        let peace = DAY * u32::try_from(days).unwrap();
        let config = Arc::new(config(&mut dice));
        let targets = config.monitors.iter().map(|monitor| target(monitor, &mut dice, peace)).collect();
        let mut spells = |wanted: bool, apart, lasts| {
            if wanted { Spells::draw(&mut dice, peace - HOUR * 2, apart, lasts) } else { Spells::default() }
        };
        let seconds = Duration::from_secs;
        let local_net_off = spells(faults.network, (HOUR * 3, DAY * 2), (seconds(8), HOUR * 2));
        let internet_off = spells(faults.network, (HOUR * 2, DAY), (seconds(8), HOUR));
        // Where the network goes off as well, nobody could tell one from the other.
        let witnesses_silent = spells(!faults.network && !faults.edits, (HOUR * 8, DAY * 4), (MINUTE, HOUR * 12));
        let asleep = spells(faults.sleep, (HOUR * 4, DAY), (MINUTE, HOUR * 9));
        let mail_down = spells(faults.mail, (HOUR * 5, DAY * 2), (seconds(3), HOUR * 8));
        let disk_full = spells(faults.disk, (DAY, DAY * 5), (MINUTE, HOUR * 3));
        let crashes = spells(faults.crashes, (MINUTE * 10, HOUR * 12), (Duration::ZERO, Duration::ZERO));
        let crashes = crashes.iter().map(|(at, _)| at).filter(|at| !disk_full.covers(*at)).collect();
        let steps = spells(faults.clock, (HOUR * 10, DAY * 3), (Duration::ZERO, Duration::ZERO));
        let clock_steps = steps.iter().map(|(at, _)| (at, step(&mut dice))).collect();
        let end = peace + DAY * 2;
        Self {
            seed,
            faults,
            end,
            peace,
            config,
            targets,
            local_net_off,
            internet_off,
            witnesses_silent,
            asleep,
            mail_down,
            disk_full,
            clock_steps,
            crashes,
            dice,
        }
    }

    /// Whether nothing lies between this machine and `scope` that is off, all the way from `from` to `to`.
    pub(crate) fn is_reachable(&self, scope: Scope, from: Duration, to: Duration) -> bool {
        match scope {
            Scope::Machine => true,
            Scope::LocalNet => !self.local_net_off.touches(from, to),
            Scope::Internet => !self.local_net_off.touches(from, to) && !self.internet_off.touches(from, to),
        }
    }
}

fn step(dice: &mut Dice) -> i64 {
    let seconds = i64::try_from(30 + dice.below(2 * 86_400)).unwrap();
    if dice.one_in(2) { seconds } else { -seconds }
}

fn target(monitor: &Monitor, dice: &mut Dice, peace: Duration) -> Target {
    let scope = monitor.check.host().map_or(Scope::Machine, Scope::of_host);
    // One target of seven goes up and down all the time.
    let (apart, lasts) = if dice.one_in(7) {
        ((MINUTE, MINUTE * 20), (MINUTE, MINUTE * 10))
    } else {
        ((HOUR * 6, DAY * 6), (Duration::from_secs(2), HOUR * 5))
    };
    Target { scope, down: Spells::draw(dice, peace - HOUR * 12, apart, lasts), hangs: dice.one_in(2) }
}

fn config(dice: &mut Dice) -> Config {
    let hosts = [
        "",
        "127.0.0.1",
        "192.168.1.9",
        "192.168.1.10",
        "10.3.0.1",
        "one.example",
        "two.example",
        "three.example",
        "four.example",
        "five.example",
    ];
    let mut monitors: Vec<Monitor> = hosts.iter().enumerate().map(|(index, host)| monitor(index, host, dice)).collect();
    if dice.one_in(2) {
        let parent = Arc::clone(&monitors[5].name);
        monitors[6].depends_on = vec![parent];
    }
    let channel = |name: &str| {
        let run = Run::Shell(format!("tell {name}"));
        let command = CommandLine::new(run);
        Channel::Command(CommandChannel { command, timeout: MINUTE })
    };
    Config {
        monitors: monitors.into_iter().map(Arc::new).collect(),
        channels: ["mail", "pager"].into_iter().map(|name| (name.to_owned(), channel(name))).collect(),
        alerts: AlertPolicy { remind_every: dice.one_in(2).then_some(HOUR * 2), ..AlertPolicy::default() },
        network: NetworkPolicy::default(),
        ..Config::default()
    }
}

fn monitor(index: usize, host: &str, dice: &mut Dice) -> Monitor {
    let check = if host.is_empty() {
        Check::Host(HostCheck::default())
    } else {
        let address = HostPort { host: host.to_owned(), port: 80 };
        Check::Tcp(TcpCheck { address, ip: None, send: None, expect: None })
    };
    let every = MINUTE * u32::try_from(2 + dice.below(20)).unwrap();
    Monitor {
        every,
        timeout: Duration::from_secs(2 + dice.below(9)),
        failures: Failures::InARow(2 + u32::try_from(dice.below(2)).unwrap()),
        successes: 1 + u32::try_from(dice.below(2)).unwrap(),
        retry_every: Monitor::RETRY_EVERY,
        ..Monitor::new(&format!("m{index}"), check)
    }
}
