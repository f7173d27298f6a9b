//! What an entry of the configuration is to the engine, of whatever kind it is.

use crate::{
    input::Due,
    memory::Remembered,
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
    fn dues(&self, now: Now) -> Vec<(Instant, Due)>;
}
