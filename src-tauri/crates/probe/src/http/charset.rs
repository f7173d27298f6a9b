//! Reads bytes as the text that they are meant to be.

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};
use http::{HeaderMap, header};

/// How far into a page a charset may be declared (the HTML standard, "prescan a byte stream").
const PRESCAN: usize = 1024;

/// Reads a body piece by piece: by the mark at its start, else by the charset of its header, else by what it declares
/// itself if it is HTML or XML, else as UTF-8.
///
/// The mark goes first, as the Encoding standard has it: no text of another charset begins with these bytes.
pub(super) struct Reader {
    decoder: Option<Decoder>,
    /// The start, until it is known how to read it.
    start: Vec<u8>,
}

impl Reader {
    /// A reader of the body that `headers` lead.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let kind = content_type(headers);
        let known = declared(&kind).or_else(|| (!may_declare(&kind)).then_some(UTF_8));
        Self { decoder: known.map(Encoding::new_decoder), start: Vec::new() }
    }

    /// Appends what `bytes`, which come next, say to `text`.
    pub(super) fn push(&mut self, bytes: &[u8], text: &mut String) {
        match &mut self.decoder {
            Some(decoder) => decode(decoder, bytes, text, false),
            None => {
                self.start.extend_from_slice(bytes);
                if self.start.len() >= PRESCAN {
                    self.begin(text, false);
                }
            }
        }
    }

    /// Appends what is left at the end to `text`.
    pub(super) fn finish(&mut self, text: &mut String) {
        match &mut self.decoder {
            Some(decoder) => decode(decoder, &[], text, true),
            None => self.begin(text, true),
        }
    }

    fn begin(&mut self, text: &mut String, is_last: bool) {
        let start = std::mem::take(&mut self.start);
        let encoding = declared_within(start.get(..PRESCAN).unwrap_or(&start)).unwrap_or(UTF_8);
        let decoder = self.decoder.insert(encoding.new_decoder());
        decode(decoder, &start, text, is_last);
    }
}

/// All of `bytes` as JSON is read: as UTF-8, whatever the header says (RFC 8259, section 8.1), unless it is none. A mark
/// at the start is no part of it.
pub(super) fn json(bytes: &[u8], headers: &HeaderMap) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text).to_owned(),
        Err(_) => declared(&content_type(headers)).unwrap_or(UTF_8).decode(bytes).0.into_owned(),
    }
}

fn decode(decoder: &mut Decoder, bytes: &[u8], text: &mut String, is_last: bool) {
    let mut rest = bytes;
    loop {
        text.reserve(decoder.max_utf8_buffer_length(rest.len()).unwrap_or(rest.len()));
        let (result, read, _) = decoder.decode_to_string(rest, text, is_last);
        rest = rest.get(read..).unwrap_or_default();
        if result == CoderResult::InputEmpty {
            return;
        }
    }
}

fn content_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
    value.unwrap_or_default().to_ascii_lowercase()
}

/// Whether a body of this type may say itself what its charset is.
fn may_declare(content_type: &str) -> bool {
    content_type.is_empty() || content_type.contains("html") || content_type.contains("xml")
}

/// The charset in a content type, in lower case, if there is one that is known.
fn declared(content_type: &str) -> Option<&'static Encoding> {
    let charset = content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        (name.trim() == "charset").then(|| value.trim().trim_matches(['"', '\'']))
    })?;
    Encoding::for_label_no_replacement(charset.as_bytes())
}

/// The charset that HTML or XML declares for itself. Whoever can read the declaration does not read UTF-16.
fn declared_within(start: &[u8]) -> Option<&'static Encoding> {
    let start = String::from_utf8_lossy(start).to_ascii_lowercase();
    let label = if start.starts_with("<?xml") {
        let (declaration, _) = start.split_once("?>")?;
        value_after(declaration, "encoding")?
    } else {
        meta_charset(&start)?
    };
    let encoding = Encoding::for_label_no_replacement(label.as_bytes())?;
    Some(match encoding {
        utf16 if utf16 == UTF_16LE || utf16 == UTF_16BE => UTF_8,
        own if own == X_USER_DEFINED => WINDOWS_1252,
        encoding => encoding,
    })
}

/// What the first `<meta>` that speaks of a charset says: `charset="…"`, or `content="text/html; charset=…"`.
fn meta_charset(html: &str) -> Option<&str> {
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = rest.get(at..)?;
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->")?.1;
            continue;
        }
        let end = rest.find('>').unwrap_or(rest.len());
        let (tag, after) = rest.split_at(end);
        let is_meta =
            tag.strip_prefix("<meta").is_some_and(|tag| tag.starts_with(|c: char| c.is_whitespace() || c == '/'));
        if let Some(label) = is_meta.then(|| value_after(tag, "charset")).flatten() {
            return Some(label);
        }
        rest = after;
    }
    None
}

