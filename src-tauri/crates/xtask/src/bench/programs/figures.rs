//! What was measured, as a table.

use std::time::Duration;

use crate::bench::table::{Limit, Table};

/// The figures of one peer; `None` for what it has not, or what was not measured.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    /// From the end of a program until it runs again.
    pub(crate) restart_median: Option<Duration>,
    /// The same at the worst but for one in a hundred.
    pub(crate) restart_p99: Option<Duration>,
    /// Memory of all that supervises, for each program, in bytes.
    pub(crate) memory: Option<u64>,
    /// CPU of all that supervises while nothing happens, in percent of one core.
    pub(crate) cpu: Option<f64>,
    /// What of six descendants lives after a stop.
    pub(crate) survivors: Option<usize>,
    /// How many of a program ran at once after all that supervises it was killed.
    pub(crate) copies: Option<usize>,
    /// Output that is in the log, in megabytes a second.
    pub(crate) capture: Option<f64>,
    /// From a check that fails until the new process answers, without what that process takes to start.
    pub(crate) heal: Option<Duration>,
}

/// Everything on Linux, with what is to be reached.
pub(crate) fn on_linux<const N: usize>(names: [&'static str; N], peers: &[Figures; N]) -> String {
    let of = |figure: fn(&Figures) -> Option<f64>| peers.each_ref().map(figure);
    let mut table = Table::new(names);
    table.row(RESTART, 1, Limit::AtMost(5.0), of(|it| ms(it.restart_median)));
    table.row(RESTART_P99, 1, Limit::AtMost(20.0), of(|it| ms(it.restart_p99)));
    table.row(MEMORY, 3, Limit::AtMost(0.6), of(megabytes));
    // What each of a thousand uses is measured every 15 s, in some 30 µs.
    table.row(CPU, 2, Limit::AtMost(0.25), of(|it| it.cpu));
    table.row(SURVIVORS, 0, Limit::AtMost(0.0), of(|it| count(it.survivors)));
    table.row("output captured, MB/s", 0, Limit::AtLeast(350.0), of(|it| it.capture));
    table.row("failed check → healed, ms", 0, Limit::AtMost(heal_limit()), of(|it| ms(it.heal)));
    table.text()
}

/// Everything on Windows. Wine takes its own time and memory for each process: a figure of either says something beside
/// those of others only.
pub(crate) fn on_windows<const N: usize>(names: [&'static str; N], peers: &[Figures; N]) -> String {
    let of = |figure: fn(&Figures) -> Option<f64>| peers.each_ref().map(figure);
    let mut table = Table::new(names);
    table.row(RESTART, 1, Limit::Shares(&[1.0]), of(|it| ms(it.restart_median)));
    table.row(RESTART_P99, 1, Limit::Nothing, of(|it| ms(it.restart_p99)));
    table.row(MEMORY, 3, Limit::Nothing, of(megabytes));
    table.row(CPU, 2, Limit::Nothing, of(|it| it.cpu));
    table.row(SURVIVORS, 0, Limit::AtMost(0.0), of(|it| count(it.survivors)));
    table.row("copies after a kill", 0, Limit::AtMost(1.0), of(|it| count(it.copies)));
    table.text()
}

const RESTART: &str = "exit → running again, median, ms";
const RESTART_P99: &str = "the same, 99th percentile, ms";
const MEMORY: &str = "memory (PSS) for each idle program, MB";
const CPU: &str = "CPU while all are idle, %";
const SURVIVORS: &str = "survivors of a stop, of six";

/// An interval and 50 ms.
fn heal_limit() -> f64 {
    super::heal::EVERY.as_secs_f64() * 1e3 + 50.0
}

fn megabytes(figures: &Figures) -> Option<f64> {
    figures.memory.map(|bytes| bytes as f64 / 1e6)
}

fn count(things: Option<usize>) -> Option<f64> {
    things.map(|things| things as f64)
}

fn ms(span: Option<Duration>) -> Option<f64> {
    span.map(|span| span.as_secs_f64() * 1e3)
}
