//! What the tray and the window's process have in common: where things are, the connection to the engine, and the
//! settings of this desktop.
//!
//! The tray (`estatus-tray`) is always there and small: it knows neither GTK nor WebKit on Linux. The window
//! (`estatus-window`) is a process of its own that attaches to the engine like any client, so that closing it gives all
//! its memory back.
//!
//! Architecture invariant: no rule lives here or in either program. They draw what the engine says and send what the
//! person wants.

#[cfg(any(windows, test))]
pub mod command_line;
pub mod dialog;
mod line;
mod log;
mod places;
mod settings;

use std::{env, path::PathBuf};

use anyhow::{Context, Result};

pub use line::{Asking, Heard, Line, Lost, line};
pub use log::log;
pub use places::{Places, Where};
pub use settings::{Change, DesktopSettings, Language, Settings};

/// The console program, which supervises the user's programs too, and switches the service on and off.
pub const CONSOLE: &str = if cfg!(windows) { "estatus.exe" } else { "estatus" };

/// A program of ours, by the path it has now: after an update that is where the new one is.
///
/// # Errors
/// If the system does not say where this program is.
pub fn beside_us(name: &str) -> Result<PathBuf> {
    let ours = env::current_exe().context("Failed to find out where this program is")?;
    Ok(ours.with_file_name(name))
}

/// What the tray writes to the window's standard input before the page that is to be opened.
pub const OPEN: &str = "open ";
/// What it writes there before the reason why there is no engine; nothing stands after it when that is over.
pub const TROUBLE: &str = "trouble ";
