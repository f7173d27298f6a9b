//! Notifications.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use notify_rust::{NotificationResponse, Urgency};
use tokio::sync::mpsc;

use crate::{
    controller::TrayEvent,
    desktop::{Action, Notification},
};

/// What identifies us among those who notify.
const APP: &str = "org.estatus.desktop";
/// So many wait at a time for what is done with them; more are not shown.
const WAITING: usize = 16;

/// Shows notifications, each with a thread that waits for what is done with it.
pub(super) struct Notifications {
    events: mpsc::Sender<TrayEvent>,
    waiting: Arc<AtomicUsize>,
}

impl Notifications {
    pub(super) fn new(events: mpsc::Sender<TrayEvent>) -> Self {
        Self { events, waiting: Arc::default() }
    }

    pub(super) fn show(&self, notification: &Notification) {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return tracing::warn!("there are too many notifications");
        }
        let (notification, events, waiting) = (notification.clone(), self.events.clone(), Arc::clone(&self.waiting));
        let started = std::thread::Builder::new().name("notification".to_owned()).spawn(move || {
            attend(&notification, &events);
            waiting.fetch_sub(1, Ordering::Relaxed);
        });
        if let Err(error) = started {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            tracing::warn!(%error, "a notification cannot be shown");
        }
    }
}

/// Shows it, and waits until something is done with it.
fn attend(notification: &Notification, events: &mpsc::Sender<TrayEvent>) {
    let mut toast = notify_rust::Notification::new();
    toast.app_id(APP).summary(&notification.title).body(&notification.body);
    toast.urgency(if notification.urgent { Urgency::Critical } else { Urgency::Normal });
    for button in &notification.buttons {
        toast.action(button.action.key(), &button.text);
    }
    let shown = toast.show();
    let trouble = shown.as_ref().err().map(ToString::to_string);
    // Who is gone wants to know nothing, here and below.
    let _ = events.blocking_send(TrayEvent::NotificationTrouble(trouble));
    let Ok(shown) = shown else { return };
    let chosen = |response: &NotificationResponse| {
        if let Some(action) = action(notification, response) {
            let _ = events.blocking_send(TrayEvent::Chosen(action));
        }
    };
    if let Err(error) = shown.wait_for_response(chosen) {
        tracing::debug!(%error, "what was done with a notification is not known");
    }
}

fn action(notification: &Notification, response: &NotificationResponse) -> Option<Action> {
    match response {
        NotificationResponse::Default => Some(notification.click.clone()),
        NotificationResponse::Action(key) => {
            let button = notification.buttons.iter().find(|button| button.action.key() == key)?;
            Some(button.action.clone())
        }
        _ => None,
    }
}
