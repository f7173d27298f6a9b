//! Starting when the person logs in.

#[cfg(any(windows, test))]
mod approval;
#[cfg_attr(unix, path = "login/linux.rs")]
#[cfg_attr(windows, path = "login/windows.rs")]
mod platform;

use std::{ffi::OsString, path::PathBuf};

use anyhow::{Context, Result};
use estatus_tray::Where;

/// How it is seen to that the tray starts at login, hidden.
pub(crate) struct Login {
    /// The arguments of that start.
    arguments: Vec<OsString>,
}

impl Login {
    /// As it is; the start at login has `said` too.
    pub(crate) fn new(said: Where) -> Self {
        let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path).into_os_string();
        let place = |flag: &str, path: Option<PathBuf>| path.map(|path| [flag.into(), absolute(path)]);
        let places = place("--config", said.config).into_iter().chain(place("--data", said.data)).flatten();
        Self { arguments: places.chain(["--hidden".into()]).collect() }
    }

    /// The arguments with which this start's places are found again, and with which no window is shown.
    pub(crate) fn arguments(&self) -> &[OsString] {
        &self.arguments
    }

    /// Whether it starts at login.
    pub(crate) fn is_on(&self) -> bool {
        platform::is_on()
    }

    /// Makes it start at login, or not.
    pub(crate) fn set(&self, wanted: bool) -> Result<()> {
        if wanted {
            let program = std::env::current_exe().context("Failed to find out where this program is")?;
            platform::turn_on(program.as_os_str(), &self.arguments).context("Failed to have Estatus start at login")
        } else {
            platform::turn_off().context("Failed to keep Estatus from starting at login")
        }
    }
}
