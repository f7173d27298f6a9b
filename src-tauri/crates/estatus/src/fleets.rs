//! `estatus fleet`: fleets, their instances, and what is decided of them.

use std::time::Duration;

use estatus_api::{DecisionStatus, FleetStatus, OtherRule, Reply, Request};
use estatus_core::{Timestamp, engine::Ask, time::earlier};
use serde_json::json;

use crate::{
    CommandError, Outcome, Result,
    arguments::{FleetCommand, NamedInstance, TriedRule},
    asking::{ask, trouble, unexpected},
    configuration::Places,
    listening::Listening,
    show,
};

pub(crate) async fn carry_out(places: &Places, command: FleetCommand) -> Result {
    match command {
        FleetCommand::List { json } => list(places, json).await,
        FleetCommand::Show { fleet, json } => show_fleet(places, fleet, json).await,
        FleetCommand::Decisions { fleet, limit, json } => decisions(places, fleet, limit, json).await,
        FleetCommand::Replay { fleet, other, since, json } => replay(places, fleet, other, since, json).await,
        FleetCommand::Add { fleet, json } => add(places, fleet, json).await,
        FleetCommand::Remove { named } => {
            steered(places, named, |fleet, instance| Request::Do(Ask::RemoveInstance { fleet, instance })).await
        }
        FleetCommand::Drain { named } => {
            steered(places, named, |fleet, instance| Request::Do(Ask::DrainInstance { fleet, instance })).await
        }
        FleetCommand::Protect { named, off } => {
            let wanted = |fleet, instance| Request::Do(Ask::ProtectInstance { fleet, instance, protected: !off });
            steered(places, named, wanted).await
        }
        FleetCommand::Load { named, load } => {
            steered(places, named, |fleet, instance| Request::SetLoad { fleet, instance, load }).await
        }
    }
}

async fn add(places: &Places, fleet: String, json: bool) -> Result {
    let reply = ask(places, Request::Do(Ask::AddInstance { fleet })).await?;
    let Reply::Launched(instance) = reply else { return Err(unexpected()) };
    if json {
        show::json(&json!({ "instance": instance }))?;
    } else {
        say!("{} is being launched", show::one_line(&instance));
    }
    Ok(Outcome::Well)
}

/// Has the engine do with an instance what is wanted.
async fn steered(places: &Places, named: NamedInstance, wanted: impl FnOnce(String, String) -> Request) -> Result {
    let json = named.json;
    let (fleet, instance) = found(places, named).await?;
    ask(places, wanted(fleet, instance.clone())).await?;
    if json {
        show::json(&json!({ "instance": instance }))?;
    }
    Ok(Outcome::Well)
}

async fn list(places: &Places, json: bool) -> Result {
    let line = Listening::attach(places).await?;
    let fleets = &line.hello().snapshot.fleets;
    if json {
        show::json(fleets)?;
    } else {
        show::fleets::list(fleets);
    }
    Ok(Outcome::Well)
}

async fn show_fleet(places: &Places, fleet: String, json: bool) -> Result {
    let status = status_of(&mut Listening::attach(places).await?, fleet).await?;
    if json {
        show::json(&status)?;
    } else {
        show::fleets::fleet(&status);
    }
    Ok(if status.summary.troubles.is_empty() { Outcome::Well } else { Outcome::NotWell })
}

async fn decisions(places: &Places, fleet: String, limit: usize, json: bool) -> Result {
    let mut line = Listening::attach(places).await?;
    let reply = line.request(Request::Decisions { fleet, limit }).await.map_err(trouble)?;
    let Reply::Decisions(decisions) = reply else { return Err(unexpected()) };
    let decisions: Vec<DecisionStatus> = decisions;
    if json {
        show::json(&decisions)?;
    } else {
        show::fleets::decisions(&decisions);
    }
    Ok(Outcome::Well)
}

async fn replay(places: &Places, fleet: String, other: TriedRule, since: Duration, json: bool) -> Result {
    let TriedRule { policy, load, min, desired, max } = other;
    let other = OtherRule { policy, min, desired, max, load, schedule: None };
    let request = Request::Replay { fleet, other, since: Some(earlier(Timestamp::now(), since)) };
    let Reply::Replay(replay) = ask(places, request).await? else { return Err(unexpected()) };
    if json {
        show::json(&replay)?;
    } else {
        show::fleets::replay(&replay);
    }
    Ok(Outcome::Well)
}

async fn status_of(line: &mut Listening, fleet: String) -> std::result::Result<FleetStatus, CommandError> {
    let reply = line.request(Request::Fleet { fleet }).await.map_err(trouble)?;
    let Reply::Fleet(status) = reply else { return Err(unexpected()) };
    Ok(status)
}

/// The fleet and the name of an instance that is called by its name or by what the provider calls it.
async fn found(
    places: &Places,
    NamedInstance { instance, fleet, .. }: NamedInstance,
) -> std::result::Result<(String, String), CommandError> {
    if let Some(fleet) = fleet {
        return Ok((fleet, instance));
    }
    let mut line = Listening::attach(places).await?;
    let fleets: Vec<String> = line.hello().snapshot.fleets.iter().map(|fleet| fleet.name.to_string()).collect();
    let mut of = Vec::new();
    for fleet in fleets {
        let status = status_of(&mut line, fleet.clone()).await?;
        let is_it = |one: &estatus_api::InstanceStatus| *one.name == *instance || one.id.as_deref() == Some(&instance);
        of.extend(status.instances.iter().filter(|one| is_it(one)).map(|one| (fleet.clone(), one.name.to_string())));
    }
    match &of[..] {
        [one] => Ok(one.clone()),
        [] => Err(CommandError::failed(format!(
            "no fleet has an instance called {instance}; `estatus fleet show NAME` lists those of a fleet"
        ))),
        [_, ..] => {
            Err(CommandError::failed(format!("several fleets have an instance called {instance}: say --fleet NAME")))
        }
    }
}
