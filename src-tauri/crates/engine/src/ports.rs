//! Introduces rooms to each other that do not know each other.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::ready,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use estatus_core::{
    command::{CommandEnd, CommandOutcome, CommandRun},
    config::{Config, Language},
    ports::{BoxFuture, Ports},
    secret::{Secret, SecretError, SecretRef},
    words,
};
use futures_util::{FutureExt, future::Shared};
use tokio::sync::watch;

/// A secret that is being fetched. The keyring may keep whoever asks waiting, and with him a thread.
type Fetching = Shared<BoxFuture<'static, Result<Secret, SecretError>>>;

/// Runs commands by the program room, fetches secrets by the config room.
#[derive(Clone)]
pub(crate) struct EnginePorts {
    customs: watch::Receiver<Customs>,
    /// The data folder, which keeps secrets where there is no keyring.
    data: Arc<Path>,
    /// One for each secret: whoever wants it meanwhile shares it.
    fetching: Arc<Mutex<Vec<(SecretRef, Fetching)>>>,
    /// By its name, what takes the place of a secret that is stored.
    typed: Arc<BTreeMap<String, Secret>>,
}

/// What holds for every secret and command, as the configuration in force says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Customs {
    /// In which it is told why a secret is not to be had.
    language: Language,
    /// What nothing that is started finds in its environment, unless it is given to it.
    hidden: Arc<BTreeSet<String>>,
}

impl Customs {
    /// As `config` says.
    pub(crate) fn of(config: &Config) -> Self {
        Self { language: config.language, hidden: Arc::new(config.secret_variables.clone()) }
    }
}

impl EnginePorts {
    /// The ports of an engine on the data folder `data`, with the customs that are told last.
    pub(crate) fn new(customs: watch::Receiver<Customs>, data: &Path) -> Self {
        Self { customs, data: data.into(), fetching: Arc::default(), typed: Arc::default() }
    }

    /// The same, but that it finds `typed` in place of the secrets that are stored under these names.
    pub(crate) fn with_typed(self, typed: BTreeMap<String, Secret>) -> Self {
        Self { typed: Arc::new(typed), ..self }
    }

    /// The ports without an engine.
    pub(crate) fn alone(customs: Customs, data: &Path) -> Self {
        Self::new(watch::channel(customs).1, data)
    }

    /// That nobody has answered who was asked for secrets.
    pub(crate) fn no_secrets_in_time(&self) -> SecretError {
        SecretError(words::text(self.customs.borrow().language, "start.secrets_late", &[]))
    }

    /// What nothing that is started finds in its environment, unless it is given to it.
    pub(crate) fn hidden(&self) -> Arc<BTreeSet<String>> {
        Arc::clone(&self.customs.borrow().hidden)
    }

    fn fetch(&self, place: &SecretRef) -> Fetching {
        let mut fetching = self.fetching.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, shared)) = fetching.iter().find(|(known, _)| known == place) {
            return shared.clone();
        }
        let (asked, data, language) = (place.clone(), Arc::clone(&self.data), self.customs.borrow().language);
        let found = tokio::task::spawn_blocking(move || estatus_config::secret(&asked, &data, language));
        let found = async { found.await.unwrap_or_else(|error| Err(SecretError(error.to_string()))) };
        let shared = (Box::pin(found) as BoxFuture<'static, _>).shared();
        fetching.push((place.clone(), shared.clone()));
        let (all, place, ends) = (Arc::clone(&self.fetching), place.clone(), shared.clone());
        tokio::spawn(async move {
            let _ = ends.await;
            all.lock().unwrap_or_else(PoisonError::into_inner).retain(|(known, _)| *known != place);
        });
        shared
    }

    /// That there is another secret under `name`: whoever asks for it from now on does not share what is being fetched.
    pub(crate) fn has_changed(&self, name: &str) {
        let is_changed = |place: &SecretRef| matches!(place, SecretRef::Keyring(known) if known == name);
        self.fetching.lock().unwrap_or_else(PoisonError::into_inner).retain(|(place, _)| !is_changed(place));
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

impl Ports for EnginePorts {
    fn run(&self, run: CommandRun) -> BoxFuture<'_, CommandOutcome> {
        Box::pin(async move {
            let secrets = match self.secrets(&run.command.secret_env).await {
                Ok(secrets) => secrets,
                Err(error) => return cannot_start(&error),
            };
            estatus_program::run(run, secrets, &self.hidden()).await
        })
    }

    fn secret<'a>(&'a self, place: &'a SecretRef) -> BoxFuture<'a, Result<Secret, SecretError>> {
        let typed = match place {
            SecretRef::Keyring(name) => self.typed.get(name),
            _ => None,
        };
        match typed {
            Some(typed) => Box::pin(ready(Ok(typed.clone()))),
            None => Box::pin(self.fetch(place)),
        }
    }
}

pub(crate) fn cannot_start(error: &SecretError) -> CommandOutcome {
    CommandOutcome {
        end: CommandEnd::CannotStart(error.to_string()),
        stdout: String::new(),
        stderr: String::new(),
        took: std::time::Duration::ZERO,
        program: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_typed_takes_the_place_of_what_is_stored_under_its_name() {
        let typed = BTreeMap::from([("smtp".to_owned(), Secret::new("typed"))]);
        let ports = EnginePorts::alone(Customs::of(&Config::default()), Path::new("no data")).with_typed(typed);
        let found = ports.secret(&SecretRef::Keyring("smtp".to_owned())).await;
        assert_eq!(found.map(|secret| secret.reveal().to_owned()).ok().as_deref(), Some("typed"));
        assert!(ports.secret(&SecretRef::Env("ESTATUS_NO_SUCH_ONE".to_owned())).await.is_err());
        assert!(ports.fetching.lock().unwrap().iter().all(|(place, _)| !matches!(place, SecretRef::Keyring(_))));
    }

    #[tokio::test]
    async fn whoever_wants_a_secret_that_is_being_fetched_waits_with_the_others() {
        let ports = EnginePorts::alone(Customs::of(&Config::default()), Path::new("no data"));
        let place = |name: &str| SecretRef::Env(format!("ESTATUS_NO_SUCH_{name}"));
        // Nothing else runs meanwhile: this thread is the only one.
        let waiting: Vec<_> = (0..1000).map(|_| ports.fetch(&place("ONE"))).collect();
        let other = ports.fetch(&place("OTHER"));
        assert_eq!(ports.fetching.lock().unwrap().len(), 2);
        for secret in waiting.into_iter().chain([other]) {
            assert!(secret.await.is_err());
        }
        while !ports.fetching.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    }
}
