//! The wire between an engine and its agents, over real sockets.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test program")]

mod abuse;
mod document;
mod engine;
mod enrolment;
#[cfg(unix)]
mod foreign;
mod program;
mod serving;
