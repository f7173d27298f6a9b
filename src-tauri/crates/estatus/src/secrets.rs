//! `estatus secret`: the engine that runs on the data folder keeps secrets, for it is who uses them; without one they are
//! put where it will look.

use std::{
    io::{self, IsTerminal, Read},
    path::Path,
};

use comfy_table::Cell;
use estatus_api::{AttachError, Client, Reply, Request, SecretState, SecretText, SecretUser, Section};
use estatus_config::places;
use estatus_core::{
    config::Language,
    secret::{SecretError, StoredIn},
};

use crate::{
    CommandError, Outcome, Result,
    arguments::SecretCommand,
    asking::{trouble, unexpected},
    configuration::Places,
    show,
};

/// More than a secret may have.
const INPUT_LIMIT: u64 = 1 << 20;

pub(crate) async fn carry_out(places: &Places, command: SecretCommand) -> Result {
    match command {
        SecretCommand::Set { name } => set(places, name).await,
        SecretCommand::List { json } => list(places, json).await,
        SecretCommand::Remove { name } => remove(places, name).await,
    }
}

async fn set(places: &Places, name: String) -> Result {
    let engine = engine(places).await?;
    let value = asked_for(&name)?;
    estatus_config::fits_to_store(&name, &value.0, Language::English).map_err(wrong)?;
    let stored = match engine {
        Some(mut engine) => {
            let request = Request::StoreSecret { name: name.clone(), value };
            match engine.request(request).await.map_err(trouble)? {
                Reply::SecretStored(stored) => stored,
                _ => return Err(unexpected()),
            }
        }
        None => estatus_config::store_secret(&name, &value.0, &places.data, Language::English)
            .map_err(CommandError::failed)?,
    };
    say!("{name}: {}; programs get it at their next start, everything else uses it from now on", said(&stored));
    say!("In estatus.toml it is called {{ keyring = \"{name}\" }}");
    Ok(Outcome::Well)
}

async fn remove(places: &Places, name: String) -> Result {
    if let Some(mut engine) = engine(places).await? {
        engine.request(Request::RemoveSecret { name }).await.map_err(trouble)?;
        return Ok(Outcome::Well);
    }
    let was_there =
        estatus_config::remove_secret(&name, &places.data, Language::English).map_err(CommandError::failed)?;
    if was_there {
        return Ok(Outcome::Well);
    }
    Err(CommandError::Wrong(format!("nothing is stored under “{name}”; `estatus secret list` lists what is")))
}

async fn list(places: &Places, json: bool) -> Result {
    let states = match engine(places).await? {
        Some(mut engine) => match engine.request(Request::Secrets { names: None }).await.map_err(trouble)? {
            Reply::Secrets(states) => states,
            _ => return Err(unexpected()),
        },
        None => estatus_config::secret_states(None, &places.config, &places.data, Language::English),
    };
    if json {
        show::json(&states)?;
    } else if states.is_empty() {
        say!("no secrets: the configuration names none, and none is stored");
    } else {
        print(&states);
    }
    Ok(Outcome::Well)
}

fn print(states: &[SecretState]) {
    let mut table = show::table(&["SECRET", "WHERE", "USED BY"]);
    for SecretState { name, stored, trouble, used_by } in states {
        let place = match (stored, trouble) {
            (Some(stored), _) => said(stored),
            (None, Some(trouble)) => trouble.clone(),
            (None, None) => "not set".to_owned(),
        };
        table.add_row([name, &place, &users(used_by.as_deref())].map(|text| Cell::new(show::one_line(text))));
    }
    say!("{}", table.trim_fmt());
}

/// What names a secret.
fn users(users: Option<&[SecretUser]>) -> String {
    let word = |section| match section {
        Section::Monitor => "monitor",
        Section::Program => "program",
        Section::Channel => "channel",
        Section::Flow => "flow",
        Section::Fleet => "fleet",
    };
    match users {
        None => "unknown: estatus.toml cannot be read".to_owned(),
        Some([]) => "not used by estatus.toml".to_owned(),
        Some(users) => {
            let named: Vec<String> =
                users.iter().map(|user| format!("{} “{}”", word(user.section), user.name)).collect();
            named.join(", ")
        }
    }
}

fn said(stored: &StoredIn) -> String {
    match stored {
        StoredIn::Keyring { called } => format!("stored in {called}"),
        StoredIn::File { path } => {
            format!("stored in a file that only you can read, as there is no keyring: {}", path.display())
        }
    }
}

/// The engine that runs on the data folder; nothing if none does and secrets can be kept without it.
async fn engine(places: &Places) -> std::result::Result<Option<Client>, CommandError> {
    let failed = |error: AttachError| CommandError::Failed(format!("{}: {error}", places.data.display()));
    match Client::attach(&estatus_engine::endpoint(&places.data)).await {
        Ok(engine) => Ok(Some(engine)),
        // What this user keeps is not what the service's account finds.
        Err(AttachError::NoEngine) if is_services(places) => {
            Err(CommandError::Failed(format!("{}: the service does not run; start it first", places.data.display())))
        }
        Err(AttachError::NoEngine) => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

/// Whether the data folder is that of the installed service.
fn is_services(places: &Places) -> bool {
    let is_own = |own: &Path| own == places.data;
    places.given_data().is_none() && !places::own_data_folder().is_ok_and(|own| is_own(&own))
}

/// What is typed where nobody sees it, or comes by a pipe.
fn asked_for(name: &str) -> std::result::Result<SecretText, CommandError> {
    if io::stdin().is_terminal() {
        let typed = rpassword::prompt_password(format!("Secret {}: ", show::one_line(name)));
        return typed.map(SecretText::new).map_err(unread);
    }
    let mut text = String::new();
    io::stdin().take(INPUT_LIMIT).read_to_string(&mut text).map_err(unread)?;
    // A line end is what `echo` adds.
    let without_end = text.strip_suffix('\n').map_or(text.len(), |line| line.strip_suffix('\r').unwrap_or(line).len());
    text.truncate(without_end);
    Ok(SecretText::new(text))
}

fn unread(error: io::Error) -> CommandError {
    CommandError::Failed(format!("the secret cannot be read: {error}"))
}

fn wrong(SecretError(why): SecretError) -> CommandError {
    CommandError::Wrong(why)
}
