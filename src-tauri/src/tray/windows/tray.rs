//! The icon and its menu.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use tokio::sync::mpsc;
use tray_icon::{
    MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent,
    menu::{CheckMenuItem, IsMenuItem, Menu as NativeMenu, MenuEvent, MenuItem, PredefinedMenuItem, Submenu},
};

use super::{hidden_window::HiddenWindow, taskbar};
use crate::{
    controller::TrayEvent,
    desktop::{Action, Face, Icon, Item, Menu, Page},
    icons::{self, Panel},
};

/// What is drawn.
pub(super) struct TrayItem {
    /// There from the first drawing on, as long as the taskbar takes what is drawn.
    icon: Option<TrayIcon>,
    /// What the items of the menu do, each by its number in it.
    actions: Arc<Mutex<Vec<Action>>>,
    picture: Option<(Icon, Panel, i32)>,
    tool_tip: Option<String>,
    menu: Option<Menu>,
}

type Part = Box<dyn IsMenuItem>;

impl TrayItem {
    pub(super) fn new(events: mpsc::Sender<TrayEvent>) -> Self {
        let actions = Arc::new(Mutex::new(Vec::new()));
        hear(Arc::clone(&actions), events);
        Self { icon: None, actions, picture: None, tool_tip: None, menu: None }
    }

    /// The taskbar has forgotten what was drawn.
    pub(super) fn is_gone(&mut self) {
        (self.picture, self.tool_tip) = (None, None);
    }

    /// Draws what has changed. A menu that is open stays as it is. That there is no taskbar yet is an error, too: the picture of
    /// an icon that it did not take cannot be changed. After an error the next drawing begins anew.
    ///
    /// Only for what waits in the queue of messages: the icon's own window, which may go here, is not to be in the middle of one.
    pub(super) fn draw(&mut self, face: &Face, menu_is_open: bool, window: &HiddenWindow) -> Result<()> {
        let drawn = self.draw_what_has_changed(face, menu_is_open, window);
        if drawn.is_err() {
            self.is_gone();
            // It goes when its menu is closed, if it cannot be drawn then.
            if !menu_is_open {
                (self.icon, self.menu) = (None, None);
            }
        }
        drawn
    }

    fn draw_what_has_changed(&mut self, face: &Face, menu_is_open: bool, window: &HiddenWindow) -> Result<()> {
        let icon = match self.icon.take() {
            Some(icon) => icon,
            None => {
                let icon = TrayIconBuilder::new().with_menu_on_left_click(false).build()?;
                window.guard(icon.window_handle());
                icon
            }
        };
        let icon = self.icon.insert(icon);
        if !menu_is_open && self.menu.as_ref() != Some(&face.menu) {
            let mut actions = Vec::new();
            let menu = native(&face.menu, &mut actions)?;
            *self.actions.lock().unwrap_or_else(PoisonError::into_inner) = actions;
            icon.set_menu(Some(Box::new(menu)));
            self.menu = Some(face.menu.clone());
        }
        let looks = (face.icon, taskbar::panel(), taskbar::side());
        if self.picture != Some(looks) {
            icon.set_icon(picture(looks))?;
            self.picture = Some(looks);
        }
        if self.tool_tip.as_ref() != Some(&face.tool_tip) {
            icon.set_tooltip(Some(format!("Estatus: {}", face.tool_tip)))?;
            self.tool_tip = Some(face.tool_tip.clone());
        }
        Ok(())
    }
}

/// Tells what is chosen and clicked. So many clicks at once that they have no room are none that anybody meant.
fn hear(actions: Arc<Mutex<Vec<Action>>>, events: mpsc::Sender<TrayEvent>) {
    let clicks = events.clone();
    MenuEvent::set_event_handler(Some(move |event: MenuEvent| {
        let actions = actions.lock().unwrap_or_else(PoisonError::into_inner);
        let action = event.id().as_ref().parse().ok().and_then(|number: usize| actions.get(number).cloned());
        if let Some(action) = action {
            let _ = events.try_send(TrayEvent::Chosen(action));
        }
    }));
    TrayIconEvent::set_event_handler(Some(move |event| {
        if let TrayIconEvent::Click { button: MouseButton::Left, button_state: MouseButtonState::Up, .. } = event {
            let _ = clicks.try_send(TrayEvent::Chosen(Action::Open(Page::Overview)));
        }
    }));
}

fn native(menu: &Menu, actions: &mut Vec<Action>) -> Result<NativeMenu> {
    let parts = parts(&menu.0, actions)?;
    Ok(NativeMenu::with_items(&parts.iter().map(AsRef::as_ref).collect::<Vec<_>>())?)
}

fn parts(items: &[Item], actions: &mut Vec<Action>) -> Result<Vec<Part>> {
    items.iter().map(|item| part(item, actions)).collect()
}

fn part(item: &Item, actions: &mut Vec<Action>) -> Result<Part> {
    let mut number = |action: &Action| {
        actions.push(action.clone());
        (actions.len() - 1).to_string()
    };
    Ok(match item {
        Item::Text(text) => Box::new(MenuItem::new(label(text), false, None)),
        Item::Choice { text, action, enabled } => {
            Box::new(MenuItem::with_id(number(action), label(text), *enabled, None))
        }
        Item::Switch { text, action, on } => {
            Box::new(CheckMenuItem::with_id(number(action), label(text), true, *on, None))
        }
        Item::Submenu { text, items, enabled } => {
            let parts = parts(items, actions)?;
            let parts: Vec<&dyn IsMenuItem> = parts.iter().map(AsRef::as_ref).collect();
            Box::new(Submenu::with_items(label(text), *enabled, &parts)?)
        }
        Item::Separator => Box::new(PredefinedMenuItem::separator()),
    })
}

/// A single ampersand would mark the letter after it.
fn label(text: &str) -> String {
    text.replace('&', "&&")
}

fn picture((icon, panel, side): (Icon, Panel, i32)) -> Option<tray_icon::Icon> {
    let picture = icons::fitting(icons::of(icon, panel), side)?;
    let side = u32::try_from(picture.side).ok()?;
    tray_icon::Icon::from_rgba(picture.rgba, side, side).ok()
}
