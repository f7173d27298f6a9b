use estatus_core::{
    incident::Health,
    monitor::MonitorMemory,
    program::ProgramState,
    record::{EngineMemory, JournalEntry},
    time::earlier,
};

use super::*;
use crate::{
    IncidentFilter, StoreError,
    files::beside,
    keys::{DAY, timestamp},
    rows::Table,
};

async fn reopened(opened: Opened, folder: &TempDir) -> Opened {
    opened.store.close().await;
    self::opened(folder)
}

#[tokio::test]
async fn what_was_handed_over_is_there_after_a_restart() {
    let folder = folder();
    let first = opened(&folder);
    assert_eq!(first.restored, estatus_core::record::Restored::default());
    let memory = MonitorMemory { health: Health::Down, incident: Some(IncidentId(2)), ..MonitorMemory::default() };
    let engine = EngineMemory { snoozed_until: Some(after(60)), ..EngineMemory::default() };
    let (closed, open) = (incident(1, "page", noon(), Some(after(60))), incident(2, "page", after(90), None));
    let sending = Delivery::Sending { failed: 1, perhaps_received: false };
    let records = vec![
        Record::Memory { of: Key::Monitor("page".into()), memory: Some(memory.clone().into()) },
        Record::Memory { of: Key::Monitor("gone".into()), memory: Some(memory.clone().into()) },
        Record::Engine(engine.clone()),
        Record::Incident(Box::new(closed.clone())),
        Record::Incident(Box::new(open.clone())),
        Record::Message(message(7, &[&closed, &open], waiting())),
        Record::Message(message(8, &[&open], sending.clone())),
        Record::Message(message(9, &[&closed], Delivery::Delivered { at: after(61) })),
        Record::Memory { of: Key::Monitor("gone".into()), memory: None },
        Record::Memory { of: Key::Program("web".into()), memory: Some(program_memory(1).into()) },
        Record::Memory { of: Key::Program("page".into()), memory: Some(program_memory(2).into()) },
        Record::Memory { of: Key::Program("gone".into()), memory: Some(program_memory(3).into()) },
        Record::Memory { of: Key::Program("web".into()), memory: Some(program_memory(4).into()) },
        Record::Memory { of: Key::Program("gone".into()), memory: None },
        Record::Memory { of: Key::Program("never there".into()), memory: None },
    ];
    first.store.record(records).await.unwrap();
    let installation = first.installation.clone();
    let second = reopened(first, &folder).await;
    assert_eq!(second.installation, installation);
    assert_eq!(second.trouble, []);
    let restored = &second.restored;
    let memories = [
        (Key::Monitor("page".into()), memory.into()),
        (Key::Program("page".into()), program_memory(2).into()),
        (Key::Program("web".into()), program_memory(4).into()),
    ];
    assert_eq!(restored.memories, memories.into());
    assert_eq!(restored.incidents, std::slice::from_ref(&open));
    assert_eq!(restored.messages, [message(7, &[&closed, &open], waiting()), message(8, &[&open], sending)]);
    assert_eq!(restored.engine, engine);
    assert_eq!((restored.last_incident, restored.last_message), (Some(IncidentId(2)), Some(MessageId(9))));
}

