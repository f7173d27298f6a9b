use proptest::prelude::*;

use super::*;
use crate::keys::{DAY, HOUR, millis, timestamp};

const MINUTE: Millis = 60_000;

/// Minute (from noon), for how many minutes it holds, verdict.
type Seen = (i64, i64, Verdict);

fn write(database: &mut Database, all: &[Seen]) {
    let records: Vec<_> = all
        .iter()
        .map(|(at, hold, verdict)| {
            let at = timestamp(noon_ms() + at * MINUTE);
            let holds = Duration::from_secs(hold.unsigned_abs() * 60);
            seen("page", at, holds, observation(at, *verdict, Duration::from_millis(50)))
        })
        .collect();
    database.write(records.iter(), false).unwrap();
}

/// Minutes up, down and inconclusive, and samples, from minute to minute.
fn minutes(database: &Database, from: i64, to: i64) -> (u64, u64, u64, u64) {
    let figures = figures_of(&database.connection, "page", noon_ms() + from * MINUTE, noon_ms() + to * MINUTE);
    let minutes = |of: Duration| of.as_secs() / 60;
    (minutes(figures.up), minutes(figures.down), minutes(figures.inconclusive), figures.samples)
}

/// Figures of the stretch `from..to`: from the log, and from hours and days when all is rolled up.
fn check(all: &[Seen], (from, to): (i64, i64), expected: (u64, u64, u64, u64)) {
    let folder = folder();
    let mut database = database(&folder);
    write(&mut database, all);
    assert_eq!(minutes(&database, from, to), expected, "from the log");
    settle(&mut database, noon_ms() + 3 * DAY);
    assert_eq!(minutes(&database, from, to), expected, "rolled up");
}

#[test]
fn an_observation_counts_until_the_next_but_no_longer_than_it_holds() {
    use Verdict::{Down, Inconclusive, Up};
    // Until the next.
    check(&[(0, 10, Up), (5, 10, Down)], (0, 60), (5, 10, 0, 2));
    // No longer than it holds: a gap counts neither way.
    check(&[(0, 10, Up), (30, 10, Up)], (0, 60), (20, 0, 0, 2));
    // What began before the stretch and still holds counts, its probe does not.
    check(&[(-5, 10, Up), (5, 5, Up)], (0, 60), (10, 0, 0, 1));
    // What goes on after the stretch is cut.
    check(&[(50, 60, Up)], (0, 60), (10, 0, 0, 1));
    // Inconclusive is a share of its own.
    check(&[(0, 20, Up), (20, 20, Inconclusive), (40, 20, Down)], (0, 60), (20, 20, 20, 3));
    // A stretch across hours and midnight is split and adds up.
    check(&[(30, 48 * 60, Up)], (0, 24 * 60), (24 * 60 - 30, 0, 0, 1));
    check(&[(30, 48 * 60, Up)], (24 * 60, 48 * 60), (24 * 60, 0, 0, 0));
    check(&[(30, 48 * 60, Up)], (90, 150), (60, 0, 0, 0));
    // Nothing at all, and nothing in the stretch.
    check(&[], (0, 60), (0, 0, 0, 0));
    check(&[(0, 10, Up)], (20, 60), (0, 0, 0, 0));
    // An empty and a turned-round stretch.
    check(&[(0, 10, Up)], (5, 5), (0, 0, 0, 0));
    check(&[(0, 10, Up)], (7, 5), (0, 0, 0, 0));
}

#[test]
fn figures_of_several_spans_are_those_of_each_whatever_is_rolled_up() {
    let folder = folder();
    let mut database = database(&folder);
    // Up from noon to midnight, down for an hour of the next day, and then not observed.
    write(&mut database, &[(0, 12 * 60, Verdict::Up), (12 * 60, 60, Verdict::Down)]);
    let at = |minute: i64| noon_ms() + minute * MINUTE;
    // One that began long before the monitor did, one day and the next by another clock, and two that are within them.
    let spans = [
        at(-365 * 24 * 60)..at(3 * 24 * 60),
        at(-6 * 60)..at(18 * 60),
        at(18 * 60)..at(42 * 60),
        at(30)..at(90),
        at(12 * 60 + 15)..at(12 * 60 + 45),
    ];
    let names = ["page", "nobody"].map(Arc::from);
    let check = |database: &Database, when: &str| {
        let figures = read::figures(&database.connection, &names, &spans).unwrap();
        assert_eq!(figures.len(), 1, "of nobody nothing is known");
        let minutes = |figures: &Figures| (figures.up.as_secs() / 60, figures.down.as_secs() / 60);
        let found: Vec<_> = figures["page"].iter().map(minutes).collect();
        assert_eq!(found, [(720, 60), (720, 60), (0, 0), (60, 0), (0, 30)], "{when}");
    };
    check(&database, "from the log");
    settle(&mut database, at(3 * 24 * 60));
    check(&database, "rolled up");
}

