//! What a program writes, as UTF-8.
//!
//! A program for Windows may write in the code page of consoles, which most commands of the system take; in that of
//! windows, which Python takes for a pipe; in UTF-8 or in UTF-16. Nothing tells which: it is seen in what it writes, line
//! by line. Of the two code pages the one is taken in which the line reads like words and, where it does so in both, the
//! one that the program was last seen to write in.

mod likeness;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, ops::Range};

use encoding_rs::{Encoding, UTF_16LE};
use estatus_core::encoding::OutputEncoding;
use memchr::{memchr, memchr_iter};
use oem_cp::{
    code_table::{DECODING_TABLE_CP_MAP, ENCODING_TABLE_CP_MAP},
    code_table_type::TableType,
};

use self::likeness::likeness;

const UTF_8: u16 = 65001;
const UTF_16: u16 = 1200;
/// What a text in UTF-16 may begin with.
const BOM: &[u8] = &[0xff, 0xfe];
/// A line that reads better by no more than this may be in either code page.
const CLOSE: u32 = 4;

/// The code pages of a system: none of its own where everything is written in UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CodePages {
    /// Of consoles ("OEM").
    pub(crate) console: Option<u16>,
    /// Of windows ("ANSI").
    pub(crate) windows: Option<u16>,
}

/// One of the two code pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    Console,
    Windows,
}

/// Makes UTF-8 of what is written in an encoding. The same bytes make the same text wherever the same page was
/// seen before.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Decoder {
    encoding: OutputEncoding,
    pages: CodePages,
}

impl Decoder {
    pub(crate) const fn new(encoding: OutputEncoding, pages: CodePages) -> Self {
        Self { encoding, pages }
    }

    /// Whether lines of `bytes` stay as they are.
    pub(crate) fn leaves(&self, bytes: &[u8]) -> bool {
        match self.encoding {
            OutputEncoding::CodePage(page) => page == UTF_8,
            OutputEncoding::Auto if self.pages == CodePages::default() => true,
            OutputEncoding::Auto => memchr(0, bytes).is_none() && std::str::from_utf8(bytes).is_ok(),
        }
    }

    /// The line ends in `text`, which begins where a character does.
    pub(crate) fn line_ends<'t>(&self, text: &'t [u8]) -> impl Iterator<Item = Range<usize>> + use<'t> {
        let in_units = self.is_utf16();
        memchr_iter(b'\n', text).filter_map(move |at| {
            let is_end = !in_units || (at % 2 == 0 && text.get(at + 1) == Some(&0));
            is_end.then_some(at..at + if in_units { 2 } else { 1 })
        })
    }

    /// `text` without a return at its end, which may be the first half of a line end.
    pub(crate) fn without_return<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let end: &[u8] = if self.is_utf16() { b"\r\0" } else { b"\r" };
        text.strip_suffix(end).unwrap_or(text)
    }

    /// The length of `text`, which begins where a character does, without a character at its end that was cut in two.
    pub(crate) fn whole_characters(&self, text: &[u8]) -> usize {
        match self.encoding {
            OutputEncoding::CodePage(page) => whole_characters_of(page, text),
            OutputEncoding::Auto => {
                let is_utf8 = std::str::from_utf8(text).map_or_else(|error| error.error_len().is_none(), |_| true);
                let page = self.pages.console.or(self.pages.windows).filter(|_| !is_utf8);
                whole_characters_of(page.unwrap_or(UTF_8), text)
            }
        }
    }

    fn is_utf16(&self) -> bool {
        self.encoding == OutputEncoding::CodePage(UTF_16)
    }

    /// One line in UTF-8. What is in no known encoding stays as it is. `seen` is the page of the last line that could be in no
    /// other.
    pub(crate) fn line<'l>(&self, line: &'l [u8], seen: &mut Option<Page>) -> Cow<'l, [u8]> {
        match self.encoding {
            OutputEncoding::CodePage(UTF_8) => Cow::Borrowed(line),
            OutputEncoding::CodePage(UTF_16) => into_bytes(utf16(line)),
            OutputEncoding::CodePage(page) => decoded(page, line).map_or(Cow::Borrowed(line), into_bytes),
            OutputEncoding::Auto => self.guessed(line, seen),
        }
    }

    fn guessed<'l>(&self, line: &'l [u8], seen: &mut Option<Page>) -> Cow<'l, [u8]> {
        if self.pages.windows.is_some() && (line == [0] || is_utf16(line)) {
            return from_cut_utf16(line);
        }
        if std::str::from_utf8(line).is_ok() {
            return Cow::Borrowed(line);
        }
        let [console, windows] = [self.pages.console, self.pages.windows].map(|page| decoded(page?, line));
        match (console, windows) {
            (Some(console), Some(windows)) => into_bytes(better(console, windows, seen)),
            (Some(text), None) | (None, Some(text)) => into_bytes(text),
            (None, None) => Cow::Borrowed(line),
        }
    }

    /// All of a text: line by line, unless it says by its beginning that it is in UTF-16.
    pub(crate) fn text(&self, bytes: Vec<u8>) -> String {
        let says_utf16 =
            self.encoding == OutputEncoding::Auto && self.pages.windows.is_some() && bytes.starts_with(BOM);
        let text = if self.leaves(&bytes) {
            bytes
        } else if self.is_utf16() || says_utf16 {
            utf16(&bytes).into_bytes()
        } else {
            let lines = || bytes.split_inclusive(|&byte| byte == b'\n');
            let mut seen = None;
            // What comes before the first line that tells is in that page too.
            let mut ahead = lines();
            while seen.is_none()
                && let Some(line) = ahead.next()
            {
                self.line(line, &mut seen);
            }
            lines().flat_map(|line| self.line(line, &mut seen).into_owned()).collect()
        };
        String::from_utf8(text).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }

    /// `text` in every encoding in which it may be written.
    pub(crate) fn forms(&self, text: &str) -> Vec<Vec<u8>> {
        let pages = match self.encoding {
            OutputEncoding::CodePage(page) => vec![page],
            OutputEncoding::Auto => {
                let utf16 = self.pages.windows.map(|_| UTF_16);
                [Some(UTF_8), self.pages.console, self.pages.windows, utf16].into_iter().flatten().collect()
            }
        };
        let mut forms: Vec<Vec<u8>> = pages.into_iter().filter_map(|page| encoded(page, text)).collect();
        forms.sort_unstable();
        forms.dedup();
        if forms.is_empty() { vec![text.into()] } else { forms }
    }
}

