//! A provider: it takes its time, loses answers, refuses, does not show at once what it has, and its servers boot or do not, fall
//! silent and die.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use estatus_core::fleet::command::{Listed, Proof, ProviderError, ProviderErrorKind};

use crate::script::{Dice, HOUR, MINUTE};

/// Where servers are: a fleet, and the word of its provider.
pub(super) type Place = (Arc<str>, &'static str);

/// A server. It goes on whatever becomes of Estatus.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) id: String,
    pub(super) name: Arc<str>,
    pub(super) place: Place,
    attempt: u32,
    shows_at: Duration,
    /// When its agent begins; nothing if it never does.
    pub(super) boots_at: Option<Duration>,
    pub(super) ended: Option<Duration>,
    /// It says nothing until then.
    pub(super) silent_until: Duration,
    /// It has used its token.
    enrolled: bool,
    pub(super) connected: bool,
    /// It says that it is full, whatever it has to do; or what is no load.
    pub(super) nature: Nature,
    was_left_out: bool,
    /// Since when Estatus has not known of it.
    pub(super) unknown_since: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    Honest,
    Full,
    Mad,
}

impl Server {
    pub(super) fn lives(&self) -> bool {
        self.ended.is_none()
    }

    /// Whether it can say anything.
    pub(super) fn speaks(&self, now: Duration) -> bool {
        self.lives() && self.silent_until <= now && self.boots_at.is_some_and(|at| at <= now)
    }

    pub(super) fn proof(&self) -> Proof {
        if self.enrolled { Proof::Certificate } else { Proof::Token }
    }

    pub(super) fn welcomed(&mut self) {
        self.enrolled = true;
        self.connected = true;
    }
}

/// What becomes of what is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Done,
    /// It is done, and nobody hears so.
    Lost,
    /// It is not done, for this reason, though it cannot be told whether it was.
    Refused(ProviderErrorKind, bool),
}

#[derive(Default)]
pub(super) struct Cloud {
    pub(super) servers: Vec<Server>,
    /// What each launch came to, by its token.
    tokens: BTreeMap<(Place, Arc<str>, u32), usize>,
    /// It refuses everything until then.
    pub(super) away_until: Duration,
    pub(super) launched: u64,
}

impl Cloud {
    fn answer(&self, dice: &mut Dice, now: Duration, calm: bool) -> Answer {
        if calm {
            return Answer::Done;
        }
        if now < self.away_until {
            let kinds = [ProviderErrorKind::Capacity, ProviderErrorKind::Throttled, ProviderErrorKind::Unreachable];
            let kind = kinds[super::cast::index(dice, kinds.len())];
            return Answer::Refused(kind, kind == ProviderErrorKind::Unreachable);
        }
        match dice.below(20) {
            0 => Answer::Lost,
            1 => Answer::Refused(ProviderErrorKind::Throttled, false),
            2 => Answer::Refused(ProviderErrorKind::Unreachable, true),
            3 => Answer::Refused(ProviderErrorKind::Capacity, false),
            _ => Answer::Done,
        }
    }

    /// Launches the server of this token, once.
    pub(super) fn launch(
        &mut self,
        place: &Place,
        name: &Arc<str>,
        attempt: u32,
        (dice, now, calm): (&mut Dice, Duration, bool),
    ) -> Result<String, ProviderError> {
        let answer = self.answer(dice, now, calm);
        if let Answer::Refused(kind, perhaps_done) = answer {
            return Err(error(kind, perhaps_done));
        }
        let token = (place.clone(), Arc::clone(name), attempt);
        let index = match self.tokens.get(&token) {
            Some(known) => *known,
            None => {
                self.servers.push(self.server(place, name, attempt, (dice, now, calm)));
                self.launched += 1;
                self.tokens.insert(token, self.servers.len() - 1);
                self.servers.len() - 1
            }
        };
        match answer {
            Answer::Lost => Err(error(ProviderErrorKind::Unreachable, true)),
            _ => Ok(self.servers[index].id.clone()),
        }
    }

