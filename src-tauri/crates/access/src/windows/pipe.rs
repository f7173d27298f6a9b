//! Named pipes: who may connect, and whom one has reached.

use std::{
    ffi::c_void,
    fs::OpenOptions,
    io,
    os::windows::{
        fs::OpenOptionsExt,
        io::{AsHandle, IntoRawHandle},
    },
    path::Path,
    time::Duration,
};

use tokio::{
    net::windows::named_pipe::{NamedPipeClient, NamedPipeServer, ServerOptions},
    time::{Instant, sleep},
};
use windows_sys::Win32::{
    Foundation::ERROR_PIPE_BUSY,
    Storage::FileSystem::{
        FILE_FLAG_OVERLAPPED, FILE_READ_ATTRIBUTES, FILE_READ_DATA, FILE_WRITE_ATTRIBUTES, FILE_WRITE_DATA,
        READ_CONTROL, SECURITY_IDENTIFICATION, SYNCHRONIZE,
    },
};

use super::{Sid, Token, access_list::Security, denied, descriptor::Descriptor, is_trusted, service, token};
use crate::{SERVICE, peer::Admits};

/// While every instance of the pipe is taken, a client asks again after this.
const BUSY_WAIT: Duration = Duration::from_millis(20);
/// A server that takes no client for so long hangs.
const BUSY_PATIENCE: Duration = Duration::from_secs(5);
/// What a client needs: to read, to write, and to see whose the pipe is. It is less than `GENERIC_WRITE`, which is also
/// to make instances of the pipe and thereby to pose as its server.
const CLIENT: u32 =
    FILE_READ_DATA | FILE_WRITE_DATA | FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES | READ_CONTROL | SYNCHRONIZE;

/// Accepts connections.
#[derive(Debug)]
pub struct PipeListener {
    name: String,
    admits: Admits,
    next: NamedPipeServer,
}

impl PipeListener {
    /// Makes the pipe, which must not be there.
    ///
    /// # Errors
    /// If it is there (`AddrInUse`) or cannot be made.
    pub fn bind(name: String, admits: Admits) -> io::Result<Self> {
        let next = instance(&name, admits, true).map_err(|error| first_refused(&name, error))?;
        Ok(Self { next, name, admits })
    }

    /// The next client. Nobody is lost if this is not waited for to the end.
    ///
    /// # Errors
    /// If the system cannot accept one now.
    pub async fn accept(&mut self) -> io::Result<NamedPipeServer> {
        self.next.connect().await?;
        let next = instance(&self.name, self.admits, false)?;
        Ok(std::mem::replace(&mut self.next, next))
    }
}

/// Why the first instance of a pipe could not be made: where there is one, Windows denies it.
fn first_refused(name: &str, error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::PermissionDenied {
        let said = format!("another process has made {name}: end what that is, or find out which user runs it");
        return io::Error::new(io::ErrorKind::AddrInUse, said);
    }
    error
}

fn instance(name: &str, admits: Admits, first: bool) -> io::Result<NamedPipeServer> {
    create(ServerOptions::new().first_pipe_instance(first).reject_remote_clients(true), name, admits)
}

/// Makes a pipe as `options` say that admits this user and administrators.
///
/// # Errors
/// If it cannot be made.
pub fn create_private_pipe(options: &ServerOptions, name: &str) -> io::Result<NamedPipeServer> {
    create(options, name, Admits::ThisUser)
}

fn create(options: &ServerOptions, name: &str, admits: Admits) -> io::Result<NamedPipeServer> {
    let access = Descriptor::new(&access(&Token::of_process()?.user()?, admits))?;
    access.during(|attributes| {
        // SAFETY: the attributes are whole and, like their descriptor, outlive the call.
        unsafe { options.create_with_security_attributes_raw(name, (&raw mut *attributes).cast::<c_void>()) }
    })
}

/// The pipe belongs to `user`, elevated or not: an elevated process would make it the administrators'. Other machines are
/// kept away by the pipe itself: the group NETWORK has also those who are logged on here by SSH.
fn access(user: &Sid, admits: Admits) -> String {
    let others = match admits {
        Admits::ThisUser => String::new(),
        Admits::EveryLocalUser => format!("(A;;{CLIENT:#x};;;IU)"),
    };
    format!("O:{user}D:P(A;;GA;;;{user})(A;;GA;;;BA)(A;;GA;;;SY){others}")
}

/// Connects to the pipe `name`, if it belongs to this user, the administrators or the system. Where the engine of the
/// data folder `folder` is wanted, whoever runs it, it may also belong to the account of the service Estatus, if the folder
/// is not this user's own, and for an administrator to the folder's owner.
///
/// # Errors
/// There is no such pipe (not found), whoever made it takes nobody (timed out), or is none of these (permission denied).
pub async fn connect(name: &str, folder: Option<&Path>) -> io::Result<NamedPipeClient> {
    let pipe = open_within(name, BUSY_PATIENCE).await?;
    verify(name, Security::owner_of_pipe(pipe.as_handle())?, folder)?;
    Ok(pipe)
}

async fn open_within(name: &str, patience: Duration) -> io::Result<NamedPipeClient> {
    let until = Instant::now() + patience;
    loop {
        match open(name) {
            Err(error) if error.raw_os_error() == Some(ERROR_PIPE_BUSY.cast_signed()) => {
                if Instant::now() >= until {
                    let said = format!("{name} has taken no client for {patience:?}");
                    return Err(io::Error::new(io::ErrorKind::TimedOut, said));
                }
                sleep(BUSY_WAIT).await;
            }
            result => return result,
        }
    }
}

