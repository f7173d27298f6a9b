//! Where the engine of a data folder is to be reached.

use std::path::Path;

#[cfg(unix)]
#[path = "endpoint/unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "endpoint/windows.rs"]
mod platform;

pub use platform::Endpoint;
pub(crate) use platform::{ClientStream, PlatformListener, ServerStream};

/// A short name for a folder, the same in every process that sees it under this path, and in every version of Estatus.
fn short_name(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    format!("estatus-{:016x}", fnv1a(folder.as_os_str().as_encoded_bytes()))
}

/// FNV-1a with 64 bits (draft-eastlake-fnv).
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_the_same_short_name_in_every_version() {
        assert_eq!(short_name(Path::new("no/such/folder")), "estatus-1a5d9e0645b1c49d");
        // From the list of the hash's authors.
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
