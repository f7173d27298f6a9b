//! What a room may need of a neighbour it does not know; the engine introduces them.

use std::{future::Future, pin::Pin};

use crate::{
    command::{CommandOutcome, CommandRun},
    secret::{Secret, SecretError, SecretRef},
};

/// A future that is `Send` and boxed.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What probes and alerts may ask of the rest of the house.
pub trait Ports: Send + Sync + 'static {
    /// Runs a command to its end, at the latest until its timeout. Dropping the future ends the process tree too.
    fn run(&self, run: CommandRun) -> BoxFuture<'_, CommandOutcome>;

    /// Fetches a secret from where it is kept.
    fn secret<'a>(&'a self, place: &'a SecretRef) -> BoxFuture<'a, Result<Secret, SecretError>>;
}
