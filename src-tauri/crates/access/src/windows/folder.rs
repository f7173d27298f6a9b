//! Folders that are this user's alone.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use windows_sys::Win32::{
    Foundation::{GENERIC_ALL, GENERIC_WRITE},
    Storage::FileSystem::{
        CreateDirectoryW, DELETE, FILE_ADD_FILE, FILE_ADD_SUBDIRECTORY, FILE_DELETE_CHILD,
        FILE_FLAG_OPEN_REPARSE_POINT, WRITE_DAC, WRITE_OWNER,
    },
};

use super::{
    Sid, Token,
    access_list::{Entry, Security},
    denied,
    descriptor::Descriptor,
    is_trusted, service, succeeded, wide,
};

/// Whoever may do one of these changes what is in a folder.
const CHANGE: u32 = FILE_ADD_FILE
    | FILE_ADD_SUBDIRECTORY
    | FILE_DELETE_CHILD
    | DELETE
    | WRITE_DAC
    | WRITE_OWNER
    | GENERIC_WRITE
    | GENERIC_ALL;

/// Whoever may do one of these with a folder may put another in its place, or in that of what lies in it.
const REPLACE: u32 = FILE_DELETE_CHILD | DELETE | WRITE_DAC | WRITE_OWNER | GENERIC_ALL;

/// Makes `folder` and those above it where they are not there, open to this user, administrators and the system alone,
/// whatever the folder allows that they lie in.
///
/// # Errors
/// It cannot be made, or what is there can be changed by others: [`refuse_shared_folder`].
pub fn create_private_folder(folder: &Path) -> io::Result<()> {
    let user = Token::of_process()?.user()?;
    let access = format!("O:{user}D:P(A;OICI;FA;;;{user})(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)");
    create_all(folder, &Descriptor::new(&access)?)?;
    refuse_shared_folder(folder)
}

/// Makes `folder`, and those above it where they are not there, in a folder that is private: whose they are follows from that.
///
/// # Errors
/// It cannot be made.
pub fn create_private_subfolder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

fn create_all(folder: &Path, access: &Descriptor) -> io::Result<()> {
    match (create(folder, access), folder.parent()) {
        (Err(error), Some(parent)) if error.kind() == io::ErrorKind::NotFound => {
            create_all(parent, access)?;
            create(folder, access)
        }
        (result, _) => result,
    }
}

fn create(folder: &Path, access: &Descriptor) -> io::Result<()> {
    let path = wide(unlimited(folder));
    // SAFETY: the path ends in a zero, and the attributes are whole during the call.
    match succeeded(access.during(|attributes| unsafe { CreateDirectoryW(path.as_ptr(), attributes) })) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        result => result,
    }
}

/// `folder` by a path that may be longer than 260 letters, if the folder is there that it lies in.
fn unlimited(folder: &Path) -> PathBuf {
    match (folder.parent().map(Path::canonicalize), folder.file_name()) {
        (Some(Ok(parent)), Some(name)) => parent.join(name),
        _ => folder.to_owned(),
    }
}

/// Fails if others than this user, administrators and the system can change what is in `folder`.
///
/// # Errors
/// Who can, and what to do about it.
pub fn refuse_shared_folder(folder: &Path) -> io::Result<()> {
    refuse_shared(folder, None)
}

/// The same of a file or a folder that is `account`'s too, as which a service is going to run.
///
/// # Errors
/// Who can, and what to do about it; or there is no such account.
pub fn refuse_shared_with_others_than(account: &str, path: &Path) -> io::Result<()> {
    let account = service::of_account(account)?;
    refuse_shared(path, Some(&account))?;
    // As it is written, and as it is where a link leads elsewhere.
    for whole in [std::path::absolute(path)?, path.canonicalize()?] {
        for part in whole.ancestors() {
            refuse_replaceable(part, part != whole, &account)?;
        }
    }
    Ok(())
}

/// Fails if others can put something else in the place of `part`, a folder above or a link, or of what lies in it.
fn refuse_replaceable(part: &Path, is_above: bool, account: &Sid) -> io::Result<()> {
    let is_link = part.is_symlink();
    if !is_above && !is_link {
        return Ok(());
    }
    let security = Security::at(part, FILE_FLAG_OPEN_REPARSE_POINT)?;
    if is_link
        && let Some(owner) = security.owner()
        && owner != *account
        && !is_trusted(&owner)?
    {
        return Err(denied(format!(
            "{} is a link of another user ({owner}); choose a folder of your own",
            part.display()
        )));
    }
    // A drive cannot be renamed, and new ones let everybody "change" theirs.
    let mask = if part.parent().is_some() { REPLACE } else { REPLACE & !DELETE };
    let here = security.allowing()?.into_iter().filter(|entry| !entry.is_for_children_alone).collect();
    match changer(here, Some(account), mask)? {
        None => Ok(()),
        Some(who) => Err(denied(replaceable(part, &who, &Token::of_process()?.user()?))),
    }
}

/// As [`shared`], of a folder that others may go on reading.
fn replaceable(folder: &Path, who: &Sid, own: &Sid) -> String {
    let folder = folder.display();
    format!(
        "other users ({who}) may put something else in the place of {folder} or what is in it: icacls \"{folder}\" \
         /inheritance:d /remove:g \"*{who}\" /grant \"*{who}:(OI)(CI)RX\" \"*{own}:(OI)(CI)F\""
    )
}

