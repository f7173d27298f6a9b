//! For how long the certificates of a server hold.

use std::time::Duration;

use estatus_core::{Timestamp, observation::Warning};

use crate::trace::Trace;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A certificate of a chain: whose it is, and its last moment.
pub(crate) type Ends<'a> = (&'a str, Timestamp);

/// Notes for how long the chain holds, and warns where one of its certificates has fewer days left than `warn_days`.
///
/// What has run out already is not counted here: either the chain was refused for it, or it does not matter.
pub(crate) fn note_last_days<'a>(
    chain: impl IntoIterator<Item = Ends<'a>>,
    warn_days: u32,
    now: Timestamp,
    trace: &mut Trace,
) {
    let coming = chain.into_iter().filter(|(_, not_after)| *not_after > now);
    let Some((subject, not_after)) = coming.min_by_key(|(_, not_after)| *not_after) else { return };
    let left = not_after.duration_since(now).unsigned_abs();
    if trace.holds_for.is_some_and(|known| known <= left) {
        return;
    }
    trace.holds_for = Some(left);
    if left < DAY * warn_days {
        trace.warning = Some(Warning::CertificateExpires { subject: subject.to_owned(), not_after });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_certificate_that_runs_out_first_counts() {
        let check = |chain: &[Ends<'_>], warn_days: u32, holds_for: Option<u64>, warns_of: Option<&str>| {
            let mut trace = Trace::begin(at(0));
            note_last_days(chain.iter().copied(), warn_days, at(0), &mut trace);
            assert_eq!(trace.holds_for, holds_for.map(Duration::from_secs));
            let subject = trace.warning.map(|Warning::CertificateExpires { subject, .. }| subject);
            assert_eq!(subject.as_deref(), warns_of);
        };
        let day = 86_400;
        let chain = [("own", at(30 * day)), ("ca", at(3 * day)), ("old", at(-3))];
        check(&chain, 14, Some(3 * 86_400), Some("ca"));
        check(&chain, 3, Some(3 * 86_400), None);
        check(&chain, 4, Some(3 * 86_400), Some("ca"));
        check(&chain, 0, Some(3 * 86_400), None);
        check(&chain[2..], 14, None, None);
    }
}
