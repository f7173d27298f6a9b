//! Format 1: one row for each observation, everything else as JSON, no figures.
//!
//! ```sql
//! CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);   -- installation, engine
//! CREATE TABLE monitor (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, memory TEXT);
//! CREATE TABLE observation (
//!     monitor INTEGER NOT NULL, at INTEGER NOT NULL, holds_until INTEGER NOT NULL,   -- milliseconds
//!     verdict TEXT NOT NULL, latency INTEGER, seen TEXT NOT NULL, failure TEXT,      -- microseconds; JSON
//!     PRIMARY KEY (monitor, at)
//! );
//! CREATE TABLE incident (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
//! CREATE TABLE message (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
//! CREATE TABLE journal (at INTEGER NOT NULL, entry TEXT NOT NULL);
//! ```

use std::{collections::HashMap, sync::Arc, time::Duration};

use estatus_core::{
    observation::{Observation, Phases, Verdict},
    record::Record,
};
use rusqlite::{Connection, Result, Row};
use serde::de::DeserializeOwned;

use crate::{keys::timestamp, schema, write::Batch};

const OLD: [&str; 6] = ["meta", "monitor", "observation", "incident", "message", "journal"];

/// Brings a database of format 1 to today's: its facts are written anew. What cannot be read is left out: the copy still has it.
pub(super) fn to_today(connection: &Connection) -> Result<()> {
    for table in OLD {
        connection.execute_batch(&format!("ALTER TABLE {table} RENAME TO old_{table}"))?;
    }
    let installation: Option<String> =
        connection.query_row("SELECT max(value) FROM old_meta WHERE name = 'installation'", [], |row| row.get(0))?;
    schema::tables(connection, installation.as_deref())?;
    connection.execute_batch(
        "INSERT INTO monitor (id, name) SELECT id, name FROM old_monitor;
INSERT INTO memory SELECT 'monitor', name, memory FROM old_monitor WHERE memory IS NOT NULL;",
    )?;
    let mut known = HashMap::new();
    let mut batch = Batch::new(connection, &mut known);
    for_each(connection, OBSERVATIONS, &mut batch, |row| Ok(Some(observation(row)?)))?;
    for_each(connection, "SELECT body FROM old_incident", &mut batch, |row| Ok(json(row, 0)?.map(Record::Incident)))?;
    for_each(connection, "SELECT body FROM old_message", &mut batch, |row| Ok(json(row, 0)?.map(Record::Message)))?;
    for_each(connection, ENGINE, &mut batch, |row| Ok(json(row, 0)?.map(Record::Engine)))?;
    for_each(connection, "SELECT entry, at FROM old_journal ORDER BY at", &mut batch, |row| {
        let at = timestamp(row.get(1)?);
        Ok(json(row, 0)?.map(|entry| Record::Journal { at, entry }))
    })?;
    for table in OLD {
        connection.execute_batch(&format!("DROP TABLE old_{table}"))?;
    }
    Ok(())
}

const OBSERVATIONS: &str = "SELECT name, at, holds_until, verdict, latency, seen, failure FROM old_observation \
    JOIN old_monitor ON old_monitor.id = monitor ORDER BY monitor, at";
const ENGINE: &str = "SELECT value FROM old_meta WHERE name = 'engine'";

fn for_each(
    connection: &Connection,
    sql: &str,
    batch: &mut Batch<'_>,
    record: fn(&Row<'_>) -> Result<Option<Record>>,
) -> Result<()> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(record) = record(row)? {
            batch.add(&record)?;
        }
    }
    Ok(())
}

fn observation(row: &Row<'_>) -> Result<Record> {
    let verdict = match row.get_ref(3)?.as_str()? {
        "up" => Verdict::Up,
        "down" => Verdict::Down,
        _ => Verdict::Inconclusive,
    };
    let latency: Option<i64> = row.get(4)?;
    let observation = Observation {
        at: timestamp(row.get(1)?),
        verdict,
        latency: latency.map(|micros| Duration::from_micros(micros.unsigned_abs())),
        phases: Phases::default(),
        seen: row.get(5)?,
        failure: json(row, 6)?,
        remote: None,
        here: false,
        warning: None,
        holds_for: None,
        measured: Vec::new(),
    };
    Ok(Record::Observation {
        monitor: Arc::from(row.get::<_, String>(0)?),
        after: None,
        holds_until: timestamp(row.get(2)?),
        observation: Arc::new(observation),
    })
}

fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}
