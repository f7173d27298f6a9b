//! Introduces rooms to each other that do not know each other.

use estatus_core::{
    command::{CommandEnd, CommandOutcome, CommandRun},
    ports::{BoxFuture, Ports},
    secret::{Secret, SecretError, SecretRef},
};

/// Runs commands by the program room, fetches secrets by the config room.
pub(crate) struct House;

impl Ports for House {
    fn run(&self, run: CommandRun) -> BoxFuture<'_, CommandOutcome> {
        Box::pin(async move {
            let mut secrets = Vec::with_capacity(run.command.secret_env.len());
            for (name, place) in &run.command.secret_env {
                match self.secret(place).await {
                    Ok(secret) => secrets.push((name.clone(), secret)),
                    Err(error) => return cannot_start(&error),
                }
            }
            estatus_program::run(run, secrets).await
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
