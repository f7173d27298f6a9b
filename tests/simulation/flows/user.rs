//! What the user does: runs, answers, repeats, cancels, edits, takes out and puts back; also while Estatus quits.

use std::{sync::Arc, time::Duration};

use estatus_core::{
    config::Config,
    engine::{Ask, Input, Repeat},
    flow::{
        Step,
        run::{AnsweredBy, RunRecord, RunState, StepRun, StepState},
    },
    ids::RunId,
};

use super::{Coming, World, cast};
use crate::script::HOUR;

impl World {
    pub(super) fn user(&mut self) {
        if self.is_calm() {
            return self.make_peace();
        }
        let flow = format!("f{}", self.dice.below(cast::FLOWS));
        match self.dice.below(8) {
            5 | 6 => self.answer(),
            7 => self.repeat(),
            0 => {
                let open = self.core().open_runs();
                if let Some(record) = open.first() {
                    self.ask(Ask::CancelRun { run: record.run.id });
                }
            }
            1 | 2 if self.troubles.edits => {
                let edited = cast::edit(&self.config, &self.whole, &mut self.dice);
                self.save(edited);
            }
            _ => self.ask(Ask::RunFlow { flow }),
        }
        let again = self.now + self.dice.between(Duration::from_secs(1), HOUR * 2);
        self.at(again.min(self.peace), Coming::User);
    }

    /// Somebody answers a step that asks.
    fn answer(&mut self) {
        let waits = |record: &RunRecord| record.run.state == RunState::WaitingForApproval;
        if let Some(record) = self.core().open_runs().into_iter().find(waits) {
            let asks = |(_, run): &(&Step, &StepRun)| run.state == StepState::WaitingForApproval;
            let step = record.run.definition.steps.iter().zip(&record.steps).find(asks);
            let (step, approved) = (step.map(|(step, _)| step.name.to_string()), self.dice.one_in(2));
            self.ask(Ask::Approve { run: record.run.id, step, approved, by: AnsweredBy::default() });
        }
    }

    /// Somebody has a run repeated, from some step on.
    fn repeat(&mut self) {
        let over: Vec<RunId> =
            self.disk.runs.values().rev().filter(|run| run.state.is_failure()).take(5).map(|run| run.id).collect();
        let Some(run) = over.get(usize::try_from(self.dice.below(5)).unwrap()) else { return };
        let record = self.disk.record_of(*run).expect("it is on disk");
        let place = usize::try_from(self.dice.below(u64::try_from(record.steps.len().max(1)).unwrap())).unwrap();
        let from = record.run.definition.steps.get(place).map(|step| step.name.to_string());
        let how = Repeat { from: from.filter(|_| self.dice.one_in(2)), as_then: self.dice.one_in(2) };
        let life = self.life;
        let is_taken = self.input(Input::Repeat { record: Box::new(record), how });
        self.commit();
        if is_taken && self.life == life {
            self.is_written_down(self.core().asked_run());
        }
    }

    fn ask(&mut self, ask: Ask) {
        let (wants_run, life) = (matches!(ask, Ask::RunFlow { .. }), self.life);
        let is_taken = self.input(Input::Asked(ask));
        self.commit();
        if is_taken && wants_run && self.life == life {
            self.is_written_down(self.core().asked_run());
        }
    }

    /// What somebody is told that it has begun, or waits for its turn, is known after whatever comes.
    fn is_written_down(&self, run: RunId) {
        let is_known = self.is_full || self.disk.runs.contains_key(&run);
        assert!(is_known, "seed {}: {run} was taken and is not on disk at {:?}", self.seed, self.now);
    }

    /// Estatus is about to quit, while somebody asks for something.
    pub(super) fn quits(&mut self) {
        self.input(Input::Quitting);
        let flow = format!("f{}", self.dice.below(cast::FLOWS));
        self.ask(Ask::RunFlow { flow });
        self.repeat();
    }

    fn save(&mut self, file: Config) {
        let before = std::mem::replace(&mut self.config, Arc::new(file));
        let changed = |name: &Arc<str>| {
            let of = |config: &Config| config.flows.iter().find(|flow| flow.name == *name).cloned();
            of(&before) != of(&self.config)
        };
        let names: Vec<Arc<str>> = self.whole.flows.iter().map(|flow| Arc::clone(&flow.name)).collect();
        let open = self.core().open_runs();
        for name in names.into_iter().filter(changed) {
            self.begun.remove(&name);
            // What waits already was taken by the budget that it found.
            let waits = |record: &&RunRecord| record.run.flow == name && record.run.state == RunState::Queued;
            self.counted.extend(open.iter().filter(waits).map(|record| record.run.id));
            self.seen_to.insert(name, self.now);
        }
        self.disturbed = self.now;
        let (after, now) = (Arc::clone(&self.config), self.clocks());
        self.core.as_mut().expect("there is always a core").apply_config(after, now);
        self.carry_out();
        self.commit();
    }

    /// A user is told that something is done when it is on disk, or as good as it will get.
    fn commit(&mut self) {
        if !self.is_full {
            self.disk.commit();
        }
    }

    fn make_peace(&mut self) {
        self.down.clear();
        let mut whole = (*self.whole).clone();
        cast::put_back(&mut whole, &self.whole);
        self.save(whole);
    }
}
