//! What the status page tells others: how things are, how they were for 90 days, which incidents there were lately and what
//! maintenance is planned. Nothing internal is on it: no target, and why something is down only where that is wished; of an
//! address in that no more than whoever may see least is told.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
    time::Duration,
};

use estatus_api::Permission;
use estatus_core::{
    config::{Config, Monitor, StatusPage},
    engine::MonitorView,
    incident::{Health, Incident},
    time::later,
    words::{Words, exact_percent},
};
use estatus_store::Figures;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde::Serialize;

use super::{class_of, lasted};
use crate::discretion;

/// A page is written again after this, though nothing has changed.
pub(crate) const EVERY: Duration = Duration::from_secs(5 * 60);
/// So many days have a bar.
const DAYS: i64 = 90;
/// Incidents of so long are on it.
pub(crate) const RECENT: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// The most incidents on it.
pub(crate) const INCIDENTS_LIMIT: usize = 50;
/// Maintenance is announced so long before.
const ANNOUNCED: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A monitor as it is shown.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    monitor: Arc<Monitor>,
    standing: Standing,
}

/// How a monitor stands, for whoever is not to know more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Operational,
    /// It goes up and down, or fails now and then.
    Unstable,
    /// A figure is beyond its limit.
    Degraded,
    Down,
    /// It responds again, and its incident is not over yet.
    Recovering,
    /// Something is done about it, or to it: whatever is seen of it meanwhile.
    UnderMaintenance,
    Unknown,
    Paused,
}

impl Standing {
    fn of(view: &MonitorView) -> Self {
        let over_limit = || {
            view.last
                .as_ref()
                .and_then(|last| last.failure.as_ref())
                .is_some_and(|failure| failure.cause.is_beyond_limit())
        };
        match view.health {
            Health::Paused => Self::Paused,
            Health::Unknown => Self::Unknown,
            Health::Recovering => Self::Recovering,
            Health::Down if over_limit() => Self::Degraded,
            Health::Down => Self::Down,
            // One bad probe is no outage yet.
            Health::Up | Health::Suspect if view.flapping || view.unsteady => Self::Unstable,
            Health::Up | Health::Suspect => Self::Operational,
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Operational => "page.operational",
            Self::Unstable => "page.unstable",
            Self::Degraded => "page.degraded",
            Self::Down => "page.down",
            Self::Recovering => "page.recovering",
            Self::UnderMaintenance => "page.under_maintenance",
            Self::Unknown => "page.unknown",
            Self::Paused => "page.paused",
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Operational => "well",
            Self::Unstable | Self::Degraded | Self::Recovering => "some",
            Self::Down => "bad",
            Self::UnderMaintenance => "info",
            Self::Unknown | Self::Paused => "idle",
        }
    }
}

impl Shown {
    /// How it stands on a page of `now`: what is under maintenance is told of as that, and of nothing else.
    fn standing(&self, now: Timestamp) -> Standing {
        match self.standing {
            rests @ (Standing::Unknown | Standing::Paused) => rests,
            _ if self.monitor.maintenance.iter().any(|window| window.contains(now)) => Standing::UnderMaintenance,
            standing => standing,
        }
    }
}

/// How things are, as far as they are on the page.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    config: Arc<Config>,
    /// The page.
    pub(crate) page: Arc<StatusPage>,
    shown: Vec<Shown>,
    /// Nobody looks any more how things are.
    is_stopped: bool,
}

impl Look {
    /// How things are, if there is a page to tell it.
    pub(crate) fn new(config: &Arc<Config>, monitors: impl Iterator<Item = MonitorView>) -> Option<Self> {
        let page = Arc::clone(config.status_page.as_ref()?);
        let shown = monitors.filter(|view| page.shows(&view.monitor));
        let shown = shown.map(|view| Shown { standing: Standing::of(&view), monitor: view.monitor }).collect();
        Some(Self { config: Arc::clone(config), page, shown, is_stopped: false })
    }

