//! `estatus-window`: the window, a process of its own that attaches to the engine like any client.
//!
//! The tray starts it with the page to show, and orders on its standard input what to open next. It ends when its window
//! is closed, or with the tray: when its orders end.

#![cfg_attr(windows, windows_subsystem = "windows")]

mod backend;
mod chosen;
mod frame;
mod opened;
mod saving;
mod service;
mod stream;

use std::{
    io::{BufRead, Write, stdin, stdout},
    process::{ExitCode, exit},
};

use clap::Parser;
use estatus_core::{config, words};
use estatus_tray::{OPEN, Places, Settings, TROUBLE, Where, dialog};
use tauri::{AppHandle, Manager};

use stream::{Streamed, Streams};

/// Where Microsoft gives away what a window is drawn with.
const WEBVIEW_PAGE: &str = "https://developer.microsoft.com/microsoft-edge/webview2/#download";

/// Shows Estatus in a window.
#[derive(Debug, Parser)]
#[command(name = "estatus-window", version)]
struct Arguments {
    #[command(flatten)]
    places: Where,
    /// The page to show first, like `monitor/web`.
    #[arg(long, default_value = "overview")]
    page: String,
    /// Take orders on standard input, and end when that does.
    #[arg(long, hide = true)]
    orders: bool,
}

fn main() -> ExitCode {
    let arguments = match dialog::arguments::<Arguments>() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    estatus_tray::log("window", &arguments.places);
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            not_opened(config_language(None), &format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    let places = Places::find(arguments.places)?;
    let language = config_language(Some(&places));
    if tauri::webview_version().is_err() {
        offer_webview(language, arguments.orders);
        return Ok(());
    }
    let remembered = frame::Remembered::of(&places.desktop);
    tauri::Builder::default()
        .manage(backend::Backend::new(&places))
        .manage(Streams::new(arguments.page))
        .manage(saving::Saving::default())
        .invoke_handler(tauri::generate_handler![
            backend::request,
            backend::attach,
            backend::open,
            backend::choose,
            backend::settings,
            backend::change,
            backend::service,
            backend::examine_service,
            backend::switch_service,
            frame::theme,
            saving::save_begin,
            saving::save_more,
            saving::save_end,
        ])
        .setup(move |app| {
            // What this closure returns as an error is a panic.
            if let Err(error) = frame::build(app, &remembered) {
                not_opened(language, &error.to_string());
                app.handle().exit(1);
            } else if arguments.orders {
                let handle = app.handle().clone();
                std::thread::Builder::new().name("orders".to_owned()).spawn(move || take_orders(&handle))?;
            }
            Ok(())
        })
        .run(tauri::generate_context!())?;
    Ok(())
}

/// The language of this desktop, where it is known what belongs to it.
fn config_language(places: Option<&Places>) -> config::Language {
    let settings = places.map(|places| Settings::of(&places.desktop).load()).unwrap_or_default();
    let spanish = settings.language.is_spanish(sys_locale::get_locale().as_deref());
    if spanish { config::Language::Spanish } else { config::Language::English }
}

fn not_opened(language: config::Language, why: &str) {
    dialog::tell(&words::text(language, "tray.window.not_opened", &[("why", why)]));
}

/// Says that this machine has nothing to draw a window with, and where to get it.
fn offer_webview(language: config::Language, orders: bool) {
    tracing::warn!("the WebView2 runtime is missing, so that there is no window");
    if orders {
        std::thread::spawn(answer_orders);
    }
    let wanted = dialog::ask(&words::text(language, "tray.window.no_webview", &[]));
    if wanted && let Err(error) = opener::open_browser(WEBVIEW_PAGE) {
        not_opened(language, &format!("{WEBVIEW_PAGE}: {error}"));
    }
}

/// What is to be opened while the person is asked is answered by the question, and ends with the tray.
fn answer_orders() {
    for line in stdin().lock().lines().map_while(Result::ok) {
        if line.starts_with(OPEN) {
            // The tray asks again at worst.
            let _ = writeln!(stdout(), "{line}");
        }
    }
    exit(0);
}

/// Opens what the tray says, until the tray is gone.
fn take_orders(app: &AppHandle) {
    for line in stdin().lock().lines() {
        let Ok(line) = line else { break };
        if let Some(page) = line.strip_prefix(OPEN) {
            app.state::<Streams>().tell(Streamed::Open { page: page.to_owned() });
            let shown = app.clone();
            let _ = app.run_on_main_thread(move || {
                if frame::bring_up(&shown) {
                    // The tray opens another window if this one ends without having said so.
                    let _ = writeln!(stdout(), "{line}");
                }
            });
        } else if let Some(why) = line.strip_prefix(TROUBLE) {
            app.state::<Streams>().engine_is_missing(why);
        }
    }
    app.exit(0);
}
