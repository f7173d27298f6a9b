//! What was measured, as a table.

use crate::bench::table::{Limit, Table, Value};

/// The figures of Estatus, Prefect and the journal; `None` for what one has not, or what was not measured.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) estatus: Column,
    pub(super) prefect: Column,
    /// An empty flow of Prefect that is a coroutine.
    pub(super) empty_async: Option<f64>,
    /// A row of the journal, in milliseconds.
    pub(super) journal: Option<f64>,
    /// An engine with scheduled flows of which none is due, and one without flows.
    pub(super) idle: [Option<Idle>; 2],
}

/// The figures of one peer.
#[derive(Debug, Default)]
pub(super) struct Column {
    /// An empty flow, from when it is asked for until its end is told, in milliseconds.
    pub(super) empty: Option<f64>,
    /// A step that does nothing, in milliseconds.
    pub(super) step: Option<f64>,
    /// A step that runs `true`, without what it takes to run it, in milliseconds.
    pub(super) true_step: Option<f64>,
    /// Steps that run `true` side by side, in seconds.
    pub(super) side: Option<f64>,
    /// From when its next engine is started, or its process was killed, until what is said of the run is true, in seconds.
    pub(super) true_again: Option<Value>,
    /// Memory for each run that waits, in kilobytes.
    pub(super) waiting: Option<f64>,
}

/// An engine of which nothing is due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Idle {
    /// Of one core.
    pub(super) cpu_percent: f64,
    /// How often it woke up in a minute.
    pub(super) wakes: f64,
}

impl Figures {
    /// Everything, with what is to be reached.
    pub(super) fn table(&self) -> String {
        let Self { estatus, prefect, empty_async, journal, idle: [scheduled, none] } = self;
        let two = |figure: fn(&Column) -> Option<f64>| [figure(estatus), figure(prefect), None];
        let own = |idle: &Option<Idle>, figure: fn(Idle) -> f64| [idle.map(figure), None, None];
        let mut table = Table::new(["Estatus", "Prefect", "SQLite"]);
        table.row("empty flow, asked → ended, median, ms", 2, Limit::AtMost(5.0), two(|it| it.empty));
        let beside_async = [estatus.empty, *empty_async, None];
        table.row("the same beside a coroutine of Prefect, ms", 2, Limit::AtMost(5.0), beside_async);
        let steps = [estatus.step, prefect.step, *journal];
        table.row("step that does nothing, ms", 3, Limit::AtMost(0.2), steps);
        table.row("step that runs `true`, beyond that, ms", 2, Limit::AtMost(3.0), two(|it| it.true_step));
        table.row("many such steps side by side, s", 2, Limit::Nothing, two(|it| it.side));
        let true_again = [estatus.true_again, prefect.true_again, None];
        table.row("kill -9 → history is true again, worst, s", 2, Limit::AtMost(1.0), true_again);
        table.row("memory (PSS) for each waiting run, kB", 1, Limit::Nothing, two(|it| it.waiting));
        table.row("CPU with scheduled flows, none due, %", 4, Limit::Nothing, own(scheduled, |it| it.cpu_percent));
        table.row("the same without flows, %", 4, Limit::Nothing, own(none, |it| it.cpu_percent));
        table.row("wake-ups a minute with them", 0, Limit::Nothing, own(scheduled, |it| it.wakes));
        table.row("the same without flows", 0, Limit::Nothing, own(none, |it| it.wakes));
        table.text()
    }
}
