//! The named pipe of a shim.

use std::{ffi::c_void, io, path::Path, ptr, time::Duration};

use tokio::{
    net::windows::named_pipe::{ClientOptions, NamedPipeClient, NamedPipeServer, ServerOptions},
    time::sleep,
};
use windows_sys::Win32::{
    Foundation::{ERROR_PIPE_BUSY, LocalFree},
    Security::{
        Authorization::{ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1},
        PSECURITY_DESCRIPTOR, SECURITY_ATTRIBUTES,
    },
};

use super::length_of;

/// The engine's end of a connection.
pub(crate) type EngineEnd = NamedPipeClient;
/// The shim's end of a connection.
pub(crate) type ShimEnd = NamedPipeServer;

/// Everything for the owner, the administrators and the system; nothing for anybody else, or from another machine.
const ACCESS: &str = "D:P(D;;GA;;;NU)(A;;GA;;;OW)(A;;GA;;;BA)(A;;GA;;;SY)";
/// While every instance of the pipe is taken, the engine asks again after this.
const BUSY_WAIT: Duration = Duration::from_millis(20);

fn name(folder: &Path) -> io::Result<String> {
    let folder = std::fs::canonicalize(folder)?;
    Ok(format!(r"\\.\pipe\estatus-shim-{:016x}", crate::names::fnv1a(folder.as_os_str().as_encoded_bytes())))
}

/// Connects to the shim of the program whose folder this is, if there is one.
pub(crate) async fn connect(folder: &Path) -> io::Result<EngineEnd> {
    let name = name(folder)?;
    loop {
        match ClientOptions::new().open(&name) {
            Err(error) if error.raw_os_error() == Some(ERROR_PIPE_BUSY.cast_signed()) => sleep(BUSY_WAIT).await,
            result => return result,
        }
    }
}

/// Accepts connections of the engine.
pub(crate) struct Listener {
    name: String,
    next: NamedPipeServer,
}

impl Listener {
    pub(crate) fn bind(folder: &Path) -> io::Result<Self> {
        let name = name(folder)?;
        Ok(Self { next: instance(&name, true)?, name })
    }

    pub(crate) async fn accept(&mut self) -> io::Result<ShimEnd> {
        self.next.connect().await?;
        let next = instance(&self.name, false)?;
        Ok(std::mem::replace(&mut self.next, next))
    }
}

fn instance(name: &str, first: bool) -> io::Result<NamedPipeServer> {
    create_private(ServerOptions::new().first_pipe_instance(first).reject_remote_clients(true), name)
}

/// Makes a pipe that is as [`ACCESS`] says.
pub(super) fn create_private(options: &ServerOptions, name: &str) -> io::Result<NamedPipeServer> {
    let access = Access::new()?;
    let mut attributes = SECURITY_ATTRIBUTES { nLength: 0, lpSecurityDescriptor: access.0, bInheritHandle: 0 };
    attributes.nLength = length_of(&attributes);
    // SAFETY: `attributes` is whole and, like its descriptor, outlives the call.
    unsafe { options.create_with_security_attributes_raw(name, (&raw mut attributes).cast::<c_void>()) }
}

/// [`ACCESS`] in the system's own form.
struct Access(PSECURITY_DESCRIPTOR);

impl Access {
    fn new() -> io::Result<Self> {
        let text: Vec<u16> = ACCESS.encode_utf16().chain([0]).collect();
        let mut access = Self(ptr::null_mut());
        // SAFETY: `text` is a string that ends in a zero, and `access` is where the result goes; the size is not asked
        // for.
        super::succeeded(unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text.as_ptr(),
                SDDL_REVISION_1,
                &raw mut access.0,
                ptr::null_mut(),
            )
        })?;
        Ok(access)
    }
}

impl Drop for Access {
    fn drop(&mut self) {
        // SAFETY: it was allocated by the conversion or is null, is not used any more, and is freed once.
        unsafe { LocalFree(self.0) };
    }
}
