//! What is asked of the engine that runs on the data folder.

use std::{path::Path, time::Duration};

use estatus_api::{ApiError, Client, ErrorCode, Reply, ReportFormat, ReportMonth, Request, Status, UsedBy};
use estatus_core::{
    Timestamp,
    engine::Ask,
    standing::Standing,
    time::{earlier, later},
};

use crate::{CommandError, Outcome, Result, arguments::SnoozeSpan, configuration::Places, show};

pub(crate) async fn status(places: &Places, json: bool) -> Result {
    let Reply::Status(status) = ask(places, Request::Status).await? else { return Err(unexpected()) };
    if json {
        show::json(&status)?;
    } else {
        show::status(&status);
    }
    Ok(if is_any_down(&status) { Outcome::NotWell } else { Outcome::Well })
}

/// Whether anything is down, as the engine counts.
fn is_any_down(status: &Status) -> bool {
    let monitors = status.monitors.iter().map(|monitor| monitor.state.standing);
    let programs = status.programs.iter().map(|program| program.standing);
    let fleets = status.fleets.iter().map(|fleet| fleet.standing);
    monitors.chain(programs).chain(fleets).any(|standing| standing == Standing::Down)
}

pub(crate) async fn history(places: &Places, monitor: String, since: Duration, points: u16, json: bool) -> Result {
    let to = Timestamp::now();
    let request = Request::History { monitor, from: earlier(to, since), to, points: points.into() };
    let Reply::History(history) = ask(places, request).await? else { return Err(unexpected()) };
    if json {
        show::json(&history)?;
    } else {
        show::history(&history);
    }
    Ok(Outcome::Well)
}

pub(crate) async fn usage(places: &Places, by: UsedBy, since: Duration, points: u16, json: bool) -> Result {
    let to = Timestamp::now();
    let request = Request::Usage { by, from: earlier(to, since), to, points: points.into() };
    let Reply::Usage(used) = ask(places, request).await? else { return Err(unexpected()) };
    if json {
        show::json(&used)?;
    } else {
        show::usage(&used);
    }
    Ok(Outcome::Well)
}

pub(crate) async fn incidents(
    places: &Places,
    monitor: Option<String>,
    since: Option<Duration>,
    limit: usize,
    json: bool,
) -> Result {
    let since = since.map(|since| earlier(Timestamp::now(), since));
    let request = Request::Incidents { monitor, since, limit };
    let Reply::Incidents(incidents) = ask(places, request).await? else { return Err(unexpected()) };
    if json {
        show::json(&incidents)?;
    } else {
        show::incidents(&incidents);
    }
    Ok(Outcome::Well)
}

/// `estatus report`: prints it, or writes it to `out`.
pub(crate) async fn report(
    places: &Places,
    month: ReportMonth,
    tags: Vec<String>,
    format: ReportFormat,
    out: Option<&Path>,
) -> Result {
    let Reply::Report(document) = ask(places, Request::Report { month, tags, format }).await? else {
        return Err(unexpected());
    };
    match out {
        Some(file) => std::fs::write(file, document.text)
            .map_err(|error| CommandError::Failed(format!("{}: {error}", file.display())))?,
        None => say!("{}", document.text.trim_end_matches('\n')),
    }
    Ok(Outcome::Well)
}

/// `estatus config apply`
pub(crate) async fn apply(places: &Places) -> Result {
    ask(places, Request::Apply).await.map(|_| Outcome::Well)
}

pub(crate) async fn check_now(places: &Places, monitor: Option<String>) -> Result {
    done(places, Ask::CheckNow { monitor }).await
}

pub(crate) async fn pause(places: &Places, monitor: String, span: Option<Duration>) -> Result {
    done(places, Ask::Pause { monitor, until: span.map(from_now) }).await
}

pub(crate) async fn resume(places: &Places, monitor: String) -> Result {
    done(places, Ask::Resume { monitor }).await
}

pub(crate) async fn acknowledge(places: &Places, monitor: String) -> Result {
    done(places, Ask::Acknowledge { monitor }).await
}

pub(crate) async fn snooze(places: &Places, span: SnoozeSpan, monitor: Option<String>) -> Result {
    let until = match span {
        SnoozeSpan::For(span) => Some(from_now(span)),
        SnoozeSpan::Off => None,
    };
    done(places, Ask::Snooze { monitor, until }).await
}

fn from_now(span: Duration) -> Timestamp {
    later(Timestamp::now(), span)
}

/// Has the engine do what is wanted; it is on disk when this returns.
pub(crate) async fn done(places: &Places, wanted: Ask) -> Result {
    ask(places, Request::Do(wanted)).await.map(|_| Outcome::Well)
}

pub(crate) async fn ask(places: &Places, request: Request) -> std::result::Result<Reply, CommandError> {
    attach(places).await?.request(request).await.map_err(trouble)
}

/// A connection to the engine that runs on the data folder.
pub(crate) async fn attach(places: &Places) -> std::result::Result<Client, CommandError> {
    attach_to(&places.data).await
}

/// A connection to the engine that runs on the data folder `data`.
pub(crate) async fn attach_to(data: &Path) -> std::result::Result<Client, CommandError> {
    Client::attach(&estatus_engine::endpoint(data))
        .await
        .map_err(|error| CommandError::Failed(format!("{}: {error}", data.display())))
}

/// What an error of the engine means for a command.
pub(crate) fn trouble(ApiError { code, message }: ApiError) -> CommandError {
    match code {
        ErrorCode::Wrong => CommandError::Wrong(message),
        ErrorCode::Denied | ErrorCode::Overtaken | ErrorCode::Failed | ErrorCode::Gone | ErrorCode::Silent => {
            CommandError::Failed(message)
        }
    }
}

pub(crate) fn unexpected() -> CommandError {
    CommandError::Failed("the engine sent an unexpected response; use the same version of Estatus for both".to_owned())
}

#[cfg(test)]
mod tests {
    use estatus_api::{EngineState, Host, HostKind, MonitorStatus};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_status_is_well_where_nothing_is_down_as_the_engine_counts() {
        let check = |standing: Standing, is_down: bool| {
            let monitor: MonitorStatus = serde_json::from_value(json!({
                "name": "page", "kind": "http", "target": "", "tags": [], "health": "up", "standing": standing,
                "since": null, "last": null, "flapping": false, "paused_until": null, "snoozed_until": null,
                "observed": 0.0, "inconclusive": 0.0, "uptime": null, "p50_ms": null, "p95_ms": null, "p99_ms": null,
            }))
            .unwrap();
            let host = Host {
                kind: HostKind::Terminal,
                pid: 1,
                started: Timestamp::UNIX_EPOCH,
                config: String::new().into(),
                data: String::new().into(),
            };
            let status = Status {
                monitors: vec![monitor],
                programs: Vec::new(),
                flows: Vec::new(),
                fleets: Vec::new(),
                incidents: Vec::new(),
                engine: EngineState::default(),
                host,
            };
            assert_eq!(is_any_down(&status), is_down, "{standing:?}");
        };
        check(Standing::Down, true);
        check(Standing::Recovering, false);
        check(Standing::Doubtful, false);
        check(Standing::Well, false);
    }
}
