//! What a process may do, and as whom.

use std::{
    io,
    os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle},
    ptr, thread,
};

use tokio::net::windows::named_pipe::NamedPipeServer;
use windows_sys::Win32::{
    Foundation::HANDLE,
    Security::{CheckTokenMembership, GetTokenInformation, TOKEN_QUERY, TOKEN_USER, TokenUser},
    System::{
        Pipes::ImpersonateNamedPipeClient,
        Threading::{GetCurrentProcess, GetCurrentThread, OpenProcessToken, OpenThreadToken},
    },
};

use super::{Sid, succeeded};

/// A token that may be asked.
pub(super) struct Token(OwnedHandle);

impl Token {
    /// This process's.
    pub(super) fn of_process() -> io::Result<Self> {
        let mut token = ptr::null_mut();
        // SAFETY: GetCurrentProcess gives a handle that is always valid, and `token` outlives the call.
        succeeded(unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &raw mut token) })?;
        // SAFETY: the handle has been opened for us alone.
        Ok(Self(unsafe { OwnedHandle::from_raw_handle(token) }))
    }

    /// That of the process at the other end of `pipe`. A thread that ends with it takes the client's part, so that none
    /// of ours can be left in it.
    pub(super) fn of_client(pipe: &NamedPipeServer) -> io::Result<Self> {
        let pipe = pipe.as_handle();
        thread::scope(|scope| {
            let asking = thread::Builder::new().name("peer".to_owned());
            let asked = asking.spawn_scoped(scope, move || impersonated(pipe))?;
            asked.join().unwrap_or_else(|_| Err(io::Error::other("nothing is known of the client")))
        })
    }

    /// Whose it is.
    pub(super) fn user(&self) -> io::Result<Sid> {
        /// A TOKEN_USER and the longest SID (68 bytes) fit into it.
        const LENGTH: usize = 32;
        let mut buffer = [0_u64; LENGTH];
        let mut used = 0;
        // SAFETY: the buffer is as long as said and aligned for a TOKEN_USER; the handle is open.
        succeeded(unsafe {
            GetTokenInformation(
                self.0.as_raw_handle(),
                TokenUser,
                buffer.as_mut_ptr().cast(),
                size_of_val(&buffer) as u32,
                &raw mut used,
            )
        })?;
        // SAFETY: a TOKEN_USER stands at the beginning of the buffer, and leads to a SID in it.
        Ok(unsafe { Sid::copied((*buffer.as_ptr().cast::<TOKEN_USER>()).User.Sid) })
    }

    /// Whether a client's has the rights of an administrator, and not only could have them if it were elevated.
    pub(super) fn is_administrator(&self) -> io::Result<bool> {
        is_administrator(self.0.as_raw_handle())
    }
}

/// Whether this process has the rights of an administrator.
pub(super) fn is_elevated() -> io::Result<bool> {
    is_administrator(ptr::null_mut())
}

/// Of a token of impersonation, or of this thread.
fn is_administrator(token: HANDLE) -> io::Result<bool> {
    let administrators = Sid::administrators()?;
    let mut is_member = 0;
    // SAFETY: the token is open or null, the SID is valid, and `is_member` outlives the call.
    succeeded(unsafe { CheckTokenMembership(token, administrators.as_psid(), &raw mut is_member) })?;
    Ok(is_member != 0)
}

/// Takes the client's part for the rest of this thread.
fn impersonated(pipe: BorrowedHandle<'_>) -> io::Result<Token> {
    // SAFETY: the handle is open while it is borrowed, and this thread does nothing else.
    succeeded(unsafe { ImpersonateNamedPipeClient(pipe.as_raw_handle()) })?;
    let mut token = ptr::null_mut();
    // SAFETY: GetCurrentThread gives a handle that is always valid, and `token` outlives the call. The token is opened
    // as this process, since the client may have no right to its own.
    succeeded(unsafe { OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, 1, &raw mut token) })?;
    // SAFETY: the handle has been opened for us alone.
    Ok(Token(unsafe { OwnedHandle::from_raw_handle(token) }))
}
