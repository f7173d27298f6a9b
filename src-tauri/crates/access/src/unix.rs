//! Users of Unix; `windows.rs` is the twin.

use std::{
    fs::{DirBuilder, metadata, read_to_string, symlink_metadata},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::Path,
};

use tokio::net::UnixStream;

use crate::peer::Peer;

const ROOT: u32 = 0;
/// The group and others may write.
const SHARED: u32 = 0o022;

/// Who has connected.
///
/// # Errors
/// If the system does not say.
pub fn peer(stream: &UnixStream) -> io::Result<Peer> {
    Ok(peer_of(stream.peer_cred()?.uid(), own()))
}

/// A user of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User(u32);

impl User {
    /// As the system calls them; by their number where it has no name for them in /etc/passwd. Reads a file.
    pub fn name(&self) -> String {
        let known = read_to_string("/etc/passwd").unwrap_or_default();
        name_in(&known, self.0).map_or_else(|| self.0.to_string(), str::to_owned)
    }
}

/// Whose process has connected.
///
/// # Errors
/// If the system does not say.
pub fn user(stream: &UnixStream) -> io::Result<User> {
    Ok(User(stream.peer_cred()?.uid()))
}

/// The name of `user` in what passwd(5) describes.
fn name_in(known: &str, user: u32) -> Option<&str> {
    let is_theirs = |fields: &Vec<&str>| fields.get(2).and_then(|id| id.parse().ok()) == Some(user);
    known.lines().map(|line| line.split(':').collect()).find(is_theirs)?.first().copied()
}

fn peer_of(user: u32, own: u32) -> Peer {
    match user {
        user if user == own => Peer::Owner,
        ROOT => Peer::Administrator,
        _ => Peer::OtherUser,
    }
}

/// Fails unless it is this user's process that was reached, root's, or one of the user that `folder` belongs to.
///
/// # Errors
/// Who it is instead.
pub fn verify_server(stream: &UnixStream, folder: Option<&Path>) -> io::Result<()> {
    let server = stream.peer_cred()?.uid();
    let is_folders = || folder.is_some_and(|folder| metadata(folder).is_ok_and(|folder| folder.uid() == server));
    if peer_of(server, own()) != Peer::OtherUser || is_folders() {
        return Ok(());
    }
    Err(denied(format!("the process that answers is another user's ({server}), and no engine of this data folder")))
}

/// Makes `folder` and those above it where they are not there, open to this user alone.
///
/// # Errors
/// It cannot be made, or what is there can be changed by others: [`refuse_shared_folder`].
pub fn create_private_folder(folder: &Path) -> io::Result<()> {
    create_private_subfolder(folder)?;
    refuse_shared_folder(folder)
}

/// Makes `folder`, and those above it where they are not there, in a folder that is private: it is so too.
///
/// # Errors
/// It cannot be made.
pub fn create_private_subfolder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Fails if others than this user and root can change what is in `folder`.
///
/// # Errors
/// Who can, and what to do about it.
pub fn refuse_shared_folder(folder: &Path) -> io::Result<()> {
    refuse_shared_with_others_than(own(), folder)
}

/// Fails if others than `user`, as whom a service is going to run, and root can change a file or what is in a folder.
///
/// # Errors
/// Who can, and what to do about it.
pub fn refuse_shared_with_others_than(user: u32, folder: &Path) -> io::Result<()> {
    let (link, metadata) = (symlink_metadata(folder)?, metadata(folder)?);
    // Whoever owns a link can make it lead elsewhere; its mode says nothing.
    let shared_link = shared(link.uid(), 0, user);
    match shared_link.or_else(|| shared(metadata.uid(), metadata.mode() & 0o777, user)) {
        None => Ok(()),
        Some(Shared::Anothers(user)) => {
            Err(denied(format!("{} belongs to another user ({user}); choose a folder of your own", folder.display())))
        }
        Some(Shared::Writable(mode)) => {
            let folder = folder.display();
            Err(denied(format!("other users may write to {folder} (mode {mode:03o}): chmod go-w \"{folder}\"")))
        }
    }
}

/// How others can change what is in a folder.
#[derive(Debug, PartialEq, Eq)]
enum Shared {
    /// It is theirs.
    Anothers(u32),
    /// Its mode lets them.
    Writable(u32),
}

fn shared(owner: u32, mode: u32, own: u32) -> Option<Shared> {
    if owner != own && owner != ROOT {
        return Some(Shared::Anothers(owner));
    }
    (mode & SHARED != 0).then_some(Shared::Writable(mode))
}

fn own() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn denied(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{Permissions, set_permissions},
        os::unix::fs::PermissionsExt,
    };

    use super::*;

    #[test]
    fn a_user_is_called_as_the_system_does_or_by_their_number() {
        let known = "root:x:0:0:root:/root:/bin/bash\n\nbroken\nana:x:1000:1000:Ana,,,:/home/ana:/bin/bash\n";
        assert_eq!((name_in(known, 0), name_in(known, 1000), name_in(known, 7)), (Some("root"), Some("ana"), None));
        assert_eq!(User(4_000_000_000).name(), "4000000000");
    }

    #[tokio::test]
    async fn whose_process_has_connected_is_known() {
        let (one, _other) = UnixStream::pair().unwrap();
        assert_eq!(user(&one).unwrap(), User(own()));
    }

    #[test]
    fn a_peer_is_the_owner_root_or_another_user() {
        let check = |user, own, peer| assert_eq!(peer_of(user, own), peer, "{user} with {own}");
        check(1000, 1000, Peer::Owner);
        check(0, 0, Peer::Owner);
        check(0, 1000, Peer::Administrator);
        check(1001, 1000, Peer::OtherUser);
        check(1000, 0, Peer::OtherUser);
    }

    #[tokio::test]
    async fn both_ends_of_a_connection_know_each_other() {
        let (client, server) = UnixStream::pair().unwrap();
        assert_eq!(peer(&server).unwrap(), Peer::Owner);
        verify_server(&client, None).unwrap();
    }

    #[test]
    fn a_folder_is_made_for_this_user_alone_and_refused_once_others_may_write_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("a/data");
        create_private_folder(&data).unwrap();
        assert_eq!(metadata(&data).unwrap().mode() & 0o777, 0o700);
        for (mode, is_private) in [(0o700, true), (0o755, true), (0o775, false), (0o702, false)] {
            set_permissions(&data, Permissions::from_mode(mode)).unwrap();
            assert_eq!(create_private_folder(&data).is_ok(), is_private, "{mode:o}");
        }
        let said = create_private_folder(&data).unwrap_err().to_string();
        assert!(said.contains("(mode 702): chmod go-w \"/"), "{said}");
    }

    #[test]
    fn a_file_is_the_users_whom_a_service_runs_as() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        refuse_shared_with_others_than(own(), &file).unwrap();
        let refused = refuse_shared_with_others_than(own() + 1, &file);
        assert_eq!(refused.is_ok(), own() == ROOT, "{refused:?}");
        set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
        assert!(refuse_shared_with_others_than(own(), &file).is_err());
    }

    #[test]
    fn a_folder_of_another_user_is_refused() {
        let check = |owner, own, expected| assert_eq!(shared(owner, 0o700, own), expected, "{owner} with {own}");
        check(1000, 1000, None);
        check(0, 1000, None);
        check(1001, 1000, Some(Shared::Anothers(1001)));
        check(1000, 0, Some(Shared::Anothers(1000)));
    }
}
