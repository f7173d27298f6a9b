//! What goes out: records first, then what follows from them.

use super::{Change, Effect, Engine};
use crate::{
    incident::Message,
    record::{JournalEntry, Record},
    time::Now,
};

/// Room is kept for so many effects.
const EFFECTS: usize = 256;

impl Engine {
    /// The next thing to do. Records come before whatever follows from them.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.write_messages();
        if self.records.is_empty() {
            let effect = self.effects.pop_front();
            if effect.is_none() {
                // What a new configuration or an outage asks for at once is never kept room for.
                self.effects.shrink_to(EFFECTS);
            }
            effect
        } else {
            Some(Effect::Record(std::mem::take(&mut self.records)))
        }
    }

    /// Writes down how messages stand: each once, however many alerts were added to it.
    fn write_messages(&mut self) {
        for (id, left) in std::mem::take(&mut self.dirty_messages) {
            let Some(message) = self.outbox.get(id).cloned().or(left) else { continue };
            self.records.push(Record::Message(message.clone()));
            self.publish(Change::Message(message));
        }
    }

    /// A message is no longer on its way; or it is again, and then the outbox knows it better.
    pub(super) fn message_left(&mut self, message: Message) {
        self.dirty_messages.insert(message.id, Some(message));
    }

    pub(super) fn journal(&mut self, entry: JournalEntry, now: Now) {
        self.records.push(Record::Journal { at: now.utc, entry });
    }

    pub(super) fn publish(&mut self, change: Change) {
        self.effects.push_back(Effect::Publish(change));
    }
}
