//! What an account may do with a file or a folder that is there, by its access list.

use std::{io, path::Path};

use windows_sys::Win32::{
    Foundation::{GENERIC_ALL, GENERIC_EXECUTE, GENERIC_READ, GENERIC_WRITE},
    Storage::FileSystem::{
        FILE_ALL_ACCESS, FILE_APPEND_DATA, FILE_EXECUTE, FILE_GENERIC_EXECUTE, FILE_GENERIC_READ, FILE_GENERIC_WRITE,
        FILE_READ_DATA, FILE_WRITE_DATA,
    },
};

use super::{
    Sid,
    access_list::{Entry, Security},
    service,
};

/// Groups of everybody who runs services, by their identifiers (MS-DTYP, 2.4.2.4): everybody, local, authenticated users,
/// this organization, services, users, all services.
const GROUPS_OF_SERVICES: [&str; 7] =
    ["S-1-1-0", "S-1-2-0", "S-1-5-11", "S-1-5-15", "S-1-5-6", "S-1-5-32-545", "S-1-5-80-0"];

/// What somebody may do with a file or a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileRight {
    /// Read it, or list a folder.
    Read,
    /// Read and change it, or make things in a folder.
    Write,
    /// Run it, or go through a folder.
    Execute,
}

impl FileRight {
    /// What of an access list it takes; for a folder the same bits mean to list it and to make files and folders in it.
    const fn mask(self) -> u32 {
        match self {
            Self::Read => FILE_READ_DATA,
            Self::Write => FILE_READ_DATA | FILE_WRITE_DATA | FILE_APPEND_DATA,
            Self::Execute => FILE_EXECUTE,
        }
    }
}

/// Whether the access list of what is at `path` lets `account` do that, as which a service runs: by its own name or as one of
/// those who run services. Other groups that it may have been put into are not asked.
///
/// # Errors
/// There is no such account, nothing is at `path`, or this user may not see who may do what with it.
pub fn grants(account: &str, path: &Path, right: FileRight) -> io::Result<bool> {
    let security = Security::at(path, 0)?;
    if security.is_open() {
        return Ok(true);
    }
    let mut who = vec![service::of_account(account)?];
    for group in GROUPS_OF_SERVICES {
        who.push(Sid::of_text(group)?);
    }
    Ok(is_granted(&security.entries()?, &who, right.mask()))
}

/// Whether all of `mask` is allowed to one of `who` by an entry that comes before those that deny it.
fn is_granted(entries: &[Entry], who: &[Sid], mask: u32) -> bool {
    let mut missing = mask;
    for entry in entries.iter().filter(|entry| !entry.is_for_children_alone && who.contains(&entry.who)) {
        let said = specific(entry.mask);
        if entry.is_denial && said & missing != 0 {
            return false;
        }
        missing &= if entry.is_denial { u32::MAX } else { !said };
    }
    missing == 0
}

/// What a mask means for files.
fn specific(mask: u32) -> u32 {
    let meanings = [
        (GENERIC_READ, FILE_GENERIC_READ),
        (GENERIC_WRITE, FILE_GENERIC_WRITE),
        (GENERIC_EXECUTE, FILE_GENERIC_EXECUTE),
        (GENERIC_ALL, FILE_ALL_ACCESS),
    ];
    meanings.into_iter().filter(|(generic, _)| mask & generic != 0).fold(mask, |mask, (_, meaning)| mask | meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_denied_first_is_not_granted_by_what_comes_later() {
        let (account, users) = (Sid::system().unwrap(), Sid::everybody().unwrap());
        let who = [account.clone(), users.clone()];
        let entry =
            |who: &Sid, is_denial, mask| Entry { who: who.clone(), is_denial, mask, is_for_children_alone: false };
        let check = |entries: &[Entry], right: FileRight, expected: bool| {
            assert_eq!(is_granted(entries, &who, right.mask()), expected, "{right:?}");
        };
        check(&[], FileRight::Read, false);
        check(&[entry(&users, false, FILE_GENERIC_READ)], FileRight::Read, true);
        check(&[entry(&users, false, FILE_GENERIC_READ)], FileRight::Write, false);
        // What is missing may come from another group.
        let in_parts = [entry(&users, false, GENERIC_READ), entry(&account, false, GENERIC_WRITE)];
        check(&in_parts, FileRight::Write, true);
        check(&in_parts, FileRight::Execute, false);
        check(&[entry(&users, true, FILE_WRITE_DATA), entry(&account, false, GENERIC_ALL)], FileRight::Write, false);
        check(&[entry(&users, true, FILE_WRITE_DATA), entry(&account, false, GENERIC_ALL)], FileRight::Execute, true);
        check(&[entry(&account, false, GENERIC_ALL), entry(&users, true, GENERIC_ALL)], FileRight::Write, true);
        let of_others = [entry(&Sid::administrators().unwrap(), false, GENERIC_ALL)];
        check(&of_others, FileRight::Read, false);
        let of_children = Entry { is_for_children_alone: true, ..entry(&users, false, GENERIC_ALL) };
        check(&[of_children], FileRight::Read, false);
    }

    #[test]
    fn a_folder_of_this_user_alone_is_closed_to_the_service() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        crate::create_private_folder(&data).unwrap();
        for right in [FileRight::Read, FileRight::Write, FileRight::Execute] {
            assert!(!grants(r"NT SERVICE\Estatus", &data, right).unwrap(), "{right:?}");
        }
        assert!(grants(r"NT SERVICE\Estatus", &folder.path().join("none"), FileRight::Read).is_err());
        assert!(grants("no-such-user-anywhere", &data, FileRight::Read).is_err());
    }
}
