//! Instances of whatever cloud or engine, by three commands of the user's.
//!
//! | command | finds in its environment | prints |
//! |---|---|---|
//! | `create` | `ESTATUS_FLEET`, `ESTATUS_INSTANCE`; `ESTATUS_SERVER`, `ESTATUS_TOKEN_FILE` | `{"id": "…"}` |
//! | `list` | `ESTATUS_FLEET` | `[{"id": "…", "name": "…"}, …]` |
//! | `terminate` | `ESTATUS_FLEET`, `ESTATUS_INSTANCE`, `ESTATUS_INSTANCE_ID` | nothing, or anything |
//!
//! All do what they do by exit code 0. The token file is there while `create` runs, and only its user can read it: what
//! is to read it later needs a copy.
//!
//! One name is one instance because `create` keeps to it: it may be run again with a name that it has launched, as it is
//! after a crash or when it took too long, and then prints the id of what there is. A command that knows that it has
//! launched nothing says so, and why: `{"error": "no room left", "kind": "capacity"}`, the kind being one of `credentials`,
//! `configuration`, `capacity`, `throttled`, `unreachable` and `other`. Of one that only fails it is not known.
//!
//! Instances have no address, no state and no template here; what is not listed is gone. A listed one may say `"outdated": true`.

use std::{path::Path, sync::Arc};

use estatus_core::{
    command::{CommandEnd, CommandLine, CommandOutcome, CommandRun},
    fleet::{
        CommandProvider, Fleet,
        command::{Listed, ProviderError, ProviderErrorKind as Kind},
    },
    maintenance::in_words,
    secret::Secret,
    words::Words,
};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    Enrolment, World,
    fault::{not_done, perhaps_done, said},
};

/// The most bytes that are read of what a command prints: room for a hundred thousand instances.
const OUTPUT_LIMIT: usize = 32 << 20;

/// Does one thing with the instances of a fleet.
pub(crate) struct CommandWork<'a> {
    pub(crate) world: &'a World,
    pub(crate) fleet: &'a Fleet,
    pub(crate) commands: &'a CommandProvider,
    pub(crate) words: &'a Words,
}

/// One execution of one of the three.
struct Execution<'a> {
    /// Which, in the user's words.
    which: &'static str,
    line: &'a CommandLine,
    /// The variables it finds beside `ESTATUS_FLEET`.
    variables: Vec<(&'static str, String)>,
    /// What must not be told, should it print it.
    secrets: Vec<&'a Secret>,
}

/// An id. Some count their instances.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(u64),
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        match id {
            Id::Text(text) => text,
            Id::Number(number) => number.to_string(),
        }
    }
}

/// What `create` prints.
#[derive(Deserialize)]
struct Created {
    id: Id,
}

/// What `list` prints of each.
#[derive(Deserialize)]
struct There {
    id: Id,
    name: Option<Arc<str>>,
    #[serde(default)]
    outdated: bool,
}

/// What a command prints that knows that it has done nothing.
#[derive(Deserialize)]
struct Undone {
    error: String,
    kind: Option<Kind>,
}

