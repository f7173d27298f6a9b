//! What the outside world said, fit to be shown to a person.

use estatus_core::observation::Failure;

/// The start of `bytes` as text of one or more lines; `None` where there is nothing.
///
/// What is not UTF-8, and every control character but line end and tab, is shown as U+FFFD: evidence is printed on
/// terminals, which obey control characters.
pub(crate) fn text(bytes: &[u8]) -> Option<String> {
    // One byte more than is kept lets `cut` see that something is missing.
    let start = bytes.get(..=Failure::EVIDENCE_LIMIT).unwrap_or(bytes);
    let text = harmless_text(&String::from_utf8_lossy(start));
    (!text.is_empty()).then_some(text)
}

/// The first line of `bytes`, in quotes.
pub(crate) fn line(bytes: &[u8]) -> String {
    format!("“{}”", harmless_line(bytes))
}

/// The first line of `bytes`.
pub(crate) fn harmless_line(bytes: &[u8]) -> String {
    text(bytes).unwrap_or_default().lines().next().unwrap_or_default().trim().to_owned()
}

/// `text` without what could command a terminal.
pub(crate) fn harmless_text(text: &str) -> String {
    text.chars().filter(|&c| c != '\r').map(harmless).collect()
}

fn harmless(c: char) -> char {
    if c.is_control() && c != '\n' && c != '\t' { char::REPLACEMENT_CHARACTER } else { c }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_command_a_terminal_is_replaced() {
        let check = |bytes: &[u8], shown: Option<&str>| assert_eq!(text(bytes).as_deref(), shown);
        check(b"", None);
        check(b"220 ready\r\n\tyes", Some("220 ready\n\tyes"));
        check(b"\x1b[2Jboo\x00\xff\xc2\x9b", Some("\u{fffd}[2Jboo\u{fffd}\u{fffd}\u{fffd}"));
    }

    #[test]
    fn only_the_start_is_kept() {
        assert_eq!(text(&[b'x'; 10_000]).unwrap().len(), Failure::EVIDENCE_LIMIT + 1);
        assert_eq!(line(b"one\r\ntwo"), "“one”");
    }
}
