//! How a process ended, as it is written: `3`, `0xC0000005`, `"SIGSEGV"`.

use estatus_core::exit::{Exit, signal_name, signal_number};
use schemars::{Schema, SchemaGenerator, json_schema};

use crate::{
    problem::{Span, advice, shown},
    reason::reason,
    shape::{Node, Reader, Shape},
};

impl Shape for Exit {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        if let Some(number) = node.integer() {
            let code = code(number).map(Self::Code);
            let bounds = || reason!("not_between", number, first = i64::from(i32::MIN), last = u32::MAX);
            return code.or_else(|| reader.refuse(at, bounds));
        }
        let Some(text) = node.text() else { return reader.expected(reason!("a.exit"), node, at) };
        let unknown = || reason!("unknown_exit", found = shown(text), advice = advice(text, signals()));
        signal_number(text).map(Self::Signal).or_else(|| reader.refuse(at, unknown))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "integer", "minimum": i32::MIN, "maximum": u32::MAX },
            { "enum": signals().collect::<Vec<_>>() },
        ] })
    }
}

/// An exit code. Those of Windows have 32 bits without a sign, and are often written so: a crash is 0xC0000005.
fn code(number: i64) -> Option<i32> {
    i32::try_from(number).ok().or_else(|| u32::try_from(number).ok().map(u32::cast_signed))
}

/// The names of all signals that end processes.
fn signals() -> impl Iterator<Item = &'static str> {
    /// Linux has no signal with a higher number.
    const LAST: i32 = 64;
    (1..=LAST).filter_map(signal_name)
}
