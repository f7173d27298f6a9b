//! The name of this machine on Windows.
#![allow(unsafe_code, reason = "Windows has this only as a function of C")]

use std::ptr;

use windows_sys::Win32::System::SystemInformation::{ComputerNameDnsFullyQualified, GetComputerNameExW};

/// The name with the domain that the machine belongs to.
pub(super) fn host_name() -> Option<String> {
    let mut length = 0;
    // SAFETY: without room it writes nothing but the room that it needs.
    unsafe { GetComputerNameExW(ComputerNameDnsFullyQualified, ptr::null_mut(), &mut length) };
    let mut name = vec![0_u16; usize::try_from(length).ok()?];
    // SAFETY: `name` has room for `length` units.
    let is_there = unsafe { GetComputerNameExW(ComputerNameDnsFullyQualified, name.as_mut_ptr(), &mut length) } != 0;
    let name = name.get(..usize::try_from(length).ok()?).filter(|_| is_there)?;
    String::from_utf16(name).ok()
}
