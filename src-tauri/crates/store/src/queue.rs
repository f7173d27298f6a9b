//! Records on their way to the writer.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use estatus_core::{ids::Key, record::Record};
use tokio::sync::oneshot;

use crate::{
    keys::{MINUTE, Millis, millis},
    trouble::{Trouble, TroubleKind, what},
};

/// A record that need not be durable waits so long for others to be written with it.
pub(crate) const BATCH_WITHIN: Duration = Duration::from_millis(400);
/// With so many records waiting, none waits for others.
const BATCH: usize = 5_000;
/// So many observations, and minutes of what was used, wait while the database cannot be written; the oldest are dropped for more.
pub(crate) const OBSERVATIONS_LIMIT: usize = 10_000;
/// With so many records of how things stand waiting, those that newer ones take the place of are left out: there remains one for
/// each thing. How many things there are has bounds of its own, and drops nothing of what happened.
const STANDING_LIMIT: usize = 10_000;
/// So many journal entries and samples of fleets wait; the oldest are dropped for more.
const HISTORY_LIMIT: usize = 10_000;
/// So many decisions on fleets wait: they come one by one, however many instances one launches, so that the oldest are dropped only
/// where nothing could be written for hours, if there are a hundred fleets, or for weeks, if there is one.
const DECISIONS_LIMIT: usize = 20_000;

pub(crate) type Answer = Result<(), Trouble>;

/// What was handed over in one call.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) records: Vec<Record>,
    /// Whether it is written at once, to outlast a power cut.
    pub(crate) durable: bool,
    pub(crate) since: Instant,
    /// Who waits for it to be on disk.
    pub(crate) waiter: Option<oneshot::Sender<Answer>>,
}

impl Submission {
    /// Tells who waits how it went, if anybody still does.
    pub(crate) fn answer(&mut self, answer: Answer) {
        if let Some(waiter) = self.waiter.take() {
            // Whoever asked may have gone.
            let _ = waiter.send(answer);
        }
    }
}

/// What the writer does next.
#[derive(Debug)]
pub(crate) enum Work {
    /// These are to be written.
    Write(Vec<Submission>),
    /// The time has come that was asked for.
    Tick,
    /// Everything is written that was handed over; the store is closed.
    Close,
}

/// The queue between the callers and the writer.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Submission>,
    count: Count,
    /// With so many records of how things stand, it is looked for those that newer ones take the place of.
    looks_at: usize,
    lost: u64,
    closing: bool,
    ended: bool,
    nudged: bool,
}

impl Queue {
    /// Hands over a submission; never blocks on the disk.
    pub(crate) fn push(&self, mut submission: Submission) {
        let mut state = self.lock();
        if state.ended {
            submission.answer(Err(Trouble::closed()));
            return;
        }
        // The writer sleeps without bound only on an empty queue, and until the oldest is due on any other.
        let wake = state.waiting.is_empty() || submission.durable || state.count.all() >= BATCH;
        state.add(submission, VecDeque::push_back);
        state.bound();
        drop(state);
        if wake {
            self.wake.notify_one();
        }
    }

    /// Puts back what could not be written.
    pub(crate) fn put_back(&self, submissions: Vec<Submission>) {
        let mut state = self.lock();
        submissions.into_iter().rev().for_each(|submission| state.add(submission, VecDeque::push_front));
        state.bound();
    }

    /// Tells those who have waited for `patience` that there is `trouble`; their records stay.
    pub(crate) fn tell_overdue(&self, patience: Duration, trouble: &Trouble) {
        for submission in &mut self.lock().waiting {
            if submission.since.elapsed() >= patience {
                submission.answer(Err(trouble.clone()));
            }
        }
    }

    /// How many observations, journal entries, decisions and samples were dropped since this was asked last.
    pub(crate) fn take_lost(&self) -> u64 {
        std::mem::take(&mut self.lock().lost)
    }

    /// Nothing more is taken after what is there.
    pub(crate) fn close(&self) {
        self.lock().closing = true;
        self.wake.notify_one();
    }

    /// Whether nothing more is taken.
    pub(crate) fn is_closing(&self) -> bool {
        self.lock().closing
    }

