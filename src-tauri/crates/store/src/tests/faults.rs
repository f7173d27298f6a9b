use std::{fs, time::Instant};

use super::*;
use crate::{Notice, Notices, Store, TroubleKind, queue::OBSERVATIONS_LIMIT};

/// The next notice, which must come within a bound.
async fn notice(notices: &mut Notices) -> Notice {
    tokio::time::timeout(Duration::from_secs(20), notices.next()).await.expect("a notice").expect("an open store")
}

fn durable(number: u64) -> Vec<Record> {
    vec![Record::Incident(Box::new(incident(number, "page", after(number), None)))]
}

async fn incidents(store: &Store) -> Vec<u64> {
    let mut all: Vec<_> =
        store.incidents(crate::IncidentFilter::default()).await.unwrap().iter().map(|one| one.incident.id.0).collect();
    all.sort();
    all
}

fn damaged_files(folder: &TempDir) -> usize {
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("estatus.db.damaged-") && name.ends_with('Z')).count()
}

#[tokio::test]
async fn a_lock_of_another_program_delays_but_loses_nothing() {
    let folder = folder();
    let Opened { store, mut notices, .. } = opened(&folder);
    store.record(durable(1)).await.unwrap();
    let other = Connection::open(folder.path().join(FILE)).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let begun = Instant::now();
    let trouble = store.record(durable(2)).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Locked);
    assert!(begun.elapsed() < Duration::from_millis(2500), "{:?}", begun.elapsed());
    let Notice::Began(began) = notice(&mut notices).await else { panic!("something else") };
    assert_eq!(began.kind, TroubleKind::Locked);
    assert!(began.to_string().contains("locked by another program"), "{began}");
    assert_eq!(store.trouble().as_ref(), Some(&began));
    other.execute_batch("COMMIT").unwrap();
    let Notice::Ended(ended) = notice(&mut notices).await else { panic!("something else") };
    assert!(ended.to_string().ends_with("nothing is missing"), "{ended}");
    assert!(ended.what.in_words(Language::Spanish).ends_with("no falta nada"), "{ended}");
    assert_eq!(store.trouble(), None);
    assert_eq!(incidents(&store).await, [1, 2]);
}

#[tokio::test]
async fn a_locked_database_is_opened_all_the_same() {
    let folder = folder();
    let Opened { store, .. } = opened(&folder);
    store.record(durable(1)).await.unwrap();
    store.close().await;
    let other = Connection::open(folder.path().join(FILE)).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let Opened { store, restored, trouble, .. } = opened(&folder);
    assert_eq!((restored.last_incident, trouble), (Some(IncidentId(1)), vec![]));
    let pending = store.record(durable(2));
    other.execute_batch("COMMIT").unwrap();
    pending.await.unwrap();
}

#[tokio::test]
async fn a_short_lock_is_not_even_said() {
    let folder = folder();
    let Opened { store, mut notices, .. } = opened(&folder);
    store.flush().await;
    let other = Connection::open(folder.path().join(FILE)).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let pending = store.record(durable(1));
    other.execute_batch("COMMIT").unwrap();
    pending.await.unwrap();
    store.close().await;
    assert_eq!(notices.next().await, None);
}

#[tokio::test]
async fn a_full_disk_keeps_records_waiting_and_drops_only_the_oldest_observations() {
    let folder = folder();
    let Opened { store, mut notices, .. } = opened(&folder);
    store.record(durable(1)).await.unwrap();
    store.limit_pages(1);
    // What fills the last page comes first, so that the next one needs a new page.
    let evidence = failure().with_evidence("x".repeat(4000));
    let big = Incident { cause: evidence.clone(), last: evidence, ..incident(2, "page", noon(), None) };
    let trouble = store.record(vec![Record::Incident(Box::new(big.clone()))]).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Full);
    assert!(matches!(notice(&mut notices).await, Notice::Began(began) if began.kind == TroubleKind::Full));
    let every = |n: usize| up("page", after(n as u64));
    let first = store.record((0..OBSERVATIONS_LIMIT).map(every).collect());
    let rest = store.record((OBSERVATIONS_LIMIT..OBSERVATIONS_LIMIT + 100).map(every).collect());
    assert!(matches!(notice(&mut notices).await, Notice::Happened(happened) if happened.kind == TroubleKind::Lost));
    assert!(first.await.is_err());
    store.limit_pages(i64::from(u32::MAX >> 1));
    let Notice::Ended(ended) = notice(&mut notices).await else { panic!("something else") };
    assert!(ended.to_string().ends_with("100 observations are missing"), "{ended}");
    rest.await.ok();
    store.flush().await;
    assert_eq!(incidents(&store).await, [1, 2]);
    let figures = store.figures(vec!["page".into()], noon(), after(86_400)).await.unwrap();
    assert_eq!(figures["page"].samples, OBSERVATIONS_LIMIT as u64);
}

