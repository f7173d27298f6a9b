//! The stream of all that the page hears.

use std::sync::{Arc, Mutex, PoisonError};

use estatus_api::{Event, Hello};
use estatus_tray::Heard;
use serde::Serialize;
use tauri::ipc::Channel;

use crate::chosen::Chosen;

/// What the page hears.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "heard")]
pub(crate) enum Streamed {
    /// How things are, after each attaching.
    Hello {
        /// As the engine said it.
        hello: Box<Hello>,
    },
    /// Something changed.
    Event {
        /// As the engine said it.
        event: Arc<Event>,
    },
    /// There is no connection; it is tried again.
    Lost {
        /// Why not, in English.
        why: String,
    },
    /// Something is dragged over the window, or no longer.
    Dragged {
        /// Whether it is.
        over: bool,
    },
    /// A file or folder was dropped.
    Dropped {
        /// Which.
        chosen: Chosen,
    },
    /// The person wants to see a page.
    Open {
        /// Which.
        page: String,
    },
}

impl From<Heard> for Streamed {
    fn from(heard: Heard) -> Self {
        match heard {
            Heard::Hello(hello) => Self::Hello { hello },
            Heard::Event(event) => Self::Event { event },
            Heard::Lost(lost) => Self::Lost { why: lost.why },
        }
    }
}

/// The page that listens, and what it has to open as soon as it does.
pub(crate) struct Streams(Mutex<State>);

struct State {
    channel: Option<Channel<Streamed>>,
    page: Option<String>,
    /// Why there is no engine, as the tray knows it, if there is a reason.
    missing: Option<String>,
}

impl Streams {
    /// Nobody listens yet; `page` is opened first.
    pub(crate) fn new(page: String) -> Self {
        Self(Mutex::new(State { channel: None, page: Some(page), missing: None }))
    }

    /// From now on this one hears it; a page that is loaded again takes the place of the one before.
    pub(crate) fn listen(&self, channel: Channel<Streamed>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(page) = state.page.take() {
            send(&channel, Streamed::Open { page });
        }
        state.channel = Some(channel);
    }

    /// Takes in why there is no engine; nothing if nothing is known of that any more.
    pub(crate) fn engine_is_missing(&self, why: &str) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.missing = (!why.is_empty()).then(|| why.to_owned());
    }

    /// Tells who listens.
    pub(crate) fn tell(&self, said: Streamed) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let said = match (said, &state.missing) {
            (Streamed::Lost { .. }, Some(why)) => Streamed::Lost { why: why.clone() },
            (said, _) => said,
        };
        match (&state.channel, said) {
            (Some(channel), said) => send(channel, said),
            (None, Streamed::Open { page }) => state.page = Some(page),
            // Whoever attaches is told how things are first.
            (None, _) => {}
        }
    }
}

fn send(channel: &Channel<Streamed>, said: Streamed) {
    if let Err(error) = channel.send(said) {
        tracing::debug!(%error, "the page does not hear");
    }
}
