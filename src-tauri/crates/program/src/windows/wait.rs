//! Waits for the end of a process without a thread for each.

use std::{io, os::windows::io::AsRawHandle, ptr, sync::Arc};

use tokio::sync::Notify;
use windows_sys::Win32::{
    Foundation::{HANDLE, INVALID_HANDLE_VALUE},
    System::Threading::{
        INFINITE, RegisterWaitForSingleObject, UnregisterWaitEx, WT_EXECUTEINWAITTHREAD, WT_EXECUTEONLYONCE,
    },
};

use super::{process::Process, succeeded};

/// The end of a process, which the system's own waiting thread tells.
pub(super) struct EndOf {
    process: Process,
    told: Arc<Notify>,
    wait: HANDLE,
}

// SAFETY: a registered wait belongs to no thread.
unsafe impl Send for EndOf {}
// SAFETY: nothing is changed through a shared reference but the `Notify`, which is made for that.
unsafe impl Sync for EndOf {}

impl EndOf {
    pub(super) fn of(process: &Process) -> io::Result<Self> {
        let (process, told) = (process.again()?, Arc::new(Notify::new()));
        let mut wait = ptr::null_mut();
        // SAFETY: the handle stays open, and what the callback is given stays there, until the wait has been
        // unregistered: both are dropped after that.
        succeeded(unsafe {
            RegisterWaitForSingleObject(
                &raw mut wait,
                process.handle().as_raw_handle(),
                Some(tell),
                Arc::as_ptr(&told).cast(),
                INFINITE,
                WT_EXECUTEONLYONCE | WT_EXECUTEINWAITTHREAD,
            )
        })?;
        Ok(Self { process, told, wait })
    }

    /// Waits for it.
    pub(super) async fn reached(&self) {
        while self.process.is_alive() {
            self.told.notified().await;
        }
    }
}

impl Drop for EndOf {
    fn drop(&mut self) {
        // SAFETY: it was registered, and is unregistered once; this waits for a callback that is running.
        unsafe { UnregisterWaitEx(self.wait, INVALID_HANDLE_VALUE) };
    }
}

unsafe extern "system" fn tell(told: *mut std::ffi::c_void, _timed_out: bool) {
    // SAFETY: it is the pointer that was registered, to what lives as long as the wait.
    let told: &Notify = unsafe { &*told.cast() };
    told.notify_one();
}
