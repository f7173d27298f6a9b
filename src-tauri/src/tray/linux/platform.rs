//! Linux: everything over D-Bus, without a toolkit.

mod notifications;
mod scheme;
mod tray;

use anyhow::Result;
use estatus_engine::EngineEnd;
use estatus_tray::Places;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{mpsc, watch},
};

use super::{
    Arguments,
    controller::TrayEvent,
    desktop::{About, Face, Notification},
    login::Login,
    running::{EVENTS, runtime},
};

/// So many notifications wait at most to be shown; those beyond are not.
const WAITING: usize = 64;

/// What the desktop is to know of this start: nothing. What is done with a notification comes back over the bus.
pub(crate) struct Start;

impl Start {
    /// That of any arguments.
    pub(crate) fn of(_arguments: &Arguments, _places: &Places, _login: &Login) -> Self {
        Self
    }
}

/// There is no link that another tray could follow.
pub(crate) fn follow_elsewhere(_arguments: &Arguments, _places: &Places) -> Result<bool> {
    Ok(false)
}

/// Runs the tray's life.
pub(crate) fn run<L: Future<Output = Result<EngineEnd>>>(
    _start: Start,
    live: impl FnOnce(Shown, mpsc::Sender<TrayEvent>, mpsc::Receiver<TrayEvent>) -> L,
) -> Result<EngineEnd> {
    estatus_engine::set_limits();
    let runtime = runtime()?;
    let ended = runtime.block_on(async {
        let (sender, events) = mpsc::channel(EVENTS);
        tokio::spawn(wait_for_the_end(sender.clone()));
        live(Shown::new(&sender), sender, events).await
    });
    // What hangs must not keep the program.
    runtime.shutdown_background();
    ended
}

/// What is shown on the desktop.
pub(crate) struct Shown {
    face: watch::Sender<Option<Face>>,
    notifications: mpsc::Sender<notifications::Order>,
}

impl Shown {
    fn new(events: &mpsc::Sender<TrayEvent>) -> Self {
        let (face, drawn) = watch::channel(None);
        let (notifications, orders) = mpsc::channel(WAITING);
        tokio::spawn(tray::show(drawn, events.clone()));
        tokio::spawn(notifications::show(orders, events.clone()));
        Self { face, notifications }
    }

    pub(crate) fn draw(&mut self, face: &Face) {
        self.face.send_replace(Some(face.clone()));
    }

    pub(crate) fn notify(&self, notification: &Notification) {
        self.order(notifications::Order::Show(notification.clone()));
    }

    pub(crate) fn close_notification(&self, about: &About) {
        self.order(notifications::Order::Close(about.clone()));
    }

    fn order(&self, order: notifications::Order) {
        if self.notifications.try_send(order).is_err() {
            tracing::warn!("the desktop does not take in notifications");
        }
    }
}

/// Tells that the user or the system wants the program to end.
async fn wait_for_the_end(events: mpsc::Sender<TrayEvent>) {
    asked_to_end().await;
    // Who is gone has ended already.
    let _ = events.send(TrayEvent::Quit).await;
}

async fn asked_to_end() {
    let signals = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
    let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hang_up)] = signals else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
}
