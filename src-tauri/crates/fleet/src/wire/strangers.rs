//! Connections of those who have not shown who they are: there are never more than so many, and whoever has most gives way.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

/// So many connections of strangers, and no more.
pub(crate) struct Strangers {
    limit: usize,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    last: u64,
    /// The oldest first.
    strangers: BTreeMap<u64, One>,
    counts: BTreeMap<IpAddr, usize>,
}

struct One {
    from: IpAddr,
    gives_way: Arc<Notify>,
}

/// The place of a stranger, until this is dropped.
pub(crate) struct Place {
    strangers: Arc<Strangers>,
    number: u64,
    gives_way: Arc<Notify>,
}

impl Strangers {
    /// Room for so many.
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, known: Mutex::default() })
    }

    /// A place for somebody from there. If there is none, the oldest stranger from where most are gives way.
    pub(crate) fn admit(self: &Arc<Self>, from: IpAddr) -> Place {
        let from = network(from);
        let mut known = self.known();
        if known.strangers.len() >= self.limit {
            known.make_room();
        }
        known.last += 1;
        let (number, gives_way) = (known.last, Arc::<Notify>::default());
        known.strangers.insert(number, One { from, gives_way: Arc::clone(&gives_way) });
        *known.counts.entry(from).or_default() += 1;
        Place { strangers: Arc::clone(self), number, gives_way }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn make_room(&mut self) {
        let most = self.counts.iter().max_by_key(|(_, count)| **count).map(|(from, _)| *from);
        let oldest = self.strangers.iter().find(|(_, one)| Some(one.from) == most).map(|(number, _)| *number);
        if let Some(one) = oldest.and_then(|oldest| self.remove(oldest)) {
            one.gives_way.notify_one();
        }
    }

    fn remove(&mut self, number: u64) -> Option<One> {
        let one = self.strangers.remove(&number)?;
        if let Some(count) = self.counts.get_mut(&one.from) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&one.from);
            }
        }
        Some(one)
    }
}

impl Place {
    /// Resolves when he has to give way.
    pub(crate) async fn gone(&self) {
        self.gives_way.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.strangers.known().remove(self.number);
    }
}

/// Whoever has one address of IPv6 has all of a network.
fn network(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn whoever_has_most_gives_way() {
        let strangers = Strangers::new(3);
        let admit = |from: &str| strangers.admit(from.parse().unwrap());
        let gone = |place: &Place| place.gone().now_or_never().is_some();
        let many = [admit("2001:db8::1"), admit("2001:db8::2")];
        let one = admit("192.0.2.1");
        let next = admit("192.0.2.2");
        assert_eq!((gone(&many[0]), gone(&many[1]), gone(&one), gone(&next)), (true, false, false, false));
        drop(next);
        let again = admit("::ffff:192.0.2.1");
        assert!(!gone(&many[1]) && !gone(&one));
        let next = admit("192.0.2.3");
        assert_eq!((gone(&many[1]), gone(&one), gone(&again), gone(&next)), (false, true, false, false));
    }

    #[test]
    fn who_has_gone_takes_no_place() {
        let strangers = Strangers::new(2);
        for _ in 0..10 {
            let [first, second] = [(), ()].map(|()| strangers.admit(IpAddr::from([192, 0, 2, 1])));
            assert!(first.gone().now_or_never().is_none() && second.gone().now_or_never().is_none());
        }
        let known = strangers.known();
        assert!(known.strangers.is_empty() && known.counts.is_empty());
    }
}
