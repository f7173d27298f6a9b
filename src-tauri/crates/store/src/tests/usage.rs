use estatus_core::usage::{Measure, Spread, UsedMinute};

use super::*;
use crate::{
    UsageHistory,
    keys::{DAY, MINUTE, timestamp},
    usage,
};

/// What 50 programs and 5 monitors of hosts may take after a year, in bytes: what the monitors of the other test leave of 150 MB.
const BUDGET: u64 = 50 << 20;

fn web() -> Key {
    Key::Program("web".into())
}

fn even(value: f64) -> Spread {
    Spread { mean: value, least: value, most: value }
}

fn used(by: &Key, at: Millis, measures: &[(Measure, Spread)]) -> Record {
    Record::Used { by: by.clone(), minute: UsedMinute { at: timestamp(at), measures: measures.to_vec() } }
}

fn cpu(at: Millis, spread: Spread) -> Record {
    used(&web(), at, &[(Measure::Cpu, spread)])
}

fn read(database: &Database, by: &Key, from: Millis, to: Millis, points: usize, least: Millis) -> UsageHistory {
    let least = Duration::from_millis(least.unsigned_abs());
    usage::usage(&database.connection, by, from, to, points, least).unwrap()
}

/// Minutes from noon, mean, least and most.
type Point = (i64, f64, f64, f64);

/// The width in minutes, and what is known of the CPU of `web` from minute to minute.
fn minutes(database: &Database, from: i64, to: i64, points: usize) -> (u64, Vec<Point>) {
    let noon = noon_ms();
    let found = read(database, &web(), noon + from * MINUTE, noon + to * MINUTE, points, 0);
    let of =
        |(at, spread): &(Timestamp, Spread)| ((millis(*at) - noon) / MINUTE, spread.mean, spread.least, spread.most);
    let points = found.series.iter().flat_map(|series| &series.points).map(of).collect();
    (found.width.as_secs() / 60, points)
}

fn write(database: &mut Database, records: &[Record]) {
    database.write(records.iter(), false).unwrap();
}

#[test]
fn what_is_not_measured_is_no_point_and_pieces_have_the_mean_of_their_minutes() {
    let folder = folder();
    let mut database = database(&folder);
    let of = |minute: i64, value: f64| cpu(noon_ms() + minute * MINUTE, even(value));
    let peak = cpu(noon_ms() + MINUTE, Spread { mean: 20.0, least: 5.0, most: 90.5 });
    write(&mut database, &[of(0, 10.0), peak, of(2, 30.0), of(7, 50.25)]);
    let single = vec![(0, 10.0, 10.0, 10.0), (1, 20.0, 5.0, 90.5), (2, 30.0, 30.0, 30.0), (7, 50.25, 50.25, 50.25)];
    assert_eq!(minutes(&database, 0, 10, 10), (1, single.clone()));
    // Nothing is known finer than by the minute.
    assert_eq!(minutes(&database, 0, 10, 2_000), (1, single));
    assert_eq!(minutes(&database, 0, 9, 3), (3, vec![(0, 20.0, 5.0, 90.5), (6, 50.25, 50.25, 50.25)]));
    assert_eq!(minutes(&database, 3, 7, 4), (1, vec![]));
    // What is measured every five minutes is not cut into pieces of which four are empty.
    let wide = read(&database, &web(), noon_ms(), noon_ms() + 10 * MINUTE, 10, 5 * MINUTE);
    assert_eq!((wide.width.as_secs(), wide.series[0].points.len()), (300, 2));
    assert_eq!(read(&database, &Key::Monitor("web".into()), noon_ms(), noon_ms() + HOUR, 10, 0).series, []);
}

#[test]
fn an_hour_and_a_day_are_right_at_once_and_a_minute_that_is_written_again_counts_once() {
    let folder = folder();
    let mut database = database(&folder);
    let records: Vec<_> = (0..180).map(|minute| cpu(noon_ms() + minute * MINUTE, even(minute as f64))).collect();
    write(&mut database, &records);
    let hours = |database: &Database| minutes(database, 0, 180, 3);
    assert_eq!(hours(&database), (60, vec![(0, 29.5, 0.0, 59.0), (60, 89.5, 60.0, 119.0), (120, 149.5, 120.0, 179.0)]));
    write(&mut database, &[cpu(noon_ms() + 179 * MINUTE, Spread { mean: 239.0, least: 179.0, most: 300.0 })]);
    assert_eq!(hours(&database).1[2], (120, 150.5, 120.0, 300.0));
    let midnight = floor(noon_ms(), DAY);
    let day = read(&database, &web(), midnight, midnight + 2 * DAY, 2, 0);
    let spread = Spread { mean: (0..180).map(f64::from).sum::<f64>() / 180.0 + 60.0 / 180.0, least: 0.0, most: 300.0 };
    let (at, found) = day.series[0].points[0];
    assert_eq!((day.width.as_secs(), millis(at), day.series[0].points.len()), (86_400, midnight, 1));
    assert!((found.mean - spread.mean).abs() < 0.001, "{found:?}");
    assert_eq!((found.least, found.most), (spread.least, spread.most));
}

