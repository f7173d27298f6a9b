//! What is promised of fleets, as rules that hold at every moment.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use estatus_core::{
    Engine,
    fleet::{
        Fleet, Policy, Trouble,
        decision::{DecisionRecord, Reason},
        instance::{Instance, InstanceState},
    },
    ids::MessageId,
    incident::{Message, News},
    time::Now,
};

/// What has been seen so far.
#[derive(Default)]
pub(super) struct Promises {
    seed: u64,
    /// The number of the last decision of each fleet.
    decisions: BTreeMap<Arc<str>, u64>,
    /// When each launch was decided by the rule: those that the budget counts, and the replacements.
    launches: BTreeMap<Arc<str>, Vec<Duration>>,
    replacements: BTreeMap<Arc<str>, Vec<Duration>>,
    /// The instances that are no more.
    gone: BTreeSet<Arc<str>>,
    received: BTreeSet<MessageId>,
    /// What was told to be wrong, and not to be over.
    open: BTreeSet<(Arc<str>, Trouble)>,
    /// What waits, or waited, to be told to have begun, or to be over, since the other was told.
    begins: BTreeSet<(Arc<str>, Trouble)>,
    ends: BTreeSet<(Arc<str>, Trouble)>,
    pub(super) told: u64,
}

impl Promises {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    /// Of what was not on disk nobody knows any more.
    pub(super) fn crashed(&mut self, decisions: &BTreeMap<Arc<str>, u64>) {
        self.decisions.clone_from(decisions);
    }

    /// What the budgets count may be counted anew: the clock was set, or the file changed.
    pub(super) fn counts_anew(&mut self) {
        self.launches.clear();
        self.replacements.clear();
    }

    /// A fleet was out of the file for so long that it is forgotten.
    pub(super) fn forgotten(&mut self, fleet: &Arc<str>) {
        self.decisions.remove(fleet);
        self.open.retain(|(of, _)| of != fleet);
    }

    pub(super) fn decided(&mut self, record: &DecisionRecord, core: &Engine, now: Now) {
        let (seed, awake) = (self.seed, now.monotonic.since_boot());
        let last = self.decisions.insert(Arc::clone(&record.fleet), record.number).unwrap_or_default();
        assert_eq!(record.number, last + 1, "seed {seed}: a gap at {awake:?}: {record:?}");
        let decision = &record.decision;
        let has_why = !decision.reasons.is_empty() || !decision.rejected.is_empty();
        assert!(has_why, "seed {seed}: without a reason at {awake:?}: {record:?}");
        if decision.reasons.contains(&Reason::Asked) {
            return;
        }
        let Some(view) = core.fleet(&record.fleet, now) else {
            panic!("seed {seed}: {} is decided on and not known at {awake:?}", record.fleet);
        };
        for victim in &decision.victims {
            let kept = view.instances.iter().find(|it| it.instance.name == *victim);
            let is_kept = kept.is_some_and(|it| it.instance.protected || it.instance.by_user);
            assert!(!is_kept, "seed {seed}: {victim} is removed at {awake:?}: {record:?}");
        }
        self.is_within(record, &view.fleet, awake);
    }

    /// No more than may be, and no more often.
    fn is_within(&mut self, record: &DecisionRecord, fleet: &Fleet, now: Duration) {
        let (seed, decision) = (self.seed, &record.decision);
        let launched = u32::try_from(decision.change).unwrap_or_default();
        assert!(
            launched == 0 || record.instances + launched <= fleet.max,
            "seed {seed}: more than {} at {now:?}: {record:?}",
            fleet.max
        );
        let budget = fleet.budget;
        let count = |times: &mut BTreeMap<Arc<str>, Vec<Duration>>, more: u32| {
            let times = times.entry(Arc::clone(&record.fleet)).or_default();
            times.retain(|at| now - *at < budget.within);
            times.extend((0..more).map(|_| now));
            times.len() <= usize::try_from(budget.launches).expect("a small number") || more == 0
        };
        let launches = launched - decision.replaced.min(launched);
        let is_unbound = fleet.policy == Policy::Seed;
        let well = count(&mut self.launches, launches) || is_unbound;
        assert!(well, "seed {seed}: more launches than the budget has at {now:?}: {record:?}");
        let well = count(&mut self.replacements, decision.replaced);
        assert!(well, "seed {seed}: more replacements than the budget has at {now:?}: {record:?}");
    }

    /// An instance stands so.
    pub(super) fn stands(&mut self, instance: &Instance, now: Duration) {
        let is_gone = instance.state == InstanceState::Gone;
        let came_back = !is_gone && self.gone.contains(&instance.name);
        assert!(!came_back, "seed {}: {} is back at {now:?}: {instance:?}", self.seed, instance.name);
        if is_gone {
            self.gone.insert(Arc::clone(&instance.name));
        }
    }

    /// A launch is asked for.
    pub(super) fn launches(&self, instance: &Arc<str>, core: &Engine, now: Now) {
        let (seed, at) = (self.seed, now.monotonic.since_boot());
        assert!(!self.gone.contains(instance), "seed {seed}: {instance} is launched again at {at:?}");
        let known = core.snapshot().instances.iter().any(|known| known.name == *instance);
        assert!(known, "seed {seed}: {instance} is launched and not counted at {at:?}");
    }

    /// A message waits to be told.
    pub(super) fn is_to_tell(&mut self, message: &Message) {
        if !message.is_pending() || self.received.contains(&message.id) {
            return;
        }
        for alert in &message.alerts {
            match &alert.news {
                News::FleetTrouble { trouble, .. } => self.begins.insert((Arc::clone(&alert.subject), *trouble)),
                News::FleetWell { trouble } => self.ends.insert((Arc::clone(&alert.subject), *trouble)),
                _ => false,
            };
        }
    }

    /// What a user wakes up to may have been told before, as the same message.
    pub(super) fn hears(&mut self, message: &Message, now: Duration) {
        if !self.received.insert(message.id) {
            return;
        }
        let seed = self.seed;
        for alert in &message.alerts {
            let about = |trouble: &Trouble| (Arc::clone(&alert.subject), *trouble);
            self.told += 1;
            match &alert.news {
                News::FleetTrouble { trouble, .. } => {
                    // Where its end did not go out, it is told to go on.
                    let goes_on = self.ends.remove(&about(trouble));
                    let is_new = self.open.insert(about(trouble));
                    self.begins.remove(&about(trouble));
                    assert!(is_new || goes_on, "seed {seed}: {trouble:?} is told twice at {now:?}: {message:?}");
                }
                News::FleetWell { trouble } => {
                    // Where its beginning did not go out, both are told as one.
                    let is_both = self.begins.remove(&about(trouble));
                    let was_open = self.open.remove(&about(trouble));
                    self.ends.remove(&about(trouble));
                    assert!(
                        was_open || is_both,
                        "seed {seed}: {trouble:?} ends and was not told at {now:?}: {message:?}"
                    );
                }
                other => panic!("seed {seed}: {other:?} is told at {now:?}"),
            }
        }
    }

    pub(super) fn nothing_is_wrong(&self) {
        assert!(self.open.is_empty(), "seed {}: {:?} at the end", self.seed, self.open);
    }
}
