//! Command lines as programs of Windows take them apart.

use std::ffi::{OsStr, OsString};

/// The line that starts `program` with `arguments`.
pub fn command_line(program: &OsStr, arguments: &[OsString]) -> String {
    words([program].into_iter().chain(arguments.iter().map(OsString::as_os_str)))
}

/// What of a line says these words.
pub fn words<'a>(words: impl IntoIterator<Item = &'a OsStr>) -> String {
    words.into_iter().map(|word| quoted(&word.to_string_lossy())).collect::<Vec<_>>().join(" ")
}

/// A word in quotation marks. None of Windows' paths has one in it, but one may end with the backslash that would take its
/// meaning from the last.
fn quoted(word: &str) -> String {
    let backslashes = word.len() - word.trim_end_matches('\\').len();
    format!("\"{word}{}\"", "\\".repeat(backslashes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_stays_one_word() {
        let check = |arguments: &[&str], line: &str| {
            let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
            assert_eq!(command_line(r"C:\Program Files\Estatus\estatus-tray.exe".as_ref(), &arguments), line);
        };
        check(&[], r#""C:\Program Files\Estatus\estatus-tray.exe""#);
        check(&["--data", r"D:\"], r#""C:\Program Files\Estatus\estatus-tray.exe" "--data" "D:\\""#);
        check(&[r"C:\a b", "--hidden"], r#""C:\Program Files\Estatus\estatus-tray.exe" "C:\a b" "--hidden""#);
    }
}
