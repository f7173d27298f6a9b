//! The web server that is checked, and its log, which tells who came when.

use std::{
    collections::BTreeMap,
    fs,
    net::TcpStream,
    path::PathBuf,
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail};

use crate::bench::daemon::{Daemon, Lab, free_port};
use crate::command::find;

/// A running nginx.
pub(crate) struct Nginx {
    daemon: Daemon,
    port: u16,
    log: PathBuf,
}

impl Nginx {
    /// Starts it on a free port of loopback.
    pub(crate) fn start(lab: &Lab) -> Result<Self> {
        let port = free_port()?;
        let log = lab.join("access.log");
        let folder = lab.join("").display().to_string();
        let conf = lab.write("nginx.conf", &configuration(&folder, port))?;
        let program = find("nginx").context("nginx is not installed")?;
        let daemon = Daemon::start(lab, &program, ["-p".as_ref(), folder.as_ref(), "-c".as_ref(), conf.as_os_str()])?;
        let nginx = Self { daemon, port, log };
        nginx.wait()?;
        Ok(nginx)
    }

    /// A page of it.
    pub(crate) fn url(&self, path: &str, number: usize) -> String {
        format!("http://127.0.0.1:{}/{path}/{number}", self.port)
    }

    /// The requests for pages below `path`.
    pub(crate) fn hits(&self, path: &str) -> Result<Hits> {
        self.daemon.check().context("nginx is gone")?;
        let log = fs::read_to_string(&self.log).with_context(|| format!("Failed to read {}", self.log.display()))?;
        Ok(Hits::read(&log, &format!("/{path}/")))
    }

    fn wait(&self) -> Result<()> {
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            self.daemon.check().context("nginx did not start")?;
            if begun.elapsed() > Duration::from_secs(10) {
                bail!("nginx does not listen");
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

fn configuration(folder: &str, port: u16) -> String {
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("    {kind}_temp_path {folder}/{kind};\n"))
        .concat();
    format!(
        "daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log {folder}/nginx.log;\n\
         worker_rlimit_nofile 8192;\nevents {{ worker_connections 4096; }}\n\
         http {{\n{temporary}    log_format bench '$msec $uri';\n    access_log {folder}/access.log bench;\n\
         server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 200 \"well\\n\"; }} }}\n}}\n"
    )
}

/// The time by the wall clock, since 1970.
pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Requests: by page, when they came, in their order, since 1970.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Hits(BTreeMap<String, Vec<Duration>>);

impl Hits {
    fn read(log: &str, path: &str) -> Self {
        let mut hits = Self::default();
        // The last line may be half written.
        for line in log.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
            let Some((at, page)) = line.split_once(' ') else { continue };
            if let (Some(page), Ok(at)) = (page.strip_prefix(path), at.parse()) {
                hits.0.entry(page.to_owned()).or_default().push(Duration::from_secs_f64(at));
            }
        }
        hits
    }

    /// How many different pages were asked for.
    pub(crate) fn different(&self) -> usize {
        self.0.len()
    }

    /// How many requests there were from `from` on and before `to`.
    pub(crate) fn between(&self, from: Duration, to: Duration) -> usize {
        self.0.values().flatten().filter(|at| (from..to).contains(*at)).count()
    }

    /// When the last of all pages was asked for the first time.
    pub(crate) fn last_first(&self) -> Option<Duration> {
        self.0.values().filter_map(|times| times.first()).max().copied()
    }

    /// The longest time between two requests for the same page, of which the first came at `from` or later, and from the last
    /// one until `end`.
    pub(crate) fn worst_gap(&self, from: Duration, end: Duration) -> Duration {
        let gap = |times: &Vec<Duration>| {
            let since: Vec<&Duration> = times.iter().filter(|at| **at >= from).collect();
            let ends = since.iter().copied().skip(1).chain([&end]);
            since
                .iter()
                .zip(ends)
                .map(|(one, next)| next.saturating_sub(**one))
                .max()
                .unwrap_or(end.saturating_sub(from))
        };
        self.0.values().map(gap).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "10.000 /a/1\n10.250 /a/2\n11.000 /a/1\n12.500 /a/1\n12.600 /b/1\n13.0";

    #[test]
    fn the_log_is_read_by_path_without_its_unfinished_line() {
        let hits = Hits::read(LOG, "/a/");
        assert_eq!(hits.different(), 2);
        assert_eq!(hits.between(Duration::from_secs(10), Duration::from_secs(11)), 2);
        assert_eq!(hits.last_first(), Some(Duration::from_millis(10_250)));
        assert_eq!(Hits::read(LOG, "/c/"), Hits::default());
    }

    #[test]
    fn the_worst_gap_counts_the_silence_at_the_end() {
        let check = |from_ms: u64, end_ms: u64, expected_ms: u64| {
            let hits =
                Hits(BTreeMap::from([("1".to_owned(), [10_000, 11_000, 12_500].map(Duration::from_millis).into())]));
            let [from, end, expected] = [from_ms, end_ms, expected_ms].map(Duration::from_millis);
            assert_eq!(hits.worst_gap(from, end), expected);
        };
        check(10_000, 13_000, 1_500);
        check(10_000, 15_000, 2_500);
        check(11_500, 13_000, 500);
        check(12_600, 13_000, 400);
    }
}
