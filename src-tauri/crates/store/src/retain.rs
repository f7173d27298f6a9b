//! Deletes what has been kept long enough, a little at a time.

use estatus_core::config::Retention;
use rusqlite::{Connection, Result, TransactionBehavior};

use crate::{
    database::Database,
    keys::{DAY, HOUR, MINUTE, Millis, MonitorId, by_monitor, first_at, floor, length},
    months::within_months,
    rollup::before,
    rows::{Table, fact, set_fact},
};

/// So many rows are deleted in one transaction.
const ROWS_AT_ONCE: i64 = 2_000;
/// So many of its runs that are over are kept of each flow, the newest ones.
pub(crate) const RUNS_OF_FLOW: i64 = 1_000;
/// So many of its instances that are gone, and of its decisions, are kept of each fleet, the newest ones.
pub(crate) const HISTORY_OF_FLEET: i64 = 10_000;
/// So many pages are given back to the file system in one transaction.
const PAGES_AT_ONCE: i64 = 256;
/// So many pages (4 MiB) may stay free for what comes next.
const FREE_PAGES: i64 = 1024;

/// The least time for which each kind of figures is kept, so that the next kind can be made from it.
const LEAST: [Millis; 2] = [3 * HOUR, 3 * DAY];

impl Database {
    /// Deletes some of what is older than `retention` says; whether there is more.
    pub(crate) fn retain(&mut self, now: Millis, retention: &Retention) -> Result<bool> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let [raw, hours] = [retention.observations, retention.hours].map(length);
        let raw_from = advance(&transaction, "raw_from", floor((now - raw.max(LEAST[0])).max(0), HOUR))?;
        let hours_from = advance(&transaction, "hours_from", floor((now - hours.max(LEAST[1])).max(0), DAY))?;
        let days_from = floor((now - length(retention.days)).max(0), DAY);
        let told_from = now - length(retention.incidents);
        let deleted = [
            chunks(&transaction, raw_from, hours_from)?,
            hours_within_months(&transaction, days_from.min(hours_from), hours_from)?,
            delete(&transaction, DAYS, before(Table::Day, days_from))?,
            delete(&transaction, INCIDENTS, told_from)?,
            runs(&transaction, told_from)?,
            delete_of_fleets(&transaction, INSTANCES, told_from)?,
            delete_of_fleets(&transaction, DECISIONS, told_from)?,
            delete(&transaction, SAMPLES, (now - hours) / MINUTE)?,
            delete(&transaction, USAGE_MINUTES, first_at(raw_from / MINUTE))?,
            delete(&transaction, USAGE_HOURS, first_at(hours_from / HOUR))?,
            delete(&transaction, USAGE_DAYS, first_at(days_from / DAY))?,
            delete(&transaction, MESSAGES, told_from)?,
            delete(&transaction, MENTIONS, i64::MAX)?,
            delete(&transaction, JOURNAL, told_from)?,
        ];
        transaction.commit()?;
        let shrunk = self.shrink()?;
        Ok(shrunk || deleted.iter().any(|deleted| *deleted >= ROWS_AT_ONCE))
    }

    /// Gives free pages back to the file system where there are many; whether there are more.
    fn shrink(&mut self) -> Result<bool> {
        let count = |what: &str| self.connection.pragma_query_value(None, what, |row| row.get::<_, i64>(0));
        let spare = count("freelist_count")? - FREE_PAGES.max(count("page_count")? / 10);
        if spare > 0 {
            let sql = format!("PRAGMA incremental_vacuum({})", spare.min(PAGES_AT_ONCE));
            let mut statement = self.connection.prepare(&sql)?;
            let mut rows = statement.query([])?;
            while rows.next()?.is_some() {}
        }
        Ok(spare > PAGES_AT_ONCE)
    }
}

const HOURS: &str = "DELETE FROM hour WHERE id IN (SELECT id FROM hour WHERE id >= ? AND id < ? LIMIT ?)";
const DAYS: &str = "DELETE FROM day WHERE id IN (SELECT id FROM day WHERE id < ? LIMIT ?)";
const INCIDENTS: &str = "DELETE FROM incident WHERE id IN (SELECT id FROM incident WHERE closed < ? LIMIT ?)";
const RUNS: &str = "SELECT id FROM run WHERE ended < ?1 UNION ALL SELECT id FROM (SELECT id, \
    row_number() OVER (PARTITION BY flow ORDER BY id DESC) AS nth FROM run WHERE ended IS NOT NULL) \
    WHERE nth > ?2 LIMIT ?3";
const INSTANCES: &str = "DELETE FROM instance WHERE name IN (SELECT name FROM (SELECT name, ended, \
    row_number() OVER (PARTITION BY fleet ORDER BY number DESC) AS nth FROM instance WHERE ended IS NOT NULL) \
    WHERE ended < ?1 OR nth > ?2 LIMIT ?3)";
const DECISIONS: &str = "DELETE FROM decision WHERE (fleet, number) IN (SELECT fleet, number FROM (SELECT fleet, number, at, \
    row_number() OVER (PARTITION BY fleet ORDER BY at DESC, number DESC) AS nth FROM decision) \
    WHERE at < ?1 OR nth > ?2 LIMIT ?3)";