    /// The same once monitoring is stopped: how things are then nobody knows.
    pub(crate) fn stopped(self) -> Self {
        let shown = self.shown.into_iter().map(|shown| Shown { standing: Standing::Paused, ..shown }).collect();
        Self { shown, is_stopped: true, ..self }
    }

    /// Whether a page of `other` would tell the same, but for the time.
    pub(crate) fn tells_the_same_as(&self, other: &Self) -> bool {
        let standings = |look: &Self| look.shown.iter().map(|shown| shown.standing).collect::<Vec<_>>();
        Arc::ptr_eq(&self.config, &other.config) && standings(self) == standings(other)
    }

    /// The names of the monitors on the page.
    pub(crate) fn names(&self) -> Vec<Arc<str>> {
        self.shown.iter().map(|shown| Arc::clone(&shown.monitor.name)).collect()
    }

    /// What is said in its language.
    pub(crate) fn words(&self) -> Words {
        Words::new(self.config.language, self.config.zone.clone())
    }

    /// The days that have a bar, by the clock of the zone, the oldest first; the last one goes up to `now`.
    pub(crate) fn days(&self, now: Timestamp) -> Vec<Range<Timestamp>> {
        days(&self.config.zone, now)
    }

    /// When a maintenance window next begins or ends, after `now`.
    pub(crate) fn changes_at(&self, now: Timestamp) -> Option<Timestamp> {
        let windows = self.shown.iter().flat_map(|shown| &shown.monitor.maintenance);
        let moments = windows.filter_map(|window| window.next(now)).flat_map(|(from, to)| [from, to]);
        moments.filter(|moment| *moment > now).min()
    }

    /// The page as it is at `now`, with what the store remembers: for each monitor the figures of each of its [`days`](Self::days), and
    /// the incidents of [`RECENT`], the newest first; nothing where it cannot be read.
    pub(crate) fn html(&self, past: &Past, now: Timestamp) -> Result<String, minijinja::Error> {
        let words = self.words();
        super::render("status.html", include_str!("status.html"), &words, &Page::new(self, past, &words, now))
    }
}

/// For how long a monitor was up and down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Observed {
    up: Duration,
    down: Duration,
}

impl From<&Figures> for Observed {
    fn from(figures: &Figures) -> Self {
        Self { up: figures.up, down: figures.down }
    }
}

impl Observed {
    /// The share of the time in which it was up, 0 to 1; nothing where nothing was observed.
    fn uptime(self) -> Option<f64> {
        let observed = self.up + self.down;
        (!observed.is_zero()).then(|| self.up.as_secs_f64() / observed.as_secs_f64())
    }
}

/// What the store remembers.
#[derive(Debug, Default)]
pub(crate) struct Past {
    /// Of each monitor, each day.
    pub(crate) days: BTreeMap<Arc<str>, Vec<Observed>>,
    /// The newest first; nothing where they cannot be read.
    pub(crate) incidents: Option<Vec<Incident>>,
}

fn days(zone: &TimeZone, now: Timestamp) -> Vec<Range<Timestamp>> {
    let today = now.to_zoned(zone.clone()).date();
    let begins = |ago: i64| Some(today.checked_sub(ago.days()).ok()?.to_zoned(zone.clone()).ok()?.timestamp());
    let day = |ago: i64| Some(begins(ago)?..if ago == 0 { now } else { begins(ago - 1)? });
    (0..DAYS).rev().filter_map(day).collect()
}

#[derive(Serialize)]
struct Page {
    title: String,
    overall: String,
    class: &'static str,
    windows: Vec<Window>,
    monitors: Vec<ShownMonitor>,
    incidents: Vec<ShownIncident>,
    no_incidents: String,
    /// When that was.
    when: String,
    /// How whoever reads it knows that it still is so.
    holds: Option<String>,
}

#[derive(Serialize)]
struct Window {
    monitors: String,
    now: bool,
    when: String,
}

#[derive(Serialize)]
struct ShownMonitor {
    name: Arc<str>,
    state: String,
    class: &'static str,
    days: Vec<Day>,
    label: String,
    uptime: String,
}

#[derive(Serialize)]
struct Day {
    class: &'static str,
    said: String,
}

