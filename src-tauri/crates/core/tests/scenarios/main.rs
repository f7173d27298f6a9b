//! What the user lives through, told hour by hour: alerts, quiet hours, snoozes, maintenance, changed configurations.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by them")]

mod changing;
mod clocks;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use estatus_core::{
    Engine, Timestamp,
    check::{Check, HostPort, TcpCheck},
    command::{CommandLine, Run},
    config::{AlertPolicy, Channel, CommandChannel, Config, Failures, Monitor},
    engine::{Ask, AskError, Change, Effect, Input},
    ids::EffectId,
    incident::{Delivery, DeliveryResult, Health, Message, News},
    maintenance::{Cron, DailySpan, Maintenance},
    network::NetworkAnswer,
    observation::{Cause, Failure, Observation, Phase, Phases, Verdict, Warning},
    record::{Record, Restored},
    time::{Instant, Now, later},
};
use jiff::{SignedDuration, tz::TimeZone};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
/// Every scene begins then.
const BEGIN: &str = "2026-11-21T20:00:00Z";

/// An engine whose targets, mail server and clocks obey the test.
struct Scene {
    core: Engine,
    now: Duration,
    /// By how much somebody has set the wall clock forwards.
    clock_set: SignedDuration,
    down: BTreeSet<String>,
    warning: Option<Warning>,
    /// Every so many probes one fails.
    fails_one_in: Option<usize>,
    mail_works: bool,
    sent: Vec<(Duration, Message)>,
    probes: Vec<(Duration, String)>,
    seen: BTreeMap<String, Vec<(Verdict, Option<Cause>)>>,
    records: Vec<Record>,
    /// Probes that were begun and not answered, for those that hang.
    hanging: BTreeMap<String, EffectId>,
    hangs: BTreeSet<String>,
    /// How many alerts were written down, and how many messages told to clients.
    written: usize,
    published: usize,
}

impl Scene {
    fn new(config: Config) -> Self {
        Self::restored(config, Restored::default(), Duration::from_secs(1000))
    }

    fn restored(config: Config, restored: Restored, now: Duration) -> Self {
        let mut scene = Self {
            core: Engine::new(Arc::new(config), restored, 1, clocks(now)),
            now,
            clock_set: SignedDuration::ZERO,
            down: BTreeSet::new(),
            warning: None,
            fails_one_in: None,
            mail_works: true,
            sent: Vec::new(),
            probes: Vec::new(),
            seen: BTreeMap::new(),
            records: Vec::new(),
            hanging: BTreeMap::new(),
            hangs: BTreeSet::new(),
            written: 0,
            published: 0,
        };
        scene.carry_out();
        scene
    }

    /// Lets time go by.
    fn pass(&mut self, span: Duration) -> &mut Self {
        let end = self.now + span;
        while let Some((at, _)) = self.core.next_deadline()
            && at.since_boot() <= end
        {
            self.now = self.now.max(at.since_boot());
            self.core.handle_timeout(self.clocks());
            self.carry_out();
        }
        self.now = end;
        self
    }

    fn clocks(&self) -> Now {
        let now = clocks(self.now);
        Now { utc: now.utc.saturating_add(self.clock_set).unwrap(), ..now }
    }

    fn break_it(&mut self, monitor: &str) -> &mut Self {
        self.down.insert(monitor.to_owned());
        self
    }

    fn mend(&mut self, monitor: &str) -> &mut Self {
        self.down.remove(monitor);
        self
    }

    fn ask(&mut self, ask: Ask) -> Result<(), AskError> {
        let result = self.core.handle(Input::Asked(ask), self.clocks());
        self.carry_out();
        result
    }

    fn health(&self, monitor: &str) -> Health {
        self.core.monitor(monitor).unwrap().health
    }

    /// What was told since the last call: hours since the scene began and the news, each with its monitor.
    fn told(&mut self) -> Vec<String> {
        let began = Duration::from_secs(1000);
        let told = std::mem::take(&mut self.sent).into_iter().map(|(at, message)| {
            let news: Vec<String> =
                message.alerts.iter().map(|alert| format!("{} {}", alert.subject, word(&alert.news))).collect();
            format!("{:.1} h: {}", (at - began).as_secs_f64() / 3600.0, news.join(", "))
        });
        told.collect()
    }

