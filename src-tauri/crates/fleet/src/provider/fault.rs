//! Why a provider did not do what it was to do, and what of the words of others is told.

use estatus_core::{
    fleet::command::{ProviderError, ProviderErrorKind},
    outside::{SAID_LIMIT, one_line},
    secret::Secret,
};

/// What certainly was not done.
pub(crate) fn not_done(kind: ProviderErrorKind, error: String) -> ProviderError {
    ProviderError { kind, error, perhaps_done: false }
}

/// What may have been done all the same.
pub(crate) fn perhaps_done(kind: ProviderErrorKind, error: String) -> ProviderError {
    ProviderError { kind, error, perhaps_done: true }
}

/// What somebody else said, on one line, cut, and without `secrets`, which he may have repeated.
pub(crate) fn said(text: &str, secrets: &[&Secret]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().map(|secret| secret.reveal()).filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "***");
    }
    one_line(&text, SAID_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_say_is_one_line_without_secrets() {
        let secret = Secret::new("hunter2");
        let check = |text: &str, expected: &str| assert_eq!(said(text, &[&secret, &Secret::new("")]), expected);
        check("a\r\n\t\u{1b}[31mb\u{7} c", "a b c");
        check("the token hunter2 is\nhunter2", "the token *** is ***");
        assert!(said(&"long ".repeat(1000), &[]).len() <= SAID_LIMIT);
    }
}
