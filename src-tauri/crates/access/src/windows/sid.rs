//! The name that the system has for a user or a group: a security identifier.

use std::{ffi::c_void, fmt, io, ptr, slice};

use windows_sys::Win32::{
    Foundation::LocalFree,
    Security::{
        Authorization::{ConvertSidToStringSidW, ConvertStringSidToSidW},
        CreateWellKnownSid, GetLengthSid, LookupAccountSidW, PSID, WELL_KNOWN_SID_TYPE, WinBuiltinAdministratorsSid,
        WinCreatorGroupSid, WinCreatorOwnerRightsSid, WinCreatorOwnerSid, WinLocalSystemSid,
    },
};

use super::{succeeded, wide};

/// The longest identifier, in words of four bytes (`SECURITY_MAX_SID_SIZE`).
const LONGEST: usize = 17;
const WORD: usize = size_of::<u32>();
/// No name of an account or a domain is longer.
const NAME_LIMIT: usize = 512;

/// A user or a group. It is made of words of four bytes, and two are the same if all their words are.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Sid(Vec<u32>);

impl Sid {
    /// A copy of what `sid` leads to.
    ///
    /// # Safety
    /// That must be a valid SID, aligned to four bytes as the system's own are.
    pub(super) unsafe fn copied(sid: PSID) -> Self {
        // SAFETY: by what the caller promises.
        let length = unsafe { GetLengthSid(sid) } as usize / WORD;
        // SAFETY: so many words belong to the SID, which is aligned.
        Self(unsafe { slice::from_raw_parts(sid.cast::<u32>(), length) }.to_vec())
    }

    /// The one that `fill` writes into a buffer, whose length in bytes it is told.
    pub(super) fn filled(fill: impl FnOnce(PSID, &mut u32) -> io::Result<()>) -> io::Result<Self> {
        let mut buffer = [0_u32; LONGEST];
        let mut length = size_of_val(&buffer) as u32;
        fill(buffer.as_mut_ptr().cast(), &mut length)?;
        // SAFETY: `fill` has written a SID to the beginning of the buffer, which is aligned.
        Ok(unsafe { Self::copied(buffer.as_mut_ptr().cast()) })
    }

    /// The one that is written so, as in `S-1-5-18`.
    pub(super) fn of_text(text: &str) -> io::Result<Self> {
        let (text, mut found) = (wide(text), ptr::null_mut());
        // SAFETY: the text ends in a zero, and `found` outlives the call.
        succeeded(unsafe { ConvertStringSidToSidW(text.as_ptr(), &raw mut found) })?;
        // SAFETY: the conversion gave a valid SID, which it has allocated.
        let sid = unsafe { Self::copied(found) };
        // SAFETY: nothing leads to it any more, and it is freed once.
        unsafe { LocalFree(found) };
        Ok(sid)
    }

    /// The administrators of this machine.
    pub(super) fn administrators() -> io::Result<Self> {
        Self::well_known(WinBuiltinAdministratorsSid)
    }

    /// The system itself, as which services may run.
    pub(super) fn system() -> io::Result<Self> {
        Self::well_known(WinLocalSystemSid)
    }

    /// The part of the system that owns what belongs to Windows (`NT SERVICE\TrustedInstaller`).
    pub(super) fn trusted_installer() -> io::Result<Self> {
        Self::of_text("S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464")
    }

    #[cfg(test)]
    pub(super) fn everybody() -> io::Result<Self> {
        Self::well_known(windows_sys::Win32::Security::WinWorldSid)
    }

    /// Whether it stands for whoever makes or owns something.
    pub(super) fn is_creator(&self) -> io::Result<bool> {
        for kind in [WinCreatorOwnerSid, WinCreatorGroupSid, WinCreatorOwnerRightsSid] {
            if *self == Self::well_known(kind)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn well_known(kind: WELL_KNOWN_SID_TYPE) -> io::Result<Self> {
        // SAFETY: the buffer is as long as it is said to be; these kinds need no domain.
        Self::filled(|sid, length| succeeded(unsafe { CreateWellKnownSid(kind, ptr::null_mut(), sid, length) }))
    }

    /// The name of the account that it stands for, without its domain.
    pub(super) fn account_name(&self) -> io::Result<String> {
        let (mut name, mut domain) = ([0_u16; NAME_LIMIT], [0_u16; NAME_LIMIT]);
        let (mut length, mut domain_length, mut kind) = (NAME_LIMIT as u32, NAME_LIMIT as u32, 0);
        // SAFETY: the SID is valid, and the buffers are as long as they are said to be.
        succeeded(unsafe {
            LookupAccountSidW(
                ptr::null(),
                self.as_psid(),
                name.as_mut_ptr(),
                &raw mut length,
                domain.as_mut_ptr(),
                &raw mut domain_length,
                &raw mut kind,
            )
        })?;
        Ok(String::from_utf16_lossy(name.get(..length as usize).unwrap_or_default()))
    }

    /// It, for the system's functions, which only read it.
    pub(super) fn as_psid(&self) -> PSID {
        self.0.as_ptr().cast::<c_void>().cast_mut()
    }
}

impl fmt::Display for Sid {
    /// As in `S-1-5-18`, which access lists are written with too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = ptr::null_mut();
        // SAFETY: it is a valid SID, and `text` outlives the call.
        if unsafe { ConvertSidToStringSidW(self.as_psid(), &mut text) } == 0 {
            return Err(fmt::Error);
        }
        // SAFETY: the conversion gave a text that ends in a zero.
        let length = (0..).take_while(|at| unsafe { *text.add(*at) } != 0).count();
        // SAFETY: so many letters stand before the zero.
        let shown = String::from_utf16_lossy(unsafe { slice::from_raw_parts(text, length) });
        // SAFETY: the conversion has allocated it, nothing leads to it any more, and it is freed once.
        unsafe { LocalFree(text.cast()) };
        f.write_str(&shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_groups_are_called_as_everywhere() {
        let check = |sid: io::Result<Sid>, name: &str| assert_eq!(sid.unwrap().to_string(), name);
        check(Sid::administrators(), "S-1-5-32-544");
        check(Sid::system(), "S-1-5-18");
        let own = "S-1-5-80-2954704040-3533992775-3402611830-625239999-1179130574";
        check(Sid::of_text(own), own);
        assert!(Sid::of_text("S-1-x").is_err());
        assert_eq!(Sid::system().unwrap().account_name().unwrap(), "SYSTEM");
        assert!(Sid::of_text("S-1-5-21-1-2-3-4").unwrap().account_name().is_err());
        assert!(Sid::system().unwrap() == Sid::system().unwrap());
        assert!(!Sid::system().unwrap().is_creator().unwrap());
    }
}
