//! How many bad probes make a monitor down (`failures = 2`, `failures = "3 of 10"`).

use estatus_core::config::Failures;
use schemars::{Schema, SchemaGenerator, json_schema};

use crate::{
    problem::Span,
    reason::reason,
    shape::{Node, Reader, Shape, Whole},
};

/// The most that may be asked for in a row.
const MOST: u32 = 1000;

impl Shape for Failures {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(text) = node.text() else {
            let what = reason!("a.failures");
            if node.integer().is_none() {
                return reader.expected(what, node, at);
            }
            return Whole::<1, MOST>::read(node, at, reader).map(|count| Self::InARow(count.0));
        };
        let Some((bad, last)) = rate(text) else { return reader.unreadable(reason!("a.failures"), text, at) };
        if bad == 0 || bad > last || last > Self::LAST_MAX {
            return reader.refuse(at, reason!("no_rate", text, most = Self::LAST_MAX));
        }
        Some(Self::Of { bad, last })
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let count = Whole::<1, MOST>::schema(generator);
        json_schema!({
            "anyOf": [count, {
                "type": "string",
                "pattern": r"^\s*[0-9]+\s+of\s+[0-9]+\s*$",
                "examples": ["3 of 10"],
            }],
        })
    }
}

/// The two numbers of `3 of 10`.
fn rate(text: &str) -> Option<(u32, u32)> {
    let mut words = text.split_whitespace();
    let (bad, of, last) = (words.next()?, words.next()?, words.next()?);
    (of == "of" && words.next().is_none()).then_some(())?;
    Some((bad.parse().ok()?, last.parse().ok()?))
}
