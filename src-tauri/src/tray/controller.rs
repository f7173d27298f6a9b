//! Everything that happens to the tray comes here, one after the other.

use std::{sync::Arc, time::Duration};

use estatus_api::{ApiError, Event, RunStatus};
use estatus_config::places::Service;
use estatus_core::{
    engine::Ask,
    flow::run::{AnsweredBy, AnsweredFrom},
};
use estatus_engine::EngineEnd;
use estatus_tray::{Change, DesktopSettings, Heard};
use jiff::{Timestamp, ToSpan, Zoned};

use super::{
    desktop::{Action, Desktop, Face, NotificationTrouble, Page},
    face,
    menu::menu,
    news::{Announcement, News, Quiet},
    questions::Questions,
    telling,
    view::{EngineConnection, View},
    words::Texts,
};

/// What happens to the tray.
#[derive(Debug)]
pub(crate) enum TrayEvent {
    /// The system wants the program to end.
    Quit,
    /// The engine of this process.
    Host(Hosted),
    /// What is heard from the engine, wherever it is.
    Engine(Heard),
    /// The person chose this in the menu or in a notification.
    Chosen(Action),
    /// Estatus was started once more.
    StartedAgain,
    /// The settings are these now.
    Settings(DesktopSettings),
    /// Why notifications cannot be shown, or that they can.
    NotificationTrouble(Option<NotificationTrouble>),
    /// Whether the desktop must not be disturbed.
    DoNotDisturb(bool),
    /// How a run stands that was asked for.
    Run(Box<RunStatus>),
    /// The engine does not do what the person chose, and why.
    Refused(Ask, ApiError),
    /// What else the person chose could not be done, and why.
    Failed(String),
    /// What the clock shows is to be looked at again.
    Due,
}

/// What becomes of the engine of this process.
#[derive(Debug)]
pub(crate) enum Hosted {
    /// It does not start, or has ended though nobody wanted that.
    Failed(String),
    /// It was asked to stop, and now stops these programs.
    Quitting(Vec<Arc<str>>),
    /// It has ended as it was asked to.
    Ended(EngineEnd),
}

/// What comes after what has happened was looked at.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ControlFlow {
    /// Wait until something happens.
    Wait,
    /// At the latest after this, it is [`TrayEvent::Due`].
    WakeIn(Duration),
    /// It is over, for this reason.
    End(EngineEnd),
}

/// A snooze that ends later than this is one without end.
const NO_END: i64 = 1;

/// So much that was chosen waits at most for the engine to start; nobody clicks so often.
const WAITING: usize = 16;

/// The tray's one loop has this, and nobody else.
pub(crate) struct Controller<D> {
    pub(crate) desktop: D,
    view: View,
    news: News,
    questions: Questions,
    settings: DesktopSettings,
    locale: Option<String>,
    words: Texts,
    do_not_disturb: bool,
    /// Why notifications cannot be shown, once that was looked at.
    notification_trouble: Option<Option<NotificationTrouble>>,
    /// What was chosen before there was an engine to ask.
    waiting: Vec<Action>,
    drawn: Option<Face>,
    /// Why it ends, when it does.
    why: EngineEnd,
    /// Whether it is to end.
    quits: bool,
    ended: bool,
}

impl<D: Desktop> Controller<D> {
    /// One that has heard nothing yet. `locale` is the system's.
    pub(crate) fn new(desktop: D, settings: DesktopSettings, locale: Option<String>) -> Self {
        let words = Texts::new(settings.language.is_spanish(locale.as_deref()));
        Self {
            desktop,
            view: View::default(),
            news: News::default(),
            questions: Questions::default(),
            settings,
            locale,
            words,
            do_not_disturb: false,
            notification_trouble: None,
            waiting: Vec::new(),
            drawn: None,
            why: EngineEnd::Stopped,
            quits: false,
            ended: false,
        }
    }

    /// Takes in what has happened; [`Controller::settle`] shows what comes of it.
    pub(crate) fn take(&mut self, event: TrayEvent, now: &Zoned) {
        match event {
            TrayEvent::Quit => self.quit(),
            TrayEvent::Host(hosted) => self.hosted(hosted),
            TrayEvent::Engine(heard) => self.heard(heard, now),
            TrayEvent::Chosen(action) => self.chosen(action, now),
            TrayEvent::StartedAgain => self.desktop.open_window(&Page::Overview),
            TrayEvent::Settings(settings) => self.take_settings(settings),
            TrayEvent::NotificationTrouble(trouble) => {
                self.notification_trouble = Some(trouble);
                self.remember_trouble();
            }
            TrayEvent::DoNotDisturb(wanted) => self.do_not_disturb = wanted,
            TrayEvent::Run(status) => self.view.take_run(&status),
            TrayEvent::Refused(asked, error) => {
                self.desktop.notify(&telling::not_done(&asked, &error, &self.words));
            }
            TrayEvent::Failed(why) => self.desktop.notify(&telling::failed(&why, &self.words)),
            TrayEvent::Due => {}
        }
    }

