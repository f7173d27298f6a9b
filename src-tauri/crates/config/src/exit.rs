//! How a process ended, as it is written: `3`, `0xC0000005`, `"SIGSEGV"`; and how a step failed.

use estatus_core::{
    exit::{Exit, signal_name, signal_number},
    flow::RetryOn,
};
use schemars::{Schema, SchemaGenerator, json_schema};

use crate::{
    problem::{Span, advice, shown},
    reason::reason,
    shape::{Node, Reader, Shape},
};

impl Shape for Exit {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        if let Some(number) = node.integer() {
            return code(number, at, reader).map(Self::Code);
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
fn code(number: i64, at: &Span, reader: &mut Reader<'_>) -> Option<i32> {
    let code = i32::try_from(number).ok().or_else(|| u32::try_from(number).ok().map(u32::cast_signed));
    let bounds = || reason!("not_between", number, first = i64::from(i32::MIN), last = u32::MAX);
    code.or_else(|| reader.refuse(at, bounds))
}

/// How a step fails: as a process ends, or `"exit 75"`, or `"timeout"`.
impl Shape for RetryOn {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let text = node.text();
        let number = node.integer().or_else(|| number(text?.strip_prefix("exit ")?.trim()));
        let exit = match (number, text) {
            (Some(number), _) => Exit::Code(code(number, at, reader)?),
            (None, Some("timeout")) => return Some(Self::Timeout),
            (None, Some(text)) => match signal_number(text) {
                Some(number) => Exit::Signal(number),
                None => {
                    let advice = advice(text, signals().chain(["timeout"]));
                    return reader.refuse(at, reason!("unknown_failure", found = shown(text), advice));
                }
            },
            (None, None) => return reader.expected(reason!("a.failure"), node, at),
        };
        if exit.is_success() { reader.refuse(at, reason!("exit_well")) } else { Some(Self::Exit(exit)) }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "const": "timeout" },
            { "type": "string", "pattern": r"^exit\s+(-?[0-9]+|0x[0-9A-Fa-f]+)\s*$", "examples": ["exit 75"] },
            Exit::schema(generator),
        ] })
    }
}

fn number(text: &str) -> Option<i64> {
    match text.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// The names of all signals that end processes.
fn signals() -> impl Iterator<Item = &'static str> {
    /// Linux has no signal with a higher number.
    const LAST: i32 = 64;
    (1..=LAST).filter_map(signal_name)
}
