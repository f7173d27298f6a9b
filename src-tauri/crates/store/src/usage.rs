//! What programs and hosts used: minutes as they come, and hours and days that go along with each minute.
//!
//! A minute is added to its hour and its day in the transaction that writes it, and what it takes the place of is taken off them. So
//! there is nothing to roll up, and what is read is never behind.

use std::{collections::BTreeMap, ops::Range, time::Duration};

use estatus_core::{
    Timestamp,
    ids::Key,
    usage::{Measure, Spread, UsedMinute},
};
use rusqlite::{Connection, OptionalExtension, Result};

use crate::{
    keys::{DAY, HOUR, MINUTE, Millis, SeriesId, ceil, duration, floor, millis, split_by_time, timestamp},
    read::{Horizons, POINTS_LIMIT},
};

/// Percent and loads are kept in hundredths.
const HUNDREDTHS: f64 = 100.0;
/// No value is further from 0, so that the sum of a day is a whole number for SQLite.
const MOST: f64 = (1_i64 << 50) as f64;

/// What was used over a stretch of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UsageHistory {
    /// How long each piece of the stretch is.
    pub width: Duration,
    /// What is known of each measure of which something is, in their order.
    pub series: Vec<UsageSeries>,
}

/// What is known of one measure.
#[derive(Clone, Debug, PartialEq)]
pub struct UsageSeries {
    /// The measure.
    pub measure: Measure,
    /// The pieces of which something is known, each by its beginning, in order.
    pub points: Vec<(Timestamp, Spread)>,
}

/// A table of what was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Table {
    Minute,
    Hour,
    Day,
}

impl Table {
    /// The one with rows of that length.
    fn of(unit: Millis) -> Self {
        match unit {
            DAY.. => Self::Day,
            HOUR.. => Self::Hour,
            _ => Self::Minute,
        }
    }

    fn unit(self) -> Millis {
        match self {
            Self::Minute => MINUTE,
            Self::Hour => HOUR,
            Self::Day => DAY,
        }
    }

    fn select(self) -> &'static str {
        match self {
            Self::Minute => "SELECT 1, mean, least, most FROM usage_minute WHERE id = ?",
            Self::Hour => "SELECT minutes, sum, least, most FROM usage_hour WHERE id = ?",
            Self::Day => "SELECT minutes, sum, least, most FROM usage_day WHERE id = ?",
        }
    }

    /// From when to when it has rows, of whatever series; nothing if it has none.
    fn known(self, connection: &Connection) -> Result<Option<Range<Millis>>> {
        let sql = match self {
            Self::Minute => "SELECT (SELECT min(id) FROM usage_minute), (SELECT max(id) FROM usage_minute)",
            Self::Hour => "SELECT (SELECT min(id) FROM usage_hour), (SELECT max(id) FROM usage_hour)",
            Self::Day => "SELECT (SELECT min(id) FROM usage_day), (SELECT max(id) FROM usage_day)",
        };
        let keys: (Option<i64>, Option<i64>) =
            connection.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let begin = |key: i64| split_by_time(key).0 * self.unit();
        Ok(keys.0.zip(keys.1).map(|(first, last)| begin(first)..begin(last) + self.unit()))
    }

    fn get(self, connection: &Connection, series: SeriesId, at: Millis) -> Result<Option<Row>> {
        let mut statement = connection.prepare_cached(self.select())?;
        statement
            .query_row([series.at(at / self.unit())], |row| {
                Ok(Row { minutes: row.get(0)?, sum: row.get(1)?, least: row.get(2)?, most: row.get(3)? })
            })
            .optional()
    }
}

/// What is known of a minute, or of several together.
#[derive(Clone, Copy, Debug)]
struct Row {
    minutes: i64,
    sum: i64,
    least: i64,
    most: i64,
}

impl Row {
    fn of(measure: &Measure, spread: &Spread) -> Self {
        let scale = scale(measure);
        let [sum, least, most] =
            [spread.mean, spread.least, spread.most].map(|value| (value * scale).clamp(-MOST, MOST).round() as i64);
        Self { minutes: 1, sum, least, most }
    }

    fn and(self, other: Self) -> Self {
        Self {
            minutes: self.minutes.saturating_add(other.minutes),
            sum: self.sum.saturating_add(other.sum),
            least: self.least.min(other.least),
            most: self.most.max(other.most),
        }
    }

    fn spread(self, measure: &Measure) -> Spread {
        let scale = scale(measure);
        Spread {
            mean: self.sum as f64 / self.minutes.max(1) as f64 / scale,
            least: self.least as f64 / scale,
            most: self.most as f64 / scale,
        }
    }
}

fn scale(measure: &Measure) -> f64 {
    match measure {
        Measure::Cpu | Measure::Memory | Measure::Load | Measure::DiskFreePercent { .. } => HUNDREDTHS,
        Measure::MemoryBytes | Measure::DiskFreeBytes { .. } => 1.0,
    }
}

