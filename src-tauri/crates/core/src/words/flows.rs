//! Flows, their runs and their steps.

use super::Words;
use crate::{
    execution::Fallout,
    flow::{
        Definition, Step, StepAction,
        run::{
            AnsweredBy, Compared, Difference, Run, RunCause, RunRecord, RunState, StepError, StepId, StepRun, StepState,
        },
    },
    program::ProgramAction,
};

impl Words {
    /// How a run stands, in a word or two.
    pub fn run_state(&self, state: RunState) -> String {
        self.text(&format!("run.{}", state.word()), &[])
    }

    /// How a step stands, in a word or two.
    pub fn step_state(&self, state: StepState) -> String {
        self.text(&format!("step.{}", state.word()), &[])
    }

    /// Why a run began, without a full stop.
    pub fn run_cause(&self, cause: &RunCause) -> String {
        match cause {
            RunCause::Asked => self.text("run.cause.asked", &[]),
            RunCause::Scheduled { at } => self.text("run.cause.scheduled", &[("at", &self.time(*at))]),
            RunCause::Remedy { monitor } => self.text("run.cause.remedy", &[("monitor", monitor)]),
            RunCause::Again { run, from: None } => self.text("run.cause.again", &[("run", &run.to_string())]),
            RunCause::Again { run, from: Some(step) } => {
                self.text("run.cause.again_from", &[("run", &run.to_string()), ("step", step)])
            }
            RunCause::Step(by) => self.of_step("run.cause.step", by),
            RunCause::Failure(by) => self.of_step("run.cause.failure", by),
        }
    }

    fn of_step(&self, key: &str, StepId { flow, run, step, .. }: &StepId) -> String {
        self.text(key, &[("flow", flow), ("run", &run.to_string()), ("step", step)])
    }

    /// What a step does, like `restart web`.
    pub fn step_action(&self, action: &StepAction) -> String {
        match action {
            StepAction::Run { command, .. } => self.text("step.does.run", &[("command", &command.to_string())]),
            StepAction::Check { monitor } => self.text("step.does.check", &[("monitor", monitor)]),
            StepAction::WaitUntil { monitor, within } => {
                self.text("step.does.wait_until", &[("monitor", monitor), ("within", &self.span(*within))])
            }
            StepAction::Program { action, program } => {
                let key = match action {
                    ProgramAction::Restart => "step.does.restart",
                    ProgramAction::Start => "step.does.start",
                    ProgramAction::Stop => "step.does.stop",
                };
                self.text(key, &[("program", program)])
            }
            StepAction::Wait { lasts } => self.text("step.does.wait", &[("lasts", &self.span(*lasts))]),
            StepAction::Http { request } => {
                self.text("step.does.http", &[("method", &request.method), ("url", request.url.as_str())])
            }
            StepAction::Tell { channels: Some(channels), .. } => {
                self.text("step.does.tell", &[("channels", &channels.join(", "))])
            }
            StepAction::Tell { channels: None, .. } => self.text("step.does.tell.default", &[]),
            StepAction::Approve { within, .. } => self.text("step.does.approve", &[("within", &self.span(*within))]),
            StepAction::Flow { flow } => self.text("step.does.flow", &[("flow", flow)]),
        }
    }

    /// Why a step failed, in one sentence without a full stop.
    pub fn step_error(&self, error: &StepError) -> String {
        match error {
            StepError::Ended { exit } => self.exit(*exit),
            StepError::Down { failure } | StepError::Request { failure } => self.failure(failure),
            StepError::Inconclusive { cause: Some(cause) } => {
                self.text("step.error.inconclusive", &[("cause", &self.cause(cause))])
            }
            StepError::NeverUp { within, failure: Some(failure) } => {
                self.text("step.error.never_up", &[("within", &self.span(*within)), ("cause", &self.failure(failure))])
            }
            StepError::NeverUp { within, failure: None } => {
                self.text("step.error.never_up.no_failure", &[("within", &self.span(*within))])
            }
            StepError::Program { error } | StepError::Flow { error } => self.undone(error),
            _ => self.tagged("step.error", "kind", error),
        }
    }

    /// Why a step is as it is: what it failed by, in which attempt of how many, or when it is tried again. Nothing where its
    /// state says it all.
    pub fn step_detail(&self, step: &Step, run: &StepRun) -> Option<String> {
        if let Some(by) = &run.answered_by {
            return Some(self.answer(run.error.is_none(), by));
        }
        let why = run.error.as_ref()?;
        Some(match run.retry_at {
            Some(at) => self.text("step.retries", &[("why", &self.step_error(why)), ("at", &self.time(at))]),
            None => self.failed_attempt(step, run.attempts, why),
        })
    }

