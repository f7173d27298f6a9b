//! How what has a console is asked to end: by Ctrl-C or Ctrl-Break, as if somebody had pressed it there.
//!
//! Only who is on a console can do that, and a process is on one at most. So a helper is started, which goes to the
//! consoles of a program's processes one after the other.

use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
    io,
    os::windows::io::AsHandle,
    thread,
    time::Duration,
};

use estatus_core::program::ProcessId;
use windows_sys::Win32::System::{
    Console::{
        AttachConsole, CTRL_BREAK_EVENT, CTRL_C_EVENT, FreeConsole, GenerateConsoleCtrlEvent, GetConsoleProcessList,
        SetConsoleCtrlHandler,
    },
    Threading::DETACHED_PROCESS,
};

use super::{
    helper,
    process::Process,
    spawn::{nothing, spawn_silent},
    succeeded,
};
use crate::shim_command::ShimCommand;

/// The first argument of a helper.
pub(super) const HELPER: &str = "--press";

/// Said in place of a key: the helper only looks whether one could be pressed.
const NO_KEY: &str = "nothing";

/// A process that has just been started is on no console yet; one that has windows alone never is.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(25);
/// A helper is gone after this: a console that is being closed may answer nobody.
const LIFE: Duration = Duration::from_secs(5);

/// What is pressed on a console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    CtrlC,
    CtrlBreak,
}

impl Key {
    const fn name(self) -> &'static str {
        match self {
            Self::CtrlC => "ctrl-c",
            Self::CtrlBreak => "ctrl-break",
        }
    }

    const fn event(self) -> u32 {
        match self {
            Self::CtrlC => CTRL_C_EVENT,
            Self::CtrlBreak => CTRL_BREAK_EVENT,
        }
    }

    fn called(name: &OsStr) -> Option<Self> {
        [Self::CtrlC, Self::CtrlBreak].into_iter().find(|key| name == key.name())
    }
}

/// Whose consoles are pressed on.
pub(super) struct Consoles<'p> {
    /// Those of these processes.
    pub(super) of: &'p [ProcessId],
    /// Only where nobody else is on them but these; nothing: they are nobody else's.
    pub(super) shared_with: Option<&'p [u32]>,
}

/// Presses `key` on consoles. Must be called from a shim.
pub(super) fn press(key: Key, consoles: &Consoles<'_>) -> io::Result<()> {
    if consoles.of.is_empty() {
        return Ok(());
    }
    helper::start(consoles.args(key.name()), nothing()?.as_handle())
}

/// Whether a key could be pressed on one of these consoles. Shims are started by `shim`, and helpers are too.
pub(super) fn can_be_pressed_on(consoles: &Consoles<'_>, shim: &ShimCommand) -> io::Result<bool> {
    let own: Vec<OsString> = consoles.args(NO_KEY).map(OsString::from).collect();
    let (args, nothing) = (shim.args.iter().chain(&own).map(OsString::as_os_str), nothing()?);
    let streams = [nothing.as_handle(), nothing.as_handle()];
    let helper = spawn_silent(shim.program.clone(), args, streams, DETACHED_PROCESS)?;
    Ok(helper.ends_within(2 * LIFE) && helper.exit_code()? == 0)
}

impl Consoles<'_> {
    /// What a helper is told.
    fn args(&self, key: &str) -> impl Iterator<Item = String> {
        let of = written(self.of.iter().map(|id| format!("{}:{}", id.pid, id.started)));
        let shared_with = self.shared_with.map(|pids| written(pids.iter().map(u32::to_string)));
        [HELPER.to_owned(), key.to_owned(), of].into_iter().chain(shared_with)
    }
}

fn written(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(",")
}

/// Handles on the processes that are meant: as long as they are held, their pids are nobody else's. A pid without a time,
/// as a person writes it, means who has it now.
fn held(text: &OsStr) -> Vec<Process> {
    let process = |part: &str| {
        let found = match part.split_once(':') {
            Some((pid, started)) => {
                Process::identified(ProcessId { pid: pid.parse().ok()?, started: started.parse().ok()? })
            }
            None => Process::look_at(part.parse().ok()?),
        };
        found.ok().flatten()
    };
    text.to_string_lossy().split(',').filter_map(process).collect()
}

