//! What a program writes, as UTF-8.
//!
//! A program for Windows may write in the code page of consoles, which most commands of the system take; in that of
//! windows, which Python takes for a pipe; in UTF-8 or in UTF-16. Nothing tells which: it is seen in what it writes, line
//! by line. Of the two code pages the one is taken in which the line reads like words.

use std::{borrow::Cow, ops::Range};

use encoding_rs::{Encoding, UTF_16LE};
use estatus_core::encoding::OutputEncoding;
use memchr::{memchr, memchr_iter};
use oem_cp::{
    code_table::{DECODING_TABLE_CP_MAP, ENCODING_TABLE_CP_MAP},
    code_table_type::TableType,
};

const UTF_8: u16 = 65001;
const UTF_16: u16 = 1200;
/// What a text in UTF-16 may begin with.
const BOM: &[u8] = &[0xff, 0xfe];

/// The code pages of a system: none of its own where everything is written in UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CodePages {
    /// Of consoles ("OEM").
    pub(crate) console: Option<u16>,
    /// Of windows ("ANSI").
    pub(crate) windows: Option<u16>,
}

/// Makes UTF-8 of what is written in an encoding. The same bytes always make the same text.
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
        if !self.is_utf16() {
            return whole_characters_of_utf8(text);
        }
        let (units, _) = text.as_chunks::<2>();
        let is_half = units.last().is_some_and(|&last| (0xd800..0xdc00).contains(&u16::from_le_bytes(last)));
        2 * (units.len() - usize::from(is_half))
    }

    fn is_utf16(&self) -> bool {
        self.encoding == OutputEncoding::CodePage(UTF_16)
    }

    /// One line in UTF-8. What is in no known encoding stays as it is.
    pub(crate) fn line<'l>(&self, line: &'l [u8]) -> Cow<'l, [u8]> {
        match self.encoding {
            OutputEncoding::CodePage(UTF_8) => Cow::Borrowed(line),
            OutputEncoding::CodePage(UTF_16) => into_bytes(utf16(line)),
            OutputEncoding::CodePage(page) => decoded(page, line).map_or(Cow::Borrowed(line), into_bytes),
            OutputEncoding::Auto => self.guessed(line),
        }
    }

    fn guessed<'l>(&self, line: &'l [u8]) -> Cow<'l, [u8]> {
        if self.pages.windows.is_some() && (line == [0] || is_utf16(line)) {
            return from_cut_utf16(line);
        }
        if std::str::from_utf8(line).is_ok() {
            return Cow::Borrowed(line);
        }
        let texts =
            [self.pages.console, self.pages.windows].into_iter().flatten().filter_map(|page| decoded(page, line));
        // Of two that read as well the first is taken.
        let best = texts.rev().max_by_key(|text| likeness(text));
        best.map_or(Cow::Borrowed(line), into_bytes)
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
            let lines = bytes.split_inclusive(|&byte| byte == b'\n').map(|line| self.line(line));
            lines.flat_map(Cow::into_owned).collect()
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

/// How much a text reads like words: letters beside letters of their kind speak for it, and signs that no text has against.
fn likeness(text: &str) -> i32 {
    let characters: Vec<char> = text.chars().collect();
    let at = |index: Option<usize>| index.and_then(|index| characters.get(index)).copied().unwrap_or(' ');
    let judged = characters.iter().enumerate().filter(|(_, character)| !character.is_ascii());
    judged.map(|(index, &character)| judge(at(index.checked_sub(1)), character, at(Some(index + 1)))).sum()
}