const SAMPLES: &str =
    "DELETE FROM sample WHERE (minute, fleet) IN (SELECT minute, fleet FROM sample WHERE minute < ? LIMIT ?)";
const USAGE_MINUTES: &str = "DELETE FROM usage_minute WHERE id IN (SELECT id FROM usage_minute WHERE id < ? LIMIT ?)";
const USAGE_HOURS: &str = "DELETE FROM usage_hour WHERE id IN (SELECT id FROM usage_hour WHERE id < ? LIMIT ?)";
const USAGE_DAYS: &str = "DELETE FROM usage_day WHERE id IN (SELECT id FROM usage_day WHERE id < ? LIMIT ?)";
/// A message stays as long as an incident that it tells of.
const MESSAGES: &str = "DELETE FROM message WHERE id IN (SELECT id FROM message WHERE created < ? AND NOT pending \
    AND NOT EXISTS (SELECT 1 FROM mention JOIN incident ON incident.id = mention.incident \
    WHERE mention.message = message.id) LIMIT ?)";
const MENTIONS: &str = "DELETE FROM mention WHERE message IN (SELECT DISTINCT message FROM mention WHERE message < ? \
    AND NOT EXISTS (SELECT 1 FROM message WHERE message.id = mention.message) LIMIT ?)";
const JOURNAL: &str = "DELETE FROM journal WHERE id IN (SELECT id FROM journal WHERE at < ? LIMIT ?)";

fn delete(connection: &Connection, sql: &str, before: i64) -> Result<i64> {
    let deleted = connection.prepare_cached(sql)?.execute([before, ROWS_AT_ONCE])?;
    Ok(i64::try_from(deleted).unwrap_or(i64::MAX))
}

/// Deletes the figures of hours before `to`. Those of the first and the last day of each month stay until `from`, so that months
/// are known to the hour wherever they are looked at.
fn hours_within_months(connection: &Connection, from: Millis, to: Millis) -> Result<i64> {
    let mut statement = connection.prepare_cached(HOURS)?;
    let mut deleted = 0;
    for hours in std::iter::once(0..from).chain(within_months(from, to)).filter(|hours| !hours.is_empty()) {
        let [first, end] = [hours.start, hours.end].map(|at| before(Table::Hour, at));
        deleted += i64::try_from(statement.execute([first, end, ROWS_AT_ONCE - deleted])?).unwrap_or(0);
    }
    Ok(deleted)
}

/// Deletes by `sql` what is older than `before`, and of each fleet what is beyond its newest.
fn delete_of_fleets(connection: &Connection, sql: &str, before: Millis) -> Result<i64> {
    let deleted = connection.prepare_cached(sql)?.execute([before, HISTORY_OF_FLEET, ROWS_AT_ONCE])?;
    Ok(i64::try_from(deleted).unwrap_or(i64::MAX))
}

/// Deletes runs that ended before `before`, and of each flow those beyond the newest, all with their steps. How many rows
/// went.
fn runs(connection: &Connection, before: Millis) -> Result<i64> {
    let old: Vec<i64> = connection
        .prepare_cached(RUNS)?
        .query_map([before, RUNS_OF_FLOW, ROWS_AT_ONCE], |row| row.get(0))?
        .collect::<Result<_>>()?;
    let mut steps = connection.prepare_cached("DELETE FROM step WHERE run = ?")?;
    let mut run = connection.prepare_cached("DELETE FROM run WHERE id = ?")?;
    let mut deleted = 0;
    for id in old {
        if deleted >= ROWS_AT_ONCE {
            break;
        }
        deleted += i64::try_from(steps.execute([id])? + run.execute([id])?).unwrap_or(0);
    }
    Ok(deleted)
}

/// Deletes observations before `raw_from`. The newest chunk of a monitor stays, as its last observation may hold until
/// now, unless even its hours are gone.
fn chunks(connection: &Connection, raw_from: Millis, hours_from: Millis) -> Result<i64> {
    let monitors: Vec<i64> =
        connection.prepare_cached("SELECT id FROM monitor")?.query_map([], |row| row.get(0))?.collect::<Result<_>>()?;
    let mut statement = connection.prepare_cached(
        "DELETE FROM chunk WHERE id IN (SELECT id FROM chunk WHERE id >= ?1 AND id < ?2 \
            AND (id < ?3 OR id < (SELECT max(id) FROM chunk WHERE id >= ?1 AND id < ?4)) LIMIT ?5)",
    )?;
    let mut deleted = 0;
    for monitor in monitors.into_iter().filter_map(MonitorId::new) {
        let [first, raw, hours] = [0, raw_from, hours_from].map(|at| by_monitor(monitor, at));
        let end = by_monitor(monitor, Millis::MAX);
        deleted += i64::try_from(statement.execute([first, raw, hours, end, ROWS_AT_ONCE - deleted])?).unwrap_or(0);
    }
    Ok(deleted)
}

/// Moves a horizon forward to `to`, never back: what is deleted does not return.
fn advance(connection: &Connection, name: &str, to: Millis) -> Result<Millis> {
    let from = fact(connection, name)?;
    if to > from {
        set_fact(connection, name, to)?;
    }
    Ok(from.max(to))
}
