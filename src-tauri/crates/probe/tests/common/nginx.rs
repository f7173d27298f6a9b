//! An nginx of the test's own.

use std::{
    net::TcpStream,
    time::{Duration, Instant},
};

use estatus_valet::{Fixture, Running, path};
use tempfile::TempDir;

use super::{PATIENCE, server::closed_port};

/// Ends when it is dropped.
pub(crate) struct Nginx {
    _process: Running,
    /// Its files; what lies in `html` is served.
    pub(crate) directory: TempDir,
    /// Where it speaks HTTP.
    pub(crate) port: u16,
    /// Where it speaks HTTPS, if the servers of the test say so.
    pub(crate) tls_port: u16,
}

impl Nginx {
    /// Starts one that serves `files`, with `servers` for its configuration: `PORT` and `TLS_PORT` in there are replaced.
    /// `prepare` is called with its folder before.
    pub(crate) fn start(files: &[(&str, &[u8])], servers: &str, prepare: impl Fn(&std::path::Path)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("html")).unwrap();
        for (name, content) in files {
            std::fs::write(directory.path().join("html").join(name), content).unwrap();
        }
        prepare(directory.path());
        // Another process may take a port before nginx does.
        for _ in 0..5 {
            let (port, tls_port) = (closed_port(), closed_port());
            let ports = if servers.contains("TLS_PORT") { vec![port, tls_port] } else { vec![port] };
            let servers = servers.replace("TLS_PORT", &tls_port.to_string()).replace("PORT", &port.to_string());
            std::fs::write(directory.path().join("nginx.conf"), configuration(&servers)).unwrap();
            if let Some(process) = start(&directory, &ports) {
                return Self { _process: process, directory, port, tls_port };
            }
        }
        panic!("nginx did not start");
    }

    /// The address of `path` on it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The same over TLS.
    pub(crate) fn tls_url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.tls_port)
    }
}

fn configuration(servers: &str) -> String {
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let paths: String = paths.iter().map(|path| format!("{path}_temp_path {path};\n")).collect();
    format!(
        "daemon off; master_process off; pid nginx.pid; error_log stderr;
        events {{ worker_connections 64; }}
        http {{ access_log off; root html; default_type text/plain; {paths} {servers} }}"
    )
}

/// Starts it, and waits until it listens on every one of `ports`: it opens them one by one.
fn start(directory: &TempDir, ports: &[u16]) -> Option<Running> {
    let folder = path(directory.path());
    let process = Fixture::new("/usr/sbin/nginx").args(["-p", &folder, "-c", "nginx.conf", "-e", "stderr"]).start();
    let since = Instant::now();
    while since.elapsed() < PATIENCE && !process.has_ended() {
        if ports.iter().all(|port| is_served(*port)) {
            return Some(process);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    None
}

/// A socket may be connected to itself where nobody listens yet.
fn is_served(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok_and(|stream| stream.local_addr().unwrap().port() != port)
}
