//! Who is let in, by what, and for how long.

use std::{sync::Arc, time::Duration};

use estatus_core::fleet::command::{FleetCommand, Proof, Refusal};
use estatus_fleet::{AgentError, AgentNews, agent};

use crate::{
    engine::{Engine, fleet},
    program::{Agent, own, own_in},
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

#[tokio::test]
async fn an_agent_enrols_with_its_token_and_is_heard() {
    let data = tempfile::tempdir().unwrap();
    let mut engine = Engine::new(data.path());
    let fleet = Arc::new(fleet("web"));
    let at = engine.serve(&fleet).await;
    engine.core.launch("web-1");
    let token = engine.token("web", "web-1");
    let mut agent = Agent::start(own(at, &token));
    agent.tells(AgentNews::Enrolled { fleet: "web".to_owned(), instance: "web-1".to_owned() }).await;
    agent.attends().await;
    assert_eq!(engine.announced("web-1").await, Proof::Token);
    assert_eq!(engine.announced("web-1").await, Proof::Certificate);
    assert_eq!(engine.heard("web-1").await, Some(0.0));
    assert!(engine.wire.set_load("web", "web-1", 0.75));
    engine.hears("web-1", Some(0.75)).await;
    assert!(!engine.wire.set_load("web", "web-2", 0.75) && !engine.wire.set_load("mail", "web-1", 0.75));
}

#[tokio::test]
async fn a_token_is_used_once() {
    let data = tempfile::tempdir().unwrap();
    let mut engine = Engine::new(data.path());
    let at = engine.serve(&Arc::new(fleet("web"))).await;
    engine.core.launch("web-1");
    let token = engine.token("web", "web-1");
    let mut first = Agent::start(own(at, &token));
    first.attends().await;
    let mut thief = Agent::start(own_in(at, &token.file, &token.folder.join("thief")));
    assert_eq!(thief.refused().await, "there is no such instance, or its token was used before");
    engine.heard("web-1").await;
    engine.heard("web-1").await;
}

#[tokio::test]
async fn an_agent_whose_certificate_never_arrived_asks_again_with_its_key() {
    let data = tempfile::tempdir().unwrap();
    let mut engine = Engine::new(data.path());
    let fleet = Arc::new(fleet("web"));
    let at = engine.serve(&fleet).await;
    engine.core.launch("web-1");
    let token = engine.token("web", "web-1");
    let state = token.folder.join("state");
    let mut agent = Agent::start(own_in(at, &token.file, &state));
    agent.attends().await;
    drop(agent);
    // As if it had been killed before it kept it.
    let file = state.join("agent.json");
    let mut kept: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    kept["certificate"] = serde_json::Value::Null;
    std::fs::write(&file, kept.to_string()).unwrap();
    assert_eq!(engine.announced("web-1").await, Proof::Token);
    assert_eq!(engine.announced("web-1").await, Proof::Certificate);
    let mut agent = Agent::start(own_in(at, &token.file, &state));
    agent.tells(AgentNews::Enrolled { fleet: "web".to_owned(), instance: "web-1".to_owned() }).await;
    agent.attends().await;
    assert_eq!(engine.announced("web-1").await, Proof::Certificate);
    // What an instance of the past has claimed is of no use to anybody.
    engine.core.terminate("web-1");
    engine.has(&fleet, FleetCommand::Forget { instance: "web-1".into() });
    assert_eq!(agent.refused().await, "this instance is none of the fleet's any more");
}

#[tokio::test]
async fn a_token_of_another_fleet_or_engine_is_foreign() {
    let [data, other_data] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut engine = Engine::new(data.path());
    let at = engine.serve(&Arc::new(fleet("web"))).await;
    engine.core.launch("mail-1");
    let mut of_another_fleet = Agent::start(own(at, &engine.token("mail", "mail-1")));
    assert!(of_another_fleet.refused().await.starts_with("what you show was made for another fleet"));
    assert_eq!(engine.refused().await, Refusal::Foreign);

    let another = Engine::new(other_data.path());
    let mut of_another_engine = Agent::start(own(at, &another.token("web", "web-1")));
    of_another_engine.tells(AgentNews::Another).await;
    assert_eq!(engine.refused().await, Refusal::Foreign);
}

#[tokio::test]
async fn a_token_runs_out_and_a_new_one_in_its_place_is_taken() {
    let data = tempfile::tempdir().unwrap();
    let mut engine = Engine::new(data.path());
    let at = engine.serve(&Arc::new(fleet("web"))).await;
    engine.core.launch("web-1");
    let token = engine.token("web", "web-1");
    engine.clock.advance(15 * MINUTE);
    let mut agent = Agent::start(own(at, &token));
    assert_eq!(agent.refused().await, "what you show has run out");
    assert_eq!(engine.refused().await, Refusal::Expired);
    std::fs::copy(engine.token("web", "web-1").file, &token.file).unwrap();
    agent.attends().await;
}

#[tokio::test]
async fn an_agent_without_a_token_or_with_none_that_is_one_does_not_begin() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let begin = async || {
        let options = own_in(([127, 0, 0, 1], 1).into(), &file, &folder.path().join("state"));
        agent(options, |_| {}).await
    };
    let AgentError::Token(path, why) = begin().await else { panic!() };
    assert_eq!((path, why.as_str()), (file.clone(), "there is no such file"));
    std::fs::write(&file, "secret").unwrap();
    let said = begin().await.to_string();
    assert_eq!(said, format!("{}: there is no token in it", file.display()));
}

