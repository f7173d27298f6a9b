//! What clients see and ask of fleets.

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
    assert_eq!(added, Ok(Reply::Done));
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
