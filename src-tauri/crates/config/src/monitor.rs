//! A monitor as the core wants it.

use std::{sync::Arc, time::Duration};

use estatus_core::{
    check::Kind,
    config::{AlertWhen, Monitor},
    fleet::Fleet,
    maintenance::{DailySpan, Maintenance},
    remedy::Remedy,
};
use jiff::tz::TimeZone;

use crate::{
    check,
    listed::{Listed, links, word},
    problem::Span,
    reason::reason,
    remedy,
    shape::{At, Reader, plain},
    tables,
    times::{Stretch, cron},
};

/// The monitor that `table` describes, where `alerts` holds for remedies that do not say, and these `fleets` are
/// configured; its links to others are looked at elsewhere.
pub(crate) fn monitor(
    table: &mut tables::Monitor,
    zone: &TimeZone,
    alerts: AlertWhen,
    fleets: &[Arc<Fleet>],
    reader: &mut Reader<'_>,
) -> Option<Monitor> {
    let check = kind(table, reader).and_then(|kind| check::check(kind, &mut table.check, fleets, reader));
    let alert_when = alert_when(table, alerts, reader);
    let remedy = remedy::remedy(&mut table.on_down, reader);
    let maintenance = windows(table, zone, reader);
    let name = table.name.take()?.0;
    let every = table.every.take().map_or(Monitor::EVERY, |every| every.0);
    Some(Monitor {
        every,
        timeout: table.check.timeout.take().map_or(Monitor::TIMEOUT, |timeout| timeout.0),
        failures: table.failures.take().unwrap_or(Monitor::FAILURES),
        successes: table.successes.take().map_or(Monitor::SUCCESSES, |count| count.0),
        confirm_after: table.confirm_after.take().map_or(confirms_after(remedy.as_ref()), |after| after.0),
        retry_every: table.retry_every.take().map_or(every.min(Monitor::RETRY_EVERY), |every| every.0),
        tags: table.tags.take().map_or_else(Vec::new, |tags| tags.into_iter().map(|tag| tag.value.0).collect()),
        enabled: table.enabled.take().unwrap_or(true),
        depends_on: links(table),
        channels: table.channels.take().map(plain),
        maintenance: maintenance?,
        on_down: remedy,
        alert_when,
        ..Monitor::new(&name, check?)
    })
}

/// A remedy does not wait.
fn confirms_after(remedy: Option<&Remedy>) -> Duration {
    if remedy.is_some() { Duration::ZERO } else { Monitor::CONFIRM_AFTER }
}

/// The one kind of a monitor.
fn kind(table: &tables::Monitor, reader: &mut Reader<'_>) -> Option<Kind> {
    match check::kinds(&table.check).as_slice() {
        [] => reader.refuse(&table.at, reason!("no_kind", kinds = Kind::ALL.map(Kind::word).join(", "))),
        [(kind, _)] => Some(*kind),
        [(first, _), (second, at), ..] => reader.refuse(
            at,
            reason!("two_kinds", word = word(tables::Monitor::WORD), first = first.word(), second = second.word()),
        ),
    }
}

/// Whether an incident is told that a remedy heals; without a remedy it is told in any case.
fn alert_when(table: &mut tables::Monitor, default: AlertWhen, reader: &mut Reader<'_>) -> AlertWhen {
    let own = table.alert_when.take_placed();
    if !table.on_down.is_absent() {
        return own.map_or(default, |own| own.value);
    }
    if let Some(own) = own.filter(|own| own.value == AlertWhen::Unhealed) {
        reader.problem_with("alert_when", &own.at, reason!("unhealed_alone"));
    }
    AlertWhen::Always
}

fn windows(table: &mut tables::Monitor, zone: &TimeZone, reader: &mut Reader<'_>) -> Option<Vec<Maintenance>> {
    let windows = table.maintenance.take().unwrap_or_default();
    let window = |At { value, at }| reader.within("maintenance", |reader| window(value, &at, zone, reader));
    let windows: Vec<Option<Maintenance>> = windows.into_iter().map(window).collect();
    windows.into_iter().collect()
}

fn window(mut table: tables::Maintenance, at: &Span, zone: &TimeZone, reader: &mut Reader<'_>) -> Option<Maintenance> {
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
            let schedule = reader.within("cron", |reader| cron(&fields.value.0, &fields.at, &zone, reader))?;
            Some(Maintenance::Cron { schedule, lasts })
        }
        _ => reader.refuse(at, reason!("needs_a_window")),
    }
}

fn once(mut table: tables::Maintenance, zone: &TimeZone, reader: &mut Reader<'_>) -> Option<Maintenance> {
    let (from, to) = (table.from.take_placed()?, table.to.take_placed()?);
    match (from.value.in_zone(zone), to.value.in_zone(zone)) {
        (Some(from), Some(to)) if from < to => Some(Maintenance::Once { from, to }),
        _ => reader.refuse(&to.at, reason!("not_later")),
    }
}
