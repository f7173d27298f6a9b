//! By whose right AWS is asked: finds keys where AWS's own tools find them, in their order, and keeps them while they hold.
//!
//! What the environment says comes first (`AWS_ACCESS_KEY_ID`, or `AWS_WEB_IDENTITY_TOKEN_FILE` with `AWS_ROLE_ARN`), then
//! the profile (`AWS_PROFILE`, or `default`) of the shared files, then the role of the container or the machine. A profile
//! has keys, a `credential_process`, or a role with the `source_profile` or the `credential_source` that may take it. That
//! somebody has signed in by a browser (`sso_…`) or has a device for it (`mfa_serial`) does not help a program that runs
//! by itself: such a profile is refused, and says so.

mod roles;
mod shared_files;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use estatus_core::{
    Timestamp,
    command::{CommandEnd, CommandLine, CommandRun, Run},
    fleet::{
        Cloud, Credentials,
        command::{ProviderError, ProviderErrorKind as Kind},
    },
    ports::BoxFuture,
    secret::Secret,
};
use serde::Deserialize;

use self::shared_files::{Profile, Profiles};
use super::{Asking, line::Line};
use crate::provider::fault::not_done;

/// Keys of which nobody says how long they hold are looked for anew after this: somebody may have changed them.
const HOLDS: Duration = Duration::from_secs(5 * 60);
/// Keys that run out are replaced so long before.
const MARGIN: Duration = Duration::from_secs(5 * 60);
/// So many profiles may lead from one to the next.
const LONGEST_CHAIN: u32 = 5;
/// How long a `credential_process` may take.
const PROCESS_WITHIN: Duration = Duration::from_secs(60);
const PROCESS_OUTPUT: usize = 64 * 1024;

/// An access key, which lets in whoever has it.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    pub(crate) id: String,
    pub(crate) secret: Secret,
    /// What belongs to keys that were made for a while.
    pub(crate) session: Option<Secret>,
    /// When they run out.
    pub(crate) until: Option<Timestamp>,
}

impl Keys {
    /// What of them must not be told.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        std::iter::once(&self.secret).chain(&self.session)
    }
}

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

/// What the environment of Estatus says.
#[derive(Clone)]
pub(crate) struct Environment(Arc<Lookup>);

impl Environment {
    /// That of this process.
    pub(crate) fn of_process() -> Self {
        Self(Arc::new(|name| std::env::var(name).ok()))
    }

    /// Another.
    #[cfg(test)]
    pub(crate) fn of(variables: &[(&str, &str)]) -> Self {
        let variables: BTreeMap<String, String> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self(Arc::new(move |name| variables.get(name).cloned()))
    }

    fn get(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    fn path(&self, name: &str, below_home: &str) -> Option<PathBuf> {
        let home = || self.get("HOME").or_else(|| self.get("USERPROFILE"));
        self.get(name).map(PathBuf::from).or_else(|| home().map(|home| PathBuf::from(home).join(below_home)))
    }
}

/// One cloud's keys, and until when they are not looked for again.
#[derive(Default)]
struct Slot(Option<(Keys, Timestamp)>);

/// Keeps keys while they hold.
pub(crate) struct Vault {
    environment: Environment,
    /// Whoever wants the same meanwhile waits for it, and nobody else.
    slots: Mutex<BTreeMap<String, Arc<tokio::sync::Mutex<Slot>>>>,
}

impl Vault {
    /// An empty one, for what this environment leads to.
    pub(crate) fn new(environment: Environment) -> Self {
        Self { environment, slots: Mutex::default() }
    }

    /// The keys with which a cloud is asked.
    ///
    /// # Errors
    /// If there are none, or they cannot be had now.
    pub(super) async fn keys(&self, asking: Asking<'_>, line: &Line) -> Result<Keys, ProviderError> {
        let slot = Arc::clone(self.slots().entry(name_of(asking.cloud)).or_default());
        let mut slot = slot.lock().await;
        let now = Timestamp::now();
        if let Some((keys, until)) = &slot.0
            && now < *until
        {
            return Ok(keys.clone());
        }
        let search = Search { environment: &self.environment, asking, line };
        match search.keys().await {
            Ok(keys) => {
                let until = keys.until.map_or(now + HOLDS, |end| (end - MARGIN).max(now));
                slot.0 = Some((keys.clone(), until));
                Ok(keys)
            }
            // What holds for some minutes yet is better than nothing.
            Err(error) => match slot.0.take() {
                Some((keys, until)) if keys.until.is_some_and(|end| now < end) => {
                    slot.0 = Some((keys.clone(), until));
                    Ok(keys)
                }
                _ => Err(error),
            },
        }
    }

    /// Looks for the keys of a cloud anew when they are wanted next.
    pub(super) fn forget(&self, cloud: &Cloud) {
        self.slots().remove(&name_of(cloud));
    }