#[tokio::test]
async fn incidents_are_found_with_their_messages() {
    let folder = folder();
    let Opened { store, .. } = opened(&folder);
    let a = incident(1, "a", noon(), Some(after(60)));
    let b = incident(2, "b", after(30), Some(after(300)));
    let c = incident(3, "a", after(200), None);
    let both = message(1, &[&a, &b], Delivery::Delivered { at: after(10) });
    let one = message(2, &[&c], waiting());
    let incidents = [a, b, c].map(|incident| Record::Incident(Box::new(incident))).into_iter();
    store.record(incidents.chain([both, one].map(Record::Message)).collect()).await.unwrap();
    let all = IncidentFilter::default();
    let of = |names: &[&str]| Some(names.iter().map(|name| Arc::from(*name)).collect::<Vec<Arc<str>>>());
    let a = of(&["a"]);
    for (filter, expected) in [
        (all.clone(), vec![(3, vec![2]), (2, vec![1]), (1, vec![1])]),
        (IncidentFilter { limit: 1, ..all.clone() }, vec![(3, vec![2])]),
        (IncidentFilter { open_only: true, ..all.clone() }, vec![(3, vec![2])]),
        (IncidentFilter { monitors: a.clone(), ..all.clone() }, vec![(3, vec![2]), (1, vec![1])]),
        (IncidentFilter { monitors: a.clone(), since: Some(after(61)), ..all.clone() }, vec![(3, vec![2])]),
        (IncidentFilter { since: Some(after(61)), ..all.clone() }, vec![(3, vec![2]), (2, vec![1])]),
        (IncidentFilter { before: Some(after(61)), ..all.clone() }, vec![(2, vec![1]), (1, vec![1])]),
        (IncidentFilter { monitors: a.clone(), before: Some(after(61)), ..all.clone() }, vec![(1, vec![1])]),
        (IncidentFilter { monitors: a, open_only: true, ..all.clone() }, vec![(3, vec![2])]),
        (IncidentFilter { monitors: of(&["b"]), open_only: true, ..all.clone() }, vec![]),
        (IncidentFilter { monitors: of(&["nobody"]), ..all.clone() }, vec![]),
        (IncidentFilter { monitors: of(&[]), ..all.clone() }, vec![]),
        // Those of others take no place away.
        (IncidentFilter { monitors: of(&["b", "nobody"]), limit: 1, ..all.clone() }, vec![(2, vec![1])]),
        (IncidentFilter { monitors: of(&["a", "b"]), limit: 2, ..all.clone() }, vec![(3, vec![2]), (2, vec![1])]),
        (
            IncidentFilter { monitors: of(&["a", "b"]), before: Some(after(61)), limit: 1, ..all.clone() },
            vec![(2, vec![1])],
        ),
        (IncidentFilter { monitors: of(&["a", "b"]), open_only: true, ..all.clone() }, vec![(3, vec![2])]),
    ] {
        let found = store.incidents(filter.clone()).await.unwrap();
        let numbers = |one: &crate::IncidentHistory| {
            (one.incident.id.0, one.messages.iter().map(|message| message.id.0).collect::<Vec<_>>())
        };
        assert_eq!(found.iter().map(numbers).collect::<Vec<_>>(), expected, "{filter:?}");
    }
}

#[tokio::test]
async fn an_observation_is_read_while_the_store_is_open() {
    let folder = folder();
    let Opened { store, .. } = opened(&folder);
    let mut last = observation(after(40), Verdict::Down, Duration::from_millis(30));
    last.failure = last.failure.map(|failure| failure.with_evidence("<h1>Service Unavailable</h1>"));
    last.remote = Some("192.0.2.7".parse().unwrap());
    let holds = Duration::from_secs(30);
    store.record(vec![up("page", noon()), seen("page", after(40), holds, last.clone())]).await.unwrap();
    let figures = store.figures(vec!["page".into(), "nobody".into()], noon(), after(60)).await.unwrap();
    assert_eq!(figures.len(), 1);
    assert_eq!(figures["page"].uptime(), Some(0.6));
    assert_eq!(store.last_observations().await.unwrap()["page"].observation, last);
    let history = store.history("page", noon(), after(60), 3).await.unwrap();
    let shares: Vec<_> = history.points.iter().map(|point| (point.figures.up, point.figures.down)).collect();
    let seconds = |up, down| (Duration::from_secs(up), Duration::from_secs(down));
    assert_eq!(shares, [seconds(20, 0), seconds(10, 0), seconds(0, 20)]);
    assert_eq!(history.observations[0].observation, last);
    assert_eq!(history.observations[0].holds_until, after(70));
    assert_eq!(history.observations.len(), 2);
    let nobody = store.history("nobody", noon(), after(60), 3).await.unwrap();
    assert_eq!((nobody.points.len(), nobody.figures), (3, Figures::default()));
}

