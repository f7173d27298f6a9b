//! Fleets: what reaches the instances of a fleet, what runs on each of them, and where they come from.
//!
//! [`FleetWire`] is the engine's end: agents dial it, and those that speak the source document's protocol are asked by it.
//! [`agent()`] is the other end. [`Providers`] launch, list and terminate instances.
//!
//! Architecture invariant: who is let in, what a silence means and what becomes of an instance is decided by the core. Here
//! it is only known who somebody is, and how; and what is done is what was asked for.

/// A text of the agent's, with what stands in it.
macro_rules! said {
    ($($said:tt)*) => { estatus_core::text!("agent" $($said)*) };
}

mod agent;
mod provider;
mod socket;
mod wire;

pub use agent::{AgentError, AgentNews, AgentOptions, LoadSource, Protocol, agent, parse_load};
pub use provider::{Enrolment, ProviderEvent, Providers};
pub use wire::{FleetWire, Tokens, WireEvent};
