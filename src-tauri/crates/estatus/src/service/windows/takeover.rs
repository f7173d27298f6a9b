//! `estatus service take-over` and `give-back`: services that NSSM runs become programs of Estatus, and are NSSM's again.

use std::ffi::OsStr;

use estatus_api::{Edit, Section};
use estatus_config::Defaults;
use serde_json::Value as Json;
use windows_service::{
    service::{Service, ServiceAccess, ServiceStartType},
    service_manager::{ServiceManager, ServiceManagerAccess},
};

use super::{
    connection::must_be_elevated,
    control,
    errors::failed,
    nssm::{self, Before, NssmService},
};
use crate::{CommandError, Outcome, Result, configuration::Places, importing, show, steering};

/// `estatus service take-over`
pub(in crate::service) fn take_over(places: &Places, names: &[String], yes: bool) -> Result {
    let services = chosen(names)?;
    if services.is_empty() {
        say!("NSSM runs no service here.");
        return Ok(Outcome::Well);
    }
    if yes {
        must_be_elevated()?;
    }
    let mut outcome = Outcome::Well;
    for service in services {
        let name = &service.name;
        let taken =
            service.taken_as.as_deref().map(|program| Ok((program, has_program(places, program)?))).transpose()?;
        match taken {
            Some((program, true)) => {
                say!("# {name}: is the program “{}” already", show::one_line(program));
                continue;
            }
            // Something ended it half-way; how the service was before is known.
            Some((program, false)) => say!("# {name}: was to become “{}”, which is not there", show::one_line(program)),
            None => {}
        }
        if let Err(why) = take(places, &service, yes) {
            complain!("estatus: {name}: {why}");
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
    must_be_elevated()?;
    let before = nssm::remembered(name).ok_or_else(|| {
        CommandError::Failed(format!("{name} was not taken over: `estatus service take-over` lists what is"))
    })?;
    let service = open(name, access(true))?;
    let program = &before.program;
    if has_program(places, program)? {
        let removal = [Edit::Remove { section: Section::Program, name: program.clone() }];
        // What would be refused is refused before anything is stopped.
        importing::try_out(places, &removal)?;
        stop(places, program).await?;
        importing::apply(places, &removal)?;
    } else {
        must_not_be_renamed(places, name, program)?;
    }
    set_start(&service, before.start)?;
    if before.ran {
        control::launch(&service)?;
    }
    nssm::forget(name).map_err(|error| CommandError::Failed(format!("{name}: the registry: {error}")))?;
    say!("{name} is NSSM's again{}.", if before.ran { ", and started" } else { "" });
    Ok(Outcome::Well)
}

/// Has `program` stopped, so that NSSM starts no second one.
async fn stop(places: &Places, program: &str) -> std::result::Result<(), CommandError> {
    if estatus_engine::holder_of(&places.data).is_none() {
        if !estatus_program::left_running(&places.data).iter().any(|it| it == program) {
            return Ok(());
        }
        return Err(CommandError::Failed(format!(
            "“{program}” runs, and no engine that could stop it: `estatus service start` starts one, or the tray"
        )));
    }
    match steering::stop(places, program.to_owned(), true).await? {
        Outcome::Well => Ok(()),
        Outcome::NotWell => {
            Err(CommandError::Failed(format!("“{program}” is not wholly stopped, and NSSM would start a second one")))
        }
    }
}

fn has_program(places: &Places, name: &str) -> std::result::Result<bool, CommandError> {
    let known = importing::tables(places)?;
    Ok(known["program"].as_array().is_some_and(|all| all.iter().any(|it| it["name"] == *name)))
}

/// Refuses where the program that the service `name` has become is there under another name.
fn must_not_be_renamed(places: &Places, name: &str, program: &str) -> std::result::Result<(), CommandError> {
    let Some(service) = chosen(&[name.to_owned()])?.pop() else { return Ok(()) };
    let application = service
        .settings
        .iter()
        .find(|(_, key, _)| key.eq_ignore_ascii_case("Application"))
        .and_then(|(_, _, is)| is.first());
    let Some(application) = application.map(|path| path.to_lowercase()) else { return Ok(()) };
    let known = importing::tables(places)?;
    let runs_it = |it: &&Json| match &it["command"] {
        Json::String(line) => line.to_lowercase().contains(&application),
        words => words[0].as_str().is_some_and(|word| word.to_lowercase() == application),
    };
    match known["program"].as_array().into_iter().flatten().find(runs_it) {
        None => Ok(()),
        Some(other) => Err(CommandError::Failed(format!(
            "there is no program “{program}” any more, but “{}” runs {application} too, which NSSM would start a second \
             time: remove it, or give it back the name “{program}”",
            other["name"].as_str().unwrap_or_default()
        ))),
    }
}

/// Shows what comes of a service, and takes it over if that is wished.
fn take(places: &Places, service: &NssmService, yes: bool) -> std::result::Result<(), CommandError> {
    let system = open(&service.name, access(yes))?;
    let now = Before {
        program: String::new(),
        start: system.query_config().map_err(failed)?.start_type.to_raw(),
        ran: control::runs(&system)?,
    };
    // What was begun before has changed it.
    let before = nssm::remembered(&service.name).unwrap_or(now);
    let tables = importing::tables(places)?;
    let mut imported = estatus_config::import_nssm(service.settings.clone(), &tables, Defaults::of_system().language);
    imported.edits.iter_mut().for_each(|edit| keep_running(edit, before.ran));
    say!("# {}", service.name);
    say!("{}", estatus_config::preview(&imported.edits));
    imported.notes.iter().for_each(|note| say!("# {note}"));
    let Some(program) = imported.edits.iter().find_map(name_of) else {
        return Err(CommandError::Failed("nothing comes of it that could be taken over".into()));
    };
    if !yes {
        return Ok(());
    }
    if estatus_engine::holder_of(&places.data).is_none() {
        return Err(CommandError::Failed(format!(
            "no engine runs on {}, so that nothing would start it: `estatus service start` starts one, or the tray",
            places.data.display()
        )));
    }
    importing::try_out(places, &imported.edits)?;
    // How it was is on record before anything is changed.
    nssm::remember(&service.name, &Before { program: program.clone(), ..before.clone() })
        .map_err(|error| CommandError::Failed(format!("the registry: {error}")))?;
    let taken = control::end(&system)
        .and_then(|()| set_start(&system, ServiceStartType::Disabled.to_raw()))
        .and_then(|()| importing::apply(places, &imported.edits));
    if let Err(error) = taken {
        undo(&service.name, &system, &before);
        return Err(error);
    }
    say!("{} is stopped and disabled; “{program}” is in {}", service.name, places.config.display());
    Ok(())
}

/// What ran is kept running, however it was started.
fn keep_running(edit: &mut Edit, ran: bool) {
    if let Edit::Put { table: Json::Object(table), .. } = edit
        && ran
    {
        table.remove("enabled");
    }
}

/// Leaves a service as it was; what cannot be undone is said.
fn undo(name: &str, service: &Service, before: &Before) {
    let back =
        set_start(service, before.start).and_then(|()| if before.ran { control::launch(service) } else { Ok(()) });
    if let Err(why) = back {
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

fn open(name: &str, access: ServiceAccess) -> std::result::Result<Service, CommandError> {
    let manager = ServiceManager::local_computer(None::<&OsStr>, ServiceManagerAccess::CONNECT).map_err(failed)?;
    manager.open_service(name, access).map_err(failed)
}

/// Everybody may look.
fn access(changes: bool) -> ServiceAccess {
    let look = ServiceAccess::QUERY_STATUS | ServiceAccess::QUERY_CONFIG;
    if changes { ServiceAccess::ALL_ACCESS } else { look }
}

/// Changes how a service starts, and nothing else of it.
fn set_start(service: &Service, start: u32) -> std::result::Result<(), CommandError> {
    super::start_type::set(service, start)
        .map_err(|error| CommandError::Failed(format!("the service control manager: {error}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_ran_under_nssm_is_kept_running_here() {
        let check = |ran: bool, expected: Json| {
            let table = json!({ "name": "web", "enabled": false });
            let mut edit = Edit::Put { section: Section::Program, name: None, table, called: None };
            keep_running(&mut edit, ran);
            let Edit::Put { table, .. } = edit else { unreachable!() };
            assert_eq!(table, expected);
        };
        check(true, json!({ "name": "web" }));
        check(false, json!({ "name": "web", "enabled": false }));
    }
}
