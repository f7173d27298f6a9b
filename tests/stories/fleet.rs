//! “Este proyecto implementa un programa de monitoreo para servidores web, que permite supervisar la carga de los servidores y
//! realizar un balanceo automático de la misma.”
//!
//! Its authors have a monitor that creates servers on EC2, a client on each that announces itself and tells its load, and an
//! application with a slider for that load. Here the servers are processes of this machine, and their rule is `seed`.

use std::{
    env, fs,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
};

use estatus_tests::{Estatus, built, eventually, free_port, is_alive, signal};
use estatus_valet::Fixture;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Moves the slider of a server to so many per cent.
type Slide = dyn Fn(&Estatus, &str, u8);

/// The servers, and how they are told what their load is.
struct Servers {
    estatus: Estatus,
    slide: Box<Slide>,
}

impl Servers {
    /// Two are desired, and there may be three; `more` says what each is.
    fn new(more: &str, slide: impl Fn(&Estatus, &str, u8) + 'static) -> Self {
        let config = format!(
            "[network]\nreference = []\n[fleet.web]\nmin = 1\ndesired = 2\nmax = 3\npolicy = \"seed\"\nload = \"60%\"\n\
             heartbeat = \"1s\"\nlisten = \"127.0.0.1:{}\"\n{more}\n",
            free_port()
        );
        Self { estatus: Estatus::new(&config), slide: Box::new(slide) }
    }

    /// Waits until there are these and no others, each with an address and a load.
    #[track_caller]
    fn are(&self, names: &[&str]) -> Vec<Value> {
        self.estatus.wait_for_fleet("web", &format!("a fleet of {names:?}"), |web| {
            let instances = web["instances"].as_array()?;
            let is_there =
                |one: &Value| one["state"] == "running" && one["address"].is_string() && one["load"].is_number();
            let there: Vec<&str> =
                instances.iter().filter(|one| is_there(one)).filter_map(|one| one["name"].as_str()).collect();
            (there == names && instances.len() == names.len()).then(|| instances.clone())
        })
    }

    /// Moves a slider, and waits until the monitor shows it.
    #[track_caller]
    fn slide(&self, name: &str, percent: u8) {
        (self.slide)(&self.estatus, name, percent);
        let load = f64::from(percent) / 100.0;
        self.estatus.wait_for_fleet("web", &format!("a load of {load} of {name}"), |web| {
            let one = web["instances"].as_array()?.iter().find(|one| one["name"] == name);
            // Whoever is let go for it is not asked any more.
            one.is_none_or(|one| one["load"] == json!(load) || one["state"] != "running").then_some(())
        });
    }

    /// Waits until it was decided so.
    #[track_caller]
    fn decided(&self, change: i64, says: &str) {
        eventually(&format!("“{says}” was decided: {:?}", self.estatus.decisions("web")), || {
            let is_it =
                |one: &Value| one["change"] == change && one["says"].as_str().is_some_and(|its| its.contains(says));
            self.estatus.decisions("web").iter().any(is_it).then_some(())
        });
    }

    #[track_caller]
    fn does(&self, words: &[&str]) {
        let said = self.estatus.say(&[&["fleet"], words].concat());
        assert_eq!(said.code, 0, "{words:?}: {said:?}");
    }

    /// The document, from its first page to its last.
    fn tell(mut self) {
        // The monitor creates as many as are desired. Each announces itself, and is asked for its load from then on.
        self.estatus.start();
        let first = self.are(&["web-1", "web-2"]);
        assert!(first.iter().all(|one| one["load"] == json!(0.0)), "{first:?}");
        self.decided(2, "2 more: there are 0 instances, and should be 2");

        // The load rises: one more, and no more than there may be.
        self.slide("web-1", 100);
        self.slide("web-2", 100);
        self.are(&["web-1", "web-2", "web-3"]);
        self.decided(1, "1 more: the mean load is 100%, and should be 60%");

        // It falls: one fewer, who has the least to do.
        self.slide("web-3", 50);
        self.slide("web-2", 55);
        self.slide("web-1", 10);
        let left = self.are(&["web-2", "web-3"]);
        self.decided(-1, "1 fewer: the mean load is 38%, and should be 60%");
        self.ends("web-1", &first[0]);

        // One dies: there are as many as before, and the new one has a name of its own.
        signal(process(&left[1]), "-KILL");
        let left = self.are(&["web-2", "web-4"]);
        self.decided(1, "1 more: there is 1 instance, and should be 2");

        // One is created by hand. Nobody removes it but who has created it.
        ["web-2", "web-4"].iter().for_each(|name| self.does(&["protect", name]));
        self.does(&["add", "web"]);
        let three = self.are(&["web-2", "web-4", "web-5"]);
        assert_eq!(three[2]["by_user"], json!(true), "{three:?}");
        self.decided(1, "a user wants it");
        let refused = self.estatus.say(&["fleet", "remove", "web-2"]);
        assert!(refused.code == 2 && refused.err.contains("protected"), "{refused:?}");
        self.does(&["remove", "web-5"]);
        self.are(&["web-2", "web-4"]);
        self.ends("web-5", &three[2]);

        // One of the others is deleted by hand, and another comes in its place.
        self.does(&["protect", "--off", "web-4"]);
        self.does(&["remove", "web-4"]);
        self.are(&["web-2", "web-6"]);
        self.ends("web-4", &left[1]);
        self.decided(-1, "a user wants it");

        // The monitor is killed, and is back: they have gone on, and are the same.
        let before = self.processes();
        self.estatus.kill();
        assert_eq!(self.processes(), before);
        self.estatus.start();
        self.are(&["web-2", "web-6"]);
        assert_eq!(self.processes(), before);
        assert_eq!(self.estatus.fleet("web").unwrap()["orphans"], Value::Null);

        // It is quit, and nothing is left of them; when it is back, so are two of them.
        assert!(self.estatus.stop().success());
        assert_eq!(self.processes(), []);
        self.estatus.start();
        self.are(&["web-7", "web-8"]);
    }

