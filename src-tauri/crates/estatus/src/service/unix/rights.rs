//! What a user may do with a file, by its mode and those of the folders above it.

use std::{
    fs::{self, Metadata},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use super::account::Account;
use crate::service::access::Access;

/// The bits of a mode that `access` takes.
fn bits(access: Access, is_folder: bool) -> u32 {
    match access {
        Access::Read if is_folder => 0o5,
        Access::Read => 0o4,
        Access::Write if is_folder => 0o7,
        Access::Write => 0o6,
        Access::Execute => 0o1,
    }
}

impl Account {
    /// What keeps it from `access` to `path`: the path itself or a folder above it; nothing if it may, or if that cannot be
    /// known.
    pub(super) fn obstacle<'a>(&self, path: &'a Path, access: Access) -> Option<&'a Path> {
        let above = path.ancestors().skip(1).collect::<Vec<_>>();
        let closed =
            above.into_iter().rev().filter(|folder| !folder.as_os_str().is_empty()).find(|folder| {
                fs::metadata(folder).is_ok_and(|folder| !self.may(&folder, bits(Access::Execute, true)))
            });
        closed.or_else(|| {
            let metadata = fs::metadata(path).ok()?;
            (!self.may(&metadata, bits(access, metadata.is_dir()))).then_some(path)
        })
    }

    fn may(&self, metadata: &Metadata, bits: u32) -> bool {
        let mode = metadata.permissions().mode();
        if self.is_root() {
            // Root reads and writes everything, but runs only what somebody may run.
            return metadata.is_dir() || bits & 0o1 == 0 || mode & 0o111 != 0;
        }
        let granted = if metadata.uid() == self.uid {
            mode >> 6
        } else if self.groups.contains(&metadata.gid()) {
            mode >> 3
        } else {
            mode
        };
        granted & bits == bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_user_may_do_is_in_the_modes_of_the_whole_way() {
        let folder = tempfile::tempdir().unwrap();
        let (inner, file) = (folder.path().join("inner"), folder.path().join("inner/file"));
        fs::create_dir(&inner).unwrap();
        fs::write(&file, "").unwrap();
        let ours = fs::metadata(&file).unwrap();
        let set = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let account = |uid, gid| Account { name: "x".into(), uid, gid, groups: vec![gid], home: "/".into() };
        let owner = Account { uid: ours.uid().max(1), ..account(1, ours.gid()) };
        let stranger = account(54_321, 54_321);
        set(folder.path(), 0o755);
        let check = |account: &Account, modes: (u32, u32), access, expected: Option<&Path>| {
            set(&file, modes.1);
            set(&inner, modes.0);
            assert_eq!(account.obstacle(&file, access), expected, "{account:?} {modes:?} {access:?}");
            set(&inner, 0o755);
        };
        check(&stranger, (0o755, 0o644), Access::Read, None);
        check(&stranger, (0o755, 0o644), Access::Write, Some(&file));
        check(&stranger, (0o755, 0o644), Access::Execute, Some(&file));
        check(&stranger, (0o755, 0o755), Access::Execute, None);
        check(&stranger, (0o700, 0o644), Access::Read, Some(&inner));
        let in_group = account(54_321, ours.gid());
        check(&in_group, (0o750, 0o640), Access::Read, None);
        check(&in_group, (0o750, 0o600), Access::Read, Some(&file));
        let root = account(0, 0);
        check(&root, (0o700, 0o600), Access::Write, None);
        check(&root, (0o700, 0o600), Access::Execute, Some(&file));
        if owner.uid == ours.uid() {
            check(&owner, (0o700, 0o600), Access::Write, None);
            check(&owner, (0o700, 0o400), Access::Write, Some(&file));
        }
    }
}