/// Fails unless `owner` is one of those from whom the answers of `name` may come.
fn verify(name: &str, owner: Option<Sid>, folder: Option<&Path>) -> io::Result<()> {
    match owner {
        Some(owner) if may_serve(&owner, folder)? => Ok(()),
        Some(owner) => Err(denied(format!(
            "another user ({owner}) has made {name}, where Estatus is expected, so nothing was said to it: find out what \
             that user runs"
        ))),
        None => Err(denied(format!("nobody owns {name}, where Estatus is expected, so nothing was said to it"))),
    }
}

fn may_serve(owner: &Sid, folder: Option<&Path>) -> io::Result<bool> {
    if is_trusted(owner)? {
        return Ok(true);
    }
    let Some(folder) = folder else { return Ok(false) };
    // A folder that this user may not look at is another's.
    let folders = owner_of(folder).ok().flatten();
    let is_ours = folders.as_ref() == Some(&Token::of_process()?.user()?);
    Ok(!is_ours && service::account(SERVICE)?.as_ref() == Some(owner)
        || token::is_elevated()? && folders.as_ref() == Some(owner))
}

fn owner_of(folder: &Path) -> io::Result<Option<Sid>> {
    use windows_sys::Win32::Storage::FileSystem::FILE_FLAG_BACKUP_SEMANTICS;
    let open = OpenOptions::new().access_mode(READ_CONTROL).custom_flags(FILE_FLAG_BACKUP_SEMANTICS).open(folder)?;
    Ok(Security::of_file(open.as_handle())?.owner())
}

/// Whoever serves the pipe learns who we are, and cannot act as us.
fn open(name: &str) -> io::Result<NamedPipeClient> {
    let mut options = OpenOptions::new();
    options.access_mode(CLIENT).custom_flags(FILE_FLAG_OVERLAPPED).security_qos_flags(SECURITY_IDENTIFICATION);
    let pipe = options.open(name)?.into_raw_handle();
    // SAFETY: the handle is a pipe's, was opened to be waited for, and is given away.
    unsafe { NamedPipeClient::from_raw_handle(pipe) }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_INVALID_NAME};

    use super::*;
    use crate::{peer::Peer, windows::peer};

    fn name(of: &str) -> String {
        format!(r"\\.\pipe\estatus-test-{}-{of}", std::process::id())
    }

    #[test]
    fn a_pipe_that_is_there_is_taken_and_one_that_cannot_be_made_is_not() {
        let kind = |code: u32| first_refused("a", io::Error::from_raw_os_error(code.cast_signed())).kind();
        assert_eq!(kind(ERROR_ACCESS_DENIED), io::ErrorKind::AddrInUse);
        assert_ne!(kind(ERROR_INVALID_NAME), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn a_pipe_names_whom_it_lets_in() {
        let user = Sid::system().unwrap();
        let alone = "O:S-1-5-18D:P(A;;GA;;;S-1-5-18)(A;;GA;;;BA)(A;;GA;;;SY)";
        assert_eq!(access(&user, Admits::ThisUser), alone);
        assert_eq!(access(&user, Admits::EveryLocalUser), format!("{alone}(A;;0x120183;;;IU)"));
        Descriptor::new(&access(&user, Admits::EveryLocalUser)).unwrap();
    }

    #[tokio::test]
    async fn both_ends_of_a_pipe_know_each_other_before_anything_is_said() {
        for (of, admits) in [("own", Admits::ThisUser), ("all", Admits::EveryLocalUser)] {
            let name = name(of);
            let mut listener = PipeListener::bind(name.clone(), admits).unwrap();
            let (client, server) = tokio::join!(connect(&name, None), listener.accept());
            let (mut client, mut server) = (client.unwrap(), server.unwrap());
            assert_eq!(peer(&server).unwrap(), Peer::Owner);
            server.write_all(b"hello").await.unwrap();
            client.write_all(b"well").await.unwrap();
            let (mut heard, mut asked) = ([0; 5], [0; 4]);
            client.read_exact(&mut heard).await.unwrap();
            server.read_exact(&mut asked).await.unwrap();
            assert_eq!((&heard, &asked), (b"hello", b"well"));
        }
    }

    #[test]
    fn the_pipe_of_another_user_is_told_nothing() {
        let check = |owner: io::Result<Sid>| verify("it", Some(owner.unwrap()), None);
        check(Token::of_process().unwrap().user()).unwrap();
        check(Sid::administrators()).unwrap();
        check(Sid::system()).unwrap();
        let refused = check(Sid::everybody()).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
        assert!(refused.to_string().starts_with("another user (S-1-1-0) has made it,"), "{refused}");
        assert!(verify("it", None, None).is_err());
    }

    #[tokio::test]
    async fn a_pipe_that_is_not_there_is_not_found() {
        assert_eq!(connect(&name("none"), None).await.unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn a_server_that_takes_nobody_is_given_up() {
        let name = name("busy");
        let _server = ServerOptions::new().max_instances(1).create(&name).unwrap();
        let _taken = open(&name).unwrap();
        let refused = open_within(&name, BUSY_WAIT).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::TimedOut, "{refused}");
    }
}
