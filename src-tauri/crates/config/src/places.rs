//! Where the platform wants the configuration and the data of a user's program to be.

use std::path::PathBuf;

use etcetera::BaseStrategy;

/// No home folder, so that nothing below it can be found either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this user has no home folder: say where with --config and --data, or ESTATUS_CONFIG and ESTATUS_DATA")]
pub struct NoHome;

/// The configuration file: `%APPDATA%\Estatus\estatus.toml` on Windows, else `estatus/estatus.toml` in
/// `$XDG_CONFIG_HOME` or `~/.config`.
///
/// # Errors
/// If the user has no home folder.
pub fn config_file() -> Result<PathBuf, NoHome> {
    let folders = etcetera::choose_base_strategy().map_err(|_| NoHome)?;
    Ok(folders.config_dir().join(FOLDER).join("estatus.toml"))
}

/// The folder of what Estatus remembers: `%LOCALAPPDATA%\Estatus` on Windows, so that it does not roam, else `estatus`
/// in `$XDG_DATA_HOME` or `~/.local/share`.
///
/// # Errors
/// If the user has no home folder.
pub fn data_folder() -> Result<PathBuf, NoHome> {
    let folders = etcetera::choose_base_strategy().map_err(|_| NoHome)?;
    // What etcetera calls the cache folder on Windows is exactly `%LOCALAPPDATA%`.
    let local = if cfg!(windows) { folders.cache_dir() } else { folders.data_dir() };
    Ok(local.join(FOLDER))
}

const FOLDER: &str = if cfg!(windows) { "Estatus" } else { "estatus" };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_are_the_users_own_and_stand_apart() {
        let (config, data) = (config_file().unwrap(), data_folder().unwrap());
        assert!(config.is_absolute() && data.is_absolute(), "{config:?} {data:?}");
        assert!(config.ends_with(std::path::Path::new(FOLDER).join("estatus.toml")), "{config:?}");
        assert!(data.ends_with(FOLDER) && !config.starts_with(&data), "{config:?} {data:?}");
    }
}
