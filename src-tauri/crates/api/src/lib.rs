//! The contract between the engine and everybody who talks to it: the tray, the window, the command line.
//!
//! A connection begins with the engine's [`Hello`], which says what the client may do ([`Permission`]). Then the client sends [`Request`]s, each answered by one
//! [`Reply`] or [`ApiError`], and the engine sends [`Event`]s as they happen. A client that does not keep up is
//! dropped; it connects again and begins with a fresh [`Hello`].
//!
//! Architecture invariant: the types here are the only thing that crosses a process boundary, and nobody matches on
//! the text of an error.

mod client;
mod codec;
mod configuration;
mod endpoint;
mod file_content;
mod fleet;
mod flow;
mod log;
mod permission;
mod report;
mod request;
mod secret;
mod server;
mod state;
mod survey;
mod trial;
mod usage;
mod versions;

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod typescript;

pub use client::{AttachError, Client, Said};
pub use configuration::*;
pub use endpoint::Endpoint;
pub use estatus_access::{Admits, Peer, User};
pub use file_content::FileContent;
pub use fleet::*;
pub use flow::*;
pub use log::*;
pub use permission::Permission;
pub use report::*;
pub use request::*;
pub use secret::*;
pub use server::{Connection, Listener, Outgoing};
pub use state::*;
pub use survey::*;
pub use trial::*;
pub use usage::*;
pub use versions::*;
