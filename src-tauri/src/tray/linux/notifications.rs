//! Notifications: org.freedesktop.Notifications, over one connection for all of them.

use std::collections::{BTreeMap, HashMap};

use futures_util::StreamExt;
use tokio::sync::mpsc;
use zbus::{Connection, fdo::PropertiesProxy, proxy, proxy::CacheProperties, zvariant::Value};

use super::tray::escaped;
use crate::{
    controller::TrayEvent,
    desktop::{About, Action, Icon, Notification, NotificationTrouble},
    icons::{self, Panel},
};

/// The service, and its interface.
const SERVICE: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
/// Its word for a desktop that must not be disturbed.
const INHIBITED: &str = "Inhibited";
/// What a click on the notification itself is called.
const CLICK: &str = "default";
/// How urgent a notification is, for the desktop.
const NORMAL: u8 = 1;
const CRITICAL: u8 = 2;
/// Leaves it to the desktop how long it is shown.
const AS_THE_DESKTOP_LIKES: i32 = -1;

/// What is to be done.
pub(crate) enum Order {
    Show(Notification),
    Close(About),
}

#[proxy(
    interface = "org.freedesktop.Notifications",
    default_service = "org.freedesktop.Notifications",
    default_path = "/org/freedesktop/Notifications"
)]
trait Notifications {
    #[expect(clippy::too_many_arguments, reason = "the specification has them")]
    fn notify(
        &self,
        app_name: &str,
        replaces_id: u32,
        app_icon: &str,
        summary: &str,
        body: &str,
        actions: &[&str],
        hints: HashMap<&str, Value<'_>>,
        expire_timeout: i32,
    ) -> zbus::Result<u32>;

    fn close_notification(&self, id: u32) -> zbus::Result<()>;

    fn get_capabilities(&self) -> zbus::Result<Vec<String>>;

    #[zbus(signal)]
    fn action_invoked(&self, id: u32, action_key: &str) -> zbus::Result<()>;

    #[zbus(signal)]
    fn notification_closed(&self, id: u32, reason: u32) -> zbus::Result<()>;
}

/// Shows notifications as long as anybody orders them. What keeps them from being shown comes as an event.
pub(super) async fn show(mut orders: mpsc::Receiver<Order>, events: mpsc::Sender<TrayEvent>) {
    let mut trouble = Availability { events: events.clone(), told: None };
    let desk = async {
        let connection = Connection::session().await?;
        NotificationsProxy::builder(&connection).cache_properties(CacheProperties::No).build().await
    };
    let ended = match desk.await {
        Ok(server) => attend(server, &mut orders, &events, &mut trouble).await,
        Err(error) => Err(error),
    };
    if let Err(error) = ended {
        trouble.is(Some(NotificationTrouble::NoBus(error.to_string()))).await;
    }
}

async fn attend(
    server: NotificationsProxy<'static>,
    orders: &mut mpsc::Receiver<Order>,
    events: &mpsc::Sender<TrayEvent>,
    trouble: &mut Availability,
) -> zbus::Result<()> {
    let mut invoked = server.receive_action_invoked().await?;
    let mut closed = server.receive_notification_closed().await?;
    let mut owners = server.inner().receive_owner_changed().await?;
    tokio::spawn(do_not_disturb(server.inner().connection().clone(), events.clone()));
    trouble.is(server.get_capabilities().await.err().map(missing)).await;
    let mut shown = Standing::default();
    loop {
        tokio::select! {
            // What was done with a notification comes before that it is gone.
            biased;
            Some(signal) = invoked.next() => {
                let args = signal.args()?;
                if let Some(action) = shown.action(args.id, args.action_key)
                    && events.send(TrayEvent::Chosen(action)).await.is_err()
                {
                    return Ok(());
                }
            }
            Some(signal) = closed.next() => shown.forget(signal.args()?.id),
            order = orders.recv() => match order {
                Some(Order::Show(notification)) => trouble.is(shown.show(&server, &notification).await.err().map(missing)).await,
                Some(Order::Close(about)) => shown.close(&server, &about).await,
                None => return Ok(()),
            },
            Some(owner) = owners.next() => if owner.is_some() { trouble.is(None).await },
        }
    }
}

