//! Which steps of a run may begin, and which are left out.

use crate::flow::{
    Definition, OnFailure, When,
    run::{Ending, StepRun, StepState},
};

/// What a step that has not begun may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// What it needs has not ended.
    NotYet,
    Begin,
    Skip,
}

/// What the step at `place` may do, in a run that is perhaps to end.
pub(super) fn turn(definition: &Definition, steps: &[StepRun], place: usize, ending: Option<Ending>) -> Turn {
    let Some(step) = definition.steps.get(place) else { return Turn::Skip };
    let state = |place: &usize| steps.get(*place).map(|step| step.state).unwrap_or_default();
    let named = step.when.iter().flat_map(|when| [&when.failed, &when.succeeded, &when.skipped]).flatten();
    if step.needs.iter().chain(named).any(|place| !state(place).is_over()) {
        return Turn::NotYet;
    }
    if step.always {
        return Turn::Begin;
    }
    let begins = match (&step.when, ending) {
        (_, Some(Ending::TimedOut | Ending::Cancelled)) => false,
        // A failed run begins only what is there for that.
        (Some(when), Some(Ending::Failed)) => !when.failed.is_empty() && holds(when, state),
        (Some(when), None) => holds(when, state),
        (None, Some(Ending::Failed)) => false,
        (None, None) => step.needs.iter().all(|needed| is_good_enough(definition, *needed, state(needed))),
    };
    if begins { Turn::Begin } else { Turn::Skip }
}

fn holds(when: &When, state: impl Fn(&usize) -> StepState) -> bool {
    when.failed.iter().all(|place| state(place).is_failure())
        && when.succeeded.iter().all(|place| state(place) == StepState::Succeeded)
        && when.skipped.iter().all(|place| state(place) == StepState::Skipped)
}

/// Whether what follows a step by default may follow.
fn is_good_enough(definition: &Definition, place: usize, state: StepState) -> bool {
    let continues = || definition.steps.get(place).is_some_and(|step| step.on_failure == OnFailure::Continue);
    state == StepState::Succeeded || state.is_failure() && continues()
}

/// Whether the failure of the step at `place` makes the run fail: nobody goes on all the same, and no step is there for
/// it.
pub(super) fn fails_the_run(definition: &Definition, place: usize) -> bool {
    let continues = definition.steps.get(place).is_some_and(|step| step.on_failure == OnFailure::Continue);
    let is_for_it = |when: &When| when.failed.contains(&place);
    !continues && !definition.steps.iter().any(|step| step.when.as_ref().is_some_and(is_for_it))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::flow::{Step, StepAction};

    fn step(needs: &[usize]) -> Step {
        Step::new("s", StepAction::Wait { lasts: Duration::ZERO }, needs.to_vec())
    }

    fn run(states: &[StepState]) -> Vec<StepRun> {
        states.iter().map(|state| StepRun { state: *state, ..StepRun::default() }).collect()
    }

    /// The turn of the last step of a run of two or more.
    #[track_caller]
    fn check(last: Step, states: &[StepState], ending: Option<Ending>, expected: Turn) {
        let mut steps: Vec<Step> = states[1..].iter().map(|_| step(&[])).collect();
        steps.push(last.clone());
        let definition = Definition { deadline: None, channels: None, steps };
        let turn = turn(&definition, &run(states), states.len() - 1, ending);
        assert_eq!(turn, expected, "{last:?} after {states:?}, {ending:?}");
    }

    #[test]
    fn a_step_begins_once_all_that_it_needs_succeeded() {
        use StepState::{Failed, Running, Scheduled, Skipped, Succeeded};
        check(step(&[0]), &[Scheduled, Scheduled], None, Turn::NotYet);
        check(step(&[0]), &[Running, Scheduled], None, Turn::NotYet);
        check(step(&[0]), &[Succeeded, Scheduled], None, Turn::Begin);
        check(step(&[0]), &[Failed, Scheduled], None, Turn::Skip);
        check(step(&[0]), &[Skipped, Scheduled], None, Turn::Skip);
        check(step(&[]), &[Running, Scheduled], None, Turn::Begin);
        check(step(&[0, 1]), &[Succeeded, Running, Scheduled], None, Turn::NotYet);
        check(step(&[0]), &[Succeeded, Scheduled], Some(Ending::Failed), Turn::Skip);
    }

    #[test]
    fn a_step_may_be_there_for_the_failure_of_another() {
        use StepState::{Failed, Indeterminate, Scheduled, Succeeded, TimedOut};
        let heals = || Step { when: Some(When { failed: vec![0], ..When::default() }), ..step(&[0]) };
        for failed in [Failed, TimedOut, Indeterminate] {
            check(heals(), &[failed, Scheduled], None, Turn::Begin);
            check(heals(), &[failed, Scheduled], Some(Ending::Failed), Turn::Begin);
            check(heals(), &[failed, Scheduled], Some(Ending::Cancelled), Turn::Skip);
        }
        check(heals(), &[Succeeded, Scheduled], None, Turn::Skip);
        let definition = Definition { deadline: None, channels: None, steps: vec![step(&[]), heals(), step(&[1])] };
        assert!(!fails_the_run(&definition, 0));
        assert!(fails_the_run(&definition, 1));
    }

    #[test]
    fn what_always_runs_runs_even_if_the_run_is_to_end() {
        use StepState::{Cancelled, Running, Scheduled};
        let always = || Step { always: true, ..step(&[0]) };
        check(always(), &[Running, Scheduled], Some(Ending::Cancelled), Turn::NotYet);
        for ending in [Ending::Failed, Ending::TimedOut, Ending::Cancelled] {
            check(always(), &[Cancelled, Scheduled], Some(ending), Turn::Begin);
        }
    }

    #[test]
    fn a_failure_that_is_of_no_matter_holds_nothing_up() {
        let steps = vec![Step { on_failure: OnFailure::Continue, ..step(&[]) }, step(&[0])];
        let definition = Definition { deadline: None, channels: None, steps };
        assert!(!fails_the_run(&definition, 0));
        let states = run(&[StepState::Failed, StepState::Scheduled]);
        assert_eq!(turn(&definition, &states, 1, None), Turn::Begin);
    }
}
