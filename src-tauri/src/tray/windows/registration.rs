//! What Windows has to know of us before it shows what we tell: our name and picture, and who follows our links. All of it is
//! the user's own, and written anew at every start: Estatus may have been moved.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Result;
use estatus_tray::command_line::command_line;
use windows_registry::CURRENT_USER;

/// What identifies us among those who notify. As in tauri.conf.json, by which the window is known.
pub(super) const APP: &str = "org.estatus.desktop";
/// Our own number in the place of a COM server's, which we have not: with any, Windows keeps what we notify in its notification
/// centre, where it can be answered by links ("No COM / Stub CLSID" in
/// <https://learn.microsoft.com/windows/uwp/design/shell/tiles-and-notifications/toast-desktop-apps>).
const NO_SERVER: &str = "{615BAB8C-E662-4A4A-B21A-69FC404B6519}";
const APPS: &str = r"Software\Classes\AppUserModelId";
const CLASSES: &str = r"Software\Classes";
/// The picture beside our notifications. Windows takes it from a file.
const PICTURE: &[u8] = include_bytes!("../../../../icons/estatus-256.png");

/// Who we are, where what belongs to this desktop is, and the arguments that start us on it.
pub(super) struct Registration {
    pub(super) folder: PathBuf,
    pub(super) arguments: Vec<OsString>,
    /// What our links begin with.
    pub(super) scheme: String,
}

impl Registration {
    /// Writes it.
    pub(super) fn write(&self) -> Result<()> {
        self.write_app(APP)?;
        self.write_scheme()
    }

    fn write_app(&self, app: &str) -> Result<()> {
        let us = CURRENT_USER.create(format!(r"{APPS}\{app}"))?;
        us.set_string("DisplayName", "Estatus")?;
        us.set_string("IconUri", self.picture()?.to_string_lossy())?;
        Ok(us.set_string("CustomActivator", NO_SERVER)?)
    }

    fn write_scheme(&self) -> Result<()> {
        let program = std::env::current_exe()?;
        let scheme = CURRENT_USER.create(format!(r"{CLASSES}\{}", self.scheme))?;
        scheme.set_string("", "URL:Estatus")?;
        scheme.set_string("URL Protocol", "")?;
        // What follows the two dashes is no option, whatever somebody puts into a link.
        let line = format!("{} -- \"%1\"", command_line(program.as_os_str(), &self.arguments));
        Ok(scheme.create(r"shell\open\command")?.set_string("", line)?)
    }

    fn picture(&self) -> io::Result<PathBuf> {
        let file = self.folder.join("estatus.png");
        if fs::read(&file).ok().as_deref() != Some(PICTURE) {
            fs::write(&file, PICTURE)?;
        }
        Ok(file)
    }
}

/// The key of the links of a desktop's folder: made once, and known to whoever can read what is in it.
pub(super) fn key(folder: &Path) -> io::Result<String> {
    let file = folder.join("links.key");
    match fs::read_to_string(&file) {
        Ok(key) if key.len() == KEY * 2 => return Ok(key),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound || error.kind() == io::ErrorKind::InvalidData => {}
        Err(error) => return Err(error),
    }
    let mut bytes = [0; KEY];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let key: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    fs::write(&file, &key)?;
    Ok(key)
}

/// So many bytes nobody guesses.
const KEY: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_is_told_who_notifies() {
        const TEST: &str = "org.estatus.test";
        let folder = tempfile::tempdir().unwrap();
        let registration =
            Registration { folder: folder.path().to_owned(), arguments: Vec::new(), scheme: String::new() };
        registration.write_app(TEST).unwrap();
        let apps = CURRENT_USER.create(APPS).unwrap();
        let us = apps.open(TEST).unwrap();
        let read = |name: &str| us.get_string(name).unwrap();
        assert_eq!((read("DisplayName"), read("CustomActivator")), ("Estatus".to_owned(), NO_SERVER.to_owned()));
        assert_eq!(fs::read(read("IconUri")).unwrap(), PICTURE);
        apps.remove_tree(TEST).unwrap();
    }

    #[test]
    fn a_folder_keeps_its_key_and_each_has_its_own() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let key = key(one.path()).unwrap();
        assert_eq!(key.len(), 32);
        assert_eq!(super::key(one.path()).unwrap(), key);
        assert_ne!(super::key(other.path()).unwrap(), key);
        fs::write(one.path().join("links.key"), "").unwrap();
        assert_eq!(super::key(one.path()).unwrap().len(), 32);
    }
}
