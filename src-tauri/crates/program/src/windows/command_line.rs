//! Command lines: how arguments are put into one text so that they come out of it again.
//!
//! A program takes its line apart itself, most of them by the rules of Microsoft's C runtime ("Parsing C command-line
//! arguments"). A batch file is read by `cmd`, which has rules of its own and would run what stands in an argument
//! (CVE-2024-24576).

use std::{ffi::OsStr, io, os::windows::ffi::OsStrExt, path::Path};

const QUOTE: u16 = b'"' as u16;
const BACKSLASH: u16 = b'\\' as u16;

/// The line for a program.
pub(super) fn of_program<'a>(program: &Path, args: impl IntoIterator<Item = &'a OsStr>) -> io::Result<Vec<u16>> {
    // A path has no quotes in it, and backslashes at its end would be those of a folder.
    let mut line = quoted(program.as_os_str());
    for arg in args {
        line.push(u16::from(b' '));
        push_for_runtime(&mut line, &units(arg)?);
    }
    Ok(ended(line))
}

/// The line for a shell, which gets `line` as it was written, but for line ends around it: it reads up to the first. With `/s`
/// exactly the outer quotes are taken off.
pub(super) fn of_shell(shell: &Path, line: &str) -> io::Result<Vec<u16>> {
    let mut whole = quoted(shell.as_os_str());
    whole.extend(" /d /s /c \"".encode_utf16());
    whole.extend(units(OsStr::new(line.trim_matches(['\r', '\n'])))?);
    whole.push(QUOTE);
    Ok(ended(whole))
}

/// The line for a batch file, to be read by `shell`, which is `cmd`.
///
/// # Errors
/// If an argument has a line end in it, which nothing carries through `cmd`.
pub(super) fn of_batch_file<'a>(
    shell: &Path,
    file: &Path,
    args: impl IntoIterator<Item = &'a str>,
) -> io::Result<Vec<u16>> {
    let mut line = quoted(shell.as_os_str());
    // Extensions on and delayed expansion off, whatever the registry says: `!` is then nothing special.
    line.extend(" /d /e:on /v:off /s /c \"".encode_utf16());
    push_quoted_for_batch_file(&mut line, &file.to_string_lossy());
    for arg in args {
        if arg.contains(['\r', '\n', '\0']) {
            let why = format!("a batch file takes no argument with a line end in it: {arg:?}");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        line.push(u16::from(b' '));
        push_for_batch_file(&mut line, arg);
    }
    line.push(QUOTE);
    Ok(ended(line))
}

/// Backslashes are doubled before a quote, the one at the end too, and a quote gets one before it.
fn push_for_runtime(line: &mut Vec<u16>, arg: &[u16]) {
    let is_plain = |&unit: &u16| !matches!(unit, QUOTE | 0x09 | 0x0a | 0x0b | 0x20);
    if !arg.is_empty() && arg.iter().all(is_plain) {
        return line.extend(arg);
    }
    line.push(QUOTE);
    let mut backslashes = 0;
    for &unit in arg {
        match unit {
            BACKSLASH => backslashes += 1,
            QUOTE => {
                line.extend(std::iter::repeat_n(BACKSLASH, backslashes + 1));
                backslashes = 0;
            }
            _ => backslashes = 0,
        }
        line.push(unit);
    }
    line.extend(std::iter::repeat_n(BACKSLASH, backslashes));
    line.push(QUOTE);
}

/// An argument stands there as one would type it, so that what a batch file compares `%1` with is not in quotes: they are put
/// where `cmd` would see something special, or a division, and where a backslash would stand before what comes next.
fn push_for_batch_file(line: &mut Vec<u16>, arg: &str) {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || r"#$*+-./:?@\_".contains(character);
    if !arg.is_empty() && !arg.ends_with('\\') && arg.chars().all(is_plain) {
        return line.extend(arg.encode_utf16());
    }
    push_quoted_for_batch_file(line, arg);
}

/// Within quotes `cmd` sees nothing special but quotes and percent signs. A quote is doubled. A percent sign is followed
/// by a piece, none, of a variable that is always there, so that no variable's name begins or ends with it.
fn push_quoted_for_batch_file(line: &mut Vec<u16>, arg: &str) {
    const NOTHING: &str = "%%cd:~,%";
    line.push(QUOTE);
    let mut backslashes = 0;
    for character in arg.chars() {
        match character {
            '\\' => backslashes += 1,
            '"' => {
                // The program that the file hands it on to counts backslashes before quotes.
                line.extend(std::iter::repeat_n(BACKSLASH, backslashes));
                line.push(QUOTE);
                backslashes = 0;
            }
            '%' => {
                line.extend(NOTHING.encode_utf16());
                backslashes = 0;
                continue;
            }
            _ => backslashes = 0,
        }
        line.extend(character.encode_utf16(&mut [0; 2]).iter());
    }
    line.extend(std::iter::repeat_n(BACKSLASH, backslashes));
    line.push(QUOTE);
}

fn quoted(text: &OsStr) -> Vec<u16> {
    let quote = std::iter::once(QUOTE);
    quote.clone().chain(text.encode_wide()).chain(quote).collect()
}

fn units(text: &OsStr) -> io::Result<Vec<u16>> {
    let units: Vec<u16> = text.encode_wide().collect();
    if units.contains(&0) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "an argument has a zero in it, which ends texts"));
    }
    Ok(units)
}

