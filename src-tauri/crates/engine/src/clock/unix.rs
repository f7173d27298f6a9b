//! Linux: the boot clock, and a timer on it.

#![allow(unsafe_code, reason = "the runtime cannot know that a descriptor stays open")]

use std::{io, os::fd::OwnedFd, time::Duration};

use estatus_core::{
    Timestamp,
    time::{Instant, Now},
};
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime, timerfd_create,
    timerfd_settime,
};
use tokio::io::unix::AsyncFd;

/// Reads all three clocks.
pub(crate) fn now() -> Now {
    let boot = span(clock_gettime(ClockId::Boottime));
    let awake = span(clock_gettime(ClockId::Monotonic));
    Now { monotonic: Instant::from_boot(boot), slept: boot.saturating_sub(awake), utc: Timestamp::now() }
}

/// The runtime's own timer stands still while the machine sleeps, and costs no system call. It does for waits up to
/// this; a longer one is left to the system's timer.
const SHORT: Duration = Duration::from_secs(2);

/// Fires at a point of the boot clock: at once, or [`SHORT`] later, when the machine wakes up after it.
pub(crate) struct Timer {
    timer: AsyncFd<OwnedFd>,
    armed: Option<Instant>,
}

impl Timer {
    /// A timer that is not set. Must be called in a runtime.
    pub(crate) fn new() -> io::Result<Self> {
        let timer = timerfd_create(TimerfdClockId::Boottime, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        // SAFETY: the descriptor is owned by what is registered, which neither closes nor replaces it while it lives.
        let timer = unsafe { AsyncFd::register(timer) }?;
        Ok(Self { timer, armed: None })
    }

    /// Waits until `at`; for ever if there is none. May be dropped and called again.
    pub(crate) async fn until(&mut self, at: Option<Instant>) {
        let Some(at) = at else { return std::future::pending().await };
        let left = at.since(now().monotonic);
        if left <= SHORT {
            return tokio::time::sleep(left).await;
        }
        if self.armed != Some(at) {
            self.arm(at);
        }
        if let Ok(mut guard) = self.timer.readable().await {
            let mut expirations = [0; 8];
            // Whether it was read or another wait has read it: it has fired.
            let _ = guard.try_io(|timer| Ok(rustix::io::read(timer.get_ref(), &mut expirations)?));
        }
        self.armed = None;
    }

    fn arm(&mut self, at: Instant) {
        // A time of zero would disarm it.
        let value = at.since_boot().max(Duration::from_nanos(1));
        let value = Timespec {
            tv_sec: i64::try_from(value.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: value.subsec_nanos().into(),
        };
        let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
        if timerfd_settime(&self.timer, TimerfdTimerFlags::ABSTIME, &once).is_ok() {
            self.armed = Some(at);
        }
    }
}

fn span(time: Timespec) -> Duration {
    let nanos = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(u64::try_from(time.tv_sec).unwrap_or_default(), nanos)
}
