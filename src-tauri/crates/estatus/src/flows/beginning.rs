//! How a run is begun, or an earlier one repeated.

use estatus_api::{Reply, Request, RunSummary};
use estatus_core::{
    engine::{Ask, Repeat},
    flow::run::RunState,
    ids::RunId,
};

use super::{runs_of, status_of};
use crate::{
    CommandError,
    arguments::FlowRun,
    asking::{trouble, unexpected},
    listening::Listening,
};

/// Mostly the run that is looked for is among so many; the engine tells no more than the second of these.
const LOOKED_AT: [usize; 2] = [50, 10_000];

/// A run that has begun.
pub(super) struct Begun {
    /// Its number.
    pub(super) run: RunId,
    /// The run that it repeats, if it does.
    pub(super) repeats: Option<RunId>,
}

/// Begins the run that is wanted.
pub(super) async fn begin(line: &mut Listening, wanted: &FlowRun) -> Result<Begun, CommandError> {
    let repeats = repeated(line, wanted).await?;
    let request = match repeats {
        Some(run) => Request::Repeat { run, how: Repeat { from: wanted.from.clone(), as_then: wanted.as_then } },
        None => Request::Do(Ask::RunFlow { flow: wanted.flow.clone() }),
    };
    let Reply::Begun(run) = line.request(request).await.map_err(trouble)? else { return Err(unexpected()) };
    Ok(Begun { run, repeats })
}

/// The run that is to be repeated, if one is.
async fn repeated(line: &mut Listening, wanted: &FlowRun) -> Result<Option<RunId>, CommandError> {
    let flow = &wanted.flow;
    match wanted.again.map(RunId) {
        Some(run) => {
            let of = status_of(line, run).await?.summary.flow;
            let is_of_another = || CommandError::Wrong(format!("run {run} is one of “{of}”, not of “{flow}”"));
            (*of == **flow).then_some(Some(run)).ok_or_else(is_of_another)
        }
        None if wanted.from.is_some() => {
            let none = || CommandError::Failed(format!("no run of “{flow}” has ended yet, so there is none to repeat"));
            newest_over(line, flow).await?.ok_or_else(none).map(Some)
        }
        None => Ok(None),
    }
}

/// The newest run of `flow` that is over and was not left out.
pub(super) async fn newest_over(line: &mut Listening, flow: &str) -> Result<Option<RunId>, CommandError> {
    for limit in LOOKED_AT {
        let runs = runs_of(line, Request::Runs { flow: Some(flow.to_owned()), limit }).await?;
        let found = newest_of(&runs);
        if found.is_some() || runs.len() < limit {
            return Ok(found);
        }
    }
    Ok(None)
}

fn newest_of(runs: &[RunSummary]) -> Option<RunId> {
    let was_begun = |run: &&RunSummary| !matches!(run.state, RunState::Skipped | RunState::Suppressed);
    runs.iter().filter(was_begun).find(|run| run.state.is_over()).map(|run| run.run)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show::flows::testing::summary;

    #[test]
    fn the_newest_run_that_is_over_is_repeated() {
        let check = |states: &[RunState], wanted: Option<u64>| {
            let numbered = states.iter().zip(1..);
            let runs: Vec<RunSummary> =
                numbered.map(|(state, run)| RunSummary { run: RunId(run), ..summary(*state) }).collect();
            assert_eq!(newest_of(&runs), wanted.map(RunId), "{states:?}");
        };
        use RunState::{Cancelled, Failed, Queued, Running, Skipped, Suppressed};
        check(&[], None);
        check(&[Queued, Running], None);
        check(&[Running, Skipped, Suppressed, Failed, Cancelled], Some(4));
        check(&[Cancelled, Failed], Some(1));
    }
}
