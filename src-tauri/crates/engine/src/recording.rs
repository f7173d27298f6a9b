//! What the core wants written down goes to the store; whatever must not be ahead of it waits until it is on disk.

use estatus_core::record::Record;
use tokio::sync::watch;

use crate::{barrier::Barrier, event_loop::EventLoop, workers::Workers};

impl<W: Workers> EventLoop<W> {
    pub(crate) fn record(&mut self, records: Vec<Record>) {
        for record in &records {
            if let Record::Journal { at, entry } = record {
                self.audience.journal(*at, entry);
            }
        }
        let durable = records.iter().any(Record::must_be_durable);
        let written = self.store.record(records);
        if !durable {
            return;
        }
        let (open, barrier) = watch::channel(false);
        self.tasks.barrier = Some(Barrier::new(barrier));
        tokio::spawn(async move {
            if let Err(trouble) = written.await {
                tracing::warn!(%trouble, "something is told that could not be written down first");
            }
            open.send_replace(true);
        });
    }
}
