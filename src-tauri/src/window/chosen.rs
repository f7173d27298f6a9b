//! Files and folders that the person chooses or drops, and what the page may know of them.

#[cfg_attr(unix, path = "chosen/unix.rs")]
#[cfg_attr(windows, path = "chosen/windows.rs")]
mod platform;

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use tauri::{AppHandle, Manager};
use tokio::sync::oneshot;

use crate::frame;

/// The description of a project of Node.js.
const PACKAGE: &str = "package.json";
/// A longer one is none that somebody has written, in bytes.
const PACKAGE_MOST: u64 = 1 << 20;

/// What is looked for.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wanted {
    /// A file, among them programs.
    File,
    /// A folder.
    Folder,
}

/// What the person is asked for in a dialog of the system's, in the words of the page.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Dialog {
    wanted: Wanted,
    title: String,
    /// What its buttons say. Windows says that itself.
    #[cfg_attr(windows, expect(dead_code, reason = "Windows names its buttons itself"))]
    accept: String,
    #[cfg_attr(windows, expect(dead_code, reason = "Windows names its buttons itself"))]
    cancel: String,
    /// What is to be chosen anew, which may be a path.
    near: Option<String>,
}

impl Dialog {
    /// The folder that it begins in: the one in which lies what is to be chosen anew or, where that is none, the one of what was
    /// chosen `last`, or `home`. Blocks on the disk.
    pub(crate) fn folder(&self, last: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
        let near = self.near.as_deref().and_then(|near| match near.strip_prefix("~/") {
            Some(below) => home.as_ref().map(|home| home.join(below)),
            None => Some(PathBuf::from(near)),
        });
        let near = near.filter(|near| near.is_absolute());
        let above = near.as_deref().and_then(Path::parent).map(Path::to_owned);
        [near, above, last, home].into_iter().flatten().find(|folder| folder.is_dir())
    }
}

/// What was chosen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Chosen {
    path: String,
    is_folder: bool,
    /// Whether the system runs it as it is.
    is_program: bool,
    /// What stands in a `package.json`, if that was chosen, or lies in the folder that was.
    package: Option<String>,
}

impl Chosen {
    /// The folder that it lies in.
    pub(crate) fn folder(&self) -> Option<&Path> {
        Path::new(&self.path).parent()
    }

    /// Looks at `path`; nothing if it is not there, or cannot be written as a text. Blocks on the disk. Nothing else is read than a
    /// `package.json` of at most 1 MiB.
    pub(crate) fn at(path: &Path) -> Option<Self> {
        let metadata = path.metadata().ok()?;
        let is_folder = metadata.is_dir();
        let package =
            if is_folder { Some(path.join(PACKAGE)) } else { path.ends_with(PACKAGE).then(|| path.to_owned()) };
        Some(Self {
            path: path.to_str()?.to_owned(),
            is_folder,
            is_program: metadata.is_file() && platform::is_program(path, &metadata),
            package: package.and_then(|package| text_of(&package)),
        })
    }
}

/// The text of a regular file that is not too long.
fn text_of(path: &Path) -> Option<String> {
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    File::open(path).ok()?.take(PACKAGE_MOST + 1).read_to_string(&mut text).ok()?;
    (text.len() as u64 <= PACKAGE_MOST).then_some(text)
}

/// Has the person choose in `dialog`, which begins in `folder`; nothing if it is closed without.
///
/// # Errors
/// If the dialog cannot be shown.
pub(crate) async fn choose(
    app: &AppHandle,
    dialog: Dialog,
    folder: Option<PathBuf>,
) -> Result<Option<PathBuf>, tauri::Error> {
    let (sender, chosen) = oneshot::channel();
    let shown = app.clone();
    // Whose dialog it is can be said in the thread of the window only.
    app.run_on_main_thread(move || {
        let window = shown.get_webview_window(frame::LABEL);
        platform::show(window.as_ref(), dialog, folder, |chosen| {
            // Whoever asked may be gone with the page.
            let _ = sender.send(chosen);
        });
    })?;
    Ok(chosen.await.ok().flatten())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn of_what_is_chosen_nothing_is_read_but_the_description_of_a_project() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let script = write("reloj.py", "print()");
        let package = write(PACKAGE, "{}");
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let of_script = Chosen { path: text(&script), is_folder: false, is_program: false, package: None };
        assert_eq!(Chosen::at(&script), Some(of_script.clone()));
        let of_package = Chosen { path: text(&package), package: Some("{}".to_owned()), ..of_script.clone() };
        assert_eq!(Chosen::at(&package), Some(of_package.clone()));
        let of_folder = Chosen { path: text(folder.path()), is_folder: true, ..of_package };
        assert_eq!(Chosen::at(folder.path()), Some(of_folder));
        fs::write(&package, " ".repeat((1 << 20) + 1)).unwrap();
        assert_eq!(Chosen::at(&package).unwrap().package, None);
        assert_eq!(Chosen::at(&folder.path().join("nothing")), None);
    }

    #[test]
    fn a_dialog_begins_where_something_was_chosen_before() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["home/web", "last", "shop"] {
            fs::create_dir_all(at(name)).unwrap();
        }
        fs::write(at("shop/server.py"), "").unwrap();
        let begins = |near: Option<&Path>, last: &str| {
            let near = near.map(|near| near.to_str().unwrap().to_owned());
            let dialog = Dialog {
                wanted: Wanted::File,
                title: String::new(),
                accept: String::new(),
                cancel: String::new(),
                near,
            };
            dialog.folder(Some(at(last)), Some(at("home")))
        };
        assert_eq!(begins(Some(&at("shop/server.py")), "last"), Some(at("shop")));
        assert_eq!(begins(Some(&at("shop")), "last"), Some(at("shop")));
        assert_eq!(begins(Some(&at("shop/gone.py")), "last"), Some(at("shop")));
        assert_eq!(begins(Some(Path::new("~/web")), "last"), Some(at("home/web")));
        for nowhere in ["", "nginx", "python3 server.py", "shop/server.py"] {
            assert_eq!(begins(Some(Path::new(nowhere)), "last"), Some(at("last")), "{nowhere}");
        }
        assert_eq!(begins(Some(&at("gone/with/all")), "last"), Some(at("last")));
        assert_eq!(begins(None, "gone"), Some(at("home")));
    }

    #[test]
    fn what_the_system_runs_is_a_program() {
        let this = std::env::current_exe().unwrap();
        assert!(Chosen::at(&this).unwrap().is_program);
    }
}
