//! Programs and remedies, told as scenes: what happens goes in, what is done is read line by line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by them")]

use std::{collections::BTreeMap, fmt::Write, sync::Arc, time::Duration};

use estatus_core::{
    Engine, Timestamp,
    check::{Check, HostPort, TcpCheck},
    command::{CommandEnd, CommandLine, CommandOutcome, Run},
    config::{AlertWhen, Channel, CommandChannel, Config, Monitor, NetworkPolicy},
    engine::{Ask, Effect, EffectId, Input},
    exit::Exit,
    incident::{DeliveryResult, News},
    maintenance::Cron,
    observation::{Cause, Failure, Observation, Phase, Phases},
    program::{
        CpuCeiling, Ended, Found, MemoryCeiling, OnQuit, ProcessId, Program, ProgramEvent, Ready, RestartLimit,
        RestartPolicy, RestartWhen, StartFailure, StartId,
    },
    record::{JournalEntry, Record, Restored},
    remedy::{Remedy, RemedyAction},
    time::{Instant, Now, later},
};

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn line(command: &str) -> CommandLine {
    let run = Run::Program { program: command.to_owned(), args: Vec::new() };
    CommandLine { run, directory: None, env: Vec::new(), secret_env: Vec::new() }
}

fn program(name: &str) -> Program {
    Program::new(name, line(name))
}

fn tcp(port: u16) -> Check {
    let address = HostPort { host: "127.0.0.1".to_owned(), port };
    Check::Tcp(TcpCheck { address, ip: None, send: None, expect: None })
}

fn monitor(name: &str, remedy: Option<Remedy>) -> Monitor {
    Monitor { every: seconds(10.0), retry_every: seconds(10.0), on_down: remedy, ..Monitor::new(name, tcp(1)) }
}

fn restart(name: &str) -> Option<Remedy> {
    Some(Remedy::new(RemedyAction::Restart(name.into())))
}

/// An engine in a world where programs do as they are told, until the scene says otherwise.
struct Scene {
    core: Engine,
    config: Arc<Config>,
    now: Duration,
    /// Whether a probe succeeds now.
    is_up: bool,
    /// What a start comes to.
    cannot_start: Option<StartFailure>,
    /// What a remedy's command ends with.
    command_exit: i32,
    running: BTreeMap<Arc<str>, StartId>,
    pids: u32,
    story: String,
}

impl Scene {
    fn new(programs: Vec<Program>, monitors: Vec<Monitor>) -> Self {
        let mut config = Config {
            programs: programs.into_iter().map(Arc::new).collect(),
            monitors: monitors.into_iter().map(Arc::new).collect(),
            network: NetworkPolicy { reference: Vec::new() },
            ..Config::default()
        };
        let command = CommandChannel { command: line("tell"), timeout: seconds(5.0) };
        config.channels.insert("desk".to_owned(), Channel::Command(command));
        Self::with(Arc::new(config), Restored::default(), Duration::ZERO)
    }

    fn with(config: Arc<Config>, restored: Restored, now: Duration) -> Self {
        let core = Engine::new(Arc::clone(&config), restored, 1, at(now));
        Self {
            core,
            config,
            now,
            is_up: true,
            cannot_start: None,
            command_exit: 0,
            running: BTreeMap::new(),
            pids: 100,
            story: String::new(),
        }
    }

    fn tell(&mut self, what: &str) {
        let now = self.now.as_secs_f64();
        writeln!(self.story, "{now:.1} {what}").unwrap();
    }

    /// What was done since it was last asked for.
    fn take(&mut self) -> String {
        std::mem::take(&mut self.story)
    }

    fn input(&mut self, input: Input) {
        self.core.handle(input, at(self.now)).unwrap();
        self.carry_out();
    }

    fn happens(&mut self, program: &str, event: ProgramEvent) {
        self.input(Input::Program { program: program.into(), event });
    }

    fn exits(&mut self, program: &str, exit: Exit) {
        let start = self.running.remove(program).expect("it runs");
        let tail = vec!["last words".to_owned()];
        let ended = Ended { start, exit, at: at(self.now).utc, left: Vec::new(), tail };
        self.happens(program, ProgramEvent::Exited(ended));
    }

