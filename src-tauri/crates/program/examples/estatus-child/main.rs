//! A program with every bad habit, for the tests of this crate; and the executable of their shims.
//!
//! `estatus-child shim TAG …` is a shim. `estatus-child TAG HABIT …` has a habit; all that comes of it bears the tag in
//! its command line, so that a test sees what is left.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::zombie_processes,
    missing_docs,
    reason = "bad habits, and a test fails by the others"
)]

mod habits;

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let first = args.next().unwrap_or_default();
    let second = args.next().unwrap_or_default();
    if first == "shim" {
        return estatus_program::shim_main(args);
    }
    habits::live(&first.to_string_lossy(), &second.to_string_lossy(), args);
    ExitCode::SUCCESS
}