#[derive(Serialize)]
struct ShownIncident {
    monitor: Arc<str>,
    state: String,
    class: &'static str,
    when: String,
    cause: Option<String>,
}

impl Page {
    fn new(look: &Look, past: &Past, words: &Words, now: Timestamp) -> Self {
        let standings: Vec<Standing> = look.shown.iter().map(|shown| shown.standing(now)).collect();
        let (overall, class) = if look.is_stopped { ("page.stopped", "idle") } else { overall(&standings) };
        let when = if look.is_stopped { "page.stopped_at" } else { "page.updated" };
        let holds = || words.text("page.by_itself", &[("every", &words.span(EVERY))]);
        let days = look.days(now);
        let titled = || words.text("page.title", &[]);
        let zone = look.config.zone.iana_name().unwrap_or_default();
        let no_incidents = if past.incidents.is_some() { "page.no_incidents" } else { "page.unread_incidents" };
        Self {
            title: look.page.title.clone().unwrap_or_else(titled),
            overall: words.text(overall, &[]),
            class,
            windows: windows(&look.shown, words, now),
            monitors: look.shown.iter().map(|shown| ShownMonitor::new(shown, past, &days, words, now)).collect(),
            incidents: incidents(look, past, words, now),
            no_incidents: words.text(no_incidents, &[]),
            when: words.text(when, &[("at", &words.minute(now)), ("zone", zone)]),
            holds: (!look.is_stopped).then(holds),
        }
    }
}

/// How all is, in words and as a class.
fn overall(standings: &[Standing]) -> (&'static str, &'static str) {
    let count = |wanted: Standing| standings.iter().filter(|standing| **standing == wanted).count();
    let watched = standings.len() - count(Standing::Paused);
    match count(Standing::Down) {
        _ if watched == 0 => ("page.all_paused", "idle"),
        0 if count(Standing::UnderMaintenance) == watched => ("page.under_maintenance", "info"),
        0 if count(Standing::Unknown) + count(Standing::UnderMaintenance) == watched => ("page.all_unknown", "idle"),
        0 if count(Standing::Degraded) > 0 => ("page.some_degraded", "some"),
        0 if count(Standing::Recovering) > 0 => ("page.some_recovering", "some"),
        0 if count(Standing::Unstable) > 0 => ("page.some_unstable", "some"),
        0 => ("page.all_operational", "well"),
        down if down == watched => ("page.all_down", "bad"),
        _ => ("page.some_down", "bad"),
    }
}

/// The windows that go on or begin soon, the first first, each with all whose it is.
fn windows(shown: &[Shown], words: &Words, now: Timestamp) -> Vec<Window> {
    let mut found: BTreeMap<(Timestamp, Timestamp), Vec<&str>> = BTreeMap::new();
    for shown in shown {
        let next = shown.monitor.maintenance.iter().filter_map(|window| window.next(now));
        for window in next.filter(|(from, _)| *from < later(now, ANNOUNCED)) {
            let names = found.entry(window).or_default();
            if names.last() != Some(&&*shown.monitor.name) {
                names.push(&shown.monitor.name);
            }
        }
    }
    let window = |((from, to), names): ((Timestamp, Timestamp), Vec<&str>)| Window {
        monitors: names.join(", "),
        now: from <= now,
        when: format!("{} – {}", words.minute(from), words.minute(to)),
    };
    found.into_iter().map(window).collect()
}

impl ShownMonitor {
    fn new(shown: &Shown, past: &Past, days: &[Range<Timestamp>], words: &Words, now: Timestamp) -> Self {
        let standing = shown.standing(now);
        let known = past.days.get(&shown.monitor.name).filter(|of_days| of_days.len() == days.len());
        let of_days: Vec<(String, Observed)> = known.map_or_else(Vec::new, |of_days| {
            days.iter().map(|day| date(day.start, words)).zip(of_days.iter().copied()).collect()
        });
        Self {
            name: Arc::clone(&shown.monitor.name),
            state: words.text(standing.key(), &[]),
            class: standing.class(),
            label: label(&of_days, words),
            uptime: uptime(&of_days, words),
            days: of_days.iter().map(|(date, seen)| Day::new(date, *seen, words)).collect(),
        }
    }
}

