//! What clients see and ask of fleets.

use estatus_api::{ApiError, FleetReplay, OtherPlan, OtherRule};
use estatus_core::fleet::replay::Outcome;

use super::*;

const FLEET: &str = "[fleet.web]\nmin = 1\ndesired = 2\nmax = 3\n";

/// Waits until the fleet `web` has `count` instances that are there to work, or will be.
async fn until_count(client: &mut Client, count: usize) {
    event(client, |event| match event {
        Event::Fleet(fleet) => (fleet.count == count).then_some(()),
        _ => None,
    })
    .await;
}

#[tokio::test]
async fn an_instance_is_on_disk_before_it_is_launched_and_known_after_a_restart() {
    let stage = Stage::start(FLEET).await;
    let mut client = stage.client().await;
    stage.world.until(|played| played.launched.len() == 2).await;
    let added = client.request(Request::Do(Ask::AddInstance { fleet: "web".to_owned() })).await;
    assert_eq!(added, Ok(Reply::Launched("web-3".into())));
    stage.world.until(|played| played.launched.len() == 3).await;
    let more = client.request(Request::Do(Ask::AddInstance { fleet: "web".to_owned() })).await.unwrap_err();
    assert!(more.message.contains("as many instances as its `max` allows"), "{more}");
    let removed = Ask::RemoveInstance { fleet: "web".to_owned(), instance: "web-3".to_owned() };
    assert_eq!(client.request(Request::Do(removed)).await, Ok(Reply::Done));
    until_count(&mut client, 2).await;
    let reply = client.request(Request::Fleet { fleet: "web".to_owned() }).await;
    let Ok(Reply::Fleet(fleet)) = reply else { panic!("{reply:?}") };
    let names: Vec<&str> = fleet.instances.iter().map(|one| &*one.name).collect();
    assert_eq!(names, ["web-1", "web-2"]);
    let reply = client.request(Request::Decisions { fleet: "web".to_owned(), limit: 9 }).await;
    let Ok(Reply::Decisions(decisions)) = reply else { panic!("{reply:?}") };
    let changes: Vec<i32> = decisions.iter().map(|decision| decision.change).filter(|change| *change != 0).collect();
    assert_eq!(changes, [-1, 1, 2]);
    let unknown = client.request(Request::Fleet { fleet: "wbe".to_owned() }).await.unwrap_err();
    assert!(unknown.message.starts_with("there is no fleet called"), "{unknown}");
    assert_eq!(opened_instances(&stage.world.data), ["web-1", "web-2"]);
}

/// Puts down how the fleet `web` stood in the last hours: in each of them so many instances, with this mean load.
fn stood(data: &Path, hours: &[(u32, f64)]) {
    let disk = rusqlite::Connection::open(data.join("estatus.db")).unwrap();
    let first = Timestamp::now().as_second() / 60 - 60 * hours.len() as i64;
    for minute in 0..60 * hours.len() {
        let (instances, mean) = hours[minute / 60];
        let row = (first + minute as i64, instances, mean * f64::from(instances));
        disk.execute(
            "INSERT OR REPLACE INTO sample (minute, fleet, instances, known, load) VALUES (?1, 'web', ?2, ?2, ?3)",
            row,
        )
        .unwrap();
    }
}

async fn replayed(client: &mut Client, other: OtherRule) -> Result<FleetReplay, ApiError> {
    let reply = client.request(Request::Replay { fleet: "web".to_owned(), other, since: None }).await;
    reply.map(|reply| if let Reply::Replay(replay) = reply { replay } else { panic!("{reply:?}") })
}

