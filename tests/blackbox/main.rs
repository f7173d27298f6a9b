//! The built program from outside.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by them")]

mod contract;
mod file;
#[cfg(target_os = "linux")]
mod fleets;
mod flows;
mod importing;
#[cfg(target_os = "linux")]
mod keyring;
mod killed;
mod mistakes;
mod pages;
mod programs;
#[cfg(unix)]
mod secrets;
#[cfg(windows)]
mod session;
mod steps;
#[cfg(unix)]
mod trying;
#[cfg(target_os = "linux")]
mod users;
mod watching;
