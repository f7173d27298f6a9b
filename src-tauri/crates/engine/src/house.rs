//! Introduces rooms to each other that do not know each other.

use std::{collections::BTreeSet, sync::Arc};

use estatus_core::{
    command::{CommandEnd, CommandOutcome, CommandRun},
    config::{Config, Language},
    ports::{BoxFuture, Ports},
    secret::{Secret, SecretError, SecretRef},
    words,
};
use estatus_program::Commands;
use tokio::sync::watch;

/// Runs commands by the program room, fetches secrets by the config room.
#[derive(Clone)]
pub(crate) struct House {
    customs: watch::Receiver<Customs>,
    /// The commands of owners, where there is an engine.
    commands: Option<Arc<Commands>>,
}

/// What holds for the whole house, as the configuration in force says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Customs {
    /// In which it is told why a secret is not to be had.
    language: Language,
    /// What nothing that is started finds in its environment, unless it is given to it.
    hidden: Arc<BTreeSet<String>>,
}

impl Customs {
    /// Where nothing is started.
    pub(crate) fn speaking(language: Language) -> Self {
        Self { language, hidden: Arc::default() }
    }

    /// As `config` says.
    pub(crate) fn of(config: &Config) -> Self {
        Self { language: config.language, hidden: Arc::new(config.secret_variables.clone()) }
    }
}

impl House {
    /// A house of an engine, with the customs that are told last.
    pub(crate) const fn new(customs: watch::Receiver<Customs>, commands: Arc<Commands>) -> Self {
        Self { customs, commands: Some(commands) }
    }

    /// A house without an engine.
    pub(crate) fn alone(customs: Customs) -> Self {
        Self { customs: watch::channel(customs).1, commands: None }
    }

    /// That nobody has answered who was asked for secrets.
    pub(crate) fn no_secrets_in_time(&self) -> SecretError {
        SecretError(words::text(self.customs.borrow().language, "start.secrets_late", &[]))
    }

    /// What nothing that is started finds in its environment, unless it is given to it.
    pub(crate) fn hidden(&self) -> Arc<BTreeSet<String>> {
        Arc::clone(&self.customs.borrow().hidden)
    }

    /// The commands of owners are given up.
    pub(crate) fn give_up_commands(&self) {
        self.commands.iter().for_each(|commands| commands.give_up());
    }

    /// The values of variables that are secrets.
    ///
    /// # Errors
    /// If one of them cannot be fetched.
    pub(crate) async fn secrets(&self, places: &[(String, SecretRef)]) -> Result<Vec<(String, Secret)>, SecretError> {
        let mut secrets = Vec::with_capacity(places.len());
        for (name, place) in places {
            secrets.push((name.clone(), self.secret(place).await?));
        }
        Ok(secrets)
    }
}

impl Ports for House {
    fn run(&self, run: CommandRun) -> BoxFuture<'_, CommandOutcome> {
        Box::pin(async move {
            let secrets = match self.secrets(&run.command.secret_env).await {
                Ok(secrets) => secrets,
                Err(error) => return cannot_start(&error),
            };
            let hidden = self.hidden();
            match (run.owner.clone(), &self.commands) {
                (Some(owner), Some(commands)) => commands.run(&owner, run, secrets, &hidden).await,
                _ => estatus_program::run(run, secrets, &hidden).await,
            }
        })
    }

    fn secret<'a>(&'a self, place: &'a SecretRef) -> BoxFuture<'a, Result<Secret, SecretError>> {
        let (place, language) = (place.clone(), self.customs.borrow().language);
        Box::pin(async move {
            let fetched = tokio::task::spawn_blocking(move || estatus_config::secret(&place, language)).await;
            fetched.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
        })
    }
}

fn cannot_start(error: &SecretError) -> CommandOutcome {
    CommandOutcome {
        end: CommandEnd::CannotStart(error.to_string()),
        stdout: String::new(),
        stderr: String::new(),
        took: std::time::Duration::ZERO,
    }
}
