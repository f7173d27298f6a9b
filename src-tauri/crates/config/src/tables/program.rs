//! The tables of programs.

use std::path::PathBuf;

use estatus_core::{
    command::Run,
    exit::{Exit, Signal},
    program::{OnQuit, RestartWhen},
};

use super::{Check, Many, Timeout};
use crate::{
    limits::OfOneCore,
    listed::{Listed, named},
    shape::{At, Own, Whole},
    table::table,
    times::{DAY, Lasting},
    values::{Name, Plain, Size, Valued},
};

/// From a megabyte to more than any machine has.
type Memory = Size<1_000_000, 1_000_000_000_000_000>;

table! {
    /// Something to keep running.
    struct Program requires [name, command] {
        /// Its name, unique among programs.
        name: Name,
        /// What is run: one line for the shell, or an array of the program and its arguments.
        command: Run,
        /// Where it runs: from the folder of this file if it is relative; `~` is your home.
        directory: PathBuf,
        /// Variables it finds; a value may be a secret.
        env: Own<Valued>,
        /// Whether it is kept running by itself (where nothing is said), or runs only when asked to.
        enabled: bool,
        /// When it is started again after it has ended: "always" (where nothing is said), "on-failure" or "never".
        restart: RestartWhen,
        /// Exits after which it is started again all the same: exit codes, or signals like "SIGSEGV".
        restart_on: Many<Exit>,
        /// Exits after which it is not started again: exit codes, or signals like "SIGSEGV".
        ignore: Many<Exit>,
        /// How it is known to be ready: any check, or { log = "text" }, or { notify = true }; as soon as it is started
        /// where nothing is said.
        ready: Ready,
        /// It must be ready within this, or it is started again: "60s" where nothing is said.
        ready_within: Timeout,
        /// How it is stopped: { signal = "SIGTERM", within = "10s" } where nothing is said, or by a command.
        stop: Stop,
        /// More restarts than this, and it is tried only every five minutes: { restarts = 5, within = "60s" } where nothing
        /// is said.
        limit: Limit,
        /// What becomes of it when Estatus quits: "stop" (where nothing is said) or "leave running".
        on_quit: OnQuit,
        /// Names of programs that must be ready before it is started.
        start_after: Many<String>,
        /// How much of its output is kept: { keep = "50MB" } where nothing is said.
        log: Log,
        /// It is started again when it uses more memory: { above = "1GB", for = "1m" }.
        memory: MemoryCeiling,
        /// It is started again when it uses more CPU: { above = "90%", for = "1m" }.
        cpu: CpuCeiling,
        /// It is started again whenever these five cron fields say: "0 4 * * *".
        every: Plain,
        /// Names of the channels that are told; those of [alerts] where nothing is said.
        channels: Many<String>,
    }

    /// How a program is known to be ready: exactly one of http, tcp, tls, dns, ping, process, command, host, log and
    /// notify. A command runs where the program runs, and finds its variables, where it does not say.
    struct Ready includes check: Check requires [] like r#"{ tcp = "127.0.0.1:8080" }"# {
        /// This text is in a line it writes.
        log: Plain,
        /// true: it says so itself, by READY=1 on the socket named in NOTIFY_SOCKET.
        notify: bool,
    }

    /// How a program is stopped: asked by a signal or by a command, and when it has not ended in time, killed.
    struct Stop requires [] like r#"{ signal = "SIGTERM", within = "10s" }"# {
        /// The signal: "SIGTERM" where nothing is said. On Windows SIGTERM closes it, SIGINT is Ctrl-C and SIGQUIT
        /// Ctrl-Break.
        signal: Signal,
        /// A command that stops it; it runs where the program runs, finds its variables, and its pid in ESTATUS_PID.
        command: Run,
        /// How long it may take: "10s" where nothing is said.
        within: Timeout,
    }

    /// When restarts become too many.
    struct Limit requires [] like r#"{ restarts = 5, within = "60s" }"# {
        /// So many are not too many: 5 where nothing is said; with 0 it cools down as soon as it has ended.
        restarts: Whole<0, 1000>,
        /// Within this: "60s" where nothing is said. Once it has run for so long, those before no longer count.
        within: Lasting<1000, DAY>,
    }

    /// How much of a program's output is kept.
    struct Log requires [] like r#"{ keep = "50MB" }"# {
        /// So much, on disk: "50MB" where nothing is said; the oldest goes first.
        keep: Size<1_000_000, 1_000_000_000_000>,
    }

    /// Too much memory.
    struct MemoryCeiling requires [above] like r#"{ above = "1GB", for = "1m" }"# {
        /// More than this, of all its processes together.
        above: Memory,
        /// For so long: "1m" where nothing is said.
        r#for: Lasting<1000, DAY>,
    }

    /// Too much CPU.
    struct CpuCeiling requires [above] like r#"{ above = "90%", for = "1m" }"# {
        /// More than this, of all its processes together, in percent of one core: "250%" is two cores and a half.
        above: OfOneCore,
        /// For so long: "1m" where nothing is said.
        r#for: Lasting<1000, DAY>,
    }
}

impl Listed for Program {
    const WORD: &'static str = "program";
    const MOST: usize = 5000;
    const LINKS: &'static str = "start_after";

    fn name(&self) -> Option<&At<Name>> {
        self.name.get()
    }

    fn links(&self) -> &[At<String>] {
        named(&self.start_after)
    }

    fn channels(&self) -> &[At<String>] {
        named(&self.channels)
    }
}
