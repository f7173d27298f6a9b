//! What programs and this machine used over time.

use std::collections::BTreeMap;

use comfy_table::Cell;
use estatus_api::{UsageHistory, UsagePoint, UsageSeries};
use estatus_core::{Timestamp, config::Language, usage::Measure, words::in_unit};

use super::{one_line, table, time};

/// Prints what was used: of each measure the mean of each piece, and what it was at its worst.
pub(crate) fn usage(used: &UsageHistory) {
    if used.series.is_empty() {
        say!("no data in this period");
        return;
    }
    let heads: Vec<String> = used.series.iter().flat_map(heads).collect();
    let mut table = table(&[&["FROM"], &*heads.iter().map(String::as_str).collect::<Vec<_>>()].concat());
    for (at, points) in rows(&used.series) {
        let cells = used.series.iter().zip(points).flat_map(|(series, point)| cells(series, point));
        table.add_row([Cell::new(time(at))].into_iter().chain(cells));
    }
    say!("{table}");
    for series in &used.series {
        if let Some(limit) = series.limit {
            say!("limit of {}: {}", name(&series.measure), in_unit(Language::English, &series.measure, limit));
        }
    }
    for start in &used.starts {
        let why = start.why.as_deref().map(one_line).map(|why| format!(": {why}")).unwrap_or_default();
        say!("started {}{why}", time(start.at));
    }
}

/// The pieces in which anything was measured, with what was of each series.
fn rows(all: &[UsageSeries]) -> BTreeMap<Timestamp, Vec<Option<UsagePoint>>> {
    let mut rows: BTreeMap<Timestamp, Vec<Option<UsagePoint>>> = BTreeMap::new();
    for (place, series) in all.iter().enumerate() {
        for point in &series.points {
            let row = rows.entry(point.at).or_insert_with(|| vec![None; all.len()]);
            if let Some(cell) = row.get_mut(place) {
                *cell = Some(*point);
            }
        }
    }
    rows
}

fn heads(series: &UsageSeries) -> [String; 2] {
    let worst = if is_free(&series.measure) { "LOWEST" } else { "HIGHEST" };
    [name(&series.measure), worst.to_owned()]
}

fn cells(series: &UsageSeries, point: Option<UsagePoint>) -> [Cell; 2] {
    let worst = |point: UsagePoint| if is_free(&series.measure) { point.least } else { point.most };
    let cell = |value: Option<f64>| {
        Cell::new(value.map(|value| in_unit(Language::English, &series.measure, value)).unwrap_or_default())
    };
    [cell(point.map(|point| point.mean)), cell(point.map(worst))]
}

/// Whether it is worse the less there is.
fn is_free(measure: &Measure) -> bool {
    matches!(measure, Measure::DiskFreePercent { .. } | Measure::DiskFreeBytes { .. })
}

fn name(measure: &Measure) -> String {
    match measure {
        Measure::Cpu => "CPU".to_owned(),
        Measure::Memory | Measure::MemoryBytes => "MEMORY".to_owned(),
        Measure::Load => "LOAD".to_owned(),
        Measure::DiskFreePercent { path } | Measure::DiskFreeBytes { path } => format!("FREE ON {}", one_line(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_in_which_only_some_was_measured_have_a_row_all_the_same() {
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        let point = |minute: i64, mean: f64| UsagePoint { at: at(minute), mean, least: mean, most: mean };
        let series = |measure: Measure, points: Vec<UsagePoint>| UsageSeries { measure, limit: None, points };
        let all = [
            series(Measure::Cpu, vec![point(1, 5.0), point(2, 6.0)]),
            series(Measure::MemoryBytes, vec![point(0, 1e6), point(2, 2e6)]),
        ];
        let means: Vec<Vec<Option<f64>>> =
            rows(&all).values().map(|row| row.iter().map(|point| point.map(|point| point.mean)).collect()).collect();
        assert_eq!(means, [[None, Some(1e6)], [Some(5.0), None], [Some(6.0), Some(2e6)]]);
    }
}