#[tokio::test]
async fn the_journal_is_read_in_order_and_the_newest_part_of_it() {
    let folder = folder();
    let Opened { store, .. } = opened(&folder);
    let entry = |n: u64| (after(n), JournalEntry::Slept { seconds: n });
    let records = (0..10).map(entry).map(|(at, entry)| Record::Journal { at, entry }).collect();
    store.record(records).await.unwrap();
    assert_eq!(store.journal(after(3), 3).await.unwrap(), [entry(7), entry(8), entry(9)]);
    assert_eq!(store.journal(after(8), 100).await.unwrap(), [entry(8), entry(9)]);
}

#[tokio::test]
async fn how_a_program_stood_is_read_from_a_moment_on_with_how_it_stood_then() {
    let folder = folder();
    let Opened { store, .. } = opened(&folder);
    let change = |n: u64, program: &str, to| {
        (after(n), JournalEntry::Program { program: program.into(), to, why: Some(format!("reason {n}")) })
    };
    let entries = [
        change(0, "web", ProgramState::Starting),
        change(1, "web", ProgramState::Running),
        change(2, "other", ProgramState::Cooling),
        (after(3), JournalEntry::Slept { seconds: 3 }),
        change(4, "web", ProgramState::Backoff),
        change(5, "web", ProgramState::Running),
    ];
    let records = entries.iter().cloned().map(|(at, entry)| Record::Journal { at, entry }).collect();
    store.record(records).await.unwrap();
    let [started, running, _, _, backoff, again] = entries;
    let of = |program, since, limit| store.program_changes(program, after(since), None, limit);
    assert_eq!(of("web", 2, 9).await.unwrap(), [running.clone(), backoff.clone(), again.clone()]);
    assert_eq!(of("web", 4, 9).await.unwrap(), [running.clone(), backoff.clone(), again.clone()]);
    assert_eq!(of("web", 9, 9).await.unwrap(), std::slice::from_ref(&again));
    assert_eq!(of("web", 0, 9).await.unwrap(), [started.clone(), running.clone(), backoff.clone(), again.clone()]);
    assert_eq!(of("web", 0, 2).await.unwrap(), [backoff.clone(), again]);
    let before = |before, limit| store.program_changes("web", after(1), Some(after(before)), limit);
    assert_eq!(before(5, 9).await.unwrap(), [started.clone(), running.clone(), backoff]);
    assert_eq!(before(4, 1).await.unwrap(), std::slice::from_ref(&running));
    assert_eq!(before(1, 9).await.unwrap(), [started]);
    assert_eq!(of("nobody", 0, 9).await.unwrap(), []);
}

#[tokio::test]
async fn how_programs_stood_is_what_the_whole_journal_says_of_them() {
    let folder = folder();
    let Opened { store, .. } = opened(&folder);
    let states = [ProgramState::Starting, ProgramState::Running, ProgramState::Backoff, ProgramState::Stopping];
    let entry = |n: usize| match n % 7 {
        0 | 3 => JournalEntry::Slept { seconds: 1 },
        of => JournalEntry::Program { program: format!("p{}", of % 3).into(), to: states[n * n % 4], why: None },
    };
    // Two of them come at each moment.
    let all: Vec<_> = (0..400).map(|n| (after(n as u64 / 2), entry(n))).collect();
    store.record(all.iter().cloned().map(|(at, entry)| Record::Journal { at, entry }).collect()).await.unwrap();
    for name in ["p0", "p1", "p2", "nobody"] {
        let of = |entry: &JournalEntry| matches!(entry, JournalEntry::Program { program, .. } if **program == *name);
        let its: Vec<_> = all.iter().filter(|(_, entry)| of(entry)).cloned().collect();
        for (since, before) in [(0, 200), (50, 100), (51, 52), (199, 500)] {
            let known: Vec<_> = its.iter().filter(|(at, _)| *at < after(before)).cloned().collect();
            let first = known.iter().rposition(|(at, _)| *at < after(since)).unwrap_or_default();
            let found = store.program_changes(name, after(since), Some(after(before)), 1000).await.unwrap();
            assert_eq!(found, known[first..], "{name} from {since} to {before}");
        }
    }
}

