//! Where the configuration and the data are, where nobody says it: where the platform wants those of a user's program to
//! be, or where the installed service has them.

#[cfg(unix)]
#[path = "places/unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "places/windows.rs"]
mod platform;

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

pub use platform::*;

/// No home folder, so that nothing below it can be found either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this user has no home folder: say where with --config and --data, or ESTATUS_CONFIG and ESTATUS_DATA")]
pub struct NoHome;

/// Where an installed service has its things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePlaces {
    /// The configuration file.
    pub config: PathBuf,
    /// The data folder.
    pub data: PathBuf,
}

/// Whose service it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// The machine's.
    Machine,
    /// The user's own, which systemd has.
    User,
}

/// The installed service that has its data in `data`.
pub fn service_on(data: &Path) -> Option<Service> {
    let services = [(Service::Machine, of_service()), (Service::User, of_own_service())];
    let is_there = |places: &ServicePlaces| is_same(&places.data, data);
    services.into_iter().find(|(_, places)| places.as_ref().is_some_and(is_there)).map(|(service, _)| service)
}

/// The configuration file: the user's own; where there is none, that of the service, if one is installed.
///
/// # Errors
/// If the user has no home folder.
pub fn config_file() -> Result<PathBuf, NoHome> {
    let own = own_config_file()?;
    Ok(instead_of(&own).map_or(own, |service| service.config))
}

/// The folder of what Estatus remembers, which belongs to [`config_file`].
///
/// # Errors
/// If the user has no home folder.
pub fn data_folder() -> Result<PathBuf, NoHome> {
    let own = own_data_folder()?;
    Ok(instead_of(&own_config_file()?).map_or(own, |service| service.data))
}

/// The user's own configuration file: `%APPDATA%\Estatus\estatus.toml` on Windows, else `estatus/estatus.toml` in
/// `$XDG_CONFIG_HOME` or `~/.config`.
///
/// # Errors
/// If the user has no home folder.
pub fn own_config_file() -> Result<PathBuf, NoHome> {
    let folders = etcetera::choose_base_strategy().map_err(|_| NoHome)?;
    Ok(folders.config_dir().join(FOLDER).join("estatus.toml"))
}

/// The user's own data folder: `%LOCALAPPDATA%\Estatus` on Windows, so that it does not roam, else `estatus` in
/// `$XDG_DATA_HOME` or `~/.local/share`.
///
/// # Errors
/// If the user has no home folder.
pub fn own_data_folder() -> Result<PathBuf, NoHome> {
    let folders = etcetera::choose_base_strategy().map_err(|_| NoHome)?;
    // What etcetera calls the cache folder on Windows is exactly `%LOCALAPPDATA%`.
    let local = if cfg!(windows) { folders.cache_dir() } else { folders.data_dir() };
    Ok(local.join(FOLDER))
}

/// The places of the service, for a user who has no configuration file `own`.
fn instead_of(own: &Path) -> Option<ServicePlaces> {
    if own.exists() { None } else { of_service() }
}

const FOLDER: &str = if cfg!(windows) { "Estatus" } else { "estatus" };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_are_the_users_own_and_stand_apart() {
        let (config, data) = (own_config_file().unwrap(), own_data_folder().unwrap());
        assert!(config.is_absolute() && data.is_absolute(), "{config:?} {data:?}");
        assert!(config.ends_with(std::path::Path::new(FOLDER).join("estatus.toml")), "{config:?}");
        assert!(data.ends_with(FOLDER) && !config.starts_with(&data), "{config:?} {data:?}");
    }
}
