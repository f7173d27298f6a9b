//! The children of a shim: what it started, and what was left to it by those.

use std::{cell::Cell, io, rc::Rc};

use estatus_core::{exit::Exit, program::ProcessId};
use rustix::{
    io::Errno,
    process::{
        Pid, WaitId, WaitIdOptions, WaitOptions, WaitStatus, getpid, set_child_subreaper, wait, waitid, waitpid,
    },
};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::process::pid_of;

/// Tells when a child has ended.
pub(crate) struct Children {
    signals: Signal,
    reaper: Rc<Reaper>,
}

impl Children {
    /// From now on every descendant whose parent ends becomes a child of this process (prctl(2),
    /// `PR_SET_CHILD_SUBREAPER`), so none can get away.
    pub(crate) fn new() -> io::Result<Self> {
        set_child_subreaper(Some(getpid()))?;
        Ok(Self { signals: signal(SignalKind::child())?, reaper: Rc::default() })
    }

    /// Waits until a child has ended.
    pub(crate) async fn changed(&mut self) {
        self.signals.recv().await;
    }

    /// Takes note of the children that have ended.
    pub(crate) fn reap(&self) {
        self.reaper.reap();
    }

    /// What takes note of them.
    pub(super) fn reaper(&self) -> Rc<Reaper> {
        Rc::clone(&self.reaper)
    }
}

/// Reaps children, and remembers how one of them ended.
#[derive(Default)]
pub(super) struct Reaper {
    first: Cell<Option<Pid>>,
    exit: Cell<Option<Exit>>,
    /// While a command runs, whose end is for another to take.
    spares: Cell<bool>,
}

impl Reaper {
    /// Remembers from now on how this one ends. That it ends before it is reaped is no matter.
    pub(super) fn remember(&self, first: ProcessId) {
        self.first.set(pid_of(first.pid));
        self.exit.set(None);
    }

    /// Whether other children than the first are left alone.
    pub(super) fn spare(&self, spares: bool) {
        self.spares.set(spares);
    }

    pub(super) fn reap(&self) {
        if self.spares.get() {
            let first = self.first.get().map(|first| waitpid(Some(first), WaitOptions::NOHANG));
            if let Some(Ok(Some((pid, status)))) = first {
                self.note(pid, status);
            }
            return;
        }
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            self.note(pid, status);
        }
    }

    fn note(&self, pid: Pid, status: WaitStatus) {
        if self.first.get() == Some(pid) {
            // The pid is free now: whoever has it next is another.
            self.first.set(None);
            self.exit.set(Some(exit_of(status)));
        }
    }

    /// How the first ended; if it was no child of ours, nobody saw it.
    pub(super) fn exit(&self) -> Exit {
        self.reap();
        self.exit.take().unwrap_or(Exit::Unseen)
    }

    /// Whether there is no child at all, and so no descendant.
    pub(super) fn is_childless(&self) -> bool {
        self.reap();
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        waitid(WaitId::All, options).is_err_and(|error| error == Errno::CHILD)
    }
}

fn exit_of(status: WaitStatus) -> Exit {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Unseen,
    }
}
