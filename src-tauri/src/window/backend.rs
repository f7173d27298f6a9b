//! What the page can have done.

use std::sync::{Mutex, PoisonError};

use estatus_api::{ApiError, Endpoint, ErrorCode, Reply, Request};
use estatus_core::config::Language;
use estatus_tray::{Asking, Change, DesktopSettings, Places, Settings, line};
use tauri::{AppHandle, Manager, State, async_runtime, ipc::Channel};
use tokio::sync::mpsc;

use crate::{
    chosen::{self, Chosen, Dialog},
    frame::{self, Remembered},
    opened,
    service::{self, Finding, ServiceState, SwitchEnd},
    stream::{Streamed, Streams},
};

/// So much that was heard waits for the page; then the engine waits for us.
const WAITING: usize = 1_024;

/// The way to the engine and to the settings.
pub(crate) struct Backend {
    places: Places,
    settings: Settings,
    line: Mutex<Option<Attached>>,
}

/// A line to the engine, and the task that tells the page what comes over it.
struct Attached {
    asking: Asking,
    telling: async_runtime::JoinHandle<()>,
}

impl Backend {
    /// It attaches when the page does.
    pub(crate) fn new(places: &Places) -> Self {
        Self { places: places.clone(), settings: Settings::of(&places.desktop), line: Mutex::new(None) }
    }

    fn asking(&self) -> Option<Asking> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|line| line.asking.clone())
    }

    /// Ends the line before: a page that is loaded again begins with a fresh hello.
    fn attach(&self, app: &AppHandle) {
        let (line, asking) = line(Endpoint::of(&self.places.data));
        let (sender, heard) = mpsc::channel::<Streamed>(WAITING);
        async_runtime::spawn(line.keep(sender));
        let telling = async_runtime::spawn(tell(app.clone(), heard));
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = line.replace(Attached { asking, telling }) {
            before.telling.abort();
        }
    }
}

async fn tell(app: AppHandle, mut heard: mpsc::Receiver<Streamed>) {
    while let Some(said) = heard.recv().await {
        app.state::<Streams>().tell(said);
    }
}

/// Asks the engine.
#[tauri::command]
pub(crate) async fn request(backend: State<'_, Backend>, request: Request) -> Result<Reply, ApiError> {
    match backend.asking() {
        Some(asking) => asking.request(request).await,
        None => Err(ApiError { code: ErrorCode::Gone, message: "the page has not attached yet".to_owned() }),
    }
}

/// From now on `channel` hears everything. A page that attaches is there to be seen.
#[tauri::command]
pub(crate) fn attach(app: AppHandle, backend: State<'_, Backend>, channel: Channel<Streamed>) {
    app.state::<Streams>().listen(channel);
    backend.attach(&app);
    frame::bring_up(&app);
}

/// Opens a web page in the browser, or the folder of the configuration or of the data.
#[tauri::command]
pub(crate) async fn open(backend: State<'_, Backend>, url: String) -> Result<(), ApiError> {
    let Some(place) = opened::allowed(&url, &backend.places) else {
        return Err(ApiError { code: ErrorCode::Wrong, message: format!("{url} is nothing that may be opened") });
    };
    let opened = async_runtime::spawn_blocking(move || opener::open(place)).await;
    opened.map_err(failed)?.map_err(failed)
}

/// Has the person choose a file or a folder; nothing if it is not done.
#[tauri::command]
pub(crate) async fn choose(
    app: AppHandle,
    remembered: State<'_, Remembered>,
    dialog: Dialog,
) -> Result<Option<Chosen>, ApiError> {
    let (asked, before, home) = (dialog.clone(), remembered.inner().clone(), app.path().home_dir().ok());
    let folder = async_runtime::spawn_blocking(move || asked.folder(before.folder(), home)).await.map_err(failed)?;
    let Some(path) = chosen::choose(&app, dialog, folder).await.map_err(failed)? else { return Ok(None) };
    let (looked, after) = (path.clone(), remembered.inner().clone());
    let look = move || {
        let chosen = Chosen::at(&looked)?;
        chosen.folder().into_iter().for_each(|folder| after.keep_folder(folder));
        Some(chosen)
    };
    match async_runtime::spawn_blocking(look).await.map_err(failed)? {
        Some(chosen) => Ok(Some(chosen)),
        None => Err(failed(format!("{} cannot be read", path.display()))),
    }
}

/// What belongs to this desktop.
#[tauri::command]
pub(crate) fn settings(backend: State<'_, Backend>) -> DesktopSettings {
    backend.settings.load()
}

/// Changes what belongs to this desktop; the tray sees it.
#[tauri::command]
pub(crate) fn change(backend: State<'_, Backend>, settings: Change) -> Result<DesktopSettings, ApiError> {
    backend.settings.change(settings).map_err(failed)
}

/// How the service of the operating system is.
#[tauri::command]
pub(crate) async fn service() -> Result<ServiceState, ApiError> {
    service::state().await
}

/// What would be different for a service, in the language of the page.
#[tauri::command]
pub(crate) async fn examine_service(backend: State<'_, Backend>, language: Language) -> Result<Vec<Finding>, ApiError> {
    service::examine(&backend.places, language).await
}

/// Installs the service, or removes it.
#[tauri::command]
pub(crate) async fn switch_service(backend: State<'_, Backend>, on: bool) -> Result<SwitchEnd, ApiError> {
    service::switch(&backend.places, on).await
}

fn failed(error: impl std::fmt::Display) -> ApiError {
    ApiError { code: ErrorCode::Failed, message: error.to_string() }
}
