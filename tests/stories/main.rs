//! One test for each document that Estatus was conceived from, told as its author tells it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by them")]

#[cfg(target_os = "linux")]
mod fleet;
#[cfg(unix)]
mod flow;
mod keep_alive;
mod page;
mod port_watch;
#[cfg(unix)]
mod watch;
mod web_service;
