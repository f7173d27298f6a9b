//! Who else is on this machine: which user is at the other end of a connection, and what of ours other users reach.
//!
//! What is made here is open to this user and to administrators alone, unless it is said to be for everybody. Whoever
//! connects verifies whom they have reached before they say anything, and whoever accepts knows who has come.
//!
//! Whoever reads a file of ours finds all of the old one or all of the new one ([`write_atomically`]); who has it open for a
//! moment is waited for ([`replace()`]).
//!
//! Architecture invariant: it knows users, and nothing of what they want; who may do what is the contract's
//! (`estatus-api`).

mod peer;
mod replace;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as platform;
#[cfg(windows)]
use windows as platform;

pub use peer::{Admits, Peer};
#[cfg(windows)]
pub use platform::{
    FileRight, PipeListener, connect, create_private_pipe, grants, others_read, refuse_shared_with_others_than,
};
pub use platform::{User, create_private_folder, create_private_subfolder, peer, refuse_shared_folder, user};
#[cfg(unix)]
pub use platform::{refuse_shared_with_others_than, verify_server};
pub use replace::{replace, write_atomically};

/// The name of Estatus as a service of the operating system.
pub const SERVICE: &str = "Estatus";