    fn carry_out(&mut self) {
        while let Some(effect) = self.core.poll_effect() {
            match effect {
                Effect::StartProbe { id, monitor } => self.probe(id, &monitor),
                Effect::AskNetwork { id, .. } => {
                    let answer = NetworkAnswer { has_route: true, ..NetworkAnswer::default() };
                    self.core.handle(Input::NetworkSeen { id, answer }, self.clocks()).unwrap();
                }
                Effect::SendAlert { id, message } => {
                    let result = if self.mail_works {
                        self.sent.push((self.now, Message::clone(&message)));
                        DeliveryResult::Delivered
                    } else {
                        let error = "away".to_owned();
                        DeliveryResult::Failed { error, perhaps_received: false, permanent: false }
                    };
                    self.core.handle(Input::Delivered { id, result }, self.clocks()).unwrap();
                }
                Effect::Record(records) => records.iter().for_each(|record| self.note(record)),
                Effect::Cancel { id } => self.hanging.retain(|_, hanging| *hanging != id),
                Effect::Publish(change) => self.published += usize::from(matches!(change, Change::Message(_))),
                program => panic!("nobody configured a program: {program:?}"),
            }
        }
    }

    fn probe(&mut self, id: EffectId, monitor: &Monitor) {
        self.probes.push((self.now, monitor.name.to_string()));
        if self.hangs.contains(&*monitor.name) {
            self.hanging.insert(monitor.name.to_string(), id);
            return;
        }
        let at = self.clocks().utc;
        let unlucky = self.fails_one_in.is_some_and(|count| self.probes.len().is_multiple_of(count));
        let observation = if unlucky || self.down.contains(&*monitor.name) {
            let cause = Cause::Protocol { error: "nonsense".to_owned() };
            Observation::down(at, Phases::default(), "", Failure::new(Phase::Assertion, cause))
        } else {
            Observation { warning: self.warning.clone(), ..Observation::up(at, Phases::default(), "") }
        };
        self.core.handle(Input::Probed { id, observation }, self.clocks()).unwrap();
    }

    fn note(&mut self, record: &Record) {
        self.records.push(record.clone());
        if let Record::Observation { monitor, observation, .. } = record {
            let cause = observation.failure.as_ref().map(|failure| failure.cause.clone());
            self.seen.entry(monitor.to_string()).or_default().push((observation.verdict, cause));
        }
        if let Record::Message(message) = record {
            self.written += message.alerts.len();
        }
    }
}

fn clocks(now: Duration) -> Now {
    let begin: Timestamp = BEGIN.parse().unwrap();
    let utc = later(begin, now - Duration::from_secs(1000));
    Now { monotonic: Instant::from_boot(now), slept: Duration::ZERO, utc }
}

fn word(news: &News) -> &'static str {
    match news {
        News::Down { .. } => "down",
        News::Reminder { .. } => "still down",
        News::Recovered { .. } => "was down",
        News::Flapping { .. } => "flaps",
        News::Unsteady { .. } => "is unsteady",
        News::Settled { health: Health::Down, .. } => "settled down",
        News::Settled { .. } => "settled",
        News::Warning { .. } => "warning",
        News::Escalated { .. }
        | News::Cooling { .. }
        | News::Steady
        | News::RunFailed { .. }
        | News::Suppressed { .. }
        | News::Approval { .. }
        | News::Told { .. }
        | News::FleetTrouble { .. }
        | News::FleetWell { .. }
        | News::Stale { .. } => "of no monitor",
    }
}

fn monitor(name: &str) -> Monitor {
    let address = HostPort { host: "127.0.0.1".to_owned(), port: 80 };
    let check = Check::Tcp(TcpCheck { address, ip: None, send: None, expect: None });
    Monitor { every: MINUTE, ..Monitor::new(name, check) }
}

