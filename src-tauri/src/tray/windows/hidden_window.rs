//! A window that nobody sees: Windows tells top-level windows, and nobody else, that the session or the program is to end,
//! that the taskbar is new and that it looks different.

#![allow(unsafe_code, reason = "windows and their messages have no safe API")]

use std::{io, ptr, slice, time::Duration};

use windows_sys::Win32::{
    Foundation::{HWND, LPARAM, LRESULT, WPARAM},
    System::{
        DataExchange::COPYDATASTRUCT, LibraryLoader::GetModuleHandleW, Shutdown,
        Threading::SetProcessShutdownParameters,
    },
    UI::{
        Shell::{DefSubclassProc, RemoveWindowSubclass, SetWindowSubclass},
        WindowsAndMessaging::*,
    },
};

use super::wide;

/// What its kind of window is called.
const CLASS: &str = "EstatusTray";
/// Our own messages.
const DRAW: u32 = WM_APP + 1;
const ENDED: u32 = WM_APP + 2;
const MENU: u32 = WM_APP + 3;
/// The first to be told that the session ends is whoever has the highest number: before the programs that we run, whose
/// end would otherwise look like a failure. This is the highest that a program may ask for.
const FIRST_TO_BE_TOLD: u32 = 0x3ff;
/// What stands in the message with which a second start passes on a link, how long that may be, and how many milliseconds it
/// waits until it is taken.
const LINK: usize = 0x4553_5441;
const LONGEST_LINK: usize = 8192;
const PATIENCE: u32 = 5000;
/// The window's only timer.
const TIMER: usize = 1;
/// Tells our guard of another window from the guards that others put there.
const GUARD: usize = 1;

/// What the window hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// Somebody asks the program to end.
    CloseAsked,
    /// Windows asks whether the session may end.
    MayEnd,
    /// The session ends now, and after the answer the program; or it does not end after all.
    SessionEnds(bool),
    /// There is a new taskbar, without icons.
    NewTaskbar,
    /// The taskbar may have other colours or another scale.
    LooksDifferent,
    /// There is something to draw.
    Draw,
    /// The time has come for what [`HiddenWindow::wake_in`] was called for.
    Woken,
    /// The icon's menu is open, or no longer.
    MenuIsOpen(bool),
    /// A second start passes on the link that it is to follow.
    Link(String),
    /// The tray's life is over.
    Ended,
}

impl Message {
    /// What a message of Windows means here. `new_taskbar` is the number of the message about that, which differs from
    /// session to session.
    fn of(message: u32, word: WPARAM, new_taskbar: u32) -> Option<Self> {
        Some(match message {
            WM_CLOSE => Self::CloseAsked,
            WM_QUERYENDSESSION => Self::MayEnd,
            WM_ENDSESSION => Self::SessionEnds(word != 0),
            WM_SETTINGCHANGE | WM_DISPLAYCHANGE | WM_DPICHANGED | WM_THEMECHANGED => Self::LooksDifferent,
            WM_TIMER => Self::Woken,
            DRAW => Self::Draw,
            ENDED => Self::Ended,
            MENU => Self::MenuIsOpen(word != 0),
            _ if message == new_taskbar => Self::NewTaskbar,
            _ => return None,
        })
    }

    /// What Windows is answered.
    fn answer(&self) -> LRESULT {
        // That the session may end and that the link is taken; and else that nothing more is to be done.
        LRESULT::from(matches!(self, Self::MayEnd | Self::Link(_)))
    }
}

/// Whoever hears what the window is told. It may be told something while it hears something else.
pub(super) type Ear = Box<dyn Fn(&HiddenWindow, Message)>;

/// The window. It lives in the thread that opened it.
pub(super) struct HiddenWindow {
    handle: HWND,
    new_taskbar: u32,
    ear: Ear,
}

