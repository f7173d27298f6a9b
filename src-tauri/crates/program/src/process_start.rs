//! What a process is started with.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
};

use estatus_core::command::Run;

/// A process that is to be started.
pub(crate) struct ProcessStart {
    pub(crate) run: Run,
    /// Where it runs: where this process does if nothing is said.
    pub(crate) directory: Option<PathBuf>,
    pub(crate) variables: Variables,
}

/// The variables of a process: those of this process, with changes. Of two changes to one variable the later holds.
#[derive(Default)]
pub(crate) struct Variables(Vec<(OsString, Option<OsString>)>);

impl Variables {
    pub(crate) fn set(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        self.0.push((name.into(), Some(value.into())));
    }

    pub(crate) fn remove(&mut self, name: impl Into<OsString>) {
        self.0.push((name.into(), None));
    }

    /// Each variable that is set or, where there is no value, removed; in order.
    pub(crate) fn changes(&self) -> impl DoubleEndedIterator<Item = (&OsStr, Option<&OsStr>)> {
        self.0.iter().map(|(name, value)| (name.as_os_str(), value.as_deref()))
    }
}
