//! Windows limits neither open files nor has its allocator arenas.

/// Lets this process, which hosts an engine, use what the machine has: nothing needs to be set.
pub fn set() {}