impl CommandWork<'_> {
    /// Launches `instance`; what it is called.
    ///
    /// # Errors
    /// If the command does not say what it is called.
    pub(crate) async fn launch(&self, instance: &str, enrolment: Option<&Enrolment>) -> Result<String, ProviderError> {
        let mut variables = vec![("ESTATUS_INSTANCE", instance.to_owned())];
        let file = match enrolment {
            Some(enrolment) => {
                let file = self.world.tokens.write(&enrolment.token).await.map_err(|error| {
                    not_done(Kind::Other, self.words.text("provider.token_file", &[("error", &error.to_string())]))
                })?;
                variables.push(("ESTATUS_SERVER", enrolment.server.clone()));
                variables.push(("ESTATUS_TOKEN_FILE", in_environment(file.path())));
                Some(file)
            }
            None => None,
        };
        let secrets = enrolment.iter().map(|enrolment| &enrolment.token).collect();
        let execution = Execution { which: "create", line: &self.commands.create, variables, secrets };
        let created: Created = self.printed(execution).await?;
        drop(file);
        let id = String::from(created.id);
        if id.trim().is_empty() {
            let values = [("which", "create"), ("error", "id"), ("output", "\"\"")];
            return Err(perhaps_done(Kind::Configuration, self.words.text("provider.command_output", &values)));
        }
        Ok(id)
    }

    /// What there is.
    ///
    /// # Errors
    /// If the command does not say.
    pub(crate) async fn list(&self) -> Result<Vec<Listed>, ProviderError> {
        let execution =
            Execution { which: "list", line: &self.commands.list, variables: Vec::new(), secrets: Vec::new() };
        let there: Vec<There> = self.printed(execution).await?;
        let listed = |one: There| {
            let name = one.name.filter(|name| !name.is_empty());
            Listed { id: one.id.into(), name, lives: true, outdated: one.outdated }
        };
        Ok(there.into_iter().map(listed).collect())
    }

    /// Terminates `instance`, called `id`; nothing is done where there is none.
    ///
    /// # Errors
    /// If the command fails, or it cannot be known what the instance is called.
    pub(crate) async fn terminate(&self, instance: &str, id: Option<String>) -> Result<(), ProviderError> {
        let ids = match id {
            Some(id) => vec![id],
            None => {
                let there = self.list().await?.into_iter();
                there.filter(|one| one.name.as_deref() == Some(instance)).map(|one| one.id).collect()
            }
        };
        for id in ids {
            let variables = vec![("ESTATUS_INSTANCE", instance.to_owned()), ("ESTATUS_INSTANCE_ID", id)];
            let line = &self.commands.terminate;
            self.run(&Execution { which: "terminate", line, variables, secrets: Vec::new() }).await?;
        }
        Ok(())
    }

    async fn printed<T: DeserializeOwned>(&self, execution: Execution<'_>) -> Result<T, ProviderError> {
        let stdout = self.run(&execution).await?;
        serde_json::from_str(&stdout).map_err(|error| {
            let output = said(&stdout, &execution.secrets);
            let values = [("which", execution.which), ("error", &error.to_string()), ("output", &output)];
            perhaps_done(Kind::Configuration, self.words.text("provider.command_output", &values))
        })
    }

    /// What it prints, if it does what it should.
    async fn run(&self, execution: &Execution<'_>) -> Result<String, ProviderError> {
        let variables = execution.variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let fleet = ("ESTATUS_FLEET".to_owned(), self.fleet.name.to_string());
        let run = CommandRun {
            command: execution.line.clone(),
            env: std::iter::once(fleet).chain(variables).collect(),
            stdin: None,
            timeout: self.commands.timeout,
            output_limit: OUTPUT_LIMIT,
        };
        let outcome = self.world.ports.run(run).await;
        match outcome.end {
            CommandEnd::Exited(0) if outcome.stdout.len() < OUTPUT_LIMIT => Ok(outcome.stdout),
            _ => Err(self.judge(&outcome, execution)),
        }
    }

    fn judge(&self, outcome: &CommandOutcome, execution: &Execution<'_>) -> ProviderError {
        let say = |key: &str, name: &str, value: &str| {
            let output = self.output(outcome, execution);
            self.words.text(key, &[("which", execution.which), (name, value), ("output", &output)])
        };
        match &outcome.end {
            CommandEnd::Exited(0) => perhaps_done(Kind::Configuration, say("provider.command_much", "", "")),
            CommandEnd::Exited(code) => match serde_json::from_str::<Undone>(&outcome.stdout) {
                Ok(undone) => not_done(undone.kind.unwrap_or(Kind::Other), said(&undone.error, &execution.secrets)),
                Err(_) => perhaps_done(Kind::Other, say("provider.command_exit", "code", &code.to_string())),
            },
            CommandEnd::Signaled(number) => {
                perhaps_done(Kind::Other, say("provider.command_signal", "number", &number.to_string()))
            }
            CommandEnd::TimedOut { .. } => {
                let after = in_words(self.commands.timeout);
                perhaps_done(Kind::Unreachable, say("provider.command_timed_out", "after", &after))
            }
            CommandEnd::Unseen | CommandEnd::Cancelled => {
                perhaps_done(Kind::Other, say("provider.command_unseen", "", ""))
            }
            CommandEnd::CannotStart(error) => {
                not_done(Kind::Configuration, say("provider.command_start", "error", error))
            }
        }
    }

    /// What it said of its failure, or else at all.
    fn output(&self, outcome: &CommandOutcome, execution: &Execution<'_>) -> String {
        let said = [&outcome.stderr, &outcome.stdout].map(|text| said(text.trim_start(), &execution.secrets));
        let said = said.into_iter().find(|text| !text.is_empty());
        said.unwrap_or_else(|| self.words.text("delivery.no_output", &[]))
    }
}

fn in_environment(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
