//! The built tray: its icon in the taskbar, and what Windows tells it when the session or the program is to end.

#![cfg(windows)]
#![allow(unsafe_code, reason = "windows and their messages have no safe API")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where the world is not as it should be")]

use std::{
    fs,
    iter::successors,
    path::{Path, PathBuf},
    process::{Child, Command},
    ptr::{null, null_mut},
    thread::sleep,
    time::{Duration, Instant},
};

use estatus_api::{AttachError, Client, Endpoint};
use tempfile::TempDir;
use windows_sys::Win32::{
    Foundation::{CloseHandle, HANDLE, HWND},
    System::Threading::CreateEventW,
    UI::{
        Input::KeyboardAndMouse::{VK_ESCAPE, VK_RETURN, VK_UP},
        WindowsAndMessaging::{
            FindWindowExW, GetWindowThreadProcessId, IsWindowVisible, PostMessageW, RegisterWindowMessageW,
            SendMessageW, WM_CLOSE, WM_ENDSESSION, WM_KEYDOWN, WM_QUERYENDSESSION, WM_RBUTTONDOWN, WM_RBUTTONUP,
        },
    },
};

/// What the hidden window and the icon's own are called.
const HIDDEN: &str = "EstatusTray";
const ICON: &str = "tray_icon_app";
/// What Wine calls its taskbar where the desktop has none, and the icons in it.
const TASKBAR: &str = "__winex11_standalone_tray";
const ICON_IN_TASKBAR: &str = "__winex11_tray_icon";
/// The class of menus.
const MENU: &str = "#32768";
const PROGRAM: &str = env!("CARGO_BIN_EXE_estatus-tray");
/// Everything happens within this, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(60);

/// A tray that hosts an engine.
struct Tray {
    process: Child,
    folder: TempDir,
}

/// A copy of the program beside it, which is gone when this is dropped: it finds where its icon is in Wine, too, where
/// `taskbar.dll` has the place of `shell32.dll`.
struct Clickable(PathBuf);

impl Clickable {
    fn new() -> Self {
        const NAMES: [&[u8]; 2] = [b"shell32.dll\0", b"taskbar.dll\0"];
        let mut program = fs::read(PROGRAM).unwrap();
        let is_name = |part: &[u8]| part.eq_ignore_ascii_case(NAMES[0]);
        let places: Vec<usize> =
            (0..program.len() - NAMES[0].len()).filter(|&at| is_name(&program[at..at + NAMES[0].len()])).collect();
        assert!(!places.is_empty(), "the tray loads no shell");
        for at in places {
            program[at..at + NAMES[1].len()].copy_from_slice(NAMES[1]);
        }
        let copy = Path::new(PROGRAM).with_file_name(format!("estatus-tray-clickable-{}.exe", std::process::id()));
        fs::write(&copy, program).unwrap();
        Self(copy)
    }
}

impl Drop for Clickable {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// As long as this is there, a [`Clickable`] finds no taskbar.
struct NoTaskbar(HANDLE);

impl NoTaskbar {
    fn new() -> Self {
        let name: Vec<u16> = "estatus-no-taskbar".encode_utf16().chain([0]).collect();
        // SAFETY: the text ends with a zero and lives through the call.
        let event = unsafe { CreateEventW(null(), 1, 0, name.as_ptr()) };
        assert!(!event.is_null());
        Self(event)
    }
}

impl Drop for NoTaskbar {
    fn drop(&mut self) {
        // SAFETY: nobody else has it.
        unsafe { CloseHandle(self.0) };
    }
}

impl Tray {
    fn start() -> Self {
        Self::start_as(Path::new(PROGRAM))
    }

    /// The program is at `program`.
    fn start_as(program: &Path) -> Self {
        let tray = Self::start_without_taskbar(program);
        eventually("its icon is there", || tray.window(ICON));
        tray
    }