fn channel() -> Channel {
    let command = CommandLine::new(Run::Shell("tell".to_owned()));
    Channel::Command(CommandChannel { command, timeout: MINUTE })
}

fn config(monitors: impl IntoIterator<Item = Monitor>) -> Config {
    Config {
        monitors: monitors.into_iter().map(Arc::new).collect(),
        channels: BTreeMap::from([("mail".to_owned(), channel())]),
        alerts: AlertPolicy { grace: Duration::ZERO, ..AlertPolicy::default() },
        ..Config::default()
    }
}

fn daily(from: i8, to: i8) -> DailySpan {
    let time = |hour| jiff::civil::time(hour, 0, 0, 0);
    DailySpan { from: time(from), to: time(to), days: Vec::new(), zone: TimeZone::UTC }
}

#[test]
fn an_incident_is_told_when_it_begins_and_when_it_is_over() {
    let mut scene = Scene::new(config([monitor("a")]));
    scene.pass(HOUR).break_it("a").pass(HOUR);
    assert_eq!(scene.told(), ["1.0 h: a down"]);
    let first = scene.core.open_incidents().next().unwrap().clone();
    assert!(first.before.up_since.is_some() && first.before.last_good.is_some());
    scene.mend("a").pass(HOUR);
    assert_eq!(scene.told(), ["2.0 h: a was down"]);
    assert_eq!(scene.core.open_incidents().count(), 0);
    scene.pass(HOUR * 24);
    assert!(scene.told().is_empty());
}

#[test]
fn the_recovery_answers_the_alert() {
    let mut scene = Scene::new(config([monitor("a")]));
    scene.pass(HOUR).break_it("a").pass(HOUR).mend("a").pass(HOUR);
    let [(_, down), (_, up)] = &scene.sent[..] else { panic!("{:?}", scene.sent) };
    assert_eq!((down.answers.as_slice(), up.answers.as_slice()), (&[][..], &[down.id][..]));
}

#[test]
fn a_short_blip_is_nobodys_concern() {
    let mut scene = Scene::new(config([Monitor { failures: Failures::InARow(3), ..monitor("a") }]));
    scene.pass(HOUR).break_it("a").pass(MINUTE).mend("a").pass(HOUR);
    assert!(scene.told().is_empty());
    assert_eq!(scene.health("a"), Health::Up);
}

#[test]
fn one_bad_answer_in_three_is_told_once_and_so_is_its_end() {
    let mut scene = Scene::new(config([monitor("a")]));
    scene.fails_one_in = Some(3);
    scene.pass(HOUR * 6);
    assert_eq!(scene.told(), ["0.4 h: a is unsteady"]);
    scene.fails_one_in = None;
    scene.pass(HOUR * 4);
    assert_eq!(scene.told(), ["6.5 h: a settled"]);
    scene.fails_one_in = Some(3);
    scene.pass(HOUR);
    assert_eq!(scene.told(), ["10.4 h: a is unsteady"]);
}

#[test]
fn a_bad_answer_now_and_then_is_not_worth_a_word() {
    let mut scene = Scene::new(config([monitor("a")]));
    scene.fails_one_in = Some(17);
    scene.pass(HOUR * 24);
    assert_eq!(scene.told(), [""; 0]);
}

#[test]
fn what_was_unsteady_and_goes_down_is_told_at_once_in_the_same_conversation() {
    let mut scene = Scene::new(config([monitor("a")]));
    scene.fails_one_in = Some(3);
    scene.pass(HOUR);
    scene.fails_one_in = None;
    scene.break_it("a").pass(MINUTE * 3);
    let (_, unsteady) = scene.sent.first().unwrap().clone();
    assert_eq!(scene.sent.last().unwrap().1.answers, [unsteady.id]);
    scene.mend("a").pass(HOUR * 4);
    assert_eq!(scene.told(), ["0.4 h: a is unsteady", "1.0 h: a down", "1.1 h: a was down"]);
}

