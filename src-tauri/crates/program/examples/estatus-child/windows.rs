//! The habits of Windows.

use std::{os::windows::process::CommandExt, process::Command};

use tokio::signal::windows::CtrlC;
use windows_sys::Win32::System::Threading::DETACHED_PROCESS;

pub(crate) fn live(_tag: &str, habit: &str, _args: &[String]) {
    panic!("{habit} is no habit");
}

/// Ctrl-C, which then does nothing by itself.
pub(crate) struct Asked(CtrlC);

impl Asked {
    pub(crate) fn new() -> Self {
        Self(tokio::signal::windows::ctrl_c().unwrap())
    }

    pub(crate) async fn wait(&mut self) {
        self.0.recv().await;
    }
}

pub(crate) fn leave_session() {}

/// Without a console, so that nobody can press anything on it.
pub(crate) fn apart(command: &mut Command) -> &mut Command {
    command.creation_flags(DETACHED_PROCESS)
}
