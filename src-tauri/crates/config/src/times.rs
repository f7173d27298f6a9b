//! Values that are times: durations, times of the day, days, zones, points in time.

use std::{fmt, time::Duration};

use estatus_core::maintenance::Cron;
use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time, Weekday},
    tz::TimeZone,
};
use schemars::{Schema, SchemaGenerator, json_schema};
use toml_edit::{Datetime, Value};

use crate::{
    problem::{Span, advice, shown},
    reason::{Part, reason},
    shape::{Node, Reader, Shape},
    units,
};

pub(crate) const MINUTE: u64 = 60 * 1000;
pub(crate) const HOUR: u64 = 60 * MINUTE;
pub(crate) const DAY: u64 = 24 * HOUR;
pub(crate) const YEAR: u64 = 365 * DAY;

/// A duration from `LEAST` to `MOST`, both in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lasting<const LEAST: u64, const MOST: u64>(pub(crate) Duration);

impl<const LEAST: u64, const MOST: u64> Shape for Lasting<LEAST, MOST> {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(text) = reader.with_unit(node, at) else { return reader.expected(reason!("a.duration"), node, at) };
        let (least, most) = (Duration::from_millis(LEAST), Duration::from_millis(MOST));
        match units::duration(text) {
            Err(error) => reader.refuse(at, error.reason()),
            Ok(read) if read < least => {
                reader.refuse(at, reason!("too_short", text, least = Written(least).to_string()))
            }
            Ok(read) if read > most => reader.refuse(at, reason!("too_long", text, most = Written(most).to_string())),
            Ok(read) => Some(Self(read)),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": r"^\s*([0-9]+(\.[0-9]*)?\s*(ms|s|m|h|d)\s*)+$",
            "examples": ["500ms", "10s", "5m", "1h30m", "2d"],
        })
    }
}

/// A duration as one would write it in the file.
pub(crate) struct Written(pub(crate) Duration);

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        let units = [(u128::from(DAY), "d"), (u128::from(HOUR), "h"), (u128::from(MINUTE), "m"), (1000, "s")];
        let unit = units.into_iter().find(|(unit, _)| millis >= *unit && millis.is_multiple_of(*unit));
        let (unit, word) = unit.unwrap_or((1, "ms"));
        write!(f, "{}{word}", millis / unit)
    }
}

/// A duration, or `"never"`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OrNever<T>(pub(crate) Option<T>);

impl<T: Shape> Shape for OrNever<T> {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        if node.text() == Some("never") { Some(Self(None)) } else { T::read(node, at, reader).map(|t| Self(Some(t))) }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [T::schema(generator), { "const": "never" }] })
    }
}

impl Shape for Time {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let read = match node {
            Node::Value(Value::String(text)) => clock_time(text.value()),
            Node::Value(Value::Datetime(value)) => local_time(value.value()),
            _ => return reader.expected(reason!("a.clock_time"), node, at),
        };
        read.or_else(|| reader.refuse(at, reason!("expected", what = reason!("a.clock_time"))))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?$", "examples": ["22:00"] })
    }
}

/// Reads `22:00`, `7:30`, `22:00:30`; `24:00` is midnight.
fn clock_time(text: &str) -> Option<Time> {
    if text == "24:00" {
        return Some(Time::midnight());
    }
    let mut parts = text.trim().split(':').map(two_digits);
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    parts.next().is_none().then_some(())?;
    Time::new(hour, minute, second, 0).ok()
}

fn two_digits(text: &str) -> Option<i8> {
    ((1..=2).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit())).then(|| text.parse().ok())?
}

fn local_time(value: &Datetime) -> Option<Time> {
    (value.date.is_none() && value.offset.is_none()).then_some(())?;
    let time = value.time?;
    let second = i8::try_from(time.second.unwrap_or(0)).ok()?;
    Time::new(i8::try_from(time.hour).ok()?, i8::try_from(time.minute).ok()?, second, 0).ok()
}

/// A stretch of the day, as in `"02:00-04:00"`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    pub(crate) from: Time,
    pub(crate) to: Time,
}

