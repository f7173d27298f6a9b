//! A Tauri application that does nothing but open a window when it reads `open`, and close it when it reads `close`: what
//! `cargo xtask bench desktop` compares Estatus with.

#![allow(clippy::print_stderr, reason = "a program without a log says what goes wrong there")]

use std::{io::stdin, thread};

use tauri::{AppHandle, Manager, RunEvent, WebviewUrl, WebviewWindowBuilder};

fn main() -> tauri::Result<()> {
    let app = tauri::Builder::default().build(tauri::generate_context!())?;
    let handle = app.handle().clone();
    thread::spawn(move || stdin().lines().map_while(Result::ok).for_each(|line| obey(&handle, &line)));
    app.run(|_, event| {
        if let RunEvent::ExitRequested { api, code: None, .. } = event {
            api.prevent_exit();
        }
    });
    Ok(())
}

fn obey(app: &AppHandle, order: &str) {
    let done = match app.get_webview_window("main") {
        Some(window) if order == "close" => window.destroy(),
        None if order == "open" => {
            WebviewWindowBuilder::new(app, "main", WebviewUrl::default()).inner_size(1100.0, 720.0).build().map(drop)
        }
        _ => Ok(()),
    };
    if let Err(error) = done {
        eprintln!("{order}: {error}");
    }
}
