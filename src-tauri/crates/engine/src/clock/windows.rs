//! Windows: the time since boot with and without sleep.

#![allow(unsafe_code, reason = "the system's clocks have no safe API")]

use std::{io, time::Duration};

use estatus_core::{
    Timestamp,
    time::{Instant, Now},
};
use windows_sys::Win32::System::{SystemInformation::GetTickCount64, WindowsProgramming::QueryUnbiasedInterruptTime};

/// A wait of the runtime stands still while the machine sleeps, so that it is cut into pieces of this length: a machine
/// that wakes up is noticed within it.
const PIECE: Duration = Duration::from_secs(5);

/// Reads all three clocks.
pub(crate) fn now() -> Now {
    // SAFETY: takes nothing and touches no memory of ours.
    let boot = Duration::from_millis(unsafe { GetTickCount64() });
    let mut hundreds_of_nanos = 0;
    // SAFETY: the pointer is to a live u64 of ours, written before the call returns.
    let read = unsafe { QueryUnbiasedInterruptTime(&raw mut hundreds_of_nanos) };
    let awake = if read == 0 { boot } else { Duration::from_nanos(hundreds_of_nanos.saturating_mul(100)) };
    // The two counters tick at different moments; sleep is what is clearly more than that.
    let slept = boot.saturating_sub(awake);
    Now { monotonic: Instant::from_boot(awake + slept), slept, utc: Timestamp::now() }
}

/// Fires at a point of the boot clock.
pub(crate) struct Timer;

impl Timer {
    /// A timer that is not set.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self)
    }

    /// Waits until `at`; for ever if there is none. May be dropped and called again.
    pub(crate) async fn until(&mut self, at: Option<Instant>) {
        let Some(at) = at else { return std::future::pending().await };
        loop {
            let left = at.since(now().monotonic);
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(PIECE)).await;
        }
    }
}
