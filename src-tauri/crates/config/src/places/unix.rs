//! Places on Unix; `windows.rs` is the twin.

use std::{
    fs,
    path::{Path, PathBuf},
};

use etcetera::BaseStrategy;

use super::{FOLDER, ServicePlaces};

/// The unit of the machine's service.
const UNIT: &str = "/etc/systemd/system/estatus.service";
/// The section of a unit that says to us what its command line says to systemd, which reads none of that name.
pub const UNIT_SECTION: &str = "[X-Estatus]";

/// The configuration file of the user whose home folder is `home`, where that user has not said otherwise.
pub fn config_file_of(home: &Path) -> PathBuf {
    home.join(".config").join(FOLDER).join("estatus.toml")
}

/// The data folder of the user whose home folder is `home`, where that user has not said otherwise.
pub fn data_folder_of(home: &Path) -> PathBuf {
    home.join(".local/share").join(FOLDER)
}

/// Where the service of this machine has its things, if one is installed.
pub fn of_service() -> Option<ServicePlaces> {
    of_unit(&fs::read_to_string(UNIT).ok()?)
}

/// Where this user's own service has its things, if one is installed.
pub fn of_own_service() -> Option<ServicePlaces> {
    let folder = etcetera::choose_base_strategy().ok()?.config_dir();
    of_unit(&fs::read_to_string(folder.join("systemd/user/estatus.service")).ok()?)
}

/// Whether both paths mean one folder.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    one == other
}

/// What the text of a unit says of where things are.
pub fn of_unit(text: &str) -> Option<ServicePlaces> {
    let (_, section) = text.split_once(UNIT_SECTION)?;
    let value = |key: &str| section.lines().find_map(|line| line.strip_prefix(key)).map(PathBuf::from);
    Some(ServicePlaces { config: value("Config=")?, data: value("Data=")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_says_where_things_are() {
        let text = "[Service]\nExecStart=/bin/true\n\n[X-Estatus]\nConfig=/etc/a b.toml\nData=/srv/data\n";
        let places = of_unit(text).unwrap();
        assert_eq!((places.config, places.data), ("/etc/a b.toml".into(), "/srv/data".into()));
        assert_eq!(of_unit("[Service]\nConfig=/x\nData=/y\n"), None);
        assert_eq!(of_unit("[X-Estatus]\nConfig=/x\n"), None);
    }
}
