//! What a run of a flow would do, and what would become of it if a step failed: without doing anything.

use std::{collections::BTreeSet, sync::Arc};

use super::order::{self, Turn, fails_the_run};
use crate::flow::{
    Definition, Flow, OnFailure, Step, StepAction,
    run::{Ending, StepRun, StepState},
};

/// What a run of a flow would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The flow.
    pub flow: Arc<Flow>,
    /// Its steps, in the order of its definition.
    pub steps: Vec<StepPlan>,
}

/// What would become of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepPlan {
    /// Whether it would begin if every other one succeeded.
    pub begins: bool,
    /// What would come of it if it failed, and no other that need not for it to begin.
    pub if_it_fails: Fallout,
}

/// What would come of the failure of a step. Steps are named by their places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fallout {
    /// Whether the run fails.
    pub fails: bool,
    /// The steps that are skipped, and would not be if it succeeded.
    pub skipped: Vec<usize>,
    /// The steps that begin, and would not if it succeeded.
    pub begun: Vec<usize>,
    /// The steps that are taken back, the first one first.
    pub undone: Vec<usize>,
    /// The flow that is run for it.
    pub flow: Option<Arc<str>>,
}

impl Plan {
    /// What a run of `flow` would do. With a thousand steps this takes some time.
    pub fn of(flow: &Arc<Flow>) -> Self {
        let stage = Stage::of(&flow.definition);
        let all_well = stage.play(&BTreeSet::new());
        let step = |place| StepPlan { begins: all_well.ran(place), if_it_fails: stage.fallout(place) };
        Self { flow: Arc::clone(flow), steps: (0..flow.definition.steps.len()).map(step).collect() }
    }

    /// Whether it would be the end of a run that the monitor of the step at `place` does not pass now. Where a step that it
    /// waits for does something, it may pass by then.
    pub fn fails_by_what_is_seen_at(&self, place: usize) -> bool {
        let definition = &self.flow.definition;
        fails_the_run(definition, place) && !Stage::of(definition).changes_before(place)
    }
}

/// A definition, and of each of its steps which others it waits for, and which wait for it.
struct Stage<'a> {
    definition: &'a Definition,
    before: Vec<BTreeSet<usize>>,
    after: Vec<Vec<usize>>,
}

impl<'a> Stage<'a> {
    fn of(definition: &'a Definition) -> Self {
        let before: Vec<BTreeSet<usize>> = definition.steps.iter().map(waits_for).collect();
        let mut after = vec![Vec::new(); before.len()];
        for (place, before) in before.iter().enumerate() {
            for before in before {
                after[*before].push(place);
            }
        }
        Self { definition, before, after }
    }

    /// Whether a step that the one at `place` waits for does something.
    fn changes_before(&self, place: usize) -> bool {
        self.all_before(place, |place| self.before[place].clone())
            .iter()
            .any(|before| changes_something(&self.definition.steps[*before].action))
    }

    /// The steps before the one at `place`, where `before` says which come right before one.
    fn all_before(&self, place: usize, before: impl Fn(usize) -> BTreeSet<usize>) -> BTreeSet<usize> {
        let (mut seen, mut to_see) = (BTreeSet::new(), vec![place]);
        while let Some(place) = to_see.pop() {
            to_see.extend(before(place).into_iter().filter(|before| seen.insert(*before)));
        }
        seen
    }

    /// The steps that must fail so that the one at `place` begins.
    fn must_fail_before(&self, place: usize) -> BTreeSet<usize> {
        let line = self.all_before(place, |place| {
            let step = &self.definition.steps[place];
            let named = step.when.iter().flat_map(|when| [&when.failed, &when.succeeded]).flatten();
            step.needs.iter().chain(named).copied().collect()
        });
        let failed = |place: usize| self.definition.steps[place].when.iter().flat_map(|when| &when.failed).copied();
        line.into_iter().chain([place]).flat_map(failed).collect()
    }

