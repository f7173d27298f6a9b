use estatus_core::{
    flow::run::FailedStep,
    incident::Health,
    memory::Memory,
    monitor::{MonitorMemory, Pause},
    program::ProgramState,
    record::{JournalEntry, Restored},
    usage::{Measure, Spread, UsedMinute},
};

use super::*;
use crate::{IncidentFilter, schema};

const V1: &str = include_str!("../migrations/fixtures/v1.sql");
const V2: &str = include_str!("../migrations/fixtures/v2.sql");
const V3: &str = include_str!("../migrations/fixtures/v3.sql");
const V4: &str = include_str!("../migrations/fixtures/v4.sql");
const V5: &str = include_str!("../migrations/fixtures/v5.sql");
const V6: &str = include_str!("../migrations/fixtures/v6.sql");
const V7: &str = include_str!("../migrations/fixtures/v7.sql");
const V8: &str = include_str!("../migrations/fixtures/v8.sql");

/// A folder with the database that `fixture` describes.
fn old(fixture: &str) -> TempDir {
    let folder = folder();
    Connection::open(folder.path().join(FILE)).unwrap().execute_batch(fixture).unwrap();
    folder
}

fn count(path: &std::path::Path, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    Connection::open(path).unwrap().query_row(&sql, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_database_of_format_1_keeps_its_facts() {
    let folder = old(V1);
    let Opened { store, restored, installation, trouble, .. } = opened(&folder);
    assert_eq!(trouble, []);
    assert_eq!(installation, "00112233445566778899aabbccddeeff");
    assert_eq!(names(&restored), ["portfolio", "web port"]);
    assert_eq!(monitor_memory(&restored, "web port").health, Health::Down);
    assert_eq!(restored.engine.snoozed_until, Some("2026-03-10T18:00:00Z".parse().unwrap()));
    assert_eq!((restored.last_incident, restored.last_message), (Some(IncidentId(4)), Some(MessageId(11))));
    assert_eq!((restored.incidents[0].id, restored.messages[0].id), (IncidentId(4), MessageId(11)));

    let incidents = store.incidents(IncidentFilter::default()).await.unwrap();
    let messages: Vec<_> = incidents.iter().map(|one| (one.incident.id.0, one.messages.len())).collect();
    assert_eq!(messages, [(4, 1), (3, 0)]);
    let journal = store.journal(Timestamp::MIN, 10).await.unwrap();
    let started = JournalEntry::Started { version: "0.0.1".to_owned() };
    assert_eq!(journal, [("2026-03-10T09:59:59Z".parse().unwrap(), started)]);

    let figures = store.figures(vec!["portfolio".into()], noon() - HOURS_2, noon()).await.unwrap();
    let figures = &figures["portfolio"];
    let seconds = [figures.up, figures.down, figures.inconclusive].map(|of| of.as_secs());
    assert_eq!((seconds, figures.samples, figures.latency.count()), ([1200, 600, 300], 4, 3));
    let history = store.history("portfolio", noon() - HOURS_2, noon(), 10).await.unwrap();
    assert_eq!(history.observations[2].observation.failure, Some(failure()));
}

const HOURS_2: jiff::SignedDuration = jiff::SignedDuration::from_hours(2);

/// In format 2 nothing was told of programs and remedies: incidents have no `attempts`, alerts name a `monitor` and
/// its check, and a configuration has no number of programs.
#[tokio::test]
async fn a_database_of_format_2_keeps_its_facts() {
    let folder = old(V2);
    let Opened { store, restored, installation, trouble, .. } = opened(&folder);
    assert_eq!(trouble, []);
    assert_eq!(installation, "00112233445566778899aabbccddeeff");
    assert_eq!(names(&restored), ["portfolio", "web port"]);
    assert_eq!((restored.last_incident, restored.last_message), (Some(IncidentId(4)), Some(MessageId(11))));
    let [open] = &*restored.incidents else { panic!("{:?}", restored.incidents) };
    assert_eq!((open.id, &open.attempts, open.escalated), (IncidentId(4), &vec![], None));
    let [waiting] = &*restored.messages else { panic!("{:?}", restored.messages) };
    let expected = Alert {
        subject: "web port".into(),
        check: Some(Kind::Tcp),
        target: "127.0.0.1:5173".to_owned(),
        news: News::Down { incident: open.clone() },
    };
    assert_eq!((waiting.id, &*waiting.alerts), (MessageId(11), &[expected][..]));

    let incidents = store.incidents(IncidentFilter::default()).await.unwrap();
    let messages: Vec<_> = incidents.iter().map(|one| (one.incident.id.0, one.messages.len())).collect();
    assert_eq!(messages, [(4, 1), (3, 1)]);
    let started = JournalEntry::Started { version: "0.1.0".to_owned() };
    let configured = JournalEntry::Configured { monitors: 2, programs: 0, flows: 0 };
    assert_eq!(store.journal(Timestamp::MIN, 10).await.unwrap(), [(noon(), started), (noon(), configured)]);
    let history = store.history("portfolio", noon(), after(3 * 3600), 3).await.unwrap();
    assert_eq!((history.figures.samples, history.figures.down.as_secs()), (7, 120));
    assert_eq!(history.observations[3].observation.failure, Some(failure()));
}

/// In format 3 no phases were kept of what was rolled up.
#[tokio::test]
async fn a_database_of_format_3_keeps_its_facts_and_goes_on_with_phases() {
    let folder = old(V3);
    let Opened { store, restored, trouble, .. } = opened(&folder);
    assert_eq!(trouble, []);
    assert_eq!(restored.memories[&web()], program_memory(7).into());
    let before = after(3 * 3600);
    let figures =
        async |from, to| store.figures(vec!["portfolio".into()], from, to).await.unwrap()["portfolio"].clone();
    let old = figures(noon() - HOURS_2 * 24, noon()).await;
    assert_eq!((old.samples, old.latency.count(), old.phases.means()), (5, 5, vec![]));
    store.record(vec![up("portfolio", before)]).await.unwrap();
    let new = figures(noon(), later(before, Duration::from_secs(1))).await;
    // 95 ms in the log of the old format, 20 ms now; the hour between them had no phases.
    assert_eq!((new.samples, new.phases.means()), (8, vec![(Phase::FirstByte, Duration::from_micros(57_500))]));
}

/// In format 4 the memories of monitors and of programs had tables of their own.
#[tokio::test]
async fn a_database_of_format_4_keeps_its_facts_and_all_that_is_remembered() {
    let folder = old(V4);
    let Opened { store, restored, trouble, .. } = opened(&folder);
    assert_eq!(trouble, []);
    assert_eq!(names(&restored), ["portfolio", "web port"]);
    assert_eq!(restored.memories.len(), 3);
    assert_eq!(restored.memories[&web()], program_memory(7).into());
    assert_eq!(monitor_memory(&restored, "web port").paused, Some(Pause { until: None }));
    let figures = store.figures(vec!["portfolio".into()], noon() - HOURS_2 * 24, after(3 * 3600)).await.unwrap();
    let figures = &figures["portfolio"];
    assert_eq!((figures.samples, figures.phases.means().len()), (12, 1));
}

/// In format 5 there were no runs of flows.
#[tokio::test]
async fn a_database_of_format_5_keeps_its_facts_and_takes_runs() {
    let folder = old(V5);
    let Opened { store, restored, trouble, .. } = opened(&folder);
    assert_eq!(trouble, []);
    assert_eq!(names(&restored), ["portfolio", "web port"]);
    assert_eq!(restored.memories[&web()], program_memory(7).into());
    assert_eq!((restored.last_incident, restored.last_message), (Some(IncidentId(4)), Some(MessageId(11))));
    assert_eq!((restored.runs, restored.last_run), (vec![], None));
    let open = Incident { escalated: Some(after(7400)), ..incident(4, "web port", after(7260), None) };
    assert_eq!(restored.messages, [message(11, &[&open], waiting())]);
    assert_eq!(restored.incidents, [open]);
    let incidents = store.incidents(IncidentFilter::default()).await.unwrap();
    let messages: Vec<_> = incidents.iter().map(|one| (one.incident.id.0, one.messages.len())).collect();
    assert_eq!(messages, [(4, 1), (3, 1)]);
    let started = JournalEntry::Started { version: "0.1.0".to_owned() };
    let configured = JournalEntry::Configured { monitors: 2, programs: 1, flows: 0 };
    assert_eq!(store.journal(Timestamp::MIN, 10).await.unwrap(), [(noon(), started), (noon(), configured)]);
    let figures = store.figures(vec!["portfolio".into()], noon() - HOURS_2 * 24, after(3 * 3600)).await.unwrap();
    assert_eq!((figures["portfolio"].samples, figures["portfolio"].phases.means().len()), (12, 1));

    let begun = run(1, "deploy", RunState::Running);
    store.record(vec![Record::Run(Box::new(begun.clone())), step(1, 0, ended_step())]).await.unwrap();
    store.close().await;
    let Opened { restored, trouble, .. } = opened(&folder);
    assert_eq!(trouble, []);
    let steps = vec![ended_step(), StepRun::default(), StepRun::default()];
    assert_eq!((restored.runs, restored.last_run), (vec![RunRecord { run: begun, steps }], Some(RunId(1))));
}

/// In format 6 there were no fleets.
#[tokio::test]
async fn a_database_of_format_6_keeps_its_facts_and_takes_fleets() {
    let folder = old(V6);
    let Opened { store, restored, trouble, .. } = opened(&folder);
    assert_eq!(trouble, []);
    assert_eq!(names(&restored), ["portfolio", "web port"]);
    assert_eq!(restored.memories[&web()], program_memory(7).into());
    let flow = FlowMemory { seen_to: Some(noon()), begun: vec![after(1), after(2)], ..FlowMemory::default() };
    assert_eq!(restored.memories[&Key::Flow("deploy".into())], flow.into());
    assert_eq!((restored.last_incident, restored.last_message), (Some(IncidentId(4)), Some(MessageId(11))));
    assert_eq!((restored.incidents[0].id, restored.messages[0].id), (IncidentId(4), MessageId(11)));
    let steps = vec![ended_step(), begun_step(), StepRun::default()];
    let running = RunRecord { run: run(2, "deploy", RunState::Running), steps };
    assert_eq!((restored.runs, restored.last_run), (vec![running], Some(RunId(2))));
    let failed = store.run(RunId(1)).await.unwrap().unwrap();
    let error = Some(StepError::Ended { exit: Exit::Code(3) });
    assert_eq!(failed.run.failed, Some(FailedStep { place: 1, attempts: 2, error }));
    assert_eq!((failed.steps[0].state, &failed.steps[1]), (StepState::Succeeded, &ended_step()));
    assert_eq!(store.journal(Timestamp::MIN, 10).await.unwrap().len(), 3);
    assert_eq!((restored.instances, store.decisions("web", 10).await.unwrap()), (vec![], vec![]));

    let launching = instance(1, "web", InstanceState::Launching);
    let first = decision(1, "web");
    store.record(vec![kept(&launching), decided(&first)]).await.unwrap();
    store.close().await;
    let Opened { store, restored, trouble, .. } = opened(&folder);
    assert_eq!((restored.instances, trouble), (vec![launching], vec![]));
    assert_eq!(store.decisions("web", 10).await.unwrap(), [first]);
}

/// In format 7 nothing was kept of what programs and hosts use.
#[tokio::test]
async fn a_database_of_format_7_keeps_its_facts_and_takes_what_is_used() {
    let folder = old(V7);
    let Opened { store, restored, trouble, .. } = opened(&folder);
    assert_eq!(trouble, []);
    assert_eq!(names(&restored), ["portfolio", "web port"]);
    assert_eq!(restored.memories[&web()], program_memory(7).into());
    assert_eq!((restored.last_incident, restored.last_message), (Some(IncidentId(4)), Some(MessageId(11))));
    assert_eq!(restored.last_run, Some(RunId(2)));
    assert_eq!(restored.instances, [instance(2, "web", InstanceState::Running)]);
    let decisions = store.decisions("web", 10).await.unwrap();
    assert_eq!(decisions.iter().map(|decision| (decision.number, decision.mean)).collect::<Vec<_>>(), [(1, Some(0.5))]);
    let sample = Sample { at: noon(), instances: 2, known: 1, load: 0.5 };
    assert_eq!(store.samples("web", noon(), after(60)).await.unwrap(), [sample]);
    assert_eq!(store.journal(Timestamp::MIN, 10).await.unwrap().len(), 3);

    let spread = Spread { mean: 12.5, least: 1.0, most: 99.0 };
    let minute = UsedMinute { at: noon(), measures: vec![(Measure::Cpu, spread)] };
    store.record(vec![Record::Used { by: web(), minute }]).await.unwrap();
    store.close().await;
    let Opened { store, trouble, .. } = opened(&folder);
    assert_eq!(trouble, []);
    let used = store.usage(web(), noon(), after(60), 1, Duration::ZERO).await.unwrap();
    assert_eq!(used.series[0].points, [(noon(), spread)]);
}

/// In format 8 a program was found in the journal by reading all of it.
#[tokio::test]
async fn a_database_of_format_8_keeps_its_facts_and_finds_how_programs_stood() {
    let folder = old(V8);
    let Opened { store, restored, trouble, .. } = opened(&folder);
    assert_eq!(trouble, []);
    assert_eq!(names(&restored), ["portfolio", "web port"]);
    assert_eq!(restored.memories[&web()], program_memory(7).into());
    let used = store.usage(web(), noon(), after(120), 2, Duration::ZERO).await.unwrap();
    assert_eq!(used.series[0].points.len(), 2);
    // One of them cannot be read.
    assert_eq!(store.journal(Timestamp::MIN, 10).await.unwrap().len(), 6);
    let change = |n, to| (after(n), JournalEntry::Program { program: "web".into(), to, why: None });
    let known = [change(2, ProgramState::Starting), change(3, ProgramState::Running)];
    let changes = async || store.program_changes("web", Timestamp::MIN, None, 9).await.unwrap();
    assert_eq!(changes().await, known);
    let (at, entry) = change(9, ProgramState::Stopping);
    store.record(vec![Record::Journal { at, entry: entry.clone() }]).await.unwrap();
    assert_eq!(changes().await, [known.as_slice(), &[(at, entry)]].concat());
}

fn web() -> Key {
    Key::Program("web".into())
}

/// The monitors of which something is remembered.
fn names(restored: &Restored) -> Vec<&str> {
    restored.memories.keys().filter(|key| matches!(key, Key::Monitor(_))).map(|key| &**key.name()).collect()
}

fn monitor_memory<'a>(restored: &'a Restored, name: &str) -> &'a MonitorMemory {
    let Memory::Monitor(memory) = &restored.memories[&Key::Monitor(name.into())] else { panic!("another kind") };
    memory
}

