//! The source document's protocol, with our agent at the one end and our engine at the other.

use std::sync::Arc;

use estatus_core::fleet::command::{FleetCommand, Proof};
use estatus_fleet::{AgentNews, Protocol};

use crate::{
    engine::{Engine, fleet},
    program::{Agent, file, options},
};

fn document(name: &str) -> Protocol {
    Protocol::Document { name: name.to_owned(), address: None }
}

#[tokio::test]
async fn an_agent_announces_itself_and_is_asked() {
    let data = tempfile::tempdir().unwrap();
    let mut engine = Engine::new(data.path());
    let fleet = Arc::new(fleet("web"));
    let at = engine.serve(&fleet).await;
    engine.core.launch("web-1");
    let load = data.path().join("load");
    std::fs::write(&load, "0.25").unwrap();
    let mut options = options(at, document("web-1"));
    options.listen = Some(([127, 0, 0, 1], 0).into());
    options.load = file(load.clone());
    let mut agent = Agent::start(options);
    agent.tells(AgentNews::Accepted { instance: "web-1".to_owned(), server: at.to_string() }).await;
    assert_eq!(engine.announced("web-1").await, Proof::None);
    engine.hears("web-1", Some(0.25)).await;
    std::fs::write(&load, "busy").unwrap();
    engine.hears("web-1", None).await;
    std::fs::write(&load, "0.5").unwrap();
    engine.hears("web-1", Some(0.5)).await;
    engine.has(&fleet, FleetCommand::Drain { instance: "web-1".into() });
    engine.drained("web-1").await;
}

#[tokio::test]
async fn whoever_is_none_of_the_fleets_is_not_accepted() {
    let data = tempfile::tempdir().unwrap();
    let mut engine = Engine::new(data.path());
    let at = engine.serve(&Arc::new(fleet("web"))).await;
    let mut options = options(at, document("web-1"));
    options.listen = Some(([127, 0, 0, 1], 0).into());
    let mut agent = Agent::start(options);
    assert_eq!(agent.refused().await, "the monitor does not accept it");
    assert_eq!(engine.announced("web-1").await, Proof::None);
}

#[tokio::test]
async fn dead_instances_delay_nobody() {
    let data = tempfile::tempdir().unwrap();
    let mut engine = Engine::new(data.path());
    let fleet = Arc::new(fleet("web"));
    let at = engine.serve(&fleet).await;
    // Some refuse, some never answer: nobody accepts on what listens here.
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    for number in 2..200 {
        let port = if number % 2 == 0 { 1 } else { silent.local_addr().unwrap().port() };
        let ping =
            FleetCommand::Ping { instance: format!("web-{number}").into(), address: format!("127.0.0.1:{port}") };
        engine.has(&fleet, ping);
    }
    engine.core.launch("web-1");
    let mut options = options(at, document("web-1"));
    options.listen = Some(([127, 0, 0, 1], 0).into());
    let _agent = Agent::start(options);
    engine.heard("web-1").await;
    let began = std::time::Instant::now();
    for _ in 0..5 {
        engine.heard("web-1").await;
    }
    assert!(began.elapsed().as_millis() < 5_000, "{:?}", began.elapsed());
}