    fn fallout(&self, place: usize) -> Fallout {
        let mut failing = self.must_fail_before(place);
        let well = self.play(&failing);
        failing.insert(place);
        let ill = self.play(&failing);
        let fails = fails_the_run(self.definition, place);
        let differ = |one: &Played, other: &Played| -> Vec<usize> {
            (0..self.before.len()).filter(|step| one.ran(*step) && !other.ran(*step)).collect()
        };
        Fallout {
            fails,
            skipped: differ(&well, &ill),
            begun: differ(&ill, &well),
            undone: ill.undone(self.definition),
            flow: match &self.definition.steps[place].on_failure {
                OnFailure::Flow(flow) if fails => Some(Arc::clone(flow)),
                _ => None,
            },
        }
    }

    /// The run in which these steps fail if they begin, and all others succeed.
    fn play(&self, failing: &BTreeSet<usize>) -> Played {
        let count = self.before.len();
        let mut played = Played { steps: vec![StepRun::default(); count], rounds: vec![0; count], ending: None };
        let mut waits_for: Vec<usize> = self.before.iter().map(BTreeSet::len).collect();
        // Those that wait for nothing any more.
        let mut ready: Vec<usize> = (0..count).filter(|place| waits_for[*place] == 0).collect();
        let mut round = 0;
        while !ready.is_empty() {
            round += 1;
            let mut begun = Vec::new();
            while let Some(place) = ready.pop() {
                match order::turn(self.definition, &played.steps, place, played.ending) {
                    Turn::Begin => begun.push(place),
                    Turn::Skip | Turn::NotYet => {
                        played.steps[place].state = StepState::Skipped;
                        ready.extend(self.released_by(place, &mut waits_for));
                    }
                }
            }
            for place in begun {
                played.ends(self.definition, place, round, failing.contains(&place));
                ready.extend(self.released_by(place, &mut waits_for));
            }
        }
        played
    }

    /// The steps that wait for nothing any more now that the one at `place` is over.
    fn released_by(&self, place: usize, waits_for: &mut [usize]) -> Vec<usize> {
        let is_released = |after: &usize| {
            waits_for[*after] -= 1;
            waits_for[*after] == 0
        };
        self.after[place].iter().copied().filter(is_released).collect()
    }
}

/// The steps that must be over before `step` begins.
fn waits_for(step: &Step) -> BTreeSet<usize> {
    let named = step.when.iter().flat_map(|when| [&when.failed, &when.succeeded, &when.skipped]).flatten();
    step.needs.iter().chain(named).copied().collect()
}

fn changes_something(action: &StepAction) -> bool {
    match action {
        StepAction::Run { .. } | StepAction::Program { .. } | StepAction::Http { .. } | StepAction::Flow { .. } => true,
        StepAction::Check { .. }
        | StepAction::WaitUntil { .. }
        | StepAction::Wait { .. }
        | StepAction::Tell { .. }
        | StepAction::Approve { .. } => false,
    }
}

/// How a run went in which steps that begin at the same time end at the same time.
struct Played {
    steps: Vec<StepRun>,
    /// Of each step, in which round it ended; 0 if it was never begun.
    rounds: Vec<usize>,
    ending: Option<Ending>,
}

impl Played {
    fn ends(&mut self, definition: &Definition, place: usize, round: usize, fails: bool) {
        self.steps[place].state = if fails { StepState::Failed } else { StepState::Succeeded };
        self.rounds[place] = round;
        if fails && fails_the_run(definition, place) {
            self.ending = Some(Ending::Failed);
        }
    }

    fn ran(&self, place: usize) -> bool {
        self.rounds[place] > 0
    }

    /// The steps that are taken back, the one that ended last first.
    fn undone(&self, definition: &Definition) -> Vec<usize> {
        if self.ending.is_none() {
            return Vec::new();
        }
        let is_undone =
            |place: &usize| self.steps[*place].state == StepState::Succeeded && definition.steps[*place].undo.is_some();
        let mut undone: Vec<usize> = (0..self.steps.len()).filter(is_undone).collect();
        undone.sort_by_key(|place| std::cmp::Reverse((self.rounds[*place], *place)));
        undone
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        command::{CommandLine, Run},
        flow::When,
    };

