mod words;

use super::*;

const SPANISH: CodePages = CodePages { console: Some(850), windows: Some(1252) };

fn auto(pages: CodePages) -> Decoder {
    Decoder::new(OutputEncoding::Auto, pages)
}

/// A line of a program of which nothing was seen yet.
fn read(pages: CodePages, line: &[u8]) -> Vec<u8> {
    auto(pages).line(line, &mut None).into_owned()
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
            let text = read(SPANISH, &bytes);
            assert_eq!(String::from_utf8_lossy(&text), line, "{page}");
        }
    }
}

#[test]
fn a_russian_and_a_japanese_console_are_read_too() {
    let check = |pages: CodePages, page: u16, line: &str| {
        let bytes = encoded(page, line).unwrap();
        assert_eq!(String::from_utf8_lossy(&read(pages, &bytes)), line, "{page}");
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
        assert_eq!(read(none, bytes), bytes, "{bytes:?}");
    }
    assert_eq!(read(SPANISH, b"plain"), b"plain");
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

#[test]
fn a_word_alone_on_a_line_is_read_in_the_page_it_was_written_in() {
    const WORDS: [(&str, &str, usize); 5] = [
        ("Spanish", words::SPANISH, 0),
        ("German", words::GERMAN, 0),
        ("French", words::FRENCH, 0),
        ("Portuguese", words::PORTUGUESE, 0),
        ("English", words::ENGLISH, 0),
    ];
    for (language, words, most) in WORDS {
        for console in [850, 437] {
            let words = words.split('|').flat_map(|word| [word.to_owned(), capitalised(word)]);
            let wrong: Vec<String> = words.flat_map(|word| misread(console, &word)).collect();
            assert!(wrong.len() <= most, "{language} and {console}: {} are read as {wrong:?}", wrong.len());
        }
    }
}

#[test]
fn few_words_in_capital_letters_are_misread() {
    // In these Spanish has an `Í` where German has an `Ö`, and Portuguese a `Ç` or an `Ã`.
    const WORDS: [(&str, usize); 4] =
        [(words::SPANISH, 1), (words::GERMAN, 2), (words::FRENCH, 2), (words::PORTUGUESE, 4)];
    for (words, most) in WORDS {
        let wrong: Vec<String> = words.split('|').flat_map(|word| misread(850, &word.to_uppercase())).collect();
        assert!(wrong.len() <= most, "{} are read as {wrong:?}", wrong.len());
    }
}

#[test]
fn what_could_be_in_either_page_is_in_that_of_the_lines_before() {
    let check = |page: u16, clear: &str, close: &str| {
        let bytes = encoded(page, close).unwrap();
        let mut seen = None;
        let decoder = auto(SPANISH);
        decoder.line(&encoded(page, clear).unwrap(), &mut seen);
        assert_eq!(String::from_utf8_lossy(&decoder.line(&bytes, &mut seen)), close, "{page}");
        // In a text also that of a later line.
        let text = encoded(page, &format!("{close}\n{clear}\n{close}")).unwrap();
        assert_eq!(decoder.text(text), format!("{close}\n{clear}\n{close}"), "{page}");
    };
    check(1252, "La contraseña no es válida.", "ÚTERO");
    check(850, "La contraseña no es válida.", "Útero");
    check(1252, "Größe: übermäßig", "LÖSUNG");
    check(850, "Sesión iniciada mañana", "VEHÍCULO");
}

#[test]
fn a_program_that_begins_to_write_in_the_other_page_is_read_in_that() {
    let (decoder, mut seen) = (auto(SPANISH), None);
    for page in [850, 1252, 850] {
        let bytes = encoded(page, "Conexión rechazada: contraseña errónea").unwrap();
        let line = decoder.line(&bytes, &mut seen);
        assert_eq!(String::from_utf8_lossy(&line), "Conexión rechazada: contraseña errónea", "{page}");
    }
}

#[test]
fn boxes_that_are_drawn_are_read_as_such() {
    for line in ["┌──────┬───┐", "│ Año  │ 3 │", "├───src", "│   └───índice.txt", "██████░░░░ 60%"]
    {
        let bytes = encoded(850, line).unwrap();
        assert_eq!(String::from_utf8_lossy(&read(SPANISH, &bytes)), line);
    }
}

#[test]
fn no_character_is_cut_in_two() {
    let check = |decoder: Decoder, page: u16, text: &str| {
        let bytes = encoded(page, text).unwrap();
        for cut in 0..=bytes.len() {
            let whole = decoder.whole_characters(&bytes[..cut]);
            let read = String::from_utf8(decoder.line(&bytes[..whole], &mut None).into_owned()).unwrap();
            assert!(text.starts_with(&read) && cut - whole < 4, "{page}, {cut} of {text}: {read}");
        }
    };
    let named = |page| Decoder::new(OutputEncoding::CodePage(page), CodePages::default());
    let of_system = |page| auto(CodePages { console: Some(page), windows: Some(page) });
    for (page, text) in [
        (932, "指定されたファイルが見つかりません。ソ表ｱ"),
        (936, "系统找不到指定的文件。"),
        (949, "지정된 파일을 찾을 수 없습니다."),
        (950, "系統找不到指定的檔案。"),
    ] {
        check(named(page), page, text);
        check(of_system(page), 65001, text);
    }
    check(named(850), 850, "está autorizado ñ");
    check(of_system(932), 932, "ファイルが見つかりません。ソ表ｱ");
    check(of_system(949), 949, "지정된 파일을");
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().into_iter().flat_map(char::to_uppercase).chain(characters).collect()
}

/// What `word` is read as where that is wrong, written in the page of consoles or in that of windows, and nothing was seen
/// before.
fn misread(console: u16, word: &str) -> Vec<String> {
    let pages = CodePages { console: Some(console), windows: Some(1252) };
    let texts = [console, 1252].into_iter().filter_map(|page| encoded(page, word));
    let texts = texts.map(|bytes| String::from_utf8(read(pages, &bytes)).unwrap());
    texts.filter(|text| text != word).collect()
}
