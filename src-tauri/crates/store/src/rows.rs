//! Rows of figures, and the observations of a monitor, as the rollups and the readers need them.

use std::time::Duration;

use estatus_core::histogram::Histogram;
use rusqlite::{Connection, OptionalExtension, Result};

use crate::{
    codec::{Chunk, Observed},
    figures::{Figures, Sample},
    keys::{Millis, MonitorId, by_monitor, by_time, chunk_start, duration},
    phases::PhaseTimes,
};

/// A table of figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    Hour,
    Day,
}

impl Table {
    /// The stretch of a row.
    pub(crate) fn unit(self) -> Millis {
        match self {
            Self::Hour => crate::keys::HOUR,
            Self::Day => crate::keys::DAY,
        }
    }

    fn select(self) -> &'static str {
        match self {
            Self::Hour => {
                "SELECT up, down, inconclusive, samples, fastest, slowest, latency, phases FROM hour WHERE id = ?"
            }
            Self::Day => {
                "SELECT up, down, inconclusive, samples, fastest, slowest, latency, phases FROM day WHERE id = ?"
            }
        }
    }

    fn insert(self) -> &'static str {
        match self {
            Self::Hour => "INSERT OR REPLACE INTO hour VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            Self::Day => "INSERT OR REPLACE INTO day VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        }
    }

    fn delete(self) -> &'static str {
        match self {
            Self::Hour => "DELETE FROM hour WHERE id = ?",
            Self::Day => "DELETE FROM day WHERE id = ?",
        }
    }

    /// The figures of `monitor` for the stretch that begins at `start`.
    pub(crate) fn get(self, connection: &Connection, monitor: MonitorId, start: Millis) -> Result<Option<Figures>> {
        let mut statement = connection.prepare_cached(self.select())?;
        let key = by_time(start / self.unit(), monitor);
        statement
            .query_row([key], |row| {
                let latency = Histogram::decode(row.get_ref(6)?.as_blob()?).unwrap_or_else(|error| {
                    tracing::warn!(%error, "figures have lost their latencies");
                    Histogram::new()
                });
                let phases = PhaseTimes::decode(row.get_ref(7)?.as_blob()?).unwrap_or_else(|| {
                    tracing::warn!("figures have lost the phases of their latencies");
                    PhaseTimes::default()
                });
                let micros = |micros: i64| Duration::from_micros(micros.unsigned_abs());
                Ok(Figures {
                    up: duration(row.get(0)?),
                    down: duration(row.get(1)?),
                    inconclusive: duration(row.get(2)?),
                    samples: row.get::<_, i64>(3)?.unsigned_abs(),
                    fastest: row.get::<_, Option<i64>>(4)?.map(micros),
                    slowest: row.get::<_, Option<i64>>(5)?.map(micros),
                    latency,
                    phases,
                })
            })
            .optional()
    }

    /// Puts `figures` in the place of those for the stretch that begins at `start`.
    pub(crate) fn put(
        self,
        connection: &Connection,
        monitor: MonitorId,
        start: Millis,
        figures: &Figures,
    ) -> Result<()> {
        let mut latency = Vec::new();
        figures.latency.encode(&mut latency);
        let micros = |of: Duration| i64::try_from(of.as_micros()).unwrap_or(i64::MAX);
        connection.prepare_cached(self.insert())?.execute((
            by_time(start / self.unit(), monitor),
            crate::keys::length(figures.up),
            crate::keys::length(figures.down),
            crate::keys::length(figures.inconclusive),
            i64::try_from(figures.samples).unwrap_or(i64::MAX),
            figures.fastest.map(micros),
            figures.slowest.map(micros),
            latency,
            figures.phases.encode(),
        ))?;
        Ok(())
    }

    /// Deletes the figures for the stretch that begins at `start`.
    pub(crate) fn delete_row(self, connection: &Connection, monitor: MonitorId, start: Millis) -> Result<()> {
        connection.prepare_cached(self.delete())?.execute([by_time(start / self.unit(), monitor)])?;
        Ok(())
    }
}

/// The observations of `monitor` in the chunks that say something of the time from `from` to `to`: those of the chunks
/// in it, and the last one before them. In order.
pub(crate) fn samples(connection: &Connection, monitor: MonitorId, from: Millis, to: Millis) -> Result<Vec<Sample>> {
    let (first, end) = (by_monitor(monitor, from), by_monitor(monitor, to.saturating_sub(1)));
    let mut samples = Vec::new();
    if let Some(before) = chunk_before(connection, monitor, first, |chunk| chunk.last().map(|entry| entry.sample()))? {
        samples.push(before);
    }
    let mut statement = connection.prepare_cached("SELECT id, data FROM chunk WHERE id BETWEEN ? AND ? ORDER BY id")?;
    let mut rows = statement.query((first, end))?;
    while let Some(row) = rows.next()? {
        let chunk = Chunk::new(chunk_start(row.get(0)?), row.get_ref(1)?.as_blob()?);
        samples.extend(chunk.map(|entry| entry.sample()));
    }
    Ok(samples)
}

/// The newest observations of `monitor` in the chunks that began from `from` to `to`, the newest first.
pub(crate) fn newest(
    connection: &Connection,
    monitor: MonitorId,
    from: Millis,
    to: Millis,
    limit: usize,
) -> Result<Vec<Observed>> {
    let mut statement =
        connection.prepare_cached("SELECT id, data FROM chunk WHERE id BETWEEN ? AND ? ORDER BY id DESC")?;
    let mut rows = statement.query((by_monitor(monitor, from), by_monitor(monitor, to.saturating_sub(1))))?;
    let mut newest = Vec::new();
    while let Some(row) = rows.next()? {
        let chunk = Chunk::new(chunk_start(row.get(0)?), row.get_ref(1)?.as_blob()?);
        let entries: Vec<_> = chunk.filter(|entry| (from..to).contains(&entry.at)).collect();
        newest.extend(entries.iter().rev().take(limit - newest.len()).map(crate::codec::Entry::observed));
        if newest.len() >= limit {
            break;
        }
    }
    Ok(newest)
}

/// What `take` takes of the newest chunk of `monitor` before the one with the key `before`.
pub(crate) fn chunk_before<T>(
    connection: &Connection,
    monitor: MonitorId,
    before: i64,
    take: impl FnOnce(Chunk<'_>) -> Option<T>,
) -> Result<Option<T>> {
    let mut statement =
        connection.prepare_cached("SELECT id, data FROM chunk WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1")?;
    let mut rows = statement.query((by_monitor(monitor, 0), before))?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(take(Chunk::new(chunk_start(row.get(0)?), row.get_ref(1)?.as_blob()?)))
}

/// A fact that is a number; 0 where it is not known.
pub(crate) fn fact(connection: &Connection, name: &str) -> Result<i64> {
    let value = connection.prepare_cached("SELECT value FROM fact WHERE name = ?")?.query_row([name], |row| row.get(0));
    Ok(value.optional()?.unwrap_or(0))
}

/// Remembers a fact that is a number.
pub(crate) fn set_fact(connection: &Connection, name: &str, value: i64) -> Result<()> {
    connection.prepare_cached("INSERT OR REPLACE INTO fact VALUES (?, ?)")?.execute((name, value))?;
    Ok(())
}
