//! The system's list of processes, which tells of each, whoever it belongs to.

use std::{ffi::c_void, io, mem::offset_of, ptr};

use estatus_core::program::ProcessId;
use windows_sys::Win32::Foundation::{
    NTSTATUS, RtlNtStatusToDosError, STATUS_INFO_LENGTH_MISMATCH, STATUS_SUCCESS, UNICODE_STRING,
};

use super::text_of;

/// A process in a list of all.
pub(super) struct Listed {
    pub(super) id: ProcessId,
    pub(super) parent: u32,
    pub(super) name: String,
}

/// What stands first of a process (`SYSTEM_PROCESS_INFORMATION` in winternl.h).
#[repr(C)]
struct Entry {
    /// How many bytes after this one the next begins; nought: there is none.
    next: u32,
    threads: u32,
    _reserved: [i64; 3],
    /// As a FILETIME.
    started: i64,
    _times: [i64; 2],
    name: UNICODE_STRING,
    _priority: i32,
    pid: usize,
    parent: usize,
}

const _: () = assert!(cfg!(target_pointer_width = "32") || offset_of!(Entry, parent) == 88);

/// `SystemProcessInformation`.
const PROCESSES: i32 = 5;

#[link(name = "ntdll")]
unsafe extern "system" {
    fn NtQuerySystemInformation(class: i32, into: *mut c_void, length: u32, written: *mut u32) -> NTSTATUS;
}

/// Every process there is.
///
/// # Errors
/// If the system does not say: that is no sign that there is none.
pub(super) fn processes() -> io::Result<Vec<Listed>> {
    const TRIES: usize = 8;
    const ROOM: usize = 256 * 1024;
    const WORD: usize = size_of::<u64>();
    let mut list = vec![0_u64; ROOM / WORD];
    for _ in 0..TRIES {
        let length = u32::try_from(size_of_val(list.as_slice())).unwrap_or(u32::MAX);
        let mut written = 0;
        // SAFETY: the pointer and the length are those of `list`, and `written` is where the length goes.
        let status = unsafe { NtQuerySystemInformation(PROCESSES, list.as_mut_ptr().cast(), length, &raw mut written) };
        match status {
            STATUS_SUCCESS => return Ok(listed(&list)),
            // There may be more of them at the next try.
            STATUS_INFO_LENGTH_MISMATCH => {
                let needed = usize::try_from(written.max(length)).unwrap_or(0);
                list.resize((needed + ROOM) / WORD, 0);
            }
            // SAFETY: takes no pointers.
            _ => return Err(io::Error::from_raw_os_error(unsafe { RtlNtStatusToDosError(status) }.cast_signed())),
        }
    }
    Err(io::Error::other("the list of processes grows faster than it can be read"))
}

fn listed(list: &[u64]) -> Vec<Listed> {
    let (mut all, mut at) = (Vec::new(), 0);
    while at + size_of::<Entry>() <= size_of_val(list) {
        // SAFETY: a whole entry lies within the list there, whatever its alignment; it is plain numbers and a pointer.
        let entry: Entry = unsafe { list.as_ptr().cast::<u8>().add(at).cast::<Entry>().read_unaligned() };
        all.extend(Listed::of(&entry));
        if entry.next == 0 {
            break;
        }
        at += usize::try_from(entry.next).unwrap_or(usize::MAX);
    }
    all
}

impl Listed {
    /// Of an entry of a list that is still there.
    fn of(entry: &Entry) -> Option<Self> {
        let (name, length) = (entry.name.Buffer, usize::from(entry.name.Length) / size_of::<u16>());
        let name = if name.is_null() {
            &[][..]
        } else {
            // SAFETY: the system has put the name into the list too, and says how long it is.
            unsafe { std::slice::from_raw_parts(ptr::from_ref(&*name), length) }
        };
        Some(Self {
            id: ProcessId { pid: u32::try_from(entry.pid).ok()?, started: entry.started.cast_unsigned() },
            parent: u32::try_from(entry.parent).ok()?,
            name: text_of(name).to_string_lossy().into_owned(),
        })
    }
}
