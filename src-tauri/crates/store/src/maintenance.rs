//! What the writer does between writing: looks for damage, packs, rolls up, deletes. A little at a time, so that nobody
//! waits long for a record to be written.

use std::time::{Duration, Instant};

use estatus_core::{Timestamp, config::Retention};
use rusqlite::Result;

use crate::{
    database::Database,
    keys::{HOUR, Millis, floor, millis},
};

/// An hour is rolled up so long after it is over, when the probes that began in it have ended. What comes still later
/// only costs more.
const GRACE: Millis = 2 * 60 * 1000;
/// With so many observations in the log, it is packed at once, so that reading it stays quick.
const PACK_AT: u64 = 25_000;
/// So many monitors are rolled up in one transaction.
const ROLL_AT_ONCE: usize = 100;
/// A store that was just opened leaves the machine to the first probes for so long.
const AFTER_START: Duration = Duration::from_secs(2);
/// How often it is asked whether there is something to do.
const EVERY: Duration = Duration::from_secs(60);
/// What is old is deleted after so many rounds in which the wall clock went on steadily: one that runs ahead for a while
/// must not cost the history.
const STEADY_ROUNDS: u32 = 20;
/// The wall clock is steady if it goes no further from the monotonic clock in a round.
const STEADY_WITHIN: Duration = Duration::from_secs(10);

/// What there is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chore {
    Check,
    Rest,
    Pack { roll_until: Millis },
    Roll { until: Millis },
    Retain,
}

/// The writer's chores.
#[derive(Debug)]
pub(crate) struct Maintenance {
    chore: Chore,
    due: Instant,
    rolled_until: Millis,
    /// Both clocks in the last round.
    last_round: Option<(Instant, Timestamp)>,
    steady_rounds: u32,
}

impl Maintenance {
    /// The chores of a database that was just opened; with `check`, damage is looked for first.
    pub(crate) fn new(check: bool) -> Self {
        let chore = if check { Chore::Check } else { Chore::Rest };
        Self { chore, due: Instant::now() + AFTER_START, rolled_until: 0, last_round: None, steady_rounds: 0 }
    }

    /// When the next one is due.
    pub(crate) fn due(&self) -> Instant {
        self.due
    }

    /// There are `logged` observations in the log.
    pub(crate) fn logged(&mut self, logged: u64) {
        if logged >= PACK_AT && self.chore == Chore::Rest {
            self.due = Instant::now();
        }
    }

    /// Looks for damage next.
    pub(crate) fn check_next(&mut self) {
        self.chore = Chore::Check;
        self.due = Instant::now();
    }

    /// After an error: it is tried again later.
    pub(crate) fn try_later(&mut self) {
        self.chore = Chore::Rest;
        self.due = Instant::now() + EVERY;
    }

    /// Does the next bit of what is to do.
    pub(crate) fn take(&mut self, database: &mut Database, now: Timestamp, retention: &Retention) -> Result<()> {
        self.chore = match self.chore {
            Chore::Check => {
                database.check()?;
                Chore::Rest
            }
            Chore::Rest => self.look(database, now),
            Chore::Pack { roll_until } => {
                if database.pack()? {
                    self.chore
                } else if roll_until > self.rolled_until {
                    Chore::Roll { until: roll_until }
                } else {
                    Chore::Rest
                }
            }
            Chore::Roll { until } => {
                if database.roll(until, ROLL_AT_ONCE)? {
                    self.chore
                } else {
                    self.rolled_until = until;
                    Chore::Rest
                }
            }
            Chore::Retain => {
                if database.retain(millis(now), retention)? {
                    self.chore
                } else {
                    Chore::Rest
                }
            }
        };
        self.due = if self.chore == Chore::Rest { Instant::now() + EVERY } else { Instant::now() };
        Ok(())
    }

    fn look(&mut self, database: &Database, now: Timestamp) -> Chore {
        let until = floor(millis(now) - GRACE, HOUR);
        // A clock that was set back makes the hours before it late ones.
        self.rolled_until = self.rolled_until.min(until + HOUR);
        self.steady_rounds = if self.is_steady(now) { self.steady_rounds + 1 } else { 0 };
        if until > self.rolled_until || database.logged >= PACK_AT {
            Chore::Pack { roll_until: until }
        } else if self.steady_rounds >= STEADY_ROUNDS {
            self.steady_rounds = 0;
            Chore::Retain
        } else {
            Chore::Rest
        }
    }

    fn is_steady(&mut self, now: Timestamp) -> bool {
        let before = self.last_round.replace((Instant::now(), now));
        before.is_some_and(|(instant, then)| {
            let by_clock = Duration::try_from(now.duration_since(then)).unwrap_or(Duration::MAX);
            by_clock.abs_diff(instant.elapsed()) <= STEADY_WITHIN
        })
    }
}
