//! Starts processes and ends them, the whole tree of each.
//!
//! What belongs to a run is known by more than parent pids: a job object on Windows; on Linux the process group, the
//! descent, and a token in the environment that also marks who has left both. A pid is only ever acted upon together
//! with its start time. An end is proven: what cannot be ended is named.

mod output;
mod run;

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;

pub use run::run;