/// The value of `name`, quoted or not, in a tag.
fn value_after<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = tag;
    loop {
        rest = rest.split_once(name)?.1;
        let Some(value) = rest.trim_start().strip_prefix('=') else { continue };
        let value = value.trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        return match quote {
            Some(quote) => value.get(1..)?.split(quote).next(),
            None => value.split(|c: char| c.is_whitespace() || matches!(c, ';' | '"' | '\'' | '/' | '>')).next(),
        };
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(content_type: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if !content_type.is_empty() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap());
        }
        headers
    }

    /// What is read of `bytes` when they come in pieces of `size`.
    fn read(content_type: &str, bytes: &[u8], size: usize) -> String {
        let mut reader = Reader::of(&headers(content_type));
        let mut text = String::new();
        bytes.chunks(size).for_each(|piece| reader.push(piece, &mut text));
        reader.finish(&mut text);
        text
    }

    #[test]
    fn a_body_is_read_by_its_mark_its_header_its_own_word_or_as_utf8() {
        let check = |content_type: &str, bytes: &[u8], text: &str| {
            for size in [1, 2, 3, 1000] {
                assert_eq!(read(content_type, bytes, size), text, "{content_type} {size}");
            }
        };
        check("", "mañana".as_bytes(), "mañana");
        check("text/html; charset=ISO-8859-1", b"ma\xf1ana", "mañana");
        check("text/html;charset=\"windows-1251\"", b"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет");
        check("text/plain; format=flowed; Charset='gbk'", b"\xc4\xe3\xba\xc3", "你好");
        check("text/html; charset=shift_jis", b"\x93\xfa\x96\x7b", "日本");
        check("text/html; charset=utf-16le", b"h\0i\0", "hi");
        check("text/html; charset=nonsense", "ñ".as_bytes(), "ñ");
        check("text/html; charset", "ñ".as_bytes(), "ñ");
        check("", b"\xef\xbb\xbfma\xc3\xb1ana", "mañana");
        check("text/html; charset=iso-8859-1", b"\xef\xbb\xbfma\xc3\xb1ana", "mañana");
        check("text/plain", b"\xff\xfeh\0i\0", "hi");
        check("", b"\xfe\xff\0h\0i", "hi");
        check("text/html", b"<html><META CharSet = latin1>ma\xf1ana", "<html><META CharSet = latin1>mañana");
        let old = "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=windows-1252\"/>";
        check("text/html", &[old.as_bytes(), b"\x80"].concat(), &format!("{old}€"));
        check("text/html", b"<!-- <meta charset=latin1> -->\xc3\xb1", "<!-- <meta charset=latin1> -->ñ");
        check("text/html", b"<metal charset=latin1>\xc3\xb1", "<metal charset=latin1>ñ");
        check("text/html", b"<meta charset=utf-16>\xc3\xb1", "<meta charset=utf-16>ñ");
        check("text/html; charset=utf-8", b"<meta charset=latin1>\xc3\xb1", "<meta charset=latin1>ñ");
        check("text/plain", b"<meta charset=latin1>\xc3\xb1", "<meta charset=latin1>ñ");
        let xml = "<?xml version='1.0' encoding='ISO-8859-1'?>";
        check("application/rss+xml", &[xml.as_bytes(), b"\xf1"].concat(), &format!("{xml}ñ"));
        check("text/html", b"", "");
        check("text/html", b"\xff ok", "\u{fffd} ok");
    }

    #[test]
    fn a_declaration_beyond_the_start_is_not_looked_for() {
        let page = format!("{}<meta charset=latin1>ñ", " ".repeat(PRESCAN));
        assert_eq!(read("text/html", page.as_bytes(), 100), page);
    }

    #[test]
    fn json_is_utf8_whatever_its_header_says_unless_it_is_none() {
        let check = |content_type: &str, bytes: &[u8], text: &str| {
            assert_eq!(json(bytes, &headers(content_type)), text);
        };
        check("application/json", b"\xef\xbb\xbf{}", "{}");
        check("application/json; charset=latin1", "\"ñ\"".as_bytes(), "\"ñ\"");
        check("application/json; charset=latin1", b"\"\xf1\"", "\"ñ\"");
        check("application/json", b"\xff\xfe[\0]\0", "[]");
    }
}