    fn asks(&mut self, ask: Ask) {
        self.input(Input::Asked(ask));
    }

    /// Time goes by.
    fn passes(&mut self, span: f64) {
        let end = self.now + seconds(span);
        self.carry_out();
        while let Some((due, _)) = self.core.next_deadline()
            && due.since_boot() <= end
        {
            self.now = due.since_boot().max(self.now);
            self.core.handle_timeout(at(self.now));
            self.carry_out();
        }
        self.now = end;
        self.core.handle_timeout(at(self.now));
        self.carry_out();
    }

    fn carry_out(&mut self) {
        while let Some(effect) = self.core.poll_effect() {
            match effect {
                Effect::Record(records) => records.iter().for_each(|record| self.recorded(record)),
                Effect::LookForProgram { program } => {
                    let found = match self.running.get(&program.name) {
                        Some(&start) => {
                            Found::Running { start, process: self.process(), since: at(self.now).utc, ready: true }
                        }
                        None => Found::Nothing,
                    };
                    self.happens(&program.name.clone(), ProgramEvent::Found(found));
                }
                Effect::StartProgram { program, start, handed, .. } => self.start(&program, start, handed.restarts),
                Effect::StopProgram { program, start } => {
                    self.tell(&format!("stop {} {start}", program.name));
                    if self.running.contains_key(&program.name) {
                        self.exits(&program.name.clone(), Exit::Signal(15));
                    }
                }
                Effect::StartProbe { id, .. } => self.probe(id),
                Effect::RunCommand { id, run } => {
                    self.tell(&format!("run {}", run.command));
                    let outcome = CommandOutcome {
                        end: CommandEnd::Exited(self.command_exit),
                        stdout: String::new(),
                        stderr: String::new(),
                        took: seconds(0.1),
                    };
                    self.input(Input::CommandRan { id, outcome });
                }
                Effect::SendAlert { id, message } => {
                    let news: Vec<&str> = message.alerts.iter().map(|alert| news_word(&alert.news)).collect();
                    let answers = if message.answers.is_empty() { "" } else { " in answer" };
                    self.tell(&format!("mail {}{answers}", news.join(" ")));
                    self.input(Input::Delivered { id, result: DeliveryResult::Delivered });
                }
                Effect::MeasureProgram { program, start } => {
                    let event = ProgramEvent::Measured { start, memory: 2_000_000_000, cpu: Some(1.0) };
                    self.happens(&program, event);
                }
                Effect::CancelProbe { .. }
                | Effect::AskNetwork { .. }
                | Effect::ReleaseProgram { .. }
                | Effect::Publish(_) => {}
            }
        }
    }

    fn start(&mut self, program: &Arc<Program>, start: StartId, restarts: u64) {
        assert!(!self.running.contains_key(&program.name), "two copies of {}", program.name);
        if let Some(failure) = self.cannot_start.clone() {
            self.tell(&format!("cannot start {} {start}", program.name));
            self.happens(&program.name.clone(), ProgramEvent::CannotStart { start, failure });
            return;
        }
        self.tell(&format!("start {} {start} after {restarts}", program.name));
        self.running.insert(Arc::clone(&program.name), start);
        let process = self.process();
        self.happens(&program.name.clone(), ProgramEvent::Started { start, process });
    }

    fn process(&mut self) -> ProcessId {
        self.pids += 1;
        ProcessId { pid: self.pids, started: 1 }
    }

    fn probe(&mut self, id: EffectId) {
        let begun = at(self.now).utc;
        let failure = Failure::new(Phase::Connect, Cause::Refused);
        let observation = if self.is_up {
            Observation::up(begun, Phases::default(), "")
        } else {
            Observation::down(begun, Phases::default(), "", failure)
        };
        self.input(Input::Probed { id, observation });
    }

