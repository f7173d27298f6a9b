//! Figures of any stretch of time, put together from observations, hours and days.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    sync::Arc,
};

use estatus_core::Timestamp;
use rusqlite::{Connection, OptionalExtension, Result};

use crate::{
    codec::{Chunk, Observed},
    figures::{Figures, Sample, Tally},
    keys::{DAY, HOUR, Millis, MonitorId, by_monitor, ceil, floor, split_by_time, timestamp},
    months,
    rows::{Table, chunk_before, fact, newest, samples},
};

/// The most points of a [`History`].
pub(crate) const POINTS_LIMIT: usize = 2_000;
/// So many of the newest observations are in a [`History`].
const OBSERVATIONS: usize = 100;

/// What is remembered of one monitor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Over the whole stretch.
    pub figures: Figures,
    /// The stretch in pieces of equal length, in order, without gaps.
    pub points: Vec<Point>,
    /// The newest 100 observations of the stretch that are still kept one by one, the newest first.
    pub observations: Vec<Observed>,
}

/// One piece of a [`History`].
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Its beginning.
    pub start: Timestamp,
    /// Its end; the last one ends with the stretch.
    pub end: Timestamp,
    /// What was seen in it.
    pub figures: Figures,
}

/// A monitor as its row says.
#[derive(Clone, Copy, Debug)]
struct Source {
    id: MonitorId,
    rolled_until: Millis,
}

/// From when on there are single observations, and figures by hour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Horizons {
    raw_from: Millis,
    hours_from: Millis,
}

impl Horizons {
    pub(crate) fn read(connection: &Connection) -> Result<Self> {
        Ok(Self { raw_from: fact(connection, "raw_from")?, hours_from: fact(connection, "hours_from")? })
    }

    /// What pieces of `width` from `from` on are made of: days, hours or what is `finest`.
    pub(crate) fn unit(&self, from: Millis, width: Millis, finest: Millis) -> Millis {
        if from < self.hours_from || width >= DAY {
            DAY
        } else if from < self.raw_from || width >= HOUR {
            HOUR
        } else {
            finest
        }
    }

    /// `at`, brought down to the start of its hour, or to the start of the day that is nearest, where nothing finer is kept of
    /// `monitor`.
    fn round(&self, connection: &Connection, monitor: MonitorId, at: Millis) -> Result<Millis> {
        Ok(if at >= self.raw_from {
            at
        } else if at >= self.hours_from || is_known_by_hour(connection, monitor, floor(at, DAY))? {
            floor(at, HOUR)
        } else {
            floor(at + DAY / 2, DAY)
        })
    }
}

/// Whether the hours of `day` are kept, though of other days as old they are not.
fn is_known_by_hour(connection: &Connection, monitor: MonitorId, day: Millis) -> Result<bool> {
    if !months::begin_on(day) {
        return Ok(false);
    }
    let Some(whole) = Table::Day.get(connection, monitor, day)? else { return Ok(false) };
    let mut sum = Figures::default();
    for hour in 0..DAY / HOUR {
        if let Some(figures) = Table::Hour.get(connection, monitor, day + hour * HOUR)? {
            sum.add(&figures);
        }
    }
    // Earlier versions kept none, and may have been at deleting them.
    Ok(sum == whole)
}

/// The figures of each of `monitors` over each of `spans`, in their order; a name that nothing is known of is left out.
pub(crate) fn figures(
    connection: &Connection,
    monitors: &[Arc<str>],
    spans: &[Range<Millis>],
) -> Result<BTreeMap<Arc<str>, Vec<Figures>>> {
    let horizons = Horizons::read(connection)?;
    let mut sources = Vec::new();
    for monitor in monitors {
        if let Some(source) = source(connection, monitor)? {
            sources.push((monitor, source));
        }
    }
    let logs = read_log(connection, sources.iter().map(|(_, source)| source.id))?;
    let mut figures = BTreeMap::new();
    for (monitor, source) in sources {
        let log = logs.get(&source.id).map_or(&[][..], Vec::as_slice);
        let mut over = Vec::with_capacity(spans.len());
        for span in spans {
            let mut tally = Tally::new(0, Millis::MAX);
            read(connection, source, horizons, log, span.start, span.end, &mut tally)?;
            over.push(tally.into_figures().into_values().next().unwrap_or_default());
        }
        figures.insert(Arc::clone(monitor), over);
    }
    Ok(figures)
}

