//! Linux: open files and the allocator's arenas.

#![allow(unsafe_code, reason = "the allocator's settings have no safe API")]

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
    // SAFETY: takes two numbers and changes a setting of the allocator, which may be done at any time.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
    }
}
