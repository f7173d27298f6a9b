//! The page as its author has it: Vite, which npm starts by a shell.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// What it writes as soon as it serves.
pub(crate) const SAYS: &str = "vite --host 127.0.0.1";
/// How it is stopped.
pub(crate) const STOPPED: &[&str] = &["-TERM", "-KILL", "-INT"];

/// Makes it.
pub(super) fn make(folder: &Path) {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/persistencia-datos");
    let installed = fixture.join("node_modules");
    assert!(installed.is_dir(), "`cargo xtask test` installs Vite first, or `npm ci` in {}", fixture.display());
    for file in ["package.json", "index.html", "main.js"] {
        fs::copy(fixture.join(file), folder.join(file)).unwrap();
    }
    std::os::unix::fs::symlink(installed, folder.join("node_modules")).unwrap();
}

/// The command of the document.
pub(super) fn command(port: u16) -> String {
    format!("npm run dev -- --port {port}")
}

/// The processes that run in the page's folder: npm, the shell between, Vite.
pub(super) fn processes(folder: &Path) -> Vec<(u32, String)> {
    let here = folder.canonicalize().unwrap();
    let pids = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd: PathBuf| cwd == here))
        .map(|pid| (pid, fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default().replace('\0', " ")))
        .collect()
}

/// Whether this process is the one that listens.
pub(super) fn is_server(line: &str) -> bool {
    line.starts_with("node ") && line.contains("vite")
}

/// Whether the page is there.
pub(super) fn is_served(port: u16) -> bool {
    let asked = || {
        let mut page = std::net::TcpStream::connect(("127.0.0.1", port))?;
        std::io::Write::write_all(&mut page, b"GET / HTTP/1.0\r\n\r\n")?;
        std::io::read_to_string(page)
    };
    asked().is_ok_and(|said| said.contains("Persistencia de datos"))
}
