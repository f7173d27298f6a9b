//! A web site that can be broken and mended, served by nginx.

use std::{fs, net::TcpStream};

use estatus_valet::{Fixture, Running, path};
use tempfile::TempDir;

use crate::{free_port, within};

/// A web site. Its nginx ends with this value.
pub struct Site {
    folder: TempDir,
    _nginx: Running,
    port: u16,
}

impl Site {
    /// A site on loopback that is well.
    pub fn start() -> Self {
        Self::start_by(&[], "127.0.0.1")
    }

    /// A site whose nginx is started by the command line `before` and listens on `address`.
    pub fn start_by(before: &[&str], address: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("html")).unwrap();
        fs::write(folder.path().join("html/index.html"), "<h1>portfolio</h1>\n").unwrap();
        // Another process may take the port before nginx does.
        for _ in 0..5 {
            let port = free_port();
            fs::write(folder.path().join("nginx.conf"), configuration(address, port)).unwrap();
            let words = [before, &["/usr/sbin/nginx", "-p", &path(folder.path()), "-c", "nginx.conf", "-e", "stderr"]];
            let words = words.concat();
            let nginx = Fixture::new(words[0]).args(words[1..].iter().copied()).start();
            let pid_file = folder.path().join("nginx.pid");
            let is_up = || pid_file.exists() && (!before.is_empty() || TcpStream::connect(("127.0.0.1", port)).is_ok());
            let began = within(crate::BOUND, || {
                let ended = nginx.has_ended();
                (ended || is_up()).then_some(!ended)
            });
            if began == Some(true) {
                return Self { folder, _nginx: nginx, port };
            }
        }
        panic!("nginx does not start");
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of its first page.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// From now on every page answers 503.
    pub fn break_it(&self) {
        fs::write(self.folder.path().join("html/broken"), "").unwrap();
    }

    /// From now on every page is well.
    pub fn mend(&self) {
        fs::remove_file(self.folder.path().join("html/broken")).unwrap();
    }

    /// The pages that were asked for.
    pub fn visits(&self) -> usize {
        fs::read_to_string(self.folder.path().join("access.log")).map_or(0, |log| log.lines().count())
    }
}

fn configuration(address: &str, port: u16) -> String {
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let paths: String = paths.iter().map(|path| format!("{path}_temp_path {path};\n")).collect();
    format!(
        "daemon off; master_process off; pid nginx.pid; error_log stderr;
        events {{ worker_connections 128; }}
        http {{
            root html; default_type text/html; access_log access.log; {paths}
            server {{ listen {address}:{port}; if (-f $document_root/broken) {{ return 503; }} }}
        }}"
    )
}
