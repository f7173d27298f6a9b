use std::{sync::Arc, time::Duration};

use estatus_core::{
    command::CommandLine,
    config::{Channel, CommandChannel, Config},
    engine::{Ask, Input},
    fleet::{
        CommandProvider, Fleet, Provider,
        command::{FleetCommand, FleetEvent, Heartbeat, Listed, Proof, ProviderError, ProviderErrorKind},
        instance::InstanceState,
    },
    ids::Key,
    network::NetworkPolicy,
    record::Restored,
    secret::SecretRef,
};

use crate::scene::{Scene, count, line, seconds};

fn scene(fleet: Fleet) -> Scene {
    let mut config =
        Config { fleets: vec![Arc::new(fleet)], network: NetworkPolicy { reference: Vec::new() }, ..Config::default() };
    let desk = CommandChannel { command: line("tell"), timeout: seconds(5.0) };
    config.channels.insert("desk".to_owned(), Channel::Command(desk));
    let mut scene = Scene::with(Arc::new(config), Restored::default(), Duration::ZERO);
    scene.lists(&[]);
    scene
}

impl Scene {
    fn of_fleet(&mut self, event: FleetEvent) {
        self.input(Input::Fleet { fleet: "web".into(), event });
    }

    /// The provider says that there are these, and time passes until the fleet is decided on.
    fn lists(&mut self, names: &[&str]) {
        let listed =
            |name: &&str| Listed { id: format!("i-{name}"), name: Some((*name).into()), lives: true, outdated: false };
        self.of_fleet(FleetEvent::Listed(names.iter().map(listed).collect()));
        self.passes(6.0);
    }

    fn cannot_launch(&mut self, instance: &str, kind: ProviderErrorKind) {
        let error = ProviderError { kind, error: "no room".to_owned(), perhaps_done: false };
        self.of_fleet(FleetEvent::CannotLaunch { instance: instance.into(), error });
    }

    fn launched(&mut self, instance: &str) {
        self.of_fleet(FleetEvent::Launched { instance: instance.into(), id: format!("i-{instance}") });
    }

    fn announced(&mut self, instance: &str) {
        let from = std::net::Ipv4Addr::LOCALHOST.into();
        let (name, declared) = (instance.to_owned(), String::new());
        self.of_fleet(FleetEvent::Announced { announcement: 1, name, proof: Proof::Token, declared, from });
    }

    /// Time passes, in which these say that their load is as it should be.
    fn lives(&mut self, span: u32, names: &[&str]) {
        for _ in 0..span / 5 {
            let heard = |name: &&str| Heartbeat { instance: (*name).into(), load: Some(0.6), ago: Duration::ZERO };
            self.of_fleet(FleetEvent::Heard(names.iter().map(heard).collect()));
            self.passes(5.0);
        }
    }

    fn living(&self) -> Vec<(String, InstanceState)> {
        let all = self.core.snapshot().instances;
        all.into_iter().map(|instance| (instance.name.to_string(), instance.state)).collect()
    }
}

#[test]
fn the_end_of_a_trouble_answers_its_beginning_and_is_silent_where_nobody_was_told_of_that() {
    let mut scene = scene(Fleet::new("web"));
    scene.cannot_launch("web-1", ProviderErrorKind::Capacity);
    scene.passes(30.0);
    assert_eq!(count(&scene.take(), "mail trouble"), 1);
    // Somebody else is told of what is wrong from now on.
    scene.applies(|config| {
        let other = CommandChannel { command: line("shout"), timeout: seconds(5.0) };
        config.channels.insert("other".to_owned(), Channel::Command(other));
    });
    scene.launched("web-1");
    scene.announced("web-1");
    scene.lives(1200, &["web-1"]);
    let story = scene.take();
    assert_eq!(count(&story, "mail well in answer"), 1, "{story}");
    assert_eq!(count(&story, "mail"), 1, "{story}");
}

