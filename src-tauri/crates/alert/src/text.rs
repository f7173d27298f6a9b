//! Text of the outside world, made fit to be shown.

use estatus_core::observation::cut;

/// `text` on one line: every run of white space and control characters becomes one space. At most `limit` bytes.
pub(crate) fn one_line(text: &str, limit: usize) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    cut(words.join(" "), limit)
}

/// `text` with its lines, without other control characters. At most `limit` bytes.
pub(crate) fn lines(text: &str, limit: usize) -> String {
    let text = text.replace("\r\n", "\n");
    cut(text.chars().filter(|c| *c == '\n' || *c == '\t' || !c.is_control()).collect(), limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_has_no_line_end_and_no_control_character() {
        let check = |text, expected: &str| assert_eq!(one_line(text, 20), expected);
        check("web", "web");
        check("web\r\nBcc: x@y.z", "web Bcc: x@y.z");
        check("\u{1b}[31m red\0\t\u{2028}one", "[31m red one");
        check("0123456789abcdefghijklmn", "0123456789abcdefg…");
    }

    #[test]
    fn lines_keep_their_ends_and_lose_what_steers_a_terminal() {
        assert_eq!(lines("a\r\nb\u{7}\n\tc\u{1b}[0m", 100), "a\nb\n\tc[0m");
    }
}
