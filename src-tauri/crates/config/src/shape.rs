//! How the values of a file are read, with every problem collected and placed, and how they describe themselves as a
//! JSON schema. One declaration gives both, so that they cannot drift apart; that of tables is
//! [`table!`](crate::table::table).

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use schemars::{Schema, SchemaGenerator, json_schema};
use toml_edit::{ArrayOfTables, Item, TableLike, Value};

use crate::{
    listed::Listed,
    problem::{Findings, Span, shown},
    reason::{Because, Part, Reason, reason},
    synonyms, tables,
};

/// Something that a value in the file can be.
pub(crate) trait Shape: Sized {
    /// Reads `node`, which stands at `at`. What is wrong with it goes to `reader`, and then there is nothing.
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self>;

    /// What it looks like, for editors.
    fn schema(generator: &mut SchemaGenerator) -> Schema;

    /// One that works, as it would be written, for those who wrote something else than a table.
    fn like() -> Option<String> {
        None
    }
}

/// A value in the file, however it is written.
#[derive(Clone, Copy)]
pub(crate) enum Node<'d> {
    /// A value that is no table.
    Value(&'d Value),
    /// A table, with a header or in braces.
    Table(&'d dyn TableLike),
    /// Tables under one `[[header]]`.
    Tables(&'d ArrayOfTables),
}

impl<'d> Node<'d> {
    /// The node that `item` is.
    pub(crate) fn of(item: &'d Item) -> Option<Self> {
        match item {
            Item::None => None,
            Item::Value(value) => Some(value.into()),
            Item::Table(table) => Some(Self::Table(table)),
            Item::ArrayOfTables(tables) => Some(Self::Tables(tables)),
        }
    }

    /// The text it is, if it is one.
    pub(crate) fn text(self) -> Option<&'d str> {
        if let Self::Value(value) = self { value.as_str() } else { None }
    }

    /// The whole number it is, if it is one.
    pub(crate) fn integer(self) -> Option<i64> {
        if let Self::Value(value) = self { value.as_integer() } else { None }
    }

    /// Whether it is a number.
    pub(crate) fn is_number(self) -> bool {
        matches!(self, Self::Value(Value::Integer(_) | Value::Float(_)))
    }

    /// The elements of the array it is, if it is one; each with its place, or with `at`.
    pub(crate) fn elements(self, at: &Span) -> Option<Vec<(Self, Span)>> {
        let placed = |node, span: Option<Span>| (node, span.unwrap_or_else(|| at.clone()));
        match self {
            Self::Value(Value::Array(array)) => {
                Some(array.iter().map(|value| placed(value.into(), value.span())).collect())
            }
            Self::Tables(tables) => Some(tables.iter().map(|table| placed(Self::Table(table), table.span())).collect()),
            Self::Value(_) | Self::Table(_) => None,
        }
    }

    /// What it is, in a word.
    pub(crate) fn what(self) -> Reason {
        match self {
            Self::Value(Value::String(_)) => reason!("is.string"),
            Self::Value(Value::Integer(_)) => reason!("is.integer"),
            Self::Value(Value::Float(_)) => reason!("is.float"),
            Self::Value(Value::Boolean(_)) => reason!("is.boolean"),
            Self::Value(Value::Datetime(_)) => reason!("is.datetime"),
            Self::Value(Value::Array(_)) => reason!("is.array"),
            Self::Value(Value::InlineTable(_)) | Self::Table(_) => reason!("is.table"),
            Self::Tables(_) => reason!("is.tables"),
        }
    }
}

impl<'d> From<&'d Value> for Node<'d> {
    fn from(value: &'d Value) -> Self {
        if let Value::InlineTable(table) = value { Self::Table(table) } else { Self::Value(value) }
    }
}

