//! How many instances are wanted by the clock.

use jiff::Timestamp;

use super::Planned;

/// What is wanted by the clock at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InForce {
    /// So many, as the plan says that came last; nothing if none ever did.
    pub desired: Option<u32>,
    /// When that is no longer so.
    pub until: Option<Timestamp>,
}

impl InForce {
    /// What holds at `at` by `plans`; of two of the same time the later one in the list. It is worth keeping until it ends:
    /// calendars are searched for it.
    pub fn at(plans: &[Planned], at: Timestamp) -> Self {
        let begun = plans.iter().filter_map(|plan| Some((plan.from.last_until(at)?, plan.desired)));
        Self {
            desired: begun.max_by_key(|(begun, _)| *begun).map(|(_, desired)| desired),
            until: plans.iter().filter_map(|plan| plan.from.next_after(at)).min(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maintenance::Cron;

    #[test]
    fn what_came_last_holds_until_the_next() {
        let plan = |from: &str, desired| Planned { from: Cron::parse(from, "Europe/Madrid").unwrap(), desired };
        let plans = [plan("0 8 * * 1-5", 6), plan("0 20 * * *", 2), plan("0 20 * * 5", 1), plan("0 0 30 2 *", 9)];
        let utc = |text: &str| format!("{text}:00Z").parse().unwrap();
        let check = |at: &str, desired, until: &str| {
            let wanted = InForce { desired: Some(desired), until: Some(utc(until)) };
            assert_eq!(InForce::at(&plans, utc(at)), wanted, "at {at}");
        };
        // 2026-05-04 is a Monday, and the clock is two hours ahead of UTC.
        check("2026-05-04T05:59", 2, "2026-05-04T06:00");
        check("2026-05-04T06:00", 6, "2026-05-04T18:00");
        check("2026-05-04T18:00", 2, "2026-05-05T06:00");
        check("2026-05-08T18:00", 1, "2026-05-09T18:00");
        check("2026-05-10T10:00", 2, "2026-05-10T18:00");
        assert_eq!(InForce::at(&[], utc("2026-05-04T06:00")), InForce { desired: None, until: None });
        let never = [plan("0 0 30 2 *", 9)];
        assert_eq!(InForce::at(&never, utc("2026-05-04T06:00")), InForce { desired: None, until: None });
    }
}
