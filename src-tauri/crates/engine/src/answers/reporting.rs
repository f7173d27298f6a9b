//! How monitors did: their uptime of several spans, and the report of a month.

use std::{sync::Arc, time::Duration};

use estatus_api::{ApiError, Document, ErrorCode, Permission, Reply, ReportFormat, ReportMonth, Uptime};
use estatus_core::{
    config::Config, incident::Incident, program::ProgramState, record::JournalEntry, time::earlier, words::Words,
};
use estatus_store::{IncidentFilter, Store, Trouble};
use jiff::Timestamp;

use super::{INCIDENTS_LIMIT, failed, in_numbers, wrong};
use crate::{
    discretion,
    pages::report::{Found, ProgramRow, Report, Stretch, stretch},
    view,
};

/// More changes of a program than a month has, though it were started again every ten seconds.
const CHANGES_OF_MONTH: usize = 1_000_000;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The uptime of `monitor` up to now.
pub(super) async fn uptime(store: &Store, monitor: String, words: &Words) -> Result<Reply, ApiError> {
    let (now, monitor) = (Timestamp::now(), Arc::<str>::from(monitor));
    let spans = [1, 30, 365].map(|days| earlier(now, DAY * days)..now);
    let mut figures =
        store.figures_over(vec![Arc::clone(&monitor)], spans.to_vec()).await.map_err(failed(words.language()))?;
    let of_monitor = figures.remove(&monitor).unwrap_or_default();
    let mut over = of_monitor.iter().map(in_numbers);
    let [day, month, year] = std::array::from_fn(|_| over.next().unwrap_or_default());
    Ok(Reply::Uptime(Uptime { monitor, day, month, year }))
}

/// The report of `month`, for whoever has `permission`.
pub(super) async fn report(
    store: &Store,
    config: &Config,
    month: ReportMonth,
    tags: Vec<String>,
    format: ReportFormat,
    permission: Permission,
) -> Result<Reply, ApiError> {
    let (words, now) = (view::words(config), Timestamp::now());
    let Some(stretch) = stretch(&month, words.zone(), now) else {
        let ReportMonth::Of(month) = month else { return Err(broken("a month of this clock cannot be told")) };
        return Err(wrong(words.text("report.no_month", &[("month", &month)])));
    };
    // What has just happened is still on its way to the disk.
    store.flush().await;
    let found = find(store, config, &stretch, &tags).await.map_err(failed(words.language()))?;
    // A long report takes a while to write.
    let written = tokio::task::spawn_blocking(move || {
        let cause = |incident: &Incident| discretion::said(&words.failure(&incident.cause), permission);
        write(&Report::new(&stretch, tags, found, &words, now, cause), format, &words)
    });
    let (ending, text) = written.await.map_err(broken)??;
    Ok(Reply::Report(Document { name: format!("estatus-{}{ending}", stretch.month()), text }))
}

async fn find(store: &Store, config: &Config, stretch: &Stretch, tags: &[String]) -> Result<Found, Trouble> {
    let monitors: Vec<Arc<str>> = config
        .monitors
        .iter()
        .filter(|monitor| monitor.has_one_of(tags))
        .map(|monitor| Arc::clone(&monitor.name))
        .collect();
    let figures = store.figures(monitors.clone(), stretch.from, stretch.to).await?;
    let (since, before) = (Some(stretch.from), Some(stretch.to));
    let of = Some(monitors.clone());
    let filter = IncidentFilter { monitors: of, open_only: false, since, before, limit: INCIDENTS_LIMIT };
    let incidents: Vec<Incident> = store.incidents(filter).await?.into_iter().map(|found| found.incident).collect();
    let more_incidents = incidents.len() == INCIDENTS_LIMIT;
    // A program has no tags.
    let of_all = if tags.is_empty() { config.programs.as_slice() } else { &[] };
    let mut programs = Vec::with_capacity(of_all.len());
    for program in of_all {
        let before = Some(stretch.to);
        let changes = store.program_changes(&program.name, stretch.from, before, CHANGES_OF_MONTH).await?;
        programs.push(ProgramRow { program: Arc::clone(&program.name), restarts: restarts(&changes, stretch) });
    }
    Ok(Found { monitors, figures, incidents, more_incidents, programs })
}

/// How often a program was started again in `stretch`, by the ways it stood, in their order.
fn restarts(changes: &[(Timestamp, JournalEntry)], stretch: &Stretch) -> usize {
    let state = |entry: &JournalEntry| if let JournalEntry::Program { to, .. } = entry { Some(*to) } else { None };
    let pairs = changes.iter().zip(changes.iter().skip(1));
    let is_restart = |((_, before), (at, then)): &(&(Timestamp, JournalEntry), &(Timestamp, JournalEntry))| {
        let ran = matches!(
            state(before),
            Some(ProgramState::Running | ProgramState::Stopping | ProgramState::Backoff | ProgramState::Cooling)
        );
        ran && state(then) == Some(ProgramState::Starting) && (stretch.from..stretch.to).contains(at)
    };
    pairs.filter(is_restart).count()
}

/// The report as a file: the end of its name, and what stands in it.
fn write(report: &Report, format: ReportFormat, words: &Words) -> Result<(&'static str, String), ApiError> {
    Ok(match format {
        ReportFormat::Html => (".html", report.html(words).map_err(broken)?),
        ReportFormat::Csv => (".csv", report.csv()),
        ReportFormat::IncidentsCsv => ("-incidents.csv", report.incidents_csv()),
        ReportFormat::Json => (".json", report.json().map_err(broken)?),
    })
}

fn broken(error: impl std::fmt::Display) -> ApiError {
    ApiError { code: ErrorCode::Failed, message: format!("the report failed in itself: {error}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restart_is_a_start_after_it_ran_or_should_have() {
        use ProgramState::{Backoff, Cooling, Looking, Running, Starting, Stopped, Stopping};
        let now: Timestamp = "2026-11-15T12:00:00Z".parse().unwrap();
        let stretch = stretch(&ReportMonth::Current, &jiff::tz::TimeZone::UTC, now).unwrap();
        let check = |states: &[ProgramState], wanted: usize| {
            let change = |(second, to): (i64, &ProgramState)| {
                let at = stretch.from + jiff::SignedDuration::from_secs(second - 1);
                (at, JournalEntry::Program { program: "web".into(), to: *to, why: None })
            };
            let changes: Vec<_> = (0..).zip(states).map(change).collect();
            assert_eq!(restarts(&changes, &stretch), wanted, "{states:?}");
        };
        check(&[Looking, Starting, Running], 0);
        check(&[Stopped, Starting, Running, Stopping, Starting, Running], 1);
        check(&[Running, Starting, Running, Backoff, Starting, Cooling, Starting], 3);
        check(&[Running, Stopping, Stopped, Starting, Running], 0);
        // Before the month.
        check(&[Starting, Running], 0);
        check(&[], 0);
    }
}
