//! Puts records into the tables.

use std::{collections::HashMap, sync::Arc};

use estatus_core::{
    Timestamp,
    fleet::{
        decision::DecisionRecord,
        instance::{Instance, InstanceState},
        replay::Sample,
    },
    flow::run::{Run, StepRun},
    ids::{Key, RunId},
    incident::{Incident, Message},
    memory::Memory,
    observation::{Failure, Observation},
    outside::cut,
    record::{JournalEntry, Record},
};
use rusqlite::{Connection, OptionalExtension, Result, ToSql, types::ToSqlOutput};
use serde::Serialize;

use crate::{
    codec::{Chunk, Entry, encode_one},
    keys::{MINUTE, Millis, MonitorId, by_monitor, by_time, chunk_start, length, millis, signed},
    trouble::is_about_the_record,
    usage,
};

/// A failure like the one before keeps so many bytes of its evidence; the first of a stretch keeps all.
const REPEATED_EVIDENCE: usize = 256;
/// Observations of one monitor in the same millisecond are told apart by moving the later ones by one each, so far.
const SAME_MOMENT: Millis = 5;
/// Where the wall clock moved by so many milliseconds more or less than the boot clock did, it was set.
const CLOCK_SET: u64 = 2_000;

/// What is known of a monitor that is written to.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) id: MonitorId,
    /// When its last observation began.
    pub(crate) last_at: Millis,
    /// Its last observation's failure, without the evidence.
    pub(crate) last_failure: Option<String>,
}

/// What a transaction has written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    /// How many observations.
    pub(crate) observations: u64,
    /// How many records the database refused for what they are; they are left out.
    pub(crate) refused: u64,
}

