//! Escape sequences, as terminals know them (ECMA-48, 5.3 to 5.6, and what xterm makes of them).

use memchr::memchr;

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;

/// Takes escape sequences out of a stream, however that is cut into pieces.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Escapes {
    /// In text.
    #[default]
    Text,
    /// Behind ESC.
    Begun,
    /// In a control sequence (`ESC [`), which ends with a letter or the like: colours are some of them.
    Control,
    /// In a string (`ESC ]`, `ESC P` …), which ends with BEL or `ESC \\`: titles and links are some of them.
    String,
    /// Behind ESC in a string.
    StringEnds,
}

impl Escapes {
    /// `bytes` without sequences. What is left has its place in `plain` where it is not all of them.
    pub(super) fn without<'b>(&mut self, bytes: &'b [u8], plain: &'b mut Vec<u8>) -> &'b [u8] {
        if matches!(self, Self::Text) && memchr(ESC, bytes).is_none() {
            return bytes;
        }
        let mut rest = bytes;
        while let Some((&byte, after)) = rest.split_first() {
            if matches!(self, Self::Text) {
                let (text, escaped) = rest.split_at(memchr(ESC, rest).unwrap_or(rest.len()));
                plain.extend_from_slice(text);
                rest = escaped;
                if !text.is_empty() {
                    continue;
                }
            }
            if self.is_text(byte) {
                plain.push(byte);
            }
            rest = after;
        }
        plain
    }

    /// Takes the next byte; whether it is text. No sequence goes on over the end of a line.
    fn is_text(&mut self, byte: u8) -> bool {
        let next = match (*self, byte) {
            (_, b'\n') => Self::Text,
            (Self::Text, ESC) | (Self::Begun | Self::Control, ESC) => Self::Begun,
            (Self::Text, _) => return true,
            (Self::Begun, b'[') => Self::Control,
            (Self::Begun, b']' | b'P' | b'X' | b'^' | b'_') => Self::String,
            // Intermediate bytes, as in the choice of a character set.
            (Self::Begun, b' '..=b'/') => Self::Begun,
            // Parameters and intermediate bytes.
            (Self::Control, b' '..=b'?') => Self::Control,
            (Self::Begun | Self::Control, _) => Self::Text,
            (Self::String, BEL) | (Self::StringEnds, b'\\') => Self::Text,
            (Self::String | Self::StringEnds, ESC) => Self::StringEnds,
            (Self::String | Self::StringEnds, _) => Self::String,
        };
        *self = next;
        byte == b'\n'
    }
}