    fn recorded(&mut self, record: &Record) {
        if let Record::Journal { entry, .. } = record {
            match entry {
                JournalEntry::Program { program, to, .. } => self.tell(&format!("{program} {to}")),
                JournalEntry::Remedy { attempt, .. } => {
                    let outcome = serde_json::to_value(&attempt.outcome).unwrap();
                    let word = outcome.get("outcome").and_then(|word| word.as_str()).unwrap_or("begins").to_owned();
                    let kind = outcome["of"]["kind"].as_str().map(|kind| format!(" {kind}")).unwrap_or_default();
                    let words = attempt.output.first().map(|words| format!(" after {words}")).unwrap_or_default();
                    self.tell(&format!("remedy {word}{kind}{words}"));
                }
                JournalEntry::Health { to, .. } => self.tell(&format!("health {to}")),
                _ => {}
            }
        }
    }

    /// The engine is killed and started again; programs go on.
    fn crashes(self) -> Self {
        let restored = self.core.snapshot();
        let mut scene = Self::with(self.config, restored, self.now);
        scene.running = self.running;
        scene.is_up = self.is_up;
        scene.pids = self.pids;
        scene
    }
}

fn at(now: Duration) -> Now {
    let utc = later(Timestamp::from_second(1_700_000_000).unwrap(), now);
    Now { monotonic: Instant::from_boot(now), slept: Duration::ZERO, utc }
}

fn news_word(news: &News) -> &'static str {
    match news {
        News::Down { .. } => "down",
        News::Recovered { .. } => "recovered",
        News::Escalated { .. } => "escalated",
        News::Cooling { .. } => "cooling",
        News::Steady => "steady",
        News::Reminder { .. } | News::Flapping { .. } | News::Settled { .. } | News::Warning { .. } => "other",
    }
}

/// How many times `word` begins the words of a line.
fn count(story: &str, what: &str) -> usize {
    story.lines().filter(|line| line.split_once(' ').is_some_and(|(_, rest)| rest.starts_with(what))).count()
}

#[test]
fn a_program_is_looked_for_then_started_and_started_again_when_it_ends() {
    let mut scene = Scene::new(vec![program("web")], vec![]);
    scene.passes(1.0);
    assert_eq!(scene.take(), "0.0 web starting\n0.0 start web 1 after 0\n0.0 web running\n");
    scene.exits("web", Exit::Code(1));
    assert_eq!(scene.take(), "1.0 web starting\n1.0 start web 2 after 1\n1.0 web running\n");
}

#[test]
fn restarts_wait_longer_and_longer_until_they_are_too_many_and_one_alert_says_so() {
    let mut scene = Scene::new(vec![program("web")], vec![]);
    let mut starts = Vec::new();
    scene.passes(0.0);
    for _ in 0..6 {
        scene.exits("web", Exit::Code(1));
        let before = scene.now;
        while !scene.running.contains_key("web") && scene.now < before + seconds(400.0) {
            scene.passes(0.1);
        }
        starts.push((scene.now - before).as_secs_f64());
    }
    let expected = [0.0, 1.0, 2.0, 4.0, 8.0, 300.0];
    for (waited, wanted) in starts.iter().zip(expected) {
        assert!((waited - wanted).abs() <= wanted * 0.2 + 0.11, "{starts:?}");
    }
    assert_eq!(count(&scene.story, "mail cooling"), 1, "{}", scene.story);
    scene.exits("web", Exit::Code(1));
    scene.passes(3000.0);
    assert_eq!(count(&scene.story, "mail"), 2, "the second mail is of its recovery: {}", scene.story);
    assert_eq!(count(&scene.story, "mail steady in answer"), 1, "{}", scene.story);
}

#[test]
fn a_healthy_stretch_makes_a_restart_come_at_once_again() {
    let mut scene = Scene::new(vec![program("web")], vec![]);
    scene.passes(0.0);
    for _ in 0..20 {
        scene.exits("web", Exit::Signal(11));
        scene.passes(61.0);
    }
    assert_eq!(count(&scene.story, "start web"), 21);
    assert_eq!(count(&scene.story, "web cooling"), 0);
}

