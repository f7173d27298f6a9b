//! What is made with an access list of its own.

use std::{io, ptr};

use windows_sys::Win32::{
    Foundation::LocalFree,
    Security::{
        Authorization::{ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1},
        PSECURITY_DESCRIPTOR, SECURITY_ATTRIBUTES,
    },
};

use super::{succeeded, wide};

/// An owner and an access list, in the system's own form.
pub(super) struct Descriptor(PSECURITY_DESCRIPTOR);

impl Descriptor {
    /// What `text` says in the security descriptor definition language.
    pub(super) fn new(text: &str) -> io::Result<Self> {
        let text = wide(text);
        let mut descriptor = Self(ptr::null_mut());
        // SAFETY: `text` ends in a zero, and `descriptor` is where the result goes; the size is not asked for.
        succeeded(unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text.as_ptr(),
                SDDL_REVISION_1,
                &raw mut descriptor.0,
                ptr::null_mut(),
            )
        })?;
        Ok(descriptor)
    }

    /// Has `make` make something with it; the attributes are whole for as long as that takes.
    pub(super) fn during<T>(&self, make: impl FnOnce(&mut SECURITY_ATTRIBUTES) -> T) -> T {
        make(&mut SECURITY_ATTRIBUTES {
            nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
            lpSecurityDescriptor: self.0,
            bInheritHandle: 0,
        })
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: it was allocated by the conversion or is null, is not used any more, and is freed once.
        unsafe { LocalFree(self.0) };
    }
}
