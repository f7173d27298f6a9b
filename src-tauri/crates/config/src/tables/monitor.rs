//! The tables of monitors.

use std::path::PathBuf;

use estatus_core::{
    command::Run,
    config::{AlertWhen, Failures},
};
use jiff::civil::Weekday;

use super::{Check, Interval, Many, Timeout};
use crate::{
    listed::{Listed, named},
    shape::{At, Own, Whole},
    table::table,
    times::{DAY, HOUR, Lasting, MINUTE, Moment, Stretch, Zone},
    values::{Name, Plain, Valued},
};

table! {
    /// Something to check, on a schedule: exactly one of http, tcp, tls, dns, ping, process, command and host.
    struct Monitor includes check: Check requires [name] {
        /// Its name, unique among monitors.
        name: Name,
        /// The time from one probe to the next while all is well: "1m" where nothing is said.
        every: Interval,
        /// So many bad probes in a row make it down: 2 where nothing is said. Or a rate: "3 of 10".
        failures: Failures,
        /// So many good probes in a row make it up again: 1 where nothing is said.
        successes: Whole<1, 1000>,
        /// The first bad probe is followed by another after this: "2s" where nothing is said, at once if it has an `on_down`.
        confirm_after: Lasting<0, HOUR>,
        /// The time from one probe to the next while all is not well: the shorter of `every` and "1m" where nothing is said.
        retry_every: Interval,
        /// Your own marks.
        tags: Many<Plain>,
        /// Whether it is checked at all.
        enabled: bool,
        /// Names of monitors without which this one cannot be up: while one of them is down, this one is not judged.
        depends_on: Many<String>,
        /// Names of the channels that are told; those of [alerts] where nothing is said.
        channels: Many<String>,
        /// When it is looked at, but not judged.
        maintenance: Many<Maintenance>,
        /// What is done when it goes down: { restart = "PROGRAM" }, or start, or stop, or { run = "command" }.
        on_down: OnDown,
        /// Whether an incident that `on_down` heals is told: "always" or "unhealed", only if it is not healed; as [alerts]
        /// says where nothing is said.
        alert_when: AlertWhen,
    }

    /// What is done when a monitor goes down: exactly one of restart, start, stop and run.
    struct OnDown requires [] like r#"{ restart = "PROGRAM" }"# {
        /// The program that is started again.
        restart: String,
        /// The program that is started, unless it runs.
        start: String,
        /// The program that is stopped, for good.
        stop: String,
        /// The command that is run: one line for the shell, or an array of the program and its arguments.
        run: Run,
        /// Where the command runs.
        directory: PathBuf,
        /// Variables the command finds; a value may be a secret.
        env: Own<Valued>,
        /// How long the command may take: "1m" where nothing is said.
        timeout: Timeout,
        /// So many tries, then the incident escalates: 3 where nothing is said.
        tries: Whole<1, 100>,
        /// The monitor must succeed within this, once it is done and the program is ready: "30s" where nothing is said.
        within: Timeout,
    }

    /// A time in which a monitor is looked at but not judged: `from` and `to`, or `daily`, or `cron` and `lasts`.
    struct Maintenance requires [] like r#"{ daily = "02:00-04:00" }"# {
        /// Once: the first moment, a date and time without quotes.
        from: Moment,
        /// Once: the first moment after it.
        to: Moment,
        /// On every day: "02:00-04:00"; over midnight if it ends before it begins.
        daily: Stretch,
        /// The days on which `daily` begins: ["sat", "sun"]; every day where nothing is said.
        days: Many<Weekday>,
        /// Whenever these five cron fields say: "0 4 * * *".
        cron: Plain,
        /// How long it lasts each time that `cron` says.
        lasts: Lasting<MINUTE, { 31 * DAY }>,
        /// Whose clock this is.
        zone: Zone,
    }
}

impl Listed for Monitor {
    const WORD: &'static str = "monitor";
    const MOST: usize = 20_000;
    const LINKS: &'static str = "depends_on";

    fn name(&self) -> Option<&At<Name>> {
        self.name.get()
    }

    fn links(&self) -> &[At<String>] {
        named(&self.depends_on)
    }

    fn channels(&self) -> &[At<String>] {
        named(&self.channels)
    }
}