fn pids_in(text: &OsStr) -> BTreeSet<u32> {
    text.to_string_lossy().split(',').filter_map(|pid| pid.parse().ok()).collect()
}

/// What a helper does. Where it only looks, an error says that there is no console to press on.
pub(super) fn help(mut args: impl Iterator<Item = OsString>) -> io::Result<()> {
    let key = args.next().ok_or(io::ErrorKind::InvalidInput)?;
    let key = if key == NO_KEY { None } else { Some(Key::called(&key).ok_or(io::ErrorKind::InvalidInput)?) };
    let held = args.next().map(|processes| held(&processes)).ok_or(io::ErrorKind::InvalidInput)?;
    let shared_with = args.next().map(|pids| pids_in(&pids));
    thread::spawn(|| {
        thread::sleep(LIFE);
        std::process::exit(1);
    });
    // SAFETY: the handler is a function that takes what it is given.
    succeeded(unsafe { SetConsoleCtrlHandler(Some(stay), 1) })?;
    let pids: BTreeSet<u32> = held.iter().map(Process::pid).collect();
    let is_ours = |pid: &u32| {
        let others = shared_with.as_ref();
        *pid == std::process::id() || pids.contains(pid) || others.is_none_or(|others| others.contains(pid))
    };
    let (mut reached, mut pressed) = (BTreeSet::new(), false);
    for _ in 0..if key.is_some() { TRIES } else { 1 } {
        for &pid in &pids {
            if !reached.contains(&pid) {
                // One console that answers nobody keeps no other from being pressed on.
                let Ok(there) = press_at(key, pid, is_ours) else { continue };
                pressed |= !there.is_empty() && there.iter().all(is_ours);
                reached.extend(there);
            }
        }
        if !reached.is_empty() || pids.is_empty() {
            break;
        }
        thread::sleep(PAUSE);
    }
    if pressed || key.is_some() { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
}

/// Presses `key` on the console of a process, if it is on one and all who are on it are ours; gives back who is on it.
fn press_at(key: Option<Key>, pid: u32, is_ours: impl Fn(&u32) -> bool) -> io::Result<Vec<u32>> {
    // SAFETY: takes nothing; where there is no console, nothing happens.
    unsafe { FreeConsole() };
    // SAFETY: takes no pointers.
    if unsafe { AttachConsole(pid) } == 0 {
        return Ok(Vec::new());
    }
    let there = on_this_console()?;
    if let Some(key) = key.filter(|_| there.iter().all(is_ours)) {
        // SAFETY: takes no pointers. Nobody leads a group of the number nought: it means everybody on this console.
        succeeded(unsafe { GenerateConsoleCtrlEvent(key.event(), 0) })?;
    }
    Ok(there)
}

fn on_this_console() -> io::Result<Vec<u32>> {
    let mut pids = vec![0; 64];
    loop {
        let room = u32::try_from(pids.len()).unwrap_or(u32::MAX);
        // SAFETY: the pointer and the length are those of `pids`.
        let count = unsafe { GetConsoleProcessList(pids.as_mut_ptr(), room) };
        let count = usize::try_from(count).unwrap_or(0);
        if count == 0 {
            return Err(io::Error::last_os_error());
        }
        if count <= pids.len() {
            pids.truncate(count);
            return Ok(pids);
        }
        pids.resize(count, 0);
    }
}

/// The helper itself is not to end by what it presses.
unsafe extern "system" fn stay(_event: u32) -> windows_sys::core::BOOL {
    1
}

/// Whoever started this process may have had it ignore Ctrl-C, which children inherit: here it is not ignored.
pub(super) fn let_children_be_interrupted() {
    // SAFETY: without a handler, the second argument says whether Ctrl-C is ignored.
    unsafe { SetConsoleCtrlHandler(None, 0) };
}
