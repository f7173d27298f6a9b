//! Starts processes and ends them, the whole tree of each.
//!
//! What belongs to a run is known by more than parent pids: a job object on Windows; on Linux the process group, the
//! descent, and a token in the environment that also marks who has left both. A pid is only ever acted upon together
//! with its start time. An end is proven: what cannot be ended is named.

mod adoption;
mod commands;
mod encoding;
mod executable;
mod facts;
mod find;
mod ledger;
mod left_running;
mod log;
mod names;
#[cfg_attr(windows, allow(dead_code, reason = "there is no such socket"))]
mod notify_socket;
mod output;
mod process_start;
mod reaper;
mod run;
mod secrets;
mod shim;
mod shim_command;
mod supervisor;
mod trials;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as platform;
#[cfg(windows)]
use windows as platform;

pub use adoption::can_be_asked;
pub use commands::{Commands, command_folder};
pub use executable::Executable;
pub use find::{Candidate, Surveyed, Wanted, candidates, survey};
pub use left_running::{Left, left_running, started_in, stop_left};
pub use log::{Line, LogFilter, LogPage, LogReader, Place, Stream};
pub use platform::find_executable;
pub use reaper::all_ended;
pub use run::run;
pub use shim::{folder, shim_main};
pub use shim_command::ShimCommand;
pub use supervisor::{Supervisor, SupervisorEvent};
pub use trials::{Trial, TrialLog, TrialState, Trials};
