//! The last lines of a body that comes in pieces.

use std::collections::VecDeque;

use estatus_core::{outside::cut, program::Ended};

use super::request::Hop;
use crate::evidence;

/// Of a line, so many bytes are kept: more than are shown, as secrets are still hidden in it.
const LINE_KEPT: usize = 16 * Ended::TAIL_LINE_LIMIT;

/// The last lines of a text.
#[derive(Default)]
pub(super) struct Tail {
    lines: VecDeque<Line>,
    /// Whether the last of them goes on.
    is_open: bool,
}

#[derive(Default)]
struct Line {
    text: String,
    /// Whether there is more of it than is kept.
    is_cut: bool,
}

impl Tail {
    /// Takes `text`, which comes next.
    pub(super) fn push(&mut self, text: &str) {
        for piece in text.split_inclusive('\n') {
            let line = piece.strip_suffix('\n');
            if !self.is_open {
                if self.lines.len() == Ended::TAIL_LINES {
                    self.lines.pop_front();
                }
                self.lines.push_back(Line::default());
            }
            self.lines.iter_mut().next_back().into_iter().for_each(|last| last.push(line.unwrap_or(piece)));
            self.is_open = line.is_none();
        }
    }

    /// The lines, the oldest first, each cut to [`Ended::TAIL_LINE_LIMIT`] bytes, without the secrets of `hop` and without
    /// what could command a terminal.
    pub(super) fn lines(&self, hop: &Hop) -> Vec<String> {
        let shown = |line: &Line| {
            let text = match line.is_cut {
                true => hop.without_secrets_in_start(line.text.clone()),
                false => hop.without_secrets(line.text.clone()),
            };
            cut(evidence::harmless_text(&text), Ended::TAIL_LINE_LIMIT)
        };
        self.lines.iter().map(shown).collect()
    }
}

impl Line {
    fn push(&mut self, text: &str) {
        let room = LINE_KEPT - self.text.len();
        let fitting = text.get(..text.floor_char_boundary(room)).filter(|_| !self.is_cut).unwrap_or_default();
        self.is_cut |= fitting.len() < text.len();
        self.text.push_str(fitting);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&str], secrets: &[&str]) -> Vec<String> {
        let mut tail = Tail::default();
        pieces.iter().for_each(|piece| tail.push(piece));
        tail.lines(&Hop::with_secrets(secrets))
    }

    #[test]
    fn the_last_lines_are_kept_however_they_come() {
        let check = |pieces: &[&str], expected: &[&str]| assert_eq!(lines(pieces, &[]), expected, "{pieces:?}");
        check(&[], &[]);
        check(&["one"], &["one"]);
        check(&["on", "e\r", "\n\ntw", "", "o\n"], &["one", "", "two"]);
        check(&["\u{1b}[2J\tñ\n"], &["\u{fffd}[2J\tñ"]);
        let many: String = (0..100).map(|number| format!("{number}\n")).collect();
        let last: Vec<String> = (60..100).map(|number| number.to_string()).collect();
        assert_eq!(lines(&[&many], &[]), last);
    }

    #[test]
    fn a_long_line_is_cut_and_no_secret_stands_in_it() {
        let long = "é".repeat(LINE_KEPT);
        let [shown] = &lines(&["x", &long, "more"], &[])[..] else { panic!("one line") };
        assert!(shown.len() <= Ended::TAIL_LINE_LIMIT && shown.ends_with("é…"), "{shown}");
        assert_eq!(lines(&["it is hunt", "er22, yes"], &["hunter22"]), ["it is ***, yes"]);
        // So often that what is kept of it ends within the secret, and still is in view when all others are hidden.
        let secret = "0123456789".repeat(70);
        for before in 0..100 {
            let echoed = format!("{}{}", "x".repeat(before), secret.repeat(10));
            let shown = lines(&[&echoed], &[&secret]).concat();
            assert!(!shown.contains("0123"), "{shown}");
        }
    }
}
