//! The habits of Windows.

use std::{os::windows::process::CommandExt, process::Command};

use tokio::signal::windows::{CtrlC, ctrl_break, ctrl_c};
use windows_sys::Win32::System::Threading::DETACHED_PROCESS;

use crate::habits;

pub(crate) fn live(_tag: &str, habit: &str, _args: &[String]) {
    match habit {
        "exit-by-key" => habits::runtime().block_on(exit_by_key()),
        _ => panic!("{habit} is no habit"),
    }
}

/// Says by its exit code which key was pressed.
async fn exit_by_key() {
    let (mut ctrl_c, mut ctrl_break) = (ctrl_c().unwrap(), ctrl_break().unwrap());
    println!("waits");
    tokio::select! {
        _ = ctrl_c.recv() => std::process::exit(3),
        _ = ctrl_break.recv() => std::process::exit(4),
    }
}

/// Ctrl-C, which then does nothing by itself.
pub(crate) struct Asked(CtrlC);

impl Asked {
    pub(crate) fn new() -> Self {
        Self(ctrl_c().unwrap())
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
