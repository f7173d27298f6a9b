//! A world under a virtual clock: targets, networks, mail, a disk, and the core in the midst of it.

mod user;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use estatus_core::{
    Engine, Timestamp,
    config::{Channel, Config, Monitor},
    engine::{Effect, Input},
    ids::EffectId,
    incident::{DeliveryResult, Message},
    network::{NetworkAnswer, NetworkQuestion, Scope, Witness},
    observation::{Cause, Failure, Observation, Phase, Phases},
    record::{Record, Restored},
    time::{Instant, Now, later},
};

use crate::{
    agenda::Agenda,
    disk::Disk,
    inbox::Inbox,
    rules::Rules,
    script::{Script, Spells},
    waking::wake,
};

const LATENCY: Duration = Duration::from_millis(40);
const QUESTION_TIMEOUT: Duration = Duration::from_secs(2);
const MAIL_TAKES: Duration = Duration::from_secs(1);
/// No honest engine is woken so many times at one moment.
const WAKE_LIMIT: u32 = 100;

/// Why a probe failed, as only the world knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    Well,
    TargetDown,
    OurFault,
}

/// Something that will happen.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "most are probes")]
enum Coming {
    Probed { id: EffectId, monitor: Arc<str>, observation: Observation, truth: Truth },
    NetworkSeen { id: EffectId, question: NetworkQuestion, asked: Duration },
    Delivered { id: EffectId, message: Arc<Message>, begun: Duration },
    Crash,
    User,
    Check,
}

pub(crate) struct World {
    pub(crate) script: Script,
    /// Real time since the world began; the boot clock starts with it.
    pub(crate) now: Duration,
    /// The file as it is; the script has it whole.
    file: Arc<Config>,
    /// The channels of the last good version of the file.
    kept: BTreeMap<String, Channel>,
    core: Option<Engine>,
    disk: Disk,
    pub(crate) inboxes: BTreeMap<String, Inbox>,
    rules: Rules,
    agenda: Agenda<Coming>,
    /// Counts lives of the engine: what a dead one asked for comes back to nobody.
    life: u64,
    probes: u64,
}

impl World {
    pub(crate) fn new(script: Script) -> Self {
        let inboxes = script.config.channels.keys().map(|name| (name.clone(), Inbox::default())).collect();
        let mut world = Self {
            now: Duration::ZERO,
            file: Arc::clone(&script.config),
            kept: BTreeMap::new(),
            core: None,
            disk: Disk::default(),
            inboxes,
            rules: Rules::new(&script),
            agenda: Agenda::default(),
            life: 0,
            probes: 0,
            script,
        };
        for at in world.script.crashes.clone() {
            world.at(at, Coming::Crash);
        }
        world.at(Duration::from_secs(60), Coming::Check);
        if world.script.faults.edits {
            world.at(Duration::from_secs(3600), Coming::User);
        }
        world.start();
        world
    }

    pub(crate) fn run(&mut self) {
        while self.now < self.script.end {
            let event = self.agenda.next_at().unwrap_or(self.script.end);
            let core = self.core();
            let deadline = core.next_deadline().map_or(self.script.end, |(at, _)| at.since_boot());
            self.now = self.after_sleep(event.min(deadline).max(self.now));
            if deadline <= self.now {
                self.wake();
            }
            while let Some((coming, life)) = self.agenda.take_due(self.now) {
                self.happen(coming, life);
            }
            self.disk.tick(self.now, self.disk_is_full());
        }
        self.rules.at_the_end(
            &self.disk,
            &self.inboxes,
            self.core.as_ref().expect("there is always a core"),
            &self.script,
        );
    }

    pub(crate) fn summary(&self) -> String {
        let told: usize = self.inboxes.values().map(|inbox| inbox.received.len()).sum();
        let repeated: u64 = self.inboxes.values().map(|inbox| inbox.repeated).sum();
        format!(
            "seed {}: {} probes, {} incidents, {told} messages, {repeated} repeated, {} lives",
            self.script.seed,
            self.probes,
            self.disk.incidents.len(),
            self.life
        )
    }