#[tokio::test]
async fn a_full_disk_does_not_keep_the_store_from_being_closed() {
    let folder = folder();
    let Opened { store, .. } = opened(&folder);
    store.limit_pages(1);
    let evidence = failure().with_evidence("x".repeat(4000));
    let big = Incident { cause: evidence.clone(), last: evidence, ..incident(1, "page", noon(), None) };
    let pending = store.record(vec![Record::Incident(Box::new(big))]);
    tokio::time::timeout(Duration::from_secs(20), store.close()).await.unwrap();
    assert!(pending.await.is_err());
}

#[tokio::test]
async fn what_is_no_database_is_kept_aside_at_the_start() {
    for content in [&b"this is not a database, it is a text that somebody has put here"[..], &[0xff; 8192]] {
        let folder = folder();
        fs::write(folder.path().join(FILE), content).unwrap();
        let Opened { store, trouble, .. } = opened(&folder);
        assert_eq!(trouble.iter().map(|trouble| trouble.kind).collect::<Vec<_>>(), [TroubleKind::Damaged]);
        assert!(trouble[0].to_string().contains("kept as"), "{}", trouble[0]);
        assert_eq!(damaged_files(&folder), 1);
        assert_eq!(fs::read(folder.path().join("estatus.db.damaged-20260310T120000Z")).unwrap(), content);
        store.record(durable(1)).await.unwrap();
    }
}

#[test]
fn somebody_elses_database_is_kept_aside() {
    let folder = folder();
    let path = folder.path().join(FILE);
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE recipe (title)").unwrap();
    assert_eq!(opened(&folder).trouble.len(), 1);
    assert_eq!(damaged_files(&folder), 1);
}

/// Fills the database, closes it, and overwrites every page after the first `keep`.
async fn damage(folder: &TempDir, keep: usize) {
    let Opened { store, .. } = opened(folder);
    store.record((0..3000).map(|n| up("page", after(n))).collect()).await.unwrap();
    store.record(durable(1)).await.unwrap();
    store.close().await;
    overwrite(folder, keep);
}

fn overwrite(folder: &TempDir, keep: usize) {
    let path = folder.path().join(FILE);
    let mut bytes = fs::read(&path).unwrap();
    let from = (keep * 4096).min(bytes.len());
    bytes[from..].fill(0xa5);
    fs::write(&path, bytes).unwrap();
}

#[tokio::test]
async fn pages_that_are_damaged_are_found_at_the_start_or_when_they_are_touched() {
    for keep in [1, 2, 10, 20, 30] {
        let folder = folder();
        damage(&folder, keep).await;
        let Opened { store, trouble, mut notices, .. } = opened(&folder);
        if trouble.is_empty() {
            // Whoever comes upon it first: a reader, the next record, or the packing of the log.
            let _ = store.figures(vec!["page".into()], noon(), after(3600)).await;
            let Notice::Happened(happened) = notice(&mut notices).await else { panic!("something else") };
            assert_eq!(happened.kind, TroubleKind::Damaged);
        }
        assert_eq!(damaged_files(&folder), 1, "{keep}");
        store.record(durable(2)).await.unwrap();
        assert!(incidents(&store).await.contains(&2));
        assert_eq!(store.trouble(), None);
    }
}