/// However long the journal is, and however seldom the program is in it.
#[test]
fn how_a_program_stood_is_found_without_going_through_the_journal() {
    let folder = folder();
    let database = database(&folder);
    let sql = format!("EXPLAIN QUERY PLAN {}", crate::restore::PROGRAM_CHANGES);
    let mut statement = database.connection.prepare(&sql).unwrap();
    let plan = statement.query_map(("web", 9, noon_ms()), |row| row.get(3)).unwrap();
    let plan: Vec<String> = plan.map(Result::unwrap).collect();
    assert_eq!(plan, ["SEARCH journal USING INDEX journal_by_program (program=? AND at<?)"]);
}

#[tokio::test]
async fn numbers_are_not_used_again_after_what_had_them_was_deleted() {
    let folder = folder();
    let first = opened(&folder);
    let old = incident(5, "page", noon(), Some(after(1)));
    let told = message(6, &[&old], Delivery::Delivered { at: after(1) });
    first.store.record(vec![Record::Incident(Box::new(old)), Record::Message(told)]).await.unwrap();
    first.store.close().await;
    let mut database = database(&folder);
    while database.retain(noon_ms() + 3 * 365 * DAY, &Retention::default()).unwrap() {}
    let count =
        |table| database.connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0));
    assert_eq!(["incident", "message", "mention"].map(|table| count(table).unwrap()), [0; 3]);
    drop(database);
    let restored = opened(&folder).restored;
    assert_eq!((restored.last_incident, restored.last_message), (Some(IncidentId(5)), Some(MessageId(6))));
}

#[test]
fn what_is_old_goes_and_what_is_made_from_it_stays() {
    let folder = folder();
    let mut database = database(&folder);
    let before = |days: u64| earlier(noon(), Duration::from_secs(days * 86_400));
    for days in [400, 103, 10, 1] {
        let at = before(days);
        let records = (0..60).map(|minute| {
            let at = later(at, Duration::from_secs(60 * minute));
            seen("page", at, Duration::from_secs(60), observation(at, Verdict::Up, Duration::from_millis(9)))
        });
        database.write(records.collect::<Vec<_>>().iter(), false).unwrap();
        settle(&mut database, millis(at) + 2 * DAY);
    }
    let observed = |database: &Database, days| {
        let from = millis(before(days));
        figures_of(&database.connection, "page", floor(from, DAY), floor(from, DAY) + DAY).observed()
    };
    let short = Retention { days: Duration::from_secs(300 * 86_400), ..Retention::default() };
    while database.retain(noon_ms(), &short).unwrap() {}
    let hour = Duration::from_secs(3600);
    assert_eq!([400, 103, 10, 1].map(|days| observed(&database, days)), [Duration::ZERO, hour, hour, hour]);
    let from = millis(before(10));
    let history = read::history(&database.connection, "page", from, from + HOUR, 60).unwrap();
    assert_eq!((history.points.len(), history.figures.observed(), history.observations.len()), (1, hour, 0));
    let id = crate::keys::MonitorId::new(1).unwrap();
    let old = millis(before(103));
    assert_eq!(Table::Hour.get(&database.connection, id, old).unwrap(), None);
    assert!(Table::Day.get(&database.connection, id, floor(old, DAY)).unwrap().is_some());
}

