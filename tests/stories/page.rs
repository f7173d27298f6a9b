//! The page that two of the documents keep online, with its server beside it.

#[cfg_attr(unix, path = "page/unix.rs")]
#[cfg_attr(windows, path = "page/windows.rs")]
mod platform;

use estatus_tests::{eventually, free_port};

pub(crate) use platform::{SAYS, STOPPED};

/// The page, of its own for each test: Vite keeps a cache in its folder.
pub(crate) struct Page {
    folder: tempfile::TempDir,
    port: u16,
}

impl Page {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        platform::make(folder.path());
        Self { folder, port: free_port() }
    }

    /// Where it lies.
    #[cfg(unix)]
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Where it is served.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The program `web`, which serves it.
    pub(crate) fn program(&self, restart: &str) -> String {
        format!(
            "[[program]]\nname = \"web\"\ncommand = \"{2}\"\ndirectory = '{1}'\n\
             restart = \"{restart}\"\nready = {{ tcp = \"127.0.0.1:{0}\" }}\n",
            self.port,
            self.folder.path().display(),
            platform::command(self.port)
        )
    }

    /// Its processes.
    pub(crate) fn processes(&self) -> Vec<(u32, String)> {
        platform::processes(self.folder.path())
    }

    /// The process that listens, far below the one that was started.
    pub(crate) fn server(&self) -> Option<u32> {
        let all = self.processes().into_iter();
        let servers: Vec<u32> = all.filter(|(_, line)| platform::is_server(line)).map(|(pid, _)| pid).collect();
        assert!(servers.len() < 2, "two copies: {:?}", self.processes());
        servers.first().copied()
    }

    /// Waits until another server than `before` answers.
    pub(crate) fn served_by_another(&self, before: Option<u32>) -> u32 {
        eventually("the page is served", || {
            let server = platform::is_served(self.port).then(|| self.server())?;
            server.filter(|server| Some(*server) != before)
        })
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.processes().is_empty() && std::net::TcpListener::bind(("127.0.0.1", self.port)).is_ok()
    }
}
