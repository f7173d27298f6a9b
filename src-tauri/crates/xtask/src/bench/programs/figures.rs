//! What was measured, as a table.

use std::time::Duration;

use super::peer::Peer;
use crate::bench::table::{Limit, Table};

/// The figures of every peer.
#[derive(Debug, Default)]
pub(crate) struct Figures([Column; 4]);

/// The figures of one peer; `None` for what it has not, or what was not measured.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Column {
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
    /// Output that is in the log, in megabytes a second.
    pub(crate) capture: Option<f64>,
    /// From a check that fails until the new process answers, without what that process takes to start.
    pub(crate) heal: Option<Duration>,
}

impl Figures {
    /// The column of `peer`.
    pub(crate) fn of(&mut self, peer: &Peer) -> &mut Column {
        &mut self.0[match peer {
            Peer::Estatus(_) => 0,
            Peer::Supervisord => 1,
            Peer::Runit => 2,
            Peer::Monit => 3,
        }]
    }

    /// Everything, with what is to be reached.
    pub(crate) fn table(&self) -> String {
        let of = |figure: fn(&Column) -> Option<f64>| self.0.each_ref().map(figure);
        let mut table = Table::new(["Estatus", "supervisord", "runit", "Monit"]);
        table.row("exit → running again, median, ms", 1, Limit::AtMost(5.0), of(|it| ms(it.restart_median)));
        table.row("the same, 99th percentile, ms", 1, Limit::AtMost(20.0), of(|it| ms(it.restart_p99)));
        let memory = of(|it| it.memory.map(|bytes| bytes as f64 / 1e6));
        table.row("memory for each idle program, MB", 3, Limit::AtMost(0.6), memory);
        table.row("CPU while all are idle, %", 2, Limit::AtMost(0.004), of(|it| it.cpu));
        let survivors = of(|it| it.survivors.map(|count| count as f64));
        table.row("survivors of a stop, of six", 0, Limit::AtMost(0.0), survivors);
        table.row("output captured, MB/s", 0, Limit::AtLeast(350.0), of(|it| it.capture));
        let most = heal_limit();
        table.row("failed check → healed, ms", 0, Limit::AtMost(most), of(|it| ms(it.heal)));
        table.text()
    }
}

/// An interval and 50 ms.
fn heal_limit() -> f64 {
    super::heal::EVERY.as_secs_f64() * 1e3 + 50.0
}

fn ms(span: Option<Duration>) -> Option<f64> {
    span.map(|span| span.as_secs_f64() * 1e3)
}
