//! What clients, the host of the engine and the status page are to see of a change.

use std::{collections::BTreeSet, sync::Arc};

use estatus_api::Event;
use estatus_core::{engine::Change, ids::Key};

use crate::{clock, event_loop::EventLoop, tasks::Published, workers::Workers};

impl<W: Workers> EventLoop<W> {
    pub(crate) fn publish_engine(&mut self) {
        self.publish(Change::Engine);
    }

    /// Tells everything anew: it is put into other words.
    pub(crate) fn publish_all(&mut self) {
        let monitors = self.core.monitors().map(|view| Change::Changed(Key::Monitor(Arc::clone(&view.monitor.name))));
        let programs = self.core.programs().map(|view| Change::Changed(Key::Program(Arc::clone(&view.program.name))));
        let flows = self.core.config().flows.iter().map(|flow| Change::Changed(Key::Flow(Arc::clone(&flow.name))));
        let fleets =
            self.core.fleets(clock::now()).map(|view| Change::Changed(Key::Fleet(Arc::clone(&view.fleet.name))));
        let incidents = self.core.open_incidents().map(|incident| Change::Incident(incident.id));
        let all: Vec<Change> = monitors.chain(programs).chain(flows).chain(fleets).chain(incidents).collect();
        all.into_iter().for_each(|change| self.publish(change));
    }

    pub(crate) fn publish(&mut self, change: Change) {
        let told = if let Change::Message(message) = &change { self.view.told.hear(message) } else { BTreeSet::new() };
        if let Change::IncidentClosed(incident) = &change {
            self.view.told.is_over(incident.id);
        }
        if let Change::Gone(key) = &change {
            self.audience.gone(key);
        }
        if matches!(change, Change::Changed(Key::Monitor(_)) | Change::Gone(Key::Monitor(_)) | Change::Engine) {
            self.status_page.look_again();
        }
        if self.tasks.events.receiver_count() == 0 {
            return;
        }
        for incident in told {
            self.send(Event::Told { incident, alerts: self.view.told.of(incident) });
        }
        if matches!(change, Change::Incident(_) | Change::IncidentClosed(_)) {
            // Whoever shows it must know whether that is wanted now.
            self.publish_engine();
        }
        if let Some(event) = self.view.event(&self.core, change) {
            self.send(event);
        }
    }

    fn send(&self, event: Event) {
        let published = Published { after: self.tasks.barrier.clone(), event: Arc::new(event) };
        // Without a receiver there is nobody to tell.
        let _ = self.tasks.events.send(published);
    }
}