impl HiddenWindow {
    /// Opens it, and has this process be told of the end of the session before all others.
    pub(super) fn open(title: &str, ear: Ear) -> io::Result<Box<Self>> {
        let (class, title, message) = (wide(CLASS), wide(title), wide("TaskbarCreated"));
        // SAFETY: asks for this program's own module, which is there as long as the program.
        let module = unsafe { GetModuleHandleW(ptr::null()) };
        let kind = WNDCLASSW {
            lpfnWndProc: Some(hear),
            hInstance: module,
            lpszClassName: class.as_ptr(),
            ..WNDCLASSW::default()
        };
        // SAFETY: all that `kind` points to lives through the call, which copies it; that it is registered already does no harm.
        unsafe { RegisterClassW(&raw const kind) };
        // SAFETY: both texts end with a zero and live through the call; there is no parent, menu or parameter.
        let handle = unsafe {
            CreateWindowExW(
                WS_EX_TOOLWINDOW,
                class.as_ptr(),
                title.as_ptr(),
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
        if handle.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the text ends with a zero and lives through the call.
        let new_taskbar = unsafe { RegisterWindowMessageW(message.as_ptr()) };
        let window = Box::new(Self { handle, new_taskbar, ear });
        // SAFETY: the window is ours and of this thread. What it points to from now on is in a box that is dropped only after
        // the window, in `drop`.
        unsafe { SetWindowLongPtrW(handle, GWLP_USERDATA, ptr::from_ref(window.as_ref()) as isize) };
        // SAFETY: both touch nothing of ours. Where the first fails we are told later; where the second fails an elevated tray
        // misses a new taskbar.
        unsafe {
            SetProcessShutdownParameters(FIRST_TO_BE_TOLD, 0);
            ChangeWindowMessageFilterEx(handle, new_taskbar, MSGFLT_ALLOW, ptr::null_mut());
        }
        Ok(window)
    }

    /// The way to tell it something from any thread.
    pub(super) fn bell(&self) -> Bell {
        Bell(self.handle as isize)
    }

    /// Has it woken once after this, and not when it was to be woken before.
    pub(super) fn wake_in(&self, span: Duration) {
        let milliseconds = span.as_millis().try_into().unwrap_or(u32::MAX);
        // SAFETY: the window is ours and of this thread; there is no function to be called.
        unsafe { SetTimer(self.handle, TIMER, milliseconds, None) };
    }

    /// Keeps the icon's own window from being closed, which would leave a program that nobody sees: whoever asks that asks us.
    pub(super) fn guard(&self, other: HWND) {
        // SAFETY: `other` is a window of this thread; `guard` keeps no pointer, only the number of our window.
        unsafe { SetWindowSubclass(other, Some(guard), GUARD, self.handle as usize) };
    }

    /// Has Windows say `why` it waits, if the program takes its time to end.
    pub(super) fn hold_session(&self, why: &str) {
        let why = wide(why);
        // SAFETY: the window is ours and of this thread, the text ends with a zero and lives through the call.
        unsafe { Shutdown::ShutdownBlockReasonCreate(self.handle, why.as_ptr()) };
    }

    /// Windows has nothing to wait for.
    pub(super) fn release_session(&self) {
        // SAFETY: the window is ours and of this thread.
        unsafe { Shutdown::ShutdownBlockReasonDestroy(self.handle) };
    }

    /// Takes in what this thread's windows are told, until [`end_serving`].
    pub(super) fn serve(&self) {
        let mut message = MSG::default();
        // SAFETY: `message` lives through every call; nothing else of ours is touched.
        unsafe {
            while GetMessageW(&raw mut message, ptr::null_mut(), 0, 0) > 0 {
                TranslateMessage(&raw const message);
                DispatchMessageW(&raw const message);
            }
        }
    }
}

impl Drop for HiddenWindow {
    fn drop(&mut self) {
        // SAFETY: the window is ours and of this thread, for what is in it cannot be sent to another one.
        unsafe { DestroyWindow(self.handle) };
    }
}

/// Ends [`HiddenWindow::serve`] in this thread.
pub(super) fn end_serving() {
    // SAFETY: touches nothing of ours.
    unsafe { PostQuitMessage(0) };
}

/// The way to tell the window something from any thread. A window that is gone does not hear it.
#[derive(Clone, Copy)]
pub(super) struct Bell(isize);

impl Bell {
    /// There is something to draw.
    pub(super) fn draw(self) {
        self.ring(DRAW);
    }

    /// The tray's life is over.
    pub(super) fn ended(self) {
        self.ring(ENDED);
    }

    fn ring(self, message: u32) {
        // SAFETY: a message without pointers; a number that is no window any more is refused.
        unsafe { PostMessageW(self.0 as HWND, message, 0, 0) };
    }
}

/// What Windows calls with a message for the hidden window.
unsafe extern "system" fn hear(handle: HWND, message: u32, word: WPARAM, long: LPARAM) -> LRESULT {
    // SAFETY: what `open` put there, or nothing before that.
    let window = unsafe { (GetWindowLongPtrW(handle, GWLP_USERDATA) as *const HiddenWindow).as_ref() };
    let told = window.and_then(|window| {
        // SAFETY: what Windows gives with this message, copied from wherever it comes for as long as we hear it.
        let link = if message == WM_COPYDATA { unsafe { passed_on(long) } } else { None };
        Some((window, link.or_else(|| Message::of(message, word, window.new_taskbar))?))
    });
    match told {
        Some((window, told)) => {
            if told == Message::Woken {
                // SAFETY: the window is ours and of this thread.
                unsafe { KillTimer(handle, TIMER) };
            }
            let answer = told.answer();
            (window.ear)(window, told);
            answer
        }
        // SAFETY: passes on what Windows gave.
        None => unsafe { DefWindowProcW(handle, message, word, long) },
    }
}

/// The link that a second start passes on.
///
/// # Safety
/// `long` is what came with a `WM_COPYDATA`.
unsafe fn passed_on(long: LPARAM) -> Option<Message> {
    // SAFETY: as the caller says.
    let data = unsafe { (long as *const COPYDATASTRUCT).as_ref() }?;
    let length = usize::try_from(data.cbData).ok().filter(|length| *length <= LONGEST_LINK)?;
    if data.dwData != LINK || data.lpData.is_null() {
        return None;
    }
    // SAFETY: as the caller says; so long is what it points to.
    let bytes = unsafe { slice::from_raw_parts(data.lpData.cast::<u8>(), length) };
    Some(Message::Link(str::from_utf8(bytes).ok()?.to_owned()))
}

/// Passes `link` on to the window with this title; whether there is one that took it.
pub(super) fn pass_on(title: &str, link: &str) -> bool {
    let (class, title) = (wide(CLASS), wide(title));
    let Ok(length) = u32::try_from(link.len()) else { return false };
    let data = COPYDATASTRUCT { dwData: LINK, cbData: length, lpData: link.as_ptr().cast_mut().cast() };
    let mut answer = 0;
    // SAFETY: both texts end with a zero and live through the call, and so do the data and the text they point to, which
    // nobody writes to.
    unsafe {
        let window = FindWindowW(class.as_ptr(), title.as_ptr());
        if window.is_null() {
            return false;
        }
        let data = ptr::from_ref(&data) as LPARAM;
        SendMessageTimeoutW(window, WM_COPYDATA, 0, data, SMTO_ABORTIFHUNG, PATIENCE, &raw mut answer);
    }
    answer != 0
}

/// Lets the tray that runs already, and its window, come before all others: whoever starts us may do that, and so may we.
pub(super) fn let_others_come_forward() {
    // SAFETY: touches nothing of ours.
    unsafe { AllowSetForegroundWindow(ASFW_ANY) };
}

/// What Windows calls with a message for the icon's window; `ours` is the hidden window.
unsafe extern "system" fn guard(
    handle: HWND,
    message: u32,
    word: WPARAM,
    long: LPARAM,
    _guard: usize,
    ours: usize,
) -> LRESULT {
    let ours = ours as HWND;
    match message {
        WM_CLOSE => {
            // SAFETY: a message without pointers.
            unsafe { PostMessageW(ours, WM_CLOSE, 0, 0) };
            return 0;
        }
        // SAFETY: a message without pointers, to a window of this thread.
        WM_ENTERMENULOOP => drop(unsafe { SendMessageW(ours, MENU, 1, 0) }),
        // SAFETY: as above.
        WM_EXITMENULOOP => drop(unsafe { SendMessageW(ours, MENU, 0, 0) }),
        // SAFETY: takes away what `HiddenWindow::guard` put there.
        WM_NCDESTROY => drop(unsafe { RemoveWindowSubclass(handle, Some(self::guard), GUARD) }),
        _ => {}
    }
    // SAFETY: passes on what Windows gave.
    unsafe { DefSubclassProc(handle, message, word, long) }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, rc::Rc};

    use super::*;

    #[test]
    fn what_windows_says_is_understood() {
        const NEW_TASKBAR: u32 = 0xc123;
        let check = |message: u32, word: WPARAM, meant: Option<Message>, answer: LRESULT| {
            let told = Message::of(message, word, NEW_TASKBAR);
            assert_eq!((&told, told.as_ref().map_or(0, Message::answer)), (&meant, answer), "{message}");
        };
        check(WM_CLOSE, 0, Some(Message::CloseAsked), 0);
        check(WM_QUERYENDSESSION, 0, Some(Message::MayEnd), 1);
        check(WM_ENDSESSION, 1, Some(Message::SessionEnds(true)), 0);
        check(WM_ENDSESSION, 0, Some(Message::SessionEnds(false)), 0);
        check(WM_SETTINGCHANGE, 0, Some(Message::LooksDifferent), 0);
        check(WM_DPICHANGED, 0, Some(Message::LooksDifferent), 0);
        check(NEW_TASKBAR, 0, Some(Message::NewTaskbar), 0);
        check(WM_TIMER, TIMER, Some(Message::Woken), 0);
        check(MENU, 1, Some(Message::MenuIsOpen(true)), 0);
        check(WM_PAINT, 0, None, 0);
    }

    /// In one thread, which Windows lets call the window that is sent something directly.
    #[test]
    fn a_link_reaches_the_window_of_its_data_folder_and_no_other() {
        let heard = Rc::new(RefCell::new(Vec::new()));
        let ear = Rc::clone(&heard);
        let window =
            HiddenWindow::open(r"C:\test\ñ", Box::new(move |_, message| ear.borrow_mut().push(message))).unwrap();
        assert!(pass_on(r"C:\test\ñ", "estatus:open?page=ñ"));
        assert!(!pass_on(r"C:\test\other", "estatus:open"));
        assert!(!pass_on(r"C:\test\ñ", &"x".repeat(LONGEST_LINK + 1)));
        drop(window);
        assert!(!pass_on(r"C:\test\ñ", "estatus:open"));
        assert!(heard.borrow().contains(&Message::Link("estatus:open?page=ñ".to_owned())));
        assert_eq!(heard.borrow().iter().filter(|message| matches!(message, Message::Link(_))).count(), 1);
    }
}
