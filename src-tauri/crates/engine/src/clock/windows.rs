//! Windows: the time since boot with and without sleep.

#![allow(unsafe_code, reason = "the system's clocks have no safe API")]

use std::{ffi::c_void, io, ptr, sync::OnceLock, time::Duration};

use estatus_core::{
    Timestamp,
    time::{Instant, Now},
};
use tokio::sync::Notify;
use windows_sys::Win32::{
    Foundation::ERROR_SUCCESS,
    System::{
        Power::{DEVICE_NOTIFY_SUBSCRIBE_PARAMETERS, PowerRegisterSuspendResumeNotification},
        SystemInformation::GetTickCount64,
        WindowsProgramming::QueryUnbiasedInterruptTime,
    },
    UI::WindowsAndMessaging::{DEVICE_NOTIFY_CALLBACK, PBT_APMRESUMEAUTOMATIC, PBT_APMRESUMESUSPEND},
};

/// A wait of the runtime stands still while the machine sleeps. Where Windows does not tell us that it wakes up, waits are
/// cut into pieces of this length, and it is noticed within it.
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

/// Fires at a point of the boot clock: when the machine wakes up after it, at once.
pub(crate) struct Timer {
    piece: Duration,
}

impl Timer {
    /// A timer that is not set.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { piece: if hear_of_waking() { Duration::MAX } else { PIECE } })
    }

    /// Waits until `at`; for ever if there is none. May be dropped and called again.
    pub(crate) async fn until(&mut self, at: Option<Instant>) {
        let Some(at) = at else { return std::future::pending().await };
        loop {
            // Before the clock is read: a machine that wakes up between the two is noticed, too.
            let awake = AWAKE.notified();
            let left = at.since(now().monotonic);
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left.min(self.piece)) => {}
                () = awake => {}
            }
        }
    }
}

/// Tells whoever waits that the machine is awake again.
static AWAKE: Notify = Notify::const_new();

/// Has Windows tell us when the machine wakes up, as long as this process lives; whether it will.
fn hear_of_waking() -> bool {
    static HEARS: OnceLock<bool> = OnceLock::new();
    *HEARS.get_or_init(|| {
        let mut recipient =
            DEVICE_NOTIFY_SUBSCRIBE_PARAMETERS { Callback: Some(power_changed), Context: ptr::null_mut() };
        let mut registration = ptr::null_mut();
        // SAFETY: both pointers are to live values of ours; Windows copies the first and writes the second before the call
        // returns. What it calls from then on is a function without a context.
        let error = unsafe {
            PowerRegisterSuspendResumeNotification(
                DEVICE_NOTIFY_CALLBACK,
                (&raw mut recipient).cast(),
                &raw mut registration,
            )
        };
        error == ERROR_SUCCESS
    })
}

/// What Windows calls, in a thread of its own, when the machine falls asleep or wakes up.
unsafe extern "system" fn power_changed(_context: *const c_void, what: u32, _setting: *const c_void) -> u32 {
    if matches!(what, PBT_APMRESUMEAUTOMATIC | PBT_APMRESUMESUSPEND) {
        AWAKE.notify_waiters();
    }
    ERROR_SUCCESS
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt;
    use windows_sys::Win32::UI::WindowsAndMessaging::PBT_APMSUSPEND;

    use super::*;

    fn in_a_day() -> Instant {
        now().monotonic + Duration::from_secs(86_400)
    }

    #[tokio::test]
    async fn waking_up_is_heard_and_falling_asleep_is_not() {
        let mut awake = pin!(AWAKE.notified());
        let mut is_told = |what: u32| {
            // SAFETY: touches neither pointer.
            unsafe { power_changed(ptr::null(), what, ptr::null()) };
            awake.as_mut().now_or_never().is_some()
        };
        assert!(!is_told(PBT_APMSUSPEND));
        assert!(is_told(PBT_APMRESUMEAUTOMATIC));
    }

    /// Time that goes by in sleep cannot be had in a test: the clock is the same before and after the machine woke up.
    #[tokio::test]
    async fn who_is_woken_early_goes_on_waiting() {
        let mut timer = Timer::new().unwrap();
        assert!(timer.until(Some(now().monotonic)).now_or_never().is_some());
        let mut waiting = pin!(timer.until(Some(in_a_day())));
        for _ in 0..3 {
            assert!(waiting.as_mut().now_or_never().is_none());
            AWAKE.notify_waiters();
        }
        assert!(waiting.as_mut().now_or_never().is_none());
    }
}