fn date(at: Timestamp, words: &Words) -> String {
    at.to_zoned(words.zone().clone()).strftime("%Y-%m-%d").to_string()
}

/// The share of all that was observed.
fn share(days: &[(String, Observed)]) -> Option<f64> {
    let sum = |of: fn(&Observed) -> Duration| days.iter().map(|(_, seen)| of(seen)).sum();
    Observed { up: sum(|seen| seen.up), down: sum(|seen| seen.down) }.uptime()
}

fn uptime(days: &[(String, Observed)], words: &Words) -> String {
    match share(days) {
        Some(share) => words.text("page.uptime", &[("uptime", &exact_percent(words.language(), share))]),
        None => words.text("page.unknown", &[]),
    }
}

/// What the bars show, for whoever does not see them.
fn label(days: &[(String, Observed)], words: &Words) -> String {
    let Some(share) = share(days) else { return words.text("page.bars_nothing", &[]) };
    let seen: Vec<(&str, f64)> = days.iter().filter_map(|(date, seen)| Some((&**date, seen.uptime()?))).collect();
    let failed: Vec<&(&str, f64)> = seen.iter().filter(|(_, share)| *share < 1.0).collect();
    let (share, count) = (exact_percent(words.language(), share), seen.len().to_string());
    let all = words.text("page.bars", &[("uptime", &share), ("count", &count)]);
    match failed.iter().min_by(|one, other| one.1.total_cmp(&other.1)) {
        None => all,
        Some((worst, share)) => {
            let (count, share) = (failed.len().to_string(), exact_percent(words.language(), *share));
            let values = [("count", count.as_str()), ("date", *worst), ("uptime", share.as_str())];
            format!("{all} {}", words.text("page.bars_worst", &values))
        }
    }
}

impl Day {
    fn new(date: &str, seen: Observed, words: &Words) -> Self {
        let Some(share) = seen.uptime() else {
            return Self { class: "", said: words.text("page.day_nothing", &[("date", date)]) };
        };
        let (uptime, down) = (exact_percent(words.language(), share), words.span(seen.down));
        let said = if seen.down.is_zero() {
            words.text("page.day", &[("date", date), ("uptime", &uptime)])
        } else {
            words.text("page.day_down", &[("date", date), ("uptime", &uptime), ("down", &down)])
        };
        Self { class: class_of(share), said }
    }
}

/// The incidents of the monitors on the page, those that go on first.
fn incidents(look: &Look, past: &Past, words: &Words, now: Timestamp) -> Vec<ShownIncident> {
    let names: BTreeSet<Arc<str>> = look.names().into_iter().collect();
    let mut found: Vec<&Incident> =
        past.incidents.iter().flatten().filter(|incident| names.contains(&incident.monitor)).collect();
    found.sort_by_key(|incident| incident.closed.is_some());
    found.truncate(INCIDENTS_LIMIT);
    found.into_iter().map(|incident| ShownIncident::new(incident, look.page.details, words, now)).collect()
}

impl ShownIncident {
    fn new(incident: &Incident, details: bool, words: &Words, now: Timestamp) -> Self {
        let (from, span) = (words.minute(incident.opened), words.span(lasted(incident, now)));
        let (key, class, when) = match incident.closed {
            None => {
                let key = if incident.is_over_limit() { "page.degraded" } else { "page.down" };
                (key, "bad", words.text("page.since", &[("from", &from), ("span", &span)]))
            }
            Some(closed) => {
                let to = words.minute(closed);
                let values = [("from", from.as_str()), ("to", to.as_str()), ("span", span.as_str())];
                ("page.resolved", "well", words.text("page.lasted", &values))
            }
        };
        // Whoever reads the page may see less than anybody else.
        let cause = details.then(|| discretion::said(&words.failure(&incident.cause), Permission::Look));
        Self { monitor: Arc::clone(&incident.monitor), state: words.text(key, &[]), class, when, cause }
    }
}
