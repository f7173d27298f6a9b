//! What a step of a flow says in its own words: its question, or what it tells. It stands in the place of the title, and
//! its lines stay lines.

use estatus_core::incident::News;
use serde::Serialize;

use crate::text::lines;

/// The most bytes of it where an alert is alone in its message.
pub(crate) const SPEECH_LIMIT: usize = 10_000;
/// The most bytes of it where it is not.
const SPEECH_SHARED_LIMIT: usize = 2_000;

/// What a step says.
#[derive(Debug, Serialize)]
pub(super) struct Speech {
    pub(super) first_line: String,
    /// The lines after it; empty if there are none.
    pub(super) rest: String,
}

impl Speech {
    /// What is said in `news`, if it is somebody's own words; it shares its message with others if there are `several`.
    pub(super) fn of(news: &News, several: bool) -> Option<Self> {
        let (News::Approval { question: text, .. } | News::Told { text, .. }) = news else { return None };
        let text = lines(text, if several { SPEECH_SHARED_LIMIT } else { SPEECH_LIMIT });
        let (first_line, rest) = text.trim().split_once('\n').unwrap_or((text.trim(), ""));
        let (first_line, rest) = (first_line.trim_end().to_owned(), rest.to_owned());
        (!first_line.is_empty()).then_some(Self { first_line, rest })
    }
}

#[cfg(test)]
mod tests {
    use estatus_core::ids::RunId;

    use super::*;

    fn speech(text: &str) -> Option<(String, String)> {
        let news = News::Told { run: RunId(1), step: "tell".into(), text: text.to_owned() };
        Speech::of(&news, false).map(|Speech { first_line, rest }| (first_line, rest))
    }

    #[test]
    fn lines_stay_lines_and_nothing_steers_a_terminal() {
        let check = |text: &str, first_line: &str, rest: &str| {
            assert_eq!(speech(text), Some((first_line.to_owned(), rest.to_owned())), "{text}");
        };
        check("done", "done", "");
        check("\n done \r\n\n  3 files\n\tb\n\n", "done", "\n  3 files\n\tb");
        check("\u{1b}[31mred\u{1b}[0m\u{7}\nx", "red", "x");
        assert_eq!(speech(" \r\n\u{1b}[0m"), None);
    }

    #[test]
    fn a_speech_has_a_bound() {
        let (first_line, _) = speech(&"x".repeat(1_000_000)).unwrap();
        assert_eq!(first_line.len(), SPEECH_LIMIT);
    }
}
