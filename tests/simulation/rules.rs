//! The promises, as rules that hold at every moment.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use estatus_core::{
    Engine,
    config::{Config, Failures, Monitor},
    engine::{Ask, MonitorView},
    ids::IncidentId,
    incident::{Delivery, Health},
    network::{PEER_RESTS, Scope},
    observation::Verdict,
    record::Record,
};

use crate::{
    disk::Disk,
    inbox::Inbox,
    script::{MINUTE, Script},
    world::Truth,
};

/// From a target's true end to the open incident, beyond its interval and retries.
const NOTICED_WITHIN: Duration = Duration::from_secs(120);
/// From the open incident to the reader, when the mail works: the longest wait between two tries, and some.
const TOLD_WITHIN: Duration = Duration::from_secs(16 * 60);

/// What has been seen so far.
pub(crate) struct Rules {
    seed: u64,
    /// By monitor, the truths of the bad probes in a row that led where it is.
    bad: BTreeMap<Arc<str>, Vec<Truth>>,
    last_truth: BTreeMap<Arc<str>, Truth>,
    open: BTreeMap<Arc<str>, (IncidentId, Duration)>,
    closed: BTreeSet<IncidentId>,
    crashed: Duration,
    /// When a monitor, or what is wanted of it, was last changed.
    changed: BTreeMap<Arc<str>, Duration>,
    file: BTreeMap<Arc<str>, Arc<Monitor>>,
    /// The monitors that were once taken out of the file.
    removed: BTreeSet<Arc<str>>,
    acknowledged: BTreeSet<IncidentId>,
    /// When nothing might be told the last time, or the channels changed.
    quiet: Duration,
    /// By monitor, when it was last looked at, and when that was out of its turn.
    looked_at: BTreeMap<Arc<str>, Duration>,
    out_of_turn: BTreeMap<Arc<str>, Duration>,
    /// By monitor, when the probe began whose observation was recorded last.
    settled: BTreeMap<Arc<str>, Duration>,
}

impl Rules {
    pub(crate) fn new(script: &Script) -> Self {
        Self {
            seed: script.seed,
            bad: BTreeMap::new(),
            last_truth: BTreeMap::new(),
            open: BTreeMap::new(),
            closed: BTreeSet::new(),
            crashed: Duration::ZERO,
            changed: BTreeMap::new(),
            file: of_names(&script.config),
            removed: BTreeSet::new(),
            acknowledged: BTreeSet::new(),
            quiet: Duration::ZERO,
            looked_at: BTreeMap::new(),
            out_of_turn: BTreeMap::new(),
            settled: BTreeMap::new(),
        }
    }

    /// The file was edited.
    pub(crate) fn edited(&mut self, file: &Config, now: Duration) {
        let after = of_names(file);
        for (name, monitor) in &after {
            if self.file.get(name) != Some(monitor) {
                self.changed.insert(Arc::clone(name), now);
            }
        }
        self.removed.extend(self.file.keys().filter(|name| !after.contains_key(*name)).cloned());
        self.file = after;
        self.quiet = now;
    }

    /// The user wants something.
    pub(crate) fn wanted(&mut self, ask: &Ask, now: Duration) {
        match ask {
            Ask::Pause { monitor, .. }
            | Ask::Resume { monitor }
            | Ask::Snooze { monitor: Some(monitor), .. }
            | Ask::CheckNow { monitor: Some(monitor) } => {
                self.changed.insert(monitor.as_str().into(), now);
            }
            Ask::Snooze { monitor: None, .. } => self.quiet = now,
            _ => {}
        }
    }

    fn changed(&self, monitor: &str) -> Duration {
        self.changed.get(monitor).copied().unwrap_or_default()
    }

    pub(crate) fn crashed(&mut self, now: Duration) {
        self.crashed = now;
        self.bad.clear();
        self.looked_at.clear();
        self.out_of_turn.clear();
        self.settled.clear();
    }

    /// Who is well is left in peace: whatever happens to others, he is looked at out of his turn once in a while at most.
    /// A parent is another matter: his children are not judged without him.
    pub(crate) fn probe_begins(&mut self, view: &MonitorView, now: Duration) {
        let name = &view.monitor.name;
        let Some(before) = self.looked_at.insert(Arc::clone(name), now) else { return };
        let is_parent = self.file.values().any(|child| child.depends_on.contains(name));
        let is_well = view.health == Health::Up && view.last.as_ref().is_some_and(|last| last.verdict == Verdict::Up);
        // Whoever changed it wants to see it at once.
        if self.changed(name) >= before {
            self.out_of_turn.remove(name);
            return;
        }
        if is_parent || !is_well || now - before >= view.monitor.every / 2 {
            return;
        }
        let last = self.out_of_turn.insert(Arc::clone(name), now);
        assert!(
            last.is_none_or(|last| now - last >= PEER_RESTS),
            "seed {}: {name} is well and asked at {last:?} and again at {now:?}",
            self.seed
        );
    }