#[test]
fn a_trouble_that_is_over_before_it_went_out_is_told_with_its_end_as_one() {
    let mut scene = scene(Fleet::new("web"));
    scene.asks(Ask::Snooze { monitor: None, until: Some(crate::scene::at(seconds(7200.0)).utc) });
    scene.cannot_launch("web-1", ProviderErrorKind::Capacity);
    scene.passes(30.0);
    scene.launched("web-1");
    scene.announced("web-1");
    scene.lives(7300, &["web-1"]);
    let story = scene.take();
    assert_eq!((count(&story, "mail well"), count(&story, "mail")), (1, 1), "{story}");
}

#[test]
fn a_trouble_that_comes_and_goes_is_told_once() {
    let mut scene = scene(Fleet { min: 2, desired: 2, ..Fleet::new("web") });
    for _ in 0..20 {
        // One is launched, the other is not.
        scene.cannot_launch("web-2", ProviderErrorKind::Capacity);
        scene.launched("web-1");
        scene.passes(10.0);
    }
    let story = scene.take();
    assert_eq!((count(&story, "mail trouble"), count(&story, "mail")), (1, 1), "{story}");
    scene.launched("web-2");
    scene.announced("web-1");
    scene.announced("web-2");
    scene.lives(400, &["web-1", "web-2"]);
    assert_eq!(count(&scene.take(), "mail well"), 1);
}

#[test]
fn a_provider_that_is_asked_too_often_once_is_no_trouble() {
    let mut scene = scene(Fleet::new("web"));
    scene.cannot_launch("web-1", ProviderErrorKind::Throttled);
    scene.passes(5.0);
    scene.launched("web-1");
    scene.announced("web-1");
    scene.lives(60, &["web-1"]);
    assert_eq!(count(&scene.take(), "mail"), 0);
}

#[test]
fn a_fleet_that_is_taken_out_leaves_its_servers_running_and_shown_until_they_are_gone() {
    let mut scene = scene(Fleet { min: 2, desired: 2, ..Fleet::new("web") });
    for name in ["web-1", "web-2"] {
        scene.launched(name);
        scene.announced(name);
    }
    scene.applies(|config| config.fleets.clear());
    scene.passes(30.0 * 3600.0);
    let mut scene = scene.crashes();
    scene.passes(10.0);
    let running = |name: &str| (name.to_owned(), InstanceState::Running);
    assert_eq!(scene.living(), [running("web-1"), running("web-2")]);
    let now = crate::scene::at(scene.now);
    let view = scene.core.fleet("web", now).expect("it is shown");
    assert_eq!((view.left_behind, view.instances.len()), (true, 2));
    assert_eq!(scene.core.fleets(now).count(), 1);
    // Somebody removes one, and the other ends by itself.
    scene.asks(Ask::RemoveInstance { fleet: "web".into(), instance: "web-1".into() });
    assert!(scene.fleet_commands.iter().any(|command| matches!(command, FleetCommand::Terminate { .. })));
    assert!(!scene.fleet_commands.iter().any(|command| matches!(command, FleetCommand::Launch { .. })));
    for name in ["web-1", "web-2"] {
        scene.of_fleet(FleetEvent::Terminated { instance: name.into(), why: None });
    }
    assert_eq!(scene.living(), []);
    assert!(scene.core.fleet("web", crate::scene::at(scene.now)).is_none());
    // Its numbers are remembered for a day, and then nothing is.
    let key = Key::Fleet("web".into());
    assert!(scene.core.snapshot().memories.contains_key(&key));
    scene.passes(25.0 * 3600.0);
    assert!(!scene.core.snapshot().memories.contains_key(&key));
}

#[test]
fn a_fleet_that_comes_back_goes_on_with_what_it_left_behind() {
    let mut scene = scene(Fleet { min: 2, desired: 2, ..Fleet::new("web") });
    for name in ["web-1", "web-2"] {
        scene.launched(name);
        scene.announced(name);
    }
    let fleets = scene.config.fleets.clone();
    scene.applies(|config| config.fleets.clear());
    scene.passes(60.0);
    scene.applies(|config| config.fleets = fleets);
    scene.lists(&["web-1", "web-2"]);
    assert!(!scene.core.fleet("web", crate::scene::at(scene.now)).expect("it is back").left_behind);
    scene.lives(20, &["web-1", "web-2"]);
    let running = |name: &str| (name.to_owned(), InstanceState::Running);
    assert_eq!(scene.living(), [running("web-1"), running("web-2")]);
}