    fn core(&self) -> &Engine {
        self.core.as_ref().expect("there is always a core")
    }

    /// Nothing happens on a machine that sleeps: `at`, or when it wakes up after that.
    fn after_sleep(&self, at: Duration) -> Duration {
        self.script.asleep.iter().find(|(from, to)| *from < at && at < *to).map_or(at, |(_, to)| to)
    }

    fn clocks(&self) -> Now {
        let slept = self.script.asleep.iter().take_while(|(_, to)| *to <= self.now).map(|(from, to)| to - from).sum();
        Now { monotonic: Instant::from_boot(self.now), slept, utc: self.wall(self.now) }
    }

    /// What the wall clock shows at `at`.
    fn wall(&self, at: Duration) -> Timestamp {
        let steps = self.script.clock_steps.iter().take_while(|(when, _)| *when <= at);
        let offset: i64 = steps.map(|(_, seconds)| seconds).sum();
        later(Timestamp::from_second(1_800_000_000 + offset).expect("a year of ours"), at)
    }

    fn start(&mut self) {
        self.life += 1;
        let restored = Restored { channels: self.kept.clone(), ..self.disk.restored() };
        self.core = Some(Engine::new(Arc::clone(&self.file), restored, self.script.seed, self.clocks()));
        self.carry_out();
        self.keep();
    }

    /// The file is the last good one once what follows from it is on disk.
    fn keep(&mut self) {
        if !self.disk_is_full() {
            self.disk.commit();
            self.kept = self.file.channels.clone();
        }
    }

    fn wake(&mut self) {
        wake(self, (self.script.seed, WAKE_LIMIT), |world| &mut world.core, Self::clocks, Self::carry_out);
    }

    fn happen(&mut self, coming: Coming, life: u64) {
        let ours = life == self.life;
        let now = self.clocks();
        let input = match coming {
            Coming::Crash => return self.crash(),
            Coming::User => return self.user(),
            Coming::Check => {
                let core = self.core.as_ref().expect("there is always a core");
                self.rules.check(core, &self.script, &self.file, &self.inboxes, self.now);
                return self.at(self.now + Duration::from_secs(601), Coming::Check);
            }
            Coming::Probed { id, monitor, observation, truth } => {
                if ours {
                    self.rules.probed(&monitor, truth);
                }
                Input::Probed { id, observation }
            }
            Coming::NetworkSeen { id, question, asked } => {
                Input::NetworkSeen { id, answer: self.look(&question, asked) }
            }
            Coming::Delivered { id, message, begun } => Input::Delivered { id, result: self.deliver(&message, begun) },
        };
        if ours {
            let core = self.core.as_mut().expect("there is always a core");
            core.handle(input, now).expect("only what a user asks can be refused");
            self.carry_out();
        }
    }

    /// The engine dies; its world goes on, the user may edit the file meanwhile, and it starts again.
    fn crash(&mut self) {
        self.rules.crashed(self.now);
        self.core = None;
        if self.script.faults.edits && self.now < self.script.peace && self.script.dice.one_in(3) {
            self.edit();
        }
        self.start();
    }

    fn carry_out(&mut self) {
        while let Some(effect) = self.core.as_mut().and_then(Engine::poll_effect) {
            match effect {
                Effect::Record(records) => self.record(records),
                Effect::StartProbe { id, monitor } => self.probe(id, &monitor),
                Effect::AskNetwork { id, question } => {
                    let asked = self.now;
                    let takes = if question.is_answered_by(&self.look(&question, asked).answered) {
                        LATENCY
                    } else {
                        QUESTION_TIMEOUT
                    };
                    self.at(asked + takes, Coming::NetworkSeen { id, question, asked });
                }
                Effect::SendAlert { id, message, .. } => {
                    let begun = self.now;
                    self.at(begun + MAIL_TAKES, Coming::Delivered { id, message, begun });
                }
                Effect::Cancel { .. } | Effect::Publish(_) => {}
                program => panic!("no program is configured: {program:?}"),
            }
            // Between any two effects the power may go.
            if self.script.faults.crashes && !self.disk_is_full() && self.script.dice.one_in(20_000) {
                return self.crash();
            }
        }
    }

