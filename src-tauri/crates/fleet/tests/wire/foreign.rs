//! Instances, monitors and agents that a gRPC library has made which is not ours, from the proto files: Python's grpcio.

use std::{
    env,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use estatus_core::fleet::command::{FleetCommand, Proof};
use estatus_fleet::{AgentNews, Protocol};
use estatus_valet::{Fixture, Running};
use tempfile::TempDir;
use tokio::task::block_in_place;

use crate::{
    engine::{Engine, PATIENCE, fleet},
    program::{Agent, file, options},
};

/// Programs of Python, and what they need, which is generated from a proto file of ours.
struct Foreign {
    python: String,
    folder: TempDir,
}

impl Foreign {
    fn generate(proto: &str) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let (python, folder) = (python(), tempfile::tempdir().unwrap());
        let out = folder.path().display();
        let words = [
            "-m".to_owned(),
            "grpc_tools.protoc".to_owned(),
            format!("-I{}", here.join("proto").display()),
            format!("--python_out={out}"),
            format!("--grpc_python_out={out}"),
            proto.to_owned(),
        ];
        let made = Fixture::new(&python).args(words).output();
        assert_eq!(made.code, Some(0), "{made:?}");
        for program in ["instance.py", "monitor.py", "agent.py"] {
            std::fs::copy(here.join("tests/wire/foreign").join(program), folder.path().join(program)).unwrap();
        }
        Self { python, folder }
    }

    fn start(&self, program: &str, words: &[String]) -> Running {
        let program = self.folder.path().join(program).display().to_string();
        Fixture::new(&self.python).args([program]).args(words.iter().cloned()).start()
    }
}

/// The Python that has grpcio.
fn python() -> String {
    let named = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let caches = named("XDG_CACHE_HOME").or_else(|| env::home_dir().map(|home| home.join(".cache"))).unwrap();
    let python = caches.join("estatus/grpcio/venv/bin/python");
    assert!(python.exists(), "{} is made by `cargo xtask test`", python.display());
    python.display().to_string()
}

/// What a program says next.
fn line(program: &Running) -> String {
    // What else there is to do is done by another thread meanwhile.
    block_in_place(|| program.expect_line(PATIENCE, "anything"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_of_others_is_let_in_and_asked() {
    let foreign = Foreign::generate("document.proto");
    let data = tempfile::tempdir().unwrap();
    let mut engine = Engine::new(data.path());
    let at = engine.serve(&Arc::new(fleet("web"))).await;
    engine.core.launch("web-1");
    let load = data.path().join("load");
    std::fs::write(&load, "0.25").unwrap();
    let start =
        |name: &str| foreign.start("instance.py", &[at.to_string(), name.to_owned(), load.display().to_string()]);
    let instance = start("web-1");
    assert_eq!(line(&instance), "True");
    assert_eq!(engine.announced("web-1").await, Proof::None);
    engine.hears("web-1", Some(0.25)).await;
    for (text, expected) in [("nan", None), ("0.5", Some(0.5)), ("7", None), ("1", Some(1.0)), ("raise", None)] {
        std::fs::write(&load, text).unwrap();
        engine.hears("web-1", expected).await;
    }
    assert_eq!(line(&start("web-2")), "False");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_monitor_of_others_asks_our_agent() {
    let foreign = Foreign::generate("document.proto");
    let monitor = foreign.start("monitor.py", &[]);
    let server = line(&monitor);
    let load = foreign.folder.path().join("load");
    std::fs::write(&load, "75%").unwrap();
    let start = |name: &str| {
        let mut options = options(server.parse().unwrap(), Protocol::Document { name: name.to_owned(), address: None });
        options.listen = Some(([127, 0, 0, 1], 0).into());
        options.load = file(load.clone());
        Agent::start(options)
    };
    let mut agent = start("web-1");
    let listens = agent.told(|news| match news {
        AgentNews::Listens(at) => Some(at.clone()),
        _ => None,
    });
    assert_eq!(line(&monitor), format!("web-1 {} True", listens.await));
    assert_eq!(line(&monitor), "0.75");
    std::fs::remove_file(&load).unwrap();
    while line(&monitor) != "INTERNAL" {}
    let mut refused = start("mail-1");
    assert_eq!(refused.refused().await, "the monitor does not accept it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_of_others_enrols_attends_and_drains() {
    let foreign = Foreign::generate("agent.proto");
    let data = tempfile::tempdir().unwrap();
    let mut engine = Engine::new(data.path());
    let fleet = Arc::new(fleet("web"));
    let at = engine.serve(&fleet).await;
    engine.core.launch("web-1");
    let [key, public] = ["key.pem", "public.der"].map(|name| foreign.folder.path().join(name).display().to_string());
    let openssl = |words: &str| {
        let made = Fixture::new("openssl").args(words.split(' ')).output();
        assert_eq!(made.code, Some(0), "{made:?}");
    };
    openssl(&format!("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {key}"));
    openssl(&format!("pkey -in {key} -pubout -outform DER -out {public}"));
    let token = engine.wire.tokens().token("web", "web-1").unwrap().reveal().to_owned();
    let authority = data.path().join("fleet/ca.pem").display().to_string();
    let agent = foreign.start("agent.py", &[at.to_string(), token, authority, key, public]);
    assert_eq!(line(&agent), "enrolled");
    assert_eq!(line(&agent), "terms 100");
    engine.hears("web-1", Some(0.25)).await;
    assert!(engine.wire.set_load("web", "web-1", 0.5));
    assert_eq!(line(&agent), "set_load ");
    engine.hears("web-1", Some(0.5)).await;
    engine.clock.advance(Duration::from_secs(12 * 60 * 60));
    assert_eq!(line(&agent), "renew ");
    assert_eq!(line(&agent), "renewed ");
    engine.has(&fleet, FleetCommand::Drain { instance: "web-1".into() });
    assert_eq!(line(&agent), "drain ");
    engine.drained("web-1").await;
}
