//! What stands in a file, on its way to whoever can read it.

use base64::{Engine, display::Base64Display, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// The bytes of a file, in whatever encoding its text is. They travel in base64 (RFC 4648, section 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileContent(pub Vec<u8>);

impl Serialize for FileContent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Base64Display::new(&self.0, &STANDARD))
    }
}

impl<'de> Deserialize<'de> for FileContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_come_through() {
        let content = FileContent(vec![0, 0xA4, 0xFF]);
        let json = serde_json::to_string(&content).unwrap();
        assert_eq!(json, r#""AKT/""#);
        assert_eq!(serde_json::from_str::<FileContent>(&json).unwrap(), content);
        assert!(serde_json::from_str::<FileContent>(r#""no base64!""#).is_err());
    }
}