#[test]
fn three_bad_ones_of_ten_are_down_where_that_is_asked_for() {
    let rate = Failures::Of { bad: 3, last: 10 };
    let mut scene = Scene::new(config([Monitor { failures: rate, ..monitor("a") }]));
    scene.fails_one_in = Some(3);
    scene.pass(HOUR);
    assert_eq!(scene.told(), ["0.1 h: a down"]);
    scene.fails_one_in = None;
    scene.pass(HOUR);
    assert_eq!(scene.told(), ["1.1 h: a was down"]);
}

#[test]
fn many_failures_at_once_make_one_message() {
    let mut scene = Scene::new(config(["a", "b", "c"].map(|name| Monitor { every: MINUTE, ..monitor(name) })));
    scene.pass(HOUR);
    for name in ["a", "b", "c"] {
        scene.break_it(name);
        scene.ask(Ask::CheckNow { monitor: Some(name.to_owned()) }).unwrap();
    }
    scene.pass(HOUR);
    assert_eq!(scene.told(), ["1.0 h: a down, b down, c down"]);
}

#[test]
fn a_mass_outage_writes_down_no_more_for_each_monitor_than_a_small_one() {
    let costs = |count: usize| {
        let names: Vec<String> = (0..count).map(|index| format!("m{index}")).collect();
        let mut outage = config(names.iter().map(|name| monitor(name)));
        outage.alerts.merge_within = MINUTE;
        let mut scene = Scene::new(outage);
        scene.pass(HOUR);
        for name in &names {
            scene.break_it(name);
        }
        scene.ask(Ask::CheckNow { monitor: None }).unwrap();
        scene.pass(MINUTE * 3);
        let [(_, message)] = &scene.sent[..] else { panic!("{} messages", scene.sent.len()) };
        assert_eq!(message.alerts.len(), count);
        (scene.written, scene.published)
    };
    for count in [20, 500] {
        let (written, published) = costs(count);
        assert!(written <= count * 14, "{written} alerts were written down for {count}");
        assert!(published <= count * 2, "{published} messages were told to clients for {count}");
    }
}

#[test]
fn quiet_hours_end_with_a_summary() {
    let mut quiet = config([monitor("a"), monitor("b")]);
    quiet.alerts.quiet_hours = vec![daily(22, 7)];
    let mut scene = Scene::new(quiet);
    scene.pass(HOUR * 3).break_it("a").pass(HOUR).mend("a").pass(HOUR).break_it("b").pass(HOUR * 5);
    assert!(scene.told().is_empty(), "it is 6 o'clock");
    let quiet_until = |scene: &Scene| scene.core.quiet_until(scene.clocks());
    assert_eq!(quiet_until(&scene), Some(later(scene.clocks().utc, HOUR)));
    scene.pass(HOUR * 2);
    assert_eq!(quiet_until(&scene), None);
    assert_eq!(scene.told(), ["11.0 h: a was down, b down"]);
}

#[test]
fn reminders_come_until_somebody_knows() {
    let mut reminding = config([monitor("a")]);
    reminding.alerts.remind_every = Some(HOUR * 2);
    let mut scene = Scene::new(reminding);
    scene.pass(HOUR).break_it("a").pass(HOUR * 5);
    assert_eq!(scene.told(), ["1.0 h: a down", "3.0 h: a still down", "5.0 h: a still down"]);
    scene.ask(Ask::Acknowledge { monitor: "a".to_owned() }).unwrap();
    scene.pass(HOUR * 5);
    assert!(scene.told().is_empty());
    scene.mend("a").pass(HOUR);
    assert_eq!(scene.told(), ["11.0 h: a was down"]);
    let nothing = scene.ask(Ask::Acknowledge { monitor: "a".to_owned() });
    assert_eq!(nothing, Err(AskError::NoIncident("a".to_owned())));
}

