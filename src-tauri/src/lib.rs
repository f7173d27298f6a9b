//! What the tray and the window's process have in common: where things are, the connection to the engine, and the
//! settings of this desktop.
//!
//! The tray (`estatus-tray`) is always there and small: it knows neither GTK nor WebKit on Linux. The window
//! (`estatus-window`) is a process of its own that attaches to the engine like any client, so that closing it gives all
//! its memory back.
//!
//! Architecture invariant: no rule lives here or in either program. They draw what the engine says and send what the
//! person wants.

mod line;
mod places;
mod settings;

use std::io::IsTerminal;

pub use line::{Asking, Heard, Line, Lost, line};
pub use places::{Places, Where, defaults};
pub use settings::{Change, DesktopSettings, Language, Settings};
use tracing_subscriber::EnvFilter;

/// What the tray writes to the window's standard input before the page that is to be opened.
pub const OPEN: &str = "open ";
/// What it writes there before the reason why there is no engine; nothing stands after it when that is over.
pub const TROUBLE: &str = "trouble ";

/// Writes what is worth knowing to standard error; how much says `ESTATUS_LOG`.
pub fn log() {
    let filter = EnvFilter::try_from_env("ESTATUS_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    // Only a second subscriber in one process is refused, and there is none.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
}
