//! The tables of programs.

use std::path::PathBuf;

use estatus_core::{
    command::Run,
    encoding::OutputEncoding,
    exit::{Exit, Signal},
    program::{OnQuit, RestartWhen},
};

use super::{Check, Many, Timeout};
use crate::{
    limits::OfOneCore,
    listed::{Linked, Listed, named},
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
        /// Its working directory, relative to the folder of this file; `~` is your home.
        directory: PathBuf,
        /// Its environment variables; a value may be a secret.
        env: Own<Valued>,
        /// Whether it is kept running (true, the default), or runs only when started manually.
        enabled: bool,
        /// When it is restarted after it has ended: "always", "on-failure" or "never". Default: "always".
        restart: RestartWhen,
        /// Exits after which it is always restarted: exit codes, or signals like "SIGSEGV".
        restart_on: Many<Exit>,
        /// Exits after which it is never restarted: exit codes, or signals like "SIGSEGV".
        ignore: Many<Exit>,
        /// When it is ready: any check, or { log = "text" }, or { notify = true }. Default: as soon as it is started.
        ready: Ready,
        /// How soon it must be ready, or it is restarted. Default: "60s".
        ready_within: Timeout,
        /// How it is stopped: by a signal or a command. Default: { signal = "SIGTERM", within = "10s" }.
        stop: Stop,
        /// The restart limit, beyond which it is retried only every five minutes. Default: { restarts = 5, within =
        /// "60s" }.
        limit: Limit,
        /// What happens to it when Estatus quits: "stop" or "leave running". Default: "stop".
        on_quit: OnQuit,
        /// Names of programs that must be ready before it is started.
        start_after: Many<String>,
        /// How much of its output is kept, and its encoding. Default: { keep = "50MB" }.
        log: Log,
        /// Restarts it when it uses more memory: { above = "1GB", for = "1m" }.
        memory: MemoryCeiling,
        /// Restarts it when it uses more CPU: { above = "90%", for = "1m" }.
        cpu: CpuCeiling,
        /// Scheduled restarts, a cron expression with five fields: "0 4 * * *".
        every: Plain,
        /// Names of the channels that get its alerts. Default: those of [alerts].
        channels: Many<String>,
    }

    /// When a program is ready: exactly one of http, tcp, tls, dns, ping, process, command, host, fleet, log and notify.
    /// By default a command runs in the working directory of the program, with its environment variables.
    struct Ready includes check: Check requires [] like r#"{ tcp = "127.0.0.1:8080" }"# {
        /// A line of its output must contain this text.
        log: Plain,
        /// true: it reports it itself, with READY=1 on the socket named in NOTIFY_SOCKET.
        notify: bool,
    }

    /// How a program is stopped: asked by a signal or by a command, and when it has not ended in time, killed.
    struct Stop requires [] like r#"{ signal = "SIGTERM", within = "10s" }"# {
        /// The signal. Default: "SIGTERM". On Windows SIGTERM is Ctrl-C and closes windows, SIGINT is Ctrl-C alone, SIGQUIT
        /// Ctrl-Break and SIGHUP closes windows.
        signal: Signal,
        /// A command that stops it; it runs in the working directory of the program, with its environment variables,
        /// and its pid in ESTATUS_PID.
        command: Run,
        /// How long it may take. Default: "10s".
        within: Timeout,
    }

    /// The restart limit.
    struct Limit requires [] like r#"{ restarts = 5, within = "60s" }"# {
        /// The number of restarts; with 0 it cools down as soon as it has ended. Default: 5.
        restarts: Whole<0, 1000>,
        /// Within this time; once it has run for that long, earlier restarts no longer count. Default: "60s".
        within: Lasting<1000, DAY>,
    }

    /// How a program's output is kept.
    struct Log requires [] like r#"{ keep = "50MB" }"# {
        /// The size on disk; the oldest output is removed first. Default: "50MB".
        keep: Size<1_000_000, 1_000_000_000_000>,
        /// The encoding it is written in, like "windows-1252" or "cp850". Default: "auto", UTF-8 or what fits best.
        encoding: OutputEncoding,
    }

    /// A memory limit.
    struct MemoryCeiling requires [above] like r#"{ above = "1GB", for = "1m" }"# {
        /// More than this, of all its processes together.
        above: Memory,
        /// For at least this long. Default: "1m".
        r#for: Lasting<1000, DAY>,
    }

    /// A CPU limit.
    struct CpuCeiling requires [above] like r#"{ above = "90%", for = "1m" }"# {
        /// More than this, of all its processes together, in percent of one core: "250%" is two cores and a half.
        above: OfOneCore,
        /// For at least this long. Default: "1m".
        r#for: Lasting<1000, DAY>,
    }
}

impl Listed for Program {
    const WORD: &'static str = "program";
    const HEADER: &'static str = Self::WORD;
    const MOST: usize = 5000;

    fn name(&self) -> Option<&At<Name>> {
        self.name.get()
    }
}

impl Linked for Program {
    const LINKS: &'static str = "start_after";

    fn links(&self) -> &[At<String>] {
        named(&self.start_after)
    }

    fn channels(&self) -> &[At<String>] {
        named(&self.channels)
    }
}
