use std::{
    fs::Metadata,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use gtk::{FileChooserAction, FileChooserNative, ResponseType, glib::MainContext, prelude::*};
use tauri::WebviewWindow;

use super::{Dialog, Wanted};

/// Whether the file at `path` is run as it is: somebody may execute it.
pub(super) fn is_program(_path: &Path, metadata: &Metadata) -> bool {
    metadata.permissions().mode() & 0o111 != 0
}

/// Shows `dialog` before `window`, which waits for it, and answers with what was chosen in it. Of the main thread.
pub(super) fn show(
    window: Option<&WebviewWindow>,
    dialog: Dialog,
    folder: Option<PathBuf>,
    answer: impl FnOnce(Option<PathBuf>) + 'static,
) {
    let action = match dialog.wanted {
        Wanted::File => FileChooserAction::Open,
        Wanted::Folder => FileChooserAction::SelectFolder,
    };
    let owner = window.and_then(|window| window.gtk_window().ok());
    let chooser =
        FileChooserNative::new(Some(&dialog.title), owner.as_ref(), action, Some(&dialog.accept), Some(&dialog.cancel));
    chooser.set_modal(true);
    if let Some(folder) = folder {
        chooser.set_current_folder(folder);
    }
    MainContext::default().spawn_local(async move {
        let is_accepted = chooser.run_future().await == ResponseType::Accept;
        answer(chooser.filename().filter(|_| is_accepted));
        chooser.destroy();
    });
}