#[test]
fn the_last_observation_of_a_monitor_stays_while_its_hours_do() {
    let folder = folder();
    let mut database = database(&folder);
    let holds = Duration::from_secs(20 * 86_400);
    let record = seen("weekly", noon(), holds, observation(noon(), Verdict::Up, Duration::ZERO));
    database.write([record].iter(), false).unwrap();
    for day in 1..=10 {
        settle(&mut database, noon_ms() + day * DAY);
        while database.retain(noon_ms() + day * DAY, &Retention::default()).unwrap() {}
    }
    assert_eq!(figures_of(&database.connection, "weekly", noon_ms(), noon_ms() + 10 * DAY).up, duration_of_days(10));
    assert_eq!(read::last_observations(&database.connection).unwrap()["weekly"].observation.at, noon());
    while database.retain(noon_ms() + 200 * DAY, &Retention::default()).unwrap() {}
    assert!(read::last_observations(&database.connection).unwrap().is_empty());
}

fn duration_of_days(days: u64) -> Duration {
    Duration::from_secs(days * 86_400)
}

#[test]
fn deleted_pages_are_given_back() {
    let folder = folder();
    let mut database = database(&folder);
    let text = "x".repeat(4000);
    database
        .connection
        .execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) INSERT INTO journal (id, at, entry) SELECT i, i, ? FROM n", [text])
        .unwrap();
    let pages = |database: &Database| -> i64 {
        database.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap()
    };
    let full = pages(&database);
    while database.retain(noon_ms(), &Retention::default()).unwrap() {}
    assert!(pages(&database) < full / 3, "{} of {full}", pages(&database));
}

#[test]
fn a_clock_that_ran_ahead_leaves_the_hours_before_it_open() {
    let folder = folder();
    let mut database = database(&folder);
    settle(&mut database, noon_ms());
    database.write([up("page", noon())].iter(), false).unwrap();
    settle(&mut database, noon_ms() + 5000 * DAY);
    database.write([up("page", after(3600))].iter(), false).unwrap();
    settle(&mut database, noon_ms() + HOUR);
    let up = figures_of(&database.connection, "page", noon_ms(), noon_ms() + 2 * HOUR).up;
    assert_eq!(up, Duration::from_secs(60));
}

#[test]
fn a_later_format_is_refused_and_left_untouched() {
    let folder = folder();
    drop(database(&folder));
    let path = folder.path().join(FILE);
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = open(folder.path(), Retention::default(), noon()).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_folder_that_cannot_be_is_an_error_that_names_it() {
    let folder = folder();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = open(&file.join("data"), Retention::default(), noon()).unwrap_err();
    assert!(error.to_string().contains("file/data") || cfg!(windows), "{error}");
    assert!(matches!(error, StoreError::Folder { .. }));
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_look_into_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let data = folder.path().join("a/data");
    let Opened { store, .. } = open(&data, Retention::default(), noon()).unwrap();
    store.record(vec![up("page", noon())]).await.unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let file = data.join(FILE);
    assert_eq!([mode(&data), mode(&file), mode(&beside(&file, "-wal"))], [0o700, 0o600, 0o600]);
}

#[tokio::test]
async fn a_closed_store_has_everything_in_one_file_and_takes_no_more() {
    let folder = folder();
    let Opened { store, mut notices, .. } = opened(&folder);
    let pending = store.record(vec![up("page", noon())]);
    let clone = store.clone();
    store.close().await;
    pending.await.unwrap();
    assert!(!beside(&folder.path().join(FILE), "-wal").exists());
    assert_eq!(clone.record(vec![up("page", after(20))]).await.unwrap_err().kind, crate::TroubleKind::Closed);
    assert_eq!(notices.next().await, None);
    assert_eq!(opened(&folder).store.last_observations().await.unwrap().len(), 1);
}

#[tokio::test]
async fn dropping_the_store_writes_what_was_handed_over() {
    let folder = folder();
    let Opened { store, .. } = opened(&folder);
    let pending = store.record((0..3000).map(|n| up("page", timestamp(noon_ms() + n * 1000))).collect());
    drop(store);
    pending.await.unwrap();
}