#[test]
fn a_snoozed_monitor_is_told_at_the_end_if_it_is_still_down() {
    let mut scene = Scene::new(config([monitor("a"), monitor("b")]));
    scene.pass(HOUR);
    let until = Some(later(scene.clocks().utc, HOUR * 3));
    for name in ["a", "b"] {
        scene.ask(Ask::Snooze { monitor: Some(name.to_owned()), until }).unwrap();
    }
    scene.break_it("a").break_it("b").pass(HOUR).mend("b").pass(HOUR);
    assert!(scene.told().is_empty());
    scene.pass(HOUR * 2);
    assert_eq!(scene.told(), ["4.0 h: a down"]);
}

#[test]
fn a_general_snooze_holds_everything_and_then_sums_up() {
    let mut scene = Scene::new(config([monitor("a"), monitor("b")]));
    let until = Some(later(scene.clocks().utc, HOUR * 3));
    scene.ask(Ask::Snooze { monitor: None, until }).unwrap();
    scene.break_it("a").break_it("b").pass(HOUR).mend("b").pass(HOUR);
    assert!(scene.told().is_empty());
    scene.ask(Ask::Snooze { monitor: None, until: None }).unwrap();
    scene.pass(MINUTE);
    assert_eq!(scene.told(), ["2.0 h: a down, b was down"]);
}

#[test]
fn a_flapping_monitor_says_so_once_and_says_when_it_has_settled() {
    let mut scene = Scene::new(config([monitor("a")]));
    scene.pass(HOUR);
    for _ in 0..12 {
        scene.break_it("a").pass(MINUTE * 5).mend("a").pass(MINUTE * 5);
    }
    let told = scene.told();
    assert_eq!(told.iter().filter(|told| told.contains("flaps")).count(), 1, "{told:?}");
    assert_eq!(told.last().unwrap(), "1.5 h: a flaps");
    assert!(scene.core.monitor("a").unwrap().flapping);
    scene.pass(HOUR);
    assert_eq!(scene.told(), ["3.4 h: a settled"]);
    scene.break_it("a").pass(HOUR);
    assert_eq!(scene.told(), ["4.0 h: a down"]);
}

#[test]
fn a_flapping_monitor_that_stays_down_is_told_to_be_down_and_then_up() {
    let mut scene = Scene::new(config([monitor("a")]));
    for _ in 0..4 {
        scene.break_it("a").pass(MINUTE * 5).mend("a").pass(MINUTE * 5);
    }
    scene.break_it("a").pass(HOUR);
    assert_eq!(scene.told().last().unwrap(), "1.2 h: a settled down");
    scene.mend("a").pass(HOUR);
    assert_eq!(scene.told(), ["1.7 h: a was down"]);
}

#[test]
fn in_a_maintenance_window_nothing_is_judged() {
    let begin: Timestamp = BEGIN.parse().unwrap();
    let windows = [
        Maintenance::Daily(daily(21, 23)),
        Maintenance::Once { from: later(begin, HOUR), to: later(begin, HOUR * 3) },
        Maintenance::Cron { schedule: Cron::parse("0 21 * * *", "UTC").unwrap(), lasts: HOUR * 2 },
    ];
    for window in windows {
        let mut scene = Scene::new(config([Monitor { maintenance: vec![window.clone()], ..monitor("a") }]));
        scene.pass(HOUR + MINUTE * 2).break_it("a").pass(HOUR);
        assert!(scene.told().is_empty(), "{window:?}");
        let last = scene.seen["a"].last().unwrap();
        assert_eq!(last, &(Verdict::Inconclusive, Some(Cause::Maintenance)), "{window:?}");
        scene.pass(HOUR * 2);
        assert_eq!(scene.told(), ["3.0 h: a down"], "{window:?}");
    }
}

#[test]
fn a_monitor_whose_parent_is_down_is_not_judged() {
    let child = Monitor { depends_on: vec!["router".into()], every: MINUTE / 2, ..monitor("page") };
    let mut scene = Scene::new(config([child, monitor("router")]));
    scene.pass(HOUR).break_it("page").break_it("router").pass(HOUR);
    assert_eq!(scene.told(), ["1.0 h: router down"]);
    assert_eq!(scene.health("page"), Health::Up);
    let parent_down = Cause::ParentDown { parent: "router".to_owned() };
    assert_eq!(scene.seen["page"].last().unwrap(), &(Verdict::Inconclusive, Some(parent_down)));
    scene.mend("router").pass(HOUR);
    assert_eq!(scene.told(), ["2.0 h: router was down", "2.0 h: page down"]);
}

