//! Where the engine of a data folder is to be reached.

use std::path::{Path, PathBuf};

use estatus_core::stable_name::fnv1a;

#[cfg(unix)]
#[path = "endpoint/unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "endpoint/windows.rs"]
mod platform;

pub use platform::Endpoint;
pub(crate) use platform::{ClientStream, PlatformListener, ServerStream};

/// A short name for a folder, the same in every process and in every version of Estatus, also for whoever may not look into
/// the folder.
fn short_name(folder: &Path) -> String {
    let resolved = resolved(folder);
    let spelt = resolved.to_string_lossy();
    let hash = if cfg!(windows) {
        // However it is written, it is one folder; `\\?\` is there where it could be resolved.
        fnv1a(spelt.trim_start_matches(r"\\?\").to_lowercase().as_bytes())
    } else {
        fnv1a(resolved.as_os_str().as_encoded_bytes())
    };
    format!("estatus-{hash:016x}")
}

/// `folder` with all links resolved as far as one can see.
fn resolved(folder: &Path) -> PathBuf {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let seen =
        folder.ancestors().find_map(|above| Some((above.canonicalize().ok()?, folder.strip_prefix(above).ok()?)));
    match seen {
        Some((above, rest)) if rest.as_os_str().is_empty() => above,
        Some((above, rest)) => above.join(rest),
        None => folder,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_folder_has_the_same_short_name_in_every_version() {
        assert_eq!(short_name(Path::new("/no/such/folder")), "estatus-bf65240778b7aa36");
    }

    #[cfg(windows)]
    #[test]
    fn a_folder_has_one_short_name_however_it_is_written() {
        let written = [r"C:\No\Such\Folder", r"\\?\C:\no\such\folder", r"c:/no/such/folder"];
        let names = written.map(|folder| short_name(Path::new(folder)));
        assert!(names.iter().all(|name| *name == names[0]), "{names:?}");
    }

    /// Whoever may not look into it sees nothing there.
    #[test]
    fn a_folder_has_the_same_short_name_for_those_who_do_not_see_it() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("Service").join("data");
        let unseen = short_name(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        assert_eq!(short_name(&folder), unseen);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_on_the_way_to_a_folder_is_followed_by_those_who_do_not_see_the_rest() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("homes")).unwrap();
        std::os::unix::fs::symlink("homes", root.path().join("home")).unwrap();
        let short = |path: &str| short_name(&root.path().join(path));
        assert_eq!(short("home/luz/data"), short("homes/luz/data"));
    }
}
