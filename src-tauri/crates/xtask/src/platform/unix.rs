use std::{
    fs::{Permissions, set_permissions},
    io,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        net::UnixStream,
        process::CommandExt,
    },
    path::Path,
    process::Command,
};

use anyhow::{Context, Result};

/// Whether we may change the system: a process's own folder in /proc belongs to its effective user.
pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// Becomes `command`, so that signals and the terminal are its own. Comes back only with an error.
pub(crate) fn replace_by(mut command: Command) -> Result<()> {
    let program = command.get_program().to_owned();
    Err(command.exec()).with_context(|| format!("Failed to start {}", program.display()))
}

/// Lets nobody but us read or enter `path`.
pub(crate) fn close_to_others(path: &Path) -> Result<()> {
    set_permissions(path, Permissions::from_mode(0o700)).with_context(|| format!("Failed to close {}", path.display()))
}

/// A connection with a server of this machine.
pub(crate) type Stream = UnixStream;

/// Connects to the server whose socket is at `path`.
pub(crate) fn connect(path: &Path) -> io::Result<Stream> {
    UnixStream::connect(path)
}

/// Makes a link at `at` that leads to `to`.
pub(crate) fn link(to: &Path, at: &Path) -> Result<()> {
    std::os::unix::fs::symlink(to, at).with_context(|| format!("Failed to link {}", at.display()))
}

/// Whether whoever runs us sits at a desktop.
pub(crate) fn has_desktop() -> bool {
    ["WAYLAND_DISPLAY", "DISPLAY"].iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}