    /// Makes the writer look at its clock.
    pub(crate) fn nudge(&self) {
        self.lock().nudged = true;
        self.wake.notify_one();
    }

    /// Nothing more is written: whoever waits is told why.
    pub(crate) fn end(&self, why: &Trouble) {
        let mut state = self.lock();
        state.ended = true;
        state.waiting.iter_mut().for_each(|submission| submission.answer(Err(why.clone())));
        state.waiting.clear();
    }

    /// Waits for something to write, but not before `not_before` (unless the store is being closed), or for the time
    /// `tick`.
    pub(crate) fn next(&self, not_before: Option<Instant>, tick: Instant) -> Work {
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            let held = not_before.filter(|not_before| now < *not_before && !state.closing);
            if held.is_none() && state.is_due(now) {
                return Work::Write(state.take());
            }
            if state.closing && state.waiting.is_empty() {
                return Work::Close;
            }
            if now >= tick || std::mem::take(&mut state.nudged) {
                return Work::Tick;
            }
            let due = state.waiting.front().map(|oldest| oldest.since + BATCH_WITHIN);
            let until = held.or(due).map_or(tick, |until| until.min(tick));
            state = self.wait(state, until.saturating_duration_since(now));
        }
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, at_most: Duration) -> MutexGuard<'a, State> {
        self.wake.wait_timeout(state, at_most).unwrap_or_else(PoisonError::into_inner).0
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, submission: Submission, push: fn(&mut VecDeque<Submission>, Submission)) {
        submission.records.iter().for_each(|record| self.count.add(record));
        push(&mut self.waiting, submission);
    }

    fn is_due(&self, now: Instant) -> bool {
        let oldest = self.waiting.front().is_some_and(|oldest| now >= oldest.since + BATCH_WITHIN);
        let many = self.count.all() >= BATCH;
        oldest || many || !self.waiting.is_empty() && (self.closing || self.waiting.iter().any(|one| one.durable))
    }

    fn take(&mut self) -> Vec<Submission> {
        let mut taken = Vec::new();
        let mut records = 0;
        while records < BATCH {
            let Some(submission) = self.waiting.pop_front() else { break };
            records += submission.records.len();
            taken.push(submission);
        }
        self.looks_at = 0;
        self.recount();
        taken
    }

    /// Keeps the queue within its limits.
    fn bound(&mut self) {
        let limits = [
            (Kind::Observation, OBSERVATIONS_LIMIT),
            (Kind::History, HISTORY_LIMIT),
            (Kind::Decision, DECISIONS_LIMIT),
        ];
        if self.count.of(Kind::Standing) > self.looks_at.max(STANDING_LIMIT) {
            self.leave_out_superseded();
            self.recount();
            // To look again at each further one would take a time that grows with the square of their number.
            self.looks_at = self.count.of(Kind::Standing) * 2;
        }
        for (kind, limit) in limits {
            self.drop_oldest(self.count.of(kind).saturating_sub(limit), kind);
        }
    }

    fn drop_oldest(&mut self, mut count: usize, kind: Kind) {
        if count == 0 {
            return;
        }
        for submission in &mut self.waiting {
            if count == 0 {
                break;
            }
            let before = submission.records.len();
            submission.records.retain(|record| {
                let dropped = count > 0 && Kind::of(record) == kind;
                count -= usize::from(dropped);
                !dropped
            });
            let dropped = before - submission.records.len();
            if dropped > 0 {
                self.lost += dropped as u64;
                submission.answer(Err(Trouble::new(TroubleKind::Lost, what("store.dropped", Vec::new()))));
            }
        }
        self.leave_out_empty();
        self.recount();
    }

    /// Leaves out every record whose place a later one takes.
    fn leave_out_superseded(&mut self) {
        let mut later = HashSet::new();
        for submission in self.waiting.iter_mut().rev() {
            let mut records: Vec<_> = submission.records.drain(..).rev().collect();
            records.retain(|record| subject(record).is_none_or(|subject| later.insert(subject)));
            records.reverse();
            submission.records = records;
        }
        self.leave_out_empty();
    }

    fn leave_out_empty(&mut self) {
        self.waiting.retain(|submission| !submission.records.is_empty() || submission.waiter.is_some());
    }

    fn recount(&mut self) {
        self.count = Count::default();
        self.waiting.iter().flat_map(|submission| &submission.records).for_each(|record| self.count.add(record));
    }
}

