//! What is wrong with a file, and where.

use std::{
    fmt,
    ops::Range,
    path::{Path, PathBuf},
};

use estatus_core::config::Language;

use crate::reason::{Part, Reason, reason};

/// A stretch of the text, in bytes.
pub(crate) type Span = Range<usize>;

/// So many problems are told one by one; how many more there are is told in one line.
pub(crate) const PROBLEMS_MAX: usize = 100;

/// One thing that is wrong with a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, as it was named to us.
    pub file: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
    /// The column, in characters, counted from 1.
    pub column: usize,
    /// What is wrong and, where we know, what would be right, in the language of the file. Never holds a secret.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file.display(), self.line, self.column, self.message)
    }
}

/// Everything that is wrong with a configuration file, in the order of the file; never empty. Shows one line for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl Problems {
    /// That `file`, sound as it is, holds no monitor, program, flow or fleet any more, while `count` of them are in force.
    pub fn emptied(file: &Path, count: usize, language: Language) -> Self {
        Self::of_file(file, &reason!("emptied", count), language)
    }

    /// One problem with the file as a whole.
    pub(crate) fn of_file(file: &Path, reason: &Reason, language: Language) -> Self {
        Self(vec![Problem { file: file.to_owned(), line: 1, column: 1, message: reason.in_words(language) }])
    }
}

/// Problems while they are being found: where in the text, and what.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    found: Vec<(usize, Reason)>,
    more: usize,
}

impl Findings {
    /// Adds a problem, or only counts it when there are too many already.
    pub(crate) fn add(&mut self, at: usize, reason: impl FnOnce() -> Reason) {
        if self.found.len() < PROBLEMS_MAX {
            self.found.push((at, reason()));
        } else {
            self.more += 1;
        }
    }

    /// The problems with lines and columns, in `language`; nothing if there are none.
    pub(crate) fn located(mut self, file: &Path, text: &str, language: Language) -> Option<Problems> {
        self.found.sort_by_key(|(at, _)| *at);
        let lines = Lines::of(text);
        let mut problems: Vec<Problem> = self
            .found
            .into_iter()
            .map(|(at, reason)| {
                let (line, column) = lines.position(at);
                Problem { file: file.to_owned(), line, column, message: reason.in_words(language) }
            })
            .collect();
        if let Some(last) = problems.last().cloned().filter(|_| self.more > 0) {
            let more = reason!("more_problems", count = self.more);
            problems.push(Problem { message: more.in_words(language), ..last });
        }
        (!problems.is_empty()).then_some(Problems(problems))
    }
}

/// Where the lines of a text begin.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// Line and column of a byte, both counted from 1, the column in characters.
    fn position(&self, at: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= at).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let before = self.text.as_bytes().get(start..at.min(self.text.len())).unwrap_or_default();
        let column = String::from_utf8_lossy(before).trim_start_matches('\u{feff}').chars().count() + 1;
        (line, column)
    }
}

/// The one of `known` that `word` was probably meant to be.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let near = known.into_iter().filter_map(|known| Some((slips(word, known)?, known.len(), known)));
    near.min().map(|(.., known)| known)
}

/// With how many slips of the pen `word` was written for `meant`; nothing if that is not what was meant.
pub(crate) fn slips(word: &str, meant: &str) -> Option<usize> {
    /// Longer words are no slips of the pen, and comparing them costs.
    const WORD_MAX: usize = 100;
    if word.len().max(meant.len()) > WORD_MAX {
        return None;
    }
    let (word, meant) = (word.to_lowercase(), meant.to_lowercase());
    let slips = strsim::damerau_levenshtein(&word, &meant);
    // A word that was left off half-way is nearer than one with two slips.
    if word.len() >= 3 && meant.starts_with(&word) {
        return Some(slips.min(2));
    }
    let most = (word.chars().count() / 3).max(1);
    Some(slips).filter(|slips| *slips <= most)
}

/// "; did you mean …?" if there is something near.
pub(crate) fn advice<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Part {
    nearest(word, known).map_or(Part::NOTHING, |near| reason!("meant", near).into())
}

/// A text from the file, short enough and plain enough to stand in a message.
pub(crate) fn shown(text: &str) -> String {
    const SHOWN: usize = 60;
    let short: String = text.chars().take(SHOWN).collect();
    let dots = if short.len() < text.len() { "…" } else { "" };
    format!("{}{dots}", short.escape_debug().to_string().replace("\\'", "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_counts_characters_not_bytes_and_a_byte_order_mark_is_none() {
        #[track_caller]
        fn check(text: &str, at: usize, expected: (usize, usize)) {
            assert_eq!(Lines::of(text).position(at), expected, "{text:?} at {at}");
        }
        check("", 0, (1, 1));
        check("a\nb", 0, (1, 1));
        check("a\nb", 2, (2, 1));
        check("ñandú = 1", 7, (1, 6));
        check("\u{feff}a", 3, (1, 1));
        check("a\r\nb", 3, (2, 1));
        check("a", 99, (1, 2));
        check("ñ", 1, (1, 2));
    }

    #[test]
    fn the_nearest_word_is_near() {
        #[track_caller]
        fn check(word: &str, expected: Option<&str>) {
            assert_eq!(nearest(word, ["every", "timeout", "retry_every"]), expected, "{word}");
        }
        check("evry", Some("every"));
        check("Every", Some("every"));
        check("tiemout", Some("timeout"));
        check("retry", Some("retry_every"));
        check("xyz", None);
        check(&"x".repeat(1_000_000), None);
    }

    #[test]
    fn after_a_hundred_problems_the_rest_is_counted() {
        let mut findings = Findings::default();
        for at in 0..150 {
            findings.add(at, || reason!("must_not_be_empty"));
        }
        let problems = findings.located(Path::new("f"), "x", Language::English).unwrap();
        assert_eq!(problems.0.len(), 101);
        assert_eq!(problems.0[100].message, "… and 50 more problems");
    }
}
