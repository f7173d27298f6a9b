//! Whoever shows notifications on a desktop (org.freedesktop.Notifications).

use std::collections::HashMap;

use estatus_tests::BOUND;
use tokio::sync::mpsc;
use zbus::{Connection, connection, interface, object_server::SignalEmitter, zvariant::OwnedValue};

/// A notification that was shown.
#[derive(Clone, Debug)]
pub(crate) struct Bubble {
    /// Its number.
    pub(crate) id: u32,
    /// The number of the one whose place it took.
    pub(crate) replaces: u32,
    /// Its first line.
    pub(crate) summary: String,
    /// What follows.
    pub(crate) body: String,
    /// Its buttons: what each is called by programs, and by people.
    pub(crate) actions: Vec<(String, String)>,
}

/// The server.
pub(crate) struct Bubbles {
    connection: Connection,
    shown: mpsc::UnboundedReceiver<Bubble>,
    withdrawn: mpsc::UnboundedReceiver<u32>,
}

struct Server {
    shown: mpsc::UnboundedSender<Bubble>,
    withdrawn: mpsc::UnboundedSender<u32>,
    last: u32,
    /// Whether the desktop must not be disturbed.
    inhibited: bool,
}

const PATH: &str = "/org/freedesktop/Notifications";

#[interface(name = "org.freedesktop.Notifications")]
impl Server {
    #[expect(clippy::too_many_arguments, reason = "the specification has so many")]
    fn notify(
        &mut self,
        _app: &str,
        replaces: u32,
        _icon: &str,
        summary: &str,
        body: &str,
        actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _timeout: i32,
    ) -> u32 {
        let id = if replaces > 0 { replaces } else { self.last + 1 };
        self.last = self.last.max(id);
        let actions = actions.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
        let _ = self.shown.send(Bubble { id, replaces, summary: summary.to_owned(), body: body.to_owned(), actions });
        id
    }

    async fn close_notification(&self, id: u32, #[zbus(signal_emitter)] emitter: SignalEmitter<'_>) {
        let _ = self.withdrawn.send(id);
        let _ = Self::notification_closed(&emitter, id, 3).await;
    }

    #[zbus(property)]
    fn inhibited(&self) -> bool {
        self.inhibited
    }

    fn get_capabilities(&self) -> Vec<String> {
        ["body", "actions", "persistence"].map(str::to_owned).to_vec()
    }

    fn get_server_information(&self) -> (String, String, String, String) {
        let own = |text: &str| text.to_owned();
        (own("bubbles"), own("Estatus"), own("1"), own("1.2"))
    }

    #[zbus(signal)]
    async fn action_invoked(emitter: &SignalEmitter<'_>, id: u32, key: &str) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn notification_closed(emitter: &SignalEmitter<'_>, id: u32, reason: u32) -> zbus::Result<()>;
}

impl Bubbles {
    /// Puts a server on the bus.
    pub(crate) async fn on(bus: &str) -> Self {
        let (sender, shown) = mpsc::unbounded_channel();
        let (taken_back, withdrawn) = mpsc::unbounded_channel();
        let server = Server { shown: sender, withdrawn: taken_back, last: 0, inhibited: false };
        let built = connection::Builder::address(bus)
            .unwrap()
            .name("org.freedesktop.Notifications")
            .unwrap()
            .serve_at(PATH, server)
            .unwrap();
        Self { connection: built.build().await.unwrap(), shown, withdrawn }
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> Bubble {
        tokio::time::timeout(BOUND, self.shown.recv()).await.expect("a notification is shown").unwrap()
    }

    /// Waits for the next one whose first line says this.
    pub(crate) async fn saying(&mut self, summary: &str) -> Bubble {
        loop {
            let bubble = self.next().await;
            if bubble.summary.contains(summary) {
                return bubble;
            }
        }
    }

    /// Waits until this one is taken from the screen by whoever showed it.
    pub(crate) async fn withdrawn(&mut self, bubble: &Bubble) {
        let next = async { while self.withdrawn.recv().await.unwrap() != bubble.id {} };
        tokio::time::timeout(BOUND, next).await.unwrap_or_else(|_| panic!("{bubble:?} is withdrawn"));
    }

    /// Those that were shown and not looked at yet.
    pub(crate) fn rest(&mut self) -> Vec<Bubble> {
        std::iter::from_fn(|| self.shown.try_recv().ok()).collect()
    }

    /// Says that the desktop must not be disturbed, or may be again.
    pub(crate) async fn inhibit(&self, inhibited: bool) {
        let server = self.connection.object_server().interface::<_, Server>(PATH).await.unwrap();
        server.get_mut().await.inhibited = inhibited;
        server.get().await.inhibited_changed(server.signal_emitter()).await.unwrap();
    }

    /// Presses a button.
    pub(crate) async fn press(&self, bubble: &Bubble, button: &str) {
        let action = bubble.actions.iter().find(|(_, label)| label.contains(button));
        let (key, _) = action.unwrap_or_else(|| panic!("there is no “{button}” in {bubble:?}"));
        self.act(bubble, key).await;
    }

    /// Clicks on it, beside its buttons.
    pub(crate) async fn click(&self, bubble: &Bubble) {
        assert!(bubble.actions.iter().any(|(key, _)| key == "default"), "{bubble:?}");
        self.act(bubble, "default").await;
    }

    async fn act(&self, bubble: &Bubble, key: &str) {
        let signal = (bubble.id, key);
        let interface = "org.freedesktop.Notifications";
        self.connection.emit_signal(None::<&str>, PATH, interface, "ActionInvoked", &signal).await.unwrap();
        let closed = (bubble.id, 2_u32);
        self.connection.emit_signal(None::<&str>, PATH, interface, "NotificationClosed", &closed).await.unwrap();
    }
}
