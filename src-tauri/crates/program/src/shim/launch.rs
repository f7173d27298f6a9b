//! How a program is started, and why it may not be.

use std::{io, path::Path};

use estatus_core::{
    command::Run,
    exit::Signal,
    program::{StartEnvironment, StartFailure},
};

use super::{
    protocol::{Launch, Line, StopBy},
    state_folder, stop,
};
use crate::{
    find::{self, Port},
    ledger::LaunchTerms,
    notify_socket,
    platform::{self, NotifySocket},
    process_start::{ProcessStart, Variables},
};

/// The variable by which a program makes the promise that systemd's programs make.
const WATCHDOG: &str = "WATCHDOG_USEC";

/// What has to be known of a launch as long as it lasts.
pub(crate) fn terms(launch: &Launch) -> LaunchTerms {
    let promised = launch.command.env.iter().rev().find(|(name, _)| name == WATCHDOG);
    LaunchTerms {
        ready_log: launch.ready_log.clone(),
        log_keep: launch.log_keep,
        encoding: launch.encoding,
        signal: match launch.stop.by {
            StopBy::Signal(signal) => signal,
            StopBy::Command(_) => Signal::Term,
        },
        patience: launch.stop.within.min(stop::PATIENCE),
        watchdog: promised.and_then(|(_, value)| notify_socket::microseconds(value)).flatten(),
        once: launch.once.clone(),
        bound: launch.bound,
        stands_for: launch.stands_for.clone(),
    }
}

/// What can be known before a process is started to be in its way.
pub(crate) fn obstacle(launch: &Launch) -> Option<StartFailure> {
    let directory = launch.command.directory.as_deref();
    if let Some(missing) = directory.filter(|directory| !directory.is_dir()) {
        return Some(StartFailure::DirectoryMissing { directory: missing.display().to_string() });
    }
    launch.ports.iter().find_map(|&port| match find::holder_of(port) {
        Port::Free => None,
        Port::HeldUnseen => Some(StartFailure::PortHeld { port, holder: None }),
        Port::HeldBy(holder) => Some(StartFailure::PortHeld { port, holder: Some(holder.to_string()) }),
    })
}

/// The process with all that the program finds in its environment.
pub(crate) fn process_start(launch: &Launch, folder: &Path, notify: &NotifySocket) -> io::Result<ProcessStart> {
    let Launch { program, command: line, environment, .. } = launch;
    let mut variables = Variables::default();
    line.hidden.iter().for_each(|name| variables.remove(name));
    if environment.is_some() {
        variables.remove(WATCHDOG);
        variables.remove("WATCHDOG_PID");
    }
    line.env.iter().for_each(|(name, value)| variables.set(name, value));
    if let Some(StartEnvironment { restarts, last_exit }) = environment {
        variables.set("ESTATUS_PROGRAM", program);
        variables.set("ESTATUS_STATE_DIR", state_folder(folder)?);
        variables.set("ESTATUS_RESTARTS", restarts.to_string());
        variables.set("ESTATUS_LAST_EXIT", last_exit.map(|exit| exit.to_string()).unwrap_or_default());
        match notify.address() {
            Some(address) => variables.set("NOTIFY_SOCKET", address),
            None => variables.remove("NOTIFY_SOCKET"),
        }
    }
    Ok(ProcessStart { run: line.run(), directory: line.directory.clone(), variables })
}

/// Why it could not be started, when the system has said so.
pub(crate) fn failure(line: &Line, error: &io::Error) -> StartFailure {
    let program = match line.run() {
        Run::Shell(_) => return StartFailure::Refused { error: error.to_string() },
        Run::Program { program, .. } => program,
    };
    if error.kind() == io::ErrorKind::NotFound {
        StartFailure::ProgramMissing { program }
    } else if platform::is_not_executable(error) {
        StartFailure::NotExecutable { program, error: error.to_string() }
    } else {
        StartFailure::Refused { error: error.to_string() }
    }
}

/// Something of Estatus's own went wrong.
pub(crate) fn refused(error: &io::Error) -> StartFailure {
    StartFailure::Refused { error: error.to_string() }
}
