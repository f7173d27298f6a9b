//! Secrets on Windows; `unix.rs` is the twin.
#![allow(unsafe_code, reason = "the access list of a file is only to be had from the system's own functions")]

use std::{
    ffi::c_void,
    fs::File,
    io,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    path::Path,
    ptr,
    sync::Arc,
};

use keyring_core::{CredentialStore, Result};
use windows_sys::Win32::{
    Foundation::{ERROR_SUCCESS, GENERIC_ALL, GENERIC_READ, LocalFree},
    Security::{
        ACCESS_ALLOWED_ACE, ACE_HEADER, ACL,
        Authorization::{GetSecurityInfo, SE_FILE_OBJECT},
        DACL_SECURITY_INFORMATION, EqualSid, GetAce, GetTokenInformation, INHERIT_ONLY_ACE, IsWellKnownSid,
        OWNER_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, PSID, TOKEN_QUERY, TOKEN_USER, TokenUser,
        WinBuiltinAdministratorsSid, WinLocalSystemSid,
    },
    Storage::FileSystem::FILE_READ_DATA,
    System::{
        SystemServices::{ACCESS_ALLOWED_ACE_TYPE, ACCESS_ALLOWED_CALLBACK_ACE_TYPE},
        Threading::{GetCurrentProcess, OpenProcessToken},
    },
};

use crate::reason::{Reason, reason};

/// How others can read the open `file` called `path`, and what to do; nothing if only its owner, who runs Estatus, the
/// system and administrators can.
pub(super) fn exposed(file: &File, path: &Path) -> io::Result<Option<Reason>> {
    let security = Security::of(file)?;
    let user = User::current()?;
    let shown = path.display().to_string();
    if security.readers()?.into_iter().all(|reader| is_trusted(reader, user.sid()) || same(reader, security.owner)) {
        return Ok(None);
    }
    Ok(Some(reason!("exposed", command = format!("icacls \"{shown}\" /inheritance:r /grant:r \"%USERNAME%:F\""))))
}

/// The keyring of this user: the credential manager.
pub(super) fn keyring() -> Result<Arc<CredentialStore>> {
    windows_native_keyring_store::Store::new().map(|store| store as Arc<CredentialStore>)
}

/// How an entry is put into the keyring. The target name is the one the store looks for: user, a dot, service.
pub(super) fn store_with(name: &str) -> Reason {
    reason!("store_with", command = format!("cmdkey /generic:\"{name}.estatus\" /user:\"{name}\" /pass"))
}

/// Who owns a file and who may do what with it. Its pointers lead into `descriptor`.
struct Security {
    owner: PSID,
    list: *mut ACL,
    descriptor: PSECURITY_DESCRIPTOR,
}

impl Security {
    fn of(file: &File) -> io::Result<Self> {
        let mut security = Self { owner: ptr::null_mut(), list: ptr::null_mut(), descriptor: ptr::null_mut() };
        // SAFETY: the handle is open while `file` is borrowed; each pointer leads to a field that outlives the call, and
        // those not asked for may be null.
        let code = unsafe {
            GetSecurityInfo(
                file.as_raw_handle(),
                SE_FILE_OBJECT,
                OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                &mut security.owner,
                ptr::null_mut(),
                &mut security.list,
                ptr::null_mut(),
                &mut security.descriptor,
            )
        };
        if code == ERROR_SUCCESS { Ok(security) } else { Err(io::Error::from_raw_os_error(code.cast_signed())) }
    }

    /// Everybody whom the list lets read.
    fn readers(&self) -> io::Result<Vec<PSID>> {
        if self.list.is_null() {
            return Err(io::Error::other("it has no access list, so that everybody can read it"));
        }
        // SAFETY: the list is not null and lies in the descriptor, which lives as long as `self`.
        let count = unsafe { (*self.list).AceCount };
        let mut readers = Vec::new();
        for index in 0..u32::from(count) {
            let mut entry: *mut c_void = ptr::null_mut();
            // SAFETY: the list is valid, as above, and `entry` outlives the call.
            if unsafe { GetAce(self.list, index, &mut entry) } == 0 {
                return Err(io::Error::last_os_error());
            }
            readers.extend(reader(entry));
        }
        Ok(readers)
    }
}

impl Drop for Security {
    fn drop(&mut self) {
        // SAFETY: GetSecurityInfo allocated the descriptor, or it is null, which LocalFree ignores; nothing that leads
        // into it outlives `self`.
        unsafe { LocalFree(self.descriptor) };
    }
}

/// Whom an entry of an access list lets read, if it lets somebody.
fn reader(entry: *mut c_void) -> Option<PSID> {
    const READ: u32 = FILE_READ_DATA | GENERIC_READ | GENERIC_ALL;
    // SAFETY: GetAce gave `entry`, so it begins with a header.
    let header = unsafe { *entry.cast::<ACE_HEADER>() };
    let kind = u32::from(header.AceType);
    let allows = kind == ACCESS_ALLOWED_ACE_TYPE || kind == ACCESS_ALLOWED_CALLBACK_ACE_TYPE;
    if !allows || u32::from(header.AceFlags) & INHERIT_ONLY_ACE != 0 {
        return None;
    }
    let entry = entry.cast::<ACCESS_ALLOWED_ACE>();
    // SAFETY: entries of both kinds begin with header, mask and SID, in this order.
    unsafe { ((*entry).Mask & READ != 0).then(|| (&raw mut (*entry).SidStart).cast::<c_void>()) }
}

/// This user, or a user whose secrets are no secrets to it anyway.
fn is_trusted(sid: PSID, user: PSID) -> bool {
    // SAFETY: `sid` leads to a SID in a descriptor that the caller holds.
    let known = |kind| unsafe { IsWellKnownSid(sid, kind) != 0 };
    same(sid, user) || known(WinLocalSystemSid) || known(WinBuiltinAdministratorsSid)
}

fn same(one: PSID, other: PSID) -> bool {
    // SAFETY: both lead to SIDs in buffers that the callers hold.
    !one.is_null() && !other.is_null() && unsafe { EqualSid(one, other) != 0 }
}

/// The user this process runs as. The buffer holds a `TOKEN_USER` and the SID it leads to.
struct User(Vec<u64>);

impl User {
    fn current() -> io::Result<Self> {
        /// A TOKEN_USER and the longest SID (68 bytes) fit into it.
        const LENGTH: usize = 32;
        let mut handle = ptr::null_mut();
        // SAFETY: GetCurrentProcess gives a handle that is always valid, and `handle` outlives the call.
        if unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &mut handle) } == 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: OpenProcessToken has opened the handle for us alone.
        let token = unsafe { OwnedHandle::from_raw_handle(handle) };
        let mut buffer = vec![0_u64; LENGTH];
        let bytes = (LENGTH * size_of::<u64>()) as u32;
        let mut used = 0;
        // SAFETY: the buffer is as long as said and aligned for a TOKEN_USER; the handle is open.
        let done = unsafe {
            GetTokenInformation(token.as_raw_handle(), TokenUser, buffer.as_mut_ptr().cast(), bytes, &mut used)
        };
        if done == 0 { Err(io::Error::last_os_error()) } else { Ok(Self(buffer)) }
    }

    fn sid(&self) -> PSID {
        // SAFETY: GetTokenInformation has put a TOKEN_USER at the beginning of the buffer.
        unsafe { (*self.0.as_ptr().cast::<TOKEN_USER>()).User.Sid }
    }
}
