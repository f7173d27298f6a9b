//! Connections of those who have no business here yet: there are never more than so many, and whoever has most gives way.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

/// So many connections, and no more.
pub(crate) struct Room {
    limit: usize,
    inside: Mutex<Inside>,
    /// Somebody has gone.
    freed: Notify,
}

/// Whose a connection is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    /// Somebody from there: of IPv6, whoever has one address has all of a network.
    Stranger(IpAddr),
    /// An instance, as a token or a certificate of ours names it.
    Instance(String),
}

#[derive(Default)]
struct Inside {
    last: u64,
    /// The oldest first.
    connections: BTreeMap<u64, Connection>,
    counts: BTreeMap<Owner, usize>,
}

struct Connection {
    owner: Owner,
    since: Instant,
    gives_way: Arc<Notify>,
}

/// The place of a connection, until this is dropped.
pub(crate) struct Place {
    room: Arc<Room>,
    number: u64,
    gives_way: Arc<Notify>,
}

impl Owner {
    /// Somebody from there.
    pub(crate) fn stranger(from: IpAddr) -> Self {
        Self::Stranger(match from.to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        })
    }
}

impl Room {
    /// Room for so many.
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, inside: Mutex::default(), freed: Notify::new() })
    }

    /// A place for a connection. If there is none, the oldest one of whoever has most gives way, but not before it has had
    /// `least`: those who come in a rush are served in turn, and do not drive out each other.
    pub(crate) async fn admit_in_turn(self: &Arc<Self>, owner: Owner, least: Duration) -> Place {
        loop {
            let freed = self.freed.notified();
            let Some(since) = self.first_to_go() else { break };
            tokio::select! {
                () = freed => {}
                () = sleep_until(since + least) => break,
            }
        }
        self.admit(owner)
    }

    /// Since when the one is there who would give way; nothing if nobody would.
    fn first_to_go(&self) -> Option<Instant> {
        let inside = self.inside();
        let first = if inside.connections.len() < self.limit { None } else { inside.first_to_go() };
        first.and_then(|number| inside.connections.get(&number)).map(|connection| connection.since)
    }

    /// A place for a connection. If there is none, the oldest one of whoever has most gives way.
    pub(crate) fn admit(self: &Arc<Self>, owner: Owner) -> Place {
        let mut inside = self.inside();
        if inside.connections.len() >= self.limit {
            inside.make_room();
        }
        inside.last += 1;
        let (number, gives_way) = (inside.last, Arc::<Notify>::default());
        *inside.counts.entry(owner.clone()).or_default() += 1;
        inside
            .connections
            .insert(number, Connection { owner, since: Instant::now(), gives_way: Arc::clone(&gives_way) });
        Place { room: Arc::clone(self), number, gives_way }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    fn first_to_go(&self) -> Option<u64> {
        let most = self.counts.iter().max_by_key(|(_, count)| **count).map(|(owner, _)| owner);
        self.connections.iter().find(|(_, one)| Some(&one.owner) == most).map(|(number, _)| *number)
    }

    fn make_room(&mut self) {
        if let Some(connection) = self.first_to_go().and_then(|first| self.remove(first)) {
            connection.gives_way.notify_one();
        }
    }

    fn remove(&mut self, number: u64) -> Option<Connection> {
        let connection = self.connections.remove(&number)?;
        if let Some(count) = self.counts.get_mut(&connection.owner) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&connection.owner);
            }
        }
        Some(connection)
    }
}

impl Place {
    /// Resolves when the connection has to give way.
    pub(crate) async fn gone(&self) {
        self.gives_way.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.inside().remove(self.number);
        self.room.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn whoever_has_most_gives_way() {
        let room = Room::new(3);
        let admit = |from: &str| room.admit(Owner::stranger(from.parse().unwrap()));
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

    #[tokio::test(start_paused = true)]
    async fn those_who_come_in_a_rush_do_not_drive_out_each_other() {
        let (room, least) = (Room::new(2), Duration::from_secs(1));
        let somebody = || Owner::Stranger([192, 0, 2, 1].into());
        let began = Instant::now();
        let [first, second] =
            [room.admit_in_turn(somebody(), least).await, room.admit_in_turn(somebody(), least).await];
        assert_eq!(began.elapsed(), Duration::ZERO);
        let third = room.admit_in_turn(somebody(), least).await;
        assert_eq!(began.elapsed(), least);
        assert!(first.gone().now_or_never().is_some() && second.gone().now_or_never().is_none());
        let (fourth, ()) = tokio::join!(room.admit_in_turn(somebody(), Duration::MAX / 4), async { drop(third) });
        assert!(second.gone().now_or_never().is_none() && fourth.gone().now_or_never().is_none());
    }

    #[test]
    fn who_has_gone_takes_no_place() {
        let room = Room::new(2);
        for _ in 0..10 {
            let [first, second] = [(), ()].map(|()| room.admit(Owner::Instance("web-1".to_owned())));
            assert!(first.gone().now_or_never().is_none() && second.gone().now_or_never().is_none());
        }
        let inside = room.inside();
        assert!(inside.connections.is_empty() && inside.counts.is_empty());
    }
}