#[test]
fn the_restart_policy_decides_by_exit_code() {
    let check = |when, restart_on: &[Exit], ignore: &[Exit], exit, restarts: bool| {
        let restart = RestartPolicy { when, restart_on: restart_on.to_vec(), ignore: ignore.to_vec() };
        let mut scene = Scene::new(vec![Program { restart, ..program("web") }], vec![]);
        scene.passes(0.0);
        scene.exits("web", exit);
        assert_eq!(scene.running.contains_key("web"), restarts, "{when:?} {exit:?}: {}", scene.story);
    };
    check(RestartWhen::Always, &[], &[], Exit::Code(0), true);
    check(RestartWhen::Always, &[], &[Exit::Code(0)], Exit::Code(0), false);
    check(RestartWhen::OnFailure, &[], &[], Exit::Code(0), false);
    check(RestartWhen::OnFailure, &[], &[], Exit::Code(3), true);
    check(RestartWhen::OnFailure, &[], &[], Exit::Unseen, true);
    check(RestartWhen::Never, &[], &[], Exit::Signal(9), false);
    check(RestartWhen::Never, &[Exit::Code(75)], &[], Exit::Code(75), true);
}

#[test]
fn a_users_stop_holds_over_a_restart_of_estatus_and_a_start_ends_it() {
    let mut scene = Scene::new(vec![program("web")], vec![monitor("page", restart("web"))]);
    scene.passes(20.0);
    scene.asks(Ask::StopProgram { program: "web".to_owned() });
    scene.is_up = false;
    scene.passes(100.0);
    let mut scene = scene.crashes();
    scene.passes(1000.0);
    assert_eq!(count(&scene.story, "start"), 0, "{}", scene.story);
    assert_eq!(count(&scene.story, "mail"), 0, "what the user stopped is no alarm: {}", scene.story);
    scene.asks(Ask::StartProgram { program: "web".to_owned() });
    scene.passes(1.0);
    assert!(scene.running.contains_key("web"), "{}", scene.story);
}

#[test]
fn restart_now_works_while_it_is_cooling() {
    let mut scene = Scene::new(vec![program("web")], vec![]);
    scene.passes(0.0);
    while count(&scene.story, "web cooling") == 0 {
        if scene.running.contains_key("web") {
            scene.exits("web", Exit::Code(1));
        }
        scene.passes(1.0);
    }
    scene.take();
    scene.asks(Ask::RestartProgram { program: "web".to_owned() });
    assert_eq!(count(&scene.story, "start web"), 1, "{}", scene.story);
}

#[test]
fn what_can_never_start_is_told_at_once_and_tried_every_five_minutes() {
    let mut scene = Scene::new(vec![], vec![]);
    let config = Config { programs: vec![Arc::new(program("web"))], ..(*scene.config).clone() };
    scene.cannot_start = Some(StartFailure::ProgramMissing { program: "web".to_owned() });
    scene.core.apply_config(Arc::new(config), at(Duration::ZERO));
    scene.passes(601.0);
    assert_eq!(count(&scene.story, "cannot start"), 3, "{}", scene.story);
    assert_eq!(count(&scene.story, "mail cooling"), 1, "{}", scene.story);
}

#[test]
fn a_port_that_is_held_is_waited_for_without_using_up_the_limit() {
    let mut scene = Scene::new(vec![], vec![]);
    let config = Config { programs: vec![Arc::new(program("web"))], ..(*scene.config).clone() };
    scene.cannot_start = Some(StartFailure::PortHeld { port: 5173, holder: Some("node (pid 7)".to_owned()) });
    scene.core.apply_config(Arc::new(config), at(Duration::ZERO));
    scene.passes(300.0);
    assert_eq!(count(&scene.story, "web cooling"), 0, "{}", scene.story);
    assert_eq!(count(&scene.story, "mail cooling"), 1, "{}", scene.story);
    scene.cannot_start = None;
    scene.passes(80.0);
    assert!(scene.running.contains_key("web"), "{}", scene.story);
    scene.take();
    scene.exits("web", Exit::Code(1));
    assert!(scene.running.contains_key("web"), "{}", scene.story);
}

#[test]
fn a_program_starts_when_those_before_it_are_ready() {
    let ready = Some(Ready::Notify);
    let web = Program { start_after: vec!["database".into()], ..program("web") };
    let mut scene = Scene::new(vec![web, Program { ready, ..program("database") }], vec![]);
    scene.passes(5.0);
    assert!(!scene.running.contains_key("web"), "{}", scene.story);
    scene.happens("database", ProgramEvent::Ready { start: StartId(1) });
    assert!(scene.running.contains_key("web"), "{}", scene.story);
}