    fn record(&mut self, records: Vec<Record>) {
        for record in &records {
            self.rules.recorded(record, self.now, &self.file);
        }
        let full = self.disk_is_full();
        self.disk.record(records, self.now, full);
    }

    fn disk_is_full(&self) -> bool {
        self.script.disk_full.covers(self.now)
    }

    fn probe(&mut self, id: EffectId, monitor: &Arc<Monitor>) {
        self.probes += 1;
        let begin = self.now;
        let index = self.script.config.monitors.iter().position(|other| other.check == monitor.check).expect("known");
        let core = self.core.as_ref().expect("there is always a core");
        if let Some(view) = core.monitor(&monitor.name) {
            self.rules.probe_begins(&view, begin);
        }
        let target = &self.script.targets[index];
        let slow = self.script.dice.below(20) == 0;
        let latency = if slow { LATENCY * 20 } else { LATENCY };
        let answered = begin + latency;
        let reachable = self.script.is_reachable(target.scope, begin, answered) && !self.sleeps(begin, answered);
        let (truth, cause, takes) = if !reachable {
            (Truth::OurFault, Some(Cause::TimedOut { after: monitor.timeout }), monitor.timeout)
        } else if target.down.covers(begin) {
            let cause = if target.hangs { Cause::TimedOut { after: monitor.timeout } } else { Cause::Refused };
            (Truth::TargetDown, Some(cause), if target.hangs { monitor.timeout } else { latency })
        } else {
            (Truth::Well, None, latency)
        };
        let at = self.wall(begin);
        let mut phases = Phases::default();
        phases.add(Phase::Connect, takes);
        let observation = match cause {
            None => Observation::up(at, phases, "connected"),
            Some(cause) => Observation::down(at, phases, "", Failure::new(Phase::Connect, cause)),
        };
        let monitor = Arc::clone(&monitor.name);
        self.at(begin + takes, Coming::Probed { id, monitor, observation, truth });
    }

    fn sleeps(&self, from: Duration, to: Duration) -> bool {
        self.script.asleep.touches(from, to)
    }

    fn look(&self, question: &NetworkQuestion, asked: Duration) -> NetworkAnswer {
        let until = asked + Duration::from_millis(500);
        let mut answer = NetworkAnswer {
            has_route: true,
            gateway: Some("192.168.1.1".parse().expect("an address")),
            ..NetworkAnswer::default()
        };
        if self.sleeps(asked, until) || self.script.witnesses_silent.covers(asked) {
            return answer;
        }
        if self.script.is_reachable(Scope::LocalNet, asked, until) {
            answer.answered.insert(Witness::Gateway);
        }
        if self.script.is_reachable(Scope::Internet, asked, until) {
            answer.answered.extend(question.references.iter().map(|host| Witness::Reference(host.to_string())));
        }
        answer
    }

    /// A mail server that is down refuses, or takes the mail and dies before it says so.
    fn deliver(&mut self, message: &Message, begun: Duration) -> DeliveryResult {
        let failed = |perhaps_received| DeliveryResult::Failed {
            error: "the server is away".to_owned(),
            perhaps_received,
            permanent: false,
        };
        let away = |spells: &Spells| spells.touches(begun, begun + MAIL_TAKES);
        if away(&self.script.mail_down) && user::reader(&message.channel) == "mail" {
            return match self.script.dice.below(6) {
                0 => failed(true),
                1 => {
                    self.receive(message);
                    failed(true)
                }
                _ => failed(false),
            };
        }
        self.receive(message);
        DeliveryResult::Delivered
    }

    fn receive(&mut self, message: &Message) {
        let now = self.now;
        self.inboxes.get_mut(user::reader(&message.channel)).expect("a configured channel").receive(message, now);
    }

    fn at(&mut self, at: Duration, coming: Coming) {
        self.agenda.at(at, self.life, coming);
    }
}
