//! Places on Windows; `unix.rs` is the twin.

use std::{
    env,
    path::{Path, PathBuf},
};

use windows_registry::LOCAL_MACHINE;

use super::{FOLDER, ServicePlaces};
use crate::argv::arguments;

/// What Windows knows of the service; everybody may read it.
pub const SERVICE_KEY: &str = r"SYSTEM\CurrentControlSet\Services\Estatus";

/// The folder of a service that runs as nobody's user: `%ProgramData%\Estatus`.
pub fn service_folder() -> PathBuf {
    env::var_os("ProgramData").map_or_else(|| r"C:\ProgramData".into(), PathBuf::from).join(FOLDER)
}

/// Where the service has its things, if one is installed.
pub fn of_service() -> Option<ServicePlaces> {
    of_command_line(&LOCAL_MACHINE.open(SERVICE_KEY).ok()?.get_string("ImagePath").ok()?)
}

/// Windows has no services of a user's own.
pub fn of_own_service() -> Option<ServicePlaces> {
    None
}

/// Whether both paths mean one folder: Windows tells no letters apart by their case.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    let plain = |path: &Path| path.to_string_lossy().trim_start_matches(r"\\?\").to_lowercase();
    plain(one) == plain(other)
}

/// What the command line of a service says of where things are.
pub fn of_command_line(line: &str) -> Option<ServicePlaces> {
    let words = arguments(line);
    let behind = |option: &str| words.windows(2).find(|pair| pair[0] == option).map(|pair| PathBuf::from(&pair[1]));
    Some(ServicePlaces { config: behind("--config")?, data: behind("--data")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_s_folder_is_known_however_it_is_written() {
        assert!(is_same(Path::new(r"\\?\C:\ProgramData\Estatus\data"), Path::new(r"c:\programdata\estatus\Data")));
        assert!(!is_same(Path::new(r"C:\ProgramData\Estatus\data"), Path::new(r"C:\ProgramData\Estatus")));
    }

    #[test]
    fn a_command_line_says_where_things_are() {
        let line = r#""C:\Program Files\Estatus\estatus.exe" --config "C:\my files\a.toml" --data D:\data service run"#;
        let places = of_command_line(line).unwrap();
        assert_eq!((places.config, places.data), (r"C:\my files\a.toml".into(), r"D:\data".into()));
        assert_eq!(of_command_line("estatus.exe run"), None);
    }
}
