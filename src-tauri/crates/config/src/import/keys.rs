//! The keys of an object in another tool's file: which were read, and which are left.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::found::Found;
use crate::reason::{Reason, note};

/// The keys of an object. What is read is marked; [`Keys::rest`] tells what nobody read.
pub(super) struct Keys<'j> {
    map: &'j Map<String, Json>,
    read: BTreeSet<&'j str>,
}

impl<'j> Keys<'j> {
    pub(super) const fn new(map: &'j Map<String, Json>) -> Self {
        Self { map, read: BTreeSet::new() }
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
        self.take(key, read).filter(|number| number.is_finite())
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

    /// Marks what means nothing here.
    pub(super) fn pass_over(&mut self, keys: &[&str]) {
        for key in keys {
            self.take(key, |_| Some(()));
        }
    }

    /// Says of every key that says something and that nobody read that it is left out, and why where `why` knows.
    pub(super) fn rest(self, entry: &str, why: &[(&str, Reason)], found: &mut Found) {
        let unread = self.map.iter().filter(|(key, value)| !self.read.contains(key.as_str()) && says_something(value));
        for (key, _) in unread {
            let known = why.iter().find(|(name, _)| name == key).map(|(_, why)| why.clone());
            found.left(entry, key, known.unwrap_or(note!("nothing_like_it_or")));
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

fn says_something(value: &Json) -> bool {
    match value {
        Json::Null | Json::Bool(false) => false,
        Json::Bool(true) => true,
        Json::Number(number) => number.as_f64() != Some(0.0),
        Json::String(text) => !text.trim().is_empty(),
        Json::Array(list) => !list.is_empty(),
        Json::Object(map) => !map.is_empty(),
    }
}
