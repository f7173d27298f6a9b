//! What the main thread does with what Windows tells the hidden window.

use std::{
    cell::{Cell, RefCell},
    sync::{PoisonError, mpsc::Receiver},
    time::Duration,
};

use anyhow::{Context, Result};
use estatus_engine::EngineEnd;
use tokio::sync::mpsc::Sender;

use super::{
    Drawn,
    hidden_window::{HiddenWindow, Message, end_serving},
    tray::TrayItem,
};
use crate::{attempts::Attempts, controller::TrayEvent, desktop::Face, links::Links};

/// Windows may tell that the taskbar looks different before it does: this is how long it takes.
const CHANGES_WITHIN: Duration = Duration::from_secs(1);

/// The icon, and the ways to the tray's life.
pub(super) struct MainThread {
    drawn: Drawn,
    links: Links,
    events: Sender<TrayEvent>,
    /// How the tray's life ended, once it has.
    end: Receiver<Result<EngineEnd>>,
    outcome: Cell<Option<Result<EngineEnd>>>,
    item: RefCell<TrayItem>,
    /// At drawing it.
    attempts: RefCell<Attempts>,
    /// What is drawn, or waits for the menu to be closed.
    face: RefCell<Option<Face>>,
    menu_is_open: Cell<bool>,
    taskbar_is_new: Cell<bool>,
}

impl MainThread {
    pub(super) fn new(drawn: Drawn, links: Links, events: Sender<TrayEvent>, end: Receiver<Result<EngineEnd>>) -> Self {
        let item = RefCell::new(TrayItem::new(events.clone()));
        Self {
            drawn,
            links,
            events,
            end,
            outcome: Cell::default(),
            item,
            attempts: RefCell::new(Attempts::new()),
            face: RefCell::default(),
            menu_is_open: Cell::default(),
            taskbar_is_new: Cell::default(),
        }
    }

    /// How it went, after [`HiddenWindow::serve`].
    pub(super) fn outcome(&self) -> Result<EngineEnd> {
        let ended = self.outcome.take().map_or_else(|| self.end.try_recv(), Ok);
        ended.context("The tray ended before its time")?
    }

    pub(super) fn hear(&self, window: &HiddenWindow, message: Message) {
        match message {
            Message::CloseAsked => self.ask_to_end(),
            Message::MayEnd => self.hold_session(window),
            Message::SessionEnds(false) => window.release_session(),
            Message::SessionEnds(true) => self.end_with_session(),
            Message::NewTaskbar => {
                self.taskbar_is_new.set(true);
                // The icon's own window puts it there again at first.
                window.bell().draw();
            }
            Message::LooksDifferent => {
                if !self.attempts.borrow().are_waiting() {
                    window.wake_in(CHANGES_WITHIN);
                }
                window.bell().draw();
            }
            Message::Woken => {
                self.attempts.borrow_mut().go_on();
                self.draw(window);
            }
            Message::Draw => {
                if let Some(face) = self.drawn.lock().unwrap_or_else(PoisonError::into_inner).take() {
                    self.face.replace(Some(face));
                }
                self.draw(window);
            }
            Message::MenuIsOpen(open) => {
                self.menu_is_open.set(open);
                // After what was chosen in it, which is on its way.
                window.bell().draw();
            }
            Message::Link(link) => {
                // Who is gone has nothing to follow it with.
                let _ = self.events.blocking_send(TrayEvent::Chosen(self.links.action(&link)));
            }
            Message::Ended => end_serving(),
        }
    }

    /// The tray's life takes in events until its end, whatever this thread does.
    fn ask_to_end(&self) {
        // Who is gone has ended already.
        let _ = self.events.blocking_send(TrayEvent::Quit);
    }

    fn hold_session(&self, window: &HiddenWindow) {
        let why = self.face.borrow().as_ref().map(|face| face.farewell.clone());
        if let Some(why) = why {
            window.hold_session(&why);
        }
    }

    /// After the answer the process may be ended at any moment, so that the answer waits until all is stopped and on disk.
    /// How long it may take is Windows' affair: it tells the person why it waits, and they can cut it short.
    fn end_with_session(&self) {
        self.ask_to_end();
        if let Ok(ended) = self.end.recv() {
            self.outcome.set(Some(ended));
        }
        end_serving();
    }

    fn draw(&self, window: &HiddenWindow) {
        let Some(face) = self.face.borrow().clone() else { return };
        // While the taskbar is told something, Windows may tell us something: that is drawn afterwards.
        let Ok(mut item) = self.item.try_borrow_mut() else { return window.bell().draw() };
        if self.taskbar_is_new.take() {
            item.is_gone();
            self.attempts.replace(Attempts::new());
        }
        if self.attempts.borrow().are_waiting() {
            return;
        }
        match item.draw(&face, self.menu_is_open.get(), window) {
            Ok(()) => drop(self.attempts.replace(Attempts::new())),
            Err(error) => {
                let pause = self.attempts.borrow_mut().fail();
                tracing::warn!(%error, "the icon cannot be drawn; that is tried again in {pause:?}");
                window.wake_in(pause);
            }
        }
    }
}
