//! The file of the status page: never half written, and never in the place of something else.

use std::{
    fmt,
    fs::{self, File, Permissions},
    io::{self, Read},
    path::Path,
};

use estatus_core::words::Reason;

use crate::pages::GENERATOR;

/// A page of ours says so within so many bytes.
const HEAD: u64 = 512;

/// Puts `html` at `file`, unless something else than a status page is there, or it would be among what Estatus remembers. A
/// link is not followed, nor replaced; the folder may be one.
pub(super) fn put(file: &Path, html: &str, config: &Path, data: &Path) -> Result<(), Reason> {
    let folder = file.parent().unwrap_or(Path::new(""));
    if is_among_data(folder, config.parent().unwrap_or(Path::new("")), data) {
        return Err(of(file, "page.in_data"));
    }
    let permissions = match fs::symlink_metadata(file) {
        Ok(there) if there.is_file() => match is_ours(file, there.len()) {
            Ok(true) => Some(there.permissions()),
            Ok(false) => return Err(of(file, "page.not_ours")),
            Err(error) => return Err(unwritable(file, &error)),
        },
        Ok(_) => return Err(of(file, "page.not_ours")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => for_everybody(),
        Err(error) => return Err(unwritable(file, &error)),
    };
    estatus_access::write_atomically(file, html, permissions).map_err(|error| unwritable(file, &error))
}

/// Whether `folder` is somewhere in the data folder, and not just beside a configuration file that is there too.
fn is_among_data(folder: &Path, of_config: &Path, data: &Path) -> bool {
    match [folder, of_config, data].map(Path::canonicalize) {
        [Ok(folder), Ok(of_config), Ok(data)] => folder.starts_with(data) && folder != of_config,
        _ => false,
    }
}

/// Whether a file of this length is a page of ours, or holds nothing that would be lost.
fn is_ours(file: &Path, length: u64) -> io::Result<bool> {
    let mut head = Vec::new();
    if length > 0 {
        File::open(file)?.take(HEAD).read_to_end(&mut head)?;
    }
    Ok(length == 0 || String::from_utf8_lossy(&head).contains(GENERATOR))
}

/// A page is for others: whoever serves it must be able to read it, whatever this process would allow them otherwise.
#[cfg(unix)]
fn for_everybody() -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt;
    Some(Permissions::from_mode(0o644))
}

/// The folder decides.
#[cfg(windows)]
fn for_everybody() -> Option<Permissions> {
    None
}

fn of(file: &Path, key: &'static str) -> Reason {
    Reason::new(key, vec![("file", file.display().into())])
}

pub(super) fn unwritable(file: &Path, error: &impl fmt::Display) -> Reason {
    Reason::new("page.unwritable", vec![("file", file.display().into()), ("error", error.to_string().into())])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(said: &str) -> String {
        format!("<!doctype html>\n<html lang=\"en\">\n<head>\n{GENERATOR}\n{said}")
    }

    #[test]
    fn a_page_takes_the_place_of_nothing_but_a_page() {
        let folder = tempfile::tempdir().unwrap();
        let [pages, config, data] = ["pages", "config/estatus.toml", "data"].map(|name| folder.path().join(name));
        for made in [&pages, config.parent().unwrap(), &data] {
            fs::create_dir(made).unwrap();
        }
        fs::write(&config, "").unwrap();
        let check = |file: &Path, key: Option<&'static str>| {
            let put = put(file, &page("new"), &config, &data);
            assert_eq!(put.clone().err(), key.map(|key| of(file, key)), "{}: {put:?}", file.display());
        };
        let file = pages.join("status.html");
        check(&file, None);
        check(&file, None);
        assert_eq!(fs::read_to_string(&file).unwrap(), page("new"));
        fs::write(pages.join("empty.html"), "").unwrap();
        check(&pages.join("empty.html"), None);
        fs::write(pages.join("mine.html"), "<!doctype html>\n<title>mine</title>").unwrap();
        check(&pages.join("mine.html"), Some("page.not_ours"));
        fs::create_dir(pages.join("folder.html")).unwrap();
        check(&pages.join("folder.html"), Some("page.not_ours"));
        check(&data.join("status.html"), Some("page.in_data"));
        let missing = put(&folder.path().join("none/status.html"), &page("new"), &config, &data);
        assert!(missing.unwrap_err().to_string().contains("cannot be written"));
        assert!(fs::read_dir(&data).unwrap().next().is_none(), "nothing was written there");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_neither_followed_nor_replaced_and_a_folder_may_be_one() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("real")).unwrap();
        fs::create_dir(path("data")).unwrap();
        symlink(path("real"), path("link")).unwrap();
        let put = |file: &str| put(&path(file), &page("new"), &path("estatus.toml"), &path("data"));
        put("link/status.html").unwrap();
        assert_eq!(fs::metadata(path("real/status.html")).unwrap().permissions().mode() & 0o777, 0o644);
        fs::set_permissions(path("real/status.html"), Permissions::from_mode(0o640)).unwrap();
        put("link/status.html").unwrap();
        assert_eq!(fs::metadata(path("real/status.html")).unwrap().permissions().mode() & 0o777, 0o640);
        symlink(path("real/status.html"), path("other.html")).unwrap();
        assert_eq!(put("other.html").unwrap_err(), of(&path("other.html"), "page.not_ours"));
        symlink(path("data"), path("aside")).unwrap();
        assert_eq!(put("aside/status.html").unwrap_err(), of(&path("aside/status.html"), "page.in_data"));
    }
}