#[test]
fn a_program_that_is_not_ready_in_time_is_started_again() {
    let ready = Some(Ready::Log("ready".to_owned()));
    let web = Program { ready, ready_within: seconds(10.0), ..program("web") };
    let mut scene = Scene::new(vec![web], vec![]);
    scene.passes(10.5);
    assert_eq!(count(&scene.story, "stop web 1"), 1, "{}", scene.story);
    assert_eq!(count(&scene.story, "start web 2"), 1, "{}", scene.story);
}

#[test]
fn readiness_is_probed_until_it_is_there() {
    let ready = Some(Ready::Check { check: Box::new(tcp(2)), timeout: seconds(1.0) });
    let mut scene = Scene::new(vec![Program { ready, ..program("web") }], vec![]);
    scene.is_up = false;
    scene.passes(3.0);
    assert_eq!(count(&scene.story, "web running"), 0, "{}", scene.story);
    scene.is_up = true;
    scene.passes(0.4);
    assert_eq!(count(&scene.story, "web running"), 1, "{}", scene.story);
}

#[test]
fn a_program_that_leaks_is_started_again() {
    let memory = Some(MemoryCeiling { above: 1_000_000_000, lasts: seconds(60.0) });
    let mut scene = Scene::new(vec![Program { memory, ..program("web") }], vec![]);
    scene.passes(50.0);
    assert_eq!(count(&scene.story, "start web"), 1);
    scene.passes(40.0);
    assert_eq!(count(&scene.story, "start web"), 2, "{}", scene.story);
}

#[test]
fn a_program_that_is_too_busy_for_too_long_is_started_again() {
    let check = |above: f64, starts: usize| {
        let cpu = Some(CpuCeiling { above, lasts: seconds(60.0) });
        let mut scene = Scene::new(vec![Program { cpu, ..program("web") }], vec![]);
        scene.passes(50.0);
        assert_eq!(count(&scene.story, "start web"), 1);
        scene.passes(40.0);
        assert_eq!(count(&scene.story, "start web"), starts, "{}", scene.story);
    };
    check(0.5, 2);
    check(2.0, 1);
}

#[test]
fn a_planned_restart_comes_at_its_time_once_each_and_uses_up_no_limit() {
    let every = Some(Cron::parse("*/10 * * * *", "UTC").unwrap());
    let limit = RestartLimit { restarts: 1, within: seconds(3600.0) };
    let mut scene = Scene::new(vec![Program { every, limit, ..program("web") }], vec![]);
    // The scene begins at 22:13:20.
    scene.passes(390.0);
    assert_eq!(count(&scene.story, "start web"), 1, "{}", scene.story);
    scene.passes(20.0);
    assert_eq!(count(&scene.story, "start web"), 2, "{}", scene.story);
    scene.passes(3000.0);
    assert_eq!(count(&scene.story, "start web"), 7, "{}", scene.story);
    assert_eq!(count(&scene.story, "web cooling"), 0, "{}", scene.story);
}

#[test]
fn a_silent_watchdog_restarts_and_news_of_an_older_start_does_not() {
    let mut scene = Scene::new(vec![program("web")], vec![]);
    scene.passes(1.0);
    scene.happens("web", ProgramEvent::Silent { start: StartId(1) });
    assert_eq!(count(&scene.story, "start web"), 2, "{}", scene.story);
    scene.happens("web", ProgramEvent::Silent { start: StartId(1) });
    assert_eq!(count(&scene.story, "start web"), 2, "{}", scene.story);
}

#[test]
fn after_a_crash_of_estatus_what_runs_is_kept_and_never_started_twice() {
    let mut scene = Scene::new(vec![program("web")], vec![]);
    scene.passes(10.0);
    let mut scene = scene.crashes();
    scene.passes(1.0);
    assert_eq!(scene.take(), "10.0 web running\n");
    assert!(scene.core.program("web").unwrap().process.is_some());
}

