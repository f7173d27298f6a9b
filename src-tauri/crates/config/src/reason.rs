//! Why something in a file is wrong, as data, until it is put into the reader's language.

pub(crate) use estatus_core::words::{Part, Reason};

/// Something that can say why.
pub(crate) trait Because {
    /// Why.
    fn reason(self) -> Reason;
}

impl Because for Reason {
    fn reason(self) -> Reason {
        self
    }
}

/// What takes long to find out is found out only for a problem that is told.
impl<F: FnOnce() -> Reason> Because for F {
    fn reason(self) -> Reason {
        self()
    }
}

/// Why something in a configuration file is wrong, as [`estatus_core::text!`] says it.
macro_rules! reason {
    ($($said:tt)*) => { estatus_core::text!("config" $($said)*) };
}
pub(crate) use reason;

/// What is to be said of an import, as [`estatus_core::text!`] says it.
macro_rules! note {
    ($($said:tt)*) => { estatus_core::text!("import" $($said)*) };
}
pub(crate) use note;

#[cfg(test)]
mod tests {
    use estatus_core::config::Language;

    #[test]
    fn a_reason_is_told_in_either_language_with_what_stands_in_it() {
        let reason = reason!("expected_instead_of_text", what = reason!("a.duration"), found = "soon {what}");
        assert_eq!(reason.in_words(Language::English), "expected a duration like \"5m\", found \"soon {what}\"");
        assert_eq!(
            reason.in_words(Language::Spanish),
            "se esperaba una duración como \"5m\", se encontró \"soon {what}\""
        );
    }
}
