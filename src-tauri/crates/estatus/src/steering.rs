//! `estatus start`, `stop` and `restart`: has a program started or stopped, and says what came of it; and `stop-left`, for
//! which no engine runs.

use std::{path::Path, time::Duration};

use estatus_api::{Client, Event, ProgramStatus};
use estatus_core::{engine::Ask, ids::StartId, program::ProgramState};

use tokio::time::{Instant, timeout_at};

use crate::{
    CommandError, Outcome, Result,
    asking::{self, attach},
    configuration::Places,
    running::shim,
    show,
};

/// What cannot work mostly ends at once: a program that runs is looked at for so long before that is said.
const STAYS: Duration = Duration::from_millis(300);

pub(crate) async fn start(places: &Places, program: String, wait: bool) -> Result {
    let ask = Ask::StartProgram { program: program.clone() };
    steer(places, &program, ask, wait, |_| Goal::Runs { after: None }).await
}

pub(crate) async fn restart(places: &Places, program: String, wait: bool) -> Result {
    let ask = Ask::RestartProgram { program: program.clone() };
    steer(places, &program, ask, wait, |before| Goal::Runs { after: Some(before.start) }).await
}

pub(crate) async fn stop(places: &Places, program: String, wait: bool) -> Result {
    let ask = Ask::StopProgram { program: program.clone() };
    steer(places, &program, ask, wait, |before| Goal::Stops { start: before.start, ran: before.pid.is_some() }).await
}

/// Stops what was left running, once the engine has ended.
pub(crate) async fn stop_left(data: &Path) -> Result {
    let shown = data.display();
    if let Some(holder) = estatus_engine::holder_of(data) {
        return Err(CommandError::Failed(format!(
            "Estatus still runs on {shown} ({holder}): quit it first, or use `estatus stop PROGRAM`"
        )));
    }
    let left = estatus_program::stop_left(data, shim()?).await;
    if left.is_empty() {
        return Ok(Outcome::Well);
    }
    let left = show::one_line(&left.join(", "));
    Err(CommandError::Failed(format!("these programs of {shown} still run: {left}; end them yourself")))
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// It runs, and was started after the start that is named.
    Runs {
        /// The newest start before anything was asked.
        after: Option<StartId>,
    },
    /// Nothing of it runs.
    Stops {
        /// Its newest start before anything was asked.
        start: StartId,
        /// Whether it ran.
        ran: bool,
    },
}

/// Asks for something to be done with `program`. If that is to be waited for, `goal` makes of how it stood before what
/// it has come to in the end, and that is said.
pub(crate) async fn steer(
    places: &Places,
    program: &str,
    ask: Ask,
    wait: bool,
    goal: impl FnOnce(&ProgramStatus) -> Goal,
) -> Result {
    let before = find(&attach(places).await?, program);
    asking::done(places, ask).await?;
    match before {
        Some(before) if wait => follow(places, program, goal(&before)).await,
        _ => Ok(Outcome::Well),
    }
}

async fn follow(places: &Places, program: &str, goal: Goal) -> Result {
    let mut watch = Watch::begin(attach(places).await?, program)?;
    loop {
        match what_came_of_it(goal, &watch.now) {
            Some((outcome, what)) if watch.has_settled().await? => {
                say!("{what}");
                if outcome == Outcome::NotWell {
                    show::last_lines(watch.now.last_exit.as_ref().map_or(&[], |last| &last.tail));
                }
                return Ok(outcome);
            }
            Some(_) => {}
            None => watch.change().await?,
        }
    }
}

/// A program, watched. Whoever connects is shown how everything is, and from then on all that changes: nothing is missed
/// in between.
struct Watch<'a> {
    client: Client,
    program: &'a str,
    now: ProgramStatus,
    /// A process that still runs then was not one of those that end at once.
    settles: Instant,
}

