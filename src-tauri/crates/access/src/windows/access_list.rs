//! Who may do what with something that is there.

use std::{
    ffi::c_void,
    fs::{File, OpenOptions},
    io,
    os::windows::{
        fs::OpenOptionsExt,
        io::{AsHandle, AsRawHandle, BorrowedHandle},
    },
    path::Path,
    ptr,
};

use windows_sys::Win32::{
    Foundation::{GENERIC_ALL, GENERIC_READ, LocalFree},
    Security::{
        ACCESS_ALLOWED_ACE, ACE_HEADER, ACL,
        Authorization::{GetSecurityInfo, SE_FILE_OBJECT, SE_KERNEL_OBJECT, SE_OBJECT_TYPE},
        DACL_SECURITY_INFORMATION, GetAce, INHERIT_ONLY_ACE, OBJECT_SECURITY_INFORMATION, OWNER_SECURITY_INFORMATION,
        PSECURITY_DESCRIPTOR, PSID,
    },
    Storage::FileSystem::{FILE_FLAG_BACKUP_SEMANTICS, FILE_READ_DATA, READ_CONTROL},
    System::SystemServices::{
        ACCESS_ALLOWED_ACE_TYPE, ACCESS_ALLOWED_CALLBACK_ACE_TYPE, ACCESS_DENIED_ACE_TYPE,
        ACCESS_DENIED_CALLBACK_ACE_TYPE,
    },
};

use super::{Sid, is_success, is_trusted};

/// Whether others can read `file` than its owner, this user, administrators and the system.
///
/// # Errors
/// If the system does not say, or the file has no access list, so that everybody can read it.
pub fn others_read(file: &File) -> io::Result<bool> {
    const READ: u32 = FILE_READ_DATA | GENERIC_READ | GENERIC_ALL;
    let security = Security::of_file(file.as_handle())?;
    let owner = security.owner();
    let allows_reading = |entry: &Entry| entry.mask & READ != 0 && !entry.is_for_children_alone;
    for entry in security.allowing()?.into_iter().filter(allows_reading) {
        if owner.as_ref() != Some(&entry.who) && !is_trusted(&entry.who)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// An entry of an access list.
pub(super) struct Entry {
    pub(super) who: Sid,
    /// Whether what it says is denied, and not allowed.
    pub(super) is_denial: bool,
    /// What is allowed or denied.
    pub(super) mask: u32,
    /// Whether it holds for what will be made in the folder, and not for the folder.
    pub(super) is_for_children_alone: bool,
}

/// Who owns something and who may do what with it. Its pointers lead into `descriptor`.
pub(super) struct Security {
    owner: PSID,
    list: *mut ACL,
    descriptor: PSECURITY_DESCRIPTOR,
}

impl Security {
    /// Of what is at `path`; of a link, what it leads to, unless `flags` say otherwise (`FILE_FLAG_OPEN_REPARSE_POINT`).
    pub(super) fn at(path: &Path, flags: u32) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let options = options.access_mode(READ_CONTROL).custom_flags(FILE_FLAG_BACKUP_SEMANTICS | flags);
        Self::of_file(options.open(path)?.as_handle())
    }

    /// Of a file or a folder, whose handle may read it (`READ_CONTROL`).
    pub(super) fn of_file(handle: BorrowedHandle<'_>) -> io::Result<Self> {
        Self::of(handle, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION)
    }

    /// Whose a pipe is, whose handle may read it (`READ_CONTROL`).
    pub(super) fn owner_of_pipe(handle: BorrowedHandle<'_>) -> io::Result<Option<Sid>> {
        Ok(Self::of(handle, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION)?.owner())
    }

    fn of(handle: BorrowedHandle<'_>, kind: SE_OBJECT_TYPE, wanted: OBJECT_SECURITY_INFORMATION) -> io::Result<Self> {
        let mut security = Self { owner: ptr::null_mut(), list: ptr::null_mut(), descriptor: ptr::null_mut() };
        // SAFETY: the handle is open while it is borrowed; each pointer leads to a field that outlives the call, and
        // those not asked for may be null.
        is_success(unsafe {
            GetSecurityInfo(
                handle.as_raw_handle(),
                kind,
                wanted,
                &raw mut security.owner,
                ptr::null_mut(),
                &raw mut security.list,
                ptr::null_mut(),
                &raw mut security.descriptor,
            )
        })?;
        Ok(security)
    }

    /// Whose it is, if it is somebody's.
    pub(super) fn owner(&self) -> Option<Sid> {
        // SAFETY: it is not null, so it leads to a SID in the descriptor, which lives as long as `self`.
        (!self.owner.is_null()).then(|| unsafe { Sid::copied(self.owner) })
    }

    /// All entries that allow something.
    pub(super) fn allowing(&self) -> io::Result<Vec<Entry>> {
        Ok(self.entries()?.into_iter().filter(|entry| !entry.is_denial).collect())
    }

    /// All entries, in the order in which they hold.
    ///
    /// # Errors
    /// There is no list, or the system does not say.
    pub(super) fn entries(&self) -> io::Result<Vec<Entry>> {
        if self.is_open() {
            return Err(io::Error::other("it has no access list, so that it is open to everybody"));
        }
        // SAFETY: the list is not null and lies in the descriptor, which lives as long as `self`.
        let count = unsafe { (*self.list).AceCount };
        let mut entries = Vec::new();
        for index in 0..u32::from(count) {
            let mut entry: *mut c_void = ptr::null_mut();
            // SAFETY: the list is valid, as above, and `entry` outlives the call.
            super::succeeded(unsafe { GetAce(self.list, index, &raw mut entry) })?;
            entries.extend(read(entry));
        }
        Ok(entries)
    }

    /// Whether there is no list, so that everybody may do everything.
    pub(super) fn is_open(&self) -> bool {
        self.list.is_null()
    }
}

impl Drop for Security {
    fn drop(&mut self) {
        // SAFETY: GetSecurityInfo allocated the descriptor, or it is null, which LocalFree ignores; nothing that leads
        // into it outlives `self`.
        unsafe { LocalFree(self.descriptor) };
    }
}

/// An entry of an access list; nothing if it neither allows nor denies.
fn read(entry: *mut c_void) -> Option<Entry> {
    // SAFETY: GetAce gave `entry`, so it begins with a header.
    let header = unsafe { *entry.cast::<ACE_HEADER>() };
    let is_denial = match u32::from(header.AceType) {
        ACCESS_ALLOWED_ACE_TYPE | ACCESS_ALLOWED_CALLBACK_ACE_TYPE => false,
        ACCESS_DENIED_ACE_TYPE | ACCESS_DENIED_CALLBACK_ACE_TYPE => true,
        _ => return None,
    };
    let is_for_children_alone = u32::from(header.AceFlags) & INHERIT_ONLY_ACE != 0;
    let entry = entry.cast::<ACCESS_ALLOWED_ACE>();
    // SAFETY: entries of these kinds begin with header, mask and SID, in this order.
    let (mask, who) = unsafe { ((*entry).Mask, Sid::copied((&raw mut (*entry).SidStart).cast())) };
    Some(Entry { who, is_denial, mask, is_for_children_alone })
}
