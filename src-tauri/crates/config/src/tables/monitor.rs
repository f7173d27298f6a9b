//! The tables of monitors.

use std::path::PathBuf;

use estatus_core::{
    command::Run,
    config::{AlertWhen, Failures},
};
use jiff::civil::Weekday;

use super::{Check, Interval, Many, Timeout};
use crate::{
    listed::{Linked, Listed, named},
    shape::{At, Own, Whole},
    table::table,
    times::{DAY, HOUR, Lasting, MINUTE, Moment, Stretch, Zone},
    values::{Name, Plain, Valued},
};

table! {
    /// Something to check, on a schedule: exactly one of http, tcp, tls, dns, ping, process, command, host
    /// and fleet.
    struct Monitor includes check: Check requires [name] {
        /// Its name, unique among monitors.
        name: Name,
        /// The interval between probes while it is up. Default: "1m".
        every: Interval,
        /// Failed probes in a row before it is down, or a rate like "3 of 10". Default: 2.
        failures: Failures,
        /// Successful probes in a row before it is up again. Default: 1.
        successes: Whole<1, 1000>,
        /// How long after the first failed probe the next one follows. Default: "2s", at once if it has an `on_down`.
        confirm_after: Lasting<0, HOUR>,
        /// The interval between probes while it fails. Default: the shorter of `every` and "1m".
        retry_every: Interval,
        /// Your own tags.
        tags: Many<Plain>,
        /// Whether it is checked at all.
        enabled: bool,
        /// Names of monitors without which this one cannot be up: while one of them is down, this one is not judged.
        depends_on: Many<String>,
        /// Names of the channels that get its alerts. Default: those of [alerts].
        channels: Many<String>,
        /// Maintenance windows, in which it is checked but not judged.
        maintenance: Many<Maintenance>,
        /// The remedy when it goes down: { restart = "PROGRAM" }, or start, or stop, or { flow = "NAME" }, or
        /// { run = "command" }.
        on_down: OnDown,
        /// When alerts are sent for incidents with a remedy: "always", or "unhealed", only if the remedy fails.
        /// Default: as in [alerts].
        alert_when: AlertWhen,
    }

    /// The remedy when a monitor goes down: exactly one of restart, start, stop, flow and run.
    struct OnDown requires [] like r#"{ restart = "PROGRAM" }"# {
        /// The program that is restarted.
        restart: String,
        /// The program that is started, unless it runs.
        start: String,
        /// The program that is stopped, for good.
        stop: String,
        /// The flow that is run.
        flow: String,
        /// The command that is run: one line for the shell, or an array of the program and its arguments.
        run: Run,
        /// Where the command runs.
        directory: PathBuf,
        /// Environment variables of the command; a value may be a secret.
        env: Own<Valued>,
        /// How long the command may take. Default: "1m".
        timeout: Timeout,
        /// Number of attempts before the incident escalates. Default: 3.
        tries: Whole<1, 100>,
        /// How soon the monitor must be up, once it is done and the program is ready. Default: "30s".
        within: Timeout,
    }

    /// A maintenance window, in which a monitor is checked but not judged: `from` and `to`, or `daily`, or `cron` and
    /// `lasts`.
    struct Maintenance requires [] like r#"{ daily = "02:00-04:00" }"# {
        /// Once: the first moment, a date and time: 2026-12-24T22:00:00.
        from: Moment,
        /// Once: the first moment after it.
        to: Moment,
        /// On every day: "02:00-04:00"; over midnight if it ends before it begins.
        daily: Stretch,
        /// The days on which `daily` starts: ["sat", "sun"]. Default: every day.
        days: Many<Weekday>,
        /// A cron expression with five fields: "0 4 * * *".
        cron: Plain,
        /// How long each window of `cron` lasts.
        lasts: Lasting<MINUTE, { 31 * DAY }>,
        /// Whose clock this is.
        zone: Zone,
    }
}

impl Listed for Monitor {
    const WORD: &'static str = "monitor";
    const HEADER: &'static str = Self::WORD;
    const MOST: usize = 20_000;

    fn name(&self) -> Option<&At<Name>> {
        self.name.get()
    }
}

impl Linked for Monitor {
    const LINKS: &'static str = "depends_on";

    fn links(&self) -> &[At<String>] {
        named(&self.depends_on)
    }

    fn channels(&self) -> &[At<String>] {
        named(&self.channels)
    }
}
