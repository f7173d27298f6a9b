//! The keys of an object in another tool's file: which were read, and which are left.

use std::collections::BTreeSet;

use estatus_core::words::Part;
use serde_json::{Map, Value as Json};

use super::found::Found;
use crate::reason::{Reason, note};

/// The keys of an object. They are read by [`Keys::read`] alone, so that none is left unread without a word.
pub(super) struct Keys<'j> {
    map: &'j Map<String, Json>,
    read: BTreeSet<&'j str>,
}

/// Whose keys they are, and what is said of those that nobody reads.
pub(super) struct Whose<'w> {
    /// The entry that they belong to.
    pub(super) entry: Part,
    /// The keys that lead to them, each with a point behind it.
    pub(super) below: &'w str,
    /// Why keys are left out, where more is known than that Estatus has nothing like them.
    pub(super) why: &'w [(&'static str, Reason)],
    /// Whether a tool wrote them, every key there is: there, "no" and 0 say nothing.
    pub(super) is_export: bool,
}

impl<'w> Whose<'w> {
    /// The keys of `entry`, written by hand.
    pub(super) fn of(entry: impl Into<Part>, why: &'w [(&'static str, Reason)]) -> Self {
        Self { entry: entry.into(), below: "", why, is_export: false }
    }

    /// Those that stand below others.
    pub(super) fn below(entry: impl Into<Part>, below: &'w str, why: &'w [(&'static str, Reason)]) -> Self {
        Self { below, ..Self::of(entry, why) }
    }
}

impl<'j> Keys<'j> {
    /// Has `read` read the keys of `map`, and says of every one that it left unread that it is left out; unless it made
    /// nothing, because the entry is left out as a whole.
    pub(super) fn read<T>(
        map: &'j Map<String, Json>,
        whose: &Whose<'_>,
        found: &mut Found,
        read: impl FnOnce(&mut Self, &mut Found) -> Option<T>,
    ) -> Option<T> {
        let mut keys = Self { map, read: BTreeSet::new() };
        let made = read(&mut keys, found)?;
        keys.rest(whose, found);
        Some(made)
    }

    /// What `read` makes of the value of `key`; it stays unread where it makes nothing.
    fn take<T>(&mut self, key: &str, read: impl FnOnce(&'j Json) -> Option<T>) -> Option<T> {
        let (key, value) = self.map.get_key_value(key)?;
        let value = read(value)?;
        self.read.insert(key);
        Some(value)
    }

    /// A text that is not empty.
    pub(super) fn text(&mut self, key: &str) -> Option<&'j str> {
        self.take(key, |value| value.as_str().filter(|text| !text.is_empty()))
    }

    /// A number, or a text that is one.
    pub(super) fn number(&mut self, key: &str) -> Option<f64> {
        let read = |value: &Json| value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
        self.take(key, |value| read(value).filter(|number| number.is_finite()))
    }

    /// A whole number, or a text that is one.
    pub(super) fn whole(&mut self, key: &str) -> Option<i64> {
        self.take(key, |value| value.as_i64().or_else(|| value.as_str()?.trim().parse().ok()))
    }

    /// Whether it says yes or no.
    pub(super) fn truth(&mut self, key: &str) -> Option<bool> {
        self.take(key, |value| value.as_bool().or_else(|| Some(value.as_i64()? != 0)))
    }

    /// An object.
    pub(super) fn object(&mut self, key: &str) -> Option<&'j Map<String, Json>> {
        self.take(key, Json::as_object)
    }

    /// A list.
    pub(super) fn list(&mut self, key: &str) -> Option<&'j [Json]> {
        self.take(key, Json::as_array).map(Vec::as_slice)
    }

    /// A text, a number or a truth, written as text.
    pub(super) fn written(&mut self, key: &str) -> Option<String> {
        self.take(key, written)
    }

    /// A list of texts, numbers and truths, written as texts; it stays unread if anything else is among them.
    pub(super) fn all_written(&mut self, key: &str) -> Option<Vec<String>> {
        self.take(key, |value| value.as_array()?.iter().map(written).collect())
    }

    /// A list of whole numbers; it stays unread if anything else is among them.
    pub(super) fn all_whole(&mut self, key: &str) -> Option<Vec<i64>> {
        self.take(key, |value| value.as_array()?.iter().map(Json::as_i64).collect())
    }

    /// Marks what means nothing here.
    pub(super) fn pass_over(&mut self, keys: &[&str]) {
        for key in keys {
            self.take(key, |_| Some(()));
        }
    }

    /// Marks a key that says what holds anyway.
    pub(super) fn usual(&mut self, key: &str, usual: impl Into<Json>) {
        let usual = usual.into();
        self.take(key, |value| (*value == usual).then_some(()));
    }

    /// Says of every key that says something and that nobody read that it is left out, and why.
    fn rest(&self, whose: &Whose<'_>, found: &mut Found) {
        let says = |value: &Json| says_something(value, whose.is_export);
        let unread = self.map.iter().filter(|(key, value)| !self.read.contains(key.as_str()) && says(value));
        for (key, _) in unread {
            let known = whose.why.iter().find(|(name, _)| name == key).map(|(_, why)| why.clone());
            let why = known.unwrap_or(note!("nothing_like_it_or"));
            found.left(whose.entry.clone(), &format!("{}{key}", whose.below), why);
        }
    }
}

/// A text, a number or a truth, written as text.
pub(super) fn written(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn says_something(value: &Json, is_export: bool) -> bool {
    match value {
        Json::Null => false,
        Json::Bool(truth) => *truth || !is_export,
        Json::Number(number) => number.as_f64() != Some(0.0) || !is_export,
        Json::String(text) => !text.trim().is_empty(),
        Json::Array(list) => !list.is_empty(),
        Json::Object(map) => !map.is_empty(),
    }
}