    /// Who has approved, or denied, what a step asks.
    fn answer(&self, approved: bool, by: &AnsweredBy) -> String {
        let user = by.user.clone().unwrap_or_else(|| self.text("answer.somebody", &[]));
        let place = by.from.map_or_else(String::new, |from| self.text(&format!("answer.{}", from.word()), &[]));
        let key = if approved { "answer.approved" } else { "answer.denied" };
        self.text(key, &[("user", &user), ("place", &place)]).trim_end().to_owned()
    }

    fn failed_attempt(&self, step: &Step, attempt: u32, error: &StepError) -> String {
        self.in_attempt(self.step_error(error), attempt, step.attempts().max(attempt))
    }

    /// `why`, with the attempt where there can be several.
    pub(super) fn in_attempt(&self, why: String, attempt: u32, attempts: u32) -> String {
        if attempts <= 1 {
            return why;
        }
        let (attempt, attempts) = (attempt.to_string(), attempts.to_string());
        self.text("step.attempt", &[("why", &why), ("attempt", &attempt), ("attempts", &attempts)])
    }

    /// Where a run failed and why: the step, its attempt and the reason, in one sentence without a full stop. Nothing where
    /// none has.
    pub fn run_failure(&self, run: &Run) -> Option<String> {
        let failed = run.failed.as_ref()?;
        let step = run.definition.steps.get(failed.place)?;
        let error = failed.error.as_ref()?;
        let why = self.failed_attempt(step, failed.attempts, error);
        // That it failed is not known, or nothing that it did.
        let is_known =
            !matches!(error, StepError::Deadline | StepError::Unseen | StepError::Interrupted | StepError::Lost);
        let key = if is_known { "run.failed_at" } else { "run.stopped_at" };
        Some(self.text(key, &[("step", &step.name), ("why", &why)]))
    }

    /// What is different from the last run that succeeded, each in a sentence without a full stop.
    pub fn differences(&self, compared: &Compared) -> Vec<String> {
        let difference = |difference: &Difference| match difference {
            Difference::Added { step } => self.text("run.changed.added", &[("step", step)]),
            Difference::Removed { step } => self.text("run.changed.removed", &[("step", step)]),
            Difference::Step { step } => self.text("run.changed.step", &[("step", step)]),
            Difference::Program { step, program } => {
                let (path, at) = (program.path.display().to_string(), self.time(program.modified));
                self.text("run.changed.program", &[("step", step), ("path", &path), ("at", &at)])
            }
        };
        compared.changes.iter().map(difference).collect()
    }

    /// Under which condition a step begins, without a full stop; nothing where all that it needs must have succeeded.
    pub fn step_when(&self, definition: &Definition, step: &Step) -> Option<String> {
        if step.always {
            return Some(self.text("plan.when.always", &[]));
        }
        let when = step.when.as_ref()?;
        let conditions = [("failed", &when.failed), ("succeeded", &when.succeeded), ("skipped", &when.skipped)];
        let conditions = conditions.into_iter().filter(|(_, places)| !places.is_empty());
        conditions
            .map(|(state, places)| self.with_steps(&format!("plan.when.{state}"), definition, places))
            .reduce(|one, other| self.text("plan.when.and", &[("one", &one), ("other", &other)]))
    }

    /// What would come of the failure of the step at `place`, each in a sentence without a full stop.
    pub fn if_it_fails(&self, definition: &Definition, place: usize, fallout: &Fallout) -> Vec<String> {
        let retry = definition.steps.get(place).and_then(|step| step.retry.as_ref());
        let mut said: Vec<String> = retry
            .map(|retry| self.text("plan.then.retries", &[("count", &retry.times.to_string())]))
            .into_iter()
            .collect();
        said.push(self.text(if fallout.fails { "plan.then.fails" } else { "plan.then.goes_on" }, &[]));
        let all = [("begun", &fallout.begun), ("skipped", &fallout.skipped), ("undone", &fallout.undone)];
        let all = all.into_iter().filter(|(_, places)| !places.is_empty());
        said.extend(all.map(|(what, places)| self.with_steps(&format!("plan.then.{what}"), definition, places)));
        said.extend(fallout.flow.as_ref().map(|flow| self.text("plan.then.flow", &[("flow", flow)])));
        said
    }

    /// The text under `key`, with the names of the steps at `places`, or of the first of many.
    fn with_steps(&self, key: &str, definition: &Definition, places: &[usize]) -> String {
        const MOST: usize = 20;
        let names = places.iter().filter_map(|place| definition.steps.get(*place)).map(|step| &*step.name);
        let more = (places.len() > MOST).then_some("…");
        let names: Vec<&str> = names.take(MOST).chain(more).collect();
        self.text(key, &[("count", &places.len().to_string()), ("steps", &names.join(", "))])
    }

