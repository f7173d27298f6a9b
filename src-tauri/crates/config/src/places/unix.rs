//! Places on Unix; `windows.rs` is the twin.

use std::{
    fs,
    path::{Path, PathBuf},
};

use etcetera::BaseStrategy;

use super::{FOLDER, ServicePlaces, own_config_file, own_data_folder};

/// The unit of the machine's service.
const UNIT: &str = "/etc/systemd/system/estatus.service";
/// Where the units are that an administrator has switched on for every user.
const UNITS_OF_ALL: &str = "/etc/systemd/user";
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
    let units = etcetera::choose_base_strategy().ok()?.config_dir().join("systemd/user");
    of_units_of_user(&units, Path::new(UNITS_OF_ALL))
}

/// The same with the folders of the user's units and of those of all users. The unit that a package brings says nothing of where
/// things are, and runs where the user's own are, once it is switched on.
fn of_units_of_user(units: &Path, of_all: &Path) -> Option<ServicePlaces> {
    let is_on = |units: &Path| units.join("default.target.wants/estatus.service").is_symlink();
    match fs::read_to_string(units.join("estatus.service")) {
        Ok(text) => of_unit(&text),
        Err(_) if is_on(units) || is_on(of_all) => {
            Some(ServicePlaces { config: own_config_file().ok()?, data: own_data_folder().ok()? })
        }
        Err(_) => None,
    }
}

/// Whether both paths mean one folder.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    let found = |path: &Path| fs::canonicalize(path).ok();
    one == other || found(one).is_some_and(|one| found(other) == Some(one))
}

/// What the text of a unit says of where things are.
pub fn of_unit(text: &str) -> Option<ServicePlaces> {
    let (_, section) = text.split_once(UNIT_SECTION)?;
    let value = |key: &str| section.lines().find_map(|line| line.strip_prefix(key)).map(PathBuf::from);
    Some(ServicePlaces { config: value("Config=")?, data: value("Data=")? })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn the_unit_of_a_package_runs_where_the_users_own_things_are_once_it_is_switched_on() {
        for switched_on_for_all in [false, true] {
            let (units, of_all) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let of_user = || of_units_of_user(units.path(), of_all.path());
            assert_eq!(of_user(), None);
            let wanted = if switched_on_for_all { &of_all } else { &units }.path().join("default.target.wants");
            fs::create_dir(&wanted).unwrap();
            symlink("/usr/lib/systemd/user/estatus.service", wanted.join("estatus.service")).unwrap();
            let places = of_user().unwrap();
            assert_eq!((places.config, places.data), (own_config_file().unwrap(), own_data_folder().unwrap()));
            fs::write(units.path().join("estatus.service"), "[X-Estatus]\nConfig=/c\nData=/d\n").unwrap();
            assert_eq!(of_user().unwrap().data, Path::new("/d"));
            // What a user has masked does not run.
            fs::remove_file(units.path().join("estatus.service")).unwrap();
            symlink("/dev/null", units.path().join("estatus.service")).unwrap();
            assert_eq!(of_user(), None);
        }
    }

    #[test]
    fn a_folder_is_the_same_however_it_is_reached() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("data")).unwrap();
        symlink(at("data"), at("link")).unwrap();
        assert!(is_same(&at("data"), &at("link")) && is_same(&at("none"), &at("none")));
        assert!(!is_same(&at("data"), &at("none")) && !is_same(&at("none"), &at("no other")));
    }

    #[test]
    fn a_unit_says_where_things_are() {
        let text = "[Service]\nExecStart=/bin/true\n\n[X-Estatus]\nConfig=/etc/a b.toml\nData=/srv/data\n";
        let places = of_unit(text).unwrap();
        assert_eq!((places.config, places.data), ("/etc/a b.toml".into(), "/srv/data".into()));
        assert_eq!(of_unit("[Service]\nConfig=/x\nData=/y\n"), None);
        assert_eq!(of_unit("[X-Estatus]\nConfig=/x\n"), None);
    }
}
