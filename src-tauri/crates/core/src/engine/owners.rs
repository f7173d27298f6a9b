//! Whose effects are under way: what comes back finds its owner here, and nowhere else.

use std::collections::BTreeMap;

use super::{Effect, Engine};
use crate::ids::{EffectId, Key};

/// The effects under way that an entry waits for.
#[derive(Debug, Default)]
pub(super) struct Owners {
    last: u64,
    owners: BTreeMap<EffectId, Key>,
}

impl Owners {
    /// The number of an effect whose result comes back to no entry.
    pub(super) fn number(&mut self) -> EffectId {
        self.last += 1;
        EffectId(self.last)
    }

    /// The number of an effect whose result comes back to `owner`.
    pub(super) fn begin(&mut self, owner: Key) -> EffectId {
        let id = self.number();
        self.owners.insert(id, owner);
        id
    }

    /// Who waits for that effect, which has come to its end.
    pub(super) fn take(&mut self, id: EffectId) -> Option<Key> {
        self.owners.remove(&id)
    }
}

impl Engine {
    /// Nobody waits for that effect any more, if anybody still does.
    pub(super) fn cancel(&mut self, id: EffectId) {
        if self.owners.take(id).is_some() {
            self.effects.push_back(Effect::Cancel { id });
        }
    }
}
