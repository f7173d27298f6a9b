//! What each system does in its own way.

#[cfg_attr(unix, path = "platform/unix.rs")]
#[cfg_attr(windows, path = "platform/windows.rs")]
mod system;

pub(crate) use system::{Stream, close_to_others, connect, has_desktop, is_root, link, replace_by};