    /// Why the step at `place` of a run was skipped, if that is because of another one that failed or was skipped itself: in
    /// one sentence without a full stop.
    pub fn skipped_because(&self, record: &RunRecord, place: usize) -> Option<String> {
        let step = record.run.definition.steps.get(place)?;
        let state = |place: &usize| record.steps.get(*place).map(|step| step.state).unwrap_or_default();
        if state(&place) != StepState::Skipped || step.when.is_some() {
            return None;
        }
        let blocks = |place: &&usize| !matches!(state(place), StepState::Succeeded);
        let needed = step.needs.iter().find(blocks).copied();
        let culprit = needed.or(record.run.failed.as_ref().map(|failed| failed.place))?;
        let name = &record.run.definition.steps.get(culprit)?.name;
        let state = self.step_state(state(&culprit));
        Some(self.text("step.skipped_because", &[("step", name), ("state", &state)]))
    }

    /// The names of the steps that stand so, separated by commas; nothing if there are none.
    pub fn steps_that_are(&self, definition: &Definition, steps: &[StepRun], state: StepState) -> Option<String> {
        let are = definition.steps.iter().zip(steps).filter(|(_, run)| run.state == state);
        let names: Vec<&str> = are.map(|(step, _)| &*step.name).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::tz::TimeZone;

    use super::*;
    use crate::{
        config::Language,
        exit::Exit,
        flow::{
            Retry, When,
            run::{AnsweredFrom, FailedStep},
        },
        ids::RunId,
        observation::{Cause, Failure, Phase},
        remedy::RemedyError,
    };

    const SPAN: Duration = Duration::from_secs(60);

    fn words(language: Language) -> Words {
        Words::new(language, TimeZone::UTC)
    }

    #[test]
    fn who_answered_is_told_in_either_language() {
        let check = |user: Option<&str>, from: Option<AnsweredFrom>, error: Option<StepError>, told: [&str; 2]| {
            let by = AnsweredBy { user: user.map(str::to_owned), from };
            let run = StepRun { answered_by: Some(Box::new(by)), error, ..StepRun::default() };
            let step = Step::new("may we", StepAction::Wait { lasts: SPAN }, Vec::new());
            for (language, told) in Language::ALL.into_iter().zip(told) {
                assert_eq!(words(language).step_detail(&step, &run).as_deref(), Some(told));
            }
        };
        let (window, terminal) = (Some(AnsweredFrom::Window), Some(AnsweredFrom::CommandLine));
        check(
            Some("ana"),
            terminal,
            None,
            ["approved by ana on the command line", "aprobado por ana desde la línea de comandos"],
        );
        check(
            Some("ana"),
            window,
            Some(StepError::Denied),
            ["denied by ana in the window", "denegado por ana desde la ventana"],
        );
        check(
            None,
            Some(AnsweredFrom::Tray),
            None,
            ["approved by somebody from the tray", "aprobado por alguien desde la bandeja"],
        );
        check(Some("ana"), None, None, ["approved by ana", "aprobado por ana"]);
    }

    #[test]
    fn why_a_step_failed_is_said_in_either_language() {
        let check = |error: StepError, english: &str, spanish: &str| {
            assert_eq!(words(Language::English).step_error(&error), english);
            assert_eq!(words(Language::Spanish).step_error(&error), spanish);
        };
        let failure = || Failure::new(Phase::Connect, Cause::Refused);
        check(StepError::Ended { exit: Exit::Code(3) }, "exit code 3", "código de salida 3");
        check(StepError::TimedOut { within: SPAN }, "it did not end within 1 min", "no terminó en 1 min");
        check(
            StepError::NeverUp { within: SPAN, failure: Some(failure()) },
            "not up within 1 min: connection refused: nothing is listening on the port",
            "no respondió en 1 min: conexión rechazada: ningún programa escucha en el puerto",
        );
        check(
            StepError::Left { pids: vec![7, 8] },
            "it did not end in time, and these processes could not be ended: 7, 8",
            "no terminó a tiempo, y estos procesos no se pudieron terminar: 7, 8",
        );
        check(
            StepError::Program { error: RemedyError::Gone },
            "it is no longer in the configuration",
            "ya no está en la configuración",
        );
    }

    #[test]
    fn every_state_and_error_has_its_own_words() {
        let errors = [
            StepError::CannotStart { error: "x".to_owned() },
            StepError::Inconclusive { cause: None },
            StepError::Inconclusive { cause: Some(Cause::Slept) },
            StepError::NeverUp { within: SPAN, failure: None },
            StepError::NoSuchMonitor { monitor: "x".into() },
            StepError::Unseen,
            StepError::Interrupted,
            StepError::Deadline,
            StepError::Lost,
        ];
        let states = [
            RunState::Queued,
            RunState::Running,
            RunState::Succeeded,
            RunState::Failed,
            RunState::TimedOut,
            RunState::Cancelled,
            RunState::Crashed,
            RunState::Skipped,
            RunState::Suppressed,
        ];
        let steps = [
            StepState::Scheduled,
            StepState::Running,
            StepState::Retrying,
            StepState::Succeeded,
            StepState::Failed,
            StepState::TimedOut,
            StepState::Cancelled,
            StepState::Skipped,
            StepState::Indeterminate,
        ];
        for language in [Language::English, Language::Spanish] {
            let words = words(language);
            let errors = errors.iter().map(|error| words.step_error(error));
            let states = states.iter().map(|state| words.run_state(*state));
            let steps = steps.iter().map(|state| words.step_state(*state));
            for text in errors.chain(states).chain(steps) {
                assert!(!text.starts_with("step.") && !text.starts_with("run.") && !text.contains('{'), "{text}");
            }
        }
    }

    #[test]
    fn what_would_come_of_a_failure_is_said_in_either_language() {
        let step = |name: &str| Step::new(name, StepAction::Wait { lasts: SPAN }, Vec::new());
        let when = When { failed: vec![0], skipped: vec![0, 1], ..When::default() };
        let retry = Some(Retry { times: 1, wait: SPAN, max_wait: SPAN, on: Vec::new() });
        let steps = vec![Step { retry, ..step("a") }, step("b"), Step { when: Some(when), ..step("c") }];
        let definition = Definition { deadline: None, channels: None, steps };
        let fallout = Fallout {
            fails: true,
            skipped: vec![1, 2],
            begun: vec![2],
            undone: vec![1, 0],
            flow: Some("call-somebody".into()),
        };
        let said = |language| words(language).if_it_fails(&definition, 0, &fallout);
        let english = [
            "first it is tried again, once",
            "the run fails",
            "then this step begins: c",
            "these steps are skipped: b, c",
            "these are undone, in this order: b, a",
            "then “call-somebody” is run",
        ];
        assert_eq!(said(Language::English), english);
        let spanish = [
            "antes se vuelve a intentar, una vez",
            "la ejecución falla",
            "entonces empieza este paso: c",
            "se omiten estos pasos: b, c",
            "se deshacen estos, en este orden: b, a",
            "después se ejecuta «call-somebody»",
        ];
        assert_eq!(said(Language::Spanish), spanish);
        assert_eq!(words(Language::English).if_it_fails(&definition, 1, &Fallout::default()), ["the run goes on"]);

        let when = |language, place: usize| words(language).step_when(&definition, &definition.steps[place]);
        assert_eq!(when(Language::English, 0), None);
        assert_eq!(
            when(Language::English, 2).unwrap(),
            "if this step failed: a, and if these steps were skipped: a, b"
        );
        assert_eq!(when(Language::Spanish, 2).unwrap(), "si falló este paso: a, y si se omitieron estos pasos: a, b");
        let always = Step { always: true, ..step("d") };
        let always = words(Language::English).step_when(&definition, &always);
        assert_eq!(always.unwrap(), "whatever became of the others, even if the run is to end");
    }

    #[test]
    fn where_a_run_failed_is_said_with_the_attempt() {
        let mut step = Step::new("clear the cache", StepAction::Wait { lasts: SPAN }, Vec::new());
        step.retry = Some(Retry { times: 3, wait: SPAN, max_wait: SPAN, on: Vec::new() });
        let error = Some(StepError::Ended { exit: Exit::Code(3) });
        let definition = Definition { deadline: None, channels: None, steps: vec![step] };
        let (cause, began) = (RunCause::Asked, jiff::Timestamp::UNIX_EPOCH);
        let run = Run {
            state: RunState::Failed,
            failed: Some(FailedStep { place: 0, attempts: 4, error }),
            ..Run::new(RunId(1), "heal".into(), definition.into(), cause, began)
        };
        let said = |language| words(language).run_failure(&run).unwrap();
        assert_eq!(said(Language::English), "step “clear the cache” failed: exit code 3 (attempt 4 of 4)");
        assert_eq!(said(Language::Spanish), "falló el paso «clear the cache»: código de salida 3 (intento 4 de 4)");
    }
}
