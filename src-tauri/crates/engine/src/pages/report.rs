//! How monitors did in a month of the calendar.

mod stretch;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use estatus_api::{millis, seconds};
use estatus_core::{
    ids::IncidentId,
    incident::Incident,
    time::elapsed,
    words::{Words, exact_percent, in_percent, percent},
};
use estatus_store::Figures;
use jiff::Timestamp;
use serde::Serialize;

use super::{class_of, csv, lasted};
pub(crate) use stretch::{Stretch, stretch};

/// How monitors did in a month.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// The month, like `2026-10`.
    month: String,
    /// Its first moment.
    from: Timestamp,
    /// The first moment after it, or now.
    to: Timestamp,
    /// Whether it is over.
    complete: bool,
    /// Whose clock it goes by.
    zone: Option<String>,
    /// Only monitors with one of these tags are in it.
    tags: Vec<String>,
    monitors: Vec<MonitorRow>,
    programs: Vec<ProgramRow>,
    /// The newest first.
    incidents: Vec<IncidentRow>,
    /// Whether there were more.
    more_incidents: bool,
}

#[derive(Debug, Serialize)]
struct MonitorRow {
    monitor: Arc<str>,
    uptime: Option<f64>,
    up_seconds: f64,
    down_seconds: f64,
    inconclusive_seconds: f64,
    checks: u64,
    /// Those that were open in the month.
    incidents: usize,
    longest_seconds: Option<f64>,
    /// How long those that are over took on average.
    mean_recovery_seconds: Option<f64>,
    p50_ms: Option<f64>,
    p95_ms: Option<f64>,
}

/// A program and how often it was started again.
#[derive(Debug, Serialize)]
pub(crate) struct ProgramRow {
    /// Its name.
    pub(crate) program: Arc<str>,
    /// How many times it was restarted.
    pub(crate) restarts: usize,
}

#[derive(Debug, Serialize)]
struct IncidentRow {
    id: IncidentId,
    monitor: Arc<str>,
    opened: Timestamp,
    closed: Option<Timestamp>,
    lasted_seconds: f64,
    over_limit: bool,
    cause: String,
}

/// What a report is made of.
pub(crate) struct Found {
    /// The monitors, in the order of the configuration.
    pub(crate) monitors: Vec<Arc<str>>,
    /// Those of which anything is known.
    pub(crate) figures: BTreeMap<Arc<str>, Figures>,
    /// Those of any monitor, the newest first.
    pub(crate) incidents: Vec<Incident>,
    /// Whether there were more.
    pub(crate) more_incidents: bool,
    /// The programs.
    pub(crate) programs: Vec<ProgramRow>,
}

impl Report {
    /// A report of what was found in `stretch`. `cause` puts a failure into words for whoever reads it.
    pub(crate) fn new(
        stretch: &Stretch,
        tags: Vec<String>,
        found: Found,
        words: &Words,
        now: Timestamp,
        cause: impl Fn(&Incident) -> String,
    ) -> Self {
        let Found { monitors, figures, mut incidents, more_incidents, programs } = found;
        incidents.retain(|incident| monitors.contains(&incident.monitor));
        let nothing = Figures::default();
        let monitors = monitors.into_iter().map(|name| {
            let of_it = incidents.iter().filter(|incident| incident.monitor == name);
            MonitorRow::new(figures.get(&name).unwrap_or(&nothing), of_it, now, &name)
        });
        Self {
            month: stretch.month(),
            from: stretch.from,
            to: stretch.to,
            complete: stretch.complete,
            zone: words.zone().iana_name().map(str::to_owned),
            tags,
            monitors: monitors.collect(),
            programs,
            more_incidents,
            incidents: incidents.iter().map(|incident| IncidentRow::new(incident, now, cause(incident))).collect(),
        }
    }

    /// As JSON.
    pub(crate) fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// The monitors as comma-separated values. The heads are the same in every language, so that programs can read them.
    pub(crate) fn csv(&self) -> String {
        let heads = [
            "month",
            "monitor",
            "uptime_percent",
            "up_seconds",
            "down_seconds",
            "inconclusive_seconds",
            "checks",
            "incidents",
            "longest_incident_seconds",
            "mean_time_to_recovery_seconds",
            "p50_ms",
            "p95_ms",
        ];
        let rows = self.monitors.iter().map(|row| {
            [
                self.month.clone(),
                row.monitor.to_string(),
                number(row.uptime.map(in_percent)),
                row.up_seconds.to_string(),
                row.down_seconds.to_string(),
                row.inconclusive_seconds.to_string(),
                row.checks.to_string(),
                row.incidents.to_string(),
                number(row.longest_seconds),
                number(row.mean_recovery_seconds),
                number(row.p50_ms),
                number(row.p95_ms),
            ]
        });
        csv::lines(heads, rows)
    }

    /// The incidents as comma-separated values.
    pub(crate) fn incidents_csv(&self) -> String {
        let heads = ["incident", "monitor", "opened", "closed", "seconds", "cause"];
        let rows = self.incidents.iter().map(|row| {
            [
                row.id.0.to_string(),
                row.monitor.to_string(),
                row.opened.to_string(),
                row.closed.map(|at| at.to_string()).unwrap_or_default(),
                row.lasted_seconds.to_string(),
                row.cause.clone(),
            ]
        });
        csv::lines(heads, rows)
    }

    /// As one page of HTML.
    pub(crate) fn html(&self, words: &Words) -> Result<String, minijinja::Error> {
        super::render("report.html", include_str!("report.html"), words, &Page::new(self, words))
    }
}

