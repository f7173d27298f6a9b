//! Every rule of Estatus, pure.
//!
//! The core is told what happened ([`Engine::handle`]) and when ([`time::Now`]), and says what to do
//! ([`engine::Effect`]). It holds
//! the rules of scheduling, health, incidents, the own network, programs, remedies and alerts; the types of the configuration it works by
//! ([`config`]); and the words it is told in ([`words`]).
//!
//! Architecture invariant: nothing here opens a file or a socket, reads a clock, spawns a task or draws a random
//! number. The same inputs in the same order yield the same effects, so years can be simulated in a test.

pub mod check;
mod clock;
pub mod command;
pub mod config;
pub mod encoding;
pub mod engine;
mod execution;
pub mod exit;
pub mod fleet;
pub mod flow;
mod healing;
pub mod histogram;
pub mod ids;
pub mod incident;
mod input;
mod machine;
pub mod maintenance;
pub mod memory;
pub mod monitor;
pub mod naming;
pub mod network;
pub mod observation;
mod outbox;
pub mod outside;
pub mod ports;
pub mod program;
pub mod record;
mod registry;
pub mod remedy;
pub mod removal;
mod restart;
mod scaling;
mod schedule;
pub mod secret;
mod signal;
pub mod stable_name;
pub mod standing;
mod supervision;
pub mod time;
pub mod undone;
pub mod usage;
pub mod varint;
pub mod words;

pub use engine::Engine;
pub use jiff::Timestamp;