    /// Shows how things are, where that has changed, and tells what is due.
    pub(crate) fn settle(&mut self, now: &Zoned) -> ControlFlow {
        if self.ended {
            return ControlFlow::End(self.why);
        }
        self.draw(now);
        self.tell(now);
        self.wakes_in(now.timestamp()).map_or(ControlFlow::Wait, ControlFlow::WakeIn)
    }

    fn draw(&mut self, now: &Zoned) {
        let icon = face::icon(&self.view, now.timestamp());
        let tool_tip = face::tool_tip(&self.view, icon, &self.words);
        let menu = menu(&self.view, icon, &self.settings, &self.words, now);
        let face = Face { icon, tool_tip, menu, farewell: self.words.plain("tray.farewell") };
        if self.drawn.as_ref() != Some(&face) {
            self.desktop.draw(&face);
            self.drawn = Some(face);
        }
    }

    fn tell(&mut self, now: &Zoned) {
        let quiet = self.quiet(now.timestamp());
        let asked = self.questions.tell(&self.view, quiet);
        asked.over.iter().for_each(|about| self.desktop.close_notification(about));
        for asking in &asked.new {
            self.desktop.notify(&telling::question(asking, &self.words, now));
        }
        for telling in self.news.tell(&self.view, quiet, now.timestamp()) {
            let notification = match telling {
                Announcement::Withdraw(about) => {
                    self.desktop.close_notification(&about);
                    continue;
                }
                Announcement::One(trouble) => telling::one(&trouble, &self.view, &self.words, now),
                Announcement::Many(troubles) => telling::many(&troubles, &self.words),
                Announcement::Meanwhile(troubles) => telling::meanwhile(&troubles, &self.words, now),
            };
            self.desktop.notify(&notification);
        }
    }

    fn quiet(&self, now: Timestamp) -> Quiet {
        if !self.settings.notifications {
            return Quiet::Always;
        }
        let is_quiet = self.view.quiet_until(now).is_some();
        if is_quiet || self.do_not_disturb { Quiet::Now } else { Quiet::No }
    }

    /// When something is to be told, or a snooze ends.
    fn wakes_in(&self, now: Timestamp) -> Option<Duration> {
        let snooze = [self.view.quiet_until(now), self.news.snooze_ends(&self.view)].into_iter().flatten().min();
        let far = now.to_zoned(jiff::tz::TimeZone::UTC).checked_add(NO_END.years()).map(|at| at.timestamp());
        let snooze = snooze.filter(|until| far.as_ref().is_ok_and(|far| until < far));
        let snooze = snooze.map(|until| Duration::try_from(until.duration_since(now)).unwrap_or_default());
        [self.news.due_in(now), snooze].into_iter().flatten().min()
    }

    fn quit(&mut self) {
        self.quits = true;
        if !matches!(self.view.link, EngineConnection::Quitting { .. }) {
            self.view.link = EngineConnection::Quitting { stopped: Vec::new() };
            self.ended = !self.desktop.stop_engine();
        }
    }

    fn hosted(&mut self, hosted: Hosted) {
        let is_quitting = matches!(self.view.link, EngineConnection::Quitting { .. });
        match hosted {
            Hosted::Ended(_) if self.quits => self.ended = true,
            // The service's is about to run; it is missed if it does not.
            Hosted::Ended(EngineEnd::Relaunching) if self.gives_way() => self.view.link = EngineConnection::Starting,
            Hosted::Ended(EngineEnd::Relaunching) => self.relaunch(),
            Hosted::Failed(_) | Hosted::Ended(EngineEnd::Stopped) if is_quitting => self.ended = true,
            Hosted::Failed(why) => {
                self.desktop.tell_window(Some(&why));
                self.is_gone(why);
            }
            Hosted::Quitting(stopped) => self.view.link = EngineConnection::Quitting { stopped },
            Hosted::Ended(EngineEnd::Stopped) => {}
        }
    }