    /// The process of each.
    fn processes(&self) -> Vec<(String, Vec<u32>)> {
        let processes: Vec<_> = self.estatus.local_instances().into_iter().collect();
        assert!(processes.iter().all(|(_, pids)| pids.len() == 1), "{processes:?}");
        processes
    }

    /// No process of it is left.
    #[track_caller]
    fn ends(&self, name: &str, instance: &Value) {
        assert!(!is_alive(process(instance).into()), "{instance} lives on");
        assert_eq!(self.estatus.local_instances().get(name), None);
    }
}

/// The process of a local instance is what it is called by.
fn process(instance: &Value) -> u32 {
    instance["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("no process: {instance}"))
}

#[test]
fn servers_come_and_go_by_their_load_and_the_slider_is_in_the_window() {
    let slide = |estatus: &Estatus, name: &str, percent: u8| estatus.set_load("web", name, f32::from(percent) / 100.0);
    Servers::new("", slide).tell();
}

/// The application of the client: the page that our agent serves.
#[test]
fn servers_come_and_go_by_their_load_and_each_has_a_page_with_a_slider() {
    let folder = tempfile::tempdir().unwrap();
    let said = folder.path().to_owned();
    let command =
        format!("exec {} agent --load manual >{}/$ESTATUS_INSTANCE", built("estatus").display(), said.display());
    let slide = move |_: &Estatus, name: &str, percent: u8| {
        let page = page_of(&said.join(name));
        let html = ask(&page, "GET / HTTP/1.1", "");
        let key = html.split_once("name=\"key\" value=\"").and_then(|(_, rest)| rest.split_once('"')).unwrap().0;
        let answer = ask(&page, "POST /load HTTP/1.1", &format!("key={key}&load={percent}"));
        assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
        let state = ask(&page, "GET /state HTTP/1.1", "");
        assert!(state.ends_with(&format!("{{\"load\":{percent},\"standing\":\"there\"}}")), "{state}");
    };
    Servers::new(&format!("[fleet.web.local]\ncommand = '{command}'"), slide).tell();
}

/// Where the agent says that its page is, as host and port.
fn page_of(said: &Path) -> String {
    eventually("the agent says where its page is", || {
        let said = fs::read_to_string(said).ok()?;
        Some(said.split_once("http://")?.1.split_once("/\n")?.0.to_owned())
    })
}

/// What a page answers.
fn ask(page: &str, line: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(page).unwrap();
    let length = body.len();
    write!(stream, "{line}\r\nhost: {page}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The client as its authors have it, in Python with grpcio: it announces itself by onConnect, and is pinged. Its slider is a
/// file.
#[test]
fn servers_of_the_documents_own_protocol_come_and_go_by_their_load() {
    let client = Client::generate();
    let (python, folder) = (client.python.display().to_string(), client.folder.path().to_owned());
    let command = format!(
        "cd {} && echo 0 >$ESTATUS_INSTANCE && exec {python} instance.py $ESTATUS_SERVER $ESTATUS_INSTANCE $ESTATUS_INSTANCE",
        folder.display()
    );
    let slide = move |_: &Estatus, name: &str, percent: u8| {
        let aside = folder.join("aside");
        fs::write(&aside, format!("{}", f64::from(percent) / 100.0)).unwrap();
        fs::rename(aside, folder.join(name)).unwrap();
    };
    Servers::new(&format!("[fleet.web.local]\ncommand = '{command}'"), slide).tell();
}

/// A client that others have made, of the document's proto file.
struct Client {
    python: PathBuf,
    folder: TempDir,
}

impl Client {
    fn generate() -> Self {
        let fleet = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/crates/fleet");
        let named = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let caches = named("XDG_CACHE_HOME").or_else(|| env::home_dir().map(|home| home.join(".cache"))).unwrap();
        let python = caches.join("estatus/grpcio/venv/bin/python");
        assert!(python.exists(), "{} is made by `cargo xtask test`", python.display());
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().display();
        let proto = format!("-I{}", fleet.join("proto").display());
        let words = ["-m", "grpc_tools.protoc", &proto, "document.proto"].map(str::to_owned);
        let outs = [format!("--python_out={out}"), format!("--grpc_python_out={out}")];
        let made = Fixture::new(python.to_str().unwrap()).args(words.into_iter().chain(outs)).output();
        assert_eq!(made.code, Some(0), "{made:?}");
        fs::copy(fleet.join("tests/wire/foreign/instance.py"), folder.path().join("instance.py")).unwrap();
        Self { python, folder }
    }
}
