//! Users of Windows; `unix.rs` is the twin.
#![allow(unsafe_code, reason = "tokens and access lists are reached by the Windows API alone")]

mod access_list;
mod descriptor;
mod folder;
mod pipe;
mod rights;
mod service;
mod sid;
mod token;

use std::io;

pub use access_list::others_read;
pub use folder::{
    create_private_folder, create_private_subfolder, refuse_shared_folder, refuse_shared_with_others_than,
};
pub use pipe::{PipeListener, connect, create_private_pipe};
pub use rights::{FileRight, grants};
use tokio::net::windows::named_pipe::NamedPipeServer;
use windows_sys::Win32::Foundation::ERROR_SUCCESS;

use crate::peer::Peer;
use {sid::Sid, token::Token};

/// Who has connected. Clients of [`connect`] can be told before they say anything; of others this fails until they have
/// spoken, if they let their identity change (`SECURITY_CONTEXT_TRACKING`).
///
/// # Errors
/// If the system does not say.
pub fn peer(pipe: &NamedPipeServer) -> io::Result<Peer> {
    let client = Token::of_client(pipe)?;
    if client.user()? == Token::of_process()?.user()? {
        return Ok(Peer::Owner);
    }
    Ok(if client.is_administrator()? { Peer::Administrator } else { Peer::OtherUser })
}

/// A user of this machine.
#[derive(Clone)]
pub struct User(Sid);

impl User {
    /// As the system calls them; by their identifier where it has no name for them. May ask another machine, and so take
    /// seconds.
    pub fn name(&self) -> String {
        self.0.account_name().unwrap_or_else(|_| self.0.to_string())
    }
}

/// Whose process has connected, as far as [`peer`] can tell.
///
/// # Errors
/// If the system does not say.
pub fn user(pipe: &NamedPipeServer) -> io::Result<User> {
    Ok(User(Token::of_client(pipe)?.user()?))
}

/// Whether `sid` is this user, or one from whom nothing on this machine is hidden anyway.
fn is_trusted(sid: &Sid) -> io::Result<bool> {
    let of_system = [Sid::administrators()?, Sid::system()?, Sid::trusted_installer()?];
    Ok(of_system.contains(sid) || *sid == Token::of_process()?.user()?)
}

fn succeeded(result: i32) -> io::Result<()> {
    if result == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The same of functions that give back their error.
fn is_success(code: u32) -> io::Result<()> {
    if code == ERROR_SUCCESS { Ok(()) } else { Err(io::Error::from_raw_os_error(code.cast_signed())) }
}

fn denied(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

/// `text` as the Windows API takes it.
fn wide(text: impl AsRef<std::ffi::OsStr>) -> Vec<u16> {
    use std::os::windows::ffi::OsStrExt;
    text.as_ref().encode_wide().chain([0]).collect()
}
