//! What a service wants to do with files.

/// What somebody wants to do with a file or a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Read it, or list a folder and enter it.
    Read,
    /// Read and change it, or what is in a folder.
    Write,
    /// Run it.
    Execute,
}

impl Access {
    /// What that is called.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write to",
            Self::Execute => "run",
        }
    }
}
