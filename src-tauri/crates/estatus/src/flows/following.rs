//! A run that is followed in a terminal until it has ended.

#[cfg(test)]
mod tests;

use estatus_api::{ApiError, Event, LogLine, Request, RunStatus, RunSummary, StepOf, StepStatus};
use estatus_core::{flow::run::StepState, ids::RunId};

use super::{begin, newest_over, outcome, status_of};
use crate::{
    CommandError, Outcome, Result,
    arguments::FlowRun,
    asking::trouble,
    configuration::Places,
    listening::Listening,
    logs::{LogOf, MOST_LINES, Shown},
    running::interrupted,
    show::{self, Paint, flows::following as words},
};

/// Begins the run that is wanted, and shows what it does until it has ended. Whoever interrupts that leaves it running.
pub(super) async fn follow(places: &Places, wanted: &FlowRun) -> Result {
    let mut line = Listening::attach(places).await?;
    let run = begin(&mut line, wanted).await?.run;
    tokio::select! {
        outcome = to_its_end(&mut line, run) => outcome,
        () = interrupted() => {
            complain!("run {run} goes on: `estatus flow show {run}` shows it, `estatus flow cancel {run}` cancels it");
            Ok(Outcome::NotWell)
        }
    }
}

async fn to_its_end(line: &mut Listening, run: RunId) -> Result {
    let status = status_of(line, run).await?;
    words::head(&status).iter().for_each(|head| say!("{head}"));
    let mut followed = Followed::new(&status, Paint::for_stdout());
    let ended = loop {
        let event = line.event().await.map_err(|error| lost(error, run))?;
        if let Some(ended) = followed.hear(&event, &mut Engine { line, run }).await? {
            break ended;
        }
    };
    say!("{}", words::end_line(&ended, &followed.paint));
    if ended.state.is_failure() {
        let newest = newest_over(line, &ended.flow).await.unwrap_or_default();
        say!();
        show::flows::failure(&status_of(line, run).await?, newest);
    }
    Ok(outcome(ended.state))
}

/// What it means for the command that the connection is gone, or what else the engine answers.
fn lost(error: ApiError, run: RunId) -> CommandError {
    if error.is_of_connection() {
        return CommandError::Failed(format!("{error}; `estatus flow show {run}` shows what becomes of run {run}"));
    }
    trouble(error)
}

/// Where output of steps comes from, and what is said goes.
trait Stage {
    /// Has told what a step writes from now on.
    async fn follow(&mut self, of: StepOf) -> std::result::Result<(), CommandError>;
    /// The last lines of what a step has written. That they cannot be read is of no matter where `is_last` does not say
    /// that they will not be asked for again.
    async fn read(&mut self, of: StepOf, is_last: bool) -> std::result::Result<Vec<LogLine>, CommandError>;
    /// Says a line.
    fn say(&mut self, text: &str);
}

/// The engine, and this terminal.
struct Engine<'a> {
    line: &'a mut Listening,
    run: RunId,
}

impl Stage for Engine<'_> {
    async fn follow(&mut self, of: StepOf) -> std::result::Result<(), CommandError> {
        match self.line.request(LogOf::Step(of).follow()).await {
            Err(error) if error.is_of_connection() => Err(lost(error, self.run)),
            // What cannot be followed is read when the step has ended.
            _ => Ok(()),
        }
    }

    async fn read(&mut self, of: StepOf, is_last: bool) -> std::result::Result<Vec<LogLine>, CommandError> {
        match self.line.log(Request::StepLog { of, lines: MOST_LINES }).await {
            Ok(lines) => Ok(lines),
            Err(error) if error.is_of_connection() => Err(lost(error, self.run)),
            Err(error) => {
                if is_last {
                    complain!("what this step wrote cannot be shown: {}", show::one_line(&error.message));
                }
                Ok(Vec::new())
            }
        }
    }

    fn say(&mut self, text: &str) {
        say!("{text}");
    }
}

/// A run that is followed. The log of one step is told at a time: of those that run, the one that began last.
struct Followed {
    run: RunId,
    paint: Paint,
    /// In the order of the flow.
    steps: Vec<FollowedStep>,
    /// Those that run a command, by their places, the one that began last at the end.
    begun: Vec<usize>,
    /// The one whose log is told.
    told: Option<usize>,
    /// The one of which the last line was said.
    spoke: Option<usize>,
}

/// A step of it.
struct FollowedStep {
    /// As it was told last; nothing if it has not been told.
    now: Option<StepStatus>,
    shown: Shown,
}

