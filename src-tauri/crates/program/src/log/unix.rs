//! A mapped file, and what is known of a pipe, on Unix.
#![allow(unsafe_code, reason = "a file is mapped")]

use std::{
    ffi::c_void,
    fs::{self, File, Metadata},
    io,
    ops::{Deref, DerefMut, Range},
    os::{fd::BorrowedFd, unix::fs::MetadataExt},
    path::Path,
    ptr::{self, NonNull},
    slice,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::retry_on_intr,
    mm::{Advice, MapFlags, ProtFlags, madvise, mmap, munmap},
};

/// A file as memory. What is written to it is in the file, also when this process is killed.
pub(crate) struct Map {
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: the mapping belongs to no thread, and is reached through `&self` and `&mut self` alone.
unsafe impl Send for Map {}

impl Map {
    /// Maps the first `length` bytes of `file`, which it must have.
    pub(crate) fn new(file: &File, length: usize) -> io::Result<Self> {
        // SAFETY: the kernel chooses a place where nothing is.
        let start =
            unsafe { mmap(ptr::null_mut(), length, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED, file, 0)? };
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { start, length })
    }

    /// Gives the memory of these whole pages back; they are fetched from the file again.
    pub(crate) fn release(&mut self, pages: Range<usize>) {
        let pages = &mut self[pages];
        // SAFETY: the range is part of the mapping, which is shared: its contents stay in the file.
        let _ = unsafe { madvise(pages.as_mut_ptr().cast::<c_void>(), pages.len(), Advice::LinuxDontNeed) };
    }
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
        let _ = unsafe { munmap(self.start.as_ptr().cast(), self.length) };
    }
}

/// What tells a file from every other that is there or is open, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileId {
    device: u64,
    inode: u64,
}

/// A file, as its name leads to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) id: FileId,
    pub(crate) length: u64,
}

/// Which file this is.
pub(crate) fn identity(file: &File) -> io::Result<FileId> {
    Ok(id_of(&file.metadata()?))
}

/// The file at `path`; nothing if there is none.
pub(crate) fn found_at(path: &Path) -> io::Result<Option<Found>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(Found { id: id_of(&metadata), length: metadata.len() })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn id_of(metadata: &Metadata) -> FileId {
    FileId { device: metadata.dev(), inode: metadata.ino() }
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
pub(crate) type PipeEnd<'p> = BorrowedFd<'p>;

/// Reads what is in a pipe.
pub(crate) fn read(pipe: PipeEnd<'_>, into: &mut [u8]) -> io::Result<usize> {
    Ok(retry_on_intr(|| rustix::io::read(pipe, &mut *into))?)
}

/// Looks into a pipe.
pub(crate) fn look(pipe: PipeEnd<'_>) -> io::Result<Pipe> {
    let waiting = || rustix::io::ioctl_fionread(pipe).map(|count| usize::try_from(count).unwrap_or(usize::MAX));
    if let count @ 1.. = waiting()? {
        return Ok(Pipe::Holds(count));
    }
    let mut asked = [PollFd::new(&pipe, PollFlags::IN)];
    // Even a question that waits for nothing is interrupted by a signal, as by that a child has ended.
    retry_on_intr(|| poll(&mut asked, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })))?;
    if !asked[0].revents().contains(PollFlags::HUP) {
        return Ok(Pipe::Empty);
    }
    // Who closed it last may have written between the two questions.
    Ok(match waiting()? {
        0 => Pipe::Ended,
        count => Pipe::Holds(count),
    })
}
