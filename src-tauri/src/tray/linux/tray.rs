//! The icon and its menu: a StatusNotifierItem.

use ksni::{
    Handle, OfflineReason, ToolTip, Tray, TrayMethods,
    menu::{CheckmarkItem, MenuItem, StandardItem, SubMenu},
};
use tokio::sync::{mpsc, watch};

use super::scheme;
use crate::{
    controller::TrayEvent,
    desktop::{Action, Face, Item, Page},
    icons::{self, Panel},
};

/// Shows what is drawn, from the first drawing on.
pub(super) async fn show(mut drawn: watch::Receiver<Option<Face>>, events: mpsc::Sender<TrayEvent>) {
    let Ok(Some(first)) = drawn.wait_for(Option::is_some).await.map(|face| face.clone()) else { return };
    let panel = Panel::Dark;
    let item = TrayItem { pictures: pictures(&first, panel), face: first, panel, events };
    // The desktop may have no place for icons yet.
    let handle = match item.assume_sni_available(true).spawn().await {
        Ok(handle) => handle,
        Err(error) => return tracing::error!(%error, "there can be no icon: start Estatus in a desktop session"),
    };
    let (sender, mut panels) = mpsc::channel(1);
    tokio::spawn(scheme::follow(sender));
    loop {
        tokio::select! {
            changed = drawn.changed() => if changed.is_err() { return },
            Some(panel) = panels.recv() => draw(&handle, |item| item.panel = panel).await,
        }
        let face = drawn.borrow_and_update().clone();
        if let Some(face) = face {
            draw(&handle, |item| item.face = face).await;
        }
    }
}

async fn draw(handle: &Handle<TrayItem>, change: impl FnOnce(&mut TrayItem)) {
    let change = |item: &mut TrayItem| {
        let before = (item.face.icon, item.panel);
        change(item);
        if before != (item.face.icon, item.panel) {
            item.pictures = pictures(&item.face, item.panel);
        }
    };
    if handle.update(change).await.is_none() {
        tracing::warn!("the icon is gone");
    }
}

struct TrayItem {
    face: Face,
    panel: Panel,
    pictures: Vec<ksni::Icon>,
    events: mpsc::Sender<TrayEvent>,
}

impl TrayItem {
    fn chosen(&self, action: Action) {
        // So many clicks at once are none that anybody meant.
        let _ = self.events.try_send(TrayEvent::Chosen(action));
    }
}

impl Tray for TrayItem {
    fn id(&self) -> String {
        "estatus".to_owned()
    }

    fn title(&self) -> String {
        "Estatus".to_owned()
    }

    fn activate(&mut self, _x: i32, _y: i32) {
        self.chosen(Action::Open(Page::Overview));
    }

    fn icon_pixmap(&self) -> Vec<ksni::Icon> {
        self.pictures.clone()
    }

    fn tool_tip(&self) -> ToolTip {
        let (state, detail) = self.face.tool_tip.split_once('\n').unwrap_or((&self.face.tool_tip, ""));
        ToolTip { title: format!("Estatus: {state}"), description: escaped(detail), ..ToolTip::default() }
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        self.face.menu.0.iter().map(item).collect()
    }

    fn watcher_offline(&self, reason: OfflineReason) -> bool {
        tracing::info!(?reason, "the desktop has no place for icons now");
        true
    }
}

fn item(item: &Item) -> MenuItem<TrayItem> {
    match item {
        Item::Text(text) => StandardItem { label: label(text), enabled: false, ..StandardItem::default() }.into(),
        Item::Choice { text, action, enabled } => {
            let action = action.clone();
            let activate = Box::new(move |item: &mut TrayItem| item.chosen(action.clone()));
            StandardItem { label: label(text), enabled: *enabled, activate, ..StandardItem::default() }.into()
        }
        Item::Switch { text, action, on } => {
            let action = action.clone();
            let activate = Box::new(move |item: &mut TrayItem| item.chosen(action.clone()));
            CheckmarkItem { label: label(text), checked: *on, activate, ..CheckmarkItem::default() }.into()
        }
        Item::Submenu { text, items, enabled } => {
            let submenu = items.iter().map(self::item).collect();
            SubMenu { label: label(text), enabled: *enabled, submenu, ..SubMenu::default() }.into()
        }
        Item::Separator => MenuItem::Separator,
    }
}

/// A single underscore would mark the letter after it.
fn label(text: &str) -> String {
    text.replace('_', "__")
}

/// Text in which the desktop finds no markup.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn pictures(face: &Face, panel: Panel) -> Vec<ksni::Icon> {
    let argb = |picture: icons::Picture| {
        let data =
            picture.rgba.as_chunks().0.iter().flat_map(|[red, green, blue, alpha]| [*alpha, *red, *green, *blue]);
        ksni::Icon { width: picture.side, height: picture.side, data: data.collect() }
    };
    icons::of(face.icon, panel).into_iter().map(argb).collect()
}