impl<'a> Watch<'a> {
    fn begin(client: Client, program: &'a str) -> std::result::Result<Self, CommandError> {
        let now = find(&client, program).ok_or_else(|| gone(program))?;
        Ok(Self { client, program, now, settles: Instant::now() + STAYS })
    }

    /// Whether it has stood for a while as it does, if it runs; if not, it has changed.
    async fn has_settled(&mut self) -> std::result::Result<bool, CommandError> {
        if self.now.state != ProgramState::Running {
            return Ok(true);
        }
        match timeout_at(self.settles, self.change()).await {
            Ok(changed) => changed.map(|()| false),
            Err(_) => Ok(true),
        }
    }

    /// Waits until something about it has changed.
    async fn change(&mut self) -> std::result::Result<(), CommandError> {
        let now = loop {
            match &*self.client.event().await.map_err(asking::trouble)? {
                Event::Program(status) if &*status.name == self.program => break status.clone(),
                Event::ProgramGone(name) if &**name == self.program => return Err(gone(self.program)),
                _ => {}
            }
        };
        if (now.state, now.start) != (self.now.state, self.now.start) {
            self.settles = Instant::now() + STAYS;
        }
        if now.state == ProgramState::Waiting && now.trouble != self.now.trouble {
            complain!(
                "{}",
                show::one_line(&format!("{}: {}", self.program, now.trouble.as_deref().unwrap_or_default()))
            );
        }
        self.now = now;
        Ok(())
    }
}

fn find(client: &Client, program: &str) -> Option<ProgramStatus> {
    client.hello().snapshot.programs.iter().find(|status| &*status.name == program).cloned()
}

fn gone(program: &str) -> CommandError {
    CommandError::Failed(format!("“{program}” is no longer configured"))
}

/// How it ended, in words, once that is known.
fn what_came_of_it(goal: Goal, now: &ProgramStatus) -> Option<(Outcome, String)> {
    match goal {
        Goal::Runs { after } => runs(after, now),
        Goal::Stops { start, ran } => stops(start, ran, now),
    }
}

fn runs(after: Option<StartId>, now: &ProgramStatus) -> Option<(Outcome, String)> {
    let name = show::one_line(&now.name);
    match now.state {
        ProgramState::Running if after.is_none_or(|after| now.start > after) => {
            let process = now.pid.map(|pid| format!(": process {pid}")).unwrap_or_default();
            Some((Outcome::Well, format!("{name} is running{process}")))
        }
        ProgramState::Backoff | ProgramState::Cooling | ProgramState::CannotStart => {
            let next = now.next_start.map(|at| format!("; next attempt at {}", show::time(at))).unwrap_or_default();
            Some((Outcome::NotWell, format!("{name} is not running: {}{next}", why_not(now))))
        }
        ProgramState::Finished => {
            let well = now.last_exit.as_ref().is_some_and(|ended| ended.exit.is_success());
            let outcome = if well { Outcome::Well } else { Outcome::NotWell };
            Some((outcome, format!("{name} has ended: {}", why_not(now))))
        }
        ProgramState::Stopped => Some((Outcome::NotWell, format!("{name} was stopped meanwhile"))),
        ProgramState::Looking
        | ProgramState::Waiting
        | ProgramState::Starting
        | ProgramState::Running
        | ProgramState::Stopping => None,
    }
}

fn stops(start: StartId, ran: bool, now: &ProgramStatus) -> Option<(Outcome, String)> {
    let name = show::one_line(&now.name);
    match now.state {
        ProgramState::Stopped | ProgramState::Finished => {
            let left = now.last_exit.as_ref().filter(|_| ran).map_or(&[][..], |ended| &ended.left);
            Some(if left.is_empty() {
                (Outcome::Well, format!("{name} is stopped"))
            } else {
                (
                    Outcome::NotWell,
                    format!("{name} is stopped, but something is left: {}", show::one_line(&left.join("; "))),
                )
            })
        }
        // What ends again and again may have been started once more just before it was asked to stop.
        ProgramState::Stopping => None,
        _ if now.start > start => Some((Outcome::NotWell, format!("{name} was restarted meanwhile"))),
        _ => None,
    }
}