#[test]
fn a_certificate_that_runs_out_is_told_once() {
    let mut scene = Scene::new(config([monitor("a")]));
    let not_after = "2026-12-01T00:00:00Z".parse().unwrap();
    scene.pass(HOUR).warning = Some(Warning::CertificateExpires { subject: "a".to_owned(), not_after });
    scene.pass(HOUR * 3);
    assert_eq!(scene.told(), ["1.0 h: a warning"]);
    scene.warning = None;
    scene.pass(HOUR);
    assert!(scene.told().is_empty());
}

#[test]
fn a_monitor_tells_the_channels_it_names() {
    let named = Monitor { channels: Some(vec!["pager".to_owned()]), ..monitor("a") };
    let mut config = config([named, monitor("b"), Monitor { channels: Some(Vec::new()), ..monitor("c") }]);
    config.channels.insert("pager".to_owned(), channel());
    config.alerts.channels = Some(vec!["mail".to_owned()]);
    let mut scene = Scene::new(config);
    scene.break_it("a").break_it("b").break_it("c").pass(HOUR);
    let told: BTreeSet<_> =
        scene.sent.iter().map(|(_, message)| (message.channel.as_str(), &*message.alerts[0].subject)).collect();
    assert_eq!(told, BTreeSet::from([("mail", "b"), ("pager", "a")]));
    assert!(scene.sent.iter().all(|(_, message)| message.alerts.len() == 1));
}

#[test]
fn what_waited_for_the_mail_is_one_message() {
    let mut scene = Scene::new(config([monitor("a"), monitor("b")]));
    scene.mail_works = false;
    scene.pass(HOUR).break_it("a").pass(HOUR).break_it("b").pass(HOUR).mend("a").pass(HOUR);
    assert!(scene.told().is_empty());
    scene.mail_works = true;
    scene.pass(HOUR);
    let told = scene.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].ends_with("a was down, b down"), "{told:?}");
    assert_eq!(scene.core.messages().count(), 0);
}

#[test]
fn a_message_that_nobody_takes_is_given_up_after_days() {
    let mut scene = Scene::new(config([monitor("a")]));
    scene.mail_works = false;
    scene.break_it("a").pass(HOUR * 24 * 4);
    let waiting: Vec<_> = scene.core.messages().cloned().collect();
    assert!(matches!(waiting[..], [Message { delivery: Delivery::Waiting { failed: 100.., .. }, .. }]), "{waiting:?}");
    scene.pass(HOUR * 24 * 2);
    assert_eq!(scene.core.messages().count(), 0);
}

#[test]
fn a_paused_monitor_rests_until_it_is_resumed_or_the_pause_ends() {
    let mut scene = Scene::new(config([monitor("a")]));
    scene.pass(HOUR);
    scene.ask(Ask::Pause { monitor: "a".to_owned(), until: None }).unwrap();
    let before = scene.probes.len();
    scene.break_it("a").pass(HOUR * 3);
    assert_eq!((scene.probes.len(), scene.health("a")), (before, Health::Paused));
    scene.ask(Ask::Resume { monitor: "a".to_owned() }).unwrap();
    scene.pass(MINUTE);
    assert_eq!(scene.health("a"), Health::Down);
    let until = Some(later(scene.clocks().utc, HOUR));
    scene.ask(Ask::Pause { monitor: "a".to_owned(), until }).unwrap();
    let before = scene.probes.len();
    scene.pass(HOUR - MINUTE);
    assert_eq!(scene.probes.len(), before);
    scene.pass(MINUTE * 2);
    assert!(scene.probes.len() > before);
}

