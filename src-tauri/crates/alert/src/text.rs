//! Text of the outside world, made fit for a message.

pub(crate) use estatus_core::outside::{SAID_LIMIT, lines, one_line};
use estatus_core::{
    outside::{cut, without_sequences},
    program::Ended,
};

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

#[cfg(test)]
mod tests {
    use super::*;

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
