//! Auto Scaling groups.

use estatus_core::fleet::command::ProviderErrorKind as Kind;

use super::{
    fake_aws::{FakeGroup, Fault},
    *,
};

struct Scene {
    fake: FakeAws,
    estatus: Estatus,
    data: TempDir,
    pace: Pace,
}

async fn scene(group: FakeGroup) -> Scene {
    scene_at(quick(), group).await
}

async fn scene_at(pace: Pace, group: FakeGroup) -> Scene {
    let (fake, data) = (FakeAws::start().await, tempfile::tempdir().unwrap());
    fake.state().group = Some(group);
    let estatus = start(&data, &pace, &fake);
    Scene { fake, estatus, data, pace }
}

fn start(data: &TempDir, pace: &Pace, fake: &FakeAws) -> Estatus {
    let provider = Provider::Asg { group: "web-asg".to_owned(), cloud: cloud(fake) };
    Estatus::start(data.path(), pace.clone(), &[], provider, no_commands())
}

impl Scene {
    fn restart(&mut self) {
        self.estatus = start(&self.data, &self.pace, &self.fake);
    }

    fn group<T>(&self, look: impl FnOnce(&mut FakeGroup) -> T) -> T {
        look(self.fake.state().group.as_mut().unwrap())
    }

    fn desired(&self) -> usize {
        self.group(|group| group.desired)
    }

    /// The names of those that live, in the order in which they were launched.
    fn names(&self) -> Vec<Option<String>> {
        let state = self.fake.state();
        let living = state.instances.iter().filter(|instance| instance.lives());
        living.map(|instance| instance.tag("estatus:instance").map(str::to_owned)).collect()
    }
}

#[tokio::test]
async fn as_many_come_as_are_wanted_and_each_gets_its_name() {
    let mut scene = scene(FakeGroup { launches_after: Duration::from_millis(100), ..FakeGroup::new(0) }).await;
    for name in ["web-1", "web-2", "web-3"] {
        scene.estatus.launch(name);
    }
    for _ in 0..3 {
        scene.estatus.launched().await;
    }
    assert_eq!(scene.desired(), 3);
    assert_eq!(scene.names(), ["web-1", "web-2", "web-3"].map(|name| Some(name.to_owned())));
    let (_, listed) = scene.estatus.list().await;
    assert!(listed.len() == 3 && listed.iter().all(|one| one.lives && !one.outdated && one.name.is_some()));
    scene.fake.state().templates[0].versions.push(("ami-1", Vec::new()));
    assert!(scene.estatus.list().await.1.iter().all(|one| one.outdated));
}

#[tokio::test]
async fn what_is_there_already_is_taken_over_before_more_is_launched() {
    let mut scene = scene(FakeGroup::new(2)).await;
    let (_, listed) = scene.estatus.list().await;
    assert!(listed.len() == 2 && listed.iter().all(|one| one.name.is_none() && one.lives));
    for name in ["web-1", "web-2", "web-3"] {
        scene.estatus.launch(name);
    }
    for _ in 0..3 {
        scene.estatus.launched().await;
    }
    assert_eq!((scene.desired(), scene.fake.state().instances.len()), (3, 3));
    // What the group replaces by itself is taken over by whoever is launched in its place.
    scene.fake.state().instances[1].end("Server.InternalError", "hardware");
    scene.estatus.launch("web-4");
    scene.estatus.launched().await;
    assert_eq!((scene.desired(), scene.fake.state().living()), (3, 3));
}