#[tokio::test]
async fn a_database_damaged_while_it_runs_is_begun_anew_with_what_is_needed_to_go_on() {
    let folder = folder();
    let Opened { store, mut notices, installation, .. } = opened(&folder);
    let open = incident(4, "page", noon(), None);
    let closed = incident(3, "page", noon(), Some(after(1)));
    let memory = estatus_core::monitor::MonitorMemory { incident: Some(open.id), ..Default::default() };
    let flow = FlowMemory { seen_to: Some(noon()), ..FlowMemory::default() };
    store
        .record(vec![
            Record::Incident(Box::new(open.clone())),
            Record::Incident(Box::new(closed)),
            Record::Message(message(9, &[&open], waiting())),
            Record::Memory { of: Key::Monitor("page".into()), memory: Some(memory.clone().into()) },
            Record::Memory { of: Key::Program("web".into()), memory: Some(program_memory(7).into()) },
            Record::Memory { of: Key::Program("gone".into()), memory: Some(program_memory(8).into()) },
            Record::Memory { of: Key::Program("gone".into()), memory: None },
            Record::Memory { of: Key::Flow("deploy".into()), memory: Some(flow.clone().into()) },
            Record::Run(Box::new(run(5, "deploy", RunState::Running))),
            step(5, 0, begun_step()),
            step(5, 0, ended_step()),
            step(5, 1, begun_step()),
            // The steps of the next may come before it.
            step(6, 2, begun_step()),
            Record::Run(Box::new(run(6, "deploy", RunState::Queued))),
            Record::Run(Box::new(run(7, "deploy", RunState::Running))),
            step(7, 0, begun_step()),
            Record::Run(Box::new(run(7, "deploy", RunState::Failed))),
            step(7, 0, ended_step()),
            kept(&instance(1, "web", InstanceState::Launching)),
            kept(&instance(2, "web", InstanceState::Launching)),
            kept(&instance(1, "web", InstanceState::Running)),
            kept(&instance(2, "web", InstanceState::Gone)),
        ])
        .await
        .unwrap();
    store.record((0..3000).map(|n| up("page", after(n))).collect()).await.unwrap();
    // The write-ahead log goes into the file, so that it is the file that is read.
    let other = Connection::open(folder.path().join(FILE)).unwrap();
    other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(other);
    overwrite(&folder, 1);
    // The writer has some pages in memory; a reader, or the writer once it needs another page, comes upon it.
    let _ = store.figures(vec!["page".into()], noon(), after(3600)).await;
    let Notice::Happened(happened) = notice(&mut notices).await else { panic!("something else") };
    assert_eq!(happened.kind, TroubleKind::Damaged);
    store.record(durable(10)).await.unwrap();
    store.close().await;
    let again = opened(&folder);
    assert_eq!(again.trouble, []);
    assert_eq!(again.installation, installation);
    let memories = [
        (Key::Monitor("page".into()), memory.into()),
        (Key::Program("web".into()), program_memory(7).into()),
        (Key::Flow("deploy".into()), flow.into()),
    ];
    assert_eq!(again.restored.memories, memories.into());
    assert_eq!(again.restored.incidents.iter().map(|one| one.id.0).collect::<Vec<_>>(), [4, 10]);
    assert_eq!(again.restored.messages.iter().map(|one| one.id.0).collect::<Vec<_>>(), [9]);
    assert_eq!(again.restored.last_message, Some(MessageId(9)));
    let record = |id, state, steps| RunRecord { run: run(id, "deploy", state), steps };
    let runs = [
        record(5, RunState::Running, vec![ended_step(), begun_step(), StepRun::default()]),
        record(6, RunState::Queued, vec![StepRun::default(), StepRun::default(), begun_step()]),
    ];
    assert_eq!(again.restored.runs, runs);
    assert_eq!(again.restored.instances, [instance(1, "web", InstanceState::Running)]);
    assert_eq!(again.restored.last_run, Some(RunId(7)));
    let other = Connection::open(folder.path().join(FILE)).unwrap();
    let steps: i64 = other.query_row("SELECT count(*) FROM step", [], |row| row.get(0)).unwrap();
    assert_eq!(steps, 3);
}
