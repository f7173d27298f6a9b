use std::{
    fs::Metadata,
    path::{Path, PathBuf},
};

use rfd::AsyncFileDialog;
use tauri::{WebviewWindow, async_runtime};

use super::{Dialog, Wanted};

/// What ends the names of files that are run as they are.
const ENDS: [&str; 4] = ["exe", "com", "bat", "cmd"];

/// Whether the file at `path` is run as it is.
pub(super) fn is_program(path: &Path, _metadata: &Metadata) -> bool {
    let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
    ENDS.iter().any(|known| known.eq_ignore_ascii_case(end))
}

/// Shows `dialog` before `window`, which waits for it, and answers with what was chosen in it. Of the main thread.
pub(super) fn show(
    window: Option<&WebviewWindow>,
    dialog: Dialog,
    folder: Option<PathBuf>,
    answer: impl FnOnce(Option<PathBuf>) + Send + 'static,
) {
    let mut chooser = AsyncFileDialog::new().set_title(dialog.title);
    if let Some(window) = window {
        chooser = chooser.set_parent(window);
    }
    if let Some(folder) = folder {
        chooser = chooser.set_directory(folder);
    }
    let wanted = dialog.wanted;
    async_runtime::spawn(async move {
        let chosen = match wanted {
            Wanted::File => chooser.pick_file().await,
            Wanted::Folder => chooser.pick_folder().await,
        };
        answer(chosen.map(|file| file.path().to_owned()));
    });
}
