//! What the first process of a program keeps for a shim that takes over.
//!
//! The process does not know of it: it has handles on its job and on the ends of its pipes that its shim reads. So where
//! the shim is killed they stay, and the program goes on, until another shim takes them; and where both end, nobody has a
//! handle on the job any more, which ends all that is left in it. A file beside the ledger says which handles these are.

use std::{
    fs, io,
    os::windows::io::{BorrowedHandle, OwnedHandle},
    path::Path,
};

use estatus_access::replace;
use estatus_core::program::ProcessId;
use serde::{Deserialize, Serialize};

use super::{handle, job::Job, process::Process};

const FILE: &str = "handles.json";

/// What is known of a program beside its ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// Of which start this is, by its token; nothing of what was adopted.
    #[serde(default)]
    token: String,
    /// Who keeps the handles; or what was adopted, and keeps none.
    first: Option<ProcessId>,
    /// By their values there: the job, and the pipes of standard output and standard error.
    job: usize,
    pipes: [usize; 2],
    /// The processes of the program at the last look: where its job is gone, they may still be ending.
    #[serde(default)]
    pub(super) members: Vec<ProcessId>,
}

impl Kept {
    /// Has `process`, the first of the start with this token, keep handles on these.
    pub(super) fn by(
        process: &Process,
        id: ProcessId,
        token: &str,
        job: &Job,
        pipes: [BorrowedHandle<'_>; 2],
    ) -> io::Result<Self> {
        let put = |handle| handle::put_into(process.handle(), handle);
        let [out, err] = pipes;
        let (job, pipes) = (put(job.handle())?, [put(out)?, put(err)?]);
        Ok(Self { token: token.to_owned(), first: Some(id), job, pipes, members: vec![id] })
    }

    /// The file in `folder`, if it tells of the start with this token.
    ///
    /// # Errors
    /// If there is a file and it cannot be read now.
    pub(super) fn of_start(token: &str, folder: &Path) -> io::Result<Self> {
        let kept = Some(Self::read(folder)?).filter(|kept| kept.token == token);
        Ok(kept.unwrap_or_else(|| Self { token: token.to_owned(), ..Self::default() }))
    }

    /// The same, if it tells of `root`, which was adopted.
    pub(super) fn of_adopted(root: ProcessId, folder: &Path) -> io::Result<Self> {
        let kept = Some(Self::read(folder)?).filter(|kept| kept.token.is_empty() && kept.first == Some(root));
        Ok(kept.unwrap_or_else(|| Self { first: Some(root), ..Self::default() }))
    }

    /// What the file in `folder` says, of whatever start; nothing if there is none.
    ///
    /// # Errors
    /// As above.
    pub(super) fn read(folder: &Path) -> io::Result<Self> {
        match fs::read(folder.join(FILE)) {
            Ok(text) => Ok(serde_json::from_slice(&text).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let (file, new) = (folder.join(FILE), folder.join("handles.new"));
        fs::write(&new, serde_json::to_vec(self)?)?;
        replace(&new, &file)
    }

    /// The job, unless whoever kept it has ended.
    pub(super) fn job(&self) -> Option<Job> {
        self.take(self.job).map(Job::from)
    }

    /// The pipes, unless whoever kept them has ended.
    pub(super) fn pipes(&self) -> [Option<OwnedHandle>; 2] {
        self.pipes.map(|value| self.take(value))
    }

    fn take(&self, value: usize) -> Option<OwnedHandle> {
        let first = Process::to_take_from(self.first?).ok().flatten()?;
        handle::taken_from(first.handle(), value).ok()
    }
}
