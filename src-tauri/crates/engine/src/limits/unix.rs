//! Linux: open files, the allocator, and the program's code.

#![allow(unsafe_code, reason = "the allocator and the program's own mapping have no safe API")]

#[cfg(target_env = "gnu")]
mod code;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lets this process, which hosts an engine, use what the machine has. Every probe may need a file descriptor at the same
/// time; all threads share one arena of the allocator, as several would each keep for themselves what their thread once
/// needed: some 5 MB with 1,000 monitors. So it comes before the first thread: a thread keeps the arena that it was given.
pub fn set() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }) {
        tracing::debug!(%error, "the number of open files stays limited");
    }
    #[cfg(target_env = "gnu")]
    for (setting, value) in ALLOCATOR {
        // SAFETY: takes two numbers and changes a setting of the allocator, which may be done at any time.
        unsafe {
            libc::mallopt(setting, value);
        }
    }
}

/// Beside the one arena: what a round of probes needs and gives back is not returned to the system each time, only to be
/// faulted in again by the next. [`give_back`] does it now and then.
#[cfg(target_env = "gnu")]
const ALLOCATOR: [(libc::c_int, libc::c_int); 4] = [
    (libc::M_ARENA_MAX, 1),
    (libc::M_TRIM_THRESHOLD, 4 << 20),
    (libc::M_TOP_PAD, 256 << 10),
    (libc::M_MMAP_THRESHOLD, 1 << 20),
];

/// Gives memory back that is not needed now: pages that the allocator holds free, of which it returns only those at the
/// end by itself, and what was mapped of the program's own code, most of which only runs at the start. What runs again is
/// mapped again, from the page cache. With 1,000 monitors that is half of what the process has by then.
pub(super) fn give_back() {
    #[cfg(target_env = "gnu")]
    {
        // SAFETY: takes a number, and may be called at any time from any thread.
        unsafe {
            libc::malloc_trim(0);
        }
        code::forget();
    }
}
