//! Packs the log into chunks, rolls chunks up into hours and hours into days.
//!
//! All of it can be done again with the same result: an hour is made from the observations, a day from its hours. What
//! comes late (a clock was set back) goes into its chunk, and sets the monitor's `rolled_until` back to its hour.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, OptionalExtension, Result, TransactionBehavior};

use crate::{
    codec::{Chunk, ChunkWriter, merge},
    database::Database,
    figures::{Figures, Tally},
    keys::{DAY, HOUR, Millis, MonitorId, QUARTER, by_monitor, by_time, chunk_start, first_at, floor, split_by_time},
    rows::{Table, fact, samples},
};

/// So many observations of the log are packed in one transaction.
const PACK_AT_ONCE: usize = 25_000;

impl Database {
    /// Moves what is in the log into chunks, at most [`PACK_AT_ONCE`] observations; whether there is more.
    pub(crate) fn pack(&mut self) -> Result<bool> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (chunks, packed, last) = read_log(&transaction)?;
        let raw_from = fact(&transaction, "raw_from")?;
        let mut earliest = HashMap::new();
        for (key, (monitor, chunk)) in chunks {
            put_chunk(&transaction, key, chunk)?;
            let hour = floor(chunk_start(key), HOUR).max(raw_from);
            earliest.entry(monitor).and_modify(|earliest: &mut Millis| *earliest = hour.min(*earliest)).or_insert(hour);
        }
        for (monitor, hour) in earliest {
            roll_back(&transaction, monitor, hour)?;
        }
        transaction.execute("DELETE FROM log WHERE id <= ?", [last])?;
        transaction.commit()?;
        self.logged = self.logged.saturating_sub(packed);
        Ok(self.logged > 0 && packed > 0)
    }

    /// Rolls up the hours before `until`, for at most `at_once` monitors; whether there are more. The log must have
    /// been packed.
    pub(crate) fn roll(&mut self, until: Millis, at_once: usize) -> Result<bool> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // A marker in the future is one of a clock that ran ahead.
        transaction
            .prepare_cached("UPDATE monitor SET rolled_until = ?1 WHERE rolled_until > ?1")?
            .execute([floor(until, HOUR)])?;
        let due = due(&transaction, until, at_once)?;
        let hours_from = fact(&transaction, "hours_from")?;
        for (number, from) in &due {
            if let Some(monitor) = MonitorId::new(*number) {
                roll_monitor(&transaction, monitor, *from, until, hours_from)?;
            }
            transaction
                .prepare_cached("UPDATE monitor SET rolled_until = ? WHERE id = ?")?
                .execute([until, *number])?;
        }
        transaction.commit()?;
        Ok(due.len() == at_once)
    }
}

type Chunks = BTreeMap<i64, (MonitorId, ChunkWriter)>;

/// The oldest of the log as chunks, how many observations they hold, and the last key that was read.
fn read_log(connection: &Connection) -> Result<(Chunks, u64, i64)> {
    let mut chunks = Chunks::new();
    let (mut packed, mut last) = (0, first_at(0));
    let mut statement = connection.prepare_cached("SELECT id, data FROM log ORDER BY id LIMIT ?")?;
    let mut rows = statement.query([i64::try_from(PACK_AT_ONCE).unwrap_or(i64::MAX)])?;
    while let Some(row) = rows.next()? {
        last = row.get(0)?;
        packed += 1;
        let (at, monitor) = split_by_time(last);
        let start = floor(at, QUARTER);
        let chunk = chunks.entry(by_monitor(monitor, at)).or_insert_with(|| (monitor, ChunkWriter::new(start)));
        Chunk::new(at, row.get_ref(1)?.as_blob()?).take(1).for_each(|entry| chunk.1.push(&entry));
    }
    Ok((chunks, packed, last))
}

fn put_chunk(connection: &Connection, key: i64, chunk: ChunkWriter) -> Result<()> {
    let newer = chunk.into_bytes();
    let mut statement = connection.prepare_cached("SELECT data FROM chunk WHERE id = ?")?;
    let merged =
        statement.query_row([key], |row| Ok(merge(chunk_start(key), row.get_ref(0)?.as_blob()?, &newer))).optional()?;
    connection
        .prepare_cached("INSERT OR REPLACE INTO chunk (id, data) VALUES (?, ?)")?
        .execute((key, merged.unwrap_or(newer)))?;
    Ok(())
}

/// Forgets the hours and days of `monitor` from `hour` on, if any are rolled up.
fn roll_back(connection: &Connection, monitor: MonitorId, hour: Millis) -> Result<()> {
    let mut statement = connection.prepare_cached("SELECT rolled_until FROM monitor WHERE id = ?")?;
    let rolled_until: Option<Millis> = statement.query_row([monitor.number()], |row| row.get(0)).optional()?;
    let Some(rolled_until) = rolled_until.filter(|rolled_until| *rolled_until > hour) else { return Ok(()) };
    for (table, from) in [(Table::Hour, hour), (Table::Day, floor(hour, DAY))] {
        let mut start = from;
        while start < rolled_until {
            table.delete_row(connection, monitor, start)?;
            start += table.unit();
        }
    }
    connection.prepare_cached("UPDATE monitor SET rolled_until = ? WHERE id = ?")?.execute([hour, monitor.number()])?;
    Ok(())
}

fn due(connection: &Connection, until: Millis, at_once: usize) -> Result<Vec<(i64, Millis)>> {
    connection
        .prepare_cached("SELECT id, rolled_until FROM monitor WHERE rolled_until < ? LIMIT ?")?
        .query_map((until, i64::try_from(at_once).unwrap_or(i64::MAX)), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

fn roll_monitor(
    connection: &Connection,
    monitor: MonitorId,
    from: Millis,
    until: Millis,
    hours_from: Millis,
) -> Result<()> {
    let samples = samples(connection, monitor, from, until)?;
    let mut tally = Tally::new(0, HOUR);
    tally.add_samples(&samples, from, until);
    let hours = tally.into_figures();
    for (start, figures) in &hours {
        Table::Hour.put(connection, monitor, *start, figures)?;
    }
    // A monitor that is rolled up for the first time has no days before its first hour.
    let first = if from == 0 { hours.keys().next().copied() } else { Some(from) };
    let Some(first) = first else { return Ok(()) };
    let last = hours.keys().next_back().copied().unwrap_or(first).max(first);
    let mut day = floor(first, DAY);
    while day <= last && day + DAY <= until {
        if day >= hours_from {
            roll_day(connection, monitor, day)?;
        }
        day += DAY;
    }
    Ok(())
}

fn roll_day(connection: &Connection, monitor: MonitorId, day: Millis) -> Result<()> {
    let mut whole = Figures::default();
    for hour in 0..DAY / HOUR {
        if let Some(figures) = Table::Hour.get(connection, monitor, day + hour * HOUR)? {
            whole.add(&figures);
        }
    }
    if whole == Figures::default() {
        return Table::Day.delete_row(connection, monitor, day);
    }
    Table::Day.put(connection, monitor, day, &whole)
}

/// The key before which the log and the tables of figures hold nothing of `time` or later.
pub(crate) fn before(table: Table, time: Millis) -> i64 {
    by_time(time / table.unit(), MonitorId::FIRST)
}
