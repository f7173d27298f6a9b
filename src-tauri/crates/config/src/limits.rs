//! Limits on figures of this machine (`cpu = "< 90%"`, `disk = { "/" = "> 10%" }`) and of programs (`above = "90%"`), and the
//! load of fleets (`load = "60%"`).

use estatus_core::check::{DiskLimit, HostCheck};
use schemars::{Schema, SchemaGenerator, json_schema};
use toml_edit::Value;

use crate::{
    problem::Span,
    reason::{Reason, reason},
    shape::{At, Node, Own, Reader, Shape},
    table::table,
    times::{DAY, Lasting},
    units,
};

table! {
    /// Limits on this machine's figures: at least one of cpu, memory, load and disk.
    struct HostLimits requires [] like r#"{ cpu = "< 90%", memory = "< 90%" }"# {
        /// CPU in use since the last probe, of all cores, stays below this: "< 90%".
        cpu: Share,
        /// Memory in use stays below this: "< 90%".
        memory: Share,
        /// The load average over one minute stays below this: "< 4". Windows has none.
        load: Load,
        /// By path: more than this is free on the disk that holds it: "> 10%", "> 5GB".
        disk: Own<Free>,
        /// How long a limit must be exceeded before it counts. Default: "1m".
        r#for: Lasting<0, DAY>,
    }
}

impl Shape for HostCheck {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let mut limits = HostLimits::read(node, at, reader)?;
        if limits.present.iter().all(|key| key.value == "for") {
            return reader.refuse(at, reason!("needs_a_limit"));
        }
        let disks = limits.disk.take().map_or_else(Vec::new, |disks| disks.0);
        let disk = |(path, free): (At<String>, Free)| (reader.resolve(&path.value), free.0);
        let disk_free_above = disks.into_iter().map(disk).collect();
        Some(Self {
            cpu_below: limits.cpu.take().map(|share| share.0),
            memory_below: limits.memory.take().map(|share| share.0),
            load_below: limits.load.take().map(|load| load.0),
            disk_free_above,
            lasts: limits.r#for.take().map_or(Self::LASTS, |lasts| lasts.0),
        })
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        HostLimits::schema(generator)
    }
}

/// The most of something, in percent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share(f64);

impl Shape for Share {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let most = |text: &str| percent(text.strip_suffix('%').unwrap_or(text)).filter(|share| *share > 0.0);
        limit(node, at, ('<', '>'), reason!("a.share"), reader, most).map(Self)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number"], "examples": ["< 90%"] })
    }
}

/// The most load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load(f64);

impl Shape for Load {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let most = |text: &str| number(text).filter(|number| *number > 0.0);
        limit(node, at, ('<', '>'), reason!("a.load"), reader, most).map(Self)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number"], "examples": ["< 4"] })
    }
}

/// How much of a disk must be free.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Free(DiskLimit);

impl Shape for Free {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let least = |text: &str| {
            let share = text.strip_suffix('%').and_then(percent).map(DiskLimit::Percent);
            share.or_else(|| units::size(text).ok().map(DiskLimit::Bytes))
        };
        limit(node, at, ('>', '<'), reason!("a.free"), reader, least).map(Self)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "examples": ["> 10%", "> 5GB"] })
    }
}

/// Reads a limit: a number, or a text with or without `sign`, the first of the two; the second one would turn the
/// limit around.
fn limit<T>(
    node: Node<'_>,
    at: &Span,
    (sign, wrong): (char, char),
    what: Reason,
    reader: &mut Reader<'_>,
    read: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let Some(text) = written(node) else { return reader.expected(what, node, at) };
    let text = text.trim();
    if text.starts_with(wrong) {
        return reader.refuse(at, reason!("other_side", sign = sign.to_string(), what));
    }
    let value = text.strip_prefix(sign).unwrap_or(text);
    read(value.trim()).or_else(|| reader.unreadable(what, text, at))
}

/// A text or number, as it is written.
fn written(node: Node<'_>) -> Option<String> {
    match node {
        Node::Value(Value::String(text)) => Some(text.value().clone()),
        Node::Value(Value::Integer(number)) => Some(number.value().to_string()),
        Node::Value(Value::Float(number)) => Some(number.value().to_string()),
        _ => None,
    }
}

/// A share of one core, in percent; of several cores it is more than 100.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OfOneCore(pub(crate) f64);

impl Shape for OfOneCore {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        /// Ten thousand cores.
        const MOST: f64 = 1_000_000.0;
        let what = reason!("a.share_of_core");
        let Some(text) = written(node) else { return reader.expected(what, node, at) };
        let share = number(text.trim().strip_suffix('%').unwrap_or(&text).trim());
        let share = share.filter(|share| *share > 0.0 && *share <= MOST);
        share.map(Self).or_else(|| reader.unreadable(what, &text, at))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number"], "examples": ["90%", "250%"] })
    }
}

/// A mean load that servers are to have, above 0 and up to 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MeanLoad(pub(crate) f64);

impl Shape for MeanLoad {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let what = reason!("a.mean_load");
        let Some(text) = written(node) else { return reader.expected(what, node, at) };
        let load = match text.trim().strip_suffix('%') {
            Some(share) => number(share.trim_end()).map(|share| share / 100.0),
            None => number(text.trim()),
        };
        let load = load.filter(|load| *load > 0.0 && *load <= 1.0);
        load.map(Self).or_else(|| reader.unreadable(what, &text, at))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]*)?\s*%?\s*$", "examples": ["60%"] },
            { "type": "number", "exclusiveMinimum": 0, "maximum": 1 },
        ] })
    }
}

fn percent(text: &str) -> Option<f64> {
    number(text.trim_end()).filter(|number| *number <= 100.0)
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)
}
