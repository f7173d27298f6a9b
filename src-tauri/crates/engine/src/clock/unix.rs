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

/// Fires at a point of the boot clock, or when the machine wakes up after it. The runtime's own timer stands still while the
/// machine sleeps, and is up to two milliseconds late: as much as a short step of a flow takes.
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
        if at <= now().monotonic {
            return;
        }
        if self.armed != Some(at) {
            self.arm(at);
        }
        while let Ok(mut guard) = self.timer.readable().await {
            let mut expirations = [0; 8];
            // What it was set to before is nothing to be read any more.
            if guard.try_io(|timer| Ok(rustix::io::read(timer.get_ref(), &mut expirations)?)).is_ok() {
                guard.clear_ready();
                break;
            }
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

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt;

    use super::*;

    fn after(wait: Duration) -> Instant {
        now().monotonic + wait
    }

    #[tokio::test]
    async fn nothing_fires_before_its_time() {
        let mut timer = Timer::new().unwrap();
        for micros in [0, 1, 300, 1_000, 3_700] {
            let at = after(Duration::from_micros(micros));
            timer.until(Some(at)).await;
            assert!(now().monotonic >= at, "{micros} µs");
        }
    }

    #[tokio::test]
    async fn what_it_was_set_to_before_ends_no_later_wait() {
        let (mut timer, mut other) = (Timer::new().unwrap(), Timer::new().unwrap());
        let soon = after(Duration::from_millis(1));
        assert!(timer.until(Some(soon)).now_or_never().is_none());
        // It fires, and nobody waits for it.
        other.until(Some(after(Duration::from_millis(2)))).await;
        let later = after(Duration::from_millis(20));
        timer.until(Some(later)).await;
        assert!(now().monotonic >= later);
        let mut waiting = pin!(timer.until(Some(after(Duration::from_secs(86_400)))));
        // What it fired for has been taken.
        other.until(Some(after(Duration::from_millis(2)))).await;
        assert!(waiting.as_mut().now_or_never().is_none());
    }

    #[tokio::test]
    async fn a_wait_that_was_dropped_may_be_taken_up_again() {
        let (mut timer, mut other) = (Timer::new().unwrap(), Timer::new().unwrap());
        let at = after(Duration::from_millis(2));
        assert!(timer.until(Some(at)).now_or_never().is_none());
        assert!(timer.until(None).now_or_never().is_none());
        other.until(Some(at)).await;
        assert!(timer.until(Some(at)).now_or_never().is_some());
    }
}