    /// A probe's result goes into the core; the core may hold it, but records it before the monitor's next one.
    pub(crate) fn probed(&mut self, monitor: &Arc<str>, truth: Truth) {
        self.last_truth.insert(Arc::clone(monitor), truth);
    }

    /// Whatever the wall clock was set to: an observation held until the probe of the next one began.
    fn held_as_long_as_it_did(&mut self, monitor: &Arc<str>, after: Option<Duration>, now: Duration) {
        let began = self.looked_at.get(monitor).copied().unwrap_or(now);
        let last = self.settled.insert(Arc::clone(monitor), began);
        if let Some((after, last)) = after.zip(last) {
            assert_eq!(after, began - last, "seed {}: {monitor} held from {last:?} to {began:?}", self.seed);
        }
    }

    pub(crate) fn recorded(&mut self, record: &Record, now: Duration, file: &Config) {
        match record {
            Record::Observation { monitor, after, observation, .. } => {
                self.held_as_long_as_it_did(monitor, *after, now);
                let truth = self.last_truth.get(monitor).copied().unwrap_or(Truth::Well);
                let bad = self.bad.entry(Arc::clone(monitor)).or_default();
                match observation.verdict {
                    Verdict::Up => {
                        assert_eq!(truth, Truth::Well, "seed {}: {monitor} is called up at {now:?}", self.seed);
                        bad.clear();
                    }
                    Verdict::Down => bad.push(truth),
                    Verdict::Inconclusive => {}
                }
            }
            Record::Message(message) => {
                let given_up = matches!(message.delivery, Delivery::Abandoned { .. });
                assert!(!given_up, "seed {}: {message:?} is given up at {now:?}", self.seed);
            }
            Record::Incident(incident) => {
                if incident.acknowledged.is_some() {
                    self.acknowledged.insert(incident.id);
                }
                if incident.closed.is_some() {
                    self.open.remove(&incident.monitor);
                    self.closed.insert(incident.id);
                    return;
                }
                assert!(!self.closed.contains(&incident.id), "seed {}: {incident:?} opens again", self.seed);
                let before = self.open.insert(Arc::clone(&incident.monitor), (incident.id, now));
                match before {
                    Some((id, since)) => {
                        assert_eq!(id, incident.id, "seed {}: two incidents of one monitor at {now:?}", self.seed);
                        self.open.insert(Arc::clone(&incident.monitor), (id, since));
                    }
                    None => self.no_false_alarm(&incident.monitor, now, file),
                }
            }
            _ => {}
        }
    }

    /// An incident needs enough bad probes in a row, and at least one must have been the target's own.
    fn no_false_alarm(&self, monitor: &Arc<str>, now: Duration, file: &Config) {
        let failures = file.monitors.iter().find(|known| known.name == *monitor).map_or(0, |m| least(m.failures));
        let bad = self.bad.get(monitor).map(Vec::as_slice).unwrap_or_default();
        let counted = bad.len() >= usize::try_from(failures).unwrap();
        assert!(
            counted && bad.contains(&Truth::TargetDown),
            "seed {}: a false alarm of {monitor} at {now:?} after {bad:?}",
            self.seed
        );
    }

