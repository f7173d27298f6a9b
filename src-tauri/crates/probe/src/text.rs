//! Holds a text against what is asked of it, while it comes.

use estatus_core::{check::TextAssertions, observation::Cause};
use regex::Regex;

/// How long what a regular expression matches may be, in bytes, where a text is longer than twice as much; so much of it
/// is kept.
const MATCH_LIMIT: usize = 1 << 20;

/// Judges `text`, which is all that came, or the start of it.
///
/// # Errors
/// The first assertion that does not hold, or of which that is not known.
pub(crate) fn judge(asked: &TextAssertions, text: &str, is_all: bool) -> Result<(), Cause> {
    if asked.is_empty() {
        return Ok(());
    }
    let mut search = Search::of(asked);
    search.push(text);
    let within = text.len() as u64;
    search.judge(if is_all { Extent::All(within) } else { Extent::First(within) })
}

/// How much of a text was searched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Extent {
    /// All of it, so many bytes.
    All(u64),
    /// Its first bytes; there is more.
    First(u64),
}

/// Searches a text that comes in pieces, of which it keeps what may be the start of something.
pub(crate) struct Search<'a> {
    contains: Vec<&'a str>,
    lacks: &'a [String],
    matches: Vec<&'a Regex>,
    unwanted: Option<&'a str>,
    /// The last of what came.
    window: String,
    /// How much at the front of the window is there only for what a regular expression says of what comes before a match.
    before: usize,
    /// How much of the window the texts were looked for in.
    searched: usize,
    /// How long the longest text is.
    longest: usize,
}

impl<'a> Search<'a> {
    /// A search for what is `asked`.
    pub(crate) fn of(asked: &'a TextAssertions) -> Self {
        let texts = asked.contains.iter().chain(&asked.lacks);
        Self {
            contains: asked.contains.iter().map(String::as_str).collect(),
            lacks: &asked.lacks,
            matches: asked.matches.iter().collect(),
            unwanted: None,
            window: String::new(),
            before: 0,
            searched: 0,
            longest: texts.map(String::len).max().unwrap_or_default(),
        }
    }

    /// Searches `text`, which comes next.
    pub(crate) fn push(&mut self, text: &str) {
        self.window.push_str(text);
        self.look_for_texts();
        if self.matches.is_empty() {
            self.keep(self.longest.saturating_sub(1));
        } else if self.window.len() >= 2 * MATCH_LIMIT {
            self.look_for_matches(false);
            self.keep(MATCH_LIMIT.max(self.longest));
        }
    }

    /// Whether everything that should be there is. Asking costs as much as all that is kept is long.
    pub(crate) fn has_all_wanted(&mut self) -> bool {
        self.look_for_matches(true);
        self.contains.is_empty() && self.matches.is_empty()
    }

    /// Whether something is there that should not be.
    pub(crate) fn is_refuted(&self) -> bool {
        self.unwanted.is_some()
    }

    /// Whether all holds, whatever comes.
    pub(crate) fn is_proven(&self) -> bool {
        self.contains.is_empty() && self.matches.is_empty() && self.lacks.is_empty()
    }

    /// The verdict after `extent` of the text.
    ///
    /// # Errors
    /// The first assertion that does not hold, or of which that is not known.
    pub(crate) fn judge(&mut self, extent: Extent) -> Result<(), Cause> {
        self.look_for_matches(true);
        if let Some(text) = self.unwanted {
            return Err(Cause::Unwanted { text: text.to_owned() });
        }
        let missing = self.contains.first().copied();
        let unmatched = self.matches.first().map(|pattern| pattern.as_str());
        match extent {
            Extent::All(within) => match (missing, unmatched) {
                (Some(text), _) => Err(Cause::Missing { text: text.to_owned(), within }),
                (_, Some(pattern)) => Err(Cause::NoMatch { pattern: pattern.to_owned(), within }),
                (None, None) => Ok(()),
            },
            Extent::First(within) => match missing.or(unmatched).or(self.lacks.first().map(String::as_str)) {
                Some(text) => Err(Cause::Unproven { text: text.to_owned(), within, key: String::new() }),
                None => Ok(()),
            },
        }
    }

    fn look_for_texts(&mut self) {
        let from = self.window.floor_char_boundary((self.searched + 1).saturating_sub(self.longest));
        let fresh = self.window.get(from..).unwrap_or_default();
        self.contains.retain(|text| !fresh.contains(text));
        if self.unwanted.is_none() {
            self.unwanted = self.lacks.iter().map(String::as_str).find(|text| fresh.contains(text));
        }
        self.searched = self.window.len();
    }

    /// What reaches up to the end of the window may be something else when more comes.
    fn look_for_matches(&mut self, is_end: bool) {
        let (window, before) = (self.window.as_str(), self.before);
        self.matches.retain(|pattern| match is_end {
            true => !pattern.is_match_at(window, before),
            false => pattern.find_at(window, before).is_none_or(|found| found.end() == window.len()),
        });
    }

