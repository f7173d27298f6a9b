//! A monitor as the core wants it.

use std::{sync::Arc, time::Duration};

use estatus_core::{
    check::Kind,
    config::{AlertWhen, Monitor},
    maintenance::{Cron, DailySpan, Maintenance},
};
use jiff::tz::TimeZone;

use crate::{
    check,
    problem::Span,
    shape::{At, Reader, plain},
    tables::{self, BELONGS},
    times::Stretch,
};

/// The monitor that `table` describes; its links to others are looked at elsewhere.
pub(crate) fn monitor(table: &mut tables::Monitor, zone: &TimeZone, reader: &mut Reader<'_>) -> Option<Monitor> {
    let kind = kind(table, reader);
    if let Some(kind) = kind {
        refuse_foreign_keys(table, kind, reader);
    }
    let check = kind.and_then(|kind| check::check(kind, table, reader));
    let maintenance = windows(table, zone, reader);
    let name = table.name.take()?.0;
    let every = table.every.take().map_or(Monitor::EVERY, |every| every.0);
    Some(Monitor {
        every,
        timeout: table.timeout.take().map_or(Monitor::TIMEOUT, |timeout| timeout.0),
        failures: table.failures.take().map_or(Monitor::FAILURES, |count| count.0),
        successes: table.successes.take().map_or(Monitor::SUCCESSES, |count| count.0),
        retry_every: table.retry_every.take().map_or(every.min(Monitor::RETRY_EVERY), |every| every.0),
        tags: table.tags.take().map_or_else(Vec::new, |tags| tags.into_iter().map(|tag| tag.value.0).collect()),
        enabled: table.enabled.take().unwrap_or(true),
        depends_on: named(&table.depends_on).iter().map(|name| Arc::from(name.value.as_str())).collect(),
        channels: table.channels.take().map(plain),
        maintenance: maintenance?,
        on_down: None,
        alert_when: AlertWhen::default(),
        ..Monitor::new(&name, check?)
    })
}

/// The names that stand under a key.
pub(crate) fn named(field: &crate::shape::Field<Vec<At<String>>>) -> &[At<String>] {
    if let crate::shape::Field::Set(names) = field { &names.value } else { &[] }
}

/// The one kind of a monitor.
fn kind(table: &tables::Monitor, reader: &mut Reader<'_>) -> Option<Kind> {
    let of_key = |key: &At<&'static str>| {
        Kind::ALL.into_iter().find(|kind| kind.word() == key.value).map(|kind| (kind, key.at.clone()))
    };
    let mut kinds = table.present.iter().filter_map(of_key);
    let Some((kind, _)) = kinds.next() else {
        let words = Kind::ALL.map(Kind::word).join(", ");
        return reader.refuse(&table.at, format_args!("says not what to check: it needs one of {words}"));
    };
    if let Some((second, at)) = kinds.next() {
        return reader.refuse(&at, format_args!("has two kinds, {kind} and {second}; a monitor has exactly one"));
    }
    Some(kind)
}

/// Says which keys belong to monitors of another kind.
fn refuse_foreign_keys(table: &tables::Monitor, kind: Kind, reader: &mut Reader<'_>) {
    for key in &table.present {
        let belongs = BELONGS.iter().find(|(name, _)| *name == key.value);
        if let Some((name, kinds)) = belongs.filter(|(_, kinds)| !kinds.contains(&kind)) {
            let kinds = kinds.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(" and ");
            reader.problem(&key.at, format_args!("`{name}` belongs to {kinds} monitors; this one is {kind}"));
        }
    }
}

fn windows(table: &mut tables::Monitor, zone: &TimeZone, reader: &mut Reader<'_>) -> Option<Vec<Maintenance>> {
    let windows = table.maintenance.take().unwrap_or_default();
    let window = |At { value, at }| reader.within("maintenance", |reader| window(value, &at, zone, reader));
    let windows: Vec<Option<Maintenance>> = windows.into_iter().map(window).collect();
    windows.into_iter().collect()
}

fn window(mut table: tables::Maintenance, at: &Span, zone: &TimeZone, reader: &mut Reader<'_>) -> Option<Maintenance> {
    let forms = "`from` and `to`, or `daily`, or `cron` and `lasts`";
    let mut keys: Vec<&str> = table.present.iter().map(|key| key.value).collect();
    keys.sort_unstable();
    keys.retain(|key| *key != "zone");
    let zone = table.zone.take().map_or_else(|| zone.clone(), |zone| zone.0);
    match keys.as_slice() {
        ["from", "to"] => once(table, &zone, reader),
        ["daily"] | ["daily", "days"] => {
            let Stretch { from, to } = table.daily.take()?;
            let days = table.days.take().map_or_else(Vec::new, plain);
            Some(Maintenance::Daily(DailySpan { from, to, days, zone }))
        }
        ["cron", "lasts"] => {
            let (fields, lasts) = (table.cron.take_placed()?, table.lasts.take()?.0);
            reader.within("cron", |reader| cron(&fields.value.0, &fields.at, lasts, &zone, reader))
        }
        _ => reader.refuse(at, format_args!("needs {forms}")),
    }
}

fn once(mut table: tables::Maintenance, zone: &TimeZone, reader: &mut Reader<'_>) -> Option<Maintenance> {
    let (from, to) = (table.from.take_placed()?, table.to.take_placed()?);
    match (from.value.in_zone(zone), to.value.in_zone(zone)) {
        (Some(from), Some(to)) if from < to => Some(Maintenance::Once { from, to }),
        _ => reader.refuse(&to.at, "must be later than `from`"),
    }
}

fn cron(fields: &str, at: &Span, lasts: Duration, zone: &TimeZone, reader: &mut Reader<'_>) -> Option<Maintenance> {
    let Some(name) = zone.iana_name() else {
        return reader.refuse(at, "the system's time zone has no name: say `zone = \"…\"` beside it");
    };
    if fields.split_whitespace().count() != 5 {
        let names = "minute, hour, day of the month, month, day of the week";
        return reader.refuse(at, format_args!("expected the five cron fields {names}"));
    }
    match Cron::parse(fields, name) {
        Ok(schedule) => Some(Maintenance::Cron { schedule, lasts }),
        Err(error) => {
            let error = error.to_string();
            let reason = error.lines().last().unwrap_or_default().trim_start_matches([' ', '^', '|', '-']);
            reader.refuse(at, format_args!("this is no cron expression: {reason}"))
        }
    }
}