#[test]
fn what_bears_the_mark_of_a_fleet_that_is_taken_out_is_shown_until_it_is_gone_and_the_fleet_with_it() {
    let mut scene = scene(Fleet { min: 0, desired: 0, ..Fleet::new("web") });
    let orphans = |scene: &Scene| {
        let view = scene.core.fleet("web", crate::scene::at(scene.now))?;
        assert_eq!((view.left_behind, view.instances.len()), (scene.config.fleets.is_empty(), 0));
        Some(view.orphans.iter().map(|orphan| orphan.id.clone()).collect::<Vec<_>>())
    };
    scene.lists(&["web-7"]);
    assert_eq!(orphans(&scene), Some(vec!["i-web-7".to_owned()]));
    scene.applies(|config| config.fleets.clear());
    scene.passes(3600.0);
    assert_eq!(orphans(&scene), Some(vec!["i-web-7".to_owned()]));

    // The next life of the engine asks the provider, and shows nothing before it has answered.
    let mut scene = scene.crashes();
    scene.passes(1.0);
    assert!(scene.fleet_commands.contains(&FleetCommand::List), "{:?}", scene.fleet_commands);
    assert_eq!((orphans(&scene), scene.core.fleets(crate::scene::at(scene.now)).count()), (None, 0));
    scene.lists(&["web-7"]);
    assert_eq!(orphans(&scene), Some(vec!["i-web-7".to_owned()]));

    // One that cannot say is asked in the life after.
    let mut scene = scene.crashes();
    let error = ProviderError { kind: ProviderErrorKind::Other, error: "cut off".to_owned(), perhaps_done: false };
    scene.passes(1.0);
    scene.of_fleet(FleetEvent::CannotList(error));
    assert_eq!(orphans(&scene), None);
    let mut scene = scene.crashes();
    scene.passes(1.0);
    scene.lists(&["web-7"]);
    assert_eq!(orphans(&scene), Some(vec!["i-web-7".to_owned()]));

    scene.lists(&[]);
    assert_eq!(orphans(&scene), None);
    let mut scene = scene.crashes();
    scene.passes(120.0);
    assert!(!scene.fleet_commands.contains(&FleetCommand::List), "nobody asks any more: {:?}", scene.fleet_commands);
}

#[test]
fn a_process_of_a_fleet_that_nobody_knows_is_looked_for_and_shown() {
    let mut scene = scene(Fleet::new("other"));
    let fleet = |scene: &Scene| scene.core.fleet("web", crate::scene::at(scene.now));
    scene.of_fleet(FleetEvent::Runs);
    scene.passes(1.0);
    assert!(scene.fleet_commands.contains(&FleetCommand::List) && fleet(&scene).is_none());
    scene.lists(&["web-3"]);
    let view = fleet(&scene).expect("it is shown");
    assert_eq!((view.left_behind, view.orphans.len()), (true, 1));
    scene.lists(&[]);
    assert!(fleet(&scene).is_none());
}

#[test]
fn a_fleet_whose_commands_lacked_a_secret_is_launched_as_soon_as_that_is_entered() {
    let place = SecretRef::Keyring("cloud".to_owned());
    let create = CommandLine { secret_env: vec![("TOKEN".to_owned(), place)], ..line("create") };
    let (list, terminate) = (line("list"), line("terminate"));
    let provider = Provider::Command(CommandProvider { create, list, terminate, timeout: CommandProvider::TIMEOUT });
    let mut scene = scene(Fleet { provider, ..Fleet::new("web") });
    for _ in 0..5 {
        scene.cannot_launch("web-1", ProviderErrorKind::Credentials);
        scene.passes(20.0);
    }
    let mut launched = |secret: &str| {
        scene.fleet_commands.clear();
        scene.input(Input::SecretEntered(secret.to_owned()));
        scene.passes(1.0);
        scene.fleet_commands.iter().any(|command| matches!(command, FleetCommand::Launch { .. }))
    };
    assert_eq!([launched("another"), launched("cloud")], [false, true]);
}
