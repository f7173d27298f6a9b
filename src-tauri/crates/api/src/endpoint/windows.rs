//! A named pipe.

#![allow(unsafe_code, reason = "the pipe's security descriptor has no safe API")]

use std::{ffi::c_void, io, path::Path, ptr, time::Duration};

use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeClient, NamedPipeServer, ServerOptions};
use windows_sys::Win32::{
    Foundation::{ERROR_PIPE_BUSY, LocalFree},
    Security::{
        Authorization::{ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1},
        PSECURITY_DESCRIPTOR, SECURITY_ATTRIBUTES,
    },
};

/// Everything for the owner, the administrators and the system; nothing for anybody else, or from another machine.
const ACCESS: &str = "D:P(D;;GA;;;NU)(A;;GA;;;OW)(A;;GA;;;BA)(A;;GA;;;SY)";
/// While every instance of the pipe is taken, a client asks again after this.
const BUSY_WAIT: Duration = Duration::from_millis(20);

/// Where the engine of a data folder is to be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(String);

pub(crate) type ClientStream = NamedPipeClient;
pub(crate) type ServerStream = NamedPipeServer;

impl Endpoint {
    /// The endpoint of `folder`.
    pub fn of(folder: &Path) -> Self {
        Self(format!(r"\\.\pipe\{}", super::short_name(folder)))
    }

    pub(crate) async fn connect(&self) -> io::Result<ClientStream> {
        loop {
            match ClientOptions::new().open(&self.0) {
                Err(error) if error.raw_os_error() == Some(ERROR_PIPE_BUSY.cast_signed()) => {
                    tokio::time::sleep(BUSY_WAIT).await;
                }
                result => return result,
            }
        }
    }
}

/// Accepts connections of this user's and the administrators' processes.
pub(crate) struct PlatformListener {
    name: String,
    next: NamedPipeServer,
}

impl PlatformListener {
    /// Takes the endpoint over.
    pub(crate) fn bind(endpoint: &Endpoint) -> io::Result<Self> {
        Ok(Self { name: endpoint.0.clone(), next: instance(&endpoint.0, true)? })
    }

    pub(crate) async fn accept(&mut self) -> io::Result<ServerStream> {
        self.next.connect().await?;
        let next = instance(&self.name, false)?;
        Ok(std::mem::replace(&mut self.next, next))
    }
}

fn instance(name: &str, first: bool) -> io::Result<NamedPipeServer> {
    let sddl: Vec<u16> = ACCESS.encode_utf16().chain([0]).collect();
    let mut descriptor: PSECURITY_DESCRIPTOR = ptr::null_mut();
    // SAFETY: `sddl` is a string that ends in a zero, and `descriptor` is where the result goes; the size is not asked
    // for.
    let converted = unsafe {
        ConvertStringSecurityDescriptorToSecurityDescriptorW(
            sddl.as_ptr(),
            SDDL_REVISION_1,
            &raw mut descriptor,
            ptr::null_mut(),
        )
    };
    if converted == 0 {
        return Err(io::Error::last_os_error());
    }
    let mut attributes = SECURITY_ATTRIBUTES {
        nLength: u32::try_from(size_of::<SECURITY_ATTRIBUTES>()).unwrap_or_default(),
        lpSecurityDescriptor: descriptor,
        bInheritHandle: 0,
    };
    let mut options = ServerOptions::new();
    options.first_pipe_instance(first).reject_remote_clients(true);
    // SAFETY: `attributes` is whole and outlives the call, and its descriptor is the one made above.
    let server = unsafe { options.create_with_security_attributes_raw(name, (&raw mut attributes).cast::<c_void>()) };
    // SAFETY: the descriptor was allocated by the conversion above, is not used any more, and is freed once.
    unsafe { LocalFree(descriptor) };
    server
}
