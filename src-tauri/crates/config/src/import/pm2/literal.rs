//! The literal that an ecosystem file is, or exports.

use std::path::Path;

use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::Value as Json;

use crate::{
    import::{one_line, yaml},
    reason::{Part, Reason, note},
};

/// What stands in `text`, the file `name` in `folder`.
pub(super) fn literal(text: &str, name: &str, folder: Option<&Path>) -> Result<Json, Reason> {
    if text.lines().any(|line| line.starts_with("apps:")) {
        return yaml::read(text);
    }
    let literal = exported(text).ok_or_else(|| note!("only_json", instead = instead(name)))?;
    let literal = with_folder(literal, folder);
    let options = ParseOptions { allow_missing_commas: false, ..ParseOptions::default() };
    // Its reader goes no deeper than 512 tables and lists.
    let read = parse_to_ast(&literal, &CollectOptions::default(), &options).map_err(|error| {
        // Nothing but JSON has no code in it that could be run.
        let instead = if is_code(text) { instead(name) } else { Part::NOTHING };
        note!("plain_literal", error = one_line(&error.to_string()), instead)
    })?;
    read.value.map(Json::from).ok_or_else(|| note!("empty"))
}

/// Whether it is JavaScript.
fn is_code(text: &str) -> bool {
    text.contains("module.exports") || text.contains("export default")
}

/// The line that makes JSON of code.
fn instead(name: &str) -> Part {
    let plain = |c: char| c.is_alphanumeric() || "._- ()".contains(c);
    let file = if name.chars().all(plain) { name } else { "ecosystem.config.js" };
    // These quotation marks every shell understands.
    note!("make_json", line = format!("node -p \"JSON.stringify(require('./{file}'))\" > eco.json")).into()
}

/// What JavaScript exports, or the whole text if it is none.
fn exported(text: &str) -> Option<&str> {
    let mut rest = text.trim();
    loop {
        let after_comment = match (rest.strip_prefix("//"), rest.strip_prefix("/*")) {
            (Some(comment), _) => Some(comment.split_once('\n')?.1),
            (_, Some(comment)) => Some(comment.split_once("*/")?.1),
            _ => ["'use strict'", "\"use strict\""].iter().find_map(|mode| rest.strip_prefix(mode)),
        };
        match after_comment {
            Some(after) => rest = after.trim_start_matches(|c: char| c.is_whitespace() || c == ';'),
            None => break,
        }
    }
    let literal = match rest.strip_prefix("module.exports") {
        Some(rest) => rest.trim_start().strip_prefix('=')?,
        None => rest.strip_prefix("export default").unwrap_or(rest),
    };
    Some(literal.trim_end().trim_end_matches(';')).filter(|literal| literal.trim_start().starts_with(['{', '[']))
}

/// `literal` with the folder of the file, or where it is not known the relative one, in the place of `__dirname`.
fn with_folder(literal: &str, folder: Option<&Path>) -> String {
    const FOLDER: &str = "__dirname";
    let folder = Json::from(folder.and_then(Path::to_str).unwrap_or(".")).to_string();
    let mut whole = String::with_capacity(literal.len());
    let mut rest = literal;
    while let Some(at) = rest.find(['"', '\'', '/', '_']) {
        let (before, from) = rest.split_at(at);
        whole.push_str(before);
        let is_word = whole.ends_with(|c: char| c.is_alphanumeric() || "_$.".contains(c));
        let after = from
            .strip_prefix(FOLDER)
            .filter(|after| !is_word && !after.starts_with(|c: char| c.is_alphanumeric() || "_$".contains(c)));
        if let Some(after) = after {
            whole.push_str(&folder);
            rest = after;
            continue;
        }
        let (passed, after) = from.split_at(end_of_passage(from));
        whole.push_str(passed);
        rest = after;
    }
    whole.push_str(rest);
    whole
}

/// Where a string, a comment or a single character ends that `text` begins with.
fn end_of_passage(text: &str) -> usize {
    let end = |after: usize, found: Option<usize>, mark: usize| found.map_or(text.len(), |at| after + at + mark);
    let Some(first) = text.chars().next() else { return 0 };
    match first {
        '"' | '\'' => {
            let mut is_escaped = false;
            let closes = |c: char| {
                let is_end = c == first && !is_escaped;
                is_escaped = c == '\\' && !is_escaped;
                is_end
            };
            end(1, text.get(1..).and_then(|inner| inner.find(closes)), 1)
        }
        _ if text.starts_with("//") => end(2, text[2..].find('\n'), 1),
        _ if text.starts_with("/*") => end(2, text[2..].find("*/"), 2),
        _ => first.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_stands_where_the_code_names_it_and_nowhere_else() {
        #[track_caller]
        fn check(literal: &str, expected: &str) {
            assert_eq!(with_folder(literal, Some(Path::new("/srv/a \"b\""))), expected, "{literal}");
        }
        check("{ cwd: __dirname }", r#"{ cwd: "/srv/a \"b\"" }"#);
        check("__dirname,__dirname", r#""/srv/a \"b\"","/srv/a \"b\"""#);
        for untouched in [
            "'__dirname'",
            r#""\"__dirname""#,
            "// __dirname\n",
            "/* __dirname */",
            "my__dirname",
            "__dirnames",
            "a.__dirname",
            "'open __dirname",
            "é/__",
        ] {
            check(untouched, untouched);
        }
    }
}
