//! The window itself: built hidden, shown when its page is ready, as large as it was left.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tauri::{
    App, AppHandle, DragDropEvent, Manager, State, Theme, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder,
    WindowEvent, async_runtime, utils::config::Color, webview::PageLoadEvent,
};

use crate::{
    chosen::Chosen,
    stream::{Streamed, Streams},
};

/// What Tauri calls it.
pub(crate) const LABEL: &str = "main";
/// Its size where none is remembered, and the least it may have, in logical pixels.
const SIZE: Size = Size { width: 1100.0, height: 720.0, maximized: false };
const LEAST: (f64, f64) = (420.0, 360.0);
/// A page that has loaded attaches within this.
const PATIENCE: Duration = Duration::from_secs(3);

/// How the window was left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Left {
    #[serde(flatten)]
    size: Size,
    /// Nothing where it is the system's.
    #[serde(default)]
    theme: Option<Shade>,
    /// Where something was chosen last.
    #[serde(default)]
    folder: Option<PathBuf>,
}

/// A theme that the page has, whatever the system's is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Shade {
    Light,
    Dark,
}

impl From<Shade> for Theme {
    fn from(shade: Shade) -> Self {
        match shade {
            Shade::Light => Self::Light,
            Shade::Dark => Self::Dark,
        }
    }
}

/// How large the window was left.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Size {
    width: f64,
    height: f64,
    maximized: bool,
}

/// Whether the window is being closed: between that and its end it can be shown no more, and says nothing of it.
#[derive(Debug, Default)]
struct Closing(AtomicBool);

impl Closing {
    fn is_so(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// The file that remembers it.
#[derive(Clone, Debug)]
pub(crate) struct Remembered {
    file: PathBuf,
    changing: Arc<Mutex<()>>,
}

impl Remembered {
    /// The one in `folder`.
    pub(crate) fn of(folder: &Path) -> Self {
        Self { file: folder.join("window.json"), changing: Arc::default() }
    }

    /// The folder in which something was chosen last.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        self.load().folder
    }

    /// Remembers that something was chosen in `folder`.
    pub(crate) fn keep_folder(&self, folder: &Path) {
        self.change(|left| Left { folder: Some(folder.to_owned()), ..left });
    }

    fn load(&self) -> Left {
        let read = || -> io::Result<Left> { Ok(serde_json::from_slice(&fs::read(&self.file)?)?) };
        let left = read().unwrap_or(Left { size: SIZE, theme: None, folder: None });
        let is_sound = left.size.width >= LEAST.0 && left.size.height >= LEAST.1;
        if is_sound { left } else { Left { size: SIZE, ..left } }
    }

    fn change(&self, change: impl FnOnce(Left) -> Left) {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.load();
        let left = change(old.clone());
        if left == old {
            return;
        }
        let write = || -> io::Result<()> { fs::write(&self.file, serde_json::to_vec(&left)?) };
        if let Err(error) = write() {
            tracing::debug!(%error, "how the window was left is forgotten");
        }
    }
}

/// Builds it, hidden. It goes nowhere but to its own pages.
pub(crate) fn build(app: &App, remembered: &Remembered) -> tauri::Result<()> {
    let Left { size, theme, .. } = remembered.load();
    let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::default())
        .title("Estatus")
        .inner_size(size.width, size.height)
        .min_inner_size(LEAST.0, LEAST.1)
        .maximized(size.maximized)
        .visible(false)
        .theme(theme.map(Theme::from))
        .initialization_script(sys_locale::get_locale().map(|locale| speaking(&locale)).unwrap_or_default())
        .on_navigation(is_ours)
        .on_document_title_changed(|window, title| {
            let _ = window.set_title(&title);
        })
        .on_page_load(|window, load| {
            if load.event() == PageLoadEvent::Finished {
                show_all_the_same(window);
            }
        })
        .build()?;
    // No flash before the first paint.
    let dark = matches!(window.theme(), Ok(Theme::Dark));
    let _ = window.set_background_color(Some(if dark { Color(20, 22, 26, 255) } else { Color(255, 255, 255, 255) }));
    app.manage(Closing::default());
    app.manage(remembered.clone());
    let remembered = remembered.clone();
    let closed = window.clone();
    window.on_window_event(move |event| match event {
        WindowEvent::CloseRequested { .. } => {
            closed.state::<Closing>().0.store(true, Ordering::SeqCst);
            remembered.change(|left| Left { size: size_of(&closed, left.size).unwrap_or(left.size), ..left });
        }
        WindowEvent::DragDrop(dragged) => drag(closed.app_handle(), dragged),
        _ => {}
    });
    Ok(())
}