#[test]
fn what_ended_while_estatus_was_away_is_started_again_with_its_exit_known() {
    let mut scene = Scene::new(vec![program("web")], vec![]);
    scene.passes(10.0);
    let mut config = scene.core.snapshot();
    config.programs.get_mut("web").unwrap().last_start = StartId(1);
    let mut core = Engine::new(Arc::clone(&scene.config), config, 1, at(scene.now));
    while core.poll_effect().is_some() {}
    let ended = Ended { start: StartId(1), exit: Exit::Code(7), at: at(scene.now).utc, left: vec![], tail: vec![] };
    let event = ProgramEvent::Found(Found::Ended(ended));
    core.handle(Input::Program { program: "web".into(), event }, at(scene.now)).unwrap();
    let handed = std::iter::from_fn(|| core.poll_effect()).find_map(|effect| match effect {
        Effect::StartProgram { handed, .. } => Some(handed),
        _ => None,
    });
    assert_eq!(handed.and_then(|handed| handed.last_exit), Some(Exit::Code(7)));
}

#[test]
fn quitting_stops_what_must_not_outlive_estatus_dependants_first() {
    let stays = Program { on_quit: OnQuit::LeaveRunning, ..program("stays") };
    let web = Program { start_after: vec!["database".into()], ..program("web") };
    let mut scene = Scene::new(vec![program("database"), web, stays], vec![]);
    scene.passes(1.0);
    scene.take();
    scene.input(Input::Quitting);
    let story = scene.take();
    let stops: Vec<&str> = story.lines().filter(|line| line.contains(" stop ")).collect();
    assert_eq!(stops, ["1.0 stop web 1", "1.0 stop database 1"], "{story}");
    assert!(!scene.core.is_stopping_programs());
    let mut scene = scene.crashes();
    scene.passes(1.0);
    assert_eq!(scene.running.len(), 3, "what was stopped for quitting runs again: {}", scene.story);
}

#[test]
fn a_remedy_restarts_the_program_and_the_same_monitor_must_pass() {
    let mut scene = Scene::new(vec![program("web")], vec![monitor("page", restart("web"))]);
    scene.passes(100.0);
    scene.take();
    scene.is_up = false;
    scene.passes(10.0);
    assert_eq!(count(&scene.story, "remedy begins"), 1, "{}", scene.story);
    assert_eq!(count(&scene.story, "start web"), 1, "{}", scene.story);
    scene.is_up = true;
    scene.passes(10.0);
    assert_eq!(count(&scene.story, "remedy healed"), 1, "{}", scene.story);
    assert_eq!(count(&scene.story, "health up"), 1, "{}", scene.story);
    assert_eq!(count(&scene.story, "mail recovered"), 1, "one mail tells both: {}", scene.story);
    assert_eq!(count(&scene.story, "mail"), 1, "{}", scene.story);
}

#[test]
fn a_remedy_can_stop_a_program_which_then_stays_stopped() {
    let stop = Some(Remedy::new(RemedyAction::Stop("web".into())));
    let mut scene = Scene::new(vec![program("web")], vec![monitor("page", stop)]);
    scene.passes(100.0);
    scene.is_up = false;
    scene.passes(12.0);
    assert_eq!(count(&scene.story, "stop web"), 1, "{}", scene.story);
    scene.is_up = true;
    scene.passes(600.0);
    assert_eq!(count(&scene.story, "remedy healed"), 1, "{}", scene.story);
    assert_eq!(count(&scene.story, "start web"), 1, "{}", scene.story);
}

#[test]
fn failures_of_its_monitors_are_put_down_to_a_program_that_has_just_started() {
    let check = |is_up_after: f64, healths: usize| {
        let mut scene = Scene::new(vec![program("web")], vec![monitor("page", restart("web"))]);
        scene.is_up = false;
        scene.passes(is_up_after);
        scene.is_up = true;
        scene.passes(60.0);
        assert_eq!(count(&scene.story, "health down"), healths, "{is_up_after} s: {}", scene.story);
        assert_eq!(count(&scene.story, "start web"), 1 + healths, "{is_up_after} s: {}", scene.story);
    };
    check(50.0, 0);
    check(85.0, 1);
}

