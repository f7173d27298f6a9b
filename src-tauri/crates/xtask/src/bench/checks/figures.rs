//! What was measured, as a table.

use std::time::Duration;

use super::peer::Peer;
use crate::bench::table::{Limit, Table};

/// The figures of every peer.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    estatus: Column,
    monit: Column,
    blackbox: Column,
}

/// The figures of one peer; `None` for what it has not, or what was not measured.
#[derive(Debug, Default)]
pub(crate) struct Column {
    /// CPU time of one check, in milliseconds.
    pub(crate) cpu_ms: Option<f64>,
    /// From the start until the last of all monitors was probed.
    pub(crate) first_verdict: Option<Duration>,
    /// How much later than due a healthy target was probed, at the worst.
    pub(crate) delay: Option<Duration>,
    /// Resident memory, in bytes.
    pub(crate) memory: Option<u64>,
    /// Resident memory with ten times as many monitors, in bytes.
    pub(crate) memory_of_most: Option<u64>,
    /// By how much the resident memory grew, in bytes.
    pub(crate) growth: Option<i64>,
}

impl Figures {
    /// The column of `peer`.
    pub(crate) fn of(&mut self, peer: &Peer) -> &mut Column {
        match peer {
            Peer::Estatus(_) => &mut self.estatus,
            Peer::Monit => &mut self.monit,
            Peer::Blackbox => &mut self.blackbox,
        }
    }

    /// Everything, with what is to be reached.
    pub(crate) fn table(&self) -> String {
        let ms = |span: Option<Duration>| span.map(|span| span.as_secs_f64() * 1e3);
        let columns = [&self.estatus, &self.monit, &self.blackbox];
        let mut table = Table::new(["Estatus", "Monit", "blackbox"]);
        table.row("CPU per HTTP check, ms", 3, Limit::Shares(&[0.9, 1.0 / 6.0]), columns.map(|it| it.cpu_ms));
        let first = columns.map(|it| ms(it.first_verdict));
        table.row("first verdict of 1,000 monitors, ms", 0, Limit::AtMost(500.0), first);
        table.row("delay by 100 hung targets, ms", 1, Limit::AtMost(50.0), columns.map(|it| ms(it.delay)));
        let memory = columns.map(|it| it.memory.map(|bytes| bytes as f64 / 1e6));
        table.row("resident memory, 1,000 monitors, MB", 1, Limit::AtMost(16.0), memory);
        let most = columns.map(|it| it.memory_of_most.map(|bytes| bytes as f64 / 1e6));
        table.row("resident memory, 10,000 monitors, MB", 1, Limit::AtMost(80.0), most);
        let growth = columns.map(|it| it.growth.map(|bytes| bytes as f64 / 1e6));
        table.row("growth of it while watched, MB", 1, Limit::AtMost(1.0), growth);
        table.text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_shows_shares_and_leaves_a_dash_where_nothing_was_measured() {
        let figures = Figures {
            estatus: Column { cpu_ms: Some(0.1), ..Column::default() },
            monit: Column { cpu_ms: Some(0.2), ..Column::default() },
            blackbox: Column { cpu_ms: Some(0.8), ..Column::default() },
        };
        let table = figures.table();
        let mut lines = table.lines();
        assert!(lines.next().unwrap().contains("Estatus"));
        let cpu = lines.next().unwrap();
        assert!(cpu.contains("0.50 × Monit, 0.12 × blackbox"), "{cpu}");
        assert!(lines.next().unwrap().contains("–"));
    }
}
