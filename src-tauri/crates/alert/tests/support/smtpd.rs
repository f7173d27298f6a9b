//! A mail server that we did not write: aiosmtpd, started by `smtpd.py`.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use estatus_core::{
    check::{HostPort, Trust},
    config::{EmailChannel, EmailSecurity, Login},
};
use serde::Deserialize;
use serde_json::Value;

use super::secret;

/// How long a server may take to do what is waited for.
const BOUND: Duration = Duration::from_secs(20);

/// A running mail server. It ends with this value.
pub struct Smtpd {
    child: Child,
    facts: Receiver<Value>,
    port: u16,
}

/// A mail that the server has taken.
#[derive(Debug, Deserialize)]
pub struct Taken {
    pub from: String,
    pub to: Vec<String>,
    pub content: String,
    pub tls: bool,
    pub login: Option<String>,
}

impl Smtpd {
    /// Starts one with the settings that `smtpd.py` explains.
    pub fn start(settings: Value) -> Self {
        let mut child = Command::new("/usr/bin/python3")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/smtpd.py"))
            .arg(settings.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is installed");
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, facts) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let Ok(()) = sender.send(serde_json::from_str(&line).unwrap()) else { break };
            }
        });
        let mut server = Self { child, facts, port: 0 };
        let listens = server.facts.recv_timeout(BOUND).expect("python3-aiosmtpd is installed");
        server.port = listens["port"].as_u64().unwrap().try_into().unwrap();
        server
    }

    /// The next mail it has taken.
    pub fn taken(&self) -> Taken {
        serde_json::from_value(self.facts.recv_timeout(BOUND).expect("a mail is taken")).unwrap()
    }

    /// Whether it has taken nothing that nobody has asked for yet.
    pub fn is_empty(&self) -> bool {
        self.facts.try_recv().is_err()
    }

    /// A channel that goes to it, without a login.
    pub fn channel(&self, security: EmailSecurity) -> EmailChannel {
        channel_to(self.port, security)
    }
}

impl Drop for Smtpd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A channel to `port` of this machine, without a login.
pub fn channel_to(port: u16, security: EmailSecurity) -> EmailChannel {
    EmailChannel {
        server: HostPort { host: "localhost".to_owned(), port },
        security,
        trust: Trust::Machine,
        hello: None,
        login: None,
        from: "Estatus <ejemplo@mail.com>".to_owned(),
        to: vec!["destinatario@mail.com".to_owned()],
        timeout: BOUND,
    }
}

/// The login that the password of the tests belongs to.
pub fn login() -> Option<Login> {
    Some(Login { username: "ejemplo@mail.com".to_owned(), password: secret("PASSWORD") })
}
