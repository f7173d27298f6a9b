//! How a process is started: in its job from the first moment, with the handles that are meant for it and no others.

use std::{
    ffi::{OsStr, c_void},
    io, mem,
    os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle},
    path::{Path, PathBuf},
    ptr,
};

use windows_sys::Win32::{
    Foundation::HANDLE,
    System::Threading::{
        CREATE_UNICODE_ENVIRONMENT, CreateProcessW, DeleteProcThreadAttributeList, EXTENDED_STARTUPINFO_PRESENT,
        InitializeProcThreadAttributeList, LPPROC_THREAD_ATTRIBUTE_LIST, PROC_THREAD_ATTRIBUTE_HANDLE_LIST,
        PROC_THREAD_ATTRIBUTE_JOB_LIST, PROCESS_CREATION_FLAGS, PROCESS_INFORMATION, STARTF_USESTDHANDLES,
        STARTUPINFOEXW, UpdateProcThreadAttribute,
    },
};

use super::{command_line, handle, image::Image, job::Job, length_of, process::Process, succeeded, wide};

/// What a process reads from and writes to.
pub(super) struct Streams<'h> {
    pub(super) stdin: BorrowedHandle<'h>,
    pub(super) stdout: BorrowedHandle<'h>,
    pub(super) stderr: BorrowedHandle<'h>,
}

/// A process that is about to be.
pub(super) struct Spawn<'s> {
    pub(super) image: Image,
    /// The block of its variables, or those of this process.
    pub(super) environment: Option<Vec<u16>>,
    pub(super) directory: Option<&'s Path>,
    pub(super) streams: Streams<'s>,
    pub(super) job: Option<&'s Job>,
    pub(super) flags: PROCESS_CREATION_FLAGS,
}

impl Spawn<'_> {
    pub(super) fn spawn(mut self) -> io::Result<Process> {
        let Streams { stdin, stdout, stderr } = self.streams;
        let streams = [handle::inheritable(stdin)?, handle::inheritable(stdout)?, handle::inheritable(stderr)?];
        let mut handles = streams.each_ref().map(AsRawHandle::as_raw_handle);
        let mut job = self.job.map(|job| job.handle().as_raw_handle());
        let mut attributes = Attributes::new()?;
        attributes.set(PROC_THREAD_ATTRIBUTE_HANDLE_LIST, &mut handles)?;
        if let Some(job) = &mut job {
            attributes.set(PROC_THREAD_ATTRIBUTE_JOB_LIST, std::slice::from_mut(job))?;
        }
        // SAFETY: the structure is plain numbers and pointers, for which zeroes are valid.
        let mut info: STARTUPINFOEXW = unsafe { mem::zeroed() };
        info.StartupInfo.cb = length_of(&info);
        info.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
        [info.StartupInfo.hStdInput, info.StartupInfo.hStdOutput, info.StartupInfo.hStdError] = handles;
        info.lpAttributeList = attributes.list();
        self.create(&info)
    }

    fn create(&mut self, info: &STARTUPINFOEXW) -> io::Result<Process> {
        let executable = wide(self.image.executable.as_os_str());
        let directory = self.directory.map(|directory| wide(directory.as_os_str()));
        let environment = self.environment.as_ref().map_or(ptr::null(), |block| block.as_ptr());
        let flags = self.flags | EXTENDED_STARTUPINFO_PRESENT | CREATE_UNICODE_ENVIRONMENT;
        // SAFETY: the structure is plain numbers and pointers, for which zeroes are valid.
        let mut created: PROCESS_INFORMATION = unsafe { mem::zeroed() };
        // SAFETY: all texts end in a zero and the block in two; they, and the attributes with what they point to, outlive
        // the call, which may write to the command line.
        succeeded(unsafe {
            CreateProcessW(
                executable.as_ptr(),
                self.image.line.as_mut_ptr(),
                ptr::null(),
                ptr::null(),
                1,
                flags,
                environment.cast(),
                directory.as_ref().map_or(ptr::null(), |directory| directory.as_ptr()),
                ptr::from_ref(info).cast(),
                &raw mut created,
            )
        })?;
        // SAFETY: both handles are ours to close.
        let (process, _thread) = unsafe { (handle::or_null(created.hProcess)?, handle::or_null(created.hThread)?) };
        Ok(Process::from(process))
    }
}

/// A list of at most two attributes.
struct Attributes {
    /// Words, for what is in them to be aligned.
    room: Vec<usize>,
}

impl Attributes {
    const MOST: u32 = 2;

    fn new() -> io::Result<Self> {
        let mut length = 0;
        // SAFETY: without a list the length that is needed is told.
        unsafe { InitializeProcThreadAttributeList(ptr::null_mut(), Self::MOST, 0, &raw mut length) };
        let mut room = vec![0; length.div_ceil(size_of::<usize>())];
        // SAFETY: there is as much room as was asked for.
        succeeded(unsafe {
            InitializeProcThreadAttributeList(room.as_mut_ptr().cast(), Self::MOST, 0, &raw mut length)
        })?;
        Ok(Self { room })
    }

    fn list(&mut self) -> LPPROC_THREAD_ATTRIBUTE_LIST {
        self.room.as_mut_ptr().cast::<c_void>()
    }

    /// The list keeps a pointer to `handles`: they must be there until the process is made.
    fn set(&mut self, attribute: u32, handles: &mut [HANDLE]) -> io::Result<()> {
        let length = size_of_val(handles);
        // SAFETY: the list was initialised, and the pointer and the length are those of `handles`.
        succeeded(unsafe {
            UpdateProcThreadAttribute(
                self.list(),
                0,
                usize::try_from(attribute).unwrap_or_default(),
                handles.as_mut_ptr().cast(),
                length,
                ptr::null_mut(),
                ptr::null(),
            )
        })
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: the list was initialised, and is not used any more.
        unsafe { DeleteProcThreadAttributeList(self.list()) };
    }
}

/// Starts something of our own that finds our variables, reads from and writes to what it is given.
pub(super) fn spawn_silent<'a>(
    executable: PathBuf,
    args: impl IntoIterator<Item = &'a OsStr>,
    [stdin, stdout]: [BorrowedHandle<'_>; 2],
    flags: PROCESS_CREATION_FLAGS,
) -> io::Result<Process> {
    let image = Image { line: command_line::of_program(&executable, args)?, executable };
    let nothing = nothing()?;
    let streams = Streams { stdin, stdout, stderr: nothing.as_handle() };
    Spawn { image, environment: None, directory: None, streams, job: None, flags }.spawn()
}

/// The device that is empty when it is read, and takes whatever is written.
pub(super) fn nothing() -> io::Result<OwnedHandle> {
    let file = std::fs::File::options().read(true).write(true).open("NUL")?;
    Ok(file.into())
}
