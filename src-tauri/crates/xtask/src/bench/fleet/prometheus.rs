//! Prometheus: it asks as many targets as often, each at an address of its own on loopback.

use std::{
    fmt::Write as _,
    fs,
    io::{Read, Write as _},
    net::TcpStream,
    time::Duration,
};

use anyhow::{Context, Result, ensure};

use super::{HEARTBEAT, Options, Used, crowd::Crowd, wait_until, watch};
use crate::{
    bench::daemon::{Daemon, Lab, free_port},
    command::find,
};

/// It has asked everybody within this.
const ASKS_ALL_WITHIN: Duration = Duration::from_secs(120);

/// What it takes to ask.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// CPU time for one round.
    pub(super) cpu_of_sweep: Duration,
    /// Memory for each target, in bytes.
    pub(super) memory_of_one: f64,
}

pub(super) fn measure(lab: &Lab, crowd: &Crowd, options: &Options) -> Result<Asked> {
    println!("── prometheus: no targets for {} s", options.seconds);
    let alone = Prometheus::start(lab, 0, 0)?;
    wait_until("it answers", ASKS_ALL_WITHIN, || Ok(ask(alone.port, "/-/ready").is_ok()), String::new)?;
    let without = watch(&alone.daemon, options.seconds)?.memory;
    drop(alone);
    println!("── prometheus: {} targets every {} s for {} s", options.agents, HEARTBEAT.as_secs(), options.seconds);
    let pages = free_port()?;
    let _pages = crowd.play(lab, ["pages".to_owned(), pages.to_string()])?;
    let prometheus = Prometheus::start(lab, options.agents, pages)?;
    let up = || prometheus.up().unwrap_or_default();
    let all_are_up = || Ok(up() >= options.agents);
    wait_until("all targets are up", ASKS_ALL_WITHIN, all_are_up, || format!(": {}", up()))?;
    let before = count(pages)?;
    let Used { cpu_of_sweep, memory } = watch(&prometheus.daemon, options.seconds)?;
    let asked = count(pages)? - before;
    let due = u64::from(options.agents) * options.seconds / HEARTBEAT.as_secs();
    ensure!(asked * 10 >= due * 9, "it asked only {asked} times of {due} that were due");
    let memory_of_one = (memory as f64 - without as f64) / f64::from(options.agents);
    Ok(Asked { cpu_of_sweep, memory_of_one })
}

struct Prometheus {
    daemon: Daemon,
    port: u16,
}

impl Prometheus {
    /// Starts it on so many targets at the port `pages`.
    fn start(lab: &Lab, targets: u32, pages: u16) -> Result<Self> {
        let folder = lab.folder("prometheus")?;
        let mut all = String::new();
        for number in 0..targets {
            let comma = if number == 0 { "" } else { ", " };
            write!(all, "{comma}\"127.1.{}.{}:{pages}\"", number / 250, number % 250 + 1)?;
        }
        fs::write(folder.join("targets.json"), format!("[{{ \"targets\": [{all}] }}]"))?;
        let every = HEARTBEAT.as_secs();
        let config = folder.join("prometheus.yml");
        let yaml = format!(
            "global:\n  scrape_interval: {every}s\n  scrape_timeout: {every}s\nscrape_configs:\n  - job_name: fleet\n    \
             file_sd_configs:\n      - files: [targets.json]\n"
        );
        fs::write(&config, yaml)?;
        let port = free_port()?;
        let program = find("prometheus").context("Prometheus is not installed")?;
        let arguments = [
            format!("--config.file={}", config.display()),
            format!("--storage.tsdb.path={}", folder.join("data").display()),
            format!("--web.listen-address=127.0.0.1:{port}"),
            "--log.level=error".to_owned(),
        ];
        Ok(Self { daemon: Daemon::start(lab, &program, arguments)?, port })
    }

    /// How many targets are up.
    fn up(&self) -> Result<u32> {
        self.daemon.check()?;
        let said: serde_json::Value = serde_json::from_str(&ask(self.port, "/api/v1/query?query=sum(up)")?)?;
        said["data"]["result"][0]["value"][1].as_str().context("it does not know")?.parse().context("no number")
    }
}

/// How many pages were asked for.
fn count(pages: u16) -> Result<u64> {
    ask(pages, "/count")?.trim().parse().context("the pages do not say how often they were asked for")
}

/// The body of a page.
fn ask(port: u16, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no answer of HTTP")?;
    ensure!(head.split_whitespace().nth(1) == Some("200"), "{path} is answered by {head}");
    Ok(body.to_owned())
}
