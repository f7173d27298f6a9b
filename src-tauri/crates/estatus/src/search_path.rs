//! `estatus path`: puts a folder on the user's `PATH`, or takes it off. The installer asks for it, as it can only handle values
//! of a thousand characters, and this one is often longer.

use windows_registry::{CURRENT_USER, Type};

use crate::{CommandError, Outcome, Result, arguments::PathCommand};

const KEY: &str = "Environment";
const NAME: &str = "Path";
/// ERROR_FILE_NOT_FOUND, as an HRESULT.
const NOT_THERE: i32 = 0x8007_0002_u32.cast_signed();

pub(crate) fn carry_out(command: PathCommand) -> Result {
    change(&command).map_err(|error| CommandError::Failed(format!("your PATH cannot be changed: {error}")))?;
    Ok(Outcome::Well)
}

fn change(command: &PathCommand) -> windows_registry::Result<()> {
    let key = CURRENT_USER.create(KEY)?;
    let (before, kind) = match key.get_value(NAME) {
        Ok(value) => (String::try_from(value.clone())?, value.ty()),
        Err(error) if error.code().0 == NOT_THERE => (String::new(), Type::ExpandString),
        Err(error) => return Err(error),
    };
    let after = match command {
        PathCommand::Add { folder } => with(&before, folder),
        PathCommand::Remove { folder } => without(&before, folder),
    };
    match after.as_str() {
        _ if after == before => Ok(()),
        "" => key.remove_value(NAME),
        _ if kind == Type::String => key.set_string(NAME, &after),
        _ => key.set_expand_string(NAME, &after),
    }
}

/// `path` with `folder` as its last, unless it has it.
fn with(path: &str, folder: &str) -> String {
    if path.split(';').any(|entry| is(entry, folder)) {
        return path.to_owned();
    }
    match path.trim_end_matches(';') {
        "" => folder.to_owned(),
        path => format!("{path};{folder}"),
    }
}

/// `path` without `folder`, and else as it was.
fn without(path: &str, folder: &str) -> String {
    path.split(';').filter(|entry| !is(entry, folder)).collect::<Vec<_>>().join(";")
}

fn is(entry: &str, folder: &str) -> bool {
    let plain = |path: &str| path.trim().trim_matches('"').trim_end_matches('\\').to_lowercase();
    plain(entry) == plain(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = r"C:\Users\luz\AppData\Local\Programs\Estatus";

    #[test]
    fn a_folder_comes_last_and_once() {
        let check = |before: &str, after: &str| assert_eq!(with(before, OURS), after, "{before}");
        check("", OURS);
        check(r"%USERPROFILE%\bin;", &format!(r"%USERPROFILE%\bin;{OURS}"));
        check(r"C:\a;C:\b", &format!(r"C:\a;C:\b;{OURS}"));
        let there = r#"C:\a;"c:\users\LUZ\AppData\Local\Programs\Estatus\";C:\b"#;
        check(there, there);
    }

    #[test]
    fn a_folder_is_taken_off_and_the_rest_stays_as_it_was() {
        let check = |before: &str, after: &str| assert_eq!(without(before, OURS), after, "{before}");
        check(OURS, "");
        check(&format!(r"%A%;{OURS}\;C:\b;"), r"%A%;C:\b;");
        check(r"C:\Estatus;C:\b", r"C:\Estatus;C:\b");
    }
}
