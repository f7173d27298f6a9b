//! Secrets in what a program writes, which do not come to the disk.

use std::io;

use aho_corasick::{AhoCorasick, MatchKind};

/// A longer secret is not looked for: it would not have to be in the spool as a whole.
const LONGEST: usize = super::state::BUFFER / 8;

/// Writes over secrets, however what a program writes is cut into pieces.
#[derive(Default)]
pub(super) struct Hiding {
    forms: Vec<Vec<u8>>,
    /// Finds the first of them, and of those that begin there the longest: one may be the beginning of another.
    finder: Option<AhoCorasick>,
}

impl Hiding {
    /// The secrets are written in these `forms`.
    ///
    /// # Errors
    /// There are too many of them.
    pub(super) fn new(forms: Vec<Vec<u8>>) -> io::Result<Self> {
        let forms: Vec<_> = forms.into_iter().filter(|form| (1..=LONGEST).contains(&form.len())).collect();
        if forms.is_empty() {
            return Ok(Self::default());
        }
        let finder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&forms);
        Ok(Self { finder: Some(finder.map_err(io::Error::other)?), forms })
    }

    /// Writes over the secrets in `text`, of which the first `known` bytes were looked through before. One that may be the
    /// beginning of a longer one is left until that is known.
    pub(super) fn hide(&self, text: &mut [u8], known: usize) {
        self.write_over(text, known, |text| text.len() - self.begun(text));
    }

    /// The same where nothing more comes.
    pub(super) fn hide_rest(&self, text: &mut [u8]) {
        self.write_over(text, text.len(), <[u8]>::len);
    }

    /// Writes over those that begin before what is `open`.
    fn write_over(&self, text: &mut [u8], known: usize, open: impl Fn(&[u8]) -> usize) {
        let Some(finder) = &self.finder else { return };
        let mut from = known - self.begun(&text[..known]);
        loop {
            let open = open(text);
            let found = finder.find_iter(&text[from..]).map(|found| from + found.start()..from + found.end());
            let found: Vec<_> = found.take_while(|found| found.start < open).collect();
            from = found.last().map_or(from, |last| last.end);
            for byte in found.into_iter().flatten() {
                // What is zero is half a character of UTF-16, and no character of a secret.
                if text[byte] != 0 {
                    text[byte] = b'*';
                }
            }
            // One that goes on into what was open leaves less of that.
            if from <= open {
                return;
            }
        }
    }

    /// How many bytes at the end of `text` may be the beginning of a secret.
    pub(super) fn begun(&self, text: &[u8]) -> usize {
        let begun = |form: &Vec<u8>| {
            let mut lengths = (1..form.len().min(text.len() + 1)).rev();
            lengths.find(|&length| text.ends_with(&form[..length])).unwrap_or(0)
        };
        self.forms.iter().map(begun).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn hiding(secrets: &[&str]) -> Hiding {
        Hiding::new(secrets.iter().map(|secret| secret.as_bytes().to_vec()).collect()).unwrap()
    }

    #[test]
    fn a_secret_is_written_over_where_it_ends_behind_what_is_known() {
        let check = |secrets: &[&str], text: &str, known: usize, hidden: &str| {
            let mut written = text.as_bytes().to_vec();
            hiding(secrets).hide(&mut written, known);
            assert_eq!(String::from_utf8_lossy(&written), hidden, "{secrets:?} in {text:?} behind {known}");
        };
        check(&["hunter2"], "it is hunter2, hunter2", 0, "it is *******, *******");
        check(&["hunter2"], "hunter2 hunter2", 6, "******* *******");
        check(&["hunter2"], "hunter2 hunter2", 7, "hunter2 *******");
        // Until it is known which of them it is, it is held back.
        check(&["hunter", "hunter22"], "hunter hunter", 0, "****** hunter");
        check(&["hunter", "hunter22"], "a hunters", 8, "a ******s");
        check(&["hunter", "hunter22"], "a hunter22", 8, "a ********");
        check(&["hunter2"], "hunter", 0, "hunter");
        check(&["ab", "abcd"], "abcd ab.", 0, "**** **.");
        check(&["bcab", "c"], "bcabc", 0, "*****");
        check(&["bcabbb", "bcab", "c"], "bcabc", 4, "*****");
        check(&["", "x"], "axa", 0, "a*a");
        check(&["año"], "un año", 0, "un ****");
        check(&[], "text", 0, "text");
        check(&["h\0u\0"], "h\0u\0", 0, "*\0*\0");
    }

    proptest! {
        #[test]
        fn how_it_is_cut_makes_no_difference(
            secrets in vec("[abc]{1,4}", 0..4),
            text in "[abcd]{0,30}",
            cuts in vec(0..31_usize, 0..4),
        ) {
            let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
            let hiding = hiding(&secrets);
            let mut whole = text.clone().into_bytes();
            hiding.hide(&mut whole, 0);
            hiding.hide_rest(&mut whole);
            let mut ends: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).chain([text.len()]).collect();
            ends.sort_unstable();
            let (mut written, mut known) = (text.into_bytes(), 0);
            for end in ends {
                hiding.hide(&mut written[..end], known);
                known = end;
            }
            hiding.hide_rest(&mut written);
            prop_assert_eq!(&written, &whole);
            let left = |secret: &&str| whole.windows(secret.len()).any(|part| part == secret.as_bytes());
            prop_assert!(!secrets.iter().any(left), "{:?}", String::from_utf8_lossy(&whole));
        }
    }

    #[test]
    fn the_beginning_of_a_secret_is_known_at_the_end_of_a_text() {
        let check = |secrets: &[&str], text: &str, begun: usize| {
            assert_eq!(hiding(secrets).begun(text.as_bytes()), begun, "{secrets:?} in {text:?}");
        };
        check(&["hunter2"], "it is h", 1);
        check(&["hunter2"], "it is hunter", 6);
        check(&["hunter2"], "hunter", 6);
        check(&["hunter2"], "it is", 0);
        check(&["hunter2"], "", 0);
        check(&["aab", "ba"], "xaa", 2);
        check(&["x"], "x", 0);
        check(&[], "x", 0);
    }
}