fn why_not(now: &ProgramStatus) -> String {
    let exit = || now.last_exit.as_ref().map(|ended| ended.detail.clone());
    show::one_line(&now.trouble.clone().or_else(exit).unwrap_or_else(|| "reason unknown".to_owned()))
}

#[cfg(test)]
mod tests {
    use estatus_api::LastExit;
    use estatus_core::{Timestamp, exit::Exit, standing::Standing};

    use super::*;

    const BEFORE: StartId = StartId(3);

    fn web(state: ProgramState, start: u64) -> ProgramStatus {
        let last_exit = LastExit {
            at: Timestamp::UNIX_EPOCH,
            exit: Exit::Code(1),
            detail: "exit code 1".to_owned(),
            left: Vec::new(),
            tail: Vec::new(),
        };
        ProgramStatus {
            name: "web".into(),
            command: "web".to_owned(),
            state,
            standing: Standing::of_program(state, false),
            since: Timestamp::UNIX_EPOCH,
            pid: (state == ProgramState::Running).then_some(4711),
            start: StartId(start),
            restarts: 0,
            last_exit: Some(last_exit),
            trouble: None,
            says: None,
            next_start: None,
            stops_with_estatus: true,
        }
    }

    fn check(goal: Goal, now: &ProgramStatus, wanted: Option<(Outcome, &str)>) {
        let came = what_came_of_it(goal, now);
        assert_eq!(came.as_ref().map(|(outcome, text)| (*outcome, text.as_str())), wanted, "{goal:?} {now:?}");
    }

    #[test]
    fn a_start_is_over_when_it_runs_or_does_not() {
        let goal = Goal::Runs { after: None };
        check(goal, &web(ProgramState::Starting, 4), None);
        check(goal, &web(ProgramState::Waiting, 3), None);
        check(goal, &web(ProgramState::Running, 3), Some((Outcome::Well, "web is running: process 4711")));
        check(goal, &web(ProgramState::Backoff, 4), Some((Outcome::NotWell, "web is not running: exit code 1")));
        check(goal, &web(ProgramState::Finished, 4), Some((Outcome::NotWell, "web has ended: exit code 1")));
        let held = ProgramStatus { trouble: Some("port 80 is held".to_owned()), ..web(ProgramState::Cooling, 4) };
        check(goal, &held, Some((Outcome::NotWell, "web is not running: port 80 is held")));
        let missing = ProgramStatus { state: ProgramState::CannotStart, ..held };
        check(goal, &missing, Some((Outcome::NotWell, "web is not running: port 80 is held")));
    }

    #[test]
    fn a_restart_is_not_over_while_the_old_process_runs() {
        let goal = Goal::Runs { after: Some(BEFORE) };
        check(goal, &web(ProgramState::Running, 3), None);
        check(goal, &web(ProgramState::Stopping, 3), None);
        check(goal, &web(ProgramState::Running, 4), Some((Outcome::Well, "web is running: process 4711")));
    }

    #[test]
    fn a_stop_says_what_is_left() {
        let goal = |ran| Goal::Stops { start: BEFORE, ran };
        check(goal(true), &web(ProgramState::Stopping, 3), None);
        check(goal(true), &web(ProgramState::Stopped, 3), Some((Outcome::Well, "web is stopped")));
        let again = Some((Outcome::NotWell, "web was restarted meanwhile"));
        check(goal(true), &web(ProgramState::Starting, 4), again);
        check(goal(true), &web(ProgramState::Stopping, 4), None);
        let mut left = web(ProgramState::Stopped, 3);
        left.last_exit.as_mut().unwrap().left = vec!["process 12 (node)".to_owned()];
        let said = "web is stopped, but something is left: process 12 (node)";
        check(goal(true), &left, Some((Outcome::NotWell, said)));
        check(goal(false), &left, Some((Outcome::Well, "web is stopped")));
    }
}