impl Shape for Stretch {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let what = reason!("a.stretch");
        let Some(text) = node.text() else { return reader.expected(what, node, at) };
        let read = text
            .split_once(['-', '–'])
            .and_then(|(from, to)| Some(Self { from: clock_time(from.trim())?, to: clock_time(to.trim())? }));
        read.or_else(|| reader.unreadable(what, text, at))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "examples": ["02:00-04:00"] })
    }
}

const DAYS: [(&str, &str, Weekday); 7] = [
    ("mon", "monday", Weekday::Monday),
    ("tue", "tuesday", Weekday::Tuesday),
    ("wed", "wednesday", Weekday::Wednesday),
    ("thu", "thursday", Weekday::Thursday),
    ("fri", "friday", Weekday::Friday),
    ("sat", "saturday", Weekday::Saturday),
    ("sun", "sunday", Weekday::Sunday),
];

impl Shape for Weekday {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(text) = node.text() else { return reader.expected(reason!("a.day"), node, at) };
        let day = DAYS.iter().find(|(short, long, _)| [*short, *long].contains(&text)).map(|(.., day)| *day);
        // The nearest word is no help here: "lun" is a Monday, not nearly "sun".
        let days = DAYS.map(|(short, ..)| short).join(", ");
        day.or_else(|| {
            reader.refuse(at, reason!("not_one_of", found = shown(text), words = days, advice = Part::NOTHING))
        })
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": DAYS.iter().flat_map(|(short, long, _)| [*short, *long]).collect::<Vec<_>>() })
    }
}

/// A time zone by its IANA name.
#[derive(Clone, Debug)]
pub(crate) struct Zone(pub(crate) TimeZone);

impl Shape for Zone {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(name) = node.text() else { return reader.expected(reason!("a.zone"), node, at) };
        let unknown = || {
            let known: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
            reason!("unknown_zone", found = shown(name), advice = advice(name, known.iter().map(String::as_str)))
        };
        TimeZone::get(name).ok().map(Self).or_else(|| reader.refuse(at, unknown))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "examples": ["America/Mexico_City", "Europe/Madrid", "UTC"] })
    }
}

/// The cron expression of five `fields` that stand at `at`, against the clock of `zone`.
pub(crate) fn cron(fields: &str, at: &Span, zone: &TimeZone, reader: &mut Reader<'_>) -> Option<Cron> {
    let Some(name) = zone.iana_name() else {
        return reader.refuse(at, reason!("zone_without_name"));
    };
    if fields.split_whitespace().count() != 5 {
        return reader.refuse(at, reason!("expected", what = reason!("a.cron")));
    }
    match Cron::parse(fields, name) {
        // The calendar begins again every 400 years, so that any start will do.
        Ok(cron) if cron.next_after(Timestamp::UNIX_EPOCH).is_none() => reader.refuse(at, reason!("never")),
        Ok(cron) => Some(cron),
        Err(error) => {
            let error = error.to_string();
            let reason = error.lines().last().unwrap_or_default().trim_start_matches([' ', '^', '|', '-']);
            reader.refuse(at, reason!("no_cron", reason))
        }
    }
}

/// A point in time, whose zone may still have to be named.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moment {
    /// With an offset.
    Exact(Timestamp),
    /// By the clock on the wall.
    Local(DateTime),
}

impl Moment {
    /// The point in time, by the clock of `zone` where it has no offset of its own.
    pub(crate) fn in_zone(self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Exact(at) => Some(at),
            Self::Local(local) => zone.to_ambiguous_zoned(local).compatible().ok().map(|zoned| zoned.timestamp()),
        }
    }
}

impl Shape for Moment {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let what = reason!("a.moment");
        let found = match node {
            Node::Value(Value::Datetime(value)) => moment(&value.value().to_string()),
            // As the window writes it, whose values are those of JSON.
            Node::Value(Value::String(text)) => moment(text.value()),
            _ => return reader.expected(what, node, at),
        };
        found.or_else(|| reader.refuse(at, reason!("expected", what)))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

fn moment(text: &str) -> Option<Moment> {
    let exact = || text.parse().ok().map(Moment::Exact);
    let local = || text.parse().ok().map(Moment::Local);
    let date = || text.parse::<Date>().ok().map(|date| Moment::Local(date.at(0, 0, 0, 0)));
    exact().or_else(local).or_else(date)
}
