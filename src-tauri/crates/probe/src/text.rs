//! Holds a text against what is asked of it.

use estatus_core::{check::TextAssertions, observation::Cause};

/// Judges `bytes`, read as UTF-8; what is not UTF-8 in it matches nothing.
///
/// # Errors
/// The first assertion that does not hold.
pub(crate) fn judge(asked: &TextAssertions, bytes: &[u8]) -> Result<(), Cause> {
    if asked.is_empty() {
        return Ok(());
    }
    let within = bytes.len() as u64;
    let searched = String::from_utf8_lossy(bytes);
    if let Some(text) = asked.contains.iter().find(|text| !searched.contains(text.as_str())) {
        return Err(Cause::Missing { text: text.clone(), within });
    }
    if let Some(text) = asked.lacks.iter().find(|text| searched.contains(text.as_str())) {
        return Err(Cause::Unwanted { text: text.clone() });
    }
    if let Some(pattern) = asked.matches.iter().find(|pattern| !pattern.is_match(&searched)) {
        return Err(Cause::NoMatch { pattern: pattern.as_str().to_owned(), within });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(contains: &[&str], lacks: &[&str], matches: &[&str]) -> TextAssertions {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let matches = matches.iter().map(|pattern| regex::Regex::new(pattern).unwrap()).collect();
        TextAssertions { contains: owned(contains), lacks: owned(lacks), matches }
    }

    #[test]
    fn every_assertion_is_held_against_the_text() {
        let check = |asked: TextAssertions, bytes: &[u8], verdict: Result<(), Cause>| {
            assert_eq!(judge(&asked, bytes), verdict, "{asked:?}");
        };
        let text = "all 12 workers are läuft".as_bytes();
        check(asked(&[], &[], &[]), b"", Ok(()));
        check(asked(&["workers", "läuft"], &["error"], &[r"\d+ workers"]), text, Ok(()));
        check(asked(&["all", "none"], &[], &[]), text, Err(Cause::Missing { text: "none".into(), within: 25 }));
        check(asked(&[], &["error", "all"], &[]), text, Err(Cause::Unwanted { text: "all".into() }));
        check(asked(&[], &[], &[r"^\d"]), text, Err(Cause::NoMatch { pattern: r"^\d".into(), within: 25 }));
    }

    #[test]
    fn bytes_that_are_not_utf8_do_not_hide_those_that_are() {
        assert_eq!(judge(&asked(&["ok"], &[], &["k.?$"]), b"\xff\xfe ok\xff"), Ok(()));
    }
}
