//! The encodings in which programs write.

use serde::{Deserialize, Serialize};

/// In which encoding a program writes what is read of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputEncoding {
    /// UTF-8, or else what fits best line by line: on Windows UTF-16, the code page of consoles or that of windows.
    #[default]
    Auto,
    /// This code page, by the number that Windows gives it (Code Page Identifiers).
    CodePage(u16),
}

/// Every code page that can be named, with its name.
const CODE_PAGES: [(&str, u16); 33] = [
    ("utf-8", 65001),
    ("utf-16", 1200),
    ("cp437", 437),
    ("cp720", 720),
    ("cp737", 737),
    ("cp775", 775),
    ("cp850", 850),
    ("cp852", 852),
    ("cp855", 855),
    ("cp857", 857),
    ("cp858", 858),
    ("cp860", 860),
    ("cp861", 861),
    ("cp862", 862),
    ("cp863", 863),
    ("cp864", 864),
    ("cp865", 865),
    ("cp866", 866),
    ("cp869", 869),
    ("windows-874", 874),
    ("windows-1250", 1250),
    ("windows-1251", 1251),
    ("windows-1252", 1252),
    ("windows-1253", 1253),
    ("windows-1254", 1254),
    ("windows-1255", 1255),
    ("windows-1256", 1256),
    ("windows-1257", 1257),
    ("windows-1258", 1258),
    ("shift_jis", 932),
    ("gbk", 936),
    ("euc-kr", 949),
    ("big5", 950),
];

impl OutputEncoding {
    /// The names that there are.
    pub fn names() -> impl Iterator<Item = &'static str> {
        std::iter::once("auto").chain(CODE_PAGES.iter().map(|(name, _)| *name))
    }

    /// The encoding of this name.
    pub fn named(name: &str) -> Option<Self> {
        if name == "auto" {
            return Some(Self::Auto);
        }
        CODE_PAGES.iter().find(|(known, _)| *known == name).map(|(_, page)| Self::CodePage(*page))
    }
}
