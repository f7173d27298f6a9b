//! Instances that were launched.

use std::{fs, path::Path, time::Duration};

use tokio::time::sleep;

/// An instance that was launched.
pub(crate) struct Ticket {
    pub(crate) instance: String,
    /// Where its engine is.
    pub(crate) server: String,
    pub(crate) token: String,
}

/// Calls `launched` with each ticket that comes into the folder, for ever.
pub(crate) async fn take(folder: &Path, mut launched: impl FnMut(Ticket)) {
    loop {
        for file in fs::read_dir(folder).unwrap().flatten().filter(|it| it.file_type().unwrap().is_file()) {
            let text = fs::read_to_string(file.path()).unwrap();
            // Whoever writes it may not have finished.
            if let Some((server, token)) = text.strip_suffix('\n').and_then(|text| text.split_once('\n')) {
                let instance = file.file_name().into_string().unwrap();
                launched(Ticket { instance, server: server.to_owned(), token: token.to_owned() });
                fs::remove_file(file.path()).unwrap();
            }
        }
        sleep(Duration::from_millis(20)).await;
    }
}
