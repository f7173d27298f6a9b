//! What was measured, as tables.

use std::time::Duration;

use super::{HEARTBEAT, idle::Idle, prometheus::Asked};
use crate::bench::table::{Limit, Table};

/// The figures; `None` for what was not measured.
#[derive(Debug, Default)]
pub(super) struct Figures {
    /// To decide on the fleet.
    pub(super) decide_ms: Option<f64>,
    /// CPU time for one heartbeat of all agents.
    pub(super) cpu_of_sweep: Option<Duration>,
    /// Memory of the engine for each agent, in bytes.
    pub(super) memory_of_one: Option<f64>,
    /// From when the loads are too high until the command to launch another runs, at the worst.
    pub(super) launch: Option<Duration>,
    /// Who is asked, and who attends, while all live, and while some are dead.
    pub(super) delays: [Option<Delays>; 2],
    pub(super) prometheus: Option<Asked>,
    /// An engine without a fleet, and one that could have none.
    pub(super) with: Option<Idle>,
    pub(super) without: Option<Idle>,
}

/// How late those that live are heard.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delays {
    /// How much later than due an instance of the document's protocol was asked, at the worst.
    pub(super) asked: Duration,
    /// For how long an agent seemed silent, at the worst.
    pub(super) silent: Duration,
}

impl Figures {
    /// Everything, with what is to be reached.
    pub(super) fn table(&self) -> String {
        let seconds = |span: Option<Duration>| span.map(|span| span.as_secs_f64());
        let ms = |span: Option<Duration>| span.map(|span| span.as_secs_f64() * 1e3);
        let own = |figure: Option<f64>| [figure, None];
        let mut table = Table::new(["Estatus", "Prometheus"]);
        table.row("to decide on the fleet, ms", 3, Limit::AtMost(1.0), own(self.decide_ms));
        let cpu = [self.cpu_of_sweep, self.prometheus.map(|it| it.cpu_of_sweep)].map(seconds);
        table.row("CPU for a heartbeat of all, s", 3, Limit::AtMost(0.3), cpu);
        let memory = [self.memory_of_one, self.prometheus.map(|it| it.memory_of_one)];
        table.row("memory (PSS) for each, kB", 1, Limit::AtMost(12.0), memory.map(|bytes| Some(bytes? / 1e3)));
        let heartbeat = HEARTBEAT.as_secs_f64();
        table.row("load too high → launch, worst, s", 2, Limit::AtMost(heartbeat), own(seconds(self.launch)));
        let [living, dead] = self.delays;
        table.row("asked late, all live, worst, ms", 1, Limit::Nothing, own(ms(living.map(|it| it.asked))));
        table.row("asked late, 11 are dead, worst, ms", 1, Limit::AtMost(50.0), own(ms(dead.map(|it| it.asked))));
        table.row("silent, all live, worst, s", 2, Limit::Nothing, own(seconds(living.map(|it| it.silent))));
        let longest = Limit::AtMost(heartbeat * 2.0);
        table.row("silent, 11 are dead, worst, s", 2, longest, own(seconds(dead.map(|it| it.silent))));
        [table.text(), self.idle()].join("\n")
    }

    /// What an engine without a fleet pays.
    fn idle(&self) -> String {
        let Some(with) = self.with else { return String::new() };
        let both = |figure: fn(Idle) -> f64| [Some(figure(with)), self.without.map(figure)];
        let mut table = Table::new(["Estatus", "without fleets"]);
        table.row("executable, MB", 2, Limit::Nothing, both(|it| it.executable as f64 / 1e6));
        table.row(
            "memory (PSS) of an engine without a fleet, MB",
            2,
            Limit::Nothing,
            both(|it| it.memory as f64 / 1e6),
        );
        table.row("its CPU, %", 4, Limit::Nothing, both(|it| it.cpu_percent));
        table.text()
    }
}
