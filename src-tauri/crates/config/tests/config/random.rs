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

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn any_text_has_an_answer(text in any::<String>()) {
        has_an_answer(&text)?;
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