impl Followed {
    fn new(status: &RunStatus, paint: Paint) -> Self {
        let steps = status.steps.iter().map(|_| FollowedStep { now: None, shown: Shown::default() }).collect();
        Self { run: status.summary.run, paint, steps, begun: Vec::new(), told: None, spoke: None }
    }

    /// Says what has happened. The run, once it has ended.
    async fn hear(
        &mut self,
        event: &Event,
        stage: &mut impl Stage,
    ) -> std::result::Result<Option<RunSummary>, CommandError> {
        match event {
            Event::Step { run, place, step } if *run == self.run => self.step(*place, step, stage).await?,
            Event::StepLog { of, lines } if of.run == self.run => self.wrote(of.place, lines, stage),
            Event::Run(summary) if summary.run == self.run && summary.state.is_over() => {
                return Ok(Some(summary.clone()));
            }
            _ => {}
        }
        Ok(None)
    }

    async fn step(
        &mut self,
        place: usize,
        step: &StepStatus,
        stage: &mut impl Stage,
    ) -> std::result::Result<(), CommandError> {
        let Some(known) = self.steps.get_mut(place) else { return Ok(()) };
        let before = known.now.replace(step.clone());
        let before = before.as_ref();
        let stands = |step: &StepStatus| (step.state, step.attempts);
        let has_changed = before.map(stands) != Some(stands(step)) && step.state != StepState::Scheduled && !step.kept;
        let undo = |step: &StepStatus| step.undo.as_ref().map(|undo| undo.state);
        let has_been_undone = undo(step).is_some() && before.and_then(undo) != undo(step);
        let runs = step.state == StepState::Running && step.has_log;
        if (has_changed || has_been_undone) && step.has_log && !runs {
            // What it wrote comes before how it ended.
            self.read(place, true, stage).await?;
        }
        if has_changed {
            self.say(place, &words::step_line(place, self.steps.len(), step, &self.paint), stage);
        }
        if let Some(question) = step.question.as_ref().filter(|_| has_changed && words::is_asking(step)) {
            let answer =
                words::how_to_answer(self.run, step, question, self.steps.iter().filter_map(|step| step.now.as_ref()));
            self.say(place, &words::question_line(question), stage);
            self.say(place, &format!("    {answer}"), stage);
        }
        if let Some(run) = step.run.filter(|_| before.and_then(|before| before.run) != step.run) {
            self.say(place, &words::run_line(run), stage);
        }
        if let Some(undo) = step.undo.as_ref().filter(|_| has_been_undone) {
            self.say(place, &words::undo_line(place, self.steps.len(), step, undo, &self.paint), stage);
        }
        self.begun.retain(|begun| *begun != place || runs && !has_changed);
        if runs && has_changed {
            self.begun.push(place);
        }
        self.follow_newest(stage).await
    }

    async fn follow_newest(&mut self, stage: &mut impl Stage) -> std::result::Result<(), CommandError> {
        let newest = self.begun.last().copied();
        if let Some(place) = newest.filter(|_| newest != self.told) {
            stage.follow(StepOf { run: self.run, place }).await?;
            // It may have written something before.
            self.read(place, false, stage).await?;
        }
        self.told = newest;
        Ok(())
    }

    /// Says what a step has written that has not been said.
    async fn read(
        &mut self,
        place: usize,
        is_last: bool,
        stage: &mut impl Stage,
    ) -> std::result::Result<(), CommandError> {
        let lines = stage.read(StepOf { run: self.run, place }, is_last).await?;
        let Some(step) = self.steps.get_mut(place) else { return Ok(()) };
        let new = step.shown.read(lines);
        self.say_lines(place, &new, stage);
        Ok(())
    }

    /// A step has written this.
    fn wrote(&mut self, place: usize, lines: &[LogLine], stage: &mut impl Stage) {
        let Some(step) = self.steps.get_mut(place) else { return };
        let new = step.shown.told(lines.to_vec());
        self.say_lines(place, &new, stage);
    }

    fn say_lines(&mut self, place: usize, lines: &[LogLine], stage: &mut impl Stage) {
        if let Some(step) = self.steps.get(place).and_then(|step| step.now.as_ref())
            && !lines.is_empty()
            && self.spoke != Some(place)
        {
            stage.say(&words::heading(&step.name));
        }
        lines.iter().for_each(|line| self.say(place, &words::log_line(line, &self.paint), stage));
    }

    fn say(&mut self, place: usize, text: &str, stage: &mut impl Stage) {
        self.spoke = Some(place);
        stage.say(text);
    }
}