impl MonitorRow {
    fn new<'i>(
        figures: &Figures,
        incidents: impl Iterator<Item = &'i Incident> + Clone,
        now: Timestamp,
        monitor: &Arc<str>,
    ) -> Self {
        let over: Vec<Duration> =
            incidents.clone().filter(|one| one.closed.is_some()).map(|one| lasted(one, now)).collect();
        let mean = u32::try_from(over.len()).ok().filter(|count| *count > 0);
        Self {
            monitor: Arc::clone(monitor),
            uptime: figures.uptime(),
            up_seconds: seconds(figures.up),
            down_seconds: seconds(figures.down),
            inconclusive_seconds: seconds(figures.inconclusive),
            checks: figures.samples,
            incidents: incidents.clone().count(),
            longest_seconds: incidents.map(|one| lasted(one, now)).max().map(seconds),
            mean_recovery_seconds: mean.map(|count| seconds(over.iter().sum::<Duration>() / count)),
            p50_ms: figures.p50().map(millis),
            p95_ms: figures.p95().map(millis),
        }
    }
}

impl IncidentRow {
    fn new(incident: &Incident, now: Timestamp, cause: String) -> Self {
        Self {
            id: incident.id,
            monitor: Arc::clone(&incident.monitor),
            opened: incident.opened,
            closed: incident.closed,
            lasted_seconds: seconds(lasted(incident, now)),
            over_limit: incident.is_over_limit(),
            cause,
        }
    }
}

fn number(value: Option<f64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// The report as the page shows it.
#[derive(Serialize)]
struct Page {
    title: String,
    stretch: String,
    tags: String,
    running: Option<String>,
    uptime: String,
    down: String,
    count: String,
    monitors: Vec<Shown>,
    programs: Vec<(Arc<str>, usize)>,
    incidents: Vec<ShownIncident>,
    more_incidents: bool,
}

#[derive(Serialize)]
struct Shown {
    name: Arc<str>,
    /// `well`, `some`, `bad` or nothing, by its uptime.
    class: &'static str,
    uptime: String,
    down: String,
    incidents: usize,
    longest: String,
    recovery: String,
    p50: String,
    p95: String,
    checks: u64,
    observed: String,
}

#[derive(Serialize)]
struct ShownIncident {
    monitor: Arc<str>,
    opened: String,
    ended: String,
    open: bool,
    lasted: String,
    cause: String,
}

impl Page {
    fn new(report: &Report, words: &Words) -> Self {
        let total = |of: fn(&MonitorRow) -> f64| report.monitors.iter().map(of).sum::<f64>();
        let (up, down) = (total(|row| row.up_seconds), total(|row| row.down_seconds));
        let zone = report.zone.clone().unwrap_or_default();
        let (from, to) = (words.minute(report.from), words.minute(report.to));
        Self {
            title: words.text("report.title", &[("month", &month_in_words(&report.month, words))]),
            stretch: words.text("report.stretch", &[("from", &from), ("to", &to), ("zone", &zone)]).trim().to_owned(),
            tags: report.tags.join(", "),
            running: (!report.complete).then(|| words.text("report.running", &[("to", &to)])),
            uptime: if up + down > 0.0 { exact_percent(words.language(), up / (up + down)) } else { DASH.to_owned() },
            down: span(Some(down), words),
            count: report.incidents.len().to_string(),
            monitors: report.monitors.iter().map(|row| Shown::new(row, report, words)).collect(),
            programs: report.programs.iter().map(|row| (Arc::clone(&row.program), row.restarts)).collect(),
            incidents: report.incidents.iter().map(|row| ShownIncident::new(row, words)).collect(),
            more_incidents: report.more_incidents,
        }
    }
}

/// What is not known.
const DASH: &str = "–";

/// A month like `2026-10` with its name.
fn month_in_words(month: &str, words: &Words) -> String {
    let (year, number) = month.split_once('-').unwrap_or((month, ""));
    let name = words.text(&format!("month.{}", number.trim_start_matches('0')), &[]);
    words.text("month.of_year", &[("month", &name), ("year", year)])
}

fn span(seconds: Option<f64>, words: &Words) -> String {
    match seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
        Some(span) if span.is_zero() => "0".to_owned(),
        Some(span) => words.span(span),
        None => DASH.to_owned(),
    }
}

impl Shown {
    fn new(row: &MonitorRow, report: &Report, words: &Words) -> Self {
        let latency = |ms: Option<f64>| span(ms.map(|ms| ms / 1e3), words);
        let whole = elapsed(report.from, report.to).as_secs_f64();
        let observed = row.up_seconds + row.down_seconds;
        Self {
            name: Arc::clone(&row.monitor),
            class: row.uptime.map_or("", class_of),
            uptime: row.uptime.map_or_else(|| DASH.to_owned(), |share| exact_percent(words.language(), share)),
            down: span(Some(row.down_seconds).filter(|_| observed > 0.0), words),
            incidents: row.incidents,
            longest: span(row.longest_seconds, words),
            recovery: span(row.mean_recovery_seconds, words),
            p50: latency(row.p50_ms),
            p95: latency(row.p95_ms),
            checks: row.checks,
            observed: if observed > 0.0 {
                percent(words.language(), (100.0 * observed / whole).clamp(0.0, 100.0).floor())
            } else {
                DASH.to_owned()
            },
        }
    }
}

impl ShownIncident {
    fn new(row: &IncidentRow, words: &Words) -> Self {
        Self {
            monitor: Arc::clone(&row.monitor),
            opened: words.minute(row.opened),
            ended: row.closed.map_or_else(|| words.text("report.open", &[]), |at| words.minute(at)),
            open: row.closed.is_none(),
            lasted: span(Some(row.lasted_seconds), words),
            cause: row.cause.clone(),
        }
    }
}