#[test]
fn a_clock_that_was_set_changes_nothing_of_how_long_an_observation_held() {
    let check = |set: i64, packed: bool| {
        let folder = folder();
        let mut database = database(&folder);
        let observed = |minute: i64, after: Option<u64>, verdict| {
            let at = timestamp(noon_ms() + minute * MINUTE);
            let after = after.map(|minutes| Duration::from_secs(minutes * 60));
            let observation = observation(at, verdict, Duration::from_millis(50)).into();
            let holds_until = timestamp(noon_ms() + (minute + 10) * MINUTE);
            Record::Observation { monitor: "page".into(), after, holds_until, observation }
        };
        database.write([observed(300, None, Verdict::Down)].iter(), false).unwrap();
        while packed && database.pack().unwrap() {}
        let next = [(302 + set, 2), (307 + set, 5)].map(|(minute, after)| observed(minute, Some(after), Verdict::Up));
        database.write(next.iter(), false).unwrap();
        assert_eq!(minutes(&database, 0, 600), (15, 2, 0, 3), "set by {set} min, packed: {packed}");
        settle(&mut database, noon_ms() + 3 * DAY);
        assert_eq!(minutes(&database, 0, 600), (15, 2, 0, 3), "set by {set} min, rolled up, packed: {packed}");
    };
    for set in [-180, 0, 180] {
        check(set, false);
        check(set, true);
    }
}

#[test]
fn uptime_is_the_share_of_what_was_observed() {
    let uptime = |up, down| {
        let [up, down] = [up, down].map(Duration::from_secs);
        Figures { up, down, inconclusive: Duration::from_secs(9), ..Figures::default() }.uptime()
    };
    assert_eq!(uptime(0, 0), None);
    assert_eq!(uptime(30, 10), Some(0.75));
    assert_eq!(uptime(0, 10), Some(0.0));
}

#[test]
fn only_a_complete_answer_has_a_latency() {
    let folder = folder();
    let mut database = database(&folder);
    let cases = [
        (Verdict::Up, None, true),
        (Verdict::Down, Some(Phase::Assertion), true),
        (Verdict::Down, Some(Phase::Connect), false),
        (Verdict::Inconclusive, Some(Phase::Assertion), false),
    ];
    for (minute, (verdict, phase, counts)) in cases.into_iter().enumerate() {
        let at = after(minute as u64 * 60);
        let mut observation = observation(at, verdict, Duration::from_millis(80));
        observation.failure = phase.map(|phase| Failure::new(phase, Cause::Refused));
        database.write([seen("page", at, Duration::from_secs(60), observation)].iter(), false).unwrap();
        let figures = figures_of(&database.connection, "page", millis(at), millis(at) + 1);
        assert_eq!(figures.latency.count() > 0, counts, "{verdict:?} {phase:?}");
        assert_eq!(figures.slowest, counts.then_some(Duration::from_millis(80)));
    }
}

#[test]
fn two_probes_in_the_same_millisecond_are_both_kept() {
    let folder = folder();
    let mut database = database(&folder);
    write(&mut database, &[(0, 10, Verdict::Down), (0, 10, Verdict::Down), (0, 10, Verdict::Up)]);
    assert_eq!(minutes(&database, 0, 60).3, 3);
    let figures = figures_of(&database.connection, "page", noon_ms(), noon_ms() + HOUR);
    assert_eq!((figures.down, figures.up), (Duration::from_millis(2), Duration::from_millis(599_998)));
}

#[test]
fn what_comes_late_is_rolled_up_again() {
    let folder = folder();
    let mut database = database(&folder);
    write(&mut database, &[(0, 26 * 60, Verdict::Up)]);
    settle(&mut database, noon_ms() + 2 * DAY);
    write(&mut database, &[(30, 60, Verdict::Down)]);
    settle(&mut database, noon_ms() + 2 * DAY);
    assert_eq!(minutes(&database, 0, 24 * 60), (30, 60, 0, 2));
    settle(&mut database, noon_ms() + 3 * DAY);
    assert_eq!(minutes(&database, -12 * 60, 48 * 60), (30, 60, 0, 2));
}

fn any_seen() -> impl Strategy<Value = Vec<Seen>> {
    let verdict = prop_oneof![3 => Just(Verdict::Up), 1 => Just(Verdict::Down), 1 => Just(Verdict::Inconclusive)];
    proptest::collection::vec((0..3 * 24 * 60i64, 0..300i64, verdict), 0..60).prop_map(|mut all| {
        all.sort_by_key(|seen| seen.0);
        all.dedup_by_key(|seen| seen.0);
        all
    })
}

