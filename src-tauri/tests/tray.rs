//! The built tray: its icon in the taskbar, and what Windows tells it when the session or the program is to end.

#![cfg(windows)]
#![allow(unsafe_code, reason = "windows and their messages have no safe API")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where the world is not as it should be")]

use std::{
    fs,
    iter::successors,
    path::Path,
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
        FindWindowExW, GetWindowThreadProcessId, IsWindowVisible, PostMessageW, RegisterWindowMessageW, SendMessageW,
        WM_CLOSE, WM_ENDSESSION, WM_QUERYENDSESSION,
    },
};

/// What the hidden window and the icon's own are called.
const HIDDEN: &str = "EstatusTray";
const ICON: &str = "tray_icon_app";
/// What Wine calls its taskbar where the desktop has none, and the icons in it.
const TASKBAR: &str = "__winex11_standalone_tray";
const ICON_IN_TASKBAR: &str = "__winex11_tray_icon";
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
        windows(None, class).find(|&window| {
            let mut process = 0;
            // SAFETY: `process` is written before the call returns.
            unsafe { GetWindowThreadProcessId(window, &raw mut process) };
            process == self.process.id()
        })
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

/// The windows of this class: those of the desktop, or those in `parent`.
fn windows(parent: Option<HWND>, class: &str) -> impl Iterator<Item = HWND> {
    let class: Vec<u16> = class.encode_utf16().chain([0]).collect();
    let after = move |window: HWND| {
        // SAFETY: the text ends with a zero and lives through the call.
        let next = unsafe { FindWindowExW(parent.unwrap_or(null_mut()), window, class.as_ptr(), null()) };
        (!next.is_null()).then_some(next)
    };
    successors(after(null_mut()), move |&window| after(window))
}

/// How many icons are seen in the taskbar of Wine. In that of Windows only a person sees them: `docs/windows-checklist.md`.
fn icons_seen() -> usize {
    let icons = windows(None, TASKBAR).flat_map(|taskbar| windows(Some(taskbar), ICON_IN_TASKBAR));
    // SAFETY: takes no pointers.
    icons.filter(|&icon| unsafe { IsWindowVisible(icon) } != 0).count()
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
fn its_icon_is_seen_as_long_as_it_runs_and_comes_back_with_the_taskbar() {
    if !Path::new(r"C:\windows\system32\winecfg.exe").exists() {
        return;
    }
    eventually("no other icon is there", || (icons_seen() == 0).then_some(()));
    let tray = Tray::start();
    eventually("its icon is seen", || (icons_seen() == 1).then_some(()));
    // That the taskbar was started again is told to whoever has an icon in it.
    let anew: Vec<u16> = "TaskbarCreated".encode_utf16().chain([0]).collect();
    // SAFETY: the text ends with a zero and lives through the call; a message without pointers.
    unsafe { PostMessageW(tray.window(ICON).unwrap(), RegisterWindowMessageW(anew.as_ptr()), 0, 0) };
    eventually("it is seen still", || (tray.hosts_an_engine() && icons_seen() == 1).then_some(()));
    tray.tell(WM_CLOSE, 0);
    tray.ends_well();
    eventually("it is gone", || (icons_seen() == 0).then_some(()));
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
