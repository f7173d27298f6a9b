use estatus_core::{fleet::FleetMemory, time::earlier};

use super::*;
use crate::{
    TroubleKind,
    keys::{DAY, MINUTE, timestamp},
    restore,
    retain::HISTORY_OF_FLEET,
};

/// An instance of which there is everything to say.
fn everything() -> Instance {
    Instance {
        id: Some("i-0abc".to_owned()),
        attempt: 2,
        address: Some("192.0.2.7:50052".to_owned()),
        declared: Some("10.0.0.7".to_owned()),
        enrolled: true,
        protected: true,
        by_user: true,
        outdated: true,
        home: Some(Box::default()),
        error: Some("InsufficientInstanceCapacity: \"ñ\"".to_owned()),
        ..instance(10, "web", InstanceState::Draining)
    }
}

fn names(instances: &[Instance]) -> Vec<&str> {
    instances.iter().map(|instance| &*instance.name).collect()
}

fn numbers(decisions: &[DecisionRecord]) -> Vec<u64> {
    decisions.iter().map(|decision| decision.number).collect()
}

fn count(database: &Database, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    database.connection.query_row(&sql, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn instances_that_are_not_gone_are_there_after_a_restart_by_fleet_and_number() {
    let folder = folder();
    let Opened { store, .. } = opened(&folder);
    let memory = FleetMemory { last_instance: 10, launches: vec![noon()], ..FleetMemory::default() };
    let of = Key::Fleet("web".into());
    let (booting, lost) = (instance(2, "web", InstanceState::Booting), instance(9, "web", InstanceState::Lost));
    let other = instance(1, "api", InstanceState::Launching);
    let records = vec![
        kept(&everything()),
        kept(&lost),
        kept(&instance(2, "web", InstanceState::Launching)),
        kept(&instance(3, "web", InstanceState::Terminating)),
        decided(&decision(1, "web")),
        kept(&booting),
        kept(&other),
        Record::Memory { of: of.clone(), memory: Some(memory.clone().into()) },
    ];
    store.record(records).await.unwrap();
    store.record(vec![kept(&instance(3, "web", InstanceState::Gone))]).await.unwrap();
    store.close().await;
    let Opened { store, restored, trouble, .. } = opened(&folder);
    assert_eq!(trouble, []);
    assert_eq!(restored.instances, [other, booting, lost, everything()]);
    assert_eq!(restored.memories, [(of, memory.into())].into());
    assert_eq!(names(&store.instances("web", 100).await.unwrap()), ["web-10", "web-9", "web-3", "web-2"]);
}

#[tokio::test]
async fn instances_and_decisions_are_listed_the_newest_first_of_one_fleet() {
    let folder = folder();
    let Opened { store, .. } = opened(&folder);
    let states = [InstanceState::Gone, InstanceState::Failed, InstanceState::Gone, InstanceState::Running];
    let instances: Vec<_> = (1..).zip(states).map(|(number, state)| instance(number, "web", state)).collect();
    let others = [kept(&instance(5, "api", InstanceState::Gone)), decided(&decision(9, "api"))];
    let decisions: Vec<_> = (1..=4).map(|number| decision(number, "web")).collect();
    let records = instances.iter().map(kept).chain(others).chain(decisions.iter().rev().map(decided));
    store.record(records.collect()).await.unwrap();
    for (fleet, limit, expected) in
        [("web", 100, vec![4, 3, 2, 1]), ("web", 2, vec![4, 3]), ("web", 0, vec![]), ("nothing", usize::MAX, vec![])]
    {
        let found = store.instances(fleet, limit).await.unwrap();
        assert_eq!(found.iter().map(|instance| instance.number).collect::<Vec<_>>(), expected, "{fleet} {limit}");
        assert_eq!(numbers(&store.decisions(fleet, limit).await.unwrap()), expected, "{fleet} {limit}");
    }
    assert_eq!(store.instances("web", 1).await.unwrap(), instances[3..]);
    assert_eq!(store.decisions("web", 1).await.unwrap(), decisions[3..]);
}

/// A fleet that was forgotten and comes back counts its decisions from 1 again.
#[tokio::test]
async fn the_newest_decisions_come_first_though_their_numbers_begin_anew() {
    let folder = folder();
    let Opened { store, .. } = opened(&folder);
    let before = (1..=5).map(|number| decided(&decision(number, "web")));
    let late = |number| DecisionRecord { at: after(1_000 + number), ..decision(number, "web") };
    let anew = [late(1), late(2)];
    store.record(before.chain(anew.iter().map(decided)).collect()).await.unwrap();
    let decisions = store.decisions("web", 100).await.unwrap();
    assert_eq!(numbers(&decisions), [2, 1, 5, 4, 3]);
    assert_eq!(decisions[0], anew[1]);
}

#[test]
fn instances_that_went_long_ago_and_old_decisions_are_deleted_and_living_instances_stay() {
    let folder = folder();
    let mut database = database(&folder);
    let long_ago = |at| earlier(at, Duration::from_secs(800 * 86_400));
    let old = |number, state| {
        let instance = instance(number, "web", state);
        Instance { since: long_ago(instance.since), launched: long_ago(instance.launched), ..instance }
    };
    let instances = [
        old(1, InstanceState::Gone),
        old(2, InstanceState::Running),
        Instance { since: after(3), ..old(3, InstanceState::Gone) },
        instance(4, "web", InstanceState::Running),
    ];
    let decisions = [DecisionRecord { at: long_ago(noon()), ..decision(1, "web") }, decision(2, "web")];
    let records: Vec<_> = instances.iter().map(kept).chain(decisions.iter().map(decided)).collect();
    database.write(records.iter(), true).unwrap();
    assert!(!database.retain(noon_ms(), &Retention::default()).unwrap());
    let left = restore::instances(&database.connection, "web", 10).unwrap();
    assert_eq!(names(&left), ["web-4", "web-3", "web-2"]);
    assert_eq!(restore::decisions(&database.connection, "web", 10).unwrap(), decisions[1..]);
    while database.retain(noon_ms() + 3 * 365 * DAY, &Retention::default()).unwrap() {}
    let left = restore::instances(&database.connection, "web", 10).unwrap();
    assert_eq!((names(&left), count(&database, "decision")), (vec!["web-4", "web-2"], 0));
}

#[test]
fn no_fleet_keeps_more_than_its_newest_history_and_it_goes_a_little_at_a_time() {
    let folder = folder();
    let mut database = database(&folder);
    let most = HISTORY_OF_FLEET as u64;
    let mut records = vec![kept(&instance(1, "web", InstanceState::Running)), decided(&decision(1, "api"))];
    records.push(kept(&instance(1, "api", InstanceState::Gone)));
    for number in 2..=most + 3_001 {
        records.push(kept(&instance(number, "web", InstanceState::Gone)));
        records.push(decided(&decision(number, "web")));
    }
    database.write(records.iter(), false).unwrap();
    let mut rounds = 1;
    while database.retain(noon_ms(), &Retention::default()).unwrap() {
        rounds += 1;
    }
    // 3,000 of either are too many, and 2,000 go at once.
    assert_eq!(rounds, 2);
    let web = restore::instances(&database.connection, "web", usize::MAX).unwrap();
    assert_eq!((web.len() as u64, web[0].number), (most + 1, most + 3_001));
    assert_eq!(web[web.len() - 2..].iter().map(|instance| instance.number).collect::<Vec<_>>(), [3_002, 1]);
    let decisions = restore::decisions(&database.connection, "web", usize::MAX).unwrap();
    assert_eq!((decisions.len() as u64, decisions[decisions.len() - 1].number), (most, 3_002));
    assert_eq!(names(&restore::instances(&database.connection, "api", 10).unwrap()), ["api-1"]);
    assert_eq!(numbers(&restore::decisions(&database.connection, "api", 10).unwrap()), [1]);
}

#[tokio::test]
async fn of_each_minute_of_a_fleet_the_last_sample_is_kept() {
    let folder = folder();
    let Opened { store, .. } = opened(&folder);
    let records = [("web", 0, 1), ("web", 59, 2), ("api", 60, 9), ("web", 65, 3), ("web", 300, 4), ("web", 119, 5)];
    let records = records.map(|(fleet, at, instances)| sampled(fleet, after(at), instances));
    store.record(records.into()).await.unwrap();
    let samples = async |fleet, from, to| store.samples(fleet, from, to).await.unwrap();
    let all = [sample(noon(), 2), sample(after(60), 5), sample(after(300), 4)];
    assert_eq!(samples("web", noon(), after(301)).await, all);
    assert_eq!(samples("web", Timestamp::MIN, Timestamp::MAX).await, all);
    assert_eq!(samples("web", after(60), after(300)).await, all[1..2]);
    assert_eq!(samples("web", after(119), after(120)).await, all[1..2]);
    assert_eq!(samples("api", noon(), after(301)).await, [sample(after(60), 9)]);
    assert_eq!(samples("nothing", noon(), after(301)).await, []);
}

#[test]
fn samples_are_kept_as_long_as_figures_by_the_hour_and_take_little_room() {
    let folder = folder();
    let mut database = database(&folder);
    let pages = |database: &Database| -> i64 {
        database.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap()
    };
    let before = pages(&database);
    let minutes = 10 * DAY / MINUTE;
    let records: Vec<_> = (1..=minutes)
        .map(|ago| sampled("web", timestamp(noon_ms() - ago * MINUTE), u32::try_from(ago % 1_000).unwrap()))
        .rev()
        .collect();
    database.write(records.iter(), false).unwrap();
    let bytes = (pages(&database) - before) * 4096 / minutes;
    assert!(bytes <= 40, "{bytes} bytes for a minute");
    let retention = Retention { hours: Duration::from_secs(5 * 86_400), ..Retention::default() };
    while database.retain(noon_ms(), &retention).unwrap() {}
    assert_eq!(count(&database, "sample"), minutes / 2);
    let kept = restore::samples(&database.connection, "web", 0, noon_ms()).unwrap();
    assert_eq!(kept[0].at, timestamp(noon_ms() - 5 * DAY));
}

#[tokio::test]
async fn what_was_there_at_the_start_is_in_a_database_that_is_begun_anew() {
    let folder = folder();
    let mut first = database(&folder);
    let records = [
        kept(&instance(1, "web", InstanceState::Gone)),
        kept(&everything()),
        kept(&instance(2, "web", InstanceState::Running)),
        decided(&decision(1, "web")),
    ];
    first.write(records.iter(), true).unwrap();
    drop(first);
    let path = folder.path().join(FILE);
    let (before, installation, _) = restore::restore(&Connection::open(&path).unwrap()).unwrap();
    assert_eq!(names(&before.instances), ["web-2", "web-10"]);
    let mut database = Database::open(&path, Mirror::new(installation, &before)).unwrap();
    database.begin_anew(noon()).unwrap();
    drop(database);
    let Opened { store, restored, .. } = opened(&folder);
    assert_eq!(restored, before);
    assert_eq!(store.decisions("web", 10).await.unwrap(), []);
}

#[tokio::test]
async fn an_instance_or_a_decision_that_cannot_be_read_costs_no_other() {
    let folder = folder();
    let mut database = database(&folder);
    let (first, second) = (instance(1, "web", InstanceState::Running), instance(2, "web", InstanceState::Running));
    let decisions = [decision(1, "web"), decision(2, "web")];
    let records: Vec<_> = [&first, &second].map(kept).into_iter().chain(decisions.iter().map(decided)).collect();
    database.write(records.iter(), true).unwrap();
    for table in ["instance", "decision"] {
        let broken = format!("UPDATE {table} SET body = '{{\"state\":\"dancing\"}}' WHERE number = 1");
        database.connection.execute(&broken, []).unwrap();
    }
    drop(database);
    let Opened { store, restored, trouble, .. } = opened(&folder);
    assert_eq!(trouble.iter().map(|trouble| trouble.kind).collect::<Vec<_>>(), [TroubleKind::Lost]);
    assert_eq!(restored.instances, [second]);
    assert_eq!(store.decisions("web", 10).await.unwrap(), decisions[1..]);
}
