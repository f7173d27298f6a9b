//! Handles that close themselves.

use std::{
    io,
    os::windows::io::{AsRawHandle, BorrowedHandle, HandleOrInvalid, HandleOrNull, OwnedHandle, RawHandle},
    ptr,
};

use windows_sys::Win32::{
    Foundation::{DUPLICATE_SAME_ACCESS, DuplicateHandle, HANDLE},
    System::Threading::GetCurrentProcess,
};

use super::succeeded;

/// What a function gave back whose answer is null where it failed.
///
/// # Safety
/// `handle` is null, or open and nobody else's to close.
pub(super) unsafe fn or_null(handle: RawHandle) -> io::Result<OwnedHandle> {
    // SAFETY: as this function wants it.
    let handle = unsafe { HandleOrNull::from_raw_handle(handle) };
    OwnedHandle::try_from(handle).map_err(|_| io::Error::last_os_error())
}

/// What a function gave back whose answer is `INVALID_HANDLE_VALUE` where it failed.
///
/// # Safety
/// `handle` is that, or open and nobody else's to close.
pub(super) unsafe fn or_invalid(handle: RawHandle) -> io::Result<OwnedHandle> {
    // SAFETY: as this function wants it.
    let handle = unsafe { HandleOrInvalid::from_raw_handle(handle) };
    OwnedHandle::try_from(handle).map_err(|_| io::Error::last_os_error())
}

/// Another handle on the same thing, which a child that is given it inherits.
pub(super) fn inheritable(handle: BorrowedHandle<'_>) -> io::Result<OwnedHandle> {
    // SAFETY: the pseudo-handle of this process needs no closing.
    let this = unsafe { GetCurrentProcess() };
    let copy = duplicate(this, handle.as_raw_handle(), this, true)?;
    // SAFETY: it was made for us.
    unsafe { or_null(copy) }
}

/// Puts a handle on the same thing into another process, which closes it when it ends; gives back its value there.
pub(super) fn put_into(process: BorrowedHandle<'_>, handle: BorrowedHandle<'_>) -> io::Result<usize> {
    // SAFETY: the pseudo-handle of this process needs no closing.
    let this = unsafe { GetCurrentProcess() };
    duplicate(this, handle.as_raw_handle(), process.as_raw_handle(), false).map(|copy| copy.addr())
}

/// A handle of our own on what has this value in another process.
pub(super) fn taken_from(process: BorrowedHandle<'_>, value: usize) -> io::Result<OwnedHandle> {
    // SAFETY: the pseudo-handle of this process needs no closing.
    let this = unsafe { GetCurrentProcess() };
    let copy = duplicate(process.as_raw_handle(), ptr::without_provenance_mut(value), this, false)?;
    // SAFETY: it was made for us.
    unsafe { or_null(copy) }
}

fn duplicate(from: HANDLE, handle: HANDLE, to: HANDLE, inherit: bool) -> io::Result<HANDLE> {
    let mut copy = ptr::null_mut();
    // SAFETY: both processes are open; a value that is no handle of the first is refused; `copy` is where the new one goes.
    succeeded(unsafe { DuplicateHandle(from, handle, to, &raw mut copy, 0, inherit.into(), DUPLICATE_SAME_ACCESS) })?;
    Ok(copy)
}