#[test]
fn a_changed_configuration_disturbs_nobody_it_does_not_change() {
    let mut scene = Scene::new(config([monitor("stays"), monitor("goes"), monitor("changes")]));
    scene.pass(HOUR).break_it("goes").pass(MINUTE * 5);
    scene.told();
    scene.probes.clear();
    let changed = Monitor { every: MINUTE * 2, ..monitor("changes") };
    scene.core.apply_config(Arc::new(config([monitor("stays"), changed, monitor("comes")])), scene.clocks());
    scene.carry_out();
    scene.pass(Duration::from_secs(1));
    let probed: BTreeSet<&str> = scene.probes.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(probed, BTreeSet::from(["changes", "comes"]));
    assert_eq!(scene.core.open_incidents().count(), 0, "the incident of a monitor that is gone is over");
    assert!(scene.core.monitor("goes").is_none());
    scene.pass(HOUR);
    assert!(scene.told().is_empty());
}

#[test]
fn the_result_of_a_probe_that_nobody_waits_for_is_passed_over() {
    let mut scene = Scene::new(config([monitor("a")]));
    scene.pass(HOUR).hangs.insert("a".to_owned());
    scene.pass(MINUTE * 4);
    let late = scene.hanging["a"];
    assert_eq!(scene.probes.iter().filter(|(at, _)| *at > Duration::from_secs(1000) + HOUR).count(), 1, "no overlap");
    scene.hangs.clear();
    let changed = Monitor { every: MINUTE * 2, ..monitor("a") };
    scene.core.apply_config(Arc::new(config([changed])), scene.clocks());
    scene.carry_out();
    scene.pass(MINUTE);
    let failure = Failure::new(Phase::Connect, Cause::Refused);
    let observation = Observation::down(scene.clocks().utc, Phases::default(), "", failure);
    let seen = scene.seen["a"].len();
    scene.core.handle(Input::Probed { id: late, observation }, scene.clocks()).unwrap();
    scene.carry_out();
    assert_eq!(scene.seen["a"].len(), seen);
}

#[test]
fn after_a_restart_everything_goes_on_and_nothing_is_told_again() {
    let mut scene = Scene::new(config([monitor("a"), monitor("b")]));
    scene.pass(HOUR).break_it("a").pass(HOUR);
    assert_eq!(scene.told(), ["1.0 h: a down"]);
    let mut scene = Scene::restored(config([monitor("a"), monitor("b")]), scene.core.snapshot(), scene.now + HOUR);
    scene.break_it("a").pass(HOUR);
    assert!(scene.told().is_empty());
    assert_eq!(scene.health("a"), Health::Down);
    scene.mend("a").pass(HOUR);
    assert_eq!(scene.told(), ["4.0 h: a was down"]);
}

#[test]
fn a_message_that_was_being_sent_when_the_engine_died_is_sent_again_as_it_was() {
    let mut scene = Scene::new(config([monitor("a"), monitor("b")]));
    scene.pass(HOUR).break_it("a").pass(HOUR);
    let (_, sent) = scene.sent.remove(0);
    let mut restored = scene.core.snapshot();
    let delivery = Delivery::Sending { failed: 0, perhaps_received: false };
    restored.messages = vec![Message { delivery, ..sent.clone() }];
    let mut scene = Scene::restored(config([monitor("a"), monitor("b")]), restored, scene.now);
    scene.break_it("a").break_it("b").pass(HOUR);
    let (_, again) = scene.sent.remove(0);
    assert_eq!((again.id, &again.alerts), (sent.id, &sent.alerts));
    assert_eq!(scene.told(), ["2.0 h: b down"]);
}

#[test]
fn nobody_is_asked_for_a_monitor_that_does_not_exist() {
    let mut scene = Scene::new(config([monitor("a")]));
    let nobody = || "nobody".to_owned();
    for ask in [
        Ask::Pause { monitor: nobody(), until: None },
        Ask::Resume { monitor: nobody() },
        Ask::Acknowledge { monitor: nobody() },
        Ask::CheckNow { monitor: Some(nobody()) },
        Ask::Snooze { monitor: Some(nobody()), until: None },
    ] {
        assert_eq!(scene.ask(ask), Err(AskError::NoSuchMonitor(nobody())));
    }
}
