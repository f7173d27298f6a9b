//! A configuration that was a user's before it was the service's, and becomes theirs again.

use std::{
    fs,
    path::{Path, PathBuf},
};

use estatus_api::Client;

use super::wanted::own_places;
use crate::{CommandError, arguments::OfUser, service::handover};

/// Refuses where the engine of the service would leave programs running: one on another folder would start them a second time.
pub(super) async fn must_stop_all(data: &Path) -> std::result::Result<(), CommandError> {
    let Ok(client) = Client::attach(&estatus_engine::endpoint(data)).await else { return Ok(()) };
    let stays = handover::stays(&client);
    if stays.is_empty() {
        return Ok(());
    }
    Err(CommandError::Failed(format!(
        "{} would run on without the service, and a second time once your configuration is yours again: stop what runs on \
         when Estatus quits with `estatus stop PROGRAM` first",
        stays.join(", ")
    )))
}

/// What a configuration is called that became a service's.
pub(super) fn kept(own: &Path) -> PathBuf {
    own.with_extension("toml.before-service")
}

/// The configuration of a service that becomes the user's again whose it was.
#[derive(Debug)]
pub(super) struct GivenBack {
    /// Where the service has it.
    config: PathBuf,
    /// Where the user had it.
    pub(super) own: PathBuf,
}

impl GivenBack {
    /// Nothing if the configuration was not theirs, or they have another one by now.
    pub(super) fn of(config: &Path, of_user: &OfUser) -> Option<Self> {
        let own = own_places(of_user)?.config;
        let was_theirs = !own.exists() && kept(&own).exists() && config.exists() && own != config;
        was_theirs.then(|| Self { config: config.to_owned(), own })
    }

    /// Makes it theirs.
    ///
    /// # Errors
    /// What could not be done, and how to go on.
    pub(super) fn carry_out(&self) -> std::result::Result<(), CommandError> {
        let Self { config, own } = self;
        let given = fs::copy(config, own);
        // So that it is theirs that the next service is given.
        let given = given.and_then(|_| fs::rename(config, config.with_extension("toml.given-back")));
        given.map_err(|error| {
            CommandError::Failed(format!(
                "the service is stopped, and stays installed: {} cannot be made {} again: {error}; mend that, or copy it \
                 there yourself, and uninstall again",
                config.display(),
                own.display()
            ))
        })
    }
}
