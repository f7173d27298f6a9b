//! What came of the steps of a run, for later steps: as environment variables of their commands and in their texts.

use std::{collections::BTreeMap, sync::Arc};

use super::under_way::RunUnderWay;
use crate::{
    exit::Exit,
    flow::{
        Step,
        run::{RunRecord, StepRun},
        text::{StepResult, Text, TextError},
    },
};

/// So many bytes of results a command finds in its environment: systems have no room for much more.
const ROOM: usize = 256 << 10;

fn result(step: &StepRun) -> StepResult {
    StepResult {
        output: step.saved.as_ref().or(step.output.last()).cloned().unwrap_or_default(),
        exit: match step.exit {
            Some(Exit::Code(code)) => Some(code),
            // As a shell has it.
            Some(Exit::Signal(number)) => Some(number.saturating_add(128)),
            Some(Exit::Unseen) | None => None,
        },
        state: step.state.word(),
    }
}

/// The results of the steps that stand before the one at `place`; of one that is not over there is only its state.
fn results(record: &RunRecord, place: usize) -> BTreeMap<Arc<str>, StepResult> {
    let before = record.run.definition.steps.iter().zip(&record.steps).take(place);
    let result_of = |run: &StepRun| match run.state.is_over() {
        true => result(run),
        false => StepResult { state: run.state.word(), ..StepResult::default() },
    };
    before.map(|(step, run)| (Arc::clone(&step.name), result_of(run))).collect()
}

impl RunUnderWay {
    /// A text of the step at `place`, with the results of those before it.
    pub(super) fn filled(&self, text: &Text, place: usize) -> Result<String, TextError> {
        text.fill(results(&self.record, place))
    }

    /// The variables that a command of the step at `place` finds: where it is, and what came of the steps that are over.
    pub(super) fn variables(&self, place: usize) -> Vec<(String, String)> {
        let (run, definition) = (&self.record.run, &self.record.run.definition);
        let step = definition.steps.get(place).map(|step| step.name.to_string()).unwrap_or_default();
        let attempt = self.record.steps.get(place).map(|step| step.attempts).unwrap_or_default();
        let mut variables = vec![
            ("ESTATUS_FLOW".to_owned(), run.flow.to_string()),
            ("ESTATUS_RUN".to_owned(), run.id.0.to_string()),
            ("ESTATUS_STEP".to_owned(), step),
            ("ESTATUS_ATTEMPT".to_owned(), attempt.to_string()),
        ];
        variables.extend(run.heals.first().map(|monitor| ("ESTATUS_MONITOR".to_owned(), monitor.to_string())));
        let mut room = ROOM;
        let over = definition.steps.iter().zip(&self.record.steps).filter(|(_, run)| run.state.is_over());
        // Where there is not room for all, there is for the nearest.
        for (step, run) in over.rev() {
            let variable = |what: &str| format!("ESTATUS_STEP_{}_{what}", Step::variable(&step.name));
            let StepResult { output, exit, state } = result(run);
            variables.push((variable("STATE"), state.to_owned()));
            variables.extend(exit.map(|exit| (variable("EXIT"), exit.to_string())));
            if run.attempts > 0 && output.len() <= room {
                room -= output.len();
                // No variable may hold it.
                variables.push((variable("OUTPUT"), output.replace('\0', "")));
            }
        }
        variables
    }
}