/// The history of `monitor` in about `points` pieces; they are whole hours or days where the stretch is long or old.
pub(crate) fn history(
    connection: &Connection,
    monitor: &str,
    from: Millis,
    to: Millis,
    points: usize,
) -> Result<History> {
    let horizons = Horizons::read(connection)?;
    let pieces = Pieces::new(horizons, from, to, points);
    let Some(source) = source(connection, monitor)? else {
        return Ok(History { points: pieces.points(BTreeMap::new()), ..History::default() });
    };
    let logs = read_log(connection, [source.id].into_iter())?;
    let log = logs.get(&source.id).map_or(&[][..], Vec::as_slice);
    let mut whole = Tally::new(0, Millis::MAX);
    read(connection, source, horizons, log, from, to, &mut whole)?;
    let mut tally = Tally::new(pieces.start, pieces.width);
    read(connection, source, horizons, log, pieces.start, to, &mut tally)?;
    Ok(History {
        figures: whole.into_figures().into_values().next().unwrap_or_default(),
        points: pieces.points(tally.into_figures()),
        observations: newest_observations(connection, source.id, from, to, OBSERVATIONS)?,
    })
}

/// The newest observation of every monitor that has one.
pub(crate) fn last_observations(connection: &Connection) -> Result<BTreeMap<Arc<str>, Observed>> {
    let mut all = BTreeMap::new();
    let mut names = HashMap::new();
    let mut statement = connection.prepare_cached("SELECT id, name FROM monitor")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (Some(id), name) = (MonitorId::new(row.get(0)?), Arc::<str>::from(row.get_ref(1)?.as_str()?)) else {
            continue;
        };
        let end = by_monitor(id, Millis::MAX);
        if let Some(last) = chunk_before(connection, id, end, |chunk| chunk.last().map(|entry| entry.observed()))? {
            all.insert(Arc::clone(&name), last);
        }
        names.insert(id, name);
    }
    for_each_logged(connection, |id, chunk| {
        if let (Some(name), Some(entry)) = (names.get(&id), chunk.last()) {
            let known = all.get(name).map(|known| known.observation.at);
            if known.is_none_or(|known| known <= timestamp(entry.at)) {
                all.insert(Arc::clone(name), entry.observed());
            }
        }
    })?;
    Ok(all)
}

/// The pieces a history is cut into.
#[derive(Debug)]
struct Pieces {
    start: Millis,
    end: Millis,
    width: Millis,
}

impl Pieces {
    fn new(horizons: Horizons, from: Millis, to: Millis, points: usize) -> Self {
        let points = Millis::try_from(points.clamp(1, POINTS_LIMIT)).unwrap_or(1);
        let width = ((to - from).max(1) + points - 1) / points;
        let unit = horizons.unit(from, width, 1);
        Self { start: floor(from, unit), end: to, width: ceil(width, unit) }
    }

    fn points(&self, mut figures: BTreeMap<Millis, Figures>) -> Vec<Point> {
        let mut points = Vec::new();
        let mut start = self.start;
        while start < self.end {
            let end = (start + self.width).min(self.end);
            let figures = figures.remove(&start).unwrap_or_default();
            points.push(Point { start: timestamp(start), end: timestamp(end), figures });
            start += self.width;
        }
        points
    }
}

