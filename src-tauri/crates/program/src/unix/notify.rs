//! The socket on which a program says how it is (sd_notify(3)).

use std::{
    ffi::{OsStr, OsString},
    fs,
    io::{self, IoSliceMut},
    mem::MaybeUninit,
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixDatagram},
    },
    path::Path,
};

use rustix::{
    cmsg_space,
    net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg, sockopt::set_socket_passcred},
    process::geteuid,
};
use tokio::{io::Interest, net::UnixDatagram as Datagram};

use crate::notify_socket::{MESSAGE_LIMIT, NotifyMessage, notices};

/// A socket's address holds 108 bytes, the last of them a zero.
const PATH_LIMIT: usize = 107;

/// Hears what a program says.
pub(crate) struct NotifySocket {
    socket: Datagram,
    address: OsString,
}

impl NotifySocket {
    /// Opens the socket in `folder`; where its path is too long for an address, one without a place, whose name nobody
    /// knows who does not know `token`.
    pub(crate) fn open(folder: &Path, token: &str) -> io::Result<Self> {
        let path = folder.join("notify.sock");
        let (socket, address) = if path.as_os_str().len() <= PATH_LIMIT {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            (UnixDatagram::bind(&path)?, path.into_os_string())
        } else {
            let name = format!("estatus-{token}");
            (UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name)?)?, format!("@{name}").into())
        };
        set_socket_passcred(&socket, true)?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket: Datagram::from_std(socket)?, address })
    }

    /// What the program finds in `NOTIFY_SOCKET`.
    pub(crate) fn address(&self) -> Option<&OsStr> {
        Some(&self.address)
    }

    /// Waits for a message.
    pub(crate) async fn ready(&mut self) -> io::Result<()> {
        self.socket.readable().await
    }

    /// What has been said in the next message that has arrived; nothing if there is none.
    pub(crate) fn take(&mut self) -> Option<Vec<NotifyMessage>> {
        let mut message = [0; MESSAGE_LIMIT];
        let received = self.socket.try_io(Interest::READABLE, || receive(&self.socket, &mut message)).ok()?;
        let said = if received.is_trusted { message.get(..received.length) } else { None };
        Some(said.map(notices).unwrap_or_default())
    }
}

struct Received {
    length: usize,
    is_trusted: bool,
}

/// Descriptors that come along are closed: that is what who sends `BARRIER=1` waits for.
fn receive(socket: &Datagram, message: &mut [u8]) -> io::Result<Received> {
    const DESCRIPTORS: usize = 253;
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(DESCRIPTORS), ScmCredentials(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
    let received = recvmsg(socket, &mut [IoSliceMut::new(message)], &mut control, flags)?;
    let is_trusted = control.drain().fold(false, |trusted, message| match message {
        RecvAncillaryMessage::ScmCredentials(sender) => sender.uid == geteuid() || sender.uid.is_root(),
        _ => trusted,
    });
    Ok(Received { length: received.bytes, is_trusted })
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};

    use super::*;

    #[tokio::test]
    async fn a_program_is_heard_however_deep_its_folder_lies() {
        async fn check(depth: usize) {
            let data = tempfile::tempdir().unwrap();
            let folder = data.path().join("x".repeat(depth));
            fs::create_dir(&folder).unwrap();
            let token = crate::names::random_name().unwrap();
            let mut socket = NotifySocket::open(&folder, &token).unwrap();
            let address = socket.address().unwrap().as_bytes().to_owned();
            let address = match address.strip_prefix(b"@") {
                Some(name) => SocketAddr::from_abstract_name(name).unwrap(),
                None => SocketAddr::from_pathname(OsString::from_vec(address)).unwrap(),
            };
            UnixDatagram::unbound().unwrap().send_to_addr(b"READY=1", &address).unwrap();
            socket.ready().await.unwrap();
            assert_eq!(socket.take(), Some(vec![NotifyMessage::Ready]), "{depth}");
            assert_eq!(socket.take(), None);
        }
        check(1).await;
        check(200).await;
    }
}
