//! What the programs do that are supervised on Windows.

use std::{
    env, io,
    io::Write,
    net::TcpStream,
    os::windows::process::CommandExt,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context, Result};
use clap::Subcommand;

// See "Process Creation Flags" of the Windows API.
const DETACHED_PROCESS: u32 = 0x0000_0008;
const CREATE_NEW_PROCESS_GROUP: u32 = 0x0000_0200;
const CREATE_BREAKAWAY_FROM_JOB: u32 = 0x0100_0000;
const CREATE_NO_WINDOW: u32 = 0x0800_0000;

/// What such a program does. The mark is what it is known by.
#[derive(Debug, Subcommand)]
pub(crate) enum Habit {
    /// Says that it runs, and after so long that it ends
    Live {
        /// In milliseconds
        span: u64,
        /// The port that is told, with its host
        tell: String,
        mark: String,
    },
    /// Does nothing
    Sleep { mark: String },
    /// Starts six descendants that do not want to go
    Descend {
        /// The port that is told, with its host
        tell: String,
        mark: String,
    },
    /// Starts one that sleeps, out of reach, and ends
    Leave {
        /// How it is started
        flags: u32,
        mark: String,
    },
}

impl Habit {
    /// Does it.
    pub(crate) fn follow(&self) -> Result<()> {
        match self {
            Self::Live { span, tell, .. } => live(Duration::from_millis(*span), tell),
            Self::Sleep { .. } => sleep(),
            Self::Descend { tell, mark } => descend(tell, mark),
            Self::Leave { flags, mark } => leave(*flags, mark),
        }
    }
}

fn live(span: Duration, tell: &str) -> Result<()> {
    let mut bench = connect(tell)?;
    bench.write_all(b"begins\n")?;
    thread::sleep(span);
    Ok(bench.write_all(b"ends\n")?)
}

fn sleep() -> ! {
    loop {
        thread::park();
    }
}

/// Below a shell; deaf to Ctrl-C; without a console; with a parent that is gone; on another console, without anything by
/// which it could be known; and all of it at once, out of its job where that lets it go.
fn descend(tell: &str, mark: &str) -> Result<()> {
    let mark = |number: u32| format!("{mark}.{number}");
    let own = env::current_exe()?;
    Command::new("cmd").arg("/c").arg(own).args(["bench", "habit", "sleep", &mark(1)]).spawn()?;
    sleeper(&mark(2))?.creation_flags(CREATE_NEW_PROCESS_GROUP).spawn()?;
    sleeper(&mark(3))?.creation_flags(DETACHED_PROCESS).spawn()?;
    habit(&["leave", "0", &mark(4)])?.status()?;
    silent(&mut sleeper(&mark(5))?).env_clear().creation_flags(CREATE_NO_WINDOW).spawn()?;
    let apart = CREATE_BREAKAWAY_FROM_JOB | DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP;
    silent(&mut habit(&["leave", &apart.to_string(), &mark(6)])?).env_clear().status()?;
    connect(tell)?.write_all(b"begins\n")?;
    sleep()
}

fn leave(flags: u32, mark: &str) -> Result<()> {
    let mut sleeper = sleeper(mark)?;
    match sleeper.creation_flags(flags).spawn() {
        // Its job does not let it go.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            sleeper.creation_flags(flags & !CREATE_BREAKAWAY_FROM_JOB).spawn()?;
        }
        started => drop(started?),
    }
    Ok(())
}

fn sleeper(mark: &str) -> Result<Command> {
    habit(&["sleep", mark])
}

fn habit(words: &[&str]) -> Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    command.args(["bench", "habit"]).args(words);
    Ok(command)
}

fn silent(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

fn connect(tell: &str) -> Result<TcpStream> {
    TcpStream::connect(tell).with_context(|| format!("Failed to connect to {tell}"))
}
