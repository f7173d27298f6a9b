//! `estatus-tray`: the icon, its menu and the notifications.
//!
//! It attaches to the engine of the data folder or, where there is none, hosts one in this process. Everything that
//! happens comes to one loop (`controller.rs`), which has no clock, file or socket of its own and is tested with a desktop
//! that is none.

#![cfg_attr(windows, windows_subsystem = "windows")]

mod controller;
mod desktop;
mod door;
mod face;
mod host;
mod icons;
mod login;
mod menu;
mod news;
#[cfg_attr(unix, path = "linux/platform.rs")]
#[cfg_attr(windows, path = "windows/platform.rs")]
mod platform;
mod running;
mod telling;
#[cfg(test)]
mod testing;
mod view;
mod window;
mod words;

use std::process::ExitCode;

use clap::Parser;
use estatus_tray::Where;

/// Keeps an icon in the tray that says how everything is that Estatus watches.
#[derive(Debug, Parser)]
#[command(name = "estatus-tray", version)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) places: Where,
    /// Show no window at the start.
    #[arg(long)]
    pub(crate) hidden: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    estatus_tray::log();
    match running::run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
