//! The two ends of a connection.

/// Who is at the other end of a connection, as the operating system says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// The user that this process runs as.
    Owner,
    /// Root; on Windows an administrator who uses these rights (an elevated process), or the system.
    Administrator,
    /// Anybody else on this machine.
    OtherUser,
}

/// Whose processes may connect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Admits {
    /// This user's and administrators'.
    #[default]
    ThisUser,
    /// Every user's of this machine; on Windows of those who are logged on at it. Never another machine's.
    EveryLocalUser,
}

impl Admits {
    /// Whether `peer` may connect.
    pub fn admits(self, peer: Peer) -> bool {
        match self {
            Self::ThisUser => peer != Peer::OtherUser,
            Self::EveryLocalUser => true,
        }
    }
}
