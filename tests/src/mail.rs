//! A mail server with STARTTLS and login that we did not write: aiosmtpd.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use estatus_valet::{Fixture, Running, path};
use mail_parser::{Message, MessageParser};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::BOUND;

/// A running mail server. It ends with this value.
pub struct MailServer {
    folder: TempDir,
    server: Running,
    port: u16,
}

/// A mail that the server has taken.
#[derive(Debug)]
pub struct Mail {
    content: String,
    /// Whether it came over TLS.
    pub tls: bool,
    /// Who had logged in.
    pub login: Option<String>,
    /// The recipients.
    pub to: Vec<String>,
}

impl Mail {
    /// Its header and parts.
    pub fn message(&self) -> Message<'_> {
        MessageParser::default().parse(self.content.as_bytes()).expect("a mail")
    }

    /// Its Message-ID.
    pub fn id(&self) -> String {
        self.message().message_id().expect("a Message-ID").to_owned()
    }
}

impl MailServer {
    /// The user that may log in.
    pub const USER: &str = "ejemplo@mail.com";
    /// That user's password.
    pub const PASSWORD: &str = "CONTRASEÑA_SUPER_SECRETA123";

    /// A server that demands STARTTLS, with a certificate for `localhost` by an authority of its own, and a login.
    pub fn start() -> Self {
        Self::start_by(&[])
    }

    /// The same, started by the command line `before`.
    pub fn start_by(before: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_certificate(&folder);
        let settings = json!({
            "tls": "starttls",
            "certificate": path(&folder.path().join("server.pem")),
            "key": path(&folder.path().join("server.key")),
            "users": { Self::USER: Self::PASSWORD },
        })
        .to_string();
        let script = path(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../src-tauri/crates/alert/tests/smtpd.py")));
        let words = [before, &["/usr/bin/python3", &script, &settings]].concat();
        let server = Fixture::new(words[0]).args(words[1..].iter().copied()).start();
        let listens: Value = serde_json::from_str(&server.expect_line(BOUND, "where it listens")).unwrap();
        Self { folder, server, port: listens["port"].as_u64().unwrap().try_into().unwrap() }
    }

    /// The certificate of the authority that vouches for it: what `SSL_CERT_FILE` must name.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The `[email]` table for it; the password stands in the variable `SMTP_PASSWORD`.
    pub fn table(&self) -> String {
        format!(
            "[email]\nserver = \"localhost\"\nport = {}\nsecurity = \"starttls\"\nusername = \"{}\"\n\
             password = {{ env = \"SMTP_PASSWORD\" }}\nfrom = \"{}\"\nto = [\"destinatario@mail.com\"]\n",
            self.port,
            Self::USER,
            Self::USER,
        )
    }

    /// The next mail it takes.
    #[track_caller]
    pub fn next(&self) -> Mail {
        mail(&self.server.expect_line(BOUND, "that a mail has come"))
    }

    /// All mails it has taken and nobody has asked for.
    pub fn rest(&self) -> Vec<Mail> {
        std::iter::from_fn(|| self.server.line(Duration::ZERO)).map(|line| mail(&line)).collect()
    }
}

fn mail(taken: &str) -> Mail {
    let taken: Value = serde_json::from_str(taken).unwrap();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Mail {
        content: text(&taken["content"]).unwrap(),
        tls: taken["tls"] == true,
        login: text(&taken["login"]),
        to: taken["to"].as_array().unwrap().iter().filter_map(text).collect(),
    }
}

fn write_certificate(folder: &TempDir) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new([]).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = authority.self_signed(&authority_key).unwrap();
    fs::write(folder.path().join("authority.pem"), certificate.pem()).unwrap();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    fs::write(path(&folder.path().join("server.pem")), server.pem()).unwrap();
    fs::write(path(&folder.path().join("server.key")), key.serialize_pem()).unwrap();
}
