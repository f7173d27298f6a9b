//! Introduces rooms to each other that do not know each other.

use estatus_core::{
    command::{CommandEnd, CommandOutcome, CommandRun},
    config::Language,
    ports::{BoxFuture, Ports},
    secret::{Secret, SecretError, SecretRef},
    words,
};
use tokio::sync::watch;

/// Runs commands by the program room, fetches secrets by the config room.
#[derive(Clone)]
pub(crate) struct House {
    /// In which it is told why a secret is not to be had.
    language: watch::Receiver<Language>,
}

impl House {
    /// A house that speaks the language that is told last.
    pub(crate) const fn new(language: watch::Receiver<Language>) -> Self {
        Self { language }
    }

    /// A house that always speaks `language`.
    pub(crate) fn speaking(language: Language) -> Self {
        Self::new(watch::channel(language).1)
    }

    /// That nobody has answered who was asked for secrets.
    pub(crate) fn no_secrets_in_time(&self) -> SecretError {
        SecretError(words::text(*self.language.borrow(), "start.secrets_late", &[]))
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
            match self.secrets(&run.command.secret_env).await {
                Ok(secrets) => estatus_program::run(run, secrets).await,
                Err(error) => cannot_start(&error),
            }
        })
    }

    fn secret<'a>(&'a self, place: &'a SecretRef) -> BoxFuture<'a, Result<Secret, SecretError>> {
        let (place, language) = (place.clone(), *self.language.borrow());
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