/// The one that reads more like words, or, where both do, the one in the page that was `seen`.
fn better(console: String, windows: String, seen: &mut Option<Page>) -> String {
    let ahead = likeness(&console) - likeness(&windows);
    let likelier = if ahead < 0 { Page::Windows } else { Page::Console };
    if ahead.unsigned_abs() > CLOSE {
        *seen = Some(likelier);
    }
    match seen.unwrap_or(likelier) {
        Page::Console => console,
        Page::Windows => windows,
    }
}

fn into_bytes<'t>(text: String) -> Cow<'t, [u8]> {
    Cow::Owned(text.into_bytes())
}

/// `bytes` in a code page; nothing where that is unknown.
fn decoded(page: u16, bytes: &[u8]) -> Option<String> {
    if let Some(table) = DECODING_TABLE_CP_MAP.get(&page) {
        return Some(match table {
            TableType::Complete(_) | TableType::Incomplete(_) => table.decode_string_lossy(bytes),
        });
    }
    let encoding = encoding_of(page)?;
    Some(encoding.decode_without_bom_handling(bytes).0.into_owned())
}

/// `text` in a code page; nothing where that is unknown, or has not all of it.
fn encoded(page: u16, text: &str) -> Option<Vec<u8>> {
    match page {
        UTF_8 => Some(text.into()),
        UTF_16 => Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        _ => match ENCODING_TABLE_CP_MAP.get(&page) {
            Some(table) => oem_cp::encode_string_checked(text, table),
            None => {
                let (bytes, _, is_cut) = encoding_of(page)?.encode(text);
                (!is_cut).then(|| bytes.into_owned())
            }
        },
    }
}

fn encoding_of(page: u16) -> Option<&'static Encoding> {
    codepage::to_encoding(page)
}

/// Whether every other byte is nought, as in UTF-16 with letters like these. A line that was cut at a byte like a line end
/// begins with the other half of that.
fn is_utf16(line: &[u8]) -> bool {
    let line = without_half(line);
    let (units, rest) = line.as_chunks::<2>();
    let is_letter = |unit: &&[u8; 2]| unit[1] == 0 && unit[0] != 0;
    !units.is_empty() && rest.len() <= 1 && 4 * units.iter().filter(is_letter).count() >= 3 * units.len()
}

/// A line that was cut at a byte like a line end.
fn from_cut_utf16(line: &[u8]) -> Cow<'_, [u8]> {
    let line = without_half(line);
    // Of a line end, the half that stands before the place where the line was cut.
    let (line, end) = match line.as_chunks::<2>() {
        (_, [end @ (b'\n' | b'\r')]) => (&line[..line.len() - 1], Some(char::from(*end))),
        _ => (line, None),
    };
    let mut text = utf16(line);
    text.extend(end);
    into_bytes(text)
}

fn utf16(text: &[u8]) -> String {
    UTF_16LE.decode_without_bom_handling(text.strip_prefix(BOM).unwrap_or(text)).0.into_owned()
}

fn without_half(line: &[u8]) -> &[u8] {
    line.strip_prefix(&[0]).unwrap_or(line)
}

fn whole_characters_of(page: u16, text: &[u8]) -> usize {
    match page {
        UTF_8 => whole_characters_of_utf8(text),
        UTF_16 => {
            let (units, _) = text.as_chunks::<2>();
            let is_half = units.last().is_some_and(|&last| (0xd800..0xdc00).contains(&u16::from_le_bytes(last)));
            2 * (units.len() - usize::from(is_half))
        }
        _ => text.len() - usize::from(ends_in_first_of_two(page, text)),
    }
}

/// Whether `text` ends in the first byte of a character that has two.
fn ends_in_first_of_two(page: u16, text: &[u8]) -> bool {
    let begins = |byte: u8| match page {
        932 => matches!(byte, 0x81..=0x9f | 0xe0..=0xfc),
        936 | 949 | 950 => matches!(byte, 0x81..=0xfe),
        _ => false,
    };
    text.iter().fold(false, |is_second, &byte| !is_second && begins(byte))
}

fn whole_characters_of_utf8(bytes: &[u8]) -> usize {
    const LONGEST: usize = 4;
    let tail = bytes.len().saturating_sub(LONGEST);
    let lead = bytes.iter().skip(tail).rposition(|byte| byte & 0b1100_0000 != 0b1000_0000);
    let is_cut = |lead: &usize| {
        let last = bytes.get(*lead..).unwrap_or_default();
        std::str::from_utf8(last).is_err_and(|error| error.error_len().is_none())
    };
    lead.map(|at| tail + at).filter(is_cut).unwrap_or(bytes.len())
}
