//! As many instances as the load needs to be what it is to be: grown at once, shrunk with care.

use super::{
    Case, Wish,
    budget::{self, TURNS, TURNS_WITHIN},
    measure::{Level, needed},
};
use crate::fleet::decision::{Objection, Reason, Rejection};

impl Case<'_> {
    pub(super) fn target(&self) -> Wish {
        let mut wish = Wish::new(self.tally.size(), self.measure.reason());
        match (self.measure.level, self.measure.need) {
            (Level::Above, Some(need)) => wish.size = need,
            (Level::Below, Some(need)) => self.shrink(need, &mut wish),
            (Level::Within, _) => self.wait(&mut wish),
            (Level::Unknown, _) | (_, None) => {}
        }
        wish
    }

    /// Shrinks to `need`, or as far as it may.
    fn shrink(&self, need: u32, wish: &mut Wish) {
        let size = wish.size;
        let lowest = need.max(self.floor()).min(size);
        let (lately, ago) = self.state.needs.largest(self.now);
        let bottom = lowest.max(lately).min(size);
        if lowest > need {
            wish.reject(Rejection::Shrink { count: lowest - need }, Objection::Floor { floor: self.floor() });
        }
        if bottom > lowest {
            let why = Objection::Needed { need: lately, seconds: ago.as_secs() };
            wish.reject(Rejection::Shrink { count: bottom - lowest }, why);
        }
        match self.withheld() {
            _ if bottom == size => {}
            Some(why) => wish.reject(Rejection::Shrink { count: size - bottom }, why),
            None => wish.size = bottom,
        }
    }

    /// Why it does not shrink at all now, if so.
    fn withheld(&self) -> Option<Objection> {
        let turns = budget::turns(self.state.turns, self.now.utc);
        match self.tally.booting {
            0 if turns < TURNS => None,
            0 => Some(Objection::Flapping { turns, seconds: TURNS_WITHIN.as_secs() }),
            count => Some(Objection::Booting { count }),
        }
    }

    /// Says what the mean load would ask for, if those that it does not speak for make the difference.
    fn wait(&self, wish: &mut Wish) {
        let Some(mean) = self.measure.mean else { return };
        let (size, load) = (wish.size, self.fleet.load);
        let tally = self.tally;
        let few_known = Objection::FewKnown { known: tally.known, count: tally.known + tally.unknown() };
        let wanted = needed(mean * f64::from(size), load);
        let reason = self.measure.reason();
        if matches!(reason, Reason::Above { .. }) && wanted > size {
            let why = if tally.booting > 0 { Objection::Booting { count: tally.booting } } else { few_known };
            wish.reject(Rejection::Launch { count: wanted - size }, why);
        } else if matches!(reason, Reason::Below { .. }) && wanted < size {
            wish.reject(Rejection::Shrink { count: size - wanted }, few_known);
        }
    }
}
