//! The name of this machine on Unix.

/// The name that the system was given.
pub(super) fn host_name() -> Option<String> {
    rustix::system::uname().nodename().to_str().ok().map(str::to_owned)
}
