//! Windows: the icon is Tauri's, whose loop has the main thread; the tray's life has a thread of its own.

mod notifications;
mod tray;

use anyhow::{Context, Result};
use tauri::{AppHandle, RunEvent};
use tokio::{
    signal::windows::{ctrl_c, ctrl_close, ctrl_shutdown},
    sync::mpsc,
};

use super::{
    controller::TrayEvent,
    desktop::{About, Face, Notification},
    running::{EVENTS, runtime},
};
use notifications::Notifications;
use tray::TrayItem;

/// Runs the tray's life.
pub(crate) fn run<L: Future<Output = Result<()>>>(
    live: impl FnOnce(Shown, mpsc::Sender<TrayEvent>, mpsc::Receiver<TrayEvent>) -> L + Send + 'static,
) -> Result<()> {
    let (ended, end) = std::sync::mpsc::channel();
    let begin = move |app: &mut tauri::App| {
        let (sender, events) = mpsc::channel(EVENTS);
        let shown = Shown {
            tray: TrayItem::new(app.handle(), sender.clone())?,
            notifications: Notifications::new(sender.clone()),
        };
        let app = app.handle().clone();
        std::thread::Builder::new().name("tray".to_owned()).spawn(move || {
            // Who waits for it is there as long as the application.
            let _ = ended.send(spend(&app, move || live(shown, sender, events)));
        })?;
        Ok(())
    };
    let app = tauri::Builder::default().setup(begin).build(tauri::generate_context!())?;
    app.run(|_, event| {
        // There never is a window here whose closing could be meant.
        if let RunEvent::ExitRequested { code: None, api, .. } = event {
            api.prevent_exit();
        }
    });
    end.try_recv().context("The tray ended before its time")?
}

fn spend<L: Future<Output = Result<()>>>(app: &AppHandle, live: impl FnOnce() -> L) -> Result<()> {
    let runtime = runtime()?;
    let ended = runtime.block_on(async { live().await });
    // What hangs must not keep the program.
    runtime.shutdown_background();
    app.exit(0);
    ended
}

/// What is shown on the desktop.
pub(crate) struct Shown {
    tray: TrayItem,
    notifications: Notifications,
}

impl Shown {
    pub(crate) fn draw(&mut self, face: &Face) {
        if let Err(error) = self.tray.draw(face) {
            tracing::warn!(%error, "the icon cannot be drawn");
        }
    }

    pub(crate) fn notify(&self, notification: &Notification) {
        self.notifications.show(notification);
    }

    /// Windows takes notifications away by itself.
    pub(crate) fn close_notification(&self, _about: &About) {}
}

/// Resolves when the user or the system wants the program to end.
pub(crate) async fn asked_to_end() {
    let (Ok(mut interrupt), Ok(mut close), Ok(mut shutdown)) = (ctrl_c(), ctrl_close(), ctrl_shutdown()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = close.recv() => {}
        _ = shutdown.recv() => {}
    }
}
