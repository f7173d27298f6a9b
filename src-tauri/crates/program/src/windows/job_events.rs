//! What the system tells of jobs: all of them through one completion port, to one thread.

use std::{
    collections::HashMap,
    io,
    os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle},
    ptr,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
    thread,
};

use tokio::sync::Notify;
use windows_sys::Win32::{
    Foundation::INVALID_HANDLE_VALUE,
    System::{
        IO::{CreateIoCompletionPort, GetQueuedCompletionStatus},
        JobObjects::{
            JOBOBJECT_ASSOCIATE_COMPLETION_PORT, JobObjectAssociateCompletionPortInformation, SetInformationJobObject,
        },
        SystemServices::{JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO, JOB_OBJECT_MSG_NEW_PROCESS},
        Threading::INFINITE,
    },
};

use super::{handle, length_of, succeeded};

static PORT: LazyLock<Result<OwnedHandle, io::ErrorKind>> =
    LazyLock::new(|| open().map_err(|error: io::Error| error.kind()));
/// Who is to be told, by the key of the job.
static LISTENERS: LazyLock<Mutex<Listeners>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Listeners {
    by_key: HashMap<usize, Arc<Told>>,
    last_key: usize,
}

/// What is told of a job.
#[derive(Default)]
struct Told {
    emptied: Notify,
    grown: Notify,
}

/// Tells what happens in a job. It may not be told: look, too.
pub(super) struct Events {
    key: usize,
    told: Arc<Told>,
}

impl Events {
    /// Of this job, if the system can tell it.
    pub(super) fn of(job: BorrowedHandle<'_>) -> io::Result<Self> {
        let port = PORT.as_ref().map_err(|&kind| io::Error::from(kind))?;
        let told = Arc::new(Told::default());
        let key = {
            let mut listeners = listeners();
            listeners.last_key += 1;
            let key = listeners.last_key;
            listeners.by_key.insert(key, Arc::clone(&told));
            key
        };
        let events = Self { key, told };
        // Who had it before is gone: a job tells one port at a time.
        let _ = associate(job, None, key);
        associate(job, Some(port.as_handle()), key)?;
        Ok(events)
    }

    /// Waits until it is told that the job has no active process any more.
    pub(super) async fn emptied(&self) {
        self.told.emptied.notified().await;
    }

    pub(super) fn grown(&self) -> Grown {
        Grown(Arc::clone(&self.told))
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        listeners().by_key.remove(&self.key);
        self.told.grown.notify_one();
    }
}

/// Tells when a job has grown, and when nobody hears of it any more.
pub(super) struct Grown(Arc<Told>);

impl Grown {
    pub(super) async fn told(&self) {
        self.0.grown.notified().await;
    }
}

fn listeners() -> MutexGuard<'static, Listeners> {
    LISTENERS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn associate(job: BorrowedHandle<'_>, port: Option<BorrowedHandle<'_>>, key: usize) -> io::Result<()> {
    let association = JOBOBJECT_ASSOCIATE_COMPLETION_PORT {
        CompletionKey: ptr::without_provenance_mut(key),
        CompletionPort: port.map_or(ptr::null_mut(), |port| port.as_raw_handle()),
    };
    // SAFETY: both handles are open; the pointer and the length are those of `association`, which is what this class of
    // information is made of.
    succeeded(unsafe {
        SetInformationJobObject(
            job.as_raw_handle(),
            JobObjectAssociateCompletionPortInformation,
            ptr::from_ref(&association).cast(),
            length_of(&association),
        )
    })
}

/// The port, with a thread that listens to it for as long as this process lives.
fn open() -> io::Result<OwnedHandle> {
    // SAFETY: no file and no other port is named, so a new port is made, which is the caller's to close.
    let port = unsafe { handle::or_null(CreateIoCompletionPort(INVALID_HANDLE_VALUE, ptr::null_mut(), 0, 1))? };
    let heard = port.try_clone()?;
    thread::Builder::new().name("jobs".to_owned()).spawn(move || listen(&heard))?;
    Ok(port)
}

fn listen(port: &OwnedHandle) {
    loop {
        let (mut message, mut key, mut process) = (0, 0, ptr::null_mut());
        // SAFETY: the port is open, and the three are where the answer goes; of jobs it is no pointer.
        let heard = unsafe {
            GetQueuedCompletionStatus(port.as_raw_handle(), &raw mut message, &raw mut key, &raw mut process, INFINITE)
        };
        if heard == 0 {
            return;
        }
        if let Some(told) = listeners().by_key.get(&key) {
            match message {
                JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO => told.emptied.notify_one(),
                JOB_OBJECT_MSG_NEW_PROCESS => told.grown.notify_one(),
                _ => {}
            }
        }
    }
}
