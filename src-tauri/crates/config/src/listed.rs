//! Tables that each have a name of their own: in an array, as monitors, programs and the steps of a flow, or by the name as
//! their key, as flows.

use std::sync::Arc;

use schemars::{Schema, SchemaGenerator, json_schema};

use crate::{
    problem::{Span, shown},
    reason::{Reason, reason},
    shape::{At, Entry, Field, Node, Own, Reader, Shape, entries},
    values::Name,
};

/// A table that stands in an array and has a name of its own.
pub(crate) trait Listed: Shape {
    /// What it is, in a word, which is also the key of the array.
    const WORD: &'static str;
    /// What stands between the brackets of its header.
    const HEADER: &'static str;
    /// How many there must be.
    const LEAST: usize = 0;
    /// How many there may be: more than one machine can bear.
    const MOST: usize;

    /// Its name, if it has one.
    fn name(&self) -> Option<&At<Name>>;
}

/// A table in an array that names others.
pub(crate) trait Linked: Listed {
    /// The key under which it names others of its kind.
    const LINKS: &'static str;

    /// The others of its kind that it names.
    fn links(&self) -> &[At<String>];

    /// The channels that it names.
    fn channels(&self) -> &[At<String>];
}

/// All of a kind, in the order of the file.
#[derive(Debug)]
pub(crate) struct All<T>(pub(crate) Vec<T>);

impl<T: Listed> Shape for All<T> {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(elements) = node.elements(at) else {
            let word = T::HEADER;
            return match node {
                Node::Table(_) => reader.refuse(at, reason!("one_bracket", word)),
                _ => reader.expected(reason!("a.tables", word), node, at),
            };
        };
        let count = elements.len();
        if count > T::MOST {
            return reader.refuse(at, reason!("too_many", count, word = T::WORD, most = T::MOST));
        }
        if count < T::LEAST {
            return reader.refuse(at, reason!("must_not_be_empty"));
        }
        let mut tables = Vec::with_capacity(count);
        for (index, (node, at)) in elements.into_iter().enumerate() {
            let section = titled::<T>(written_name(node), index);
            tables.extend(reader.section(section, |reader| T::read(node, &at, reader)));
        }
        Some(Self(tables))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let items = T::schema(generator);
        json_schema!({ "type": "array", "items": items, "minItems": T::LEAST, "maxItems": T::MOST })
    }
}

/// A table whose name is its key in the table that all of its kind stand in.
pub(crate) trait Keyed: Shape {
    /// What it is, in a word, which is also the key of the table that they stand in.
    const WORD: &'static str;
    /// How many there may be: more than one machine can bear.
    const MOST: usize;

    /// How they are written, for whoever writes an array of them.
    fn header() -> Reason;
}

/// All of a kind, by name, in the order of the file.
#[derive(Debug)]
pub(crate) struct ByKey<T>(pub(crate) Vec<(At<String>, T)>);

impl<T: Keyed> Shape for ByKey<T> {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        if node.elements(at).is_some() {
            return reader.refuse(at, T::header());
        }
        let entries = entries(node, at, Self::like(), reader)?;
        let count = entries.len();
        if count > T::MOST {
            return reader.refuse(at, reason!("too_many", count, word = T::WORD, most = T::MOST));
        }
        let read = |Entry { key, key_at, node, at }: Entry<'_>| {
            let table = reader.section(keyed::<T>(key), |reader| T::read(node, &at, reader))?;
            Some((At { value: key.to_owned(), at: key_at }, table))
        };
        // All of them are read before it is known whether one cannot be.
        let tables: Vec<Option<_>> = entries.into_iter().map(read).collect();
        tables.into_iter().collect::<Option<_>>().map(Self)
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        Own::<T>::schema(generator)
    }

    fn like() -> Option<String> {
        Own::<T>::like()
    }
}

/// What the table with this name for its key is called in messages.
pub(crate) fn keyed<T: Keyed>(name: &str) -> Reason {
    reason!("named", word = word(T::WORD), name = shown(name))
}

fn written_name(node: Node<'_>) -> Option<&str> {
    if let Node::Table(table) = node { table.get("name").and_then(toml_edit::Item::as_str) } else { None }
}

/// What the table at this place of its array is called in messages.
pub(crate) fn called<T: Listed>(table: &T, index: usize) -> Reason {
    titled::<T>(name(table), index)
}

fn titled<T: Listed>(name: Option<&str>, index: usize) -> Reason {
    match name.filter(|name| !name.trim().is_empty()) {
        Some(name) => reason!("named", word = word(T::WORD), name = shown(name)),
        None => reason!("numbered", word = word(T::WORD), number = index + 1),
    }
}

/// What is listed under `key`, in a word.
pub(crate) fn word(key: &str) -> Reason {
    match key {
        "program" => reason!("word.program"),
        "channel" => reason!("word.channel"),
        "flow" => reason!("word.flow"),
        "fleet" => reason!("word.fleet"),
        "step" => reason!("word.step"),
        _ => reason!("word.monitor"),
    }
}

/// The name of a table, if it has one.
pub(crate) fn name<T: Listed>(table: &T) -> Option<&str> {
    table.name().map(|name| name.value.0.as_str())
}

/// The names that stand under a key.
pub(crate) fn named(field: &Field<Vec<At<String>>>) -> &[At<String>] {
    field.get().map_or(&[], |names| &names.value)
}

/// The others of its kind that `table` names, as the core wants them.
pub(crate) fn links<T: Linked>(table: &T) -> Vec<Arc<str>> {
    table.links().iter().map(|name| Arc::from(name.value.as_str())).collect()
}
