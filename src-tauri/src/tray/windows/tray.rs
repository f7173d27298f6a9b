//! The icon and its menu.

use std::sync::{Arc, Mutex, PoisonError};

use tauri::{
    AppHandle, Wry,
    image::Image,
    menu::{CheckMenuItem, IsMenuItem, Menu as TauriMenu, MenuItem, PredefinedMenuItem, Submenu},
    tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent},
};
use tokio::sync::mpsc;
use windows_registry::CURRENT_USER;

use crate::{
    controller::TrayEvent,
    desktop::{Action, Face, Icon, Item, Menu, Page},
    icons::{self, Panel},
};

/// Where Windows keeps whether the taskbar is light.
const THEME: &str = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize";
/// The side of the picture from which Windows makes its own, in pixels.
const SIDE: i32 = 32;

pub(super) struct TrayItem {
    app: AppHandle,
    icon: TrayIcon,
    /// What the items of the menu do, each by its number in it.
    actions: Arc<Mutex<Vec<Action>>>,
    drawn: Option<Face>,
}

type Result<T> = tauri::Result<T>;
type Part = Box<dyn IsMenuItem<Wry>>;

impl TrayItem {
    pub(super) fn new(app: &AppHandle, events: mpsc::Sender<TrayEvent>) -> Result<Self> {
        let actions = Arc::new(Mutex::new(Vec::new()));
        let (known, clicks) = (Arc::clone(&actions), events.clone());
        // So many clicks at once are none that anybody meant.
        let choose = move |events: &mpsc::Sender<TrayEvent>, action| drop(events.try_send(TrayEvent::Chosen(action)));
        let icon = TrayIconBuilder::with_id("estatus")
            .show_menu_on_left_click(false)
            .on_menu_event(move |_, event| {
                let actions = known.lock().unwrap_or_else(PoisonError::into_inner);
                let action = event.id().as_ref().parse().ok().and_then(|number: usize| actions.get(number).cloned());
                if let Some(action) = action {
                    choose(&events, action);
                }
            })
            .on_tray_icon_event(move |_, event| {
                let left = |button, state| button == MouseButton::Left && state == MouseButtonState::Up;
                if let TrayIconEvent::Click { button, button_state, .. } = event
                    && left(button, button_state)
                {
                    choose(&clicks, Action::Open(Page::Overview));
                }
            })
            .build(app)?;
        Ok(Self { app: app.clone(), icon, actions, drawn: None })
    }

    pub(super) fn draw(&mut self, face: &Face) -> Result<()> {
        let before = self.drawn.replace(face.clone());
        if before.as_ref().map(|before| before.icon) != Some(face.icon) {
            self.icon.set_icon(picture(face.icon))?;
        }
        self.icon.set_tooltip(Some(format!("Estatus: {}", face.tool_tip)))?;
        if before.is_none_or(|before| before.menu != face.menu) {
            self.draw_menu(&face.menu)?;
        }
        Ok(())
    }

    fn draw_menu(&self, menu: &Menu) -> Result<()> {
        let mut actions = Vec::new();
        let parts = self.parts(&menu.0, &mut actions)?;
        let parts: Vec<&dyn IsMenuItem<Wry>> = parts.iter().map(AsRef::as_ref).collect();
        let menu = TauriMenu::with_items(&self.app, &parts)?;
        *self.actions.lock().unwrap_or_else(PoisonError::into_inner) = actions;
        self.icon.set_menu(Some(menu))
    }

    fn parts(&self, items: &[Item], actions: &mut Vec<Action>) -> Result<Vec<Part>> {
        items.iter().map(|item| self.part(item, actions)).collect()
    }

    fn part(&self, item: &Item, actions: &mut Vec<Action>) -> Result<Part> {
        let app = &self.app;
        let mut number = |action: &Action| {
            actions.push(action.clone());
            (actions.len() - 1).to_string()
        };
        Ok(match item {
            Item::Text(text) => Box::new(MenuItem::new(app, label(text), false, None::<&str>)?),
            Item::Choice { text, action, enabled } => {
                Box::new(MenuItem::with_id(app, number(action), label(text), *enabled, None::<&str>)?)
            }
            Item::Switch { text, action, on } => {
                Box::new(CheckMenuItem::with_id(app, number(action), label(text), true, *on, None::<&str>)?)
            }
            Item::Submenu { text, items, enabled } => {
                let parts = self.parts(items, actions)?;
                let parts: Vec<&dyn IsMenuItem<Wry>> = parts.iter().map(AsRef::as_ref).collect();
                Box::new(Submenu::with_items(app, label(text), *enabled, &parts)?)
            }
            Item::Separator => Box::new(PredefinedMenuItem::separator(app)?),
        })
    }
}

/// A single ampersand would mark the letter after it.
fn label(text: &str) -> String {
    text.replace('&', "&&")
}

fn picture(icon: Icon) -> Option<Image<'static>> {
    let picture = icons::of(icon, panel()).into_iter().find(|picture| picture.side == SIDE)?;
    let side = u32::try_from(picture.side).ok()?;
    Some(Image::new_owned(picture.rgba, side, side))
}

fn panel() -> Panel {
    let light = CURRENT_USER.open(THEME).and_then(|key| key.get_u32("SystemUsesLightTheme"));
    if light == Ok(1) { Panel::Light } else { Panel::Dark }
}
