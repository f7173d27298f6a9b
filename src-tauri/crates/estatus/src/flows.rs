//! `estatus flow`: flows, their runs, and what became of them.

use std::collections::BTreeMap;

use estatus_api::{Client, Event, FlowStatus, Reply, Request, RunSummary, Said, StepStatus};
use estatus_core::{
    engine::Ask,
    flow::run::{RunState, StepState},
    ids::RunId,
};
use serde_json::json;

use crate::{
    CommandError, Outcome, Result,
    arguments::FlowCommand,
    asking::{self, ask, attach, trouble, unexpected},
    configuration::Places,
    show,
};

pub(crate) async fn carry_out(places: &Places, command: FlowCommand) -> Result {
    match command {
        FlowCommand::List { json } => list(places, json).await,
        FlowCommand::Run { flow, follow: true, .. } => follow(places, flow).await,
        FlowCommand::Run { flow, json, .. } => run(places, flow, json).await,
        FlowCommand::Runs { flow, limit, json } => runs(places, flow, limit, json).await,
        FlowCommand::Show { run, json } => show_run(places, RunId(run), json).await,
        FlowCommand::Cancel { run } => asking::done(places, Ask::CancelRun { run: RunId(run) }).await,
    }
}

async fn list(places: &Places, json: bool) -> Result {
    let mut client = attach(places).await?;
    let flows = client.hello().snapshot.flows.clone();
    let last = runs_of(&mut client, Request::LastRuns { limit: 1 }).await?;
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
        show::flows::list(&listed);
    }
    Ok(Outcome::Well)
}

async fn runs(places: &Places, flow: Option<String>, limit: usize, json: bool) -> Result {
    let runs = runs_of(&mut attach(places).await?, Request::Runs { flow, limit }).await?;
    if json {
        show::json(&runs)?;
    } else {
        show::flows::runs(&runs);
    }
    Ok(Outcome::Well)
}

async fn runs_of(client: &mut Client, request: Request) -> std::result::Result<Vec<RunSummary>, CommandError> {
    let Reply::Runs(runs) = client.request(request).await.map_err(trouble)? else { return Err(unexpected()) };
    Ok(runs)
}

async fn show_run(places: &Places, run: RunId, json: bool) -> Result {
    let Reply::Run(run) = ask(places, Request::Run { run }).await? else { return Err(unexpected()) };
    if json {
        show::json(&run)?;
    } else {
        show::flows::run(&run);
    }
    Ok(outcome(run.summary.state))
}

/// A run that goes on may still succeed.
fn outcome(state: RunState) -> Outcome {
    match state {
        RunState::Queued | RunState::Running | RunState::Succeeded => Outcome::Well,
        _ => Outcome::NotWell,
    }
}

async fn run(places: &Places, flow: String, json: bool) -> Result {
    let Reply::Begun(run) = ask(places, Request::Do(Ask::RunFlow { flow })).await? else { return Err(unexpected()) };
    if json {
        show::json(&json!({ "run": run }))?;
    } else {
        say!("run {run} has begun; `estatus flow show {run}` shows it");
    }
    Ok(Outcome::Well)
}

/// Runs a flow, and shows what it does until it has ended.
async fn follow(places: &Places, flow: String) -> Result {
    let mut client = attach(places).await?;
    let number = client.ask(Request::Do(Ask::RunFlow { flow })).await.map_err(trouble)?;
    let mut before = Vec::new();
    let run = loop {
        match client.hear().await.map_err(trouble)? {
            Said::Answer { id, result } if id == number => match result.map_err(trouble)? {
                Reply::Begun(run) => break run,
                _ => return Err(unexpected()),
            },
            Said::Answer { .. } => {}
            Said::Event(event) => before.push(event),
        }
    };
    say!("run {run}");
    let mut followed = Followed { run, steps: BTreeMap::new() };
    for event in before {
        if let Some(outcome) = followed.hear(&event) {
            return Ok(outcome);
        }
    }
    loop {
        let event = client.event().await.map_err(trouble)?;
        if let Some(outcome) = followed.hear(&event) {
            return Ok(outcome);
        }
    }
}

/// A run that is followed, and how its steps were last said to stand.
struct Followed {
    run: RunId,
    steps: BTreeMap<usize, StepStatus>,
}

impl Followed {
    /// Says what has happened. How the run ended, once it has.
    fn hear(&mut self, event: &Event) -> Option<Outcome> {
        match event {
            Event::Step { run, place, step } if *run == self.run => {
                let before = self.steps.insert(*place, step.clone());
                let stands = |step: &StepStatus| (step.state, step.attempts);
                if before.as_ref().map(stands) != Some(stands(step)) && step.state != StepState::Scheduled {
                    show::flows::step_line(step);
                }
                None
            }
            Event::Run(summary) if summary.run == self.run && summary.state.is_over() => {
                show::flows::end(summary);
                let failed = self.steps.values().filter(|step| step.state.is_failure());
                failed.for_each(|step| show::last_lines(&step.output));
                Some(outcome(summary.state))
            }
            _ => None,
        }
    }
}
