//! The words of a monitrc, and the statements they make.

/// A word, and how it stood there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) form: Form,
}

/// How a word stood there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Bare; it may be a keyword.
    Plain,
    /// In quotation marks.
    Quoted,
    /// In braces or brackets, which hold a list.
    Listed,
}

impl Word {
    /// Whether it is one of these keywords, however large its letters are.
    pub(super) fn is(&self, keywords: &[&str]) -> bool {
        self.form == Form::Plain && keywords.iter().any(|keyword| self.text.eq_ignore_ascii_case(keyword))
    }

    /// The keys and values of a list: `verify: enable, version: auto`.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let items = self.text.split([',', '\n', ';']).filter(|item| !item.trim().is_empty());
        items.map(|item| item.split_once(':').unwrap_or((item, ""))).map(|(key, value)| (bare(key), bare(value)))
    }
}

fn bare(text: &str) -> &str {
    text.trim().trim_matches(['"', '\''])
}

/// The words of a file. Comments are passed over.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    let word = |text: &str, form| Some(Word { text: text.to_owned(), form });
    while let Some(first) = rest.chars().next() {
        let until = |end: char| rest[1..].split_once(end).unwrap_or((&rest[1..], ""));
        let (word, after) = match first {
            '#' => (None, rest.split_once('\n').map_or("", |(_, after)| after)),
            '{' | '[' => {
                let (inner, after) = until(if first == '{' { '}' } else { ']' });
                (word(inner, Form::Listed), after)
            }
            '"' | '\'' => {
                let (inner, after) = until(first);
                (word(inner, Form::Quoted), after)
            }
            ',' | ';' | '(' | ')' | '}' => (None, &rest[1..]),
            _ => {
                let (plain, after) = rest.split_at(end_of_plain(rest, first));
                // `program="…"`: the sign belongs to neither.
                let plain =
                    if after.starts_with(['"', '\'']) { plain.strip_suffix('=').unwrap_or(plain) } else { plain };
                (word(plain, Form::Plain).filter(|word| !word.text.is_empty()), after)
            }
        };
        words.extend(word);
        rest = after.trim_start();
    }
    words
}

/// Where the word ends that begins with `first`: a sign is a word of its own.
fn end_of_plain(rest: &str, first: char) -> usize {
    let is_sign = |c: char| "<>=!".contains(c);
    let ends = |c: char| if is_sign(first) { !is_sign(c) } else { c.is_whitespace() || "(),;{}\"".contains(c) };
    let behind_first = first.len_utf8();
    rest[behind_first..].find(ends).map_or(rest.len(), |at| at + behind_first)
}

/// Words that begin a statement where no other statement goes on.
const BEGIN: [&str; 15] = [
    "if", "start", "stop", "restart", "every", "not", "group", "depends", "mode", "onreboot", "alert", "noalert",
    "check", "set", "include",
];

/// The statements that `words` make.
pub(super) fn statements(words: &[Word]) -> Vec<&[Word]> {
    let mut begins = Vec::new();
    let mut is_condition = false;
    for (at, word) in words.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| words.get(before));
        let goes_on = before.is_some_and(|before| before.is(&["then", "else", "repeat", "with", "set", "not"]));
        if word.is(&["then"]) {
            is_condition = false;
        } else if word.is(&BEGIN) && !is_condition && !goes_on {
            begins.push(at);
        }
        is_condition |= word.is(&["if"]);
    }
    let ends = begins.iter().skip(1).copied().chain([words.len()]);
    begins.iter().zip(ends).filter_map(|(begin, end)| words.get(*begin..end)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_divided_into_statements() {
        #[track_caller]
        fn check(text: &str, expected: &[&str]) {
            let words = words(text);
            let shown = |words: &[Word]| words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join("|");
            let found: Vec<String> = statements(&words).into_iter().map(shown).collect();
            assert_eq!(found, expected, "{text}");
        }
        check("# nothing\n", &[]);
        check("set daemon 30 # seconds\nset log /x", &["set|daemon|30", "set|log|/x"]);
        check("set daemon 30 with start delay 240", &["set|daemon|30|with|start|delay|240"]);
        check("set alert me@example.com", &["set|alert|me@example.com"]);
        check("set mail-format { message: don't }\nset x y", &["set|mail-format| message: don't ", "set|x|y"]);
        check(
            "if failed port 80 then restart\nif cpu > 80% then alert",
            &["if|failed|port|80|then|restart", "if|cpu|>|80%|then|alert"],
        );
        check(
            "if x then exec \"/a b\" repeat every 5 cycles else if y then alert group www",
            &["if|x|then|exec|/a b|repeat|every|5|cycles|else|if|y|then|alert", "group|www"],
        );
        check(
            "start program = \"/x start\" stop program=\"/x stop\"",
            &["start|program|=|/x start", "stop|program|/x stop"],
        );
        check("group a not every \"* 0-3 * * 0\" group b", &["group|a", "not|every|* 0-3 * * 0", "group|b"]);
        check(
            "if failed ssl options {verify: enable} then alert",
            &["if|failed|ssl|options|verify: enable|then|alert"],
        );
        check("check process 'if' with pidfile \"é", &["check|process|if|with|pidfile|é"]);
    }
}