fn refuse_shared(folder: &Path, account: Option<&Sid>) -> io::Result<()> {
    let security = Security::at(folder, 0)?;
    if let Some(owner) = security.owner()
        && account != Some(&owner)
        && !is_trusted(&owner)?
    {
        let folder = folder.display();
        return Err(denied(format!("{folder} belongs to another user ({owner}); choose a folder of your own")));
    }
    match changer(security.allowing()?, account, CHANGE)? {
        None => Ok(()),
        Some(who) => Err(denied(shared(folder, &who, &Token::of_process()?.user()?))),
    }
}

/// Whom `entries` let do something of `mask` in a folder, or in what will be made in it, beside those who may and `account`.
fn changer(entries: Vec<Entry>, account: Option<&Sid>, mask: u32) -> io::Result<Option<Sid>> {
    for Entry { who, .. } in entries.into_iter().filter(|entry| entry.mask & mask != 0) {
        if account != Some(&who) && !is_trusted(&who)? && !who.is_creator()? {
            return Ok(Some(who));
        }
    }
    Ok(None)
}

/// The command means the same in a Command Prompt and in PowerShell: nothing in it is a variable or an expression.
fn shared(folder: &Path, who: &Sid, own: &Sid) -> String {
    let folder = folder.display();
    format!(
        "other users ({who}) may write to {folder}: icacls \"{folder}\" /inheritance:r /remove \"*{who}\" /grant:r \
         \"*{own}:(OI)(CI)F\" \"*S-1-5-18:(OI)(CI)F\" \"*S-1-5-32-544:(OI)(CI)F\""
    )
}

#[cfg(test)]
mod tests {
    use windows_sys::Win32::Storage::FileSystem::{FILE_ALL_ACCESS, FILE_GENERIC_EXECUTE, FILE_GENERIC_READ};

    use super::*;

    /// Who may do what with `folder`, and with what is made in it.
    fn allowed(folder: &Path) -> Vec<(String, u32)> {
        let entries = Security::at(folder, 0).unwrap().allowing().unwrap();
        entries.into_iter().map(|entry| (entry.who.to_string(), entry.mask)).collect()
    }

    #[test]
    fn a_folder_is_made_for_this_user_administrators_and_the_system_alone() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("a").join("data");
        create_private_folder(&data).unwrap();
        create_private_folder(&data).unwrap();
        let others = |(who, _): &(String, u32)| {
            *who != Token::of_process().unwrap().user().unwrap().to_string()
                && *who != "S-1-5-18"
                && *who != "S-1-5-32-544"
        };
        for made in [&data, &folder.path().join("a")] {
            let allowed = allowed(made);
            assert!(!allowed.is_empty() && !allowed.iter().any(others), "{allowed:x?}");
        }
    }

    #[test]
    fn a_file_or_a_folder_that_others_than_the_account_can_change_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        create_private_folder(&data).unwrap();
        std::fs::write(data.join("file"), "").unwrap();
        for path in [data.clone(), data.join("file")] {
            refuse_shared_with_others_than(r"NT SERVICE\Estatus", &path).unwrap();
        }
        assert!(refuse_shared_with_others_than("no-such-user-anywhere", &data).is_err());
    }

    #[test]
    fn a_folder_is_shared_with_whom_its_list_lets_change_it() {
        let check = |who: Sid, mask, expected: Option<&str>| {
            for is_for_children_alone in [false, true] {
                let entries = vec![Entry { who: who.clone(), is_denial: false, mask, is_for_children_alone }];
                let found = changer(entries, None, CHANGE).unwrap().map(|who| who.to_string());
                assert_eq!(found.as_deref(), expected, "{who} {mask:x}");
            }
        };
        let everybody = || Sid::everybody().unwrap();
        for mask in [FILE_ALL_ACCESS, GENERIC_ALL, GENERIC_WRITE, FILE_ADD_FILE, DELETE, WRITE_DAC] {
            check(everybody(), mask, Some("S-1-1-0"));
            check(Token::of_process().unwrap().user().unwrap(), mask, None);
            check(Sid::system().unwrap(), mask, None);
            check(Sid::administrators().unwrap(), mask, None);
        }
        check(everybody(), FILE_GENERIC_READ | FILE_GENERIC_EXECUTE, None);
        let of_everybody =
            || vec![Entry { who: everybody(), is_denial: false, mask: DELETE, is_for_children_alone: false }];
        assert!(changer(of_everybody(), Some(&everybody()), CHANGE).unwrap().is_none());
        assert!(changer(of_everybody(), Some(&Sid::system().unwrap()), CHANGE).unwrap().is_some());
        // Whoever may make something in a folder above can put nothing in the place of what is there.
        for (mask, expected) in [(FILE_ADD_FILE | FILE_ADD_SUBDIRECTORY, None), (FILE_DELETE_CHILD, Some(everybody()))]
        {
            let entries = vec![Entry { who: everybody(), is_denial: false, mask, is_for_children_alone: false }];
            assert!(changer(entries, None, REPLACE).unwrap() == expected);
        }
        let said = shared(Path::new(r"D:\data"), &everybody(), &Sid::system().unwrap());
        let command = r#"icacls "D:\data" /inheritance:r /remove "*S-1-1-0" /grant:r "*S-1-5-18:(OI)(CI)F" "*S"#;
        assert!(said.starts_with(&format!("other users (S-1-1-0) may write to D:\\data: {command}")), "{said}");
    }
}