    /// What is truly down for long is known to be; what is known is told.
    pub(crate) fn check(
        &mut self,
        core: &Engine,
        script: &Script,
        file: &Config,
        inboxes: &BTreeMap<String, Inbox>,
        now: Duration,
    ) {
        for (whole, target) in script.config.monitors.iter().zip(&script.targets) {
            let Some(monitor) = file.monitors.iter().find(|monitor| monitor.check == whole.check) else { continue };
            let changed = self.changed(&monitor.name);
            let since = target.down.unchanged_since(now).max(self.calm_since(script, target.scope, now)).max(changed);
            let retries = (monitor.retry_every + monitor.timeout) * least(monitor.failures).max(monitor.successes);
            let bound = monitor.every * 3 / 2 + monitor.timeout + retries + NOTICED_WITHIN;
            let parents_well = monitor.depends_on.is_empty();
            if now - since < bound || !parents_well {
                continue;
            }
            let wanted = if target.down.covers(now) { Health::Down } else { Health::Up };
            let view = core.monitor(&monitor.name).expect("a configured monitor");
            if view.health == Health::Paused {
                continue;
            }
            assert_eq!(
                view.health, wanted,
                "seed {}: {} at {now:?}, as it is since {since:?}",
                self.seed, monitor.name
            );
        }
        if core.snoozed_until().is_some() || !file.alerts.quiet_hours.is_empty() {
            self.quiet = now;
        }
        let told_since = script.mail_down.unchanged_since(now).max(self.crashed).max(self.quiet);
        if script.mail_down.covers(now) || now - told_since < TOLD_WITHIN {
            return;
        }
        for (monitor, (incident, opened)) in &self.open {
            let Some(view) = core.monitor(monitor) else { continue };
            let silent = view.flapping
                || view.health == Health::Paused
                || view.snoozed_until.is_some()
                || self.acknowledged.contains(incident)
                || now - self.changed(monitor) < TOLD_WITHIN;
            if silent || now - *opened < TOLD_WITHIN || script.asleep.touches(*opened, now) {
                continue;
            }
            let is_told = |reader: &str| match &view.monitor.channels {
                Some(channels) => {
                    channels.iter().any(|channel| reader == channel || reader == "mail" && channel == "post")
                }
                None => true,
            };
            for (channel, inbox) in inboxes.iter().filter(|(channel, _)| is_told(channel)) {
                let settled = || inbox.received.values().any(|(_, message)| tells(message, *incident));
                assert!(
                    inbox.knows(*incident) || settled(),
                    "seed {}: {channel} was not told of {incident:?} of {monitor}, open since {opened:?}, at {now:?}",
                    self.seed
                );
            }
        }
    }

    /// Since when nothing on the way to `scope`, and nothing about the engine, has changed.
    fn calm_since(&self, script: &Script, scope: Scope, now: Duration) -> Duration {
        if !script.is_reachable(scope, now, now) || script.asleep.covers(now) {
            return now;
        }
        let steps = script.clock_steps.iter().map(|(at, _)| *at).take_while(|at| *at <= now).last().unwrap_or_default();
        [
            self.crashed,
            steps,
            script.local_net_off.unchanged_since(now),
            script.internet_off.unchanged_since(now),
            script.witnesses_silent.unchanged_since(now),
            script.asleep.unchanged_since(now),
        ]
        .into_iter()
        .max()
        .unwrap_or_default()
    }

    /// After two days of peace everything is well, everything is told, and nobody is left in the dark.
    pub(crate) fn at_the_end(&self, disk: &Disk, inboxes: &BTreeMap<String, Inbox>, core: &Engine, script: &Script) {
        let seed = self.seed;
        for view in core.monitors() {
            assert_eq!(view.health, Health::Up, "seed {seed}: {} at the end", view.monitor.name);
            assert!(!view.flapping, "seed {seed}: {} flaps at the end", view.monitor.name);
        }
        assert_eq!(core.messages().count(), 0, "seed {seed}: messages wait at the end");
        for incident in disk.incidents.values() {
            assert!(incident.closed.is_some_and(|closed| closed >= incident.opened), "seed {seed}: {incident:?}");
        }
        for (channel, inbox) in inboxes {
            for incident in disk.incidents.keys() {
                let settled = || {
                    let about = |message: &estatus_core::incident::Message| {
                        let monitor = &disk.incidents[incident].monitor;
                        message.alerts.iter().any(|alert| alert.subject == *monitor && ends_flapping(&alert.news))
                    };
                    inbox.received.values().any(|(_, message)| about(message))
                };
                // Of what is no longer configured nothing more is told.
                let removed = self.removed.contains(&disk.incidents[incident].monitor);
                assert!(
                    removed || !inbox.left_in_the_dark(*incident) || settled(),
                    "seed {seed}: {channel} was not told that {incident:?} is over"
                );
            }
        }
        assert!(script.end - script.peace > MINUTE, "the peace is too short");
    }
}

/// The least bad probes that make a monitor Down.
fn least(failures: Failures) -> u32 {
    match failures {
        Failures::InARow(count) | Failures::Of { bad: count, .. } => count,
    }
}

fn of_names(file: &Config) -> BTreeMap<Arc<str>, Arc<Monitor>> {
    file.monitors.iter().map(|monitor| (Arc::clone(&monitor.name), Arc::clone(monitor))).collect()
}

fn tells(message: &estatus_core::incident::Message, incident: IncidentId) -> bool {
    message.alerts.iter().any(|alert| alert.news.incident().is_some_and(|told| told.id == incident))
}

fn ends_flapping(news: &estatus_core::incident::News) -> bool {
    matches!(news, estatus_core::incident::News::Settled { .. } | estatus_core::incident::News::Flapping { .. })
}
