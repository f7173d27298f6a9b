//! A fleet, told what happens, and what it has done about it.

use std::{collections::BTreeMap, net::Ipv4Addr, sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{DRAINED_WITHIN, FleetMachine, Step, Unwanted};
use crate::{
    fleet::{
        Cloud, Credentials, Fleet, FleetMemory, LaunchBudget, Policy, Provider, Trouble,
        command::{FleetCommand, FleetEvent, Heartbeat, Listed, Proof, ProviderError, ProviderErrorKind},
        instance::{Instance, InstanceState},
        replay::Sample,
    },
    schedule::Rng,
    secret::SecretRef,
    time::{Instant, Now, earlier, later},
};

const SECOND: Duration = Duration::from_secs(1);

/// A fleet, and what is on disk of it.
struct Scene {
    machine: FleetMachine,
    at: Duration,
    disk: BTreeMap<Arc<str>, Instance>,
    commands: Vec<FleetCommand>,
    troubles: Vec<(Trouble, bool)>,
    samples: Vec<Sample>,
    /// By so much the wall clock was set back.
    set_back: Duration,
    looks_different: usize,
}

fn fleet(min: u32, desired: u32, max: u32) -> Fleet {
    Fleet { min, desired, max, ..Fleet::new("web") }
}

fn now(at: Duration) -> Now {
    let monotonic = Instant::from_boot(Duration::from_secs(100_000) + at);
    Now { monotonic, slept: Duration::ZERO, utc: later(Timestamp::UNIX_EPOCH, Duration::from_secs(1_700_000_000) + at) }
}

impl Scene {
    fn new(fleet: Fleet) -> Self {
        let machine = FleetMachine::new(Arc::new(fleet), FleetMemory::default(), Vec::new(), now(Duration::ZERO));
        let (disk, commands, troubles) = (BTreeMap::new(), Vec::new(), Vec::new());
        let mut scene = Self {
            machine,
            at: Duration::ZERO,
            disk,
            commands,
            troubles,
            samples: Vec::new(),
            looks_different: 0,
            set_back: Duration::ZERO,
        };
        scene.step(FleetMachine::begin);
        scene.pass(Duration::ZERO);
        assert_eq!(scene.machine.count(), 0);
        scene.happens(FleetEvent::Listed(Vec::new()));
        scene.pass(Duration::ZERO);
        scene
    }

    fn step<T>(&mut self, take: impl FnOnce(&mut FleetMachine, &mut Step<'_>) -> T) -> T {
        let mut rng = Rng::new(7);
        let now = now(self.at);
        let mut step = Step::new(Now { utc: earlier(now.utc, self.set_back), ..now }, &mut rng);
        let result = take(&mut self.machine, &mut step);
        for instance in step.changed {
            self.disk.insert(Arc::clone(&instance.name), instance);
        }
        self.commands.extend(step.commands);
        self.samples.extend(step.sample);
        self.looks_different += usize::from(step.looks_different);
        self.troubles.extend(step.troubles.into_iter().map(|change| (change.trouble, change.begins)));
        result
    }

    fn happens(&mut self, event: FleetEvent) {
        self.step(|machine, step| machine.happened(event, step));
    }

    /// Lets time pass; whoever runs says that its load is `load`, if there is one.
    fn pass_with(&mut self, time: Duration, load: Option<f32>) {
        let end = self.at + time;
        loop {
            self.step(FleetMachine::wake);
            if self.at >= end {
                return;
            }
            self.at += SECOND;
            if let Some(load) = load {
                let running = self.of(InstanceState::Running);
                let heard = |instance| Heartbeat { instance, load: Some(load), ago: Duration::ZERO };
                self.happens(FleetEvent::Heard(running.into_iter().map(heard).collect()));
            }
        }
    }

    fn pass(&mut self, time: Duration) {
        self.pass_with(time, None);
    }

    /// The names of those in `state`.
    fn of(&self, state: InstanceState) -> Vec<Arc<str>> {
        let all = self.machine.instances().filter(|live| live.instance.state == state);
        all.map(|live| Arc::clone(&live.instance.name)).collect()
    }

    fn launched(&mut self, instance: &str) {
        self.happens(FleetEvent::Launched { instance: instance.into(), id: format!("i-{instance}") });
    }

    fn announces(&mut self, name: &str, proof: Proof) -> bool {
        let (name, declared) = (name.to_owned(), "127.0.0.1:50061".to_owned());
        self.commands.clear();
        let from = Ipv4Addr::LOCALHOST.into();
        self.happens(FleetEvent::Announced { announcement: 1, name, proof, declared, from });
        matches!(&self.commands[0], FleetCommand::Answer { announcement: 1, accepted: Some(_) })
    }

    /// All that are wanted are launched and have announced themselves.
    fn all_boot(&mut self) {
        for name in self.of(InstanceState::Launching) {
            self.launched(&name);
            assert!(self.announces(&name, Proof::Token));
        }
    }

    /// How often it was said that this is done with an instance.
    fn said(&self, wanted: fn(&FleetCommand) -> Option<&Arc<str>>, instance: &str) -> usize {
        self.commands.iter().filter_map(wanted).filter(|of| &***of == instance).count()
    }

    /// The engine is killed, and another goes on with what is on disk.
    fn crash(&mut self) {
        let left = self.disk.values().filter(|instance| instance.state != InstanceState::Gone).cloned().collect();
        let (fleet, memory) = (Arc::clone(&self.machine.fleet), self.machine.memory.clone());
        self.machine = FleetMachine::new(fleet, memory, left, now(self.at));
        self.commands.clear();
        self.step(FleetMachine::begin);
    }
}

fn launch(command: &FleetCommand) -> Option<&Arc<str>> {
    if let FleetCommand::Launch { instance, .. } = command { Some(instance) } else { None }
}

fn terminate(command: &FleetCommand) -> Option<&Arc<str>> {
    if let FleetCommand::Terminate { instance, .. } = command { Some(instance) } else { None }
}

fn drain(command: &FleetCommand) -> Option<&Arc<str>> {
    if let FleetCommand::Drain { instance } = command { Some(instance) } else { None }
}

fn error(perhaps_done: bool) -> ProviderError {
    ProviderError { kind: ProviderErrorKind::Capacity, error: "no room".to_owned(), perhaps_done }
}

#[test]
fn a_new_fleet_gets_as_many_as_it_is_to_have_and_they_run_once_they_announce_themselves() {
    let mut scene = Scene::new(fleet(1, 2, 5));
    assert_eq!(scene.of(InstanceState::Launching), ["web-1".into(), "web-2".into()]);
    assert_eq!(scene.disk.len(), 2);
    scene.launched("web-1");
    assert_eq!(scene.of(InstanceState::Booting), ["web-1".into()]);
    // By its name, or by what the provider calls it.
    assert!(scene.announces("i-web-1", Proof::None));
    let ping = FleetCommand::Ping { instance: "web-1".into(), address: "127.0.0.1:50061".to_owned() };
    assert_eq!(scene.commands[1..], [ping]);
    assert_eq!(scene.of(InstanceState::Running), ["web-1".into()]);
    scene.pass_with(60 * SECOND, Some(0.5));
    assert_eq!((scene.of(InstanceState::Running).len(), scene.machine.count()), (1, 2));
}

#[test]
fn how_it_stands_is_kept_once_a_minute() {
    let mut scene = Scene::new(fleet(1, 2, 5));
    scene.all_boot();
    scene.pass_with(180 * SECOND, Some(0.5));
    let seen: Vec<(u32, u32, f64)> = scene.samples.iter().map(|one| (one.instances, one.known, one.load)).collect();
    assert_eq!(seen, [(0, 0, 0.0), (2, 2, 1.0), (2, 2, 1.0), (2, 2, 1.0)]);
    let apart = scene.samples.windows(2).all(|pair| pair[0].at.as_second() / 60 < pair[1].at.as_second() / 60);
    assert!(apart, "{:?}", scene.samples);
}

#[test]
fn the_mean_is_told_when_it_has_moved() {
    let mut scene = Scene::new(fleet(1, 2, 2));
    scene.all_boot();
    let mut told = |load| {
        scene.looks_different = 0;
        scene.pass_with(30 * SECOND, Some(load));
        scene.looks_different
    };
    assert_eq!([told(0.5), told(0.503), told(0.6), told(0.6)], [1, 0, 1, 0]);
}

#[test]
fn an_intent_is_one_instance_whoever_is_killed() {
    let mut scene = Scene::new(fleet(1, 2, 5));
    for _ in 0..5 {
        scene.crash();
        scene.pass(5 * SECOND);
        assert_eq!((scene.said(launch, "web-1"), scene.said(launch, "web-2")), (1, 1));
        assert_eq!(scene.machine.count(), 2);
    }
    scene.launched("web-1");
    scene.crash();
    assert_eq!((scene.said(launch, "web-1"), scene.said(launch, "web-2")), (0, 1));
}

#[test]
fn what_cannot_be_launched_is_tried_again_under_its_name_later_each_time_and_told_once() {
    let mut scene = Scene::new(fleet(1, 1, 5));
    let mut attempts = Vec::new();
    for perhaps_done in [false, false, true, false] {
        scene.commands.clear();
        scene.happens(FleetEvent::CannotLaunch { instance: "web-1".into(), error: error(perhaps_done) });
        scene.pass(50 * SECOND);
        attempts.extend(scene.commands.iter().filter_map(|command| match command {
            FleetCommand::Launch { attempt, .. } => Some(*attempt),
            _ => None,
        }));
    }
    // What may have been launched is tried with the same words for ever, whatever is said later.
    assert_eq!(attempts, [1, 2, 2, 2]);
    assert_eq!(scene.troubles, [(Trouble::CannotLaunch, true)]);
    scene.all_boot();
    scene.pass_with(290 * SECOND, Some(0.5));
    assert_eq!(scene.troubles.len(), 1);
    scene.pass_with(20 * SECOND, Some(0.5));
    assert_eq!(scene.troubles[1..], [(Trouble::CannotLaunch, false)]);
}

#[test]
fn what_a_provider_did_not_do_for_want_of_a_secret_is_tried_as_soon_as_that_is_entered() {
    let secret = SecretRef::Keyring("aws".to_owned());
    let credentials = Credentials::Key { id: "AKIAFAKE".to_owned(), secret };
    let cloud = Cloud { region: "eu-west-1".to_owned(), endpoint: None, credentials };
    let provider = Provider::Asg { group: "web".to_owned(), cloud };
    let lacks = || ProviderError { kind: ProviderErrorKind::Credentials, ..error(false) };
    let list = |scene: &Scene| scene.commands.iter().filter(|command| **command == FleetCommand::List).count();
    let mut scene = Scene::new(Fleet { provider, ..fleet(1, 3, 5) });
    scene.launched("web-2");
    for _ in 0..6 {
        scene.happens(FleetEvent::CannotLaunch { instance: "web-1".into(), error: lacks() });
        scene.pass(20 * SECOND);
    }
    scene.happens(FleetEvent::CannotList(lacks()));
    let mut tried = |secret: &str| -> Vec<usize> {
        scene.commands.clear();
        scene.step(|machine, step| machine.secret_entered(secret, step.now));
        scene.step(FleetMachine::wake);
        ["web-1", "web-2", "web-3"].map(|name| scene.said(launch, name)).into_iter().chain([list(&scene)]).collect()
    };
    let nothing: Vec<usize> = vec![0, 0, 0, 0];
    assert_eq!(tried("another"), nothing);
    // What was launched, and what nobody has answered yet, is left alone.
    assert_eq!(tried("aws"), [1, 0, 0, 1]);
    // It is under way.
    assert_eq!(tried("aws")[..3], [0, 0, 0]);
    let terminates = |scene: &mut Scene| {
        scene.commands.clear();
        scene.step(|machine, step| machine.secret_entered("aws", step.now));
        scene.step(FleetMachine::wake);
        scene.said(terminate, "web-2")
    };
    scene.step(|machine, step| machine.ask_remove("web-2", DRAINED_WITHIN, step)).unwrap();
    assert_eq!(terminates(&mut scene), 0, "it is being terminated");
    scene.happens(FleetEvent::CannotTerminate { instance: "web-2".into(), error: lacks() });
    assert_eq!(terminates(&mut scene), 1);
}

#[test]
fn what_does_not_boot_in_time_is_replaced() {
    let mut scene = Scene::new(fleet(1, 1, 5));
    scene.launched("web-1");
    scene.pass(299 * SECOND);
    assert_eq!(scene.of(InstanceState::Booting), ["web-1".into()]);
    scene.pass(10 * SECOND);
    assert_eq!(scene.said(terminate, "web-1"), 1);
    assert_eq!(scene.of(InstanceState::Launching), ["web-2".into()]);
    scene.happens(FleetEvent::Terminated { instance: "web-1".into(), why: None });
    assert_eq!(scene.disk["web-1"].state, InstanceState::Gone);
}

#[test]
fn a_token_is_good_for_one_and_who_has_proved_who_he_is_must_always() {
    let mut scene = Scene::new(fleet(1, 2, 5));
    assert!(!scene.announces("web-9", Proof::Token));
    assert!(scene.announces("web-1", Proof::Token));
    assert!(!scene.announces("web-1", Proof::Token));
    assert!(!scene.announces("web-1", Proof::None));
    assert!(scene.announces("web-1", Proof::Certificate));
    // The answer to its token was lost.
    assert!(scene.announces("web-2", Proof::Certificate));
    assert!(!scene.announces("web-2", Proof::Token));
    scene.crash();
    assert!(!scene.announces("web-1", Proof::Token));
    assert!(scene.announces("web-1", Proof::Certificate));
    assert_eq!(scene.machine.refused().values().sum::<u64>(), 1);
}

#[test]
fn who_falls_silent_is_suspect_then_lost_and_then_replaced_and_comes_back_before_that() {
    let mut scene = Scene::new(fleet(3, 3, 9));
    scene.all_boot();
    scene.pass_with(120 * SECOND, Some(0.5));
    assert_eq!(scene.of(InstanceState::Running).len(), 3);
    // One alone says nothing any more.
    let mut seen = Vec::new();
    for _ in 0..120 {
        scene.at += SECOND;
        let heard = |instance: &str| Heartbeat { instance: instance.into(), load: Some(0.5), ago: Duration::ZERO };
        scene.happens(FleetEvent::Heard(vec![heard("web-1"), heard("web-2")]));
        scene.step(FleetMachine::wake);
        let state = scene.machine.instance("web-3").map(|live| live.instance.state);
        if seen.last() != Some(&state) {
            seen.push(state);
        }
    }
    let states = [InstanceState::Running, InstanceState::Suspect, InstanceState::Terminating];
    assert_eq!(seen, states.map(Some));
    assert_eq!(scene.of(InstanceState::Launching), ["web-4".into()]);
    assert_eq!(scene.troubles[0], (Trouble::Lost, true));
}

#[test]
fn where_most_fall_silent_at_once_nobody_is_replaced() {
    let mut scene = Scene::new(fleet(3, 4, 9));
    scene.all_boot();
    scene.pass_with(120 * SECOND, Some(0.5));
    scene.pass(600 * SECOND);
    assert_eq!((scene.machine.instances().count(), scene.of(InstanceState::Launching).len()), (4, 0));
    assert!(scene.troubles.contains(&(Trouble::Held, true)), "{:?}", scene.troubles);
    assert!(scene.machine.last_decision().unwrap().decision.is_held());
    let heard = |name: Arc<str>| Heartbeat { instance: name, load: Some(0.5), ago: Duration::ZERO };
    let all: Vec<Arc<str>> = scene.machine.instances().map(|live| Arc::clone(&live.instance.name)).collect();
    scene.happens(FleetEvent::Heard(all.into_iter().map(heard).collect()));
    assert_eq!(scene.of(InstanceState::Running).len(), 4);
}

#[test]
fn whoever_fell_silent_with_others_has_time_to_come_back_once_one_of_them_has() {
    let mut scene = Scene::new(fleet(3, 4, 9));
    scene.all_boot();
    let heard = |scene: &mut Scene, names: &[&str]| {
        scene.at += SECOND;
        let one = |name: &&str| Heartbeat { instance: (*name).into(), load: Some(0.5), ago: Duration::ZERO };
        scene.happens(FleetEvent::Heard(names.iter().map(one).collect()));
        scene.step(FleetMachine::wake);
    };
    (0..120).for_each(|_| heard(&mut scene, &["web-1", "web-2", "web-3", "web-4"]));
    scene.pass(600 * SECOND);
    assert_eq!(scene.of(InstanceState::Lost).len(), 4);
    (0..80).for_each(|_| heard(&mut scene, &["web-1", "web-2", "web-3"]));
    assert_eq!(scene.of(InstanceState::Suspect), ["web-4".into()]);
    (0..80).for_each(|_| heard(&mut scene, &["web-1", "web-2", "web-3", "web-4"]));
    assert_eq!((scene.of(InstanceState::Running).len(), scene.of(InstanceState::Launching).len()), (4, 0));
    // But whoever never comes is replaced.
    scene.pass(600 * SECOND);
    (0..100).for_each(|_| heard(&mut scene, &["web-1", "web-2", "web-3"]));
    assert_eq!(scene.of(InstanceState::Terminating), ["web-4".into()]);
    assert_eq!(scene.of(InstanceState::Launching), ["web-5".into()]);
}

#[test]
fn the_load_makes_it_grow_and_shrink_and_who_is_removed_may_finish() {
    let mut scene = Scene::new(Fleet { policy: Policy::Seed, ..fleet(1, 1, 3) });
    scene.all_boot();
    scene.pass_with(10 * SECOND, Some(0.9));
    assert_eq!(scene.of(InstanceState::Launching).len(), 2);
    scene.all_boot();
    scene.commands.clear();
    scene.pass_with(6 * SECOND, Some(0.1));
    let leaving = scene.of(InstanceState::Draining);
    assert!(!leaving.is_empty());
    assert_eq!((scene.said(drain, &leaving[0]), scene.said(terminate, &leaving[0])), (1, 0));
    scene.happens(FleetEvent::Drained { instance: Arc::clone(&leaving[0]) });
    assert_eq!(scene.said(terminate, &leaving[0]), 1);
    // The other has had its time.
    scene.pass_with(40 * SECOND, Some(0.1));
    assert_eq!(scene.of(InstanceState::Draining), [""; 0].map(Into::into));
    assert_eq!(scene.of(InstanceState::Running).len(), 1);
}

#[test]
fn a_load_that_gets_too_high_is_answered_as_soon_as_it_is_heard() {
    let mut scene = Scene::new(Fleet { heartbeat: 60 * SECOND, ..fleet(1, 2, 10) });
    scene.all_boot();
    scene.pass_with(180 * SECOND, Some(0.6));
    assert_eq!(scene.machine.count(), 2);
    scene.pass_with(SECOND, Some(0.9));
    assert_eq!(scene.machine.count(), 3);
    // From then on it is decided at every heartbeat again: what was launched has to show first.
    scene.all_boot();
    scene.pass_with(50 * SECOND, Some(0.9));
    assert_eq!(scene.machine.count(), 3);
}

#[test]
fn what_the_provider_has_is_counted_or_shown_and_never_ended() {
    let mut scene = Scene::new(fleet(1, 2, 5));
    scene.launched("web-1");
    let listed = |id: &str, name: Option<&str>, lives| {
        let name = name.map(Into::into);
        Listed { id: id.to_owned(), name, lives, outdated: false }
    };
    // Its launch was done, although nobody heard of it; and one is nobody's.
    let all =
        vec![listed("i-web-1", None, true), listed("i-2", Some("web-2"), true), listed("i-3", Some("web-7"), true)];
    scene.happens(FleetEvent::Listed(all.clone()));
    assert_eq!(scene.of(InstanceState::Booting), ["web-1".into(), "web-2".into()]);
    assert_eq!(scene.machine.orphans(), &all[2..]);
    assert_eq!(scene.said(terminate, "web-7"), 0);
    // What does not show yet is not gone, and what does not show any more is.
    scene.happens(FleetEvent::Listed(Vec::new()));
    assert_eq!(scene.machine.count(), 2);
    scene.pass(280 * SECOND);
    scene.happens(FleetEvent::Listed(vec![listed("i-2", Some("web-2"), false), listed("i-web-1", None, true)]));
    assert_eq!((scene.disk["web-2"].state, scene.disk["web-1"].state), (InstanceState::Gone, InstanceState::Booting));
}

#[test]
fn what_somebody_wants_is_done_and_no_rule_undoes_it() {
    let mut scene = Scene::new(Fleet { policy: Policy::Seed, ..fleet(1, 1, 3) });
    scene.all_boot();
    let added = scene.step(FleetMachine::ask_launch).unwrap();
    scene.all_boot();
    assert_eq!(
        scene.step(|machine, step| machine.ask_remove("web-9", DRAINED_WITHIN, step)),
        Err(Unwanted::NoSuchInstance)
    );
    scene.step(|machine, step| machine.ask_protect("web-1", true, step)).unwrap();
    assert_eq!(scene.step(|machine, step| machine.ask_remove("web-1", DRAINED_WITHIN, step)), Err(Unwanted::Protected));
    scene.pass_with(100 * SECOND, Some(0.1));
    assert_eq!(scene.of(InstanceState::Running).len(), 2);
    scene.step(|machine, step| machine.ask_remove(&added, DRAINED_WITHIN, step)).unwrap();
    assert_eq!(scene.of(InstanceState::Draining), [added]);
    let _third = scene.step(FleetMachine::ask_launch).unwrap();
    let _fourth = scene.step(FleetMachine::ask_launch).unwrap();
    assert_eq!(scene.step(FleetMachine::ask_launch), Err(Unwanted::Full));
}

#[test]
fn an_instance_that_ends_by_itself_is_missed_at_once() {
    let mut scene = Scene::new(fleet(1, 2, 5));
    scene.all_boot();
    scene.pass_with(20 * SECOND, Some(0.5));
    scene.happens(FleetEvent::Terminated { instance: "web-1".into(), why: Some("killed".to_owned()) });
    scene.pass_with(Duration::ZERO, Some(0.5));
    assert_eq!(scene.of(InstanceState::Launching), ["web-3".into()]);
    assert_eq!(scene.disk["web-1"].error.as_deref(), Some("killed"));
}

#[test]
fn what_was_seen_and_is_missing_twice_is_gone_and_what_was_launched_a_moment_ago_is_not() {
    let mut scene = Scene::new(fleet(2, 2, 5));
    scene.launched("web-1");
    scene.launched("web-2");
    assert!(scene.announces("web-2", Proof::Token));
    let listed = |name: &str| Listed { id: format!("i-{name}"), name: Some(name.into()), lives: true, outdated: false };
    // Two were seen, and a third was only launched.
    scene.happens(FleetEvent::Listed(vec![listed("web-1"), listed("web-2")]));
    let third = scene.step(FleetMachine::ask_launch).unwrap();
    scene.launched(&third);
    scene.happens(FleetEvent::Listed(Vec::new()));
    assert_eq!(scene.machine.count(), 3);
    scene.happens(FleetEvent::Listed(vec![listed("web-2")]));
    assert_eq!(scene.disk["web-1"].state, InstanceState::Gone);
    // Missing once is not missing twice in a row.
    scene.happens(FleetEvent::Listed(Vec::new()));
    assert_eq!(scene.disk["web-2"].state, InstanceState::Running);
    scene.happens(FleetEvent::Listed(Vec::new()));
    assert_eq!((scene.disk["web-2"].state, scene.disk[&third].state), (InstanceState::Gone, InstanceState::Booting));
}

#[test]
fn what_is_missing_is_looked_for_again_soon() {
    let mut scene = Scene::new(fleet(1, 1, 5));
    scene.all_boot();
    let listed = Listed { id: "i-web-1".to_owned(), name: Some("web-1".into()), lives: true, outdated: false };
    scene.happens(FleetEvent::Listed(vec![listed]));
    scene.pass_with(70 * SECOND, Some(0.5));
    scene.commands.clear();
    scene.happens(FleetEvent::Listed(Vec::new()));
    scene.pass_with(10 * SECOND, Some(0.5));
    assert!(scene.commands.contains(&FleetCommand::List));
}

#[test]
fn processes_of_this_machine_end_with_estatus_and_servers_do_not() {
    let mut scene = Scene::new(fleet(1, 2, 5));
    scene.all_boot();
    scene.step(FleetMachine::quit);
    assert_eq!(scene.of(InstanceState::Terminating).len(), 2);
    assert!(scene.machine.is_stopping());
    for name in ["web-1", "web-2"] {
        scene.happens(FleetEvent::Terminated { instance: name.into(), why: None });
    }
    scene.pass(600 * SECOND);
    assert_eq!((scene.machine.instances().count(), scene.machine.is_stopping()), (0, false));
    // The next Estatus has as many again.
    scene.crash();
    scene.happens(FleetEvent::Listed(Vec::new()));
    scene.pass(60 * SECOND);
    assert_eq!(scene.of(InstanceState::Launching), ["web-3".into(), "web-4".into()]);

    let cloud = Cloud { region: "us-east-1".to_owned(), endpoint: None, credentials: Credentials::Role };
    let group = Provider::Asg { group: "web".to_owned(), cloud };
    let mut servers = Scene::new(Fleet { provider: group, ..fleet(1, 2, 5) });
    servers.all_boot();
    servers.step(FleetMachine::quit);
    assert_eq!((servers.of(InstanceState::Running).len(), servers.machine.is_stopping()), (2, false));
}

#[test]
fn what_the_budgets_count_does_not_grow_where_the_clock_is_set_back() {
    let budget = LaunchBudget { launches: 3, within: 3600 * SECOND };
    let mut scene = Scene::new(Fleet { budget, policy: Policy::Manual, ..fleet(0, 3, 9) });
    assert_eq!(scene.machine.memory.launches.len(), 3);
    scene.all_boot();
    scene.set_back = 7200 * SECOND;
    for name in ["web-1", "web-2", "web-3"] {
        scene.happens(FleetEvent::Terminated { instance: name.into(), why: None });
    }
    scene.pass(10 * SECOND);
    assert_eq!(scene.machine.memory.launches.len(), 3);
}

#[test]
fn what_an_earlier_life_may_have_launched_is_tried_with_the_same_words() {
    let mut scene = Scene::new(fleet(1, 1, 5));
    scene.crash();
    scene.happens(FleetEvent::CannotLaunch { instance: "web-1".into(), error: error(false) });
    scene.commands.clear();
    scene.pass(20 * SECOND);
    let is_launch = |command: &&FleetCommand| matches!(command, FleetCommand::Launch { .. });
    let launches: Vec<&FleetCommand> = scene.commands.iter().filter(is_launch).collect();
    assert_eq!(launches, [&FleetCommand::Launch { instance: "web-1".into(), attempt: 0 }]);
}
