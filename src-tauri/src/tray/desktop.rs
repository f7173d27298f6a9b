//! What the controller wants of the desktop, as plain data.

use std::{fmt, sync::Arc};

use estatus_config::places::Service;
use estatus_core::{
    engine::Ask,
    ids::{IncidentId, RunId},
};
use estatus_tray::Change;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::span::Span;

/// The desktop, and what can be reached from it.
pub(crate) trait Desktop {
    /// Shows this in the tray.
    fn draw(&mut self, face: &Face);

    /// Shows a notification, in the place of the one about the same.
    fn notify(&mut self, notification: &Notification);

    /// Takes the notification about this away, if it is still there.
    fn close_notification(&mut self, about: &About);

    /// Shows the window, with this page.
    fn open_window(&mut self, page: &Page);

    /// Tells the window why there is no engine, which it cannot find out by itself, or that this is over.
    fn tell_window(&mut self, trouble: Option<&str>);

    /// Changes the settings; what they are then comes as an event.
    fn change(&mut self, change: Change);

    /// Makes it start at login, or not.
    fn start_at_login(&mut self, wanted: bool);

    /// Asks the engine to do this; that it was not done comes as an event.
    fn ask(&mut self, ask: Ask);

    /// Asks the engine how this run stands with its steps; that comes as an event.
    fn look_at(&mut self, run: RunId);

    /// The service that is to run the engine, if there is one.
    fn service(&self) -> Option<Service>;

    /// Whether things are to be found elsewhere than where they were at the start, since a service has come or gone.
    fn is_moved(&self) -> bool;

    /// Starts an engine in this process, if there is none.
    fn start_engine(&mut self);

    /// Stops the engine of this process. Whether there is one: that it has ended comes as an event then.
    fn stop_engine(&mut self) -> bool;
}

/// What the tray shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Face {
    pub(crate) icon: Icon,
    pub(crate) tool_tip: String,
    pub(crate) menu: Menu,
    /// What the system may say of us while it waits for our end, when the session ends.
    pub(crate) farewell: String,
}

/// How all is together: the worst of it, the best first here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Icon {
    /// All is well.
    Well,
    /// Nothing is told, or nothing is checked: somebody wanted it so.
    Paused,
    /// Something may be wrong.
    Suspect,
    /// The own network is off: nothing can be said of what is beyond it.
    Offline,
    /// Something is down.
    Down,
    /// There is no engine.
    Gone,
}

/// A menu.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Menu(pub(crate) Vec<Item>);

/// An item of a menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// Something to read.
    Text(String),
    /// Something to do.
    Choice { text: String, action: Action, enabled: bool },
    /// Something that is on or off.
    Switch { text: String, action: Action, on: bool },
    /// A menu in it.
    Submenu { text: String, items: Vec<Item>, enabled: bool },
    /// A line.
    Separator,
}

/// What a person can do, in the menu or with a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Open(Page),
    CheckAll,
    Restart(Arc<str>),
    Stop(Arc<str>),
    /// Tell nothing for a while: of one monitor, or of any.
    Snooze {
        monitor: Option<Arc<str>>,
        span: Span,
    },
    EndSnooze,
    Acknowledge(Arc<str>),
    /// Answer a step that asks whether it may go on.
    Answer {
        run: RunId,
        step: Arc<str>,
        approved: bool,
    },
    StartAtLogin(bool),
    StartEngine,
    Quit,
}

impl Action {
    /// What it is called between the desktop and us.
    pub(crate) fn key(&self) -> &'static str {
        match self {
            Self::Open(_) => "open",
            Self::CheckAll => "check",
            Self::Restart(_) => "restart",
            Self::Stop(_) => "stop",
            Self::Snooze { .. } => "snooze",
            Self::EndSnooze => "resume",
            Self::Acknowledge(_) => "acknowledge",
            Self::Answer { approved: true, .. } => "approve",
            Self::Answer { approved: false, .. } => "deny",
            Self::StartAtLogin(_) => "start-at-login",
            Self::StartEngine => "start-engine",
            Self::Quit => "quit",
        }
    }

    /// Whether the engine is asked to do it.
    pub(crate) fn asks_the_engine(&self) -> bool {
        match self {
            Self::CheckAll
            | Self::Restart(_)
            | Self::Stop(_)
            | Self::Snooze { .. }
            | Self::EndSnooze
            | Self::Acknowledge(_)
            | Self::Answer { .. } => true,
            Self::Open(_) | Self::StartAtLogin(_) | Self::StartEngine | Self::Quit => false,
        }
    }
}

