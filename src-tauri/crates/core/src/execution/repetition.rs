//! A run that repeats an earlier one from some step on: which results are kept.

use super::order::fails_the_run;
use crate::flow::{
    Definition, Step,
    run::{RunRecord, StepRun, StepState},
};

/// The steps of a run by `definition` that repeats `before` from the step at `from` on. What came of a step is kept where it
/// does not wait for that one, did its work and was not taken back; or failed, and that was of no matter.
pub(super) fn repeated(definition: &Definition, before: &RunRecord, from: usize) -> Vec<StepRun> {
    let again = depends_on(definition, from);
    let kept = |(place, step): (usize, &Step)| {
        let find = |known: &Step| known.name == step.name;
        let run = before.run.definition.steps.iter().position(find).and_then(|place| before.steps.get(place))?;
        let is_done = run.state == StepState::Succeeded && run.undo.is_none();
        let is_no_matter =
            matches!(run.state, StepState::Failed | StepState::TimedOut) && !fails_the_run(definition, place);
        ((is_done || is_no_matter) && !again.get(place).copied().unwrap_or_default())
            .then(|| StepRun { kept: true, ..run.clone() })
    };
    definition.steps.iter().enumerate().map(|step| kept(step).unwrap_or_default()).collect()
}

/// Of each step whether it is the one at `from`, or waits for it.
fn depends_on(definition: &Definition, from: usize) -> Vec<bool> {
    let mut depends: Vec<bool> = (0..definition.steps.len()).map(|place| place == from).collect();
    // What a step needs may stand below it.
    loop {
        let waits = |step: &Step| {
            let named = step.when.iter().flat_map(|when| [&when.failed, &when.succeeded, &when.skipped]).flatten();
            step.needs.iter().chain(named).any(|place| depends.get(*place).copied().unwrap_or_default())
        };
        let now: Vec<bool> =
            definition.steps.iter().enumerate().map(|(place, step)| place == from || waits(step)).collect();
        if now == depends {
            return depends;
        }
        depends = now;
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use jiff::Timestamp;

    use super::*;
    use crate::{
        flow::{
            OnFailure, StepAction, When,
            run::{Run, RunCause, UndoRun},
        },
        ids::RunId,
    };

    fn step(name: &str, needs: &[usize]) -> Step {
        Step::new(name, StepAction::Wait { lasts: Duration::ZERO }, needs.to_vec())
    }

    #[test]
    fn what_does_not_wait_for_the_step_is_kept() {
        let heals = Step { when: Some(When { failed: vec![0], ..When::default() }), ..step("heals", &[0]) };
        let forgiven = Step { on_failure: OnFailure::Continue, ..step("forgiven", &[]) };
        let steps = vec![
            step("looks", &[]),
            heals,
            step("beside", &[]),
            step("last", &[1]),
            forgiven,
            step("taken back", &[]),
            step("cut off", &[]),
        ];
        let definition = Arc::new(Definition { deadline: None, channels: None, steps });
        let ended = |state| StepRun { state, attempts: 1, ..StepRun::default() };
        use StepState::{Cancelled, Failed, Succeeded};
        let taken_back = StepRun { undo: Some(Box::new(UndoRun::default())), ..ended(Succeeded) };
        let mut steps: Vec<StepRun> = [Failed, Succeeded, Succeeded, Failed, Failed].into_iter().map(ended).collect();
        steps.extend([taken_back, ended(Cancelled)]);
        let run = Run::new(RunId(1), "f".into(), Arc::clone(&definition), RunCause::Asked, Timestamp::UNIX_EPOCH);
        let before = RunRecord { run, steps };
        let kept = |from| {
            let kept = repeated(&definition, &before, from);
            kept.iter().map(|step| if step.kept { 'k' } else { '-' }).collect::<String>()
        };
        assert_eq!(kept(3), "kkk-k--");
        assert_eq!(kept(1), "k-k-k--");
        assert_eq!(kept(0), "--k-k--");
    }
}