/// What becomes of a record of which too many wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// What was measured.
    Observation,
    /// How something stands: a later one takes its place.
    Standing,
    /// What happened, and is not missed by anything.
    History,
    /// What was decided of a fleet, and why: of that none may be missing.
    Decision,
}

impl Kind {
    const fn of(record: &Record) -> Self {
        match record {
            Record::Observation { .. } | Record::Used { .. } => Self::Observation,
            Record::Journal { .. } | Record::Sample { .. } => Self::History,
            Record::Decision(_) => Self::Decision,
            Record::Memory { .. }
            | Record::Incident(_)
            | Record::Run(_)
            | Record::Step { .. }
            | Record::Instance(_)
            | Record::Message(_)
            | Record::Engine(_) => Self::Standing,
        }
    }
}

/// How many records wait, by their kind.
#[derive(Debug, Default)]
struct Count {
    observations: usize,
    standing: usize,
    history: usize,
    decisions: usize,
}

impl Count {
    fn add(&mut self, record: &Record) {
        match Kind::of(record) {
            Kind::Observation => self.observations += 1,
            Kind::Standing => self.standing += 1,
            Kind::History => self.history += 1,
            Kind::Decision => self.decisions += 1,
        }
    }

    const fn of(&self, kind: Kind) -> usize {
        match kind {
            Kind::Observation => self.observations,
            Kind::Standing => self.standing,
            Kind::History => self.history,
            Kind::Decision => self.decisions,
        }
    }

    const fn all(&self) -> usize {
        self.observations + self.standing + self.history + self.decisions
    }
}

/// What a record takes the place of, for records that do.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Subject {
    Entry(Key),
    Incident(u64),
    Run(u64),
    Step(u64, usize),
    Instance(Arc<str>),
    Sample(Arc<str>, Millis),
    Message(u64),
    Engine,
}

