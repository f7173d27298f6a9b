//! Whether the desktop is light, as far as it says so: the portal's `color-scheme`.

use futures_util::StreamExt;
use tokio::sync::mpsc;
use zbus::{proxy, zvariant::OwnedValue};

use crate::icons::Panel;

const NAMESPACE: &str = "org.freedesktop.appearance";
const KEY: &str = "color-scheme";
/// `color-scheme` of a desktop that is light by the person's choice. Where nothing is chosen, panels are dark.
const LIGHT: u32 = 2;

#[proxy(
    interface = "org.freedesktop.portal.Settings",
    default_service = "org.freedesktop.portal.Desktop",
    default_path = "/org/freedesktop/portal/desktop"
)]
trait Settings {
    fn read(&self, namespace: &str, key: &str) -> zbus::Result<OwnedValue>;

    #[zbus(signal)]
    fn setting_changed(&self, namespace: &str, key: &str, value: zbus::zvariant::Value<'_>) -> zbus::Result<()>;
}

/// Says what the panel looks like, and again when that changes; nothing where the desktop does not tell.
pub(super) async fn follow(panels: mpsc::Sender<Panel>) {
    if let Err(error) = tell(panels).await {
        tracing::debug!(%error, "the desktop does not say whether it is light or dark");
    }
}

async fn tell(panels: mpsc::Sender<Panel>) -> zbus::Result<()> {
    let connection = zbus::Connection::session().await?;
    let settings =
        SettingsProxy::builder(&connection).cache_properties(zbus::proxy::CacheProperties::No).build().await?;
    let mut changes = settings.receive_setting_changed_with_args(&[(0, NAMESPACE), (1, KEY)]).await?;
    let now = settings.read(NAMESPACE, KEY).await?;
    let mut panel = panel(&now);
    while panels.send(panel).await.is_ok() {
        let Some(change) = changes.next().await else { return Ok(()) };
        panel = self::panel(&change.args()?.value);
    }
    Ok(())
}

/// The value comes in a variant, or in two.
fn panel(value: &zbus::zvariant::Value<'_>) -> Panel {
    match value {
        zbus::zvariant::Value::Value(inner) => panel(inner),
        zbus::zvariant::Value::U32(LIGHT) => Panel::Light,
        _ => Panel::Dark,
    }
}