/// Adds all that is known of the time from `from` to `to`: whole days and hours that are rolled up, and single
/// observations for the rest.
fn read(
    connection: &Connection,
    source: Source,
    horizons: Horizons,
    log: &[Sample],
    from: Millis,
    to: Millis,
    tally: &mut Tally,
) -> Result<()> {
    // Nothing was seen before 1970, and whoever asks for it waits for no day of it to be looked up.
    let [from, to] = [from.max(0), to].map(|at| horizons.round(connection, source.id, at));
    let (from, to) = (from?, to?);
    let hours = ceil(from, HOUR)..floor(to.min(source.rolled_until), HOUR);
    if hours.is_empty() || tally.is_finer_than(HOUR) {
        return read_samples(connection, source.id, log, from, to, tally);
    }
    read_samples(connection, source.id, log, from, hours.start, tally)?;
    let mut at = hours.start;
    while at < hours.end {
        let is_day = at % DAY == 0 && at + DAY <= hours.end;
        let whole_day = is_day && (at < horizons.hours_from || tally.is_one(at, at + DAY));
        let table = if whole_day { Table::Day } else { Table::Hour };
        if let Some(figures) = table.get(connection, source.id, at)? {
            tally.add(at, &figures);
        }
        at += table.unit();
    }
    read_samples(connection, source.id, log, hours.end, to, tally)
}

fn read_samples(
    connection: &Connection,
    monitor: MonitorId,
    log: &[Sample],
    from: Millis,
    to: Millis,
    tally: &mut Tally,
) -> Result<()> {
    if from >= to {
        return Ok(());
    }
    // What is in the log takes the place of what is in a chunk.
    let mut all = log.to_vec();
    all.extend(samples(connection, monitor, from, to)?);
    all.sort_by_key(|sample| sample.at);
    all.dedup_by_key(|sample| sample.at);
    tally.add_samples(&all, from, to);
    Ok(())
}

fn newest_observations(
    connection: &Connection,
    monitor: MonitorId,
    from: Millis,
    to: Millis,
    limit: usize,
) -> Result<Vec<Observed>> {
    let mut observations = Vec::new();
    for_each_logged(connection, |id, chunk| {
        let entries = chunk.filter(|entry| id == monitor && (from..to).contains(&entry.at));
        observations.extend(entries.map(|entry| entry.observed()));
    })?;
    observations.extend(newest(connection, monitor, from, to, limit)?);
    observations.sort_by_key(|observed| std::cmp::Reverse(observed.observation.at));
    observations.dedup_by_key(|observed| observed.observation.at);
    observations.truncate(limit);
    Ok(observations)
}

fn source(connection: &Connection, monitor: &str) -> Result<Option<Source>> {
    let mut statement = connection.prepare_cached("SELECT id, rolled_until FROM monitor WHERE name = ?")?;
    let row: Option<(i64, Millis)> = statement.query_row([monitor], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(row.and_then(|(id, rolled_until)| Some(Source { id: MonitorId::new(id)?, rolled_until })))
}

/// The log's observations of each of `monitors`, in order.
fn read_log(
    connection: &Connection,
    monitors: impl Iterator<Item = MonitorId>,
) -> Result<HashMap<MonitorId, Vec<Sample>>> {
    let mut logs: HashMap<_, Vec<Sample>> = monitors.map(|monitor| (monitor, Vec::new())).collect();
    for_each_logged(connection, |monitor, chunk| {
        if let Some(log) = logs.get_mut(&monitor) {
            log.extend(chunk.map(|entry| entry.sample()));
        }
    })?;
    Ok(logs)
}

fn for_each_logged(connection: &Connection, mut each: impl FnMut(MonitorId, Chunk<'_>)) -> Result<()> {
    let mut statement = connection.prepare_cached("SELECT id, data FROM log ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (at, monitor) = split_by_time(row.get(0)?);
        each(monitor, Chunk::new(at, row.get_ref(1)?.as_blob()?));
    }
    Ok(())
}
