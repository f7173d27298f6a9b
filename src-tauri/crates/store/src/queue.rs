//! Records on their way to the writer.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use estatus_core::{ids::Key, record::Record};
use tokio::sync::oneshot;

use crate::trouble::{Trouble, TroubleKind, what};

/// A record that need not be durable waits so long for others to be written with it.
pub(crate) const BATCH_WITHIN: Duration = Duration::from_millis(400);
/// With so many records waiting, none waits for others.
const BATCH: usize = 5_000;
/// So many observations wait while the database cannot be written; the oldest are dropped for more.
pub(crate) const OBSERVATIONS_LIMIT: usize = 10_000;
/// So many records of other kinds wait before those that newer ones take the place of are left out; journal entries
/// and decisions beyond it are dropped, the oldest first.
const OTHERS_LIMIT: usize = 10_000;

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
    observations: usize,
    others: usize,
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
        let wake = state.waiting.is_empty() || submission.durable || state.observations + state.others >= BATCH;
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

    /// How many observations, journal entries and decisions were dropped since this was asked last.
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
        let observations = submission.records.iter().filter(|record| is_observation(record)).count();
        self.observations += observations;
        self.others += submission.records.len() - observations;
        push(&mut self.waiting, submission);
    }

    fn is_due(&self, now: Instant) -> bool {
        let oldest = self.waiting.front().is_some_and(|oldest| now >= oldest.since + BATCH_WITHIN);
        let many = self.observations + self.others >= BATCH;
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
        self.recount();
        taken
    }

    /// Keeps the queue within its limits.
    fn bound(&mut self) {
        if self.observations > OBSERVATIONS_LIMIT {
            self.drop_oldest(self.observations - OBSERVATIONS_LIMIT, is_observation);
        }
        if self.others > OTHERS_LIMIT {
            self.leave_out_superseded();
            self.recount();
            let history = |record: &Record| matches!(record, Record::Journal { .. } | Record::Decision(_));
            self.drop_oldest(self.others.saturating_sub(OTHERS_LIMIT), history);
        }
    }

    fn drop_oldest(&mut self, mut count: usize, kind: fn(&Record) -> bool) {
        for submission in &mut self.waiting {
            if count == 0 {
                break;
            }
            let before = submission.records.len();
            submission.records.retain(|record| {
                let dropped = count > 0 && kind(record);
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
        let records = || self.waiting.iter().flat_map(|submission| &submission.records);
        self.observations = records().filter(|record| is_observation(record)).count();
        self.others = records().count() - self.observations;
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
        Record::Message(message) => Some(Subject::Message(message.id.0)),
        Record::Engine(_) => Some(Subject::Engine),
        Record::Observation { .. } | Record::Decision(_) | Record::Journal { .. } => None,
    }
}

fn is_observation(record: &Record) -> bool {
    matches!(record, Record::Observation { .. })
}

#[cfg(test)]
mod tests {
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
    use crate::tests::{decision, instance};

    #[test]
    fn too_many_records_leave_out_what_a_later_one_replaces_and_then_the_oldest_of_history() {
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
        push((0..OTHERS_LIMIT).map(memory).collect());
        push(vec![journal; OTHERS_LIMIT]);
        queue.close();
        let mut kept = Vec::new();
        while let Work::Write(submissions) = queue.next(None, Instant::now() + BATCH_WITHIN) {
            kept.extend(submissions.into_iter().flat_map(|submission| submission.records));
        }
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
        assert_eq!(kept.len(), OTHERS_LIMIT);
        // Both decisions are older than the journal.
        assert!(kept.iter().all(|record| !matches!(record, Record::Decision(_))));
        assert_eq!(queue.take_lost(), 12);
    }
}
