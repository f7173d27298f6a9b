//! A mail server with STARTTLS and login that we did not write: aiosmtpd.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
};

use mail_parser::{Message, MessageParser};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::BOUND;

/// A running mail server. It ends with this value.
pub struct MailServer {
    folder: TempDir,
    server: Child,
    taken: Receiver<Value>,
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
            "certificate": folder.path().join("server.pem"),
            "key": folder.path().join("server.key"),
            "users": { Self::USER: Self::PASSWORD },
        })
        .to_string();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../src-tauri/crates/alert/tests/smtpd.py");
        let mut words = before.to_vec();
        words.extend(["/usr/bin/python3", script, &settings]);
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut server = command.spawn().expect("python3 is installed");
        let output = BufReader::new(server.stdout.take().unwrap());
        let (sender, taken) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let Ok(()) = sender.send(serde_json::from_str::<Value>(&line).unwrap()) else { break };
            }
        });
        let listens = taken.recv_timeout(BOUND).expect("python3-aiosmtpd is installed");
        let port = listens["port"].as_u64().unwrap().try_into().unwrap();
        Self { folder, server, taken, port }
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
        mail(self.taken.recv_timeout(BOUND).expect("a mail comes"))
    }

    /// All mails it has taken and nobody has asked for.
    pub fn rest(&self) -> Vec<Mail> {
        self.taken.try_iter().map(mail).collect()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn mail(taken: Value) -> Mail {
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
    fs::write(folder.path().join("server.pem"), server.pem()).unwrap();
    fs::write(folder.path().join("server.key"), key.serialize_pem()).unwrap();
}
