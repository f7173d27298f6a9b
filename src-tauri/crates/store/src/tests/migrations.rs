use estatus_core::{incident::Health, record::JournalEntry};

use super::*;
use crate::schema;

#[tokio::test]
async fn a_database_of_format_1_keeps_its_facts() {
    let folder = folder();
    let path = folder.path().join(FILE);
    Connection::open(&path).unwrap().execute_batch(include_str!("../migrations/fixtures/v1.sql")).unwrap();
    let Opened { store, restored, installation, trouble, .. } = opened(&folder);
    assert_eq!(trouble, []);
    assert_eq!(installation, "00112233445566778899aabbccddeeff");
    assert_eq!(restored.monitors.keys().map(|name| &**name).collect::<Vec<_>>(), ["portfolio", "web port"]);
    assert_eq!(restored.monitors["web port"].health, Health::Down);
    assert_eq!(restored.engine.snoozed_until, Some("2026-03-10T18:00:00Z".parse().unwrap()));
    assert_eq!((restored.last_incident, restored.last_message), (Some(IncidentId(4)), Some(MessageId(11))));
    assert_eq!((restored.incidents[0].id, restored.messages[0].id), (IncidentId(4), MessageId(11)));

    let incidents = store.incidents(crate::IncidentFilter::default()).await.unwrap();
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

#[test]
fn a_copy_of_the_old_format_is_kept_and_the_new_one_opens_as_such() {
    let folder = folder();
    let path = folder.path().join(FILE);
    Connection::open(&path).unwrap().execute_batch(include_str!("../migrations/fixtures/v1.sql")).unwrap();
    drop(opened(&folder));
    assert_eq!(schema::look(&path).unwrap(), schema::Found::Format(schema::VERSION));
    let copy = folder.path().join("estatus.db.format-1-20260310T120000Z");
    assert_eq!(schema::look(&copy).unwrap(), schema::Found::Format(1));
    let rows = Connection::open(copy).unwrap().query_row("SELECT count(*) FROM observation", [], |row| row.get(0));
    assert_eq!(rows, Ok(5));
}

#[test]
fn a_migration_that_fails_leaves_the_old_format_as_it_was() {
    let folder = folder();
    let path = folder.path().join(FILE);
    let old = Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../migrations/fixtures/v1.sql")).unwrap();
    old.execute_batch("CREATE TABLE old_journal (x)").unwrap();
    drop(old);
    assert!(open(folder.path(), Retention::default(), noon()).is_err());
    assert_eq!(schema::look(&path).unwrap(), schema::Found::Format(1));
    let rows = Connection::open(path).unwrap().query_row("SELECT count(*) FROM observation", [], |row| row.get(0));
    assert_eq!(rows, Ok(5));
}
