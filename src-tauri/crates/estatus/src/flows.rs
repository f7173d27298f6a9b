//! `estatus flow`: flows, their runs, and what became of them.

mod beginning;
mod following;

use std::sync::Arc;

use beginning::{Begun, begin, newest_over};
use estatus_api::{Event, FlowStatus, Reply, Request, RunStatus, RunSummary, StepOf, StepStatus};
use estatus_core::{
    engine::Ask,
    flow::run::{AnsweredBy, AnsweredFrom, RunState, StepState},
    ids::RunId,
};
use serde_json::json;

use crate::{
    CommandError, Outcome, Result,
    arguments::{FlowAnswer, FlowCommand, FlowRun, ShownLog},
    asking::{self, ask, trouble, unexpected},
    configuration::Places,
    listening::Listening,
    logs,
    show::{self, flows::following::is_asking},
};

pub(crate) async fn carry_out(places: &Places, command: FlowCommand) -> Result {
    match command {
        FlowCommand::List { json } => list(places, json).await,
        FlowCommand::Run(FlowRun { dry_run: true, flow, json, .. }) => plan(places, flow, json).await,
        FlowCommand::Run(wanted) if wanted.follow => following::follow(places, &wanted).await,
        FlowCommand::Run(wanted) => run(places, &wanted).await,
        FlowCommand::Runs { flow, limit, json } => runs(places, flow, limit, json).await,
        FlowCommand::Show { run, json } => show_run(places, RunId(run), json).await,
        FlowCommand::Log { run, step, shown } => log(places, RunId(run), &step, shown).await,
        FlowCommand::Approve(answer) => answered(places, answer, true).await,
        FlowCommand::Deny(answer) => answered(places, answer, false).await,
        FlowCommand::Cancel { run, json } => steered(places, Ask::CancelRun { run: RunId(run) }, run, json).await,
    }
}

async fn answered(places: &Places, FlowAnswer { run, step, json }: FlowAnswer, approved: bool) -> Result {
    let by = AnsweredBy { from: Some(AnsweredFrom::CommandLine), user: None };
    steered(places, Ask::Approve { run: RunId(run), step, approved, by }, run, json).await
}

/// Has the engine do with a run what is wanted.
async fn steered(places: &Places, wanted: Ask, run: u64, json: bool) -> Result {
    let outcome = asking::done(places, wanted).await?;
    if json {
        show::json(&json!({ "run": run }))?;
    }
    Ok(outcome)
}

async fn list(places: &Places, json: bool) -> Result {
    let mut line = Listening::attach(places).await?;
    let flows = line.hello().snapshot.flows.clone();
    let last = runs_of(&mut line, Request::LastRuns { limit: 1 }).await?;
    let last_of = |flow: &FlowStatus| last.iter().find(|run| run.flow == flow.name).cloned();
    let listed: Vec<(FlowStatus, Option<RunSummary>)> =
        flows.into_iter().map(|flow| (flow.clone(), last_of(&flow))).collect();
    if json {
        let with_last = |(flow, last): &(FlowStatus, Option<RunSummary>)| {
            let mut flow = serde_json::to_value(flow).map_err(CommandError::failed)?;
            flow["last"] = json!(last);
            Ok(flow)
        };
        show::json(&listed.iter().map(with_last).collect::<std::result::Result<Vec<_>, CommandError>>()?)?;
    } else {
        let asking = asking_runs(&mut line, listed.iter().filter_map(|(_, last)| last.as_ref())).await?;
        show::flows::list(&listed, &asking);
    }
    Ok(Outcome::Well)
}

async fn runs(places: &Places, flow: Option<String>, limit: usize, json: bool) -> Result {
    let mut line = Listening::attach(places).await?;
    let runs = runs_of(&mut line, Request::Runs { flow, limit }).await?;
    if json {
        show::json(&runs)?;
    } else {
        show::flows::runs(&runs, &asking_runs(&mut line, runs.iter()).await?);
    }
    Ok(Outcome::Well)
}

async fn runs_of(line: &mut Listening, request: Request) -> std::result::Result<Vec<RunSummary>, CommandError> {
    let Reply::Runs(runs) = line.request(request).await.map_err(trouble)? else { return Err(unexpected()) };
    Ok(runs)
}

async fn status_of(line: &mut Listening, run: RunId) -> std::result::Result<RunStatus, CommandError> {
    let Reply::Run(run) = line.request(Request::Run { run }).await.map_err(trouble)? else { return Err(unexpected()) };
    Ok(run)
}

/// Which steps wait for somebody to approve, of those of `runs` that go on: a run may do something else meanwhile.
async fn asking_runs(
    line: &mut Listening,
    runs: impl Iterator<Item = &RunSummary>,
) -> std::result::Result<Vec<(RunId, Vec<Arc<str>>)>, CommandError> {
    let mut asking = Vec::new();
    for run in runs.filter(|run| matches!(run.state, RunState::Running | RunState::WaitingForApproval)) {
        let steps = status_of(line, run.run).await?.steps;
        let asks = steps.iter().filter(|step| is_asking(step)).map(|step| Arc::clone(&step.name));
        asking.push((run.run, asks.collect()));
    }
    Ok(asking)
}

