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

/// The text of `lang/` under a section and a key in it. What stands in its places is named, or is the variable of that name.
macro_rules! text {
    (@part $name:ident) => { $crate::reason::Part::from($name) };
    (@part $name:ident $value:expr) => { $crate::reason::Part::from($value) };
    ($section:literal $key:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::reason::Reason::new(
            concat!($section, ".", $key),
            vec![$((stringify!($name), $crate::reason::text!(@part $name $($value)?))),*],
        )
    };
}
pub(crate) use text;

/// Why something in a configuration file is wrong, as [`text!`] says it.
macro_rules! reason {
    ($($said:tt)*) => { $crate::reason::text!("config" $($said)*) };
}
pub(crate) use reason;

/// What is to be said of an import, as [`text!`] says it.
macro_rules! note {
    ($($said:tt)*) => { $crate::reason::text!("import" $($said)*) };
}
pub(crate) use note;

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use estatus_core::config::Language;

    /// All that stands in the files of `folder`.
    fn sources(folder: &Path) -> String {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| if path.is_dir() { sources(&path) } else { fs::read_to_string(&path).unwrap() }).collect()
    }

    /// Every text that is written in the sources is there, and every text that is there is written somewhere.
    #[test]
    fn no_text_is_missing_and_none_is_left_over() {
        let source = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
        let sections: serde_json::Value = serde_json::from_str(include_str!("../../../../lang/en.json")).unwrap();
        for (section, begins) in [("config", "reason!(\""), ("import", "note!(\"")] {
            let used = source.split(begins).skip(1).filter_map(|rest| rest.split_once('"'));
            let used: BTreeSet<String> = used.map(|(key, _)| format!("{section}.{key}")).collect();
            let there = sections[section].as_object().unwrap().keys();
            let there: BTreeSet<String> = there.filter(|key| !key.ends_with(".one")).cloned().collect();
            assert_eq!(used, there);
        }
    }

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
