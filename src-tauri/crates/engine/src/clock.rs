//! The clocks of this machine, and a timer that a sleeping machine does not stop.

#[cfg(unix)]
#[path = "clock/unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "clock/windows.rs"]
mod platform;

pub(crate) use platform::{Timer, now};
