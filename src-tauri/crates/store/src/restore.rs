//! What is read back: the state at the start, incidents, runs of flows, fleets, the journal.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use estatus_core::{
    Timestamp,
    fleet::{decision::DecisionRecord, instance::Instance, replay::Sample},
    flow::run::{Run, RunRecord, StepError, StepRun, StepState},
    ids::{IncidentId, Key, MessageId, RunId},
    incident::{Incident, Message},
    memory::Memory,
    record::{JournalEntry, Restored},
};
use rusqlite::{Connection, OptionalExtension, Result, Row};
use serde::de::DeserializeOwned;

use crate::{
    keys::{MINUTE, Millis, ceil, millis, signed, timestamp},
    rows::fact,
    trouble::{Trouble, TroubleKind, what},
};

/// Which incidents are wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentFilter {
    /// Of these monitors only.
    pub monitors: Option<Vec<Arc<str>>>,
    /// Only those that are open.
    pub open_only: bool,
    /// Only those that were open at this time or later.
    pub since: Option<Timestamp>,
    /// Only those that were opened before this.
    pub before: Option<Timestamp>,
    /// The most incidents to find.
    pub limit: usize,
}

impl Default for IncidentFilter {
    /// The newest 100.
    fn default() -> Self {
        Self { monitors: None, open_only: false, since: None, before: None, limit: 100 }
    }
}

/// An incident and what was told of it.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentHistory {
    /// The incident as it stands.
    pub incident: Incident,
    /// The messages that tell of it, by number. One message may tell of many incidents.
    pub messages: Vec<Arc<Message>>,
}

/// The state at the start, the installation's name, and what of it cannot be read.
pub(crate) fn restore(connection: &Connection) -> Result<(Restored, String, Vec<Trouble>)> {
    let mut lost = Vec::new();
    let installation =
        connection.query_row("SELECT value FROM fact WHERE name = 'installation'", [], |row| row.get(0))?;
    let memories = memories(connection, &mut lost)?;
    let incidents = rows(connection, "SELECT id, body FROM incident WHERE closed IS NULL ORDER BY id", &mut lost)?;
    let runs = open_runs(connection, &mut lost)?;
    let sql = "SELECT name, body FROM instance WHERE ended IS NULL ORDER BY fleet, number";
    let instances = rows(connection, sql, &mut lost)?;
    let messages = rows(connection, "SELECT id, body FROM message WHERE pending ORDER BY id", &mut lost)?;
    let engine = rows(connection, "SELECT name, value FROM fact WHERE name = 'engine'", &mut lost)?;
    let restored = Restored {
        memories,
        incidents,
        runs,
        instances,
        messages,
        engine: engine.into_iter().next().unwrap_or_default(),
        last_run: newest(connection, "last_run")?.map(RunId),
        last_incident: newest(connection, "last_incident")?.map(IncidentId),
        last_message: newest(connection, "last_message")?.map(MessageId),
        // Those are in the configuration that was kept.
        ..Restored::default()
    };
    Ok((restored, installation, lost))
}

/// What is remembered of every entry.
fn memories(connection: &Connection, lost: &mut Vec<Trouble>) -> Result<BTreeMap<Key, Memory>> {
    let mut statement = connection.prepare("SELECT kind, name, body FROM memory")?;
    let mut rows = statement.query([])?;
    let mut memories = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let Some(key) = Key::new(row.get_ref(0)?.as_str()?, row.get(1)?) else { continue };
        match Memory::read(&key, row.get_ref(2)?.as_str()?) {
            Ok(memory) => drop(memories.insert(key, memory)),
            Err(error) => lost.push(forgotten(&error)),
        }
    }
    Ok(memories)
}

/// The incidents that fit `filter`, the newest first.
pub(crate) fn incidents(connection: &Connection, filter: &IncidentFilter) -> Result<Vec<IncidentHistory>> {
    let known = |names: &Vec<Arc<str>>| -> Result<Vec<i64>> {
        let numbers = names.iter().filter_map(|name| monitor(connection, name).transpose());
        numbers.collect()
    };
    let numbers = filter.monitors.as_ref().map(known).transpose()?;
    // Of one monitor the index finds them; of many, whoever goes through all of them, the newest first, has enough soon.
    let (of, numbers) = match numbers.as_deref() {
        None => ("coalesce(?1, 1)", None),
        Some([]) => return Ok(Vec::new()),
        Some([_]) => ("monitor = ?1 ->> 0", numbers),
        Some(_) => ("+monitor IN (SELECT value FROM json_each(?1))", numbers),
    };
    let open = if filter.open_only {
        "closed IS NULL AND coalesce(?2, 1)"
    } else {
        "coalesce(closed IS NULL OR closed >= ?2, 1)"
    };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT id, body FROM incident WHERE {of} AND {open} AND coalesce(opened < ?3, 1) ORDER BY id DESC LIMIT ?4"
    ))?;
    let numbers = numbers.map(|numbers| serde_json::Value::from(numbers).to_string());
    let limit = i64::try_from(filter.limit).unwrap_or(i64::MAX);
    let mut rows = statement.query((numbers, filter.since.map(millis), filter.before.map(millis), limit))?;
    let mut told = BTreeMap::new();
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if let Ok(incident) = parse::<Incident>(row) {
            let messages = messages(connection, row.get(0)?, &mut told)?;
            found.push(IncidentHistory { incident, messages });
        }
    }
    Ok(found)
}