/// What is known while a file is read: where we are in it, and what was wrong so far.
pub(crate) struct Reader<'a> {
    text: &'a str,
    folder: &'a Path,
    home: Option<PathBuf>,
    section: Option<Reason>,
    keys: Vec<String>,
    /// What was wrong so far.
    pub(crate) findings: Findings,
    /// The environment variables from which secrets are taken.
    pub(crate) secret_variables: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    /// A reader of a file in `folder` that holds `text`, for a user whose `~` is `home`.
    pub(crate) fn new(text: &'a str, folder: &'a Path, home: Option<PathBuf>) -> Self {
        let (findings, secret_variables) = (Findings::default(), BTreeSet::new());
        Self { text, folder, home, section: None, keys: Vec::new(), findings, secret_variables }
    }

    /// What stands at `at`, as it is written.
    pub(crate) fn written(&self, at: &Span) -> &'a str {
        self.text.get(at.clone()).unwrap_or_default()
    }

    /// Says that what stands at `at` is wrong.
    pub(crate) fn problem(&mut self, at: &Span, because: impl Because) {
        let (keys, section) = (&self.keys, &self.section);
        self.findings.add(at.start, || {
            let (keys, reason) = (keys.join("."), because.reason());
            match (keys.is_empty(), section.clone()) {
                (true, None) => reason,
                (true, Some(section)) => reason!("in_section", section, reason),
                (false, None) => reason!("in_keys", keys, reason),
                (false, Some(section)) => reason!("in_keys_in_section", keys, section, reason),
            }
        });
    }

    /// The text of `node`, which has a unit; of a number alone it is said by whoever reads the unit that it has none.
    pub(crate) fn with_unit<'t>(&self, node: Node<'t>, at: &Span) -> Option<&'t str>
    where
        'a: 't,
    {
        node.text().or_else(|| node.is_number().then(|| self.written(at)))
    }

    /// Says that the value of `key`, which stands at `at`, is wrong.
    pub(crate) fn problem_with(&mut self, key: &str, at: &Span, because: impl Because) {
        self.within(key, |reader| reader.problem(at, because));
    }

    /// Says that something else was expected than `node`.
    pub(crate) fn expected<T>(&mut self, what: Reason, node: Node<'_>, at: &Span) -> Option<T> {
        self.refuse(at, reason!("expected_instead", what, found = node.what()))
    }

    /// Says that something else was expected than `text`.
    pub(crate) fn unreadable<T>(&mut self, what: Reason, text: &str, at: &Span) -> Option<T> {
        self.refuse(at, reason!("expected_instead_of_text", what, found = shown(text)))
    }

    /// Says why a value cannot be read.
    pub(crate) fn refuse<T>(&mut self, at: &Span, because: impl Because) -> Option<T> {
        self.problem(at, because);
        None
    }

    /// Reads what stands under `key`.
    pub(crate) fn within<T>(&mut self, key: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        self.keys.push(shown(key));
        let value = read(self);
        self.keys.pop();
        value
    }

    /// Reads a part of the file that has a name of its own, perhaps within another one.
    pub(crate) fn section<T>(&mut self, name: Reason, read: impl FnOnce(&mut Self) -> T) -> T {
        let name = match &self.section {
            Some(whole) => reason!("part_of", part = name, whole = whole.clone()),
            None => name,
        };
        let outer = (self.section.replace(name), std::mem::take(&mut self.keys));
        let value = read(self);
        (self.section, self.keys) = outer;
        value
    }

    /// Reads one entry of a table.
    pub(crate) fn field<T: Shape>(&mut self, entry: &Entry<'_>) -> Field<T> {
        match self.within(entry.key, |reader| T::read(entry.node, &entry.at, reader)) {
            Some(value) => Field::Set(At { value, at: entry.at.clone() }),
            None => Field::Bad,
        }
    }

    /// Says that nobody knows the key of `entry`, and which of `known` was meant.
    pub(crate) fn unknown_key(&mut self, entry: &Entry<'_>, known: &[&'static str]) {
        let (keys, section) = (&self.keys, &self.section);
        let at_root = keys.is_empty() && section.is_none();
        let is_value = matches!(entry.node, Node::Value(_));
        self.findings.add(entry.key_at.start, || {
            let is_of_entry = |keys: Vec<&str>| at_root && keys.contains(&entry.key);
            let advice = if is_of_entry(tables::Monitor::keys()) || is_of_entry(tables::Program::keys()) {
                reason!("below_a_header").into()
            } else if is_of_entry(vec![tables::Step::WORD]) {
                reason!("meant", near = tables::Step::HEADER).into()
            } else if is_value && is_of_entry(tables::Flow::keys()) {
                reason!("below_this_header", header = "[flow.NAME]").into()
            } else if is_value && is_of_entry(tables::Fleet::keys()) {
                reason!("below_this_header", header = "[fleet.NAME]").into()
            } else if is_value && is_of_entry(tables::Step::keys()) {
                reason!("below_this_header", header = format!("[[{}]]", tables::Step::HEADER)).into()
            } else {
                synonyms::advice(entry.key, known)
            };
            let key = shown(entry.key);
            if at_root && !is_value {
                return reason!("unknown_table", key, advice);
            }
            let keys = if keys.is_empty() { Part::NOTHING } else { reason!("of_keys", keys = keys.join(".")).into() };
            let section = section.clone().map_or(Part::NOTHING, |section| reason!("of_section", section).into());
            reason!("unknown_key", key, keys, section, advice)
        });
    }

    /// The folder of the file, if it is known.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        (!self.folder.as_os_str().is_empty()).then(|| self.folder.to_owned())
    }

    /// `path` with `~` expanded, and from the folder of the file if it is relative.
    pub(crate) fn resolve(&self, path: &str) -> PathBuf {
        if let Some(rest) = path.strip_prefix('~')
            && let Some(home) = &self.home
            && (rest.is_empty() || rest.starts_with(std::path::is_separator))
        {
            return home.join(rest.trim_start_matches(std::path::is_separator));
        }
        self.folder.join(path)
    }
}

