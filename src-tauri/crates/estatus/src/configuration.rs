//! Where the configuration and the data are, and what the configuration says.

use std::{fs, io, path::PathBuf};

use estatus_config::{Defaults, places};
use estatus_core::config::Config;

use crate::{CommandError, Outcome, Result, arguments::Arguments, show};

/// Where the configuration and the data are.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// The configuration file.
    pub(crate) config: PathBuf,
    /// The data folder, by its absolute path: programs run in other folders than we do.
    pub(crate) data: PathBuf,
    /// Whether the configuration file is where the platform wants it, and not where the user said.
    config_is_own: bool,
    /// The same of the data folder.
    data_is_own: bool,
}

impl Places {
    pub(crate) fn find(arguments: &Arguments) -> std::result::Result<Self, CommandError> {
        let (config_is_own, data_is_own) = (arguments.config.is_none(), arguments.data.is_none());
        let config = match &arguments.config {
            Some(config) => config.clone(),
            None => places::config_file().map_err(CommandError::wrong)?,
        };
        let data = match &arguments.data {
            Some(data) => data.clone(),
            // The service's data belong to its configuration.
            None if config_is_own => places::data_folder().map_err(CommandError::wrong)?,
            None => places::own_data_folder().map_err(CommandError::wrong)?,
        };
        let data = std::path::absolute(data).map_err(CommandError::wrong)?;
        Ok(Self { config, data, config_is_own, data_is_own })
    }

    /// The configuration file by its absolute path, if the user has said which.
    pub(crate) fn given_config(&self) -> std::result::Result<Option<PathBuf>, CommandError> {
        let given = (!self.config_is_own).then(|| std::path::absolute(&self.config));
        given.transpose().map_err(CommandError::wrong)
    }

    /// The data folder, if the user has said which.
    pub(crate) fn given_data(&self) -> Option<PathBuf> {
        (!self.data_is_own).then(|| self.data.clone())
    }

    /// What the configuration file says.
    pub(crate) fn load(&self) -> std::result::Result<Config, CommandError> {
        if !self.config.exists() && self.config_is_own {
            return Err(CommandError::Wrong(format!(
                "there is no configuration yet; `estatus run` creates one in {}",
                self.config.display()
            )));
        }
        estatus_config::load(&self.config, &Defaults::of_system()).map_err(CommandError::wrong)
    }

    /// Writes the example where the user's own file should be and is not. Whether it did.
    pub(crate) fn begin(&self) -> std::result::Result<bool, CommandError> {
        if !self.config_is_own || self.config.exists() || estatus_config::last_good::exists(&self.config, &self.data) {
            return Ok(false);
        }
        let write = || -> io::Result<()> {
            if let Some(folder) = self.config.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(&self.config, estatus_config::example())
        };
        let refused = |error| format!("the example cannot be written to {}: {error}", self.config.display());
        write().map(|()| true).map_err(|error| CommandError::Failed(refused(error)))
    }
}

/// `estatus config check`
pub(crate) fn check(places: &Places) -> Result {
    let config = places.load()?;
    say!(
        "{} is valid: {}, {}, {}, {}, {}",
        places.config.display(),
        show::counted(config.monitors.len(), "monitor", "monitors"),
        show::counted(config.programs.len(), "program", "programs"),
        show::counted(config.flows.len(), "flow", "flows"),
        show::counted(config.fleets.len(), "fleet", "fleets"),
        show::counted(config.channels.len(), "channel", "channels"),
    );
    Ok(Outcome::Well)
}

/// `estatus config schema`
pub(crate) fn schema() -> Result {
    say!("{:#}", estatus_config::schema());
    Ok(Outcome::Well)
}

/// `estatus config example`
pub(crate) fn example() -> Result {
    say!("{}", estatus_config::example().trim_end());
    Ok(Outcome::Well)
}
