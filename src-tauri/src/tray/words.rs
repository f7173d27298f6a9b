//! Puts things into the person's language.

use estatus_core::{config::Language, words};
use jiff::{Timestamp, Zoned};

/// Of a list of names, so many are told.
const NAMES: usize = 3;
/// What comes from outside is cut to so many characters.
const LONGEST: usize = 120;
/// Where it may have several lines, each of them is cut to so many, and so many lines are shown.
const LONGEST_OF_LINES: usize = 300;
const LINES: usize = 5;

/// The texts of one language.
#[derive(Debug)]
pub(crate) struct Texts(Language);

impl Texts {
    /// The texts of Spanish, or else of English.
    pub(crate) fn new(spanish: bool) -> Self {
        Self(if spanish { Language::Spanish } else { Language::English })
    }

    /// The text of `key`, with its placeholders filled.
    pub(crate) fn say(&self, key: &str, filled: &[(&str, &str)]) -> String {
        words::text(self.0, key, filled)
    }

    /// The text of `key`, which has no placeholders.
    pub(crate) fn plain(&self, key: &str) -> String {
        self.say(key, &[])
    }

    /// The text of `key` for a `count`.
    pub(crate) fn count(&self, key: &str, count: usize) -> String {
        self.say(key, &[("count", &count.to_string())])
    }

    /// A moment as the clock shows it, with its day where that is not `now`'s.
    pub(crate) fn at(&self, at: Timestamp, now: &Zoned) -> String {
        let at = at.to_zoned(now.time_zone().clone());
        if at.date() == now.date() { at.strftime("%H:%M").to_string() } else { words::moment(self.0, &at) }
    }

    /// Since when, as the clock shows it.
    pub(crate) fn since(&self, at: Timestamp, now: &Zoned) -> String {
        self.say("tray.since", &[("at", &self.at(at, now))])
    }

    /// The first names of a list, and how many more there are.
    pub(crate) fn list(&self, names: &[&str]) -> String {
        match names {
            [] => String::new(),
            [one] => outside(one),
            many if many.len() > NAMES => {
                let first = joined(&many[..NAMES]);
                self.say("tray.list.more", &[("first", &first), ("count", &(many.len() - NAMES).to_string())])
            }
            [first @ .., last] => self.say("tray.list.and", &[("first", &joined(first)), ("last", &outside(last))]),
        }
    }
}

fn joined(names: &[&str]) -> String {
    names.iter().map(|name| outside(name)).collect::<Vec<_>>().join(", ")
}

/// Text of the outside world as one line of bearable length, without what steers a terminal or turns its direction.
pub(crate) fn outside(text: &str) -> String {
    harmless(text, LONGEST)
}

/// Text of the outside world with its lines, but no empty ones, and not too many.
pub(crate) fn outside_lines(text: &str) -> String {
    let mut lines = text.lines().map(|line| harmless(line, LONGEST_OF_LINES)).filter(|line| !line.is_empty());
    let mut shown: Vec<String> = lines.by_ref().take(LINES).collect();
    if lines.next().is_some() {
        shown.push("…".to_owned());
    }
    shown.join("\n")
}

fn harmless(text: &str, longest: usize) -> String {
    let unseen =
        |char: char| matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let clean: String = text.chars().map(|char| if char.is_control() || unseen(char) { ' ' } else { char }).collect();
    let line = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(longest) {
        Some((cut, _)) => format!("{} …", line[..cut].trim_end()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// Every text that is written in the sources is there, and every text that is there is written somewhere.
    #[test]
    fn no_text_is_missing_and_none_is_left_over() {
        let source = [
            include_str!("controller.rs"),
            include_str!("face.rs"),
            include_str!("main.rs"),
            include_str!("menu.rs"),
            include_str!("news.rs"),
            include_str!("telling.rs"),
            include_str!("words.rs"),
            include_str!("../window/main.rs"),
        ]
        .concat();
        let used: BTreeSet<&str> =
            source.split('"').filter(|text| text.starts_with("tray.") && !text.contains(['{', ' '])).collect();
        let sections: BTreeMap<String, BTreeMap<String, String>> =
            serde_json::from_str(include_str!("../../../lang/en.json")).unwrap();
        let there = &sections["tray"];
        let missing: Vec<_> = used.iter().filter(|key| **key != "tray." && !there.contains_key(**key)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let unused: Vec<_> = there.keys().filter(|key| !used.contains(key.as_str())).collect();
        assert!(unused.is_empty(), "{unused:?}");
    }

    #[test]
    fn a_text_is_filled_and_what_fills_it_is_left_as_it_is() {
        let words = Texts::new(false);
        assert_eq!(words.say("tray.down", &[("monitor", "{why} & <b>")]), "{why} & <b> is down");
        assert_eq!(words.count("tray.count.down", 2), "2 down");
        assert_eq!(Texts::new(true).plain("tray.quit"), "Salir");
    }

    #[test]
    fn a_moment_is_told_with_its_day_only_where_it_is_another() {
        let now: Zoned = "2026-11-21T14:03:00[UTC]".parse().unwrap();
        let check = |at: &str, english: &str, spanish: &str| {
            let at = at.parse().unwrap();
            assert_eq!(
                (Texts::new(false).at(at, &now), Texts::new(true).at(at, &now)),
                (english.into(), spanish.into())
            );
        };
        check("2026-11-21T09:05:59Z", "09:05", "09:05");
        check("2026-11-20T23:59:59Z", "2026-11-20 23:59", "20/11/2026 23:59");
    }

    #[test]
    fn a_list_names_a_few() {
        let words = Texts::new(false);
        assert_eq!(words.list(&[]), "");
        assert_eq!(words.list(&["a"]), "a");
        assert_eq!(words.list(&["a", "b"]), "a and b");
        assert_eq!(words.list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(words.list(&["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
    }

    #[test]
    fn what_comes_from_outside_becomes_one_harmless_line() {
        assert_eq!(outside(" a\n\tb\u{1b}[31m \u{202e}c "), "a b [31m c");
        assert_eq!(outside(&"x".repeat(121)), format!("{} …", "x".repeat(120)));
        assert_eq!(outside(&"ñ".repeat(120)), "ñ".repeat(120));
    }

    #[test]
    fn lines_from_outside_stay_lines_and_are_few() {
        assert_eq!(outside_lines(" a \r\n\n\tb\u{1b}[31m\n"), "a\nb [31m");
        assert_eq!(outside_lines(&"x\n".repeat(5)), "x\nx\nx\nx\nx");
        assert_eq!(outside_lines(&"x\n".repeat(6)), "x\nx\nx\nx\nx\n…");
        assert_eq!(outside_lines(&"ñ".repeat(301)), format!("{} …", "ñ".repeat(300)));
        assert_eq!(outside_lines(" \n"), "");
    }
}
