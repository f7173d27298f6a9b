//! Text of the outside world, made fit to be shown.

use std::{iter::Peekable, str::Chars};

/// The most bytes that are repeated of what a server, a library or a command said.
pub const SAID_LIMIT: usize = 400;

/// `text`, cut at a character so that it has at most `limit` bytes, with an ellipsis where something is missing.
pub fn cut(mut text: String, limit: usize) -> String {
    const ELLIPSIS: &str = "…";
    if text.len() > limit {
        text.truncate(text.floor_char_boundary(limit.saturating_sub(ELLIPSIS.len())));
        text.push_str(ELLIPSIS);
    }
    text
}

/// `text` on one line: every run of white space and control characters becomes one space. At most `limit` bytes.
pub fn one_line(text: &str, limit: usize) -> String {
    let text = without_sequences(text);
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    cut(words.join(" "), limit)
}

/// `text` with its lines, without other control characters. At most `limit` bytes.
pub fn lines(text: &str, limit: usize) -> String {
    let text = without_sequences(text).replace("\r\n", "\n");
    cut(text.chars().filter(|c| *c == '\n' || *c == '\t' || !c.is_control()).collect(), limit)
}

/// `text` without what steers a terminal (ECMA-48): colours, movements, titles.
pub fn without_sequences(text: &str) -> String {
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
}