    /// Keeps the last `count` bytes, and the character before them.
    fn keep(&mut self, count: usize) {
        let start = self.window.floor_char_boundary(self.window.len().saturating_sub(count));
        let Some(previous) = self.window.get(..start).and_then(|gone| gone.chars().next_back()) else { return };
        self.before = previous.len_utf8();
        self.window.drain(..start - self.before);
        self.searched = self.window.len();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(contains: &[&str], lacks: &[&str], matches: &[&str]) -> TextAssertions {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let matches = matches.iter().map(|pattern| Regex::new(pattern).unwrap()).collect();
        TextAssertions { contains: owned(contains), lacks: owned(lacks), matches }
    }

    fn missing(text: &str, within: u64) -> Cause {
        Cause::Missing { text: text.to_owned(), within }
    }

    #[test]
    fn every_assertion_is_held_against_the_text() {
        let check = |asked: TextAssertions, text: &str, verdict: Result<(), Cause>| {
            assert_eq!(judge(&asked, text, true), verdict, "{asked:?}");
        };
        let text = "all 12 workers are läuft";
        check(asked(&[], &[], &[]), "", Ok(()));
        check(asked(&["workers", "läuft"], &["error"], &[r"\d+ workers"]), text, Ok(()));
        check(asked(&["all", "none"], &[], &[]), text, Err(missing("none", 25)));
        check(asked(&[], &["error", "all"], &[]), text, Err(Cause::Unwanted { text: "all".into() }));
        check(asked(&[], &[], &[r"^\d"]), text, Err(Cause::NoMatch { pattern: r"^\d".into(), within: 25 }));
        check(asked(&[""], &[], &[]), "", Ok(()));
    }

    #[test]
    fn half_a_text_proves_what_is_in_it_and_nothing_else() {
        let check = |asked: TextAssertions, verdict: Result<(), Cause>| {
            assert_eq!(judge(&asked, "all 12 workers", false), verdict, "{asked:?}");
        };
        let unproven = |text: &str| Err(Cause::Unproven { text: text.to_owned(), within: 14, key: String::new() });
        check(asked(&["workers"], &[], &[r"\d+"]), Ok(()));
        check(asked(&["none"], &[], &[]), unproven("none"));
        check(asked(&["workers"], &["error"], &[]), unproven("error"));
        check(asked(&[], &["all"], &[]), Err(Cause::Unwanted { text: "all".into() }));
        check(asked(&[], &[], &["x+"]), unproven("x+"));
    }

    #[test]
    fn what_is_found_late_in_a_long_text_is_found_and_little_is_kept() {
        let all = asked(&["first", "läst"], &["never"], &["^first", r"\bm(id+)le\b", "läst$", r"(?m)^line$"]);
        let filler = "x ñ\n".repeat(1000);
        let whole = ["first ", &filler, " middle ", &filler, "\nline\n", &filler, " läst"].concat();
        for size in [1, 7, 4096, 1 << 16] {
            let mut search = Search::of(&all);
            let mut rest = whole.as_str();
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(rest.ceil_char_boundary(size.min(rest.len())));
                search.push(piece);
                rest = after;
            }
            assert_eq!(search.judge(Extent::All(0)), Ok(()), "{size}");
        }
        let asked = asked(&["end"], &[], &[]);
        let mut search = Search::of(&asked);
        for _ in 0..1000 {
            search.push(&filler);
            assert!(search.window.len() < 10, "{}", search.window.len());
        }
        search.push("e");
        search.push("nd");
        assert!(search.is_proven());
    }

    #[test]
    fn an_expression_is_held_against_a_text_longer_than_what_is_kept() {
        let check = |pattern: &str, head: &str, tail: &str, is_found: bool| {
            let asked = asked(&[], &[], &[pattern]);
            let mut search = Search::of(&asked);
            search.push(head);
            let filler = "y".repeat(1 << 16);
            for _ in 0..100 {
                search.push(&filler);
                assert!(search.window.len() <= 2 * MATCH_LIMIT + filler.len());
            }
            search.push(tail);
            assert_eq!(search.judge(Extent::All(0)).is_ok(), is_found, "{pattern}");
        };
        check("^begin", "begin", "", true);
        check("begin", "begin", "", true);
        check("end$", "", "end", true);
        check("^y", "begin", "", false);
        check("^end", "", "end", false);
        check("begin$", "begin", "", false);
        check(r"\bend\b", "", " end", true);
        check(r"\bend\b", "", "end", false);
        check("y$", "", "z", false);
    }

    proptest! {
        #[test]
        fn a_text_in_pieces_is_judged_like_the_whole(
            text in "[abñ ]{0,60}", cuts in prop::collection::vec(0..60_usize, 0..8), wanted in "[abñ]{1,4}", other in "[abñ]{1,4}",
        ) {
            let asked = asked(&[&wanted], &[&other], &[&format!("{other}|{wanted}$")]);
            let mut search = Search::of(&asked);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| text.floor_char_boundary(cut)).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            for pair in cuts.windows(2) {
                search.push(&text[pair[0]..pair[1]]);
            }
            prop_assert_eq!(search.judge(Extent::All(text.len() as u64)), judge(&asked, &text, true));
        }
    }
}