    /// There may be nothing that takes an icon.
    fn start_without_taskbar(program: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (config, data) = (folder.path().join("estatus.toml"), folder.path().join("data"));
        fs::write(&config, "[[monitor]]\nname = \"own\"\nhost = { memory = \"< 100%\" }\n").unwrap();
        let mut tray = Command::new(program);
        let process = tray.arg("--config").arg(config).arg("--data").arg(data).arg("--hidden").spawn().unwrap();
        let tray = Self { process, folder };
        eventually("its engine runs", || tray.hosts_an_engine().then_some(()));
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

/// The icons that are seen in the taskbar of Wine. In that of Windows only a person sees them: `docs/windows-checklist.md`.
fn icons() -> impl Iterator<Item = HWND> {
    let icons = windows(None, TASKBAR).flat_map(|taskbar| windows(Some(taskbar), ICON_IN_TASKBAR));
    icons.filter(|&icon| is_seen(icon))
}

fn icons_seen() -> usize {
    icons().count()
}

fn is_seen(window: HWND) -> bool {
    // SAFETY: takes no pointers.
    unsafe { IsWindowVisible(window) != 0 }
}

fn is_wine() -> bool {
    Path::new(r"C:\windows\system32\winecfg.exe").exists()
}

/// Tells a window this as somebody's mouse or keyboard does.
fn post(window: HWND, message: u32, word: usize) {
    // SAFETY: a message without pointers.
    assert_ne!(unsafe { PostMessageW(window, message, word, 0) }, 0);
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
    if !is_wine() {
        return;
    }
    eventually("no other icon is there", || (icons_seen() == 0).then_some(()));
    let tray = Tray::start();
    eventually("its icon is seen", || (icons_seen() == 1).then_some(()));
    // That the taskbar was started again is told to whoever has an icon in it.
    let anew: Vec<u16> = "TaskbarCreated".encode_utf16().chain([0]).collect();
    // SAFETY: the text ends with a zero and lives through the call.
    post(tray.window(ICON).unwrap(), unsafe { RegisterWindowMessageW(anew.as_ptr()) }, 0);
    eventually("it is seen still", || (tray.hosts_an_engine() && icons_seen() == 1).then_some(()));
    tray.tell(WM_CLOSE, 0);
    tray.ends_well();
    eventually("it is gone", || (icons_seen() == 0).then_some(()));
}

#[test]
fn an_icon_that_finds_no_taskbar_is_there_once_there_is_one() {
    if !is_wine() {
        return;
    }
    let program = Clickable::new();
    eventually("no other icon is there", || (icons_seen() == 0).then_some(()));
    let no_taskbar = NoTaskbar::new();
    let tray = Tray::start_without_taskbar(&program.0);
    assert_eq!(icons_seen(), 0);
    // No new taskbar is told of.
    drop(no_taskbar);
    eventually("its icon is seen", || (icons_seen() == 1).then_some(()));
    tray.tell(WM_CLOSE, 0);
    tray.ends_well();
}

#[test]
fn its_menu_opens_by_the_right_button_and_does_what_is_chosen() {
    if !is_wine() {
        return;
    }
    let program = Clickable::new();
    eventually("no other icon is there", || (icons_seen() == 0).then_some(()));
    let tray = Tray::start_as(&program.0);
    let icon = eventually("its icon is seen", || icons().next());
    for button in [WM_RBUTTONDOWN, WM_RBUTTONUP] {
        post(icon, button, 0);
    }
    let menu = eventually("its menu is seen", || tray.window(MENU).filter(|&menu| is_seen(menu)));
    post(menu, WM_KEYDOWN, VK_ESCAPE.into());
    eventually("it is closed", || tray.window(MENU).is_none_or(|menu| !is_seen(menu)).then_some(()));
    assert!(tray.hosts_an_engine());
    for button in [WM_RBUTTONDOWN, WM_RBUTTONUP] {
        post(icon, button, 0);
    }
    let menu = eventually("it is seen again", || tray.window(MENU).filter(|&menu| is_seen(menu)));
    // The last choice is to quit.
    for key in [VK_UP, VK_RETURN] {
        post(menu, WM_KEYDOWN, key.into());
    }
    tray.ends_well();
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
        post(tray.window(class).unwrap(), WM_CLOSE, 0);
        tray.ends_well();
    }
}