/// Minute by minute: the last observation that began by then, if it still holds.
fn naive(all: &[Seen], from: i64, to: i64) -> (u64, u64, u64, u64) {
    let mut sums = (0, 0, 0, all.iter().filter(|seen| (from..to).contains(&seen.0)).count() as u64);
    for minute in from..to {
        match all.iter().rfind(|seen| seen.0 <= minute).filter(|seen| minute < seen.0 + seen.1) {
            Some((_, _, Verdict::Up)) => sums.0 += 1,
            Some((_, _, Verdict::Down)) => sums.1 += 1,
            Some((_, _, Verdict::Inconclusive)) => sums.2 += 1,
            None => {}
        }
    }
    sums
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn figures_are_those_of_the_naive_model_whatever_was_rolled_up_and_in_which_order_it_came(
        all in any_seen(),
        late in proptest::collection::vec(any::<bool>(), 60),
        (first, second) in (0..3 * 24 * 60i64, 0..4 * 24 * 60i64),
        ranges in proptest::collection::vec((0..4 * 24 * 60i64, 0..4 * 24 * 60i64), 4),
    ) {
        let folder = folder();
        let mut database = database(&folder);
        let (late, early): (Vec<_>, Vec<_>) = all.iter().zip(late).partition(|(_, late)| *late);
        let plain = |some: Vec<(&Seen, bool)>| some.into_iter().map(|(seen, _)| *seen).collect::<Vec<_>>();
        write(&mut database, &plain(early));
        settle(&mut database, noon_ms() + first * MINUTE);
        write(&mut database, &plain(late));
        settle(&mut database, noon_ms() + second * MINUTE);
        for (a, b) in ranges {
            let (from, to) = (a.min(b), a.max(b));
            prop_assert_eq!(minutes(&database, from, to), naive(&all, from, to), "from {} to {}", from, to);
        }
    }

    #[test]
    fn the_pieces_of_a_history_add_up_to_the_whole(
        all in any_seen(),
        settled in 0..4 * 24 * 60i64,
        (from, length, points) in (0..3 * 24 * 60i64, 1..3 * 24 * 60i64, 1..200usize),
    ) {
        let folder = folder();
        let mut database = database(&folder);
        write(&mut database, &all);
        settle(&mut database, noon_ms() + settled * MINUTE);
        let [from, to] = [from, from + length].map(|minute| noon_ms() + minute * MINUTE);
        let history = read::history(&database.connection, "page", from, to, points).unwrap();
        let start = millis(history.points[0].start);
        prop_assert!(start <= from && history.points.len() <= points + 1);
        prop_assert_eq!(millis(history.points[history.points.len() - 1].end), to);
        let mut sum = Figures::default();
        for pair in history.points.windows(2) {
            prop_assert_eq!(pair[0].end, pair[1].start);
        }
        history.points.iter().for_each(|point| sum.add(&point.figures));
        prop_assert_eq!(sum, figures_of(&database.connection, "page", start, to));
        for point in &history.points {
            let (start, end) = (millis(point.start), millis(point.end));
            prop_assert_eq!(&point.figures, &figures_of(&database.connection, "page", start, end));
        }
        prop_assert_eq!(history.figures, figures_of(&database.connection, "page", from, to));
    }
}

#[test]
fn the_phases_of_a_piece_are_the_averages_of_its_probes_whatever_was_rolled_up() {
    let folder = folder();
    let mut database = database(&folder);
    let took = |phase: Phase, ms: u64| {
        let mut phases = Phases::default();
        phases.add(phase, Duration::from_millis(ms));
        phases
    };
    let up = |second, phases: Phases| {
        seen("page", after(second), Duration::from_secs(60), Observation::up(after(second), phases, "well"))
    };
    let mut slow = took(Phase::Connect, 10);
    slow.add(Phase::Dns, Duration::from_millis(30));
    let refused =
        Observation::down(after(3), took(Phase::Connect, 999), "", Failure::new(Phase::Connect, Cause::Refused));
    let refused = seen("page", after(3), Duration::from_secs(60), refused);
    let records = [up(1, took(Phase::Connect, 20)), up(2, slow), refused, up(61, took(Phase::Connect, 5))];
    database.write(records.iter(), false).unwrap();
    let phases = |database: &Database| {
        let history = read::history(&database.connection, "page", noon_ms(), noon_ms() + 3 * MINUTE, 3).unwrap();
        history.points.iter().map(|point| point.figures.phases.means()).collect::<Vec<_>>()
    };
    let ms = Duration::from_millis;
    let expected = [vec![(Phase::Dns, ms(15)), (Phase::Connect, ms(15))], vec![(Phase::Connect, ms(5))], Vec::new()];
    assert_eq!(phases(&database), expected);
    settle(&mut database, noon_ms() + HOUR);
    assert_eq!(phases(&database), expected, "packed");
    settle(&mut database, noon_ms() + 2 * DAY);
    while database.retain(noon_ms() + 40 * DAY, &Retention::default()).unwrap() {}
    let history = read::history(&database.connection, "page", noon_ms(), noon_ms() + 3 * DAY, 3).unwrap();
    let of_all = vec![(Phase::Dns, ms(10)), (Phase::Connect, Duration::from_micros(11_666))];
    assert_eq!(history.figures.phases.means(), of_all, "an hour, whose observations are gone");
    assert_eq!(history.points[0].figures.phases.means(), of_all, "a day");
}

