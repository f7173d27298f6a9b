//! OpenSSL: servers that speak as old ones do, and certificates as nobody makes them any more.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

/// A folder with a key and a certificate: `own.key` and `own.pem`.
pub(crate) struct Identity(TempDir);

impl Identity {
    /// What `openssl` makes of `steps`, each the arguments of one call in the folder.
    pub(crate) fn made(steps: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for step in steps {
            let made = Command::new("openssl").args(step.split(' ')).current_dir(folder.path()).output();
            let made = made.expect("openssl is installed");
            assert!(made.status.success(), "{step}: {}", String::from_utf8_lossy(&made.stderr));
        }
        Self(folder)
    }

    /// One that signs itself, for `localhost`, with a key as `-newkey` wants it.
    pub(crate) fn with_key(key: &str) -> Self {
        let request = format!(
            "req -x509 -newkey {key} -nodes -keyout own.key -out own.pem -days 30 -subj /CN=Old -addext \
             subjectAltName=DNS:localhost"
        );
        Self::made(&[&request])
    }

    /// Where `name` lies in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// A running `openssl s_server`. It ends with this value.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

impl Server {
    /// Starts one that presents `identity`, with further `arguments`.
    pub(crate) fn start(identity: &Identity, arguments: &[&str]) -> Self {
        Self::start_in(identity.0.path(), arguments)
    }

    fn start_in(folder: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-key", "own.key", "-cert", "own.pem"])
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl is installed");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines.find_map(|line| line.strip_prefix("ACCEPT ")?.rsplit_once(':')?.1.parse().ok());
        // It goes on telling, and must be heard.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port: port.expect("it listens") }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
