//! How many instances a group should have so that everybody who waits for one gets one.

use std::sync::Arc;

use super::group::Group;

/// What is to be done for those who wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// These instances, which are nobody's, become these.
    pub(crate) claims: Vec<(Arc<str>, String)>,
    /// So many the group should have; nothing where it should already.
    pub(crate) desired: Option<u32>,
    /// For these there is no room in the group.
    pub(crate) beyond: Vec<Arc<str>>,
}

/// The instances of a group that nobody has, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unowned {
    /// Nobody's, the oldest first.
    pub(crate) free: Vec<String>,
    /// So many may be nobody's: it does not show yet what tags they bear.
    pub(crate) unclear: usize,
}

impl Plan {
    /// For `waiting`, when these instances of the group are nobody's.
    ///
    /// It is said how many there should be in all, not how many more: said twice, or by an Estatus that does not know what
    /// was said before, it comes to the same. Those that the group has been told to launch and has not are among those that it
    /// should have and has not, and so are not asked for again; nor are those that have just come.
    pub(crate) fn of(group: &Group, unowned: &Unowned, waiting: &[Arc<str>]) -> Self {
        let claims: Vec<_> = waiting.iter().cloned().zip(unowned.free.iter().cloned()).collect();
        let left = waiting.get(claims.len()..).unwrap_or_default();
        let room = (group.max.saturating_sub(group.count()) as usize).saturating_add(unowned.unclear);
        let (coming, beyond) = left.split_at(left.len().min(room));
        let launched = number(coming.len().saturating_sub(unowned.unclear));
        let wanted = group.count() + launched;
        let desired = (launched > 0 && wanted > group.desired).then_some(wanted);
        Self { claims, desired, beyond: beyond.to_vec() }
    }

    /// So many the group should have once somebody who waited for an instance does so no more, when `waiting` others do;
    /// nothing where it does not have too many to come.
    pub(crate) fn without_one(group: &Group, unowned: &Unowned, waiting: usize) -> Option<u32> {
        let launched = waiting.saturating_sub(unowned.free.len() + unowned.unclear);
        let wanted = group.count() + number(launched);
        (group.desired > wanted && group.desired > group.min).then(|| group.desired - 1)
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{
        super::group::{Member, Source, Stage},
        *,
    };

    /// A group that should have `desired` instances of at most ten and has `count`.
    fn group(desired: u32, count: u32) -> Group {
        let member = |number: u32| {
            let id = format!("i-{number}");
            (id.clone(), Member { id, stage: Stage::Here, source: Source::Unknown })
        };
        let members: BTreeMap<_, _> = (0..count).map(member).collect();
        Group { desired, min: 1, max: 10, source: Source::Unknown, suspended: BTreeSet::new(), members }
    }

    fn unowned(free: usize, unclear: usize) -> Unowned {
        Unowned { free: (0..free).map(|number| format!("i-{number}")).collect(), unclear }
    }

    #[test]
    fn a_group_should_have_what_it_has_and_one_for_each_that_waits() {
        let check = |group: Group, unowned: Unowned, waiting: usize, expected: (usize, Option<u32>, usize)| {
            let waiting: Vec<Arc<str>> = (0..waiting).map(|number| format!("web-{number}").into()).collect();
            let plan = Plan::of(&group, &unowned, &waiting);
            assert_eq!((plan.claims.len(), plan.desired, plan.beyond.len()), expected);
        };
        check(group(3, 3), unowned(0, 0), 2, (0, Some(5), 0));
        // It has been said, or they are there.
        check(group(5, 3), unowned(0, 0), 2, (0, None, 0));
        check(group(5, 4), unowned(1, 0), 2, (1, None, 0));
        check(group(5, 5), unowned(1, 1), 2, (1, None, 0));
        check(group(5, 5), unowned(2, 0), 2, (2, None, 0));
        // Somebody else waits, too.
        check(group(5, 3), unowned(0, 0), 3, (0, Some(6), 0));
        check(group(9, 9), unowned(0, 0), 3, (0, Some(10), 2));
        check(group(10, 10), unowned(1, 1), 3, (1, None, 1));
        check(group(4, 12), unowned(0, 0), 1, (0, None, 1));
    }

    #[test]
    fn a_group_should_have_one_fewer_only_where_one_is_to_come_for_nobody() {
        let check = |group: Group, unowned: Unowned, waiting: usize, expected: Option<u32>| {
            assert_eq!(Plan::without_one(&group, &unowned, waiting), expected);
        };
        check(group(5, 4), unowned(0, 0), 0, Some(4));
        check(group(5, 4), unowned(0, 0), 1, None);
        check(group(5, 4), unowned(1, 0), 1, Some(4));
        check(group(5, 4), unowned(0, 1), 1, Some(4));
        check(group(5, 5), unowned(0, 0), 0, None);
        check(group(1, 0), unowned(0, 0), 0, None);
    }
}
