//! A mapped file, and what is known of a pipe, on Windows.
#![allow(unsafe_code, reason = "a file is mapped, and a pipe is looked into")]

use std::{
    fs::File,
    io, mem,
    ops::{Deref, DerefMut, Range},
    os::windows::io::{AsRawHandle, BorrowedHandle, HandleOrNull, OwnedHandle},
    path::Path,
    ptr::{self, NonNull},
    slice,
};

use windows_sys::Win32::{
    Foundation::{ERROR_BROKEN_PIPE, ERROR_IO_PENDING},
    Storage::FileSystem::{BY_HANDLE_FILE_INFORMATION, GetFileInformationByHandle, ReadFile},
    System::{
        IO::{GetOverlappedResult, OVERLAPPED},
        Memory::{
            CreateFileMappingW, FILE_MAP_WRITE, MEMORY_MAPPED_VIEW_ADDRESS, MapViewOfFile, PAGE_READWRITE,
            UnmapViewOfFile,
        },
        Pipes::PeekNamedPipe,
        Threading::CreateEventW,
    },
};

/// A file as memory. What is written to it is in the file, also when this process is ended.
pub(crate) struct Map {
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: the mapping belongs to no thread, and is reached through `&self` and `&mut self` alone.
unsafe impl Send for Map {}

impl Map {
    /// Maps the first `length` bytes of `file`, which it must have.
    pub(crate) fn new(file: &File, length: usize) -> io::Result<Self> {
        // SAFETY: the handle is open; nothing is said of security and no name is given; of length zero the mapping is as
        // long as the file.
        let mapping =
            unsafe { CreateFileMappingW(file.as_raw_handle(), ptr::null(), PAGE_READWRITE, 0, 0, ptr::null()) };
        // SAFETY: the handle is the caller's to close, and null where there is none.
        let mapping = unsafe { HandleOrNull::from_raw_handle(mapping) };
        let mapping = OwnedHandle::try_from(mapping).map_err(|_| io::Error::last_os_error())?;
        // SAFETY: the handle is open; the view keeps the mapping alive once the handle is closed.
        let view = unsafe { MapViewOfFile(mapping.as_raw_handle(), FILE_MAP_WRITE, 0, 0, length) };
        let start = NonNull::new(view.Value.cast()).ok_or_else(io::Error::last_os_error)?;
        Ok(Self { start, length })
    }

    /// The system takes what it needs by itself.
    pub(crate) fn release(&mut self, _pages: Range<usize>) {}
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the mapping is as long as that and lives as long as `self`; only this process writes to the file, and
        // only through `&mut self`.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl DerefMut for Map {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        // SAFETY: it was mapped so, and nobody has a reference into it any more.
        unsafe { UnmapViewOfFile(MEMORY_MAPPED_VIEW_ADDRESS { Value: self.start.as_ptr().cast() }) };
    }
}

/// What tells a file from every other that is there or is open, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileId {
    volume: u32,
    index: (u32, u32),
}

/// A file, as its name leads to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) id: FileId,
    pub(crate) length: u64,
}

/// Which file this is.
pub(crate) fn identity(file: &File) -> io::Result<FileId> {
    // SAFETY: the structure is plain numbers, for which zeroes are valid.
    let mut information: BY_HANDLE_FILE_INFORMATION = unsafe { mem::zeroed() };
    // SAFETY: the handle is open, and the pointer leads to a structure of the kind that is written.
    if unsafe { GetFileInformationByHandle(file.as_raw_handle(), &raw mut information) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let index = (information.nFileIndexHigh, information.nFileIndexLow);
    Ok(FileId { volume: information.dwVolumeSerialNumber, index })
}

/// The file at `path`; nothing if there is none, or one that is gone as soon as whoever has it open closes it.
pub(crate) fn found_at(path: &Path) -> io::Result<Option<Found>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    Ok(Some(Found { id: identity(&file)?, length: file.metadata()?.len() }))
}

/// What there is in a pipe.
pub(crate) enum Pipe {
    /// So many bytes.
    Holds(usize),
    /// Nothing.
    Empty,
    /// Nothing, and nobody can write to it.
    Ended,
}

/// The end of a pipe that is read.
pub(crate) type PipeEnd<'p> = BorrowedHandle<'p>;

/// Looks into a pipe.
pub(crate) fn look(pipe: PipeEnd<'_>) -> io::Result<Pipe> {
    let mut count = 0;
    // SAFETY: the handle is open; nothing is asked for but how much there is, and `count` is where that goes.
    let looked = unsafe {
        PeekNamedPipe(pipe.as_raw_handle(), ptr::null_mut(), 0, ptr::null_mut(), &raw mut count, ptr::null_mut())
    };
    match (looked, count) {
        (0, _) => match io::Error::last_os_error() {
            error if error.raw_os_error() == Some(ERROR_BROKEN_PIPE.cast_signed()) => Ok(Pipe::Ended),
            error => Err(error),
        },
        (_, 0) => Ok(Pipe::Empty),
        (_, count) => Ok(Pipe::Holds(usize::try_from(count).unwrap_or(usize::MAX))),
    }
}

thread_local! {
    /// What tells this thread that a read is done.
    static EVENT: Result<OwnedHandle, io::ErrorKind> = event().map_err(|error| error.kind());
}

fn event() -> io::Result<OwnedHandle> {
    // SAFETY: nothing is said of security, and no name is given; a read resets it when it begins.
    let event = unsafe { CreateEventW(ptr::null(), 1, 0, ptr::null()) };
    // SAFETY: the handle is the caller's to close, and null where there is none.
    let event = unsafe { HandleOrNull::from_raw_handle(event) };
    OwnedHandle::try_from(event).map_err(|_| io::Error::last_os_error())
}

/// Reads what is in a pipe, whether or not it was made for overlapped reading.
pub(crate) fn read(pipe: PipeEnd<'_>, into: &mut [u8]) -> io::Result<usize> {
    let (mut count, room) = (0, u32::try_from(into.len()).unwrap_or(u32::MAX));
    // SAFETY: the structure is plain numbers and pointers, for which zeroes are valid.
    let mut reading: OVERLAPPED = unsafe { mem::zeroed() };
    // A thread reads from one pipe at a time.
    reading.hEvent =
        EVENT.with(|event| event.as_ref().map(AsRawHandle::as_raw_handle).map_err(|&kind| io::Error::from(kind)))?;
    // SAFETY: the handle is open, the pointer and the length are those of `into`, and both it and the structure stay until
    // the read is done, which is waited for below.
    let read = unsafe { ReadFile(pipe.as_raw_handle(), into.as_mut_ptr(), room, ptr::null_mut(), &raw mut reading) };
    if read == 0 {
        let error = io::Error::last_os_error();
        if error.raw_os_error() != Some(ERROR_IO_PENDING.cast_signed()) {
            return Err(error);
        }
    }
    // SAFETY: handle and structure are those of the read, and `count` is where it goes how many bytes were read.
    if unsafe { GetOverlappedResult(pipe.as_raw_handle(), &raw const reading, &raw mut count, 1) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(usize::try_from(count).unwrap_or_default())
}