/// A transaction that is being written.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    connection: &'a Connection,
    known: &'a mut HashMap<Arc<str>, Known>,
    written: Written,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(connection: &'a Connection, known: &'a mut HashMap<Arc<str>, Known>) -> Self {
        Self { connection, known, written: Written::default() }
    }

    /// Writes one record, or counts it as refused.
    pub(crate) fn add(&mut self, record: &Record) -> Result<()> {
        match self.put(record) {
            Err(error) if is_about_the_record(&error) => {
                tracing::error!(%error, "a record cannot be written and is left out");
                self.written.refused += 1;
                Ok(())
            }
            result => result,
        }
    }

    pub(crate) fn finish(self) -> Written {
        self.written
    }

    fn put(&mut self, record: &Record) -> Result<()> {
        match record {
            Record::Observation { monitor, after, holds_until, observation } => {
                if let Some(after) = after {
                    self.hold_no_longer(monitor, millis(observation.at), length(*after))?;
                }
                self.observation(monitor, *holds_until, observation)
            }
            Record::Memory { of, memory } => self.memory(of, memory.as_ref()),
            Record::Incident(incident) => self.incident(incident),
            Record::Run(run) => self.run(run),
            Record::Step { run, place, step } => self.step(*run, *place, step),
            Record::Instance(instance) => self.instance(instance),
            Record::Decision(decision) => self.decision(decision),
            Record::Sample { fleet, sample } => self.sample(fleet, sample),
            Record::Used { by, minute } => usage::put(self.connection, by, minute),
            Record::Message(message) => self.message(message),
            Record::Engine(memory) => {
                let sql = "INSERT OR REPLACE INTO fact VALUES ('engine', ?)";
                self.connection.prepare_cached(sql)?.execute([Json(memory)]).map(drop)
            }
            Record::Journal { at, entry } => {
                let program = if let JournalEntry::Program { program, .. } = entry { Some(&**program) } else { None };
                let sql = "INSERT INTO journal (at, entry, program) VALUES (?, ?, ?)";
                self.connection.prepare_cached(sql)?.execute((millis(*at), Json(entry), program)).map(drop)
            }
        }
    }

    fn observation(&mut self, monitor: &Arc<str>, holds_until: Timestamp, observation: &Observation) -> Result<()> {
        let known = self.known(monitor)?;
        let mut at = millis(observation.at);
        if (0..SAME_MOMENT).contains(&(known.last_at - at)) {
            at = known.last_at + 1;
        }
        known.last_at = at;
        let failure = observation.failure.as_ref().map(without_evidence);
        let repeated = failure.is_some() && failure == known.last_failure;
        known.last_failure = failure;
        let id = known.id;
        let entry = if repeated {
            Entry::new(at, holds_until, &with_less_evidence(observation))
        } else {
            Entry::new(at, holds_until, observation)
        };
        self.log(id, &entry)?;
        self.written.observations += 1;
        Ok(())
    }

    /// The last observation of `monitor` held for `after`, until the one that began at `at`. Where the wall clock was set
    /// in between, their times do not say so.
    fn hold_no_longer(&mut self, monitor: &Arc<str>, at: Millis, after: Millis) -> Result<()> {
        let Known { id, last_at, .. } = *self.known(monitor)?;
        if last_at == 0 || (at - last_at).abs_diff(after) < CLOCK_SET {
            return Ok(());
        }
        let logged = row(self.connection, "SELECT data FROM log WHERE id = ?", by_time(last_at, id))?;
        let (start, bytes) = match logged {
            Some(bytes) => (last_at, bytes),
            None => {
                let key = by_monitor(id, last_at);
                let chunk = row(self.connection, "SELECT data FROM chunk WHERE id = ?", key)?;
                (chunk_start(key), chunk.unwrap_or_default())
            }
        };
        let Some(entry) = Chunk::new(start, &bytes).find(|entry| entry.at == last_at) else { return Ok(()) };
        self.log(id, &entry.held_for(after))
    }

    fn log<T: AsRef<str>>(&self, monitor: MonitorId, entry: &Entry<T>) -> Result<()> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO log (id, data) VALUES (?, ?)")?
            .execute((by_time(entry.at, monitor), encode_one(entry)))?;
        Ok(())
    }

    fn memory(&self, of: &Key, memory: Option<&Memory>) -> Result<()> {
        let (kind, name) = (of.kind(), of.name());
        match memory {
            Some(memory) => self
                .connection
                .prepare_cached("INSERT OR REPLACE INTO memory (kind, name, body) VALUES (?, ?, ?)")?
                .execute((kind, name, Json(memory))),
            None => {
                self.connection.prepare_cached("DELETE FROM memory WHERE kind = ? AND name = ?")?.execute((kind, name))
            }
        }
        .map(drop)
    }

    fn incident(&mut self, incident: &Incident) -> Result<()> {
        let monitor = self.known(&incident.monitor)?.id.number();
        let number = signed(incident.id.0);
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO incident (id, monitor, opened, closed, body) VALUES (?, ?, ?, ?, ?)",
            )?
            .execute((number, monitor, millis(incident.opened), incident.closed.map(millis), Json(incident)))?;
        self.number_used("last_incident", number)
    }

    fn run(&self, run: &Run) -> Result<()> {
        let number = signed(run.id.0);
        let ended = run.state.is_over().then(|| millis(run.ended.unwrap_or(run.began)));
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO run (id, flow, state, began, ended, body) VALUES (?, ?, ?, ?, ?, ?)",
            )?
            .execute((number, &run.flow, run.state.word(), millis(run.began), ended, Json(run)))?;
        self.number_used("last_run", number)
    }

    fn step(&self, run: RunId, place: usize, step: &StepRun) -> Result<()> {
        let number = signed(run.0);
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO step (run, place, body) VALUES (?, ?, ?)")?
            .execute((number, i64::try_from(place).unwrap_or(i64::MAX), Json(step)))?;
        // Should its run never come to be written, another must not be taken for it.
        self.number_used("last_run", number)
    }

    fn instance(&self, instance: &Instance) -> Result<()> {
        let Instance { name, fleet, number, state, since, .. } = instance;
        let ended = (*state == InstanceState::Gone).then(|| millis(*since));
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO instance (name, fleet, number, state, ended, body) VALUES (?, ?, ?, ?, ?, ?)",
            )?
            .execute((name, fleet, signed(*number), state.word(), ended, Json(instance)))
            .map(drop)
    }

    /// A fleet that comes back after it was forgotten counts its decisions anew: one of the same number gives way.
    fn decision(&self, decision: &DecisionRecord) -> Result<()> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO decision (fleet, number, at, body) VALUES (?, ?, ?, ?)")?
            .execute((&decision.fleet, signed(decision.number), millis(decision.at), Json(decision)))
            .map(drop)
    }

    fn sample(&self, fleet: &str, sample: &Sample) -> Result<()> {
        let Sample { at, instances, known, load } = *sample;
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO sample (minute, fleet, instances, known, load) VALUES (?, ?, ?, ?, ?)",
            )?
            .execute((millis(at) / MINUTE, fleet, instances, known, load))
            .map(drop)
    }

    fn message(&mut self, message: &Message) -> Result<()> {
        let number = signed(message.id.0);
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO message (id, created, pending, body) VALUES (?, ?, ?, ?)")?
            .execute((number, millis(message.created), message.is_pending(), Json(message)))?;
        self.connection.prepare_cached("DELETE FROM mention WHERE message = ?")?.execute([number])?;
        for incident in message.alerts.iter().filter_map(|alert| alert.news.incident()) {
            self.connection
                .prepare_cached("INSERT OR IGNORE INTO mention (incident, message) VALUES (?, ?)")?
                .execute((signed(incident.id.0), number))?;
        }
        self.number_used("last_message", number)
    }

    fn number_used(&self, name: &str, number: i64) -> Result<()> {
        self.connection
            .prepare_cached("INSERT INTO fact VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2 WHERE value < ?2")?
            .execute((name, number))?;
        Ok(())
    }

    fn known(&mut self, monitor: &Arc<str>) -> Result<&mut Known> {
        if !self.known.contains_key(monitor) {
            let id = monitor_id(self.connection, monitor)?;
            let id = MonitorId::new(id).ok_or_else(|| {
                rusqlite::Error::ToSqlConversionFailure(format!("{monitor} is one monitor too many").into())
            })?;
            self.known.insert(Arc::clone(monitor), Known { id, last_at: 0, last_failure: None });
        }
        self.known.get_mut(monitor).ok_or(rusqlite::Error::QueryReturnedNoRows)
    }
}