/// The picture of a state as the specification wants it: how wide and high, the bytes of a line, whether there is alpha,
/// the bits of a channel, how many of them, and the pixels. It stands out from a light ground as from a dark one.
fn image(icon: Icon) -> Option<Value<'static>> {
    let picture = icons::of(icon, Panel::Light).pop()?;
    let side = picture.side;
    Some(Value::from((side, side, side * 4, true, 8, 4, picture.rgba)))
}

fn missing(error: zbus::Error) -> NotificationTrouble {
    NotificationTrouble::NoService(error.to_string())
}

/// Says whether the desktop must not be disturbed, and again when that changes. Most services do not know that word.
async fn do_not_disturb(connection: Connection, events: mpsc::Sender<TrayEvent>) {
    if let Err(error) = follow_inhibited(&connection, &events).await {
        tracing::debug!(%error, "the desktop does not say when it must not be disturbed");
    }
}

async fn follow_inhibited(connection: &Connection, events: &mpsc::Sender<TrayEvent>) -> zbus::Result<()> {
    let properties = PropertiesProxy::builder(connection).destination(SERVICE)?.path(PATH)?.build().await?;
    let mut changes = properties.receive_properties_changed().await?;
    loop {
        let inhibited = properties.get(SERVICE.try_into()?, INHIBITED).await?;
        let inhibited = inhibited.downcast_ref().unwrap_or(false);
        if events.send(TrayEvent::DoNotDisturb(inhibited)).await.is_err() || changes.next().await.is_none() {
            return Ok(());
        }
    }
}

/// Why notifications cannot be shown, told when it changes.
struct Availability {
    events: mpsc::Sender<TrayEvent>,
    /// What was told last, if anything was.
    told: Option<Option<NotificationTrouble>>,
}

impl Availability {
    async fn is(&mut self, trouble: Option<NotificationTrouble>) {
        if self.told.as_ref() != Some(&trouble) {
            self.told = Some(trouble.clone());
            // Who is gone wants to know nothing.
            let _ = self.events.send(TrayEvent::NotificationTrouble(trouble)).await;
        }
    }
}

/// The notifications that are there.
#[derive(Default)]
struct Standing(BTreeMap<About, Card>);

/// A notification that is there.
struct Card {
    /// The desktop's number of it.
    id: u32,
    /// What can be done with it, by what that is called between the desktop and us.
    actions: Vec<(&'static str, Action)>,
}

impl Standing {
    async fn show(&mut self, server: &NotificationsProxy<'_>, notification: &Notification) -> zbus::Result<()> {
        let can = server.get_capabilities().await?;
        let can = |word: &str| can.iter().any(|capability| capability == word);
        let body = if can("body-markup") { escaped(&notification.body) } else { notification.body.clone() };
        let labels: Vec<(&str, &str, &Action)> = [(CLICK, "", &notification.click)]
            .into_iter()
            .chain(
                notification.buttons.iter().map(|button| (button.action.key(), button.text.as_str(), &button.action)),
            )
            .filter(|_| can("actions"))
            .collect();
        let actions: Vec<&str> = labels.iter().flat_map(|(key, text, _)| [*key, *text]).collect();
        let urgency = if notification.urgent { CRITICAL } else { NORMAL };
        let mut hints = HashMap::from([("urgency", Value::U8(urgency)), ("desktop-entry", Value::from("estatus"))]);
        hints.extend(image(notification.icon).map(|image| ("image-data", image)));
        let before = self.0.get(&notification.about).map_or(0, |card| card.id);
        let id = server
            .notify("Estatus", before, "", &notification.title, &body, &actions, hints, AS_THE_DESKTOP_LIKES)
            .await?;
        let actions = labels.into_iter().map(|(key, _, action)| (key, action.clone())).collect();
        self.0.insert(notification.about.clone(), Card { id, actions });
        Ok(())
    }

    async fn close(&mut self, server: &NotificationsProxy<'_>, about: &About) {
        if let Some(card) = self.0.remove(about) {
            // It may be gone already.
            let _ = server.close_notification(card.id).await;
        }
    }

    fn action(&self, id: u32, key: &str) -> Option<Action> {
        let card = self.0.values().find(|card| card.id == id)?;
        card.actions.iter().find_map(|(known, action)| (*known == key).then(|| action.clone()))
    }

    fn forget(&mut self, id: u32) {
        self.0.retain(|_, card| card.id != id);
    }
}