#[tokio::test]
async fn a_lost_answer_raises_nothing_twice() {
    for fault in [Fault::CutAfter, Fault::CutBefore, Fault::Html, Fault::Refused(500, "InternalFailure")] {
        let mut scene = scene(FakeGroup { launches_after: Duration::from_millis(50), ..FakeGroup::new(1) }).await;
        // More often than it is tried at once.
        for _ in 0..4 {
            scene.fake.fails("SetDesiredCapacity", fault.clone());
        }
        for name in ["web-1", "web-2", "web-3"] {
            scene.estatus.launch(name);
        }
        let mut launched = 0;
        while launched < 3 {
            match scene.estatus.next().await {
                FleetEvent::Launched { .. } => launched += 1,
                FleetEvent::CannotLaunch { instance, error } => {
                    assert!(error.perhaps_done, "{error:?}");
                    scene.estatus.launch(&instance);
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((scene.desired(), scene.fake.state().instances.len()), (3, 3), "{fault:?}");
    }
}

#[tokio::test]
async fn policies_that_act_by_themselves_are_named_and_must_be_suspended() {
    let mut scene = scene(FakeGroup { policies: vec!["by-cpu", "by-requests"], ..FakeGroup::new(0) }).await;
    scene.estatus.launch("web-1");
    let error = scene.estatus.undone().await;
    assert_eq!((error.kind, error.perhaps_done), (Kind::Configuration, false));
    assert!(error.error.contains("web-asg") && error.error.contains("by-cpu, by-requests"), "{error:?}");
    assert_eq!(scene.desired(), 0);
    scene.group(|group| group.suspended = vec!["AlarmNotification"]);
    scene.estatus.launch("web-1");
    scene.estatus.launched().await;
    scene.group(|group| group.suspended = vec!["AlarmNotification", "Launch"]);
    scene.estatus.launch("web-2");
    assert_eq!(scene.estatus.undone().await.kind, Kind::Configuration);
}

#[tokio::test]
async fn a_group_has_no_more_than_it_may() {
    let mut scene = scene(FakeGroup { max: 2, ..FakeGroup::new(1) }).await;
    for name in ["web-1", "web-2", "web-3"] {
        scene.estatus.launch(name);
    }
    let (mut launched, mut refused) = (0, Vec::new());
    for _ in 0..3 {
        match scene.estatus.next().await {
            FleetEvent::Launched { .. } => launched += 1,
            FleetEvent::CannotLaunch { instance, error } => refused.push((instance, error)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((launched, scene.desired()), (2, 2));
    let (instance, error) = &refused[0];
    assert_eq!((&**instance, error.kind, error.perhaps_done), ("web-3", Kind::Configuration, false));
    assert!(error.error.contains("at most"), "{error:?}");
}

#[tokio::test]
async fn a_group_that_is_not_there_is_a_mistake_in_the_configuration() {
    let mut scene = scene(FakeGroup { name: "other", ..FakeGroup::new(0) }).await;
    scene.estatus.launch("web-1");
    let error = scene.estatus.undone().await;
    assert_eq!(error.kind, Kind::Configuration);
    assert_eq!(error.error, "there is no Auto Scaling group “web-asg” in this region");
    scene.estatus.carry_out(FleetCommand::List);
    assert_eq!(scene.estatus.undone().await.kind, Kind::Configuration);
}

#[tokio::test]
async fn what_the_group_cannot_launch_it_says_and_may_launch_later() {
    let mut scene = scene(FakeGroup::new(0)).await;
    scene.group(|group| group.failures.push("Of last week: Access denied".to_owned()));
    scene.fake.state().room = 0;
    scene.estatus.launch("web-1");
    let error = scene.estatus.undone().await;
    assert_eq!((error.kind, error.perhaps_done), (Kind::Capacity, true));
    assert_eq!(error.error, "We currently do not have sufficient t3.micro capacity.");
    // Once there is room, it comes, and is launched by being claimed.
    scene.fake.state().room = 1;
    scene.estatus.launch("web-1");
    scene.estatus.launched().await;
    assert_eq!((scene.desired(), scene.fake.state().living()), (1, 1));
}

#[tokio::test]
async fn a_launch_that_is_given_up_gives_its_place_back() {
    let mut scene = scene(FakeGroup::new(1)).await;
    scene.estatus.launch("web-1");
    scene.estatus.launched().await;
    scene.fake.state().room = 0;
    for name in ["web-2", "web-3"] {
        scene.estatus.launch(name);
    }
    until("it is raised", || scene.desired() == 3).await;
    scene.estatus.terminate("web-2", None);
    let mut told = Vec::new();
    while !told.iter().any(|event| matches!(event, FleetEvent::Terminated { instance, .. } if &**instance == "web-2")) {
        told.push(scene.estatus.next().await);
    }
    assert_eq!(scene.desired(), 2);
    assert!(
        told.iter().any(|event| matches!(event, FleetEvent::CannotLaunch { instance, .. } if &**instance == "web-2"))
    );
    // After a crash, too.
    scene.restart();
    scene.estatus.terminate("web-3", None);
    assert_eq!(scene.estatus.next().await, FleetEvent::Terminated { instance: "web-3".into(), why: None });
    assert_eq!((scene.desired(), scene.fake.state().living()), (1, 1));
    // And once only.
    scene.estatus.terminate("web-3", None);
    scene.estatus.next().await;
    assert_eq!(scene.desired(), 1);
}

#[tokio::test]
async fn the_one_that_is_meant_goes_and_the_group_gets_smaller_by_one() {
    let mut scene = scene(FakeGroup { min: 1, ..FakeGroup::new(0) }).await;
    let mut ids = Vec::new();
    for name in ["web-1", "web-2", "web-3"] {
        scene.estatus.launch(name);
        ids.push(scene.estatus.launched().await);
    }
    scene.fake.fails("TerminateInstanceInAutoScalingGroup", Fault::CutAfter);
    scene.estatus.terminate("web-2", Some(&ids[1]));
    assert_eq!(scene.estatus.next().await, FleetEvent::Terminated { instance: "web-2".into(), why: None });
    assert_eq!(scene.desired(), 2);
    for id in [Some(ids[1].as_str()), None] {
        scene.estatus.terminate("web-2", id);
        scene.estatus.next().await;
        assert_eq!(scene.desired(), 2);
    }
    scene.estatus.terminate("web-1", None);
    scene.estatus.next().await;
    assert_eq!(scene.names(), [Some("web-3".to_owned())]);
    let (_, listed) = scene.estatus.list().await;
    let lives: Vec<_> = listed.iter().map(|one| (one.name.as_deref(), one.lives)).collect();
    assert_eq!(lives, [(Some("web-1"), false), (Some("web-2"), false), (Some("web-3"), true)]);
    // The group may not be smaller.
    scene.estatus.terminate("web-3", Some(&ids[2]));
    let error = scene.estatus.undone().await;
    assert_eq!((error.kind, error.perhaps_done), (Kind::Configuration, false));
}

#[tokio::test]
async fn nothing_is_claimed_while_the_claims_of_before_may_not_show() {
    let pace = Pace { settled_after: Duration::from_millis(600), ..quick() };
    let mut scene = scene_at(pace, FakeGroup::new(2)).await;
    scene.fake.state().shows_after = Duration::from_millis(300);
    scene.estatus.launch("web-1");
    let id = scene.estatus.launched().await;
    scene.restart();
    // It is not known here that the other one is web-1.
    scene.estatus.launch("web-0");
    assert_ne!(scene.estatus.launched().await, id);
    assert_eq!(scene.names(), [Some("web-1".to_owned()), Some("web-0".to_owned())]);
}

#[tokio::test]
async fn a_group_that_launches_nothing_is_late() {
    let pace = Pace { group_within: Duration::from_millis(300), ..quick() };
    let group = FakeGroup { launches_after: Duration::from_secs(600), ..FakeGroup::new(0) };
    let mut scene = scene_at(pace, group).await;
    scene.estatus.launch("web-1");
    let error = scene.estatus.undone().await;
    assert_eq!((error.kind, error.perhaps_done), (Kind::Unreachable, true));
    assert!(error.error.contains("has not begun to launch an instance within"), "{error:?}");
}

/// The core, as far as it has to do with launches and ends, and a group with a will of its own.
#[tokio::test]
async fn whatever_is_lost_and_whenever_estatus_is_killed_the_group_has_as_many_as_are_wanted() {
    for seed in 0..8 {
        let mut chance = Chance(seed);
        let pace = Pace {
            visible_within: Duration::from_millis(500),
            settled_after: Duration::from_millis(150),
            group_within: Duration::from_millis(300),
            answer_within: Duration::from_millis(150),
            ..quick()
        };
        let before = chance.below(3) as usize;
        let late = Duration::from_millis(chance.below(120));
        let group = FakeGroup { launches_after: late, ..FakeGroup::new(before) };
        let mut scene = scene_at(pace, group).await;
        scene.fake.state().shows_after = Duration::from_millis(chance.below(100));
        // What is on disk: who is wanted, and who is there.
        let mut wanted: BTreeMap<String, Option<String>> =
            (1..=6).map(|number| (format!("web-{number}"), None)).collect();
        // Two of them are not wanted any more after a while.
        let mut unwanted: Vec<String> = Vec::new();
        let mut tries = 0;
        loop {
            tries += 1;
            assert!(tries < 500, "seed {seed}: it never ends: {wanted:?} {unwanted:?}");
            if tries == 8 {
                for name in ["web-2", "web-5"] {
                    wanted.remove(name);
                    unwanted.push(name.to_owned());
                }
            }
            if tries > 8 && unwanted.is_empty() && wanted.values().all(Option::is_some) {
                break;
            }
            let faults =
                [Fault::CutBefore, Fault::CutAfter, Fault::Html, Fault::Refused(400, "Throttling"), Fault::Silence];
            let actions = [
                "SetDesiredCapacity",
                "SetDesiredCapacity",
                "CreateTags",
                "TerminateInstanceInAutoScalingGroup",
                "DescribeAutoScalingGroups",
            ];
            scene.fake.state().faults.clear();
            for _ in 0..if tries < 25 { chance.below(6) } else { 0 } {
                scene.fake.fails(actions[chance.below(5) as usize], faults[chance.below(5) as usize].clone());
            }
            // While there is no room, what is given up has not come.
            scene.fake.state().room = if tries < 12 && chance.below(2) == 0 { 3 } else { usize::MAX };
            let open: Vec<String> =
                wanted.iter().filter(|(_, id)| id.is_none()).map(|(name, _)| name.clone()).collect();
            open.iter().for_each(|name| scene.estatus.launch(name));
            unwanted.iter().for_each(|name| scene.estatus.terminate(name, None));
            let mut left = open.len() + unwanted.len();
            let is_killed = tries < 25 && chance.below(2) == 0;
            let killed = tokio::time::sleep(Duration::from_millis(chance.below(250)));
            tokio::pin!(killed);
            while left > 0 {
                let event = tokio::select! {
                    event = scene.estatus.next() => event,
                    () = &mut killed, if is_killed => break,
                };
                left -= 1;
                match event {
                    FleetEvent::Launched { instance, id } => {
                        wanted.insert(instance.to_string(), Some(id));
                    }
                    FleetEvent::Terminated { instance, .. } => unwanted.retain(|name| **name != *instance),
                    _ => {}
                }
            }
            if is_killed {
                scene.restart();
            }
        }
        let names: Vec<String> = scene.names().into_iter().flatten().collect();
        for (name, id) in &wanted {
            assert_eq!(names.iter().filter(|its| *its == name).count(), 1, "seed {seed}: {name} {names:?}");
            let state = scene.fake.state();
            let its = state.instances.iter().find(|instance| instance.id == *id.as_ref().unwrap()).unwrap();
            assert_eq!(its.tag("estatus:instance"), Some(name.as_str()), "seed {seed}");
        }
        let living = scene.fake.state().living();
        assert!(living <= 6, "seed {seed}: {living} for {names:?}");
    }
}
