//! `estatus-tray`: the icon, its menu and the notifications.
//!
//! It attaches to the engine of the data folder or, where there is none, hosts one in this process. Everything that
//! happens comes to one loop (`controller.rs`), which has no clock, file or socket of its own and is tested with a desktop
//! that is none.

#![cfg_attr(windows, windows_subsystem = "windows")]

#[cfg(any(windows, test))]
mod attempts;
mod controller;
mod desktop;
mod door;
mod face;
mod host;
mod icons;
#[cfg(any(windows, test))]
mod links;
mod login;
mod menu;
mod news;
#[cfg_attr(unix, path = "linux/platform.rs")]
#[cfg_attr(windows, path = "windows/platform.rs")]
mod platform;
mod questions;
mod running;
mod runs;
mod span;
mod telling;
#[cfg(test)]
mod testing;
#[cfg(any(windows, test))]
mod toast;
mod view;
mod window;
mod words;

use std::process::ExitCode;

use clap::Parser;
use estatus_tray::{Language, Where, dialog};
use words::Texts;

/// Keeps an icon in the tray that says how everything is that Estatus watches.
#[derive(Debug, Parser)]
#[command(name = "estatus-tray", version)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) places: Where,
    /// Show no window at the start.
    #[arg(long)]
    pub(crate) hidden: bool,
    /// The page that is shown at the start all the same.
    #[arg(long, hide = true, value_parser = page)]
    pub(crate) page: Option<desktop::Page>,
    /// The link of a notification that is to be followed. It stands last and after all options, so that no link is one.
    #[cfg(windows)]
    #[arg(last = true, hide = true)]
    pub(crate) link: Option<String>,
}

fn page(word: &str) -> Result<desktop::Page, &'static str> {
    word.parse().map_err(|()| "there is no such page")
}

fn main() -> ExitCode {
    let arguments = match dialog::arguments::<Arguments>() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    estatus_tray::log("tray", &arguments.places);
    match running::run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let words = Texts::new(Language::System.is_spanish(sys_locale::get_locale().as_deref()));
            dialog::tell(&words.say("tray.not_started", &[("why", &format!("{error:#}"))]));
            ExitCode::FAILURE
        }
    }
}
