//! What a program writes: captured from its pipes, kept in files, and read again.
//!
//! A folder holds `spool`, the memory of the capture that outlives it, and `log`: the file `current.log` and, under
//! rising numbers, those before it. An entry is a line like `2026-11-21T12:40:05.123Z O text`, with `O` for standard
//! output and `E` for standard error; `o` or `e` where it is only a part of a line, which goes on with the next entry of
//! that letter; and `!` where Estatus itself says how many entries were lost. Secrets that the capture knows of are
//! asterisks, in the spool too; one that goes on after a kill knows of none.

mod awaited;
mod backwards;
mod entry;
mod escapes;
mod files;
mod filter;
mod hiding;
mod reader;
mod spool;
mod state;
mod writer;

#[cfg_attr(unix, path = "log/unix.rs")]
#[cfg_attr(windows, path = "log/windows.rs")]
mod platform;

#[cfg(test)]
mod fault;
#[cfg(test)]
mod tests;

pub use filter::LogFilter;
#[cfg(windows)]
pub(crate) use platform::{Pipe, look, read};
pub use reader::{Line, LogPage, LogReader};
pub use state::Place;
pub(crate) use writer::{Capture, Taken};

/// One of the two that a program writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// Its standard output.
    Out,
    /// Its standard error.
    Err,
}

impl Stream {
    pub(crate) const ALL: [Self; 2] = [Self::Out, Self::Err];

    pub(crate) const fn index(self) -> usize {
        match self {
            Self::Out => 0,
            Self::Err => 1,
        }
    }
}

/// Where a test may kill the capture.
#[inline]
fn step() {
    #[cfg(test)]
    fault::step();
}