#[test]
fn what_a_program_wrote_before_it_ended_is_told_with_the_remedy_that_starts_it() {
    let restart = RestartPolicy { when: RestartWhen::Never, ..RestartPolicy::default() };
    let start = Some(Remedy::new(RemedyAction::Start("web".into())));
    let mut scene = Scene::new(vec![Program { restart, ..program("web") }], vec![monitor("page", start)]);
    scene.passes(100.0);
    scene.exits("web", Exit::Code(1));
    scene.is_up = false;
    scene.passes(12.0);
    assert_eq!(count(&scene.story, "remedy begins after last words"), 1, "{}", scene.story);
    scene.is_up = true;
    scene.passes(12.0);
    assert_eq!(count(&scene.story, "remedy healed after last words"), 1, "{}", scene.story);
}

#[test]
fn a_healed_incident_is_not_told_where_only_unhealed_ones_are() {
    let page = Monitor { alert_when: AlertWhen::Unhealed, ..monitor("page", restart("web")) };
    let mut scene = Scene::new(vec![program("web")], vec![page]);
    scene.passes(100.0);
    scene.is_up = false;
    scene.passes(12.0);
    scene.is_up = true;
    scene.passes(300.0);
    assert_eq!(count(&scene.story, "remedy healed"), 1, "{}", scene.story);
    assert_eq!(count(&scene.story, "mail"), 0, "{}", scene.story);
}

#[test]
fn what_no_try_heals_escalates_within_its_budget() {
    let check = |alert_when, wanted: &[&str]| {
        let page = Monitor { alert_when, ..monitor("page", restart("web")) };
        let mut scene = Scene::new(vec![program("web")], vec![page]);
        scene.passes(100.0);
        scene.is_up = false;
        scene.passes(1000.0);
        assert_eq!(count(&scene.story, "remedy begins"), 3, "{}", scene.story);
        assert_eq!(count(&scene.story, "remedy still_down"), 3, "{}", scene.story);
        assert!(scene.core.open_incidents().all(|incident| incident.escalated.is_some()));
        let mails: Vec<&str> =
            scene.story.lines().filter_map(|line| line.split_once(' ')?.1.strip_prefix("mail ")).collect();
        assert_eq!(mails, wanted, "{}", scene.story);
    };
    check(AlertWhen::Always, &["down", "escalated in answer"]);
    check(AlertWhen::Unhealed, &["down"]);
}

#[test]
fn a_command_heals_or_fails_with_its_exit_code() {
    let check = |exit, wanted: &str| {
        let action = RemedyAction::Run { command: line("mend"), timeout: seconds(5.0) };
        let remedy = Some(Remedy { tries: 1, ..Remedy::new(action) });
        let mut scene = Scene::new(vec![], vec![monitor("page", remedy)]);
        scene.command_exit = exit;
        scene.passes(20.0);
        scene.is_up = false;
        scene.passes(60.0);
        assert_eq!(count(&scene.story, "run mend"), 1, "{}", scene.story);
        assert_eq!(count(&scene.story, wanted), 1, "{}", scene.story);
    };
    check(0, "remedy still_down");
    check(3, "remedy not_done command");
}

#[test]
fn a_program_that_is_cooling_is_no_remedy() {
    let mut scene = Scene::new(vec![program("web")], vec![monitor("page", restart("web"))]);
    scene.passes(20.0);
    scene.is_up = false;
    for _ in 0..10 {
        if scene.running.contains_key("web") {
            scene.exits("web", Exit::Code(1));
        }
        scene.passes(9.0);
    }
    assert_eq!(count(&scene.story, "remedy not_done cooling"), 1, "{}", scene.story);
    assert!(scene.core.open_incidents().all(|incident| incident.escalated.is_some()));
}

#[test]
fn a_try_that_estatus_did_not_live_to_see_is_counted_and_the_next_one_made() {
    let mut scene = Scene::new(vec![program("web")], vec![monitor("page", restart("web"))]);
    scene.passes(100.0);
    scene.is_up = false;
    scene.passes(15.0);
    let mut scene = scene.crashes();
    scene.passes(300.0);
    assert_eq!(count(&scene.story, "remedy not_done interrupted"), 1, "{}", scene.story);
    assert_eq!(count(&scene.story, "remedy begins"), 2, "{}", scene.story);
    assert!(scene.core.open_incidents().all(|incident| incident.escalated.is_some()));
}
