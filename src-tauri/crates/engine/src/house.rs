//! Introduces rooms to each other that do not know each other.

use estatus_core::{
    command::{CommandEnd, CommandOutcome, CommandRun},
    ports::{BoxFuture, Ports},
    secret::{Secret, SecretError, SecretRef},
};

/// Runs commands by the program room, fetches secrets by the config room.
pub(crate) struct House;

impl House {
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
        let place = place.clone();
        Box::pin(async move {
            let fetched = tokio::task::spawn_blocking(move || estatus_config::secret(&place)).await;
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