fn judge(before: char, character: char, after: char) -> i32 {
    let beside = [before, after];
    match character {
        '\u{80}'..='\u{9f}' | '\u{fffd}' => -8,
        // Ordinals stand behind a number or a letter, and turned marks before a word.
        'ª' | 'º' | '°' => {
            if before.is_alphanumeric() {
                1
            } else {
                -2
            }
        }
        '¡' | '¿' => {
            if after.is_alphabetic() && !before.is_alphanumeric() {
                3
            } else {
                -2
            }
        }
        '«' | '»' | '“' | '”' | '‘' | '’' | '–' | '—' | '…' | '€' | '·' => 0,
        '\u{2500}'..='\u{25ff}' => {
            if beside.iter().any(|other| other.is_alphabetic()) {
                -3
            } else {
                1
            }
        }
        _ if !character.is_alphabetic() => -2,
        _ if character.is_uppercase() && before.is_lowercase() => -2,
        _ if character.is_lowercase() && before.is_uppercase() && after.is_uppercase() => -2,
        _ => beside.iter().map(|other| if other.is_alphabetic() { 2 } else { 0 }).sum::<i32>() + 1,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    const SPANISH: CodePages = CodePages { console: Some(850), windows: Some(1252) };

    fn auto(pages: CodePages) -> Decoder {
        Decoder::new(OutputEncoding::Auto, pages)
    }

    #[test]
    fn a_line_is_read_in_the_encoding_it_was_written_in() {
        let lines = [
            "ñandú",
            "¡Hola, mañana!",
            "Conexión rechazada: contraseña errónea",
            "¿Está en línea el número 3º?",
            "ÁREA DE MONTAÑA",
            "El volumen de la unidad C no tiene etiqueta. Número de serie: 1º",
            "Größe der Straße: übermäßig",
            "déjà vu à l'hôtel, ça va",
            "coração, não, informações",
            "1 archivo(s) copiado(s) en línea.",
        ];
        for line in lines {
            for page in [65001, 850, 1252, 1200] {
                let bytes = encoded(page, line).unwrap_or_else(|| panic!("{line} has no form in {page}"));
                let read = auto(SPANISH).line(&bytes).into_owned();
                assert_eq!(String::from_utf8_lossy(&read), line, "{page}");
            }
        }
    }

    #[test]
    fn a_russian_and_a_japanese_console_are_read_too() {
        let check = |pages: CodePages, page: u16, line: &str| {
            let bytes = encoded(page, line).unwrap();
            assert_eq!(String::from_utf8_lossy(&auto(pages).line(&bytes)), line, "{page}");
        };
        let russian = CodePages { console: Some(866), windows: Some(1251) };
        check(russian, 866, "Не удается найти указанный файл");
        check(russian, 1251, "Не удается найти указанный файл");
        let japanese = CodePages { console: Some(932), windows: Some(932) };
        check(japanese, 932, "指定されたファイルが見つかりません。");
    }

    #[test]
    fn what_is_utf_8_or_nothing_at_all_stays_as_it_is() {
        let none = CodePages { console: None, windows: None };
        for bytes in [&b"plain"[..], "año".as_bytes(), b"", b"a\xffb", b"a\0b", b"\0a"] {
            assert_eq!(auto(none).line(bytes), bytes, "{bytes:?}");
        }
        assert_eq!(auto(SPANISH).line(b"plain"), &b"plain"[..]);
    }

    #[test]
    fn lines_of_utf_16_are_read_although_they_are_cut_at_bytes() {
        let whole: Vec<u8> = "\u{feff}uno\r\ndos ñ\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(auto(SPANISH).text(whole), "uno\r\ndos ñ\r\n");
    }

    #[test]
    fn what_says_that_it_is_utf_16_is_read_so_whatever_its_letters() {
        let whole: Vec<u8> = "\u{feff}上へ\r\n一 \u{a0a}😀\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(auto(SPANISH).text(whole), "上へ\r\n一 \u{a0a}😀\r\n");
    }

    #[test]
    fn a_named_encoding_is_not_guessed_at() {
        let named = |name: &str| Decoder::new(OutputEncoding::named(name).unwrap(), SPANISH);
        // These bytes are UTF-8 as well.
        assert_eq!(named("windows-1252").text(vec![0xc3, 0xb1]), "Ã±");
        assert_eq!(named("utf-8").text(vec![0xc3, 0xb1]), "ñ");
        assert_eq!(named("cp850").text(vec![0xa4]), "ñ");
    }

    #[test]
    fn every_encoding_that_can_be_named_is_known() {
        for name in OutputEncoding::names() {
            let decoder = Decoder::new(OutputEncoding::named(name).unwrap(), SPANISH);
            assert!(decoder.forms("ready").iter().any(|form| decoder.text(form.clone()) == "ready"), "{name}");
        }
    }

    #[test]
    fn a_text_that_is_waited_for_is_looked_for_in_every_form() {
        let forms = auto(SPANISH).forms("año");
        assert_eq!(forms.len(), 4, "{forms:?}");
        assert_eq!(auto(SPANISH).forms("ready").len(), 2);
        assert_eq!(auto(CodePages { console: None, windows: None }).forms("año").len(), 1);
    }
}
