//! Secrets in what a program writes, which do not come to the disk.

use memchr::memmem::Finder;

/// A longer secret is not looked for: it would not have to be in the spool as a whole.
const LONGEST: usize = super::state::BUFFER / 8;

/// Writes over secrets, however what a program writes is cut into pieces.
#[derive(Default)]
pub(super) struct Hiding {
    /// The longest first: one may be part of another.
    finders: Vec<Finder<'static>>,
}

impl Hiding {
    /// The secrets are written in these `forms`.
    pub(super) fn new(forms: &[Vec<u8>]) -> Self {
        let mut forms: Vec<&Vec<u8>> = forms.iter().filter(|form| (1..=LONGEST).contains(&form.len())).collect();
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        Self { finders: forms.into_iter().map(|form| Finder::new(form).into_owned()).collect() }
    }

    /// Writes over the secrets that end in `text` behind its first `known` bytes.
    pub(super) fn hide(&self, text: &mut [u8], known: usize) {
        for finder in &self.finders {
            let length = finder.needle().len();
            let mut from = (known + 1).saturating_sub(length);
            while let Some(found) = text.get(from..).and_then(|rest| finder.find(rest)) {
                let begin = from + found;
                from = begin + length;
                // What is zero is half a character of UTF-16, and no character of a secret.
                text[begin..from].iter_mut().filter(|byte| **byte != 0).for_each(|byte| *byte = b'*');
            }
        }
    }

    /// How many bytes at the end of `text` may be the beginning of a secret.
    pub(super) fn begun(&self, text: &[u8]) -> usize {
        let begun = |finder: &Finder<'_>| {
            let needle = finder.needle();
            let lengths = (1..needle.len().min(text.len() + 1)).rev();
            lengths.into_iter().find(|&length| text.ends_with(&needle[..length])).unwrap_or(0)
        };
        self.finders.iter().map(begun).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hiding(secrets: &[&str]) -> Hiding {
        Hiding::new(&secrets.iter().map(|secret| secret.as_bytes().to_vec()).collect::<Vec<_>>())
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
        check(&["hunter2"], "hunter", 0, "hunter");
        check(&["ab", "abcd"], "abcd ab", 0, "**** **");
        check(&["", "x"], "axa", 0, "a*a");
        check(&["año"], "un año", 0, "un ****");
        check(&[], "text", 0, "text");
        check(&["h\0u\0"], "h\0u\0", 0, "*\0*\0");
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