/// The runs that are not over, the oldest first.
fn open_runs(connection: &Connection, lost: &mut Vec<Trouble>) -> Result<Vec<RunRecord>> {
    let open = rows(connection, "SELECT id, body FROM run WHERE ended IS NULL ORDER BY id", lost)?;
    open.into_iter().map(|run| with_steps(connection, run, lost)).collect()
}

/// The newest `limit` runs, of one flow or of all, the newest first.
pub(crate) fn runs(connection: &Connection, flow: Option<&str>, limit: usize) -> Result<Vec<Run>> {
    let mut statement = connection.prepare_cached(match flow {
        Some(_) => "SELECT id, body FROM run WHERE flow = ?1 ORDER BY id DESC LIMIT ?2",
        None => "SELECT id, body FROM run WHERE coalesce(?1, 1) ORDER BY id DESC LIMIT ?2",
    })?;
    let mut rows = statement.query((flow, i64::try_from(limit).unwrap_or(i64::MAX)))?;
    let mut runs = Vec::new();
    while let Some(row) = rows.next()? {
        runs.extend(parse::<Run>(row));
    }
    Ok(runs)
}

/// The newest `limit` runs of each of `flows`; one that never ran is left out.
pub(crate) fn last_runs(
    connection: &Connection,
    flows: &[Arc<str>],
    limit: usize,
) -> Result<BTreeMap<Arc<str>, Vec<Run>>> {
    let mut last = BTreeMap::new();
    for flow in flows {
        let runs = runs(connection, Some(flow), limit)?;
        if !runs.is_empty() {
            last.insert(Arc::clone(flow), runs);
        }
    }
    Ok(last)
}

/// The run with this number, with its steps.
pub(crate) fn run(connection: &Connection, id: RunId) -> Result<Option<RunRecord>> {
    let mut statement = connection.prepare_cached("SELECT id, body FROM run WHERE id = ?")?;
    let run = statement.query_row([signed(id.0)], |row| Ok(parse(row).ok())).optional()?.flatten();
    run.map(|run| with_steps(connection, run, &mut Vec::new())).transpose()
}

/// `run` with its steps as far as they are written.
fn with_steps(connection: &Connection, run: Run, lost: &mut Vec<Trouble>) -> Result<RunRecord> {
    let mut steps = vec![StepRun::default(); run.definition.steps.len()];
    let mut statement = connection.prepare_cached("SELECT place, body FROM step WHERE run = ? ORDER BY place")?;
    let mut rows = statement.query([signed(run.id.0)])?;
    while let Some(row) = rows.next()? {
        let place = usize::try_from(row.get::<_, i64>(0)?).unwrap_or(usize::MAX);
        let Some(step) = steps.get_mut(place) else { continue };
        match parse(row) {
            Ok(written) => *step = written,
            Err(error) => {
                lost.push(forgotten(&error));
                // It was perhaps begun, and must not be begun as if it had not been: nobody knows how it ended.
                let error = Some(StepError::Lost);
                *step = StepRun { state: StepState::Indeterminate, error, ..StepRun::default() };
            }
        }
    }
    Ok(RunRecord { run, steps })
}

/// The newest `limit` instances of `fleet`, gone or not, the newest first.
pub(crate) fn instances(connection: &Connection, fleet: &str, limit: usize) -> Result<Vec<Instance>> {
    let sql = "SELECT name, body FROM instance WHERE fleet = ? ORDER BY number DESC LIMIT ?";
    newest_of(connection, sql, fleet, limit)
}

/// The newest `limit` decisions of `fleet`, the newest first.
pub(crate) fn decisions(connection: &Connection, fleet: &str, limit: usize) -> Result<Vec<DecisionRecord>> {
    let sql = "SELECT number, body FROM decision WHERE fleet = ? ORDER BY at DESC, number DESC LIMIT ?";
    newest_of(connection, sql, fleet, limit)
}