    fn server(
        &self,
        place: &Place,
        name: &Arc<str>,
        attempt: u32,
        (dice, now, calm): (&mut Dice, Duration, bool),
    ) -> Server {
        let nature = match dice.below(30) {
            0 if !calm => Nature::Full,
            1 if !calm => Nature::Mad,
            _ => Nature::Honest,
        };
        let never = !calm && dice.one_in(15);
        Server {
            id: format!("i-{}", self.launched),
            name: Arc::clone(name),
            place: place.clone(),
            attempt,
            shows_at: now + dice.between(Duration::ZERO, MINUTE),
            boots_at: (!never).then(|| now + dice.between(Duration::from_secs(5), Duration::from_secs(90))),
            ended: None,
            silent_until: Duration::ZERO,
            enrolled: false,
            connected: false,
            nature,
            was_left_out: false,
            unknown_since: None,
        }
    }

    /// Terminates the server with this id, or all of this name.
    pub(super) fn terminate(
        &mut self,
        place: &Place,
        name: &Arc<str>,
        id: Option<&String>,
        (dice, now, calm): (&mut Dice, Duration, bool),
    ) -> Result<(), ProviderError> {
        let answer = self.answer(dice, now, calm);
        if let Answer::Refused(kind, perhaps_done) = answer {
            return Err(error(kind, perhaps_done));
        }
        let is_it = |server: &&mut Server| match id {
            Some(id) => server.id == *id,
            None => server.name == *name,
        };
        for server in self.servers.iter_mut().filter(|server| server.place == *place && server.lives()).filter(is_it) {
            server.ended = Some(now);
        }
        if answer == Answer::Lost { Err(error(ProviderErrorKind::Unreachable, true)) } else { Ok(()) }
    }

    /// What shows of the servers at this place.
    pub(super) fn list(
        &mut self,
        place: &Place,
        (dice, now, calm): (&mut Dice, Duration, bool),
    ) -> Result<Vec<Listed>, ProviderError> {
        if let Answer::Refused(kind, perhaps_done) = self.answer(dice, now, calm) {
            return Err(error(kind, perhaps_done));
        }
        let mut listed = Vec::new();
        for server in self.servers.iter_mut().filter(|server| server.place == *place && server.shows_at <= now) {
            let shows = match server.ended {
                None => {
                    // What was seen may be missing once, where another of the provider's own servers answers.
                    server.was_left_out = !calm && !server.was_left_out && dice.one_in(30);
                    !server.was_left_out
                }
                Some(ended) => now < ended + MINUTE * 5,
            };
            if shows {
                let name = Some(Arc::clone(&server.name));
                listed.push(Listed { id: server.id.clone(), name, lives: server.lives(), outdated: false });
            }
        }
        Ok(listed)
    }

    /// Two servers of one name that live.
    pub(super) fn doubled(&self) -> Option<(&Server, &Server)> {
        let mut seen: BTreeMap<&str, &Server> = BTreeMap::new();
        let living = self.servers.iter().filter(|server| server.lives());
        living.into_iter().find_map(|server| seen.insert(&server.name, server).map(|before| (before, server)))
    }

    /// What ended long ago is forgotten, and so are its tokens.
    pub(super) fn forget(&mut self, now: Duration) {
        let is_old = |server: &Server| server.ended.is_some_and(|ended| now > ended + HOUR * 2);
        if self.servers.iter().filter(|server| is_old(server)).count() < 200 {
            return;
        }
        let kept: Vec<Server> = std::mem::take(&mut self.servers).into_iter().filter(|it| !is_old(it)).collect();
        self.servers = kept;
        let indexed = self.servers.iter().enumerate();
        self.tokens = indexed
            .map(|(index, server)| ((server.place.clone(), Arc::clone(&server.name), server.attempt), index))
            .collect();
    }
}

fn error(kind: ProviderErrorKind, perhaps_done: bool) -> ProviderError {
    ProviderError { kind, error: "the provider says no".to_owned(), perhaps_done }
}