fn ended(mut line: Vec<u16>) -> Vec<u16> {
    line.push(0);
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(line: &[u16]) -> String {
        String::from_utf16(line.strip_suffix(&[0]).unwrap()).unwrap()
    }

    #[test]
    fn a_program_takes_its_arguments_out_of_the_line_again() {
        let check = |arg: &str, written: &str| {
            let line = of_program(Path::new(r"C:\a b\x.exe"), [OsStr::new(arg)]).unwrap();
            assert_eq!(text(&line), format!(r#""C:\a b\x.exe" {written}"#), "{arg}");
        };
        check("plain", "plain");
        check("", r#""""#);
        check("a b", r#""a b""#);
        check(r"C:\x\", r"C:\x\");
        check(r"C:\a b\", r#""C:\a b\\""#);
        check(r#"say "hi""#, r#""say \"hi\"""#);
        check(r#"a\"b"#, r#""a\\\"b""#);
        check("%PATH%", "%PATH%");
        check("ñandú & co", r#""ñandú & co""#);
        assert!(of_program(Path::new("x"), [OsStr::new("a\0b")]).is_err());
    }

    #[test]
    fn the_shell_gets_its_line_as_it_was_written() {
        let line = of_shell(Path::new(r"C:\cmd.exe"), r#"echo "a" & echo %PATH%"#).unwrap();
        assert_eq!(text(&line), r#""C:\cmd.exe" /d /s /c "echo "a" & echo %PATH%""#);
        let line = of_shell(Path::new("cmd"), "\necho a\r\n").unwrap();
        assert_eq!(text(&line), r#""cmd" /d /s /c "echo a""#);
    }

    #[test]
    fn nothing_in_an_argument_of_a_batch_file_is_run_or_replaced() {
        let check = |arg: &str, written: &str| {
            let line = of_batch_file(Path::new("cmd"), Path::new(r"C:\t.cmd"), [arg]).unwrap();
            assert_eq!(text(&line), format!(r#""cmd" /d /e:on /v:off /s /c ""C:\t.cmd" {written}""#), "{arg}");
        };
        for plain in ["run", "-v", r"C:\x\y.txt", "http://a.b:80/?c#d", "a_b+c@d$e*"] {
            check(plain, plain);
        }
        for divided in ["", "a b", "a,b", "a;b", "a=b", "a\tb", "(a)", "a^b", "!a!", "~a", "ñ"] {
            check(divided, &format!("\"{divided}\""));
        }
        check("a & calc", r#""a & calc""#);
        check(r#"" & calc & ""#, r#"""" & calc & """"#);
        check("100%PATH%", r#""100%%cd:~,%PATH%%cd:~,%""#);
        check(r"C:\x\", r#""C:\x\\""#);
        check(r#"a\"b"#, r#""a\\""b""#);
        for arg in ["a\nb", "a\rb", "a\0b"] {
            assert!(of_batch_file(Path::new("cmd"), Path::new("t.cmd"), [arg]).is_err(), "{arg:?}");
        }
    }
}