#[tokio::test]
async fn programs_are_remembered_in_a_database_of_an_old_format() {
    for fixture in [V1, V2, V3, V4, V5, V6, V7, V8] {
        let folder = old(fixture);
        let Opened { store, .. } = opened(&folder);
        store
            .record(vec![Record::Memory { of: Key::Program("web".into()), memory: Some(program_memory(7).into()) }])
            .await
            .unwrap();
        store.close().await;
        let Opened { restored, trouble, .. } = opened(&folder);
        assert_eq!((&restored.memories[&web()], trouble), (&program_memory(7).into(), vec![]));
    }
}

/// Whichever way it came about, the same format has the same tables.
#[test]
fn every_old_format_comes_to_have_the_tables_of_a_new_database() {
    let tables = |folder: &TempDir| -> Vec<(String, String)> {
        drop(opened(folder));
        let connection = Connection::open(folder.path().join(FILE)).unwrap();
        let sql = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let new = tables(&folder());
    for fixture in [V1, V2, V3, V4, V5, V6, V7, V8] {
        assert_eq!(tables(&old(fixture)), new);
    }
}

#[test]
fn a_copy_of_the_old_format_is_kept_and_the_new_one_opens_as_such() {
    for (format, fixture, table, rows) in [
        (1, V1, "observation", 5),
        (2, V2, "log", 2),
        (3, V3, "day", 1),
        (4, V4, "program", 1),
        (5, V5, "memory", 3),
        (6, V6, "run", 2),
        (7, V7, "instance", 2),
        (8, V8, "usage_minute", 2),
    ] {
        let folder = old(fixture);
        drop(opened(&folder));
        let path = folder.path().join(FILE);
        assert_eq!(schema::look(&path).unwrap(), schema::Found::Format(schema::VERSION));
        let copy = folder.path().join(format!("estatus.db.format-{format}-20260310T120000Z"));
        assert_eq!(schema::look(&copy).unwrap(), schema::Found::Format(format));
        assert_eq!(count(&copy, table), rows);
    }
}

#[test]
fn a_migration_that_fails_leaves_the_old_format_as_it_was() {
    for (format, fixture, in_the_way, table, rows) in [
        (1, V1, "old_journal", "observation", 5),
        (2, V2, "program", "log", 2),
        (3, V3, "old_day", "day", 1),
        (4, V4, "memory", "program", 1),
        (5, V5, "step", "memory", 3),
        (6, V6, "decision", "run", 2),
        (7, V7, "series", "instance", 2),
        (8, V8, "journal_by_program", "usage_minute", 2),
    ] {
        let folder = old(fixture);
        let path = folder.path().join(FILE);
        Connection::open(&path).unwrap().execute_batch(&format!("CREATE TABLE {in_the_way} (x)")).unwrap();
        assert!(open(folder.path(), Retention::default(), noon()).is_err());
        assert_eq!(schema::look(&path).unwrap(), schema::Found::Format(format));
        assert_eq!(count(&path, table), rows);
    }
}

#[tokio::test]
async fn a_database_of_format_2_that_was_cut_off_while_it_was_written_is_migrated_with_all_it_was_told() {
    let folder = old(V2);
    let path = folder.path().join(FILE);
    let writer = Connection::open(&path).unwrap();
    writer.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).unwrap();
    writer.execute("INSERT INTO journal (at, entry) VALUES (?, '{\"kind\":\"stopped\"}')", [noon_ms() + 1]).unwrap();
    let crashed = self::folder();
    for part in ["", "-wal"] {
        let from = crate::files::beside(&path, part);
        std::fs::copy(from, crate::files::beside(&crashed.path().join(FILE), part)).unwrap();
    }
    let Opened { store, trouble, .. } = opened(&crashed);
    assert_eq!(trouble, []);
    assert_eq!(store.journal(Timestamp::MIN, 10).await.unwrap().len(), 3);
}
