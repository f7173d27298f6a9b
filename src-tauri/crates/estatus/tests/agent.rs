//! `estatus agent`, with an engine's end of the wire in this process.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test fails by them")]

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        mpsc::{Receiver, channel},
    },
    thread,
    time::Duration,
};

use estatus_core::fleet::{
    Fleet,
    command::{FleetCommand, FleetEvent},
};
use estatus_fleet::FleetWire;

const PATIENCE: Duration = Duration::from_secs(60);

/// An engine's end that lets in whoever comes.
struct Engine {
    wire: Arc<FleetWire>,
    at: SocketAddr,
    events: Receiver<FleetEvent>,
}

impl Engine {
    fn start(data: &Path) -> Self {
        let (sender, mut told) = tokio::sync::mpsc::channel(16);
        let wire = Arc::new(FleetWire::new(data, sender));
        let mut fleet = Fleet::new("web");
        (fleet.wire.listen, fleet.heartbeat) = (([127, 0, 0, 1], 0).into(), Duration::from_millis(100));
        let fleet = Arc::new(fleet);
        wire.carry_out(&fleet, FleetCommand::Serve);
        let (tell, events) = channel();
        let answering = Arc::downgrade(&wire);
        thread::spawn(move || {
            while let Some(told) = told.blocking_recv() {
                if let (FleetEvent::Announced { announcement, name, .. }, Some(wire)) =
                    (&told.event, answering.upgrade())
                {
                    let accepted = Some(name.as_str().into());
                    wire.carry_out(&fleet, FleetCommand::Answer { announcement: *announcement, accepted });
                }
                let _ = tell.send(told.event);
            }
        });
        let Ok(FleetEvent::Serves { at }) = events.recv_timeout(PATIENCE) else { panic!("it does not serve") };
        Self { wire, at, events }
    }

    /// Waits until that load is heard.
    fn hears(&self, load: f32) {
        let is_heard = |event: FleetEvent| match event {
            FleetEvent::Heard(beats) => beats.iter().any(|beat| beat.load == Some(load)),
            _ => false,
        };
        while !is_heard(self.events.recv_timeout(PATIENCE).expect("it is heard in time")) {}
    }
}

/// An agent, and what it writes.
struct Agent {
    process: Child,
    lines: Receiver<String>,
}

impl Agent {
    fn start(at: SocketAddr, folder: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_estatus"));
        command.args(["agent", "--server", &at.to_string(), "--token-file"]).arg(folder.join("token"));
        command.arg("--load").arg(folder.join("load"));
        // As on a machine that has just booted.
        command.env_remove("HOME").env_remove("XDG_CONFIG_HOME").env_remove("XDG_DATA_HOME");
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let (tell, lines) = channel();
        let out = BufReader::new(process.stdout.take().unwrap());
        thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Self { process, lines }
    }

    /// The next line, without its time.
    fn line(&self) -> String {
        let line = self.lines.recv_timeout(PATIENCE).expect("it says something in time");
        line.split_once("  ").map_or(line.clone(), |(_, said)| said.to_owned())
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // As by kill -9, if it has not ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn an_agent_enrols_says_its_load_and_goes_on_when_it_is_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::start(&folder.path().join("data"));
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("token", engine.wire.tokens().token("web", "web-1").unwrap().reveal());
    write("load", "40 %");
    let connected = format!("web-1 is connected to {}; heartbeat every 0.1 s", engine.at);
    let agent = Agent::start(engine.at, folder.path());
    assert_eq!(agent.line(), "Enrolled as web-1 of the fleet web");
    assert_eq!(agent.line(), connected);
    engine.hears(0.4);
    drop(agent);
    fs::remove_file(folder.path().join("token")).unwrap();
    write("load", "0.7");
    let agent = Agent::start(engine.at, folder.path());
    assert_eq!(agent.line(), connected);
    engine.hears(0.7);
    write("load", "much");
    assert!(agent.line().starts_with("The load is not known: "));
}

#[cfg(unix)]
#[test]
fn an_agent_ends_well_when_the_system_wants_it_to() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::start(&folder.path().join("data"));
    fs::write(folder.path().join("token"), engine.wire.tokens().token("web", "web-1").unwrap().reveal()).unwrap();
    fs::write(folder.path().join("load"), "0.4").unwrap();
    let mut agent = Agent::start(engine.at, folder.path());
    engine.hears(0.4);
    let pid = agent.process.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(agent.process.wait().unwrap().code(), Some(0));
}

#[test]
fn an_agent_without_a_token_is_wrong_usage() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_estatus"));
    let output = command.args(["agent", "--server", "127.0.0.1:1", "--token-file", "no-such-file"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&output.stderr).trim(), "estatus: no-such-file: there is no such file");
}