/// What has the page find `locale` as the language of the system, as the tray and the engine do: WebKitGTK asks the C library, which
/// knows no language but those that are installed.
fn speaking(locale: &str) -> String {
    let locale = serde_json::json!(locale);
    format!(
        "Object.defineProperty(navigator, 'language', {{ value: {locale}, configurable: true }});\n\
         Object.defineProperty(navigator, 'languages', {{ value: [{locale}], configurable: true }});"
    )
}

/// Gives its frame the theme that the page has, now and when it is opened again; the system's if there is none.
#[tauri::command]
pub(crate) fn theme(window: WebviewWindow, remembered: State<'_, Remembered>, theme: Option<Shade>) {
    remembered.change(|left| Left { theme, ..left });
    if let Err(error) = window.set_theme(theme.map(Theme::from)) {
        tracing::debug!(%error, "the window's frame keeps its theme");
    }
}

/// Tells the page what is dragged and dropped; of several files, of the first.
fn drag(app: &AppHandle, dragged: &DragDropEvent) {
    let tell = |said| app.state::<Streams>().tell(said);
    match dragged {
        // What is dragged may be a link as well.
        DragDropEvent::Enter { paths, .. } => tell(Streamed::Dragged { over: paths.iter().any(|it| it.is_absolute()) }),
        DragDropEvent::Leave => tell(Streamed::Dragged { over: false }),
        DragDropEvent::Drop { paths, .. } => {
            tell(Streamed::Dragged { over: false });
            let Some(path) = paths.first().cloned() else { return };
            let app = app.clone();
            async_runtime::spawn_blocking(move || {
                if let Some(chosen) = Chosen::at(&path) {
                    app.state::<Streams>().tell(Streamed::Dropped { chosen });
                }
            });
        }
        _ => {}
    }
}

/// Shows it, before all others; whether it stays. What this says is true only where windows' events are handled, in the main
/// thread: elsewhere the window may be closed meanwhile.
pub(crate) fn bring_up(app: &AppHandle) -> bool {
    let Some(window) = app.get_webview_window(LABEL).filter(|window| !window.state::<Closing>().is_so()) else {
        return false;
    };
    let shown = window.show().and_then(|()| window.unminimize()).and_then(|()| window.set_focus());
    if let Err(error) = shown {
        tracing::warn!(%error, "the window cannot be shown");
        return false;
    }
    true
}

/// A page that never attaches is shown, too: better something broken than nothing at all.
fn show_all_the_same(window: WebviewWindow) {
    async_runtime::spawn(async move {
        tokio::time::sleep(PATIENCE).await;
        if !window.is_visible().unwrap_or(true) {
            bring_up(window.app_handle());
        }
    });
}

fn is_ours(url: &Url) -> bool {
    matches!((url.scheme(), url.host_str()), ("tauri", Some("localhost")) | ("http" | "https", Some("tauri.localhost")))
}

/// How large it is. Of one that fills the screen, the size before is kept.
fn size_of(window: &WebviewWindow, before: Size) -> Option<Size> {
    if window.is_maximized().ok()? {
        return Some(Size { maximized: true, ..before });
    }
    let size = window.inner_size().ok()?.to_logical(window.scale_factor().ok()?);
    Some(Size { width: size.width, height: size.height, maximized: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_as_large_as_it_was_left_unless_that_cannot_be() {
        let folder = tempfile::tempdir().unwrap();
        let remembered = Remembered::of(folder.path());
        let new = Left { size: SIZE, theme: None, folder: None };
        assert_eq!(remembered.load(), new);
        let size = Size { width: 800.0, height: 600.0, maximized: true };
        remembered.change(|left| Left { size, theme: Some(Shade::Dark), ..left });
        remembered.keep_folder(Path::new("/srv/shop"));
        let left = Left { size, theme: Some(Shade::Dark), folder: Some(PathBuf::from("/srv/shop")) };
        assert_eq!(remembered.load(), left);
        remembered.change(|left| Left { size: Size { width: 3.0, ..size }, ..left });
        assert_eq!(remembered.load(), Left { size: SIZE, ..left });
        fs::write(&remembered.file, r#"{"width":800,"height":600,"maximized":true}"#).unwrap();
        assert_eq!(remembered.load(), Left { size, ..new.clone() });
        fs::write(&remembered.file, "{").unwrap();
        assert_eq!(remembered.load(), new);
    }

    #[test]
    fn the_window_goes_nowhere_but_to_its_own_pages() {
        let check = |url: &str, ours: bool| assert_eq!(is_ours(&url.parse().unwrap()), ours, "{url}");
        check("tauri://localhost/index.html#/monitor/web", true);
        check("http://tauri.localhost/", true);
        check("https://example.org/", false);
        check("http://tauri.localhost.example.org/", false);
        check("tauri://example.org/", false);
        check("file:///etc/passwd", false);
    }
}
