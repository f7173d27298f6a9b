//! A panel with room for tray icons (org.kde.StatusNotifierWatcher), and the menu of one (com.canonical.dbusmenu).

use std::collections::HashMap;

use estatus_tests::BOUND;
use tokio::sync::watch;
use zbus::{
    Connection, connection, fdo, interface,
    message::Header,
    zvariant::{OwnedValue, Structure, Value},
};

type Properties = HashMap<String, OwnedValue>;

/// A panel.
pub(crate) struct Panel {
    connection: Connection,
    items: watch::Receiver<Option<Place>>,
}

/// Where an icon lives.
#[derive(Clone, Debug)]
struct Place {
    owner: String,
    path: String,
}

struct Watcher(watch::Sender<Option<Place>>);

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, service: &str, #[zbus(header)] header: Header<'_>) {
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        let place = match service.strip_prefix('/') {
            Some(_) => Place { owner: sender, path: service.to_owned() },
            None => Place { owner: service.to_owned(), path: "/StatusNotifierItem".to_owned() },
        };
        let _ = self.0.send(Some(place));
    }

    fn register_status_notifier_host(&self, _service: &str) {}

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        self.0.borrow().iter().map(|place| format!("{}{}", place.owner, place.path)).collect()
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }

    #[zbus(signal)]
    async fn status_notifier_host_registered(emitter: &zbus::object_server::SignalEmitter<'_>) -> zbus::Result<()>;
}

/// An entry of a menu.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    id: i32,
    /// What it says, without the marks of keys.
    pub(crate) label: String,
    /// Whether it can be chosen.
    pub(crate) enabled: bool,
    /// Its own menu.
    pub(crate) below: Vec<Entry>,
}

impl Panel {
    /// Puts a panel on the bus.
    pub(crate) async fn on(bus: &str) -> Self {
        let (sender, items) = watch::channel(None);
        let built = connection::Builder::address(bus)
            .unwrap()
            .name("org.kde.StatusNotifierWatcher")
            .unwrap()
            .serve_at("/StatusNotifierWatcher", Watcher(sender))
            .unwrap();
        Self { connection: built.build().await.unwrap(), items }
    }

    /// Waits for an icon that has not been waited for.
    pub(crate) async fn icon(&mut self) -> Icon {
        tokio::time::timeout(BOUND, self.items.changed()).await.expect("an icon comes").unwrap();
        let place = self.items.borrow_and_update().clone().unwrap();
        Icon { connection: self.connection.clone(), place }
    }
}

/// An icon on the panel.
pub(crate) struct Icon {
    connection: Connection,
    place: Place,
}

impl Icon {
    async fn property(&self, name: &str) -> fdo::Result<OwnedValue> {
        let properties = fdo::PropertiesProxy::builder(&self.connection)
            .destination(self.place.owner.clone())?
            .path(self.place.path.clone())?
            .build()
            .await?;
        properties.get("org.kde.StatusNotifierItem".try_into().unwrap(), name).await
    }

    /// What hovers over it.
    async fn says(&self) -> String {
        let hint = self.property("ToolTip").await.ok().and_then(|value| Structure::try_from(value).ok());
        let text = |field: &Value<'_>| field.downcast_ref::<String>().unwrap_or_default();
        hint.map(|hint| hint.fields().iter().map(text).collect::<Vec<_>>().join(" ")).unwrap_or_default()
    }

    /// Waits until this stands in what hovers over it.
    pub(crate) async fn shows(&self, text: &str) {
        let begun = std::time::Instant::now();
        while !self.says().await.contains(text) {
            assert!(begun.elapsed() < BOUND, "“{text}” is not in “{}”", self.says().await);
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    /// Waits until an entry of its menu says this.
    pub(crate) async fn lists(&self, text: &str) {
        let begun = std::time::Instant::now();
        while !self.menu().await.iter().any(|entry| entry.label.contains(text)) {
            assert!(begun.elapsed() < BOUND, "“{text}” is not in {:#?}", self.menu().await);
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    /// The picture, as it is now.
    pub(crate) async fn picture(&self) -> Vec<u8> {
        let pictures = self.property("IconPixmap").await.unwrap();
        format!("{:?}", *pictures).into_bytes()
    }

    /// The process that put it there.
    pub(crate) async fn process(&self) -> u32 {
        let bus = fdo::DBusProxy::new(&self.connection).await.unwrap();
        bus.get_connection_unix_process_id(self.place.owner.as_str().try_into().unwrap()).await.unwrap()
    }

    /// Left click.
    pub(crate) async fn click(&self) {
        self.call(&self.place.path, "org.kde.StatusNotifierItem", "Activate", &(0_i32, 0_i32)).await.unwrap();
    }

    async fn call(
        &self,
        path: &str,
        interface: &str,
        method: &str,
        body: &(impl zbus::export::serde::Serialize + zbus::zvariant::DynamicType),
    ) -> zbus::Result<zbus::Message> {
        self.connection.call_method(Some(self.place.owner.as_str()), path, Some(interface), method, body).await
    }

    /// Its menu, as it is now.
    pub(crate) async fn menu(&self) -> Vec<Entry> {
        let all: Vec<&str> = Vec::new();
        let said =
            self.call(&self.menu_path().await, "com.canonical.dbusmenu", "GetLayout", &(0_i32, -1_i32, all)).await;
        let (_, (_, _, below)): (u32, (i32, Properties, Vec<OwnedValue>)) = said.unwrap().body().deserialize().unwrap();
        below.iter().filter_map(|entry| understand(entry)).collect()
    }

    async fn menu_path(&self) -> String {
        let path = self.property("Menu").await.unwrap();
        zbus::zvariant::OwnedObjectPath::try_from(path).unwrap().to_string()
    }

    /// Chooses what the words lead to, each in the menu of the one before.
    pub(crate) async fn choose(&self, words: &[&str]) {
        // A menu that was drawn anew meanwhile knows nothing of what stood in the one before.
        while let Err(error) = self.try_to_choose(words).await {
            assert!(error.to_string().contains("id not found"), "{words:?}: {error}");
        }
    }

    async fn try_to_choose(&self, words: &[&str]) -> zbus::Result<()> {
        let mut menu = self.menu().await;
        let mut chosen = 0;
        for word in words {
            let entry = menu.iter().find(|entry| entry.label.contains(word));
            let entry = entry.unwrap_or_else(|| panic!("“{word}” is not in {menu:#?}")).clone();
            (chosen, menu) = (entry.id, entry.below);
        }
        let event = (chosen, "clicked", Value::from(0_i32), 0_u32);
        self.call(&self.menu_path().await, "com.canonical.dbusmenu", "Event", &event).await?;
        Ok(())
    }
}

fn understand(value: &Value<'_>) -> Option<Entry> {
    let value = if let Value::Value(inner) = value { inner } else { value };
    let entry = value.downcast_ref::<Structure<'_>>().ok()?;
    let [id, properties, below] = entry.fields() else { return None };
    let properties: HashMap<String, Value<'_>> = properties.try_clone().ok()?.try_into().ok()?;
    let label = properties.get("label").and_then(|label| label.downcast_ref::<String>().ok()).unwrap_or_default();
    let enabled = properties.get("enabled").and_then(|enabled| enabled.downcast_ref::<bool>().ok()).unwrap_or(true);
    let below: zbus::zvariant::Array<'_> = below.try_clone().ok()?.try_into().ok()?;
    let below = below.iter().filter_map(understand).collect();
    Some(Entry { id: id.downcast_ref::<i32>().ok()?, label: label.replace('_', ""), enabled, below })
}
