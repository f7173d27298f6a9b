//! As whom Estatus runs as a service.

use std::{io, mem::MaybeUninit, ptr};

use windows_sys::Win32::{
    Foundation::ERROR_SERVICE_DOES_NOT_EXIST,
    Security::LookupAccountNameW,
    System::Services::{
        CloseServiceHandle, OpenSCManagerW, OpenServiceW, QUERY_SERVICE_CONFIGW, QueryServiceConfigW, SC_HANDLE,
        SC_MANAGER_CONNECT, SERVICE_QUERY_CONFIG,
    },
};

use super::{Sid, succeeded, wide};

/// The most that a configuration takes, in bytes (as the function's page says).
const CONFIG_LIMIT: usize = 8 * 1024;
/// The longest name of a domain, with a zero.
const DOMAIN_LIMIT: usize = 256;

/// The account of the service `name`, which only an administrator can install; nothing if there is none, or it is the
/// system's own.
pub(super) fn account(name: &str) -> io::Result<Option<Sid>> {
    // SAFETY: no machine and no database are named: this machine's services.
    let manager = Service::opened(unsafe { OpenSCManagerW(ptr::null(), ptr::null(), SC_MANAGER_CONNECT) })?;
    let name = wide(name);
    // SAFETY: the manager is open, and the name ends in a zero.
    let service = Service::opened(unsafe { OpenServiceW(manager.0, name.as_ptr(), SERVICE_QUERY_CONFIG) });
    match service {
        Ok(service) => service.account(),
        Err(error) if error.raw_os_error() == Some(ERROR_SERVICE_DOES_NOT_EXIST.cast_signed()) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A handle of the service control manager.
struct Service(SC_HANDLE);

impl Service {
    fn opened(handle: SC_HANDLE) -> io::Result<Self> {
        if handle.is_null() { Err(io::Error::last_os_error()) } else { Ok(Self(handle)) }
    }

    fn account(&self) -> io::Result<Option<Sid>> {
        const LENGTH: usize = CONFIG_LIMIT / size_of::<u64>();
        let mut buffer = [MaybeUninit::<u64>::zeroed(); LENGTH];
        let mut needed = 0;
        // SAFETY: the service is open, and the buffer as long as said and aligned for the structure.
        succeeded(unsafe {
            QueryServiceConfigW(self.0, buffer.as_mut_ptr().cast(), CONFIG_LIMIT as u32, &raw mut needed)
        })?;
        // SAFETY: the structure stands at the beginning of the buffer, and its name leads to a text in it that ends in a
        // zero, or nowhere.
        let text = unsafe {
            let name = (*buffer.as_ptr().cast::<QUERY_SERVICE_CONFIGW>()).lpServiceStartName;
            if name.is_null() {
                return Ok(None);
            }
            let length = (0..).take_while(|at| *name.add(*at) != 0).count();
            String::from_utf16_lossy(std::slice::from_raw_parts(name, length))
        };
        if text.eq_ignore_ascii_case("LocalSystem") {
            return Ok(None);
        }
        // A user of this machine; the system looks there first.
        of_account(&text).map(Some)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // SAFETY: the handle is open and not used any more.
        unsafe { CloseServiceHandle(self.0) };
    }
}

/// The account called `name`, as the service control manager calls it.
pub(super) fn of_account(name: &str) -> io::Result<Sid> {
    match name {
        "LocalSystem" => Sid::system(),
        OWN_ACCOUNT => Sid::of_text(OWN_SID),
        name => look_up(name.strip_prefix(r".\").unwrap_or(name)),
    }
}

/// The account that Windows has for the service. It can be looked up only while the service is installed.
const OWN_ACCOUNT: &str = r"NT SERVICE\Estatus";
/// Its identifier, which follows from the service's name: the words of the SHA-1 of `ESTATUS` in UTF-16, as `sc showsid`
/// prints it.
const OWN_SID: &str = "S-1-5-80-2954704040-3533992775-3402611830-625239999-1179130574";

fn look_up(account: &str) -> io::Result<Sid> {
    let account = wide(account);
    let mut domain = [0_u16; DOMAIN_LIMIT];
    let (mut domain_length, mut kind) = (DOMAIN_LIMIT as u32, 0);
    Sid::filled(|sid, length| {
        // SAFETY: the name ends in a zero; the buffers are as long as they are said to be.
        succeeded(unsafe {
            LookupAccountNameW(
                ptr::null(),
                account.as_ptr(),
                sid,
                length,
                domain.as_mut_ptr(),
                &raw mut domain_length,
                &raw mut kind,
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_is_not_installed_has_no_account() {
        assert!(account("estatus-is-no-such-service").unwrap().is_none());
    }

    #[test]
    fn an_account_is_found_by_its_name() {
        assert_eq!(look_up("NT AUTHORITY\\SYSTEM").unwrap().to_string(), "S-1-5-18");
    }
}
