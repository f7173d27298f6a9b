//! Why something is as it is, as data, until it is put into the reader's language.

use std::{fmt, path, time::Duration};

use jiff::Zoned;

use super::text;
use crate::config::Language;

/// A text of `lang/` with what stands in its places. Shows itself in English, as logs do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    key: &'static str,
    parts: Vec<(&'static str, Part)>,
}

/// What stands in a place of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The same in every language.
    Plain(String),
    /// A text of its own.
    Text(Reason),
    /// How long something takes.
    Span(Duration),
    /// When something is or was, by the reader's clock.
    Moment(Zoned),
}

impl Reason {
    /// The text under `key`, with what stands in each of its places.
    pub const fn new(key: &'static str, parts: Vec<(&'static str, Part)>) -> Self {
        Self { key, parts }
    }

    /// The reason in `language`.
    pub fn in_words(&self, language: Language) -> String {
        let parts: Vec<(&str, String)> =
            self.parts.iter().map(|(name, part)| (*name, part.in_words(language))).collect();
        let parts: Vec<(&str, &str)> = parts.iter().map(|(name, text)| (*name, text.as_str())).collect();
        text(language, self.key, &parts)
    }
}

/// The text of `lang/` under a section and a key in it, as a [`Reason`]. What stands in its places is named, or is the
/// variable of that name.
#[macro_export]
macro_rules! text {
    (@part $name:ident) => { $crate::words::Part::from($name) };
    (@part $name:ident $value:expr) => { $crate::words::Part::from($value) };
    ($section:literal $key:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::words::Reason::new(
            concat!($section, ".", $key),
            vec![$((stringify!($name), $crate::text!(@part $name $($value)?))),*],
        )
    };
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_words(Language::English))
    }
}

impl Part {
    /// Nothing at all.
    pub const NOTHING: Self = Self::Plain(String::new());

    /// What stands there, in `language`.
    pub fn in_words(&self, language: Language) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Text(reason) => reason.in_words(language),
            Self::Span(span) => super::span(language, *span),
            Self::Moment(at) => super::moment(language, at),
        }
    }
}

impl From<Reason> for Part {
    fn from(reason: Reason) -> Self {
        Self::Text(reason)
    }
}

impl From<&Reason> for Part {
    fn from(reason: &Reason) -> Self {
        Self::Text(reason.clone())
    }
}

impl From<Duration> for Part {
    fn from(span: Duration) -> Self {
        Self::Span(span)
    }
}

impl From<Zoned> for Part {
    fn from(at: Zoned) -> Self {
        Self::Moment(at)
    }
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Self::Plain(text)
    }
}

macro_rules! plain {
    ($($type:ty),*) => { $(
        impl From<$type> for Part {
            fn from(value: $type) -> Self {
                Self::Plain(value.to_string())
            }
        }
    )* };
}

plain! { &str, &String, char, u16, u32, u64, i64, usize, path::Display<'_> }