async fn show_run(places: &Places, run: RunId, json: bool) -> Result {
    let mut line = Listening::attach(places).await?;
    let run = status_of(&mut line, run).await?;
    if json {
        show::json(&run)?;
    } else {
        // Of a flow that is not configured any more no run can be repeated.
        let newest = newest_over(&mut line, &run.summary.flow).await.unwrap_or_default();
        show::flows::run(&run, newest);
    }
    Ok(outcome(run.summary.state))
}

/// A run that goes on may still succeed.
fn outcome(state: RunState) -> Outcome {
    if state.is_over() && state != RunState::Succeeded { Outcome::NotWell } else { Outcome::Well }
}

async fn plan(places: &Places, flow: String, json: bool) -> Result {
    let Reply::Plan(plan) = ask(places, Request::Plan { flow }).await? else { return Err(unexpected()) };
    if json {
        show::json(&plan)?;
    } else {
        show::flows::plan(&plan);
    }
    Ok(if plan.well { Outcome::Well } else { Outcome::NotWell })
}

async fn run(places: &Places, wanted: &FlowRun) -> Result {
    let Begun { run, repeats } = begin(&mut Listening::attach(places).await?, wanted).await?;
    if wanted.json {
        show::json(&json!({ "run": run }))?;
    } else {
        let what = repeats.map(|before| format!(" and repeats run {before}")).unwrap_or_default();
        say!("run {run} has begun{what}; `estatus flow show {run}` shows it");
    }
    Ok(Outcome::Well)
}

async fn log(places: &Places, run: RunId, step: &str, wanted: ShownLog) -> Result {
    let mut line = Listening::attach(places).await?;
    let RunStatus { summary, mut steps, .. } = status_of(&mut line, run).await?;
    let Some(place) = steps.iter().position(|known| *known.name == *step) else {
        let names = steps.iter().map(|step| &*step.name).collect::<Vec<_>>().join(", ");
        let flow = summary.flow;
        return Err(CommandError::Wrong(format!(
            "run {run} of {flow} has no step called “{step}”; its steps are: {names}"
        )));
    };
    let of = StepOf { run, place };
    let mut found = steps.swap_remove(place);
    if wanted.follow && !summary.state.is_over() {
        found = once_begun(&mut line, of, found).await?;
    }
    if !found.has_log {
        return Err(CommandError::Failed(no_log(&found, summary.repeats)));
    }
    let goes_on = !found.state.is_over() && !summary.state.is_over();
    logs::of_step(line, of, step, ShownLog { follow: wanted.follow && goes_on, ..wanted }).await
}

/// A step once it writes something, or will not.
async fn once_begun(
    line: &mut Listening,
    of: StepOf,
    mut step: StepStatus,
) -> std::result::Result<StepStatus, CommandError> {
    while !step.has_log && !step.state.is_over() {
        match &*line.event().await.map_err(trouble)? {
            Event::Step { run, place, step: now } if (*run, *place) == (of.run, of.place) => step = now.clone(),
            Event::Run(summary) if summary.run == of.run && summary.state.is_over() => break,
            _ => {}
        }
    }
    Ok(step)
}

/// Why there is no log of a step, in a run that repeats another if it does.
fn no_log(step: &StepStatus, repeats: Option<RunId>) -> String {
    let name = show::one_line(&step.name);
    match repeats {
        Some(run) if step.kept => {
            let log = format!("estatus flow log {run} {}", show::word(&step.name));
            format!("“{name}” was not run again, what it did in run {run} is kept; `{log}` shows its output there")
        }
        _ if step.state == StepState::Scheduled => format!("“{name}” has not begun"),
        _ if step.attempts == 0 => format!("“{name}” was not run"),
        _ => format!("“{name}” runs no command, so there is no output of it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show::flows::testing::step;

    #[test]
    fn a_run_that_waits_may_still_succeed() {
        use RunState::{Cancelled, Failed, Queued, Running, Succeeded, WaitingForApproval};
        let check = |states: &[RunState], wanted| states.iter().for_each(|state| assert_eq!(outcome(*state), wanted));
        check(&[Queued, Running, WaitingForApproval, Succeeded], Outcome::Well);
        check(&[Failed, Cancelled, RunState::Skipped], Outcome::NotWell);
    }

    #[test]
    fn where_there_is_no_log_that_is_said() {
        let check = |step: &StepStatus, wanted: &str| assert_eq!(no_log(step, Some(RunId(5))), wanted);
        check(&step("build it", StepState::Scheduled), "“build it” has not begun");
        check(&step("build it", StepState::Skipped), "“build it” was not run");
        check(&step("look", StepState::Failed), "“look” runs no command, so there is no output of it");
        let kept = StepStatus { kept: true, ..step("build it", StepState::Succeeded) };
        let there = "`estatus flow log 5 \"build it\"` shows its output there";
        check(&kept, &format!("“build it” was not run again, what it did in run 5 is kept; {there}"));
    }
}
