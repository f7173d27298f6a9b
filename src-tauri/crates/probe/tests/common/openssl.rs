//! OpenSSL: servers that speak as old ones do, and certificates as nobody makes them any more.

use std::path::{Path, PathBuf};

use estatus_valet::{Fixture, Running};
use tempfile::TempDir;

use super::PATIENCE;

/// A folder with a key and a certificate: `own.key` and `own.pem`.
pub(crate) struct Identity(TempDir);

impl Identity {
    /// What `openssl` makes of `steps`, each the arguments of one call in the folder.
    pub(crate) fn made(steps: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for step in steps {
            let made = Fixture::new("openssl").args(step.split(' ')).in_folder(folder.path()).output();
            assert_eq!(made.code, Some(0), "{step}: {}", made.err);
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
    _process: Running,
    pub(crate) port: u16,
}

impl Server {
    /// Starts one that presents `identity`, with further `arguments`.
    pub(crate) fn start(identity: &Identity, arguments: &[&str]) -> Self {
        Self::start_in(identity.0.path(), arguments)
    }

    fn start_in(folder: &Path, arguments: &[&str]) -> Self {
        let listening = ["s_server", "-accept", "127.0.0.1:0", "-key", "own.key", "-cert", "own.pem"];
        let server = Fixture::new("openssl").args(listening).args(arguments.iter().copied()).in_folder(folder).start();
        let address = |line: String| line.strip_prefix("ACCEPT ")?.rsplit_once(':')?.1.parse().ok();
        let port = std::iter::repeat_with(|| server.expect_line(PATIENCE, "where it listens")).find_map(address);
        Self { _process: server, port: port.expect("it listens") }
    }
}