    fn heard(&mut self, heard: Heard, now: &Zoned) {
        if matches!(self.view.link, EngineConnection::Quitting { .. }) {
            return;
        }
        match heard {
            Heard::Hello(hello) => {
                self.desktop.tell_window(None);
                self.view.begin(&hello);
                self.news.begin(&self.view, now.timestamp());
                // Which step each is at, and what it asks, is not in what was said first.
                self.view.runs.values().for_each(|run| self.desktop.look_at(run.run));
                std::mem::take(&mut self.waiting).into_iter().for_each(|action| self.chosen(action, now));
            }
            // An engine of our own says how it ended by itself, perhaps before this is heard.
            Heard::Event(event) if *event == Event::Relaunching => {
                if self.view.is_attached() && !(self.view.is_ours() && self.gives_way()) {
                    self.why = EngineEnd::Relaunching;
                    self.quit();
                }
            }
            Heard::Event(event) => {
                if self.view.fold(&event) {
                    self.news.take(&event, now.timestamp());
                }
            }
            // Why ours does not start says more than that there is none.
            Heard::Lost(lost) if lost.no_engine && !self.view.is_attached() => self.start_engine(),
            Heard::Lost(lost) => self.is_gone(lost.why),
        }
    }

    /// Whether an engine of this process that is to be started again has given way to that of a service, whose face this
    /// tray is from then on.
    fn gives_way(&self) -> bool {
        self.desktop.service().is_some() && !self.desktop.is_moved()
    }

    fn relaunch(&mut self) {
        self.why = EngineEnd::Relaunching;
        self.ended = true;
    }

    /// Starts one here, unless that is a service's: it could not start then, and its programs would end with this session.
    /// Where the service whose face this was is gone, and what is this user's own stands elsewhere, the next tray does.
    fn start_engine(&mut self) {
        let key = match self.desktop.service() {
            None if self.desktop.is_moved() => return self.relaunch(),
            None => return self.desktop.start_engine(),
            Some(Service::User) => "tray.service_stopped.own",
            Some(Service::Machine) if cfg!(windows) => "tray.service_stopped.windows",
            Some(Service::Machine) => "tray.service_stopped",
        };
        let why = self.words.plain(key);
        if !matches!(&self.view.link, EngineConnection::Gone { why: known } if *known == why) {
            self.desktop.tell_window(Some(&why));
            self.is_gone(why);
        }
    }

    /// Whoever asks for it is answered, also where all is as it was.
    fn try_again(&mut self) {
        self.start_engine();
        if let (Some(_), EngineConnection::Gone { why }) = (self.desktop.service(), &self.view.link) {
            self.desktop.notify(&telling::failed(why, &self.words));
        }
    }

    fn is_gone(&mut self, why: String) {
        if !matches!(self.view.link, EngineConnection::Quitting { .. }) {
            if !self.waiting.is_empty() {
                self.waiting.clear();
                self.desktop.notify(&telling::failed(&why, &self.words));
            }
            self.view.link = EngineConnection::Gone { why };
        }
    }

    fn take_settings(&mut self, settings: DesktopSettings) {
        if settings.start_at_login != self.settings.start_at_login {
            self.desktop.start_at_login(settings.start_at_login);
        }
        let before = std::mem::replace(&mut self.settings, settings).language;
        if self.settings.language != before {
            self.words = Texts::new(self.settings.language.is_spanish(self.locale.as_deref()));
            self.remember_trouble();
        }
    }

    fn remember_trouble(&mut self) {
        let Some(trouble) = &self.notification_trouble else { return };
        let trouble = trouble.as_ref().map(|trouble| face::no_notifications(trouble, &self.words));
        if self.settings.notification_trouble != trouble {
            self.desktop.change(Change { notification_trouble: Some(trouble), ..Change::default() });
        }
    }

    fn chosen(&mut self, action: Action, now: &Zoned) {
        if matches!(self.view.link, EngineConnection::Starting) && action.asks_the_engine() {
            if self.waiting.len() < WAITING {
                self.waiting.push(action);
            }
            return;
        }
        match action {
            Action::Open(page) => self.desktop.open_window(&page),
            Action::CheckAll => self.desktop.ask(Ask::CheckNow { monitor: None }),
            Action::Restart(program) => self.desktop.ask(Ask::RestartProgram { program: program.to_string() }),
            Action::Stop(program) => self.desktop.ask(Ask::StopProgram { program: program.to_string() }),
            Action::Snooze { monitor, span } => {
                let monitor = monitor.map(|monitor| monitor.to_string());
                self.desktop.ask(Ask::Snooze { monitor, until: Some(span.end(now)) });
            }
            Action::EndSnooze => self.desktop.ask(Ask::Snooze { monitor: None, until: None }),
            Action::Acknowledge(monitor) => self.desktop.ask(Ask::Acknowledge { monitor: monitor.to_string() }),
            Action::Answer { run, step, approved } => {
                let by = AnsweredBy { from: Some(AnsweredFrom::Tray), user: None };
                self.desktop.ask(Ask::Approve { run, step: Some(step.to_string()), approved, by });
            }
            Action::StartAtLogin(wanted) => {
                self.desktop.change(Change { start_at_login: Some(wanted), ..Change::default() });
            }
            Action::StartEngine => self.try_again(),
            Action::Quit => self.quit(),
        }
    }
}

#[cfg(test)]
mod tests;