    fn slots(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<tokio::sync::Mutex<Slot>>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Clouds of the same name have the same keys. The secret is not in it, only where it is kept.
fn name_of(cloud: &Cloud) -> String {
    format!("{:?} {:?} {}", cloud.credentials, cloud.endpoint.as_ref().map(url::Url::as_str), cloud.region)
}

/// Keys, as a program or a server says them in JSON.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Said {
    access_key_id: String,
    secret_access_key: String,
    #[serde(alias = "Token")]
    session_token: Option<String>,
    expiration: Option<Timestamp>,
}

impl Said {
    /// Reads them. What is wrong is not told: it may be the secret.
    fn read(json: &str) -> Option<Keys> {
        let said: Self = serde_json::from_str(json).ok()?;
        Some(Keys {
            id: said.access_key_id,
            secret: Secret::new(said.secret_access_key),
            session: said.session_token.filter(|token| !token.is_empty()).map(Secret::new),
            until: said.expiration,
        })
    }
}

/// One search for keys.
#[derive(Clone, Copy)]
struct Search<'a> {
    environment: &'a Environment,
    asking: Asking<'a>,
    line: &'a Line,
}

impl Search<'_> {
    async fn keys(&self) -> Result<Keys, ProviderError> {
        match &self.asking.cloud.credentials {
            Credentials::Key { id, secret } => {
                let fetched = self.asking.ports.secret(secret).await;
                let secret = fetched.map_err(|error| not_done(Kind::Credentials, error.to_string()))?;
                Ok(Keys { id: id.clone(), secret, session: None, until: None })
            }
            Credentials::Profile(name) => {
                let profiles = self.profiles().await;
                self.of_profile(&profiles, name, 0).await
            }
            Credentials::Role => self.of_role().await?.ok_or_else(|| self.fault("provider.no_role", &[])),
            Credentials::Usual => self.usual().await,
        }
    }

    async fn usual(&self) -> Result<Keys, ProviderError> {
        if let Some(keys) = self.of_environment() {
            return Ok(keys);
        }
        let variable = |name| self.environment.get(name);
        if let (Some(file), Some(role)) = (variable("AWS_WEB_IDENTITY_TOKEN_FILE"), variable("AWS_ROLE_ARN")) {
            return self.of_web_identity(&file, &role, variable("AWS_ROLE_SESSION_NAME")).await;
        }
        let (profiles, named) = (self.profiles().await, variable("AWS_PROFILE"));
        let name = named.as_deref().unwrap_or(shared_files::DEFAULT);
        if named.is_some() || profiles.get(name).is_some_and(|profile| !profile.is_empty()) {
            return self.of_profile(&profiles, name, 0).await;
        }
        self.of_role().await?.ok_or_else(|| self.fault("provider.no_credentials", &[]))
    }

    fn of_environment(&self) -> Option<Keys> {
        let secret = |name| self.environment.get(name).map(Secret::new);
        Some(Keys {
            id: self.environment.get("AWS_ACCESS_KEY_ID")?,
            secret: secret("AWS_SECRET_ACCESS_KEY")?,
            session: secret("AWS_SESSION_TOKEN"),
            until: None,
        })
    }

    async fn profiles(&self) -> Profiles {
        let credentials = self.environment.path("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials");
        let config = self.environment.path("AWS_CONFIG_FILE", ".aws/config");
        let read = async |path: Option<PathBuf>| match path {
            Some(path) => tokio::fs::read_to_string(path).await.unwrap_or_default(),
            None => String::new(),
        };
        Profiles::read(&read(credentials).await, &read(config).await)
    }

    /// The keys of a profile, and of those that it refers to.
    fn of_profile<'a>(
        &'a self,
        profiles: &'a Profiles,
        name: &'a str,
        depth: u32,
    ) -> BoxFuture<'a, Result<Keys, ProviderError>> {
        Box::pin(async move {
            let fault = |key: &str| self.fault(key, &[("profile", name)]);
            let profile = profiles.get(name).ok_or_else(|| fault("provider.no_profile"))?;
            if depth == LONGEST_CHAIN {
                return Err(fault("provider.profile_circle"));
            }
            if let Some(role) = profile.value("role_arn") {
                return self.of_role_of(profiles, (name, profile), role, depth).await;
            }
            if let Some(keys) = profile.keys() {
                return Ok(keys);
            }
            match profile.value("credential_process") {
                Some(line) => self.of_process(name, line).await,
                None => Err(fault("provider.profile_empty")),
            }
        })
    }

    /// The keys of a role that the profile may take.
    async fn of_role_of(
        &self,
        profiles: &Profiles,
        (name, profile): (&str, &Profile),
        role: &str,
        depth: u32,
    ) -> Result<Keys, ProviderError> {
        let fault = |key: &str| self.fault(key, &[("profile", name)]);
        let session = profile.value("role_session_name").map(str::to_owned);
        if let Some(file) = profile.value("web_identity_token_file") {
            return self.of_web_identity(file, role, session).await;
        }
        if profile.value("mfa_serial").is_some() {
            return Err(fault("provider.profile_empty"));
        }
        let own = match (profile.value("source_profile"), profile.value("credential_source")) {
            // Its own keys may take it.
            (Some(source), _) if source == name => profile.keys().ok_or_else(|| fault("provider.profile_circle"))?,
            (Some(source), _) => self.of_profile(profiles, source, depth + 1).await?,
            (None, Some("Environment")) => self.of_environment().ok_or_else(|| fault("provider.profile_empty"))?,
            (None, Some("Ec2InstanceMetadata" | "EcsContainer")) => {
                self.of_role().await?.ok_or_else(|| self.fault("provider.no_role", &[]))?
            }
            _ => return Err(fault("provider.profile_empty")),
        };
        self.assume(&own, role, session, profile.value("external_id")).await
    }

    async fn of_process(&self, profile: &str, line: &str) -> Result<Keys, ProviderError> {
        let command = CommandLine::new(Run::Shell(line.to_owned()));
        let run =
            CommandRun { command, env: Vec::new(), stdin: None, timeout: PROCESS_WITHIN, output_limit: PROCESS_OUTPUT };
        let outcome = self.asking.ports.run(run).await;
        let keys = if outcome.end == CommandEnd::Exited(0) { Said::read(&outcome.stdout) } else { None };
        keys.ok_or_else(|| self.fault("provider.profile_process", &[("profile", profile)]))
    }

    fn fault(&self, key: &str, values: &[(&str, &str)]) -> ProviderError {
        not_done(Kind::Credentials, self.asking.words.text(key, values))
    }
}
