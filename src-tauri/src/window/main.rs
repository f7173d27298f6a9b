//! `estatus-window`: the window, a process of its own that attaches to the engine like any client.
//!
//! The tray starts it with the page to show, and orders on its standard input what to open next. It ends when its window
//! is closed, or with the tray: when its orders end.

#![cfg_attr(windows, windows_subsystem = "windows")]

mod backend;
mod frame;
mod opened;
mod stream;

use std::{
    io::{BufRead, Write, stdin, stdout},
    process::ExitCode,
};

use clap::Parser;
use estatus_tray::{OPEN, Places, TROUBLE, Where};
use tauri::{AppHandle, Manager};

use stream::{Streamed, Streams};

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
    let arguments = Arguments::parse();
    estatus_tray::log();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    let places = Places::find(arguments.places)?;
    let remembered = frame::Remembered::of(&places.data);
    tauri::Builder::default()
        .manage(backend::Backend::new(&places))
        .manage(Streams::new(arguments.page))
        .invoke_handler(tauri::generate_handler![
            backend::request,
            backend::attach,
            backend::open,
            backend::settings,
            backend::change,
        ])
        .setup(move |app| {
            frame::build(app, &remembered)?;
            if arguments.orders {
                let handle = app.handle().clone();
                std::thread::Builder::new().name("orders".to_owned()).spawn(move || take_orders(&handle))?;
            }
            Ok(())
        })
        .run(tauri::generate_context!())?;
    Ok(())
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
