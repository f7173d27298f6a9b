//! Notifications. What is done with one comes back as a link that is followed (`links.rs`), whether we still run or not.

#![allow(unsafe_code, reason = "whether the screen is taken has no safe API")]

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    time::Duration,
};

use tokio::sync::mpsc;
use windows::{
    Data::Xml::Dom::XmlDocument,
    UI::Notifications::{NotificationSetting, ToastNotification, ToastNotificationManager},
    core::{Error, HSTRING, Result},
};
use windows_sys::Win32::UI::Shell::{
    QUERY_USER_NOTIFICATION_STATE, QUNS_BUSY, QUNS_PRESENTATION_MODE, QUNS_RUNNING_D3D_FULL_SCREEN,
    SHQueryUserNotificationState,
};

use super::registration::{APP, Registration};
use crate::{
    controller::TrayEvent,
    desktop::{About, Notification, NotificationTrouble},
    links::Links,
    toast::{Toast, tag},
};

/// So many orders wait at most; those beyond are not carried out.
const WAITING: usize = 64;
/// Windows does not tell when a full screen begins or ends, so that it is asked at these intervals.
const LOOK: Duration = Duration::from_secs(5);

enum Order {
    Show(Toast),
    Close(String),
}

/// Shows notifications, in a thread of its own.
pub(super) struct Notifications {
    links: Links,
    orders: SyncSender<Order>,
}

impl Notifications {
    /// Tells Windows who we are, and then shows what is ordered. What keeps it from being shown comes as an event.
    pub(super) fn begin(
        links: Links,
        registration: Registration,
        events: mpsc::Sender<TrayEvent>,
    ) -> std::io::Result<Self> {
        let (sender, orders) = sync_channel(WAITING);
        let group = HSTRING::from(&registration.scheme);
        let begin = move || {
            if let Err(error) = registration.write() {
                tracing::warn!(%error, "Windows is not told who notifies");
            }
            Desk { group, events, told: None, screen_is_taken: false }.attend(&orders);
        };
        std::thread::Builder::new().name("notifications".to_owned()).spawn(begin)?;
        Ok(Self { links, orders: sender })
    }

    pub(super) fn show(&self, notification: &Notification) {
        self.order(Order::Show(Toast::of(notification, &self.links)));
    }

    pub(super) fn close(&self, about: &About) {
        self.order(Order::Close(tag(about)));
    }

    fn order(&self, order: Order) {
        if self.orders.try_send(order).is_err() {
            tracing::warn!("Windows does not take in notifications");
        }
    }
}

struct Desk {
    /// All of ours are one, and those of another folder another: an incident 7 takes the place of none of theirs.
    group: HSTRING,
    events: mpsc::Sender<TrayEvent>,
    /// What was told last of what keeps notifications from being shown, if anything was.
    told: Option<Option<NotificationTrouble>>,
    /// Whether something fills the screen, as was told last.
    screen_is_taken: bool,
}

