//! What goes to servers and their provider, and what comes back.

use std::{sync::Arc, time::Duration};

use estatus_core::{
    engine::Input,
    fleet::{
        Fleet,
        command::{FleetCommand, FleetEvent, Heartbeat, Listed, ProviderError},
    },
};

use super::{
    Coming, MS, World,
    cloud::{self, Nature, Place},
};
use crate::script::MINUTE;

impl World {
    /// Does what may be done: nothing before what it follows from is on disk.
    pub(super) fn obey(&mut self) {
        if self.is_full {
            return;
        }
        self.disk.commit();
        while let Some((fleet, command)) = self.orders.pop_front() {
            self.obey_one(&fleet, command);
        }
    }

    fn obey_one(&mut self, fleet: &Arc<Fleet>, command: FleetCommand) {
        let place = (Arc::clone(&fleet.name), fleet.provider.word());
        match &command {
            FleetCommand::Serve => {
                self.served.insert(Arc::clone(&fleet.name));
            }
            FleetCommand::Release => {
                self.served.remove(&fleet.name);
                let of_it = |server: &&mut cloud::Server| server.place.0 == fleet.name;
                self.cloud.servers.iter_mut().filter(of_it).for_each(|server| server.connected = false);
            }
            FleetCommand::Answer { announcement, accepted } => {
                let Some(id) = self.announced.remove(announcement) else { return };
                let server = self.cloud.servers.iter_mut().find(|server| server.id == id);
                if let Some(server) = server.filter(|_| accepted.is_some()) {
                    server.welcomed();
                }
            }
            FleetCommand::Ping { .. } => {}
            FleetCommand::Forget { instance } => {
                let of_it = |server: &&mut cloud::Server| server.name == *instance;
                self.cloud.servers.iter_mut().filter(of_it).for_each(|server| server.connected = false);
            }
            FleetCommand::Drain { instance } => {
                let speaks = |server: &cloud::Server| server.name == *instance && server.speaks(self.now);
                if self.cloud.servers.iter().any(speaks) {
                    let takes = self.dice.between(MS, MINUTE);
                    let event = FleetEvent::Drained { instance: Arc::clone(instance) };
                    self.tell(Input::Fleet { fleet: Arc::clone(&fleet.name), event }, takes);
                }
            }
            FleetCommand::Launch { instance, .. } => {
                self.promises.launches(instance, self.core(), self.clocks());
                self.send(place, Arc::clone(instance), command);
            }
            FleetCommand::Terminate { instance, .. } => self.send(place, Arc::clone(instance), command),
            FleetCommand::List => {
                let takes = self.dice.between(MS, Duration::from_secs(2));
                self.at(self.now + takes, Coming::Arrives(place, command));
            }
        }
    }

    /// What concerns one instance is done one after the other.
    fn send(&mut self, place: Place, instance: Arc<str>, command: FleetCommand) {
        let takes = self.dice.between(MS, Duration::from_secs(3));
        let free = self.busy.get(&instance).copied().unwrap_or_default();
        let at = free.max(self.now) + takes;
        self.busy.insert(instance, at);
        self.at(at, Coming::Arrives(place, command));
    }

    pub(super) fn arrives(&mut self, place: &Place, command: FleetCommand, life: u64) {
        let calm = self.is_calm() || self.troubles.honest;
        let around = (&mut self.dice, self.now, calm);
        let event = match command {
            FleetCommand::Launch { instance, attempt } => match self.cloud.launch(place, &instance, attempt, around) {
                Ok(id) => FleetEvent::Launched { instance, id },
                Err(error) => FleetEvent::CannotLaunch { instance, error },
            },
            FleetCommand::Terminate { instance, id } => {
                match self.cloud.terminate(place, &instance, id.as_ref(), around) {
                    Ok(()) => FleetEvent::Terminated { instance, why: None },
                    Err(error) => FleetEvent::CannotTerminate { instance, error },
                }
            }
            _ => listed(self.cloud.list(place, around)),
        };
        if let Some((one, other)) = self.cloud.doubled() {
            panic!("seed {}: two of one name at {:?}: {one:?} {other:?}", self.seed, self.now);
        }
        if life == self.life {
            let takes = self.dice.between(MS, Duration::from_secs(5));
            self.tell(Input::Fleet { fleet: Arc::clone(&place.0), event }, takes);
        }
    }

    /// The servers of a fleet share what is asked of it, and say so.
    pub(super) fn beats(&mut self, fleet: &Arc<str>) {
        let every = self.config.fleets.iter().find(|known| known.name == *fleet).map(|known| known.heartbeat);
        let again = self.now + every.unwrap_or(MINUTE);
        self.at(again, Coming::Beats(Arc::clone(fleet)));
        if self.cut.is_some() || !self.served.contains(fleet) {
            return;
        }
        let now = self.now;
        let second = usize::try_from(self.now.as_secs()).expect("a small number");
        let demand = &self.demand[fleet];
        // In peace what is asked for can be borne.
        let asked = if self.is_calm() { 1.0 } else { demand[second % demand.len()] };
        let of_it = |server: &&cloud::Server| server.place.0 == *fleet && server.speaks(now);
        let working = self.cloud.servers.iter().filter(of_it).filter(|server| server.connected).count();
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a load is a small number")]
        let load = (asked / working.max(1) as f64).min(1.0) as f32;
        let mut heard = Vec::new();
        let mut news = Vec::new();
        for server in self.cloud.servers.iter().filter(of_it) {
            if server.connected {
                let load = match server.nature {
                    Nature::Honest => Some(load),
                    Nature::Full => Some(1.0),
                    Nature::Mad => None,
                };
                heard.push(Heartbeat { instance: Arc::clone(&server.name), load, ago: Duration::ZERO });
            } else {
                news.push((server.id.clone(), server.name.to_string(), server.proof()));
            }
        }
        let life = self.life;
        if !heard.is_empty() {
            self.input(Input::Fleet { fleet: Arc::clone(fleet), event: FleetEvent::Heard(heard) });
        }
        for (id, name, proof) in news {
            if self.life != life {
                return;
            }
            self.last_announcement += 1;
            let announcement = self.last_announcement;
            self.announced.insert(announcement, id);
            let (declared, from) = (String::new(), std::net::Ipv4Addr::LOCALHOST.into());
            let event = FleetEvent::Announced { announcement, name, proof, declared, from };
            self.input(Input::Fleet { fleet: Arc::clone(fleet), event });
        }
    }
}

fn listed(answer: Result<Vec<Listed>, ProviderError>) -> FleetEvent {
    answer.map_or_else(FleetEvent::CannotList, FleetEvent::Listed)
}
