//! Secrets on their way to where they are kept. None ever comes back.

use estatus_core::secret::{Secret, StoredIn};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::Section;

/// A secret that is to be stored. It is in one frame, that of the client, and shows itself to no log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretText(pub Secret);

impl SecretText {
    /// Takes `text` into custody.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Secret::new(text))
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.reveal())
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // What was found in the place of a text may be the secret, and errors are told.
        String::deserialize(deserializer).map(Self::new).map_err(|_| D::Error::custom("a secret must be a text"))
    }
}

/// Whether a secret is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SecretState {
    /// Its name.
    pub name: String,
    /// Where it is; nothing if none is stored under that name.
    pub stored: Option<StoredIn>,
    /// Why it is not known whether there is one.
    pub trouble: Option<String>,
    /// What the configuration file has that names it, in the order of the sections and of the file; nothing while the file
    /// cannot be read.
    pub used_by: Option<Vec<SecretUser>>,
}

/// An entry of the configuration file that names a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SecretUser {
    /// The part of the file; the table `[email]` is a channel.
    pub section: Section,
    /// Its name; empty if it has none yet.
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClientFrame, Request};

    #[test]
    fn a_secret_is_in_the_frame_that_brings_it_and_in_nothing_that_is_told_of_it() {
        let value = SecretText::new("hunter2");
        let frame = ClientFrame { id: 1, request: Request::StoreSecret { name: "smtp".to_owned(), value } };
        let json = serde_json::to_string(&frame).unwrap();
        assert_eq!(json, r#"{"id":1,"request":{"request":"store_secret","of":{"name":"smtp","value":"hunter2"}}}"#);
        let read: ClientFrame = serde_json::from_str(&json).unwrap();
        assert_eq!(read, frame);
        assert!(!format!("{read:?} {read:#?}").contains("hunter2"));
    }

    #[test]
    fn a_frame_that_is_wrong_says_nothing_of_the_secret_in_it() {
        for value in ["4711", "[\"4711\"]", "{\"4711\": 1}", "\"4711\\u\"", "\"4711"] {
            for frame in [
                format!(r#"{{"id":1,"request":{{"request":"store_secret","of":{{"name":"smtp","value":{value}}}}}}}"#),
                format!(r#"{{"id":1,"request":{{"of":{{"value":{value},"name":5}},"request":"store_secret"}}}}"#),
            ] {
                let error = serde_json::from_str::<ClientFrame>(&frame).unwrap_err().to_string();
                assert!(!error.contains("4711"), "{error}");
            }
        }
    }
}
