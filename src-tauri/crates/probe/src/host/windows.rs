//! The figures of a Windows machine.
#![allow(unsafe_code, reason = "the figures are had from the Windows API alone")]

use std::{io, mem, os::windows::ffi::OsStrExt, path::Path, ptr};

use windows_sys::Win32::{
    Foundation::FILETIME,
    Storage::FileSystem::GetDiskFreeSpaceExW,
    System::{
        SystemInformation::{GlobalMemoryStatusEx, MEMORYSTATUSEX},
        Threading::GetSystemTimes,
    },
};

use super::{CpuTimes, Disk, share};

/// What the cores have done so far, in units of 100 ns.
pub(crate) fn cpu_times() -> io::Result<CpuTimes> {
    let zero = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
    let (mut idle, mut kernel, mut user) = (zero, zero, zero);
    // SAFETY: the three pointers are those of structures that live on.
    succeeded(unsafe { GetSystemTimes(&raw mut idle, &raw mut kernel, &raw mut user) })?;
    // The time of the kernel holds the idle time.
    let total = units(kernel) + units(user);
    Ok(CpuTimes { busy: total.saturating_sub(units(idle)), total })
}

/// Memory in use, in percent.
pub(crate) fn memory() -> io::Result<f64> {
    // SAFETY: the structure is plain numbers, for which zeroes are valid.
    let mut status: MEMORYSTATUSEX = unsafe { mem::zeroed() };
    status.dwLength = size_of::<MEMORYSTATUSEX>() as u32;
    // SAFETY: `status` tells its own length.
    succeeded(unsafe { GlobalMemoryStatusEx(&raw mut status) })?;
    Ok(share(status.ullTotalPhys.saturating_sub(status.ullAvailPhys), status.ullTotalPhys))
}

/// There is no load average.
pub(crate) fn load() -> io::Result<f64> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "Windows knows no load average; use cpu_below instead"))
}

/// The disk that holds `path`.
pub(crate) fn disk(path: &Path) -> io::Result<Disk> {
    let wide: Vec<u16> = path.as_os_str().encode_wide().chain([0]).collect();
    let (mut free, mut total) = (0, 0);
    // SAFETY: the path ends with a zero; the pointers are those of numbers that live on, the last may be null.
    succeeded(unsafe { GetDiskFreeSpaceExW(wide.as_ptr(), &raw mut free, &raw mut total, ptr::null_mut()) })?;
    Ok(Disk { free, total })
}

fn units(time: FILETIME) -> u64 {
    u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime)
}

fn succeeded(result: i32) -> io::Result<()> {
    if result == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
