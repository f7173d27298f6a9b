//! What the engine says of itself to systemd (sd_notify(3)).
#![allow(unsafe_code, reason = "a variable can only be taken out of the environment so")]

use std::{
    env, io,
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixDatagram},
    },
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};

/// The variables that systemd has meant for the engine, and not for what it starts.
const OURS: [&str; 8] = [
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "SYSTEMD_EXEC_PID",
    "MEMORY_PRESSURE_WATCH",
    "MEMORY_PRESSURE_WRITE",
];

/// The way to systemd; nobody hears where there is none.
pub(super) struct Notifier {
    socket: Option<UnixDatagram>,
    /// It is told within this that the engine is alive.
    pub(super) watchdog: Option<Duration>,
}

impl Notifier {
    /// Takes what systemd has left in the environment, and takes it out of there.
    ///
    /// # Safety
    /// There is no other thread yet.
    pub(super) unsafe fn take() -> Self {
        let socket = env::var("NOTIFY_SOCKET").ok().filter(|address| !address.is_empty());
        let watchdog = env::var("WATCHDOG_USEC").ok().and_then(|micros| micros.parse().ok());
        for name in OURS {
            // SAFETY: the caller says that nobody else is there to read the environment.
            unsafe { env::remove_var(name) };
        }
        let connected = socket.map(|address| connect(&address)).transpose();
        if let Err(error) = &connected {
            complain!("estatus: systemd cannot be told how the engine is: {error}");
        }
        Self {
            socket: connected.unwrap_or_default(),
            watchdog: watchdog.filter(|micros| *micros > 0).map(Duration::from_micros),
        }
    }

    /// Says that the engine is there.
    pub(super) fn ready(&self) {
        self.say("READY=1");
    }

    /// Says that another configuration was taken.
    pub(super) fn reloaded(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        self.say(&format!("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1_000_000 + now.tv_nsec / 1_000));
        self.ready();
    }

    /// Says that the engine is alive.
    pub(super) fn alive(&self) {
        self.say("WATCHDOG=1");
    }

    /// Says that the engine is stopping.
    pub(super) fn stopping(&self) {
        self.say("STOPPING=1");
    }

    /// Says that starting or stopping takes at least so much longer.
    pub(super) fn takes(&self, longer: Duration) {
        self.say(&format!("EXTEND_TIMEOUT_USEC={}", longer.as_micros()));
    }

    /// Says in one line how all is.
    pub(super) fn status(&self, line: &str) {
        self.say(&format!("STATUS={}", crate::show::one_line(line)));
    }

    fn say(&self, what: &str) {
        // Whoever has gone does not hear it, and a queue that is full is heard later: nothing here waits for systemd.
        let _ = self.socket.as_ref().map(|socket| socket.send(what.as_bytes()));
    }
}

/// A leading `@` stands for the zero of an abstract address.
fn connect(address: &str) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    let address = match address.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(address)?,
    };
    socket.connect_addr(&address)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systemd_is_told_at_a_path_and_at_an_abstract_address() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify").to_str().unwrap().to_owned();
        let name = format!("estatus-notify-{}", std::process::id());
        let abstract_one = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        for (address, systemd) in
            [(path.clone(), UnixDatagram::bind(&path).unwrap()), (format!("@{name}"), abstract_one)]
        {
            let notifier = Notifier { socket: Some(connect(&address).unwrap()), watchdog: None };
            let heard = || {
                let mut bytes = [0; 256];
                let length = systemd.recv(&mut bytes).unwrap();
                String::from_utf8(bytes[..length].to_vec()).unwrap()
            };
            notifier.ready();
            assert_eq!(heard(), "READY=1");
            notifier.status("all is\nwell");
            assert_eq!(heard(), "STATUS=all is well");
            notifier.takes(Duration::from_secs(2));
            assert_eq!(heard(), "EXTEND_TIMEOUT_USEC=2000000");
            notifier.reloaded();
            assert!(heard().starts_with("RELOADING=1\nMONOTONIC_USEC="));
            assert_eq!(heard(), "READY=1");
        }
    }

    #[test]
    fn nobody_is_told_where_there_is_no_systemd() {
        Notifier { socket: None, watchdog: None }.ready();
        assert!(connect("/no/such/socket").is_err());
    }
}
