//! Text of the outside world, made fit to be shown.

use std::{iter::Peekable, str::Chars};

use estatus_core::{observation::cut, program::Ended};

/// `text` on one line: every run of white space and control characters becomes one space. At most `limit` bytes.
pub(crate) fn one_line(text: &str, limit: usize) -> String {
    let text = without_sequences(text);
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    cut(words.join(" "), limit)
}

/// `text` with its lines, without other control characters. At most `limit` bytes.
pub(crate) fn lines(text: &str, limit: usize) -> String {
    let text = without_sequences(text).replace("\r\n", "\n");
    cut(text.chars().filter(|c| *c == '\n' || *c == '\t' || !c.is_control()).collect(), limit)
}

/// The last of the lines that a program wrote, as a terminal would have left them: at most [`Ended::TAIL_LINES`], and no
/// more than fit into `limit` bytes. Empty lines at both ends are left out.
pub(crate) fn tail(all: &[String], limit: usize) -> Vec<String> {
    let mut room = limit;
    let fits = |line: &String| {
        let left = room.checked_sub(line.len() + 1);
        room = left.unwrap_or_default();
        left.is_some()
    };
    let last = all.iter().rev().map(|line| left_standing(line)).skip_while(String::is_empty);
    let mut tail: Vec<String> = last.take(Ended::TAIL_LINES).take_while(fits).collect();
    while tail.last().is_some_and(String::is_empty) {
        tail.pop();
    }
    tail.reverse();
    tail
}

/// A line as it stands in the end: a carriage return begins it again, as progress bars do.
fn left_standing(line: &str) -> String {
    let line = without_sequences(line).replace("\r\n", "\n");
    let standing = line.rsplit('\r').find(|part| !part.trim().is_empty()).unwrap_or_default();
    cut(lines(standing, usize::MAX).trim_end().replace('\n', " "), Ended::TAIL_LINE_LIMIT)
}

/// `text` without what steers a terminal (ECMA-48): colours, movements, titles.
fn without_sequences(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ESCAPE => skip_sequence(&mut chars),
            _ => kept.push(c),
        }
    }
    kept
}

const ESCAPE: char = '\u{1b}';
const BELL: char = '\u{7}';

/// Skips what comes after an escape, which is never more than the line.
fn skip_sequence(chars: &mut Peekable<Chars<'_>>) {
    if chars.next_if_eq(&'[').is_some() {
        while chars.next_if(|c| matches!(c, ' '..='?')).is_some() {}
        chars.next_if(|c| matches!(c, '@'..='~'));
    } else if chars.next_if(|c| matches!(c, ']' | 'P' | 'X' | '^' | '_')).is_some() {
        while let Some(c) = chars.next_if(|c| *c != '\n') {
            if c == BELL || c == ESCAPE && chars.next_if_eq(&'\\').is_some() {
                break;
            }
        }
    } else {
        while chars.next_if(|c| matches!(c, ' '..='/')).is_some() {}
        chars.next_if(|c| matches!(c, '0'..='~'));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_has_no_line_end_and_no_control_character() {
        let check = |text, expected: &str| assert_eq!(one_line(text, 20), expected);
        check("web", "web");
        check("web\r\nBcc: x@y.z", "web Bcc: x@y.z");
        check("\u{1b}[31m red\0\t\u{2028}one", "red one");
        check("0123456789abcdefghijklmn", "0123456789abcdefg…");
    }

    #[test]
    fn lines_keep_their_ends_and_lose_what_steers_a_terminal() {
        let check = |text, expected: &str| assert_eq!(lines(text, 100), expected);
        check("a\r\nb\u{7}\n\tc\u{1b}[0m", "a\nb\n\tc");
        check("\u{1b}[1;38;5;208mVITE\u{1b}[0m \u{1b}[2Kready\u{1b}[?25h", "VITE ready");
        check("\u{1b}]0;title\u{7}a\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\ b", "alink b");
        check("\u{1b}]never ended\nnext", "\nnext");
        check("\u{1b}(Ba\u{1b}7b\u{1b}", "ab");
        check("\u{1b}[31é\u{1b}[", "é");
    }

    #[test]
    fn the_tail_is_the_last_lines_that_fit_as_a_terminal_would_have_left_them() {
        let check = |all: &[&str], limit, expected: &[&str]| {
            assert_eq!(tail(&all.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>(), limit), expected);
        };
        check(&[], 100, &[]);
        check(&["", " ", "\u{1b}[0m"], 100, &[]);
        check(&["", "a", "", "  b ", ""], 100, &["a", "", "  b"]);
        check(&["10 %\r50 %\r100 %\r", "\u{1b}[31mred\u{1b}[0m\r\n"], 100, &["100 %", "red"]);
        check(&["one", "two", "three"], 10, &["two", "three"]);
        check(&["one", "two", "three"], 5, &[]);
    }

    #[test]
    fn the_tail_is_bounded_whatever_was_written() {
        let all: Vec<String> = (0..1000).map(|number| format!("{number} {}", "x".repeat(5000))).collect();
        let tail = tail(&all, usize::MAX);
        assert_eq!(tail.len(), Ended::TAIL_LINES);
        assert!(tail.iter().all(|line| line.len() <= Ended::TAIL_LINE_LIMIT), "{tail:?}");
        assert!(tail[39].starts_with("999 "));
    }
}