#[tokio::test]
async fn a_certificate_is_renewed_at_half_its_time() {
    let data = tempfile::tempdir().unwrap();
    let mut engine = Engine::new(data.path());
    let at = engine.serve(&Arc::new(fleet("web"))).await;
    engine.core.launch("web-1");
    let token = engine.token("web", "web-1");
    let mut agent = Agent::start(own(at, &token));
    agent.attends().await;
    let kept = || std::fs::read_to_string(token.folder.join("token.agent/agent.json")).unwrap();
    let before = kept();
    engine.clock.advance(11 * HOUR);
    engine.heard("web-1").await;
    assert_eq!(kept(), before);
    engine.clock.advance(HOUR);
    agent.tells(AgentNews::Renewed).await;
    assert_ne!(kept(), before);
    // The first certificate has run out by now, the second has not.
    engine.clock.advance(13 * HOUR);
    drop(agent);
    let mut agent = Agent::start(own(at, &token));
    agent.attends().await;
    agent.tells(AgentNews::Renewed).await;
}

#[tokio::test]
async fn agents_come_back_to_an_engine_that_has_restarted() {
    let data = tempfile::tempdir().unwrap();
    let mut engine = Engine::new(data.path());
    let mut fleet = fleet("web");
    fleet.wire.listen = engine.serve(&Arc::new(fleet.clone())).await;
    engine.core.launch("web-1");
    let mut agent = Agent::start(own(fleet.wire.listen, &engine.token("web", "web-1")));
    agent.attends().await;
    let mut engine = engine.restart();
    agent.told(|news| matches!(news, AgentNews::Lost(_)).then_some(())).await;
    engine.serve(&Arc::new(fleet)).await;
    agent.attends().await;
    assert_eq!(engine.announced("web-1").await, Proof::Certificate);
    engine.heard("web-1").await;
}

#[tokio::test]
async fn certificates_that_ran_out_while_no_engine_was_there_are_renewed_by_the_next() {
    let data = tempfile::tempdir().unwrap();
    let mut engine = Engine::new(data.path());
    let mut fleet = fleet("web");
    fleet.wire.listen = engine.serve(&Arc::new(fleet.clone())).await;
    engine.core.launch("web-1");
    engine.core.launch("web-2");
    let tokens = ["web-1", "web-2"].map(|instance| engine.token("web", instance));
    let mut agents = tokens.each_ref().map(|token| Agent::start(own(fleet.wire.listen, token)));
    for agent in &mut agents {
        agent.attends().await;
    }
    let [mut first, second] = agents;
    drop(second);
    engine.clock.advance(60 * HOUR);
    let mut engine = engine.restart();
    engine.serve(&Arc::new(fleet.clone())).await;
    first.tells(AgentNews::Renewed).await;
    engine.clock.advance(15 * MINUTE);
    let mut second = Agent::start(own(fleet.wire.listen, &tokens[1]));
    assert_eq!(second.refused().await, "what you show has run out");
    assert_eq!(engine.refused().await, Refusal::Expired);
}

#[tokio::test]
async fn an_agent_that_restarts_need_not_enrol_again() {
    let data = tempfile::tempdir().unwrap();
    let mut engine = Engine::new(data.path());
    let at = engine.serve(&Arc::new(fleet("web"))).await;
    engine.core.launch("web-1");
    let token = engine.token("web", "web-1");
    let mut agent = Agent::start(own(at, &token));
    agent.attends().await;
    drop(agent);
    std::fs::remove_file(&token.file).unwrap();
    let mut agent = Agent::start(own(at, &token));
    agent.attends().await;
    assert_eq!(engine.announced("web-1").await, Proof::Token);
    for _ in 0..2 {
        assert_eq!(engine.announced("web-1").await, Proof::Certificate);
    }
}
