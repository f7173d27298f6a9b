//! What Estatus remembers: observations, what programs and hosts used, incidents, runs of flows, fleets, messages, the journal and the state to go on with after a restart,
//! in one SQLite database in the data folder.
//!
//! One thread writes, in batches ([`Store::record`]); readers have connections of their own and never wait for it.
//! A fresh observation goes to the end of a log table. Every hour the log is packed into chunks by monitor, hours are
//! made from the chunks and days from the hours ([`Figures`]); until then figures come from the log, so a crash loses
//! nothing but what had not been written. All of that can be done again with the same result.
//!
//! Architecture invariant: whatever happens to the file, the engine goes on. A database that is locked or full keeps
//! records waiting, a damaged one is kept aside and a new one begun, and both are said aloud ([`Notice`]). What is
//! held in memory meanwhile has a limit. No rule of health, incidents or alerts lives here.

mod codec;
mod database;
mod figures;
mod files;
mod keys;
mod maintenance;
mod migrations;
mod mirror;
mod months;
mod open;
mod phases;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;
mod queue;
mod read;
mod readers;
mod restore;
mod retain;
mod rollup;
mod rows;
mod schema;
mod store;
mod trouble;
mod usage;
mod write;
mod writer;

#[cfg(test)]
mod tests;

pub use codec::Observed;
pub use figures::Figures;
pub use open::{FILE, Opened, open};
pub use phases::PhaseTimes;
pub use read::{History, Point};
pub use restore::{IncidentFilter, IncidentHistory};
pub use store::Store;
pub use trouble::{Notice, Notices, StoreError, Trouble, TroubleKind};
pub use usage::{UsageHistory, UsageSeries};