/// A page of the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    Overview,
    Monitor(Arc<str>),
    Program(Arc<str>),
    Flow(Arc<str>),
    Fleet(Arc<str>),
    Run(RunId),
    Incident(IncidentId),
    Incidents,
    Settings,
}

impl fmt::Display for Page {
    /// As the window knows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = |name| utf8_percent_encode(name, NON_ALPHANUMERIC);
        match self {
            Self::Overview => f.write_str("overview"),
            Self::Monitor(name) => write!(f, "monitor/{}", encoded(name)),
            Self::Program(name) => write!(f, "program/{}", encoded(name)),
            Self::Flow(name) => write!(f, "flow/{}", encoded(name)),
            Self::Fleet(name) => write!(f, "fleet/{}", encoded(name)),
            Self::Run(id) => write!(f, "run/{id}"),
            Self::Incident(id) => write!(f, "incident/{}", id.0),
            Self::Incidents => f.write_str("incidents"),
            Self::Settings => f.write_str("settings"),
        }
    }
}

impl std::str::FromStr for Page {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        let name = |name: &str| {
            let decoded = percent_encoding::percent_decode_str(name).decode_utf8().map_err(|_| ())?;
            Ok(Arc::from(decoded.as_ref()))
        };
        Ok(match word.split_once('/') {
            None if word == "overview" => Self::Overview,
            None if word == "incidents" => Self::Incidents,
            None if word == "settings" => Self::Settings,
            Some(("monitor", monitor)) => Self::Monitor(name(monitor)?),
            Some(("program", program)) => Self::Program(name(program)?),
            Some(("flow", flow)) => Self::Flow(name(flow)?),
            Some(("fleet", fleet)) => Self::Fleet(name(fleet)?),
            Some(("run", id)) => Self::Run(RunId(id.parse().map_err(|_| ())?)),
            Some(("incident", id)) => Self::Incident(IncidentId(id.parse().map_err(|_| ())?)),
            _ => return Err(()),
        })
    }
}

/// A notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notification {
    /// A newer one about the same takes its place.
    pub(crate) about: About,
    pub(crate) icon: Icon,
    pub(crate) title: String,
    /// Plain text, with line breaks.
    pub(crate) body: String,
    /// Whether it stays until it is seen.
    pub(crate) urgent: bool,
    /// What a click does.
    pub(crate) click: Action,
    pub(crate) buttons: Vec<Button>,
}

/// A button of a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Button {
    pub(crate) text: String,
    pub(crate) action: Action,
}

/// Why notifications cannot be shown. What the system says of it is English.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(unix, allow(dead_code, reason = "only Windows says that somebody switched them off"))]
#[cfg_attr(windows, allow(dead_code, reason = "only Linux reaches the desktop by a bus"))]
pub(crate) enum NotificationTrouble {
    /// The desktop cannot be reached.
    NoBus(String),
    /// Nobody on this desktop shows notifications.
    NoService(String),
    /// The person, or whoever administers the machine, has switched them off.
    SwitchedOff,
    /// The system does not show them.
    Refused(String),
}

/// What a notification is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum About {
    Incident(IncidentId),
    Program(Arc<str>),
    Flow(Arc<str>),
    Fleet(Arc<str>),
    /// What the step at this place of a run asks.
    Question(RunId, usize),
    /// Much at once.
    Many,
    /// What happened while nothing was told.
    Meanwhile,
    /// What the person chose and could not be done.
    Failure,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_one_word_whatever_a_monitor_is_called() {
        let check = |page: Page, word: &str| assert_eq!(page.to_string(), word);
        check(Page::Overview, "overview");
        check(Page::Monitor("web port/ñ\n".into()), "monitor/web%20port%2F%C3%B1%0A");
        check(Page::Incident(IncidentId(7)), "incident/7");
    }

    #[test]
    fn a_page_is_known_again_by_its_word() {
        let named = "web port/ñ\n%";
        for page in [
            Page::Overview,
            Page::Monitor(named.into()),
            Page::Program(named.into()),
            Page::Flow(named.into()),
            Page::Fleet(named.into()),
            Page::Run(RunId(31)),
            Page::Incident(IncidentId(7)),
            Page::Incidents,
            Page::Settings,
        ] {
            assert_eq!(page.to_string().parse(), Ok(page));
        }
        for word in
            ["", "overview/", "monitor", "incident/x", "incident/-1", "run/x", "program/%ff", "https://example.org"]
        {
            assert_eq!(word.parse::<Page>(), Err(()), "{word}");
        }
    }
}
