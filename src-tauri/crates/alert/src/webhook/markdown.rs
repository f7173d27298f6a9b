//! Texts for where Markdown is read.

/// Stands for something wherever it is.
const MARKS: &str = "\\*_~`|[<";
/// Stands for something at the beginning of a line: a heading, a list, a quotation.
const MARKS_OF_LINES: &str = "#-+>";

/// `text` so that Discord shows it as it is: a backslash before each mark
/// (<https://support.discord.com/hc/articles/210298617>). What it takes for an address, which is all up to the next white space, it
/// shows as it is by itself, with a backslash in it too.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 4);
    let (mut rest, mut begins_line) = (text, true);
    while let Some(letter) = rest.chars().next() {
        let taken = match letter {
            'h' if is_address(rest) => rest.find(|end: char| end.is_whitespace() || end == '<').unwrap_or(rest.len()),
            // The number of an item of a list.
            '0'..='9' if begins_line => rest.find(|end: char| !end.is_ascii_digit()).unwrap_or(rest.len()),
            _ => letter.len_utf8(),
        };
        let (these, others) = rest.split_at(taken);
        if MARKS.contains(letter) || begins_line && MARKS_OF_LINES.contains(letter) {
            escaped.push('\\');
        }
        escaped.push_str(these);
        if begins_line && letter.is_ascii_digit() && others.starts_with('.') {
            escaped.push('\\');
        }
        begins_line = letter == '\n' || begins_line && letter == ' ';
        rest = others;
    }
    escaped
}

fn is_address(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_something_is_escaped_and_addresses_are_left_alone() {
        let check = |text: &str, expected: &str| assert_eq!(escaped(text), expected);
        check("a_b_c is *down*, `really` ~~so~~ ||x||", r"a\_b\_c is \*down\*, \`really\` \~\~so\~\~ \|\|x\|\|");
        check("[x](https://a_b.example/*) <@1> c:\\temp", r"\[x](https://a_b.example/*) \<@1> c:\\temp");
        check("(https://a_b_c.example/_x_): it_s", r"(https://a_b_c.example/_x_): it\_s");
        check("# a\n - b\n> c\n12. d\n12 e-f#g", "\\# a\n \\- b\n\\> c\n12\\. d\n12 e-f#g");
        check("-# a\r\n+ b\n3.5 ñ", "\\-# a\r\n\\+ b\n3\\.5 ñ");
        check("http https:/ h", "http https:/ h");
        check("", "");
    }
}
