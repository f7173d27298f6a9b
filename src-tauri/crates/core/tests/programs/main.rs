//! Programs and remedies, told as scenes: what happens goes in, what is done is read line by line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by them")]

mod changing;
mod fleets;
mod flows;
mod healing;
mod scene;
mod starting;
mod steps;
mod supervising;
mod usage;
