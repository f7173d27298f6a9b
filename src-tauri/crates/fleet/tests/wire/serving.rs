//! What the core has done with those that are there.

use std::{net::TcpListener, sync::Arc, time::Duration};

use estatus_core::fleet::command::{FleetCommand, FleetEvent, Proof};
use estatus_fleet::AgentNews;

use crate::{
    engine::{Engine, fleet},
    program::{Agent, file, own},
};

#[tokio::test]
async fn a_load_that_is_none_is_told_as_none() {
    let data = tempfile::tempdir().unwrap();
    let mut engine = Engine::new(data.path());
    let at = engine.serve(&Arc::new(fleet("web"))).await;
    engine.core.launch("web-1");
    let token = engine.token("web", "web-1");
    let load = token.folder.join("load");
    std::fs::write(&load, "0.5").unwrap();
    let mut options = own(at, &token);
    options.load = file(load.clone());
    let mut agent = Agent::start(options);
    engine.hears("web-1", Some(0.5)).await;
    std::fs::write(&load, "NaN").unwrap();
    engine.hears("web-1", None).await;
    agent.told(|news| matches!(news, AgentNews::NoLoad(_)).then_some(())).await;
    std::fs::write(&load, "100%").unwrap();
    engine.hears("web-1", Some(1.0)).await;
}

#[tokio::test]
async fn an_instance_drains_before_it_goes() {
    let data = tempfile::tempdir().unwrap();
    let mut engine = Engine::new(data.path());
    let fleet = Arc::new(fleet("web"));
    let at = engine.serve(&fleet).await;
    engine.core.launch("web-1");
    let token = engine.token("web", "web-1");
    let load = token.folder.join("load");
    std::fs::write(&load, "0.5").unwrap();
    let mut options = own(at, &token);
    (options.load, options.drain_within) = (file(load.clone()), Duration::from_secs(600));
    let mut agent = Agent::start(options);
    engine.heard("web-1").await;
    engine.has(&fleet, FleetCommand::Drain { instance: "web-1".into() });
    agent.tells(AgentNews::Drains).await;
    engine.hears("web-1", Some(0.5)).await;
    std::fs::write(&load, "0.02").unwrap();
    agent.tells(AgentNews::Drained).await;
    engine.drained("web-1").await;
    engine.core.terminate("web-1");
    engine.has(&fleet, FleetCommand::Forget { instance: "web-1".into() });
    assert_eq!(agent.refused().await, "this instance is none of the fleet's any more");
}

#[tokio::test]
async fn an_instance_that_is_away_is_told_to_drain_when_it_comes_back() {
    let data = tempfile::tempdir().unwrap();
    let mut engine = Engine::new(data.path());
    let fleet = Arc::new(fleet("web"));
    let at = engine.serve(&fleet).await;
    engine.core.launch("web-1");
    let token = engine.token("web", "web-1");
    let mut agent = Agent::start(own(at, &token));
    agent.attends().await;
    drop(agent);
    engine.has(&fleet, FleetCommand::Drain { instance: "web-1".into() });
    let mut agent = Agent::start(own(at, &token));
    agent.tells(AgentNews::Drained).await;
    engine.drained("web-1").await;
    // Who never comes is not waited for, as is nobody who cannot be told.
    engine.has(&fleet, FleetCommand::Drain { instance: "web-2".into() });
    engine.drained("web-2").await;
    engine.core.launch("web-3");
    let ping = FleetCommand::Ping { instance: "web-3".into(), address: "127.0.0.1:1".to_owned() };
    engine.has(&fleet, ping);
    engine.has(&fleet, FleetCommand::Drain { instance: "web-3".into() });
    engine.drained("web-3").await;
}

#[tokio::test]
async fn a_new_heartbeat_is_told_to_those_that_are_there() {
    let data = tempfile::tempdir().unwrap();
    let mut engine = Engine::new(data.path());
    let mut fleet = fleet("web");
    fleet.heartbeat = Duration::from_secs(3600);
    let at = engine.serve(&Arc::new(fleet.clone())).await;
    engine.core.launch("web-1");
    let mut agent = Agent::start(own(at, &engine.token("web", "web-1")));
    agent.attends().await;
    engine.heard("web-1").await;
    fleet.heartbeat = Duration::from_millis(100);
    engine.serve(&Arc::new(fleet)).await;
    for _ in 0..3 {
        engine.heard("web-1").await;
    }
}

#[tokio::test]
async fn fleets_share_an_address_and_each_is_let_go_of_by_itself() {
    let data = tempfile::tempdir().unwrap();
    let mut engine = Engine::new(data.path());
    let fleets = ["web", "mail"].map(|name| Arc::new(fleet(name)));
    let [at, again] = [engine.serve(&fleets[0]).await, engine.serve(&fleets[1]).await];
    assert_eq!(at, again);
    let mut agents = ["web", "mail"].map(|name| {
        engine.core.launch(&format!("{name}-1"));
        Agent::start(own(at, &engine.token(name, &format!("{name}-1"))))
    });
    for agent in &mut agents {
        agent.attends().await;
    }
    engine.has(&fleets[0], FleetCommand::Release);
    let [web, mail] = &mut agents;
    web.told(|news| matches!(news, AgentNews::Lost(_)).then_some(())).await;
    engine.heard("mail-1").await;
    engine.heard("mail-1").await;
    engine.has(&fleets[1], FleetCommand::Release);
    mail.told(|news| matches!(news, AgentNews::Lost(_)).then_some(())).await;
    // Nobody listens there any more.
    while tokio::net::TcpStream::connect(at).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_address_that_somebody_has_is_taken_once_it_is_free() {
    let data = tempfile::tempdir().unwrap();
    let mut engine = Engine::new(data.path());
    let somebody = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let mut fleet = fleet("web");
    fleet.wire.listen = somebody.local_addr().unwrap();
    let fleet = Arc::new(fleet);
    engine.has(&fleet, FleetCommand::Serve);
    let error = engine.told(|event| match event {
        FleetEvent::CannotServe { error } => Some(error.clone()),
        _ => None,
    });
    assert!(error.await.starts_with(&format!("{}: ", fleet.wire.listen)));
    drop(somebody);
    let at = engine.told(|event| match event {
        FleetEvent::Serves { at } => Some(*at),
        _ => None,
    });
    assert_eq!(at.await, fleet.wire.listen);
}

#[tokio::test]
async fn an_instance_that_connects_anew_is_heard_by_its_new_connection() {
    let data = tempfile::tempdir().unwrap();
    let mut engine = Engine::new(data.path());
    let at = engine.serve(&Arc::new(fleet("web"))).await;
    engine.core.launch("web-1");
    let token = engine.token("web", "web-1");
    let mut first = Agent::start(own(at, &token));
    first.attends().await;
    let mut second = Agent::start(own(at, &token));
    second.attends().await;
    let why = first.told(|news| match news {
        AgentNews::Lost(why) => Some(why.clone()),
        _ => None,
    });
    assert_eq!(why.await, "this instance has connected anew");
    drop(first);
    assert_eq!(engine.announced("web-1").await, Proof::Token);
    engine.heard("web-1").await;
}

#[cfg(unix)]
#[tokio::test]
async fn keys_in_a_folder_of_others_are_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("fleet");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    let mut engine = Engine::new(data.path());
    assert!(engine.wire.tokens().token("web", "web-1").is_err());
    engine.has(&Arc::new(fleet("web")), FleetCommand::Serve);
    let error = engine.told(|event| match event {
        FleetEvent::CannotServe { error } => Some(error.clone()),
        _ => None,
    });
    assert!(error.await.contains("other users may write to"));
}
