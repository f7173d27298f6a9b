//! A file of the Desktop Application Autostart Specification.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs, io,
    path::{Path, PathBuf},
};

pub(super) fn is_on() -> bool {
    file().is_ok_and(|file| file.exists())
}

pub(super) fn turn_on(program: &OsStr, arguments: &[OsString]) -> io::Result<()> {
    let file = file()?;
    fs::create_dir_all(file.parent().unwrap_or(Path::new("/")))?;
    fs::write(file, entry(program, arguments))
}

pub(super) fn turn_off() -> io::Result<()> {
    match fs::remove_file(file()?) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn file() -> io::Result<PathBuf> {
    let own = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let folder = own.or_else(|| Some(env::home_dir()?.join(".config")));
    let folder = folder.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "this user has no home folder"))?;
    Ok(folder.join("autostart/estatus.desktop"))
}

fn entry(program: &OsStr, arguments: &[OsString]) -> String {
    let words = [program].into_iter().chain(arguments.iter().map(OsString::as_os_str));
    let exec = words.map(quoted).collect::<Vec<_>>().join(" ");
    format!("[Desktop Entry]\nType=Application\nName=Estatus\nIcon=estatus\nExec={exec}\nTerminal=false\n")
}

/// A word of an `Exec` line: quoted, and that once more as every value of such a file.
fn quoted(word: &OsStr) -> String {
    let mut quoted = String::from("\"");
    for char in word.to_string_lossy().chars() {
        match char {
            '"' | '`' | '$' => quoted.extend(["\\\\", &char.to_string()]),
            '\\' => quoted.push_str("\\\\\\\\"),
            '%' => quoted.push_str("%%"),
            _ => quoted.push(char),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_starts_the_program_hidden_whatever_the_folder_is_called() {
        let check = |word: &str, line: &str| {
            let entry = entry(word.as_ref(), &["--hidden".into()]);
            assert!(entry.contains(&format!("\nExec={line} \"--hidden\"\n")), "{entry}");
        };
        check("/opt/estatus/estatus-tray", "\"/opt/estatus/estatus-tray\"");
        check("/home/a b/50% $x", "\"/home/a b/50%% \\\\$x\"");
        check("/a\\b", "\"/a\\\\\\\\b\"");
    }
}