fn subject(record: &Record) -> Option<Subject> {
    match record {
        Record::Memory { of, .. } => Some(Subject::Entry(of.clone())),
        Record::Incident(incident) => Some(Subject::Incident(incident.id.0)),
        Record::Run(run) => Some(Subject::Run(run.id.0)),
        Record::Step { run, place, .. } => Some(Subject::Step(run.0, *place)),
        Record::Instance(instance) => Some(Subject::Instance(Arc::clone(&instance.name))),
        Record::Sample { fleet, sample } => Some(Subject::Sample(Arc::clone(fleet), millis(sample.at) / MINUTE)),
        Record::Message(message) => Some(Subject::Message(message.id.0)),
        Record::Engine(_) => Some(Subject::Engine),
        Record::Observation { .. } | Record::Used { .. } | Record::Decision(_) | Record::Journal { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use estatus_core::{
        Timestamp,
        fleet::instance::InstanceState,
        flow::{
            Flow,
            run::{Run, RunCause, RunState},
        },
        ids::RunId,
        monitor::MonitorMemory,
        program::ProgramMemory,
        record::{EngineMemory, JournalEntry},
    };

    use super::*;
    use crate::tests::{decision, instance, sampled};

    #[test]
    fn too_many_records_leave_out_what_a_later_one_replaces_and_the_oldest_of_history_but_no_decision() {
        let queue = Queue::default();
        let memory = |n: usize| Record::Memory {
            of: Key::Monitor(format!("{}", n % 2).into()),
            memory: Some(MonitorMemory::default().into()),
        };
        let journal = Record::Journal { at: Timestamp::UNIX_EPOCH, entry: JournalEntry::Stopped };
        let push = |records| {
            queue.push(Submission { records, durable: false, since: Instant::now(), waiter: None });
        };
        push(vec![Record::Engine(EngineMemory::default())]);
        push(vec![Record::Memory { of: Key::Program("0".into()), memory: Some(ProgramMemory::default().into()) }]);
        push(vec![Record::Memory { of: Key::Program("0".into()), memory: None }]);
        let step = |run, place| Record::Step { run: RunId(run), place, step: Box::default() };
        let definition = || Flow::new("deploy", Vec::new()).definition;
        let begun = || Run::new(RunId(1), "deploy".into(), definition(), RunCause::Asked, Timestamp::UNIX_EPOCH);
        let run = |state| Run { state, ..begun() };
        push(vec![Record::Run(Box::new(run(RunState::Queued)))]);
        push(vec![step(1, 0), step(1, 1), step(2, 0), step(1, 0), Record::Run(Box::new(run(RunState::Running)))]);
        let instance = |number| Record::Instance(Box::new(instance(number, "web", InstanceState::Running)));
        let decision = |number| Record::Decision(Box::new(decision(number, "web")));
        push(vec![instance(1), decision(1), instance(2), decision(2), instance(1)]);
        let sampled = |seconds| sampled("web", Timestamp::UNIX_EPOCH + Duration::from_secs(seconds), 1);
        push(vec![sampled(0), sampled(60), sampled(59)]);
        push((0..STANDING_LIMIT).map(memory).collect());
        push(vec![journal; HISTORY_LIMIT]);
        queue.close();
        let kept = written(&queue);
        let subjects: Vec<_> = kept.iter().filter_map(subject).collect();
        let expected = [
            Subject::Engine,
            Subject::Entry(Key::Program("0".into())),
            Subject::Step(1, 1),
            Subject::Step(2, 0),
            Subject::Step(1, 0),
            Subject::Run(1),
            Subject::Instance("web-2".into()),
            Subject::Instance("web-1".into()),
            Subject::Entry(Key::Monitor("0".into())),
            Subject::Entry(Key::Monitor("1".into())),
        ];
        assert_eq!(subjects, expected);
        assert_eq!(decided(&kept), [1, 2]);
        assert_eq!(kept.len(), expected.len() + 2 + HISTORY_LIMIT);
        // The samples are older than the journal, and one took the place of another.
        assert!(kept.iter().all(|record| !matches!(record, Record::Sample { .. })));
        assert_eq!(queue.take_lost(), 2);
    }

    #[test]
    fn ten_thousand_launches_at_once_push_out_neither_a_decision_nor_an_instance() {
        const LAUNCHES: u64 = 10_000;
        let queue = Queue::default();
        let push = |records| {
            queue.push(Submission { records, durable: false, since: Instant::now(), waiter: None });
        };
        let launched = |number, state| Record::Instance(Box::new(instance(number, "web", state)));
        for (number, state) in [(1, InstanceState::Launching), (2, InstanceState::Booting), (3, InstanceState::Running)]
        {
            push(vec![Record::Decision(Box::new(decision(number, "web")))]);
            // What becomes of each is told by itself.
            (1..=LAUNCHES).for_each(|number| push(vec![launched(number, state)]));
        }
        queue.close();
        let kept = written(&queue);
        assert_eq!(decided(&kept), [1, 2, 3]);
        let stand: HashMap<u64, InstanceState> = kept
            .iter()
            .filter_map(|record| match record {
                Record::Instance(instance) => Some((instance.number, instance.state)),
                _ => None,
            })
            .collect();
        assert_eq!(stand.len() as u64, LAUNCHES);
        assert!(stand.values().all(|state| *state == InstanceState::Running));
        assert_eq!(queue.take_lost(), 0);
    }

    /// All that is written once the queue is closed, in its order.
    fn written(queue: &Queue) -> Vec<Record> {
        let mut kept = Vec::new();
        while let Work::Write(submissions) = queue.next(None, Instant::now() + BATCH_WITHIN) {
            kept.extend(submissions.into_iter().flat_map(|submission| submission.records));
        }
        kept
    }

    /// The numbers of the decisions.
    fn decided(records: &[Record]) -> Vec<u64> {
        let number = |record: &Record| match record {
            Record::Decision(decision) => Some(decision.number),
            _ => None,
        };
        records.iter().filter_map(number).collect()
    }
}