#[test]
fn percentiles_over_a_month_are_those_of_all_latencies() {
    let folder = folder();
    let mut database = database(&folder);
    let mut exact = Vec::new();
    for n in 0..30 * 24u64 {
        let at = after(n * 3600 + n % 3000);
        let latency = Duration::from_micros(20_000 + (n * 7919 % 1000) * 300);
        exact.push(latency);
        database
            .write([seen("page", at, Duration::from_secs(3600), observation(at, Verdict::Up, latency))].iter(), false)
            .unwrap();
    }
    settle(&mut database, noon_ms() + 31 * DAY);
    let figures = figures_of(&database.connection, "page", noon_ms(), noon_ms() + 31 * DAY);
    exact.sort();
    for (found, q) in [(figures.p50(), 0.5), (figures.p95(), 0.95), (figures.p99(), 0.99)] {
        let exact = exact[(q * exact.len() as f64).ceil() as usize - 1].as_secs_f64();
        let found = found.unwrap().as_secs_f64();
        assert!((found - exact).abs() <= exact * 0.0251, "{q}: {found} for {exact}");
    }
    assert_eq!(figures.fastest, exact.first().copied());
    assert_eq!(figures.slowest, exact.last().copied());
}

/// How a month of long ago went is known to the hour, whatever zone its clock goes by.
#[test]
fn months_of_long_ago_are_known_to_the_hour_wherever_they_are_looked_at() {
    let folder = folder();
    let mut database = database(&folder);
    // An hour each, from noon of 10 March on: every third is down.
    let hours = 0..100 * 24;
    let verdict = |hour: i64| if hour % 3 == 0 { Verdict::Down } else { Verdict::Up };
    let all: Vec<Seen> = hours.clone().map(|hour| (hour * 60, 60, verdict(hour))).collect();
    write(&mut database, &all);
    settle(&mut database, noon_ms() + 101 * DAY);
    let check = |database: &Database, from: &str, to: &str| {
        let [from, to] = [from, to].map(|at| millis(at.parse().unwrap()) - noon_ms());
        let seen =
            |wanted| hours.clone().filter(move |hour| (from..to).contains(&(hour * HOUR)) && verdict(*hour) == wanted);
        let expected = [Verdict::Up, Verdict::Down].map(|wanted| seen(wanted).count() as u64 * 60);
        let (up, down, _, samples) = minutes(database, from / MINUTE, to / MINUTE);
        assert_eq!([up, down], expected, "{from} {to}");
        assert_eq!(samples * 60, up + down);
    };
    let months = |database: &Database| {
        check(database, "2026-03-31T22:00:00Z", "2026-04-30T22:00:00Z");
        check(database, "2026-03-31T15:00:00Z", "2026-04-30T15:00:00Z");
        check(database, "2026-05-01T07:00:00Z", "2026-06-01T07:00:00Z");
        check(database, "2026-03-31T10:00:00Z", "2026-06-01T12:00:00Z");
    };
    months(&database);
    let count = |database: &Database| -> i64 {
        database.connection.query_row("SELECT count(*) FROM hour", [], |row| row.get(0)).unwrap()
    };
    while database.retain(noon_ms() + 400 * DAY, &Retention::default()).unwrap() {}
    // The last day of each month and the first of the next, of three months.
    assert_eq!(count(&database), 3 * 2 * 24);
    assert_eq!(database.connection.query_row("SELECT count(*) FROM day", [], |row| row.get::<_, i64>(0)).unwrap(), 101);
    months(&database);
    // By a day that is kept as a whole only, the nearest one, not by all of the day before.
    check(&database, "2026-04-10T00:00:00Z", "2026-05-10T00:00:00Z");
    assert_eq!(minutes(&database, (30 * 24 + 11) * 60, (31 * 24 + 13) * 60).3, 24);

    // As an earlier version has left it, where only days are kept.
    database.connection.execute("DELETE FROM hour", []).unwrap();
    let days = 30 * 24;
    let (_, _, _, samples) = minutes(&database, 21 * 24 * 60 + 10 * 60, (21 + 30) * 24 * 60 + 10 * 60);
    assert_eq!(samples, days, "whole days, the nearest to those that were asked for");
}
