//! Reaches what a fleet is made of: launches, lists and terminates instances where they come from.

mod provider;

pub use provider::{Enrolment, ProviderEvent, Providers};