#[test]
fn every_measure_of_everybody_is_a_series_of_its_own_and_bytes_are_kept_whole() {
    let folder = folder();
    let mut database = database(&folder);
    let disk = |path: &str| Measure::DiskFreeBytes { path: path.to_owned() };
    let (program, monitor) = (web(), Key::Monitor("web".into()));
    let of_program = [(Measure::MemoryBytes, even(17_179_869_184.0)), (Measure::Cpu, even(0.125))];
    let of_monitor = [(disk("/"), even(1e15)), (disk("/data"), even(7.0)), (Measure::Load, even(1.234))];
    write(&mut database, &[used(&program, noon_ms(), &of_program), used(&monitor, noon_ms(), &of_monitor)]);
    let found = |by: &Key| -> Vec<(Measure, f64)> {
        let found = read(&database, by, noon_ms(), noon_ms() + MINUTE, 1, 0);
        found.series.into_iter().map(|series| (series.measure, series.points[0].1.mean)).collect()
    };
    assert_eq!(found(&program), [(Measure::Cpu, 0.13), (Measure::MemoryBytes, 17_179_869_184.0)]);
    assert_eq!(found(&monitor), [(Measure::Load, 1.23), (disk("/"), 1e15), (disk("/data"), 7.0)]);
}

#[test]
fn minutes_hours_and_days_are_kept_as_long_as_what_is_observed() {
    let folder = folder();
    let mut database = database(&folder);
    let days = [3, 1, 100, 40, 0, 700].map(|ago| cpu(noon_ms() - ago * DAY, even(ago as f64)));
    write(&mut database, &days);
    let retention = Retention { days: Duration::from_secs(400 * 86_400), ..Retention::default() };
    while database.retain(noon_ms(), &retention).unwrap() {}
    let count = |table: &str| -> i64 {
        database.connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    assert_eq!([count("usage_minute"), count("usage_hour"), count("usage_day")], [2, 4, 5]);
    // What is older than its minutes is told by the hour, and then by the day.
    let width = |ago: Millis| read(&database, &web(), noon_ms() - ago, noon_ms(), 2_000, 0).width.as_secs();
    assert_eq!([width(HOUR), width(3 * DAY), width(100 * DAY)], [60, 3_600, 86_400]);
    let year = read(&database, &web(), noon_ms() - 365 * DAY, noon_ms() + MINUTE, 2_000, 0);
    let means: Vec<f64> = year.series[0].points.iter().map(|(_, spread)| spread.mean).collect();
    assert_eq!(means, [100.0, 40.0, 3.0, 1.0, 0.0]);
}

#[test]
fn a_clock_that_was_set_back_writes_over_the_same_minutes_and_the_future_is_kept_until_it_comes() {
    let folder = folder();
    let mut database = database(&folder);
    let of = |minute: i64, value: f64| cpu(noon_ms() + minute * MINUTE, even(value));
    write(&mut database, &[of(500, 1.0), of(0, 10.0), of(1, 20.0), of(0, 40.0)]);
    assert_eq!(minutes(&database, 0, 2, 2).1, [(0, 40.0, 40.0, 40.0), (1, 20.0, 20.0, 20.0)]);
    assert_eq!(minutes(&database, 0, 60, 1).1, [(0, 30.0, 10.0, 40.0)]);
    assert_eq!(minutes(&database, 480, 540, 1).1, [(480, 1.0, 1.0, 1.0)]);
}

#[test]
fn a_stretch_of_thousands_of_years_is_looked_through_as_far_as_anything_is_known() {
    let folder = folder();
    let mut database = database(&folder);
    write(&mut database, &[cpu(noon_ms(), even(10.0)), cpu(noon_ms() + DAY, even(30.0))]);
    let began = std::time::Instant::now();
    let [first, last] = [Timestamp::MIN, Timestamp::MAX].map(millis);
    let all = read(&database, &web(), first, last, 2, 0);
    let means: Vec<f64> = all.series[0].points.iter().map(|(_, spread)| spread.mean).collect();
    assert_eq!(means, [20.0]);
    assert_eq!(read(&database, &web(), first, noon_ms() - DAY, 100, 0).series, []);
    assert_eq!(read(&database, &web(), noon_ms() + 2 * DAY, last, 100, 0).series, []);
    assert!(began.elapsed() < Duration::from_secs(5), "millions of days were looked up: {:?}", began.elapsed());
}

#[tokio::test]
async fn what_was_used_is_there_after_a_restart() {
    let folder = folder();
    let Opened { store, .. } = opened(&folder);
    store.record(vec![cpu(noon_ms(), even(5.0))]).await.unwrap();
    store.close().await;
    let Opened { store, trouble, .. } = opened(&folder);
    assert_eq!(trouble, []);
    let found = store.usage(web(), noon(), after(60), 1, Duration::ZERO).await.unwrap();
    assert_eq!(found.series[0].points, [(noon(), even(5.0))]);
    assert_eq!(store.usage(web(), after(60), noon(), 0, Duration::ZERO).await.unwrap().series, []);
}

/// What a program or a host uses looks random, and is the same each time.
fn value(of: i64, at: i64, usual: f64) -> Spread {
    let chance = |what: i64| ((of * 7_919 + at * 104_729 + what * 1_299_709) % 1_000) as f64 / 1_000.0;
    let mean = usual * (0.5 + chance(1));
    Spread { mean, least: mean * (1.0 - chance(2) / 4.0), most: mean * (1.0 + chance(3)) }
}

/// A year as minute after minute leaves it behind, but that an hour and a day that are over are of one minute's values.
#[test]
fn a_year_of_50_programs_and_5_hosts_stays_within_the_budget() {
    const PART: i64 = if cfg!(debug_assertions) { 5 } else { 1 };
    let folder = folder();
    let mut database = database(&folder);
    database.connection.pragma_update(None, "synchronous", "OFF").unwrap();
    let pages = |database: &Database| -> u64 {
        let count: i64 = database.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        count.unsigned_abs() * 4096
    };
    let before = pages(&database);
    let disk = || Measure::DiskFreePercent { path: "/".to_owned() };
    let programs = (0..50 / PART).map(|number| Key::Program(format!("program {number}").into()));
    let hosts = (0..5 / PART).map(|number| Key::Monitor(format!("host {number}").into()));
    let all: Vec<Key> = programs.chain(hosts).collect();
    let at = |at: Millis| -> Vec<Record> {
        let of = |(by, number): (&Key, i64)| match by {
            Key::Program(_) => {
                let memory = value(number, at / MINUTE, 2e8 * (number + 1) as f64);
                used(by, at, &[(Measure::Cpu, value(number, at / MINUTE, 20.0)), (Measure::MemoryBytes, memory)])
            }
            _ => {
                let share = || value(number, at / MINUTE, 40.0);
                let load = value(number, at / MINUTE, 2.0);
                used(
                    by,
                    at,
                    &[(Measure::Cpu, share()), (Measure::Memory, share()), (Measure::Load, load), (disk(), share())],
                )
            }
        };
        all.iter().zip(0..).map(of).collect()
    };
    let since = |days: i64| floor(noon_ms(), DAY) - days * DAY;
    let days = (90..365).map(|ago| since(ago) + 12 * HOUR).rev();
    let hours = (0..88 * 24).map(|hour| since(90) + hour * HOUR);
    let minutes = (0..2 * DAY / MINUTE).map(|minute| since(2) + minute * MINUTE);
    for moment in days.chain(hours).chain(minutes) {
        database.write(at(moment).iter(), false).unwrap();
    }
    // The sum of an hour or a day takes more room than the value of a minute.
    database.connection.execute_batch("UPDATE usage_hour SET minutes = 60, sum = sum * 60 WHERE minutes = 1").unwrap();
    database
        .connection
        .execute_batch("UPDATE usage_day SET minutes = 1440, sum = sum * 1440 WHERE minutes < 1440")
        .unwrap();
    while database.retain(noon_ms(), &Retention::default()).unwrap() {}
    let bytes = (pages(&database) - before) * PART.unsigned_abs();
    println!("50 programs and 5 hosts: {:.1} MB", bytes as f64 / f64::from(1 << 20));
    assert!(bytes < BUDGET, "{} MB", bytes >> 20);
}
