//! `estatus service take-over` and `give-back`: services that NSSM runs become programs of Estatus, and are NSSM's again.

use std::ffi::OsStr;

use estatus_api::{Edit, Section};
use windows_service::{
    service::{Service, ServiceAccess, ServiceStartType},
    service_manager::{ServiceManager, ServiceManagerAccess},
};

use super::{
    manager::{self, failed},
    nssm::{self, Before, NssmService},
};
use crate::{
    CommandError, Outcome, Result,
    configuration::{Places, defaults},
    importing, show, steering,
};

/// `estatus service take-over`
pub(in crate::service) fn take_over(places: &Places, names: &[String], yes: bool) -> Result {
    let services = chosen(names)?;
    if services.is_empty() {
        say!("NSSM runs no service here.");
        return Ok(Outcome::Well);
    }
    if yes {
        manager::must_be_elevated()?;
    }
    let mut outcome = Outcome::Well;
    for service in services {
        if let Some(program) = &service.taken_as {
            say!("# {}: is the program “{}” already", service.name, show::one_line(program));
            continue;
        }
        if let Err(CommandError::Failed(why) | CommandError::Wrong(why)) = take(places, &service, yes) {
            complain!("estatus: {}: {why}", service.name);
            outcome = Outcome::NotWell;
        }
    }
    if !yes {
        say!("With --yes, each is stopped, disabled, and added to {}", places.config.display());
    }
    Ok(outcome)
}

/// `estatus service give-back`
pub(in crate::service) async fn give_back(places: &Places, name: &str) -> Result {
    manager::must_be_elevated()?;
    let before = nssm::remembered(name).ok_or_else(|| {
        CommandError::Failed(format!("{name} was not taken over: `estatus service take-over` lists what is"))
    })?;
    let known = crate::importing::tables(places)?;
    let is_there = known["program"].as_array().is_some_and(|all| all.iter().any(|it| it["name"] == *before.program));
    if is_there {
        if estatus_engine::holder_of(&places.data).is_some() {
            steering::stop(places, before.program.clone(), true).await?;
        }
        importing::apply(places, &[Edit::Remove { section: Section::Program, name: before.program.clone() }])?;
    }
    let service = open(name)?;
    set_start(&service, before.start)?;
    if before.ran {
        service.start::<&OsStr>(&[]).map_err(failed)?;
    }
    nssm::forget(name).map_err(|error| CommandError::Failed(format!("{name}: the registry: {error}")))?;
    say!("{name} is NSSM's again{}.", if before.ran { ", and started" } else { "" });
    Ok(Outcome::Well)
}

/// Shows what comes of a service, and takes it over if that is wished.
fn take(places: &Places, service: &NssmService, yes: bool) -> std::result::Result<(), CommandError> {
    let tables = importing::tables(places)?;
    let imported = estatus_config::import_nssm(service.settings.clone(), &tables, defaults().language);
    say!("# {}", service.name);
    say!("{}", estatus_config::preview(&imported.edits));
    imported.notes.iter().for_each(|note| say!("# {note}"));
    let Some(program) = imported.edits.iter().find_map(name_of) else {
        return Err(CommandError::Failed("nothing comes of it that could be taken over".into()));
    };
    if !yes {
        return Ok(());
    }
    let system = open(&service.name)?;
    let start = system.query_config().map_err(failed)?.start_type.to_raw();
    let ran = manager::runs(&system)?;
    // How it was is on record before anything is changed.
    nssm::remember(&service.name, &Before { program: program.clone(), start, ran })
        .map_err(|error| CommandError::Failed(format!("the registry: {error}")))?;
    let taken = manager::end(&system)
        .and_then(|()| set_start(&system, ServiceStartType::Disabled.to_raw()))
        .and_then(|()| importing::apply(places, &imported.edits));
    if let Err(error) = taken {
        undo(&service.name, &system, start, ran);
        return Err(error);
    }
    say!("{} is stopped and disabled; “{program}” is in {}", service.name, places.config.display());
    Ok(())
}

/// Leaves a service as it was; what cannot be undone is said.
fn undo(name: &str, service: &Service, start: u32, ran: bool) {
    let back = set_start(service, start)
        .and_then(|()| if ran { service.start::<&OsStr>(&[]).map_err(failed) } else { Ok(()) });
    if let Err(CommandError::Failed(why) | CommandError::Wrong(why)) = back {
        complain!("estatus: {name} could not be left as it was: {why}; `estatus service give-back {name}` tries again");
    } else if let Err(error) = nssm::forget(name) {
        complain!("estatus: {name}: the registry: {error}");
    }
}

fn name_of(edit: &Edit) -> Option<String> {
    match edit {
        Edit::Put { table, .. } => table["name"].as_str().map(str::to_owned),
        _ => None,
    }
}

/// The services that are meant; all, if none is named.
fn chosen(names: &[String]) -> std::result::Result<Vec<NssmService>, CommandError> {
    let all = nssm::services()
        .map_err(|error| CommandError::Failed(format!("the services of this machine cannot be read: {error}")))?;
    let is_named = |service: &NssmService, name: &String| service.name.eq_ignore_ascii_case(name);
    if let Some(unknown) = names.iter().find(|name| !all.iter().any(|service| is_named(service, name))) {
        return Err(CommandError::Wrong(format!(
            "NSSM runs no service {unknown}: `estatus service take-over` lists them"
        )));
    }
    Ok(all.into_iter().filter(|service| names.is_empty() || names.iter().any(|name| is_named(service, name))).collect())
}

fn open(name: &str) -> std::result::Result<Service, CommandError> {
    let manager = ServiceManager::local_computer(None::<&OsStr>, ServiceManagerAccess::CONNECT).map_err(failed)?;
    manager.open_service(name, ServiceAccess::ALL_ACCESS).map_err(failed)
}

/// Changes how a service starts, and nothing else of it.
fn set_start(service: &Service, start: u32) -> std::result::Result<(), CommandError> {
    super::start_type::set(service, start)
        .map_err(|error| CommandError::Failed(format!("the service control manager: {error}")))
}
