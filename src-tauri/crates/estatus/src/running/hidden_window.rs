//! A window that nobody sees, by which an engine in a terminal hears that the session or the program is to end. A console tells
//! of the end of a session only whoever has not loaded user32.dll, as we have by our libraries (`SetConsoleCtrlHandler` in
//! Microsoft's documentation); all others are told by their windows.

#![allow(unsafe_code, reason = "windows and their messages have no safe API")]

use std::{io, ptr, sync::Once, thread};

use tokio::sync::Notify;
use tracing::warn;
use windows_sys::{
    Win32::{
        Foundation::{HWND, LPARAM, LRESULT, WPARAM},
        System::{
            LibraryLoader::GetModuleHandleW,
            Shutdown::{ShutdownBlockReasonCreate, ShutdownBlockReasonDestroy},
            Threading::SetProcessShutdownParameters,
        },
        UI::WindowsAndMessaging::{
            CreateWindowExW, DefWindowProcW, DispatchMessageW, GetMessageW, MSG, RegisterClassW, WM_CLOSE,
            WM_ENDSESSION, WM_QUERYENDSESSION, WNDCLASSW, WS_EX_TOOLWINDOW, WS_OVERLAPPED,
        },
    },
    core::{PCWSTR, w},
};

const CLASS: PCWSTR = w!("EstatusTerminal");
/// What Windows says of us while it waits.
const WHY: PCWSTR = w!("Estatus is stopping what it runs and saving its history.");
/// The first to be told that the session ends is whoever has the highest number: before the programs that we run, whose
/// end would otherwise look like a failure. This is the highest that a program may ask for.
const FIRST_TO_BE_TOLD: u32 = 0x3ff;

static MUST_END: Notify = Notify::const_new();

/// Resolves when the session ends, or somebody asks the program to.
pub(super) async fn closed() {
    static OPEN: Once = Once::new();
    OPEN.call_once(|| {
        let begun = thread::Builder::new().name("hidden window".into()).spawn(|| {
            if let Err(error) = serve() {
                deaf(&error);
            }
        });
        if let Err(error) = begun {
            deaf(&error);
        }
    });
    MUST_END.notified().await;
}

fn deaf(error: &io::Error) {
    warn!(%error, "The end of the session will not be heard: programs are ended then, not stopped.");
}

/// Opens the window, and takes in what it is told as long as the program runs.
fn serve() -> io::Result<()> {
    // SAFETY: asks for this program's own module, which is there as long as the program.
    let module = unsafe { GetModuleHandleW(ptr::null()) };
    let kind = WNDCLASSW { lpfnWndProc: Some(hear), hInstance: module, lpszClassName: CLASS, ..WNDCLASSW::default() };
    // SAFETY: all that `kind` points to is there as long as the program.
    unsafe { RegisterClassW(&raw const kind) };
    // SAFETY: both texts are there as long as the program; there is no parent, menu or parameter.
    let window = unsafe {
        CreateWindowExW(
            WS_EX_TOOLWINDOW,
            CLASS,
            w!("Estatus"),
            WS_OVERLAPPED,
            0,
            0,
            0,
            0,
            ptr::null_mut(),
            ptr::null_mut(),
            module,
            ptr::null(),
        )
    };
    if window.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: touches nothing of ours. Where it fails, we are told later.
    unsafe { SetProcessShutdownParameters(FIRST_TO_BE_TOLD, 0) };
    let mut message = MSG::default();
    // SAFETY: `message` lives through every call; nothing else of ours is touched.
    unsafe {
        while GetMessageW(&raw mut message, ptr::null_mut(), 0, 0) > 0 {
            DispatchMessageW(&raw const message);
        }
    }
    Ok(())
}

/// What Windows calls with a message for the window.
unsafe extern "system" fn hear(window: HWND, message: u32, word: WPARAM, long: LPARAM) -> LRESULT {
    match message {
        WM_CLOSE => MUST_END.notify_one(),
        WM_QUERYENDSESSION => {
            // SAFETY: the window is ours and of this thread, and the text is there as long as the program.
            unsafe { ShutdownBlockReasonCreate(window, WHY) };
            // It may end.
            return 1;
        }
        WM_ENDSESSION if word == 0 => {
            // SAFETY: the window is ours and of this thread.
            unsafe { ShutdownBlockReasonDestroy(window) };
        }
        WM_ENDSESSION => {
            MUST_END.notify_one();
            // Whoever has answered may be ended at any moment. The program ends by itself, this thread with it; how long that
            // may take is Windows' affair: it tells the person why it waits, and they can cut it short.
            loop {
                thread::park();
            }
        }
        // SAFETY: passes on what Windows gave.
        _ => return unsafe { DefWindowProcW(window, message, word, long) },
    }
    0
}
