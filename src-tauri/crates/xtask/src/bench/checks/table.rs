//! What was measured, as a table.

use std::time::Duration;

use super::peer::Peer;

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
        let ms = |column: &Column, of: fn(&Column) -> Option<Duration>| of(column).map(|span| span.as_secs_f64() * 1e3);
        let megabytes = |bytes: f64| bytes / 1e6;
        let row = |figure, digits, limit: Limit, values: [Option<f64>; 3]| Row { figure, digits, limit, values };
        let columns = [&self.estatus, &self.monit, &self.blackbox];
        let rows = [
            row("CPU per HTTP check, ms", 3, Limit::Shares(1.0, 1.0 / 6.0), columns.map(|column| column.cpu_ms)),
            row(
                "first verdict of 1,000 monitors, ms",
                0,
                Limit::AtMost(500.0),
                columns.map(|column| ms(column, |column| column.first_verdict)),
            ),
            row(
                "delay by 100 hung targets, ms",
                1,
                Limit::AtMost(50.0),
                columns.map(|column| ms(column, |column| column.delay)),
            ),
            row(
                "resident memory, MB",
                1,
                Limit::AtMost(25.0),
                columns.map(|column| column.memory.map(|bytes| megabytes(bytes as f64))),
            ),
            row(
                "growth of it while watched, MB",
                1,
                Limit::AtMost(1.0),
                columns.map(|column| column.growth.map(|bytes| megabytes(bytes as f64))),
            ),
        ];
        let head = ["", "Estatus", "Monit", "blackbox", "Estatus is", "to reach"].map(str::to_owned);
        draw(&std::iter::once(head).chain(rows.map(|row| row.cells())).collect::<Vec<_>>())
    }
}

struct Row {
    figure: &'static str,
    digits: usize,
    limit: Limit,
    /// Of Estatus, Monit and blackbox_exporter.
    values: [Option<f64>; 3],
}

/// What Estatus is to reach.
enum Limit {
    /// At most so much.
    AtMost(f64),
    /// At most these shares of what Monit and blackbox_exporter take.
    Shares(f64, f64),
}

impl Row {
    fn cells(&self) -> [String; 6] {
        let [estatus, monit, blackbox] = self.values;
        let digits = self.digits;
        let figure = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"));
        let share = |of: Option<f64>| Some(estatus? / of.filter(|of| *of > 0.0)?);
        let shares: Vec<String> = [(share(monit), "Monit"), (share(blackbox), "blackbox")]
            .into_iter()
            .filter_map(|(share, name)| Some(format!("{:.2} × {name}", share?)))
            .collect();
        let (goal, reached) = match self.limit {
            Limit::AtMost(most) => (format!("≤ {most:.0}"), estatus.map(|estatus| estatus <= most)),
            Limit::Shares(of_monit, of_blackbox) => (
                format!("≤ {of_monit:.2} × Monit, ≤ {of_blackbox:.2} × blackbox"),
                share(monit).zip(share(blackbox)).map(|(monit, blackbox)| monit <= of_monit && blackbox <= of_blackbox),
            ),
        };
        let outcome = match reached {
            Some(true) => ": reached",
            Some(false) => ": MISSED",
            None => "",
        };
        [
            self.figure.to_owned(),
            figure(estatus),
            figure(monit),
            figure(blackbox),
            shares.join(", "),
            format!("{goal}{outcome}"),
        ]
    }
}

fn draw(rows: &[[String; 6]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 6] = std::array::from_fn(width);
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| {
            if (1..=3).contains(&column) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_reached_missed_or_unknown() {
        let check = |limit, values, expected: &str| {
            let [.., outcome] = Row { figure: "it", digits: 1, limit, values }.cells();
            assert!(outcome.ends_with(expected), "{outcome}");
        };
        check(Limit::AtMost(50.0), [Some(50.0), None, None], "≤ 50: reached");
        check(Limit::AtMost(50.0), [Some(50.1), Some(60.0), None], "≤ 50: MISSED");
        check(Limit::AtMost(50.0), [None, Some(60.0), None], "≤ 50");
        check(Limit::Shares(1.0, 0.5), [Some(1.0), Some(1.0), Some(2.0)], ": reached");
        check(Limit::Shares(1.0, 0.5), [Some(1.1), Some(1.0), Some(9.0)], ": MISSED");
        check(Limit::Shares(1.0, 0.5), [Some(1.0), Some(1.0), Some(1.9)], ": MISSED");
    }

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
