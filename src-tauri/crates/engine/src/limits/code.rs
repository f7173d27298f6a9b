//! How much of the program's own code stands in memory.

use std::{ops::Range, os::fd::OwnedFd, sync::OnceLock};

use rustix::{
    io,
    ioctl::{Opcode, Updater, ioctl, opcode},
    mm::{Advice, UserfaultfdFlags, madvise, userfaultfd},
    param::page_size,
};

/// Takes all of it out of memory. What runs again comes back from the page cache, from now on alone and not with what lies
/// around it, where the system can do that.
pub(super) fn forget() {
    let code = addresses();
    comes_alone(&code);
    // SAFETY: from its start to the end of its code the program is mapped from its file, read-only and never written to: the
    // linker puts all that relocation changes behind its code. Such pages are the same when they are read from the file
    // again, which happens at the next access.
    let forgotten = unsafe { madvise(code.start as *mut _, code.len(), Advice::LinuxDontNeed) };
    if let Err(error) = forgotten {
        tracing::debug!(%error, "the program's code stays in memory");
    }
}

/// The whole pages of it, and of the read-only data before it.
fn addresses() -> Range<usize> {
    // The linker says where they lie; what they hold is never read.
    unsafe extern "C" {
        static __executable_start: u8;
        static etext: u8;
    }
    let page = page_size();
    let (start, end) = (&raw const __executable_start as usize, &raw const etext as usize);
    start.next_multiple_of(page)..end / page * page
}

/// The system maps what is accessed first with up to 64 kB around it. The functions that run all the time are a thirtieth of
/// this program and lie everywhere in it, so that is some 9 MB for 2. It does not do that for memory whose faults somebody
/// handles, and handling writes, of which there are none here, costs nothing: `uffd_disable_fault_around` in Linux's
/// `include/linux/userfaultfd_k.h`. Once is enough; it lasts as long as the process.
fn comes_alone(code: &Range<usize>) {
    static HANDLES: OnceLock<Option<OwnedFd>> = OnceLock::new();
    HANDLES.get_or_init(|| {
        let handles = handle_writes(code);
        if let Err(error) = &handles {
            // Before Linux 6.7, or where a sandbox forbids it.
            tracing::debug!(%error, "the program's code comes into memory with what lies around it");
        }
        handles.ok()
    });
}

fn handle_writes(memory: &Range<usize>) -> io::Result<OwnedFd> {
    // SAFETY: it handles nothing before it is told what.
    let handler = unsafe { userfaultfd(UserfaultfdFlags::CLOEXEC | USER_MODE_ONLY)? };
    let mut api = Api { api: UFFD_API, features: UFFD_FEATURE_WP_ASYNC, ioctls: 0 };
    // SAFETY: the operation takes and changes such a value.
    unsafe { ioctl(&handler, Updater::<UFFDIO_API, _>::new(&mut api))? };
    let mut register =
        Register { start: memory.start as u64, len: memory.len() as u64, mode: UFFDIO_REGISTER_MODE_WP, ioctls: 0 };
    // SAFETY: the operation takes and changes such a value; asynchronously, the system handles each fault by itself, as before.
    unsafe { ioctl(&handler, Updater::<UFFDIO_REGISTER, _>::new(&mut register))? };
    Ok(handler)
}

// From Linux's `include/uapi/linux/userfaultfd.h`.
const USER_MODE_ONLY: UserfaultfdFlags = UserfaultfdFlags::from_bits_retain(1);
const UFFD_API: u64 = 0xAA;
const UFFD_FEATURE_WP_ASYNC: u64 = 1 << 15;
const UFFDIO_API: Opcode = opcode::read_write::<Api>(0xAA, 0x3F);
const UFFDIO_REGISTER: Opcode = opcode::read_write::<Register>(0xAA, 0x00);
const UFFDIO_REGISTER_MODE_WP: u64 = 1 << 1;

/// `struct uffdio_api`.
#[repr(C)]
struct Api {
    api: u64,
    features: u64,
    ioctls: u64,
}

/// `struct uffdio_register`.
#[repr(C)]
struct Register {
    start: u64,
    len: u64,
    mode: u64,
    ioctls: u64,
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// How much of `memory` is there now, in bytes.
    fn present(memory: &Range<usize>) -> usize {
        let mappings = fs::read_to_string("/proc/self/smaps").unwrap();
        let mut is_within = false;
        let mut kilobytes = 0;
        for line in mappings.lines() {
            let start = line.split_once('-').and_then(|(start, _)| usize::from_str_radix(start, 16).ok());
            is_within = start.map_or(is_within, |start| memory.contains(&start));
            let resident =
                line.strip_prefix("Rss:").filter(|_| is_within).and_then(|rest| rest.split_whitespace().next());
            kilobytes += resident.map_or(0, |number| number.parse::<usize>().unwrap());
        }
        kilobytes * 1024
    }

    #[test]
    fn code_that_does_not_run_leaves_memory_and_what_runs_goes_on() {
        let code = addresses();
        // SAFETY: it is read, and that from its file.
        unsafe { madvise(code.start as *mut _, code.len(), Advice::LinuxPopulateRead).unwrap() };
        assert!(present(&code) >= code.len());
        for _ in 0..2 {
            forget();
            let left = present(&code);
            assert!(left < code.len() / 4, "{left} of {} bytes", code.len());
        }
    }
}
