//! What a program says stands on standard error, which the session keeps where there is no terminal.

pub(super) fn somebody_reads() -> bool {
    true
}

pub(super) fn show(_text: &str) {}

pub(super) fn ask(_question: &str) -> bool {
    false
}