#[tokio::test]
async fn another_rule_is_tried_on_what_was_and_how_a_fleet_stood_is_told() {
    let stage = Stage::start("[fleet.web]\ndesired = 2\nmax = 8\npolicy = \"manual\"\n").await;
    let mut client = stage.client().await;
    stage.world.until(|played| played.launched.len() == 2).await;
    stood(&stage.world.data, &[(2, 0.5), (2, 0.95), (2, 0.5)]);
    let target = OtherRule { policy: Some("target".to_owned()), ..OtherRule::default() };
    let replay = replayed(&mut client, target).await.unwrap();
    assert!((2.9..=3.1).contains(&replay.hours), "{replay:?}");
    assert_eq!((replay.was.launches, replay.in_force.outcome.launches, &*replay.in_force.policy), (0, 0, "manual"));
    let share = |outcome: Outcome| (outcome.overloaded * 100.0).round();
    assert_eq!((share(replay.was), share(replay.in_force.outcome)), (33.0, 33.0));
    let other = replay.other.outcome;
    assert!(other.launches >= 2 && share(other) < 5.0 && other.removals >= 2, "{other:?}");
    assert!(replay.course.iter().any(|point| point.was == 2 && point.in_force == 2 && point.other > 3));
    let plan = |from: &str, desired| OtherPlan { from: from.to_owned(), desired };
    let by_clock = |schedule| OtherRule { policy: Some("schedule".to_owned()), schedule, ..OtherRule::default() };
    let planned = replayed(&mut client, by_clock(Some(vec![plan("* * * * *", 5)]))).await.unwrap();
    assert_eq!(planned.other.outcome.launches, 3);
    let sizes = |min, max| OtherRule { min: Some(min), max: Some(max), ..OtherRule::default() };
    let load = OtherRule { load: Some(0.0), ..OtherRule::default() };
    let unknown = OtherRule { policy: Some("best".to_owned()), ..OtherRule::default() };
    let wrong_times = by_clock(Some(vec![plan("soon", 5)]));
    for (other, says) in [
        (sizes(3, 8), "min = 3, desired = 2 and max = 8"),
        (sizes(1, 200_000), "no fleet has more than 100000"),
        (load, "above 0%"),
        (unknown, "no rule called “best”"),
        (by_clock(None), "has no schedule that could be tried"),
        (wrong_times, "the times of the schedule cannot be read"),
    ] {
        let refused = replayed(&mut client, other).await.unwrap_err();
        assert!(refused.message.contains(says), "{refused}");
    }
    let since = estatus_core::time::earlier(Timestamp::now(), Duration::from_secs(3600));
    let reply = client.request(Request::FleetHistory { fleet: "web".to_owned(), since }).await;
    let Ok(Reply::FleetHistory(samples)) = reply else { panic!("{reply:?}") };
    assert!((58..=62).contains(&samples.len()), "{}", samples.len());
    assert_eq!((samples[0].running, samples[0].mean), (2, Some(0.5)));
}

#[tokio::test]
async fn what_is_not_known_cannot_be_tried_and_it_is_said_what_to_do() {
    let stage = Stage::start(FLEET).await;
    let mut client = stage.client().await;
    let refused = replayed(&mut client, OtherRule::default()).await.unwrap_err();
    assert!(refused.message.starts_with("nothing is known yet of the load of “web”"), "{refused}");
    let reply = client.request(Request::Replay { fleet: "wbe".to_owned(), other: OtherRule::default(), since: None });
    let unknown = reply.await.unwrap_err();
    assert!(unknown.message.starts_with("there is no fleet called “wbe”"), "{unknown}");
}

#[tokio::test]
async fn a_plan_sees_of_a_fleet_what_a_run_would_see() {
    let monitor = "[[monitor]]\nname = \"web fleet\"\nfleet = \"web\"\nat_least = 1\nevery = \"1h\"\n";
    let flow = "[[flow.look.step]]\nname = \"look\"\ncheck = \"web fleet\"\n";
    let stage = Stage::start(&format!("{monitor}{flow}{FLEET}")).await;
    let mut client = stage.client().await;
    let plan = client.request(Request::Plan { flow: "look".to_owned() }).await;
    let Ok(Reply::Plan(plan)) = plan else { panic!("no plan: {plan:?}") };
    let finding = &plan.steps[0].findings[0];
    // None has announced itself.
    assert!(!finding.well && finding.text.contains('0'), "{finding:?}");
}