    fn line() -> CommandLine {
        let run = Run::Shell("x".to_owned());
        CommandLine::new(run)
    }

    fn step(needs: &[usize]) -> Step {
        Step::new("s", StepAction::Run { command: line(), timeout: Duration::ZERO }, needs.to_vec())
    }

    fn look(needs: &[usize]) -> Step {
        Step::new("s", StepAction::Check { monitor: "page".into() }, needs.to_vec())
    }

    fn undoes(step: Step) -> Step {
        Step { undo: Some(line()), ..step }
    }

    fn on_failed(failed: usize, needs: &[usize]) -> Step {
        Step { when: Some(When { failed: vec![failed], ..When::default() }), ..step(needs) }
    }

    fn plan(steps: Vec<Step>) -> Plan {
        Plan::of(&Arc::new(Flow::new("f", steps)))
    }

    fn fails(skipped: &[usize], begun: &[usize], undone: &[usize]) -> Fallout {
        Fallout { fails: true, ..goes_on(skipped, begun, undone) }
    }

    fn goes_on(skipped: &[usize], begun: &[usize], undone: &[usize]) -> Fallout {
        Fallout { skipped: skipped.to_vec(), begun: begun.to_vec(), undone: undone.to_vec(), ..Fallout::default() }
    }

    #[track_caller]
    fn check(steps: Vec<Step>, expected: &[(bool, Fallout)]) {
        let found: Vec<(bool, Fallout)> =
            plan(steps).steps.into_iter().map(|step| (step.begins, step.if_it_fails)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_follows_is_skipped_and_what_was_done_is_taken_back_the_last_first() {
        check(
            vec![undoes(step(&[])), undoes(step(&[0])), step(&[1]), Step { always: true, ..step(&[2]) }],
            &[
                (true, fails(&[1, 2], &[], &[])),
                (true, fails(&[2], &[], &[0])),
                (true, fails(&[], &[], &[1, 0])),
                (true, fails(&[], &[], &[1, 0])),
            ],
        );
    }

    #[test]
    fn what_is_there_for_a_failure_begins_and_the_run_goes_on() {
        // A check, what heals, and what proves it; the example of the documentation.
        check(
            vec![look(&[]), on_failed(0, &[0]), step(&[1]), look(&[2])],
            &[
                (true, goes_on(&[], &[1, 2, 3], &[])),
                (false, fails(&[2, 3], &[], &[])),
                (false, fails(&[3], &[], &[])),
                (false, fails(&[], &[], &[])),
            ],
        );
    }

    #[test]
    fn what_runs_beside_a_step_that_fails_is_not_undone_by_it_but_what_follows_does_not_begin() {
        check(
            vec![undoes(step(&[])), undoes(step(&[])), step(&[0]), step(&[1])],
            &[
                (true, fails(&[2, 3], &[], &[1])),
                (true, fails(&[2, 3], &[], &[0])),
                (true, fails(&[], &[], &[1, 0])),
                (true, fails(&[], &[], &[1, 0])),
            ],
        );
    }

    #[test]
    fn a_failure_of_no_matter_changes_nothing_and_one_that_has_a_flow_runs_it() {
        let forgiven = Step { on_failure: OnFailure::Continue, ..step(&[]) };
        let called = Step { on_failure: OnFailure::Flow("call".into()), ..step(&[0]) };
        let flow = Some("call".into());
        check(
            vec![forgiven, called],
            &[(true, goes_on(&[], &[], &[])), (true, Fallout { flow, ..fails(&[], &[], &[]) })],
        );
    }

    #[test]
    fn what_is_seen_now_is_the_end_of_a_run_unless_it_is_of_no_matter_or_something_is_done_before() {
        let wait = Step::new("s", StepAction::Wait { lasts: Duration::ZERO }, vec![0]);
        let plan = plan(vec![look(&[]), wait, look(&[1]), on_failed(2, &[2]), look(&[3]), look(&[4])]);
        let ends: Vec<bool> = (0..6).map(|place| plan.fails_by_what_is_seen_at(place)).collect();
        assert_eq!(ends, [true, true, false, true, false, false]);
    }
}
