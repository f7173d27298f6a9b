//! A run beside those before it: how long its steps take as a rule, and what has changed since the last one that succeeded.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use crate::flow::{
    Definition, FlowMemory, GoodRun, Step,
    run::{Compared, Difference, RunRecord, RunState, StepRun, StepState},
};

/// How long the step called so takes as a rule: the median of the last times; nothing if it never succeeded.
pub(super) fn usual(memory: &FlowMemory, step: &str) -> Option<Duration> {
    let mut took: Vec<u64> = memory.took.get(step)?.iter().copied().collect();
    took.sort_unstable();
    took.get(took.len() / 2).copied().map(Duration::from_micros)
}

/// What is different in `record` from the last run that succeeded.
pub(super) fn compared(memory: &FlowMemory, record: &RunRecord) -> Option<Box<Compared>> {
    let good = memory.good.as_ref()?;
    let mut changes = differences(&good.definition, &record.run.definition);
    for (step, run) in record.run.definition.steps.iter().zip(&record.steps) {
        if let (Some(before), Some(now)) = (good.programs.get(&step.name), &run.program)
            && before != now
        {
            changes.push(Difference::Program { step: Arc::clone(&step.name), program: now.clone() });
        }
    }
    Some(Box::new(Compared { run: good.run, ended: good.ended, changes }))
}

fn differences(before: &Definition, now: &Definition) -> Vec<Difference> {
    let find = |definition: &Definition, name: &str| definition.steps.iter().position(|step| *step.name == *name);
    let mut differences = Vec::new();
    for step in &now.steps {
        let name = Arc::clone(&step.name);
        match find(before, &name).and_then(|place| before.steps.get(place)) {
            None => differences.push(Difference::Added { step: name }),
            Some(other) if is_different(before, other, now, step) => differences.push(Difference::Step { step: name }),
            Some(_) => {}
        }
    }
    let gone = before.steps.iter().filter(|step| find(now, &step.name).is_none());
    differences.extend(gone.map(|step| Difference::Removed { step: Arc::clone(&step.name) }));
    differences
}

/// Whether two steps are defined differently, where those that they name are the same if they are called the same.
fn is_different(before: &Definition, one: &Step, now: &Definition, other: &Step) -> bool {
    let names = |definition: &Definition, places: &[usize]| {
        let names = places.iter().filter_map(|place| definition.steps.get(*place));
        names.map(|step| Arc::clone(&step.name)).collect::<Vec<_>>()
    };
    let named = |definition: &Definition, step: &Step| {
        let when = step.when.iter().map(|when| [&when.failed, &when.succeeded, &when.skipped]);
        let when: Vec<_> = when.map(|asked| asked.map(|places| names(definition, places))).collect();
        (names(definition, &step.needs), when)
    };
    let without_places = |step: &Step| Step { needs: Vec::new(), when: None, ..step.clone() };
    named(before, one) != named(now, other) || without_places(one) != without_places(other)
}

/// What is remembered of a run that has ended, for those that follow.
pub(super) fn remember(memory: &mut FlowMemory, record: &RunRecord) {
    let RunRecord { run, steps } = record;
    let steps = || run.definition.steps.iter().zip(steps);
    for (step, run) in steps() {
        if let Some(took) = took(run) {
            let times: &mut VecDeque<u64> = memory.took.entry(Arc::clone(&step.name)).or_default();
            times.truncate(FlowMemory::TIMES - 1);
            times.push_front(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        }
    }
    if let (RunState::Succeeded, Some(ended)) = (run.state, run.ended) {
        memory.took.retain(|name, _| run.definition.steps.iter().any(|step| step.name == *name));
        let programs = steps().filter_map(|(step, run)| Some((Arc::clone(&step.name), run.program.clone()?)));
        let (programs, definition) = (programs.collect(), Arc::clone(&run.definition));
        memory.good = Some(Box::new(GoodRun { run: run.id, ended, definition, programs }));
    }
}

/// How long a step took that succeeded at the first attempt of this run.
fn took(run: &StepRun) -> Option<Duration> {
    let is_typical = run.state == StepState::Succeeded && run.attempts == 1 && run.error.is_none();
    run.took().filter(|_| is_typical)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{
        flow::{
            StepAction,
            run::{Run, RunCause},
        },
        ids::RunId,
        time::later,
    };

    fn step(name: &str, seconds: u64, needs: &[usize]) -> Step {
        Step::new(name, StepAction::Wait { lasts: Duration::from_secs(seconds) }, needs.to_vec())
    }

    fn record(steps: Vec<Step>, state: RunState, took: u64) -> RunRecord {
        let began = Timestamp::UNIX_EPOCH;
        let run = StepRun {
            state: StepState::Succeeded,
            attempts: 1,
            attempt_began: Some(began),
            ended: Some(later(began, Duration::from_secs(took))),
            ..StepRun::default()
        };
        let steps_run = vec![run; steps.len()];
        let definition = Arc::new(Definition { deadline: None, channels: None, steps });
        let run =
            Run { state, ended: Some(began), ..Run::new(RunId(1), "f".into(), definition, RunCause::Asked, began) };
        RunRecord { run, steps: steps_run }
    }

    #[test]
    fn the_usual_time_is_the_median_of_the_last_ones() {
        let mut memory = FlowMemory::default();
        assert_eq!(usual(&memory, "a"), None);
        for took in [1, 9, 2, 8, 3] {
            remember(&mut memory, &record(vec![step("a", 1, &[])], RunState::Failed, took));
        }
        assert_eq!(usual(&memory, "a"), Some(Duration::from_secs(3)));
        for _ in 0..=FlowMemory::TIMES {
            remember(&mut memory, &record(vec![step("a", 1, &[])], RunState::Succeeded, 20));
        }
        assert_eq!((usual(&memory, "a"), memory.took["a"].len()), (Some(Duration::from_secs(20)), FlowMemory::TIMES));
        remember(&mut memory, &record(vec![step("b", 1, &[])], RunState::Succeeded, 20));
        assert_eq!(usual(&memory, "a"), None, "what is no longer a step is forgotten");
    }

    #[test]
    fn what_has_changed_since_the_last_success_is_found() {
        let mut memory = FlowMemory::default();
        let failed = |steps| record(steps, RunState::Failed, 1);
        assert_eq!(compared(&memory, &failed(vec![step("a", 1, &[])])), None);
        let good = vec![step("a", 1, &[]), step("b", 1, &[0]), step("c", 1, &[1])];
        remember(&mut memory, &record(good.clone(), RunState::Succeeded, 1));
        let changes = |steps| compared(&memory, &failed(steps)).unwrap().changes;
        assert_eq!(changes(good), []);
        // A new step before them moves the others, which stay what they are; one waits for another than before.
        let now = vec![step("new", 1, &[]), step("a", 1, &[]), step("b", 2, &[1]), step("c", 1, &[1])];
        let name = Arc::<str>::from;
        let expected = [
            Difference::Added { step: name("new") },
            Difference::Step { step: name("b") },
            Difference::Step { step: name("c") },
        ];
        assert_eq!(changes(now), expected);
        assert_eq!(changes(vec![step("a", 1, &[]), step("b", 1, &[0])]), [Difference::Removed { step: name("c") }]);
    }
}
