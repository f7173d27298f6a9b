//! Which process is meant.

use serde::{Deserialize, Serialize};

/// A process, so that nobody can be taken for it: a pid means nothing without its start time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ProcessId {
    /// Its number.
    pub pid: u32,
    /// When it started, in the system's own units: clock ticks since boot on Linux, a FILETIME on Windows. It is written
    /// as text, for a FILETIME is more than JavaScript can count.
    #[serde(with = "as_text")]
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub started: u64,
}

/// A whole number, written as text and read as text or number.
mod as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Number(u64),
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
    pub(super) fn serialize<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        match Written::deserialize(deserializer)? {
            Written::Text(text) => text.parse().map_err(D::Error::custom),
            Written::Number(number) => Ok(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_time_is_written_as_text_and_read_as_it_was_written_before_too() {
        let process = ProcessId { pid: 7, started: u64::MAX };
        let text = r#"{"pid":7,"started":"18446744073709551615"}"#;
        assert_eq!(serde_json::to_string(&process).unwrap(), text);
        let check = |text: &str, read: Option<u64>| {
            assert_eq!(serde_json::from_str::<ProcessId>(text).ok().map(|process| process.started), read);
        };
        check(text, Some(u64::MAX));
        check(r#"{"pid":7,"started":133000000000000001}"#, Some(133_000_000_000_000_001));
        check(r#"{"pid":7,"started":"soon"}"#, None);
        check(r#"{"pid":7,"started":-1}"#, None);
    }
}