impl Desk {
    fn attend(&mut self, orders: &Receiver<Order>) {
        loop {
            self.look_at_the_screen();
            match orders.recv_timeout(LOOK) {
                Ok(Order::Show(toast)) => {
                    let trouble = show(&toast, &self.group).err().or_else(switched_off);
                    self.trouble_is(trouble);
                }
                Ok(Order::Close(tag)) => {
                    // It may be gone already.
                    let _ = close(&tag, &self.group);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn look_at_the_screen(&mut self) {
        let taken = screen().is_some_and(is_taken);
        if taken != self.screen_is_taken {
            self.screen_is_taken = taken;
            // Who is gone wants to know nothing, here and below.
            let _ = self.events.blocking_send(TrayEvent::DoNotDisturb(taken));
        }
    }

    fn trouble_is(&mut self, trouble: Option<NotificationTrouble>) {
        if self.told.as_ref() != Some(&trouble) {
            self.told = Some(trouble.clone());
            let _ = self.events.blocking_send(TrayEvent::NotificationTrouble(trouble));
        }
    }
}

fn show(toast: &Toast, group: &HSTRING) -> std::result::Result<(), NotificationTrouble> {
    let show = || -> Result<()> {
        let document = XmlDocument::new()?;
        document.LoadXml(&HSTRING::from(&toast.xml))?;
        let shown = ToastNotification::CreateToastNotification(&document)?;
        shown.SetTag(&HSTRING::from(&toast.tag))?;
        shown.SetGroup(group)?;
        ToastNotificationManager::CreateToastNotifierWithId(&HSTRING::from(APP))?.Show(&shown)
    };
    show().map_err(|error| trouble(&error))
}

fn close(tag: &str, group: &HSTRING) -> Result<()> {
    let (tag, app) = (HSTRING::from(tag), HSTRING::from(APP));
    ToastNotificationManager::History()?.RemoveGroupedTagWithId(&tag, group, &app)
}

/// Windows takes in what it does not show, too.
fn switched_off() -> Option<NotificationTrouble> {
    let notifier = ToastNotificationManager::CreateToastNotifierWithId(&HSTRING::from(APP)).ok()?;
    // Where it does not say, it was switched off by nobody.
    let setting = notifier.Setting().ok()?;
    (setting != NotificationSetting::Enabled).then_some(NotificationTrouble::SwitchedOff)
}

/// A number says nothing to anybody, but helps whoever looks for it: it stands behind what it means.
fn trouble(error: &Error) -> NotificationTrouble {
    const NOT_THERE: [u32; 3] = [
        // REGDB_E_CLASSNOTREG, RPC_S_SERVER_UNAVAILABLE and ERROR_SERVICE_DISABLED: Windows without its shell, or somebody
        // switched off the service that shows them.
        0x8004_0154,
        0x8007_06ba,
        0x8007_0422,
    ];
    let code = error.code().0.cast_unsigned();
    if NOT_THERE.contains(&code) {
        return NotificationTrouble::NoService(format!("0x{code:08x}"));
    }
    let message = error.message();
    let message = message.trim().trim_end_matches('.');
    NotificationTrouble::Refused(if message.is_empty() {
        format!("0x{code:08x}")
    } else {
        format!("{message} (0x{code:08x})")
    })
}

/// What the person's screen shows now.
fn screen() -> Option<QUERY_USER_NOTIFICATION_STATE> {
    let mut state = 0;
    // SAFETY: the pointer is to a live value of ours, written before the call returns.
    let result = unsafe { SHQueryUserNotificationState(&raw mut state) };
    (result == 0).then_some(state)
}

/// Whether something fills the screen that must not be disturbed. What is shown while nobody is there, or while the person
/// wants to concentrate, Windows keeps in its notification centre by itself.
fn is_taken(state: QUERY_USER_NOTIFICATION_STATE) -> bool {
    matches!(state, QUNS_BUSY | QUNS_RUNNING_D3D_FULL_SCREEN | QUNS_PRESENTATION_MODE)
}

#[cfg(test)]
mod tests {
    use windows::core::HRESULT;
    use windows_sys::Win32::UI::Shell::{QUNS_ACCEPTS_NOTIFICATIONS, QUNS_APP, QUNS_NOT_PRESENT, QUNS_QUIET_TIME};

    use super::*;

    #[test]
    fn what_fills_the_screen_is_not_disturbed() {
        for state in [QUNS_BUSY, QUNS_RUNNING_D3D_FULL_SCREEN, QUNS_PRESENTATION_MODE] {
            assert!(is_taken(state), "{state}");
        }
        for state in [QUNS_ACCEPTS_NOTIFICATIONS, QUNS_APP, QUNS_NOT_PRESENT, QUNS_QUIET_TIME] {
            assert!(!is_taken(state), "{state}");
        }
    }

    #[test]
    fn what_windows_refuses_is_a_sentence() {
        let check = |code: u32, expected: NotificationTrouble| {
            assert_eq!(trouble(&Error::from_hresult(HRESULT(code.cast_signed()))), expected);
        };
        check(0x8004_0154, NotificationTrouble::NoService("0x80040154".to_owned()));
        check(0x8fff_ffff, NotificationTrouble::Refused("0x8fffffff".to_owned()));
        let NotificationTrouble::Refused(denied) = trouble(&Error::from_hresult(HRESULT(0x8007_0005u32.cast_signed())))
        else {
            panic!("not refused")
        };
        assert!(denied.len() > "(0x80070005)".len() && denied.ends_with("(0x80070005)"), "{denied}");
    }
}