/// The number of the monitor, which is given one if it has none.
fn monitor_id(connection: &Connection, monitor: &str) -> Result<i64> {
    let known = connection
        .prepare_cached("SELECT id FROM monitor WHERE name = ?")?
        .query_row([monitor], |row| row.get(0))
        .optional()?;
    match known {
        Some(id) => Ok(id),
        None => connection.prepare_cached("INSERT INTO monitor (name) VALUES (?)")?.insert([monitor]),
    }
}

fn row(connection: &Connection, sql: &str, key: i64) -> Result<Option<Vec<u8>>> {
    connection.prepare_cached(sql)?.query_row([key], |row| row.get(0)).optional()
}

fn without_evidence(failure: &Failure) -> String {
    serde_json::to_string(&(&failure.phase, &failure.cause)).unwrap_or_default()
}

fn with_less_evidence(observation: &Observation) -> Observation {
    let mut observation = observation.clone();
    if let Some(failure) = &mut observation.failure {
        failure.evidence = failure.evidence.take().map(|evidence| cut(evidence, REPEATED_EVIDENCE));
    }
    observation
}

/// A value that is written as JSON.
#[derive(Debug)]
struct Json<'a, T>(&'a T);

impl<T: Serialize> ToSql for Json<'_, T> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(self.0);
        text.map(ToSqlOutput::from).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
    }
}
