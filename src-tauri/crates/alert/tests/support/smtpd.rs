//! A mail server that we did not write: aiosmtpd, started by `smtpd.py`.

use std::{path::Path, time::Duration};

use estatus_core::{
    check::{HostPort, Trust},
    config::{EmailChannel, EmailSecurity, Login},
};
use estatus_valet::{Fixture, Running, path};
use serde::Deserialize;
use serde_json::Value;

use super::secret;

/// How long a server may take to do what is waited for.
const BOUND: Duration = Duration::from_secs(20);

/// A running mail server. It ends with this value.
pub struct Smtpd {
    process: Running,
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
        let script = path(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/smtpd.py")));
        let process = Fixture::new("/usr/bin/python3").args([script, settings.to_string()]).start();
        let listens: Value = serde_json::from_str(&process.expect_line(BOUND, "where it listens")).unwrap();
        Self { process, port: listens["port"].as_u64().unwrap().try_into().unwrap() }
    }

    /// The next mail it has taken.
    pub fn taken(&self) -> Taken {
        serde_json::from_str(&self.process.expect_line(BOUND, "that it has taken a mail")).unwrap()
    }

    /// Whether it has taken nothing that nobody has asked for yet.
    pub fn is_empty(&self) -> bool {
        self.process.line(Duration::ZERO).is_none()
    }

    /// A channel that goes to it, without a login.
    pub fn channel(&self, security: EmailSecurity) -> EmailChannel {
        channel_to(self.port, security)
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
