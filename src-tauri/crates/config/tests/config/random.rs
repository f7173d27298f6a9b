//! Whatever stands in the file, there is an answer.

use proptest::prelude::*;

use super::{read, valid::EVERYTHING};

/// An answer is a configuration, or problems whose places are in the text.
fn has_an_answer(text: &str) -> Result<(), TestCaseError> {
    let Err(problems) = read(text) else { return Ok(()) };
    prop_assert!(!problems.0.is_empty());
    let lines: Vec<&str> = text.split('\n').collect();
    for problem in &problems.0 {
        let line = lines.get(problem.line - 1);
        prop_assert!(line.is_some_and(|line| problem.column <= line.chars().count() + 1), "{problem}");
        prop_assert!(!problem.message.contains('\n'), "{problem}");
    }
    Ok(())
}

/// 200 cases, or as many as the environment says in `PROPTEST_CASES`.
fn cases() -> ProptestConfig {
    let usual = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { usual.cases } else { 200 };
    ProptestConfig { failure_persistence: None, cases, ..usual }
}

/// What newcomers write.
const PIECES: [&str; 38] = [
    "\"",
    "'",
    "\\",
    "\\t",
    "\\U",
    "“",
    "”",
    "\u{a0}",
    " = ",
    "==",
    ":",
    ",",
    ";",
    "//",
    "#",
    "[",
    "[[",
    "]",
    "{",
    "}",
    "\n",
    "\r\n",
    "yes",
    "null",
    "5m",
    "<<<<<<<",
    "---",
    "\"\"\"",
    "'''",
    "é",
    "\0",
    "name = 1\n",
    "[monitor]\n",
    "[[flow.f.step]]\n",
    "[flow.f]\n",
    "needs = [\"look\"]\n",
    "when = { failed = \"look\" }\n",
    " a b ",
];

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_text_has_an_answer(text in any::<String>(), bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        has_an_answer(&text)?;
        has_an_answer(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn lines_as_newcomers_write_them_have_an_answer(
        first in 0..EVERYTHING.lines().count(),
        count in 1_usize..10,
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), 0_usize..12, prop::sample::select(&PIECES[..])),
            0..6,
        ),
    ) {
        let lines = EVERYTHING.lines().skip(first).take(count);
        let mut characters: Vec<char> = lines.flat_map(|line| line.chars().chain(['\n'])).collect();
        for (at, length, piece) in changes {
            let start = at.index(characters.len() + 1);
            let end = (start + length).min(characters.len());
            characters.splice(start..end, piece.chars());
        }
        has_an_answer(&characters.into_iter().collect::<String>())?;
    }

    #[test]
    fn any_value_under_any_key_has_an_answer(
        line in 0..EVERYTHING.lines().count(),
        value in prop_oneof![
            "[0-9:a-z<>=%./@ -]{0,12}".prop_map(|text| format!("{text:?}")),
            any::<String>().prop_map(|text| toml_edit::Value::from(text).to_string()),
            any::<i64>().prop_map(|number| number.to_string()),
            any::<f64>().prop_map(|number| toml_edit::Value::from(number).to_string()),
            Just("true".to_owned()),
            Just("[]".to_owned()),
            Just("{}".to_owned()),
            Just("[{}, 1, \"\"]".to_owned()),
            Just("{ a = 1, b = {} }".to_owned()),
            Just("1979-05-27T07:32:00Z".to_owned()),
            Just("0000-01-01".to_owned()),
            Just("9999-12-31T23:59:60".to_owned()),
            Just("00:00:60".to_owned()),
        ],
    ) {
        let changed = EVERYTHING.lines().enumerate().map(|(index, text)| match text.split_once(" = ") {
            Some((key, _)) if index == line => format!("{key} = {value}"),
            _ => text.to_owned(),
        });
        has_an_answer(&changed.collect::<Vec<_>>().join("\n"))?;
    }

    #[test]
    fn a_file_with_a_piece_cut_out_or_put_in_has_an_answer(
        at in any::<prop::sample::Index>(),
        length in 0_usize..40,
        piece in "[\\[\\]{}=\",.\n a-z0-9\u{0}é-]{0,10}",
    ) {
        let characters: Vec<char> = EVERYTHING.chars().collect();
        let start = at.index(characters.len());
        let end = (start + length).min(characters.len());
        let text: String = characters[..start].iter().copied().chain(piece.chars()).chain(characters[end..].iter().copied()).collect();
        has_an_answer(&text)?;
    }
}
