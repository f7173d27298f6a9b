//! The service on Windows: one of the service control manager's; `unix.rs` is the twin.

mod account;
mod connection;
mod control;
mod definition;
mod differences;
mod dispatcher;
mod drives;
mod environment;
mod errors;
mod face;
mod folders;
mod given_back;
mod log;
mod manager;
mod nssm;
mod program;
mod start_type;
mod takeover;
mod wanted;

pub(super) use self::{
    control::{start, stop},
    differences::{is_of_the_system, is_same_variable, of_estatus, of_paths, usual_places},
    dispatcher::run,
    manager::{facts, install, uninstall, upgrade},
    takeover::{give_back, take_over},
    wanted::Wanted,
};

/// What the service is called.
pub(super) use estatus_access::SERVICE as NAME;
/// The variables that a line for cmd names.
pub(super) use estatus_core::naming::windows_variables as variables_in;
