//! What a process that hosts an engine may use of the machine.

#[cfg(unix)]
#[path = "limits/unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "limits/windows.rs"]
mod platform;

pub use platform::set;
