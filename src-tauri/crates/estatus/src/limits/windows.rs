//! Windows limits neither open files nor has its allocator arenas.

/// Nothing needs to be set.
pub(crate) fn set() {}
