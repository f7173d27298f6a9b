use super::*;
use crate::{
    keys::{DAY, MonitorId},
    phases::{PHASES, PhaseTimes},
    rows::Table,
};

/// What 100 monitors may take after a year, in bytes.
const BUDGET: u64 = 100 << 20;
const MONITORS: u64 = if cfg!(debug_assertions) { 4 } else { 100 };
const EVERY: Millis = 20_000;

/// A generator of numbers that look random and are the same each time (Knuth's MMIX).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    /// Mostly near `usual`, now and then a multiple of it, as latencies are.
    fn latency(&mut self, usual: u64) -> Duration {
        let noise = (0..4).map(|_| self.below(usual / 5)).sum::<u64>();
        let burst = if self.below(50) == 0 { self.below(usual * 10) } else { 0 };
        Duration::from_micros(usual * 4 / 5 + noise + burst)
    }
}

fn page(numbers: &mut Numbers, monitor: u64, at: Timestamp) -> Observation {
    let mut phases = Phases::default();
    for (phase, usual) in [
        (Phase::Dns, 900),
        (Phase::Connect, 11_000),
        (Phase::Tls, 24_000),
        (Phase::Send, 60),
        (Phase::FirstByte, 35_000 + monitor * 997),
        (Phase::Body, 1_400),
        (Phase::Assertion, 40),
    ] {
        phases.add(phase, numbers.latency(usual));
    }
    if numbers.below(500) == 0 {
        let failure = failure().with_evidence(format!("request {:016x}", numbers.below(u64::MAX)));
        return Observation::down(at, phases, "503 Service Unavailable", failure);
    }
    let remote = Some("192.0.2.7".parse().unwrap());
    Observation { remote, holds_for: Some(Duration::from_secs(60 * 86_400)), ..Observation::up(at, phases, "200 OK") }
}

/// Two days of observations, as they come: batch by batch, packed and rolled up as time goes on.
fn two_days(database: &mut Database, numbers: &mut Numbers) {
    let names: Vec<_> = (0..MONITORS).map(|monitor| format!("https://service-{monitor}.example/")).collect();
    for round in 0..2 * DAY / EVERY {
        let records: Vec<_> = names
            .iter()
            .zip(0..)
            .map(|(name, monitor)| {
                let offset = monitor as Millis * 190 + numbers.below(15) as Millis;
                let at = crate::keys::timestamp(noon_ms() - 2 * DAY + round * EVERY + offset);
                seen(name, at, Duration::from_millis(30_000), page(numbers, monitor, at))
            })
            .collect();
        database.write(records.iter(), false).unwrap();
        if (round * EVERY) % HOUR == 0 {
            settle(database, noon_ms() - 2 * DAY + round * EVERY);
        }
    }
    settle(database, noon_ms());
}

/// The hours and days before, as the same observations would have left them.
fn year_before(database: &Database, numbers: &mut Numbers) {
    let transaction = database.connection.unchecked_transaction().unwrap();
    for (table, rows, count) in [(Table::Day, 365, DAY / EVERY), (Table::Hour, 365 * 24, HOUR / EVERY)] {
        for row in (1..=rows).rev() {
            for monitor in 0..MONITORS {
                let start = floor(noon_ms() - 2 * DAY, table.unit()) - row * table.unit();
                if table == Table::Hour && row > 90 * 24 && !crate::months::begin_on(floor(start, DAY)) {
                    continue;
                }
                let id = MonitorId::new(monitor as i64 + 1).unwrap();
                // A tenth of the samples, each of them ten times, has as many buckets and as large counts.
                let mut latency = estatus_core::histogram::Histogram::new();
                let drawn = if cfg!(debug_assertions) { count / 10 } else { count };
                (0..drawn).for_each(|_| latency.add(numbers.latency(72_000 + monitor * 997)));
                let mut phases = PhaseTimes::default();
                (0..count).for_each(|_| phases.add(PHASES.map(|phase| (phase != Phase::Run).then_some(10_000))));
                let figures = Figures {
                    up: Duration::from_millis((table.unit() - 60_000) as u64),
                    down: Duration::from_millis(60_000),
                    samples: count as u64,
                    fastest: latency.percentile(0.0),
                    slowest: latency.percentile(1.0),
                    latency,
                    phases,
                    ..Figures::default()
                };
                table.put(&transaction, id, start, &figures).unwrap();
            }
        }
    }
    transaction.commit().unwrap();
}

#[test]
fn a_year_of_100_monitors_every_20_s_stays_within_the_budget() {
    let folder = folder();
    let mut database = database(&folder);
    database.connection.pragma_update(None, "synchronous", "OFF").unwrap();
    let mut numbers = Numbers(1);
    year_before(&database, &mut numbers);
    let path = folder.path().join(FILE);
    let pages = |database: &Database| {
        let value = |name| database.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
        (value("page_count") as u64) * 4096
    };
    let figures = pages(&database);
    let begun = std::time::Instant::now();
    two_days(&mut database, &mut numbers);
    let writing = begun.elapsed();
    while database.retain(noon_ms(), &Retention::default()).unwrap() {}
    let all = pages(&database);
    drop(database);
    let of_100 = |bytes: u64| bytes * 100 / MONITORS;
    println!(
        "100 monitors: {} MB of figures, {} MB with observations; {:?} for each observation",
        of_100(figures) >> 20,
        of_100(all) >> 20,
        writing / u32::try_from(2 * DAY / EVERY * MONITORS as i64).unwrap(),
    );
    assert_eq!(path.metadata().unwrap().len(), all);
    assert!(of_100(all) < BUDGET, "{} MB", of_100(all) >> 20);
}
