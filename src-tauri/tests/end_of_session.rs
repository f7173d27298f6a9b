//! The built tray, and what Windows tells it when the session or the program is to end.

#![cfg(windows)]
#![allow(unsafe_code, reason = "windows and their messages have no safe API")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where the world is not as it should be")]

use std::{
    fs,
    process::{Child, Command},
    ptr::{null, null_mut},
    thread::sleep,
    time::{Duration, Instant},
};

use estatus_api::{AttachError, Client, Endpoint};
use tempfile::TempDir;
use windows_sys::Win32::{
    Foundation::HWND,
    UI::WindowsAndMessaging::{
        FindWindowExW, GetWindowThreadProcessId, PostMessageW, SendMessageW, WM_CLOSE, WM_ENDSESSION,
        WM_QUERYENDSESSION,
    },
};

/// What the hidden window and the icon's own are called.
const HIDDEN: &str = "EstatusTray";
const ICON: &str = "tray_icon_app";
/// Everything happens within this, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(60);

/// A tray that hosts an engine.
struct Tray {
    process: Child,
    folder: TempDir,
}

impl Tray {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (config, data) = (folder.path().join("estatus.toml"), folder.path().join("data"));
        fs::write(&config, "[[monitor]]\nname = \"own\"\nhost = { memory = \"< 100%\" }\n").unwrap();
        let mut tray = Command::new(env!("CARGO_BIN_EXE_estatus-tray"));
        let process = tray.arg("--config").arg(config).arg("--data").arg(data).arg("--hidden").spawn().unwrap();
        let tray = Self { process, folder };
        eventually("its engine runs", || tray.hosts_an_engine().then_some(()));
        eventually("its icon is there", || tray.window(ICON));
        tray
    }

    fn hosts_an_engine(&self) -> bool {
        let endpoint = Endpoint::of(&self.folder.path().join("data"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        !matches!(runtime.block_on(Client::attach(&endpoint)), Err(AttachError::NoEngine))
    }

    /// Its window of this class.
    fn window(&self, class: &str) -> Option<HWND> {
        let class: Vec<u16> = class.encode_utf16().chain([0]).collect();
        let mut window = null_mut();
        loop {
            let mut process = 0;
            // SAFETY: the text ends with a zero and lives through the call; `process` is written before it returns.
            unsafe {
                window = FindWindowExW(null_mut(), window, class.as_ptr(), null());
                GetWindowThreadProcessId(window, &raw mut process);
            }
            if window.is_null() || process == self.process.id() {
                return (!window.is_null()).then_some(window);
            }
        }
    }

    /// Tells its hidden window this, and waits for the answer.
    fn tell(&self, message: u32, word: usize) -> isize {
        // SAFETY: a message without pointers.
        unsafe { SendMessageW(self.window(HIDDEN).unwrap(), message, word, 0) }
    }

    fn ends_well(mut self) {
        let status = eventually("it ends", || self.process.try_wait().unwrap());
        assert!(status.success(), "{status}");
        assert!(!self.hosts_an_engine());
    }
}

impl Drop for Tray {
    fn drop(&mut self) {
        // It has ended if all went well.
        let _ = self.process.kill();
    }
}

fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    while since.elapsed() < PATIENCE {
        if let Some(seen) = look() {
            return seen;
        }
        sleep(Duration::from_millis(50));
    }
    panic!("in {PATIENCE:?} it never was so that {what}")
}

#[test]
fn the_end_of_the_session_is_answered_when_the_engine_has_ended() {
    let tray = Tray::start();
    assert_eq!(tray.tell(WM_QUERYENDSESSION, 0), 1, "the session may end");
    assert!(tray.hosts_an_engine());
    assert_eq!(tray.tell(WM_ENDSESSION, 1), 0);
    assert!(!tray.hosts_an_engine());
    tray.ends_well();
}

#[test]
fn a_session_that_does_not_end_after_all_changes_nothing() {
    let mut tray = Tray::start();
    assert_eq!(tray.tell(WM_QUERYENDSESSION, 0), 1);
    assert_eq!(tray.tell(WM_ENDSESSION, 0), 0);
    assert!(tray.hosts_an_engine() && tray.process.try_wait().unwrap().is_none());
    tray.tell(WM_CLOSE, 0);
    tray.ends_well();
}

#[test]
fn whichever_window_is_asked_to_close_the_whole_program_ends() {
    for class in [HIDDEN, ICON] {
        let tray = Tray::start();
        // SAFETY: a message without pointers.
        unsafe { PostMessageW(tray.window(class).unwrap(), WM_CLOSE, 0, 0) };
        tray.ends_well();
    }
}
