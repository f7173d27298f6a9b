//! Texts of consoles on Unix; `windows.rs` is the twin.

/// Consoles have no code page of their own.
pub(super) fn of_console(_bytes: &[u8]) -> Option<String> {
    None
}
