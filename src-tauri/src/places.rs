//! Where the configuration and the data are.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use clap::Args;
use estatus_access::create_private_folder;
use estatus_config::{
    last_good,
    places::{self, Service},
};

/// Where the user says that things are; the same as the command line's.
#[derive(Args, Clone, Debug, Default)]
pub struct Where {
    /// The configuration file; the user's own estatus.toml where nothing is said.
    #[arg(long, env = "ESTATUS_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The folder of what Estatus remembers; the user's own where nothing is said.
    #[arg(long, env = "ESTATUS_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// Where things are, by absolute paths: the window and the programs run in other folders than we do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// The configuration file.
    pub config: PathBuf,
    /// The data folder of the engine.
    pub data: PathBuf,
    /// The folder of what belongs to this desktop: the user's own where a service has the data folder, which may be open
    /// to its account alone; else the data folder.
    pub desktop: PathBuf,
    /// Whether the configuration file is where the platform wants it, and not where the user said.
    config_is_own: bool,
}

impl Places {
    /// Looks where things are.
    ///
    /// # Errors
    /// If nothing is said and the user has no home folder.
    pub fn find(said: Where) -> Result<Self> {
        let config_is_own = said.config.is_none();
        let config = said.config.map_or_else(places::config_file, Ok)?;
        let data = std::path::absolute(said.data.map_or_else(places::data_folder, Ok)?)?;
        let desktop = match places::service_on(&data) {
            Some(Service::Machine) => places::own_data_folder()?,
            Some(Service::User) | None => data.clone(),
        };
        Ok(Self { config: std::path::absolute(config)?, data, desktop, config_is_own })
    }

    /// The service that is to run the engine, if one is installed for this data folder. Nobody else hosts one there: it
    /// would keep the service from starting.
    pub fn service(&self) -> Option<Service> {
        places::service_on(&self.data)
    }

    /// Makes the folder of this desktop. Where an engine may be hosted, it also makes the data folder, and writes the
    /// example where the user's own configuration file should be and is not, unless it was there once.
    ///
    /// # Errors
    /// If one of them cannot be written.
    pub fn begin(&self) -> Result<()> {
        let make = |folder: &Path| {
            create_private_folder(folder).with_context(|| format!("Failed to make {}", folder.display()))
        };
        make(&self.desktop)?;
        if self.service().is_some() {
            return Ok(());
        }
        make(&self.data)?;
        let was_there = || last_good::exists(&self.config, &self.data);
        if !self.config_is_own || self.config.exists() || was_there() {
            return Ok(());
        }
        self.config.parent().map_or(Ok(()), make_folder)?;
        fs::write(&self.config, estatus_config::example())
            .with_context(|| format!("Failed to write the example to {}", self.config.display()))
    }
}

fn make_folder(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("Failed to make {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_user_says_holds_and_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let (config, data) = (folder.path().join("my.toml"), folder.path().join("data"));
        let places = Places::find(Where { config: Some(config.clone()), data: Some(data.clone()) }).unwrap();
        assert_eq!((&places.config, &places.data, &places.desktop), (&config, &data, &data));
        places.begin().unwrap();
        assert!(data.is_dir() && !config.exists());
    }

    #[test]
    fn a_configuration_is_begun_where_the_users_own_is_missing_and_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("estatus/estatus.toml");
        let data = folder.path().join("data");
        let places = Places { config: config.clone(), desktop: data.clone(), data, config_is_own: true };
        places.begin().unwrap();
        assert_eq!(fs::read_to_string(&config).unwrap(), estatus_config::example());
        fs::write(&config, "mine").unwrap();
        places.begin().unwrap();
        assert_eq!(fs::read_to_string(&config).unwrap(), "mine");
        last_good::keep("mine", &config, &places.data).unwrap();
        fs::remove_file(&config).unwrap();
        places.begin().unwrap();
        assert!(!config.exists(), "the last good version stands in for a file that is lost");
    }
}
