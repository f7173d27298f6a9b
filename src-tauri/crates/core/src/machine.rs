//! What an entry of the configuration is to the engine, of whatever kind it is.

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    ids::Key,
    input::Reason,
    memory::Memory,
    time::{Instant, Now},
};

/// An entry of the configuration, as the engine lives with it. It knows itself, the time and its own configuration, and
/// of other entries only what it is told.
pub(crate) trait Machine {
    /// What is remembered of it over restarts.
    type Memory: Remembered;

    fn memory(&self) -> &Self::Memory;

    fn memory_mut(&mut self) -> &mut Self::Memory;

    /// All that is due of it, and when.
    fn dues(&self, now: Now) -> Vec<(Instant, Reason)>;
}

/// What is remembered of an entry of one kind over restarts.
pub(crate) trait Remembered: Clone + PartialEq + Into<Memory> {
    /// The entry of this kind that is called `name`.
    fn key(name: Arc<str>) -> Key;

    /// The same, if it is of this kind.
    fn recalled(memory: &Memory) -> Option<&Self>;

    /// Since when the entry has been out of the configuration, while it may still come back.
    fn removed(&mut self) -> &mut Option<Timestamp>;

    /// A channel has another name: what was told on it was told on that one. Whether there was anything.
    fn rename_channel(&mut self, old: &str, new: &str) -> bool;
}
