//! What the tests of the whole share: the built program, and real servers for it to talk to.
//!
//! Everything is started on loopback and on free ports, lives in a temporary folder, and is ended by its process when
//! the test drops it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by them")]

mod estatus;
mod fleets;
mod mail;
mod processes;
mod web;
#[cfg(windows)]
mod windows;

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

pub use estatus::{Estatus, Said, built};
pub use mail::{Mail, MailServer};
pub use processes::{is_alive, signal};
pub use web::Site;

/// Whatever a test waits for happens within this, on a busy machine too.
pub const BOUND: Duration = Duration::from_secs(30);

/// Waits until `fact` is there, and fails with `what` if it is not within [`BOUND`].
#[track_caller]
pub fn eventually<T>(what: &str, fact: impl FnMut() -> Option<T>) -> T {
    within(BOUND, fact).unwrap_or_else(|| panic!("not within {BOUND:?}: {what}"))
}

/// Waits until `fact` is there, for at most `bound`.
pub fn within<T>(bound: Duration, mut fact: impl FnMut() -> Option<T>) -> Option<T> {
    let begun = Instant::now();
    loop {
        if let Some(found) = fact() {
            return Some(found);
        }
        if begun.elapsed() > bound {
            return None;
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

/// A port of this machine on which nobody listens.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// What `cargo xtask bundle` made last for `system`: the file with this ending.
///
/// # Panics
/// If there is none.
#[track_caller]
pub fn bundled(system: &str, ending: &str) -> std::path::PathBuf {
    // Of the profile's folder and, for Windows, those of its target and of all that is built for it.
    let above = if cfg!(windows) { 4 } else { 2 };
    let folder = built("estatus").ancestors().nth(above).unwrap().join("bundle").join(system);
    let made = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut fitting = made.filter(|file| file.extension().is_some_and(|its| its == ending));
    fitting.next().expect("cargo xtask bundle makes it, and before the tests cargo xtask test and windows")
}