/// How `fleet` stood from `from` to `to`, the oldest first; each by the beginning of its minute.
pub(crate) fn samples(connection: &Connection, fleet: &str, from: Millis, to: Millis) -> Result<Vec<Sample>> {
    let sql = "SELECT minute, instances, known, load FROM sample WHERE minute >= ? AND minute < ? AND fleet = ? ORDER BY minute";
    let sample = |row: &Row<'_>| {
        let at = timestamp(row.get::<_, Millis>(0)?.saturating_mul(MINUTE));
        Ok(Sample { at, instances: row.get(1)?, known: row.get(2)?, load: row.get(3)? })
    };
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map((from / MINUTE, ceil(to, MINUTE) / MINUTE, fleet), sample)?.collect()
}

fn newest_of<V: DeserializeOwned>(connection: &Connection, sql: &str, of: &str, limit: usize) -> Result<Vec<V>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((of, i64::try_from(limit).unwrap_or(i64::MAX)))?;
    let mut newest = Vec::new();
    while let Some(row) = rows.next()? {
        newest.extend(parse::<V>(row));
    }
    Ok(newest)
}

/// The newest `limit` entries of the journal from `since` on, in order.
pub(crate) fn journal(
    connection: &Connection,
    since: Timestamp,
    limit: usize,
) -> Result<Vec<(Timestamp, JournalEntry)>> {
    let mut statement =
        connection.prepare_cached("SELECT at, entry FROM journal WHERE at >= ? ORDER BY at DESC, id DESC LIMIT ?")?;
    let mut rows = statement.query((millis(since), i64::try_from(limit).unwrap_or(i64::MAX)))?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        if let Ok(entry) = parse(row) {
            entries.push((timestamp(row.get(0)?), entry));
        }
    }
    entries.reverse();
    Ok(entries)
}

/// How a program came to stand before a moment, the newest first.
pub(crate) const PROGRAM_CHANGES: &str =
    "SELECT at, entry FROM journal WHERE program = ?1 AND at < ?3 ORDER BY at DESC, id DESC LIMIT ?2";

/// How `program` came to stand, the newest `limit` times from `since` on and once before, in order.
pub(crate) fn program_changes(
    connection: &Connection,
    program: &str,
    since: Timestamp,
    before: Option<Timestamp>,
    limit: usize,
) -> Result<Vec<(Timestamp, JournalEntry)>> {
    let mut statement = connection.prepare_cached(PROGRAM_CHANGES)?;
    let before = before.map_or(Millis::MAX, millis);
    let mut rows = statement.query((program, i64::try_from(limit).unwrap_or(i64::MAX), before))?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        let at = timestamp(row.get(0)?);
        if let Ok(entry) = parse(row) {
            changes.push((at, entry));
        }
        if at < since {
            break;
        }
    }
    changes.reverse();
    Ok(changes)
}

/// The messages that tell of `incident`; each is read once and then taken from `told`.
fn messages(
    connection: &Connection,
    incident: i64,
    told: &mut BTreeMap<i64, Option<Arc<Message>>>,
) -> Result<Vec<Arc<Message>>> {
    let mut statement = connection.prepare_cached("SELECT message FROM mention WHERE incident = ? ORDER BY message")?;
    let numbers: BTreeSet<i64> = statement.query_map([incident], |row| row.get(0))?.collect::<Result<_>>()?;
    for number in &numbers {
        if !told.contains_key(number) {
            let mut statement = connection.prepare_cached("SELECT id, body FROM message WHERE id = ?")?;
            let message = statement.query_row([number], |row| Ok(parse(row).ok().map(Arc::new))).optional()?;
            told.insert(*number, message.flatten());
        }
    }
    Ok(numbers.iter().filter_map(|number| told.get(number).cloned().flatten()).collect())
}

fn monitor(connection: &Connection, name: &str) -> Result<Option<i64>> {
    connection.prepare_cached("SELECT id FROM monitor WHERE name = ?")?.query_row([name], |row| row.get(0)).optional()
}

/// What the rows of `sql` have as JSON in their second column; those that cannot be read are told in `lost`.
fn rows<V: DeserializeOwned>(connection: &Connection, sql: &str, lost: &mut Vec<Trouble>) -> Result<Vec<V>> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        match parse(row) {
            Ok(value) => found.push(value),
            Err(error) => lost.push(forgotten(&error)),
        }
    }
    Ok(found)
}

fn forgotten(error: &impl ToString) -> Trouble {
    Trouble::new(TroubleKind::Lost, what("store.forgotten", vec![("error", error.to_string())]))
}

/// The JSON in the second column.
fn parse<V: DeserializeOwned>(row: &Row<'_>) -> std::result::Result<V, ParseError> {
    Ok(serde_json::from_str(row.get_ref(1)?.as_str()?)?)
}

#[derive(Debug, thiserror::Error)]
enum ParseError {
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    #[error(transparent)]
    Type(#[from] rusqlite::types::FromSqlError),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

fn newest(connection: &Connection, name: &str) -> Result<Option<u64>> {
    Ok(u64::try_from(fact(connection, name)?).ok().filter(|number| *number > 0))
}