/// Writes a minute down, in the place of what was there of it.
pub(crate) fn put(connection: &Connection, by: &Key, minute: &UsedMinute) -> Result<()> {
    let at = millis(minute.at);
    for (measure, spread) in &minute.measures {
        let series = series(connection, by, measure)?;
        let row = Row::of(measure, spread);
        let before = Table::Minute.get(connection, series, at)?;
        connection
            .prepare_cached("INSERT OR REPLACE INTO usage_minute (id, mean, least, most) VALUES (?, ?, ?, ?)")?
            .execute((series.at(at / MINUTE), row.sum, row.least, row.most))?;
        let (minutes, more) = before.map_or((1, row.sum), |before| (0, row.sum - before.sum));
        for (sql, unit) in [(ADD_TO_HOUR, HOUR), (ADD_TO_DAY, DAY)] {
            let key = series.at(at / unit);
            connection.prepare_cached(sql)?.execute((key, row.sum, row.least, row.most, minutes, more))?;
        }
    }
    Ok(())
}

const ADD_TO_HOUR: &str = "INSERT INTO usage_hour (id, minutes, sum, least, most) VALUES (?1, 1, ?2, ?3, ?4) \
    ON CONFLICT DO UPDATE SET minutes = minutes + ?5, sum = sum + ?6, least = min(least, ?3), most = max(most, ?4)";
const ADD_TO_DAY: &str = "INSERT INTO usage_day (id, minutes, sum, least, most) VALUES (?1, 1, ?2, ?3, ?4) \
    ON CONFLICT DO UPDATE SET minutes = minutes + ?5, sum = sum + ?6, least = min(least, ?3), most = max(most, ?4)";

/// The number of a series, which is given one if it has none.
fn series(connection: &Connection, by: &Key, measure: &Measure) -> Result<SeriesId> {
    let text = serde_json::to_string(measure).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let named = (by.kind(), by.name(), &text);
    let known = connection
        .prepare_cached("SELECT id FROM series WHERE kind = ? AND name = ? AND measure = ?")?
        .query_row(named, |row| row.get(0))
        .optional()?;
    let number = match known {
        Some(number) => number,
        None => {
            connection.prepare_cached("INSERT INTO series (kind, name, measure) VALUES (?, ?, ?)")?.insert(named)?
        }
    };
    let too_many =
        || rusqlite::Error::ToSqlConversionFailure(format!("{} is one too many to measure", by.name()).into());
    SeriesId::new(number).ok_or_else(too_many)
}

/// What `by` used from `from` to `to`, in about `points` pieces, of which none is shorter than `least`.
pub(crate) fn usage(
    connection: &Connection,
    by: &Key,
    from: Millis,
    to: Millis,
    points: usize,
    least: Duration,
) -> Result<UsageHistory> {
    let points = Millis::try_from(points.clamp(1, POINTS_LIMIT)).unwrap_or(1);
    let wanted = ((to - from).max(1) + points - 1) / points;
    let wanted = wanted.max(crate::keys::length(least));
    let unit = Horizons::read(connection)?.unit(from, wanted, MINUTE);
    let (from, width) = (floor(from, unit), ceil(wanted, unit));
    let table = Table::of(unit);
    // However long the stretch is, no more is looked through than there is.
    let known = table.known(connection)?.map_or(from..from, |known| known.start.max(from)..known.end.min(to));
    let mut all = BTreeMap::new();
    for (series, measure) in series_of(connection, by)? {
        let mut pieces: BTreeMap<Millis, Row> = BTreeMap::new();
        let mut at = known.start;
        while at < known.end {
            if let Some(row) = table.get(connection, series, at)? {
                let piece = from + floor(at - from, width);
                pieces.entry(piece).and_modify(|whole| *whole = whole.and(row)).or_insert(row);
            }
            at += unit;
        }
        let points: Vec<_> = pieces.into_iter().map(|(at, row)| (timestamp(at), row.spread(&measure))).collect();
        if !points.is_empty() {
            all.insert(measure, points);
        }
    }
    let series = all.into_iter().map(|(measure, points)| UsageSeries { measure, points }).collect();
    Ok(UsageHistory { width: duration(width), series })
}

/// The series of `by`. One of a measure that is not known here is left out.
fn series_of(connection: &Connection, by: &Key) -> Result<Vec<(SeriesId, Measure)>> {
    let mut statement = connection.prepare_cached("SELECT id, measure FROM series WHERE kind = ? AND name = ?")?;
    let rows = statement.query_map((by.kind(), by.name()), |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
    let rows = rows.collect::<Result<Vec<_>>>()?;
    let known = |(number, measure): (i64, String)| Some((SeriesId::new(number)?, serde_json::from_str(&measure).ok()?));
    Ok(rows.into_iter().filter_map(known).collect())
}