/// One key of a table with its value.
pub(crate) struct Entry<'d> {
    /// The key.
    pub(crate) key: &'d str,
    /// Where the key stands.
    pub(crate) key_at: Span,
    /// The value.
    pub(crate) node: Node<'d>,
    /// Where the value stands.
    pub(crate) at: Span,
}

/// The entries of the table that `node` is, or a problem, which shows one `like` it.
pub(crate) fn entries<'d>(
    node: Node<'d>,
    at: &Span,
    like: Option<String>,
    reader: &mut Reader<'_>,
) -> Option<Vec<Entry<'d>>> {
    let Node::Table(table) = node else {
        let what = like.map_or_else(|| reason!("a.table"), |like| reason!("a.table_like", like));
        return reader.expected(what, node, at);
    };
    let entry = |(key, item): (&'d str, &'d Item)| {
        let node = Node::of(item)?;
        let key_at = table.key(key).and_then(toml_edit::Key::span).unwrap_or_else(|| at.clone());
        let at = item.span().unwrap_or_else(|| key_at.clone());
        Some(Entry { key, key_at, node, at })
    };
    Some(table.iter().filter_map(entry).collect())
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct At<T> {
    /// The value.
    pub(crate) value: T,
    /// Where it stands.
    pub(crate) at: Span,
}

/// What stands under a key.
#[derive(Debug, Default)]
pub(crate) enum Field<T> {
    /// Nothing: the key is not there.
    #[default]
    Absent,
    /// Something wrong, which was told already.
    Bad,
    /// A value.
    Set(At<T>),
}

impl<T> Field<T> {
    /// Takes the value out, if there is one.
    pub(crate) fn take(&mut self) -> Option<T> {
        self.take_placed().map(|set| set.value)
    }

    /// Takes the value out, with where it stands.
    pub(crate) fn take_placed(&mut self) -> Option<At<T>> {
        if let Self::Set(set) = std::mem::take(self) { Some(set) } else { None }
    }

    /// The value with where it stands, if there is one.
    pub(crate) const fn get(&self) -> Option<&At<T>> {
        if let Self::Set(set) = self { Some(set) } else { None }
    }

    /// Where the value stands, if there is one.
    pub(crate) fn at(&self) -> Option<&Span> {
        self.get().map(|set| &set.at)
    }

    /// Whether the key is not there at all.
    pub(crate) const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

impl Shape for String {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        match node.text() {
            Some(text) => Some(text.to_owned()),
            None => reader.expected(reason!("a.string"), node, at),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

impl Shape for bool {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        match node {
            Node::Value(Value::Boolean(value)) => Some(*value.value()),
            _ => reader.expected(reason!("a.truth"), node, at),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "boolean" })
    }
}

/// A whole number from `FIRST` to `LAST`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whole<const FIRST: u32, const LAST: u32>(pub(crate) u32);

impl<const FIRST: u32, const LAST: u32> Shape for Whole<FIRST, LAST> {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(number) = node.integer() else { return reader.expected(reason!("a.whole"), node, at) };
        match u32::try_from(number).ok().filter(|number| (FIRST..=LAST).contains(number)) {
            Some(number) => Some(Self(number)),
            None => reader.refuse(at, reason!("not_between", number, first = FIRST, last = LAST)),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": FIRST, "maximum": LAST })
    }
}

/// One value, or an array of them.
impl<T: Shape> Shape for Vec<At<T>> {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let elements = node.elements(at).unwrap_or_else(|| vec![(node, at.clone())]);
        let mut all_well = true;
        let mut values = Self::with_capacity(elements.len());
        for (node, at) in elements {
            match T::read(node, &at, reader) {
                Some(value) => values.push(At { value, at }),
                None => all_well = false,
            }
        }
        all_well.then_some(values)
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let one = T::schema(generator);
        json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
    }
}

/// A table whose keys are the user's own, in the order of the file.
#[derive(Debug)]
pub(crate) struct Own<T>(pub(crate) Vec<(At<String>, T)>);

impl<T: Shape> Shape for Own<T> {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let mut all_well = true;
        let mut values = Vec::new();
        for entry in entries(node, at, Self::like(), reader)? {
            match reader.within(entry.key, |reader| T::read(entry.node, &entry.at, reader)) {
                Some(value) => values.push((At { value: entry.key.to_owned(), at: entry.key_at }, value)),
                None => all_well = false,
            }
        }
        all_well.then_some(Self(values))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let value = T::schema(generator);
        json_schema!({ "type": "object", "additionalProperties": value })
    }

    fn like() -> Option<String> {
        Some(format!("{{ NAME = {} }}", T::like().unwrap_or_else(|| "\"value\"".to_owned())))
    }
}

/// The values without their places.
pub(crate) fn plain<T>(values: Vec<At<T>>) -> Vec<T> {
    values.into_iter().map(|value| value.value).collect()
}
