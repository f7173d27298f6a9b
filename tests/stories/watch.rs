//! The port watch of the third document, as a flow, and what stands in its way.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use estatus_tests::{Estatus, MailServer, eventually};
use serde_json::Value;

use crate::page::Page;

/// The port is looked at.
pub(crate) const LOOK: &str = "mirar el puerto";
/// The command is run again.
pub(crate) const RUN: &str = "volver a ejecutar el comando";
/// The page is back.
pub(crate) const BACK: &str = "está de vuelta";

/// The page, kept online by a flow that is tried once.
pub(crate) struct Watch {
    pub(crate) page: Page,
    mail: MailServer,
    pub(crate) estatus: Estatus,
}

impl Watch {
    pub(crate) fn new() -> Self {
        let (page, mail) = (Page::new(), MailServer::start());
        let estatus = Estatus::new(&config(&page, &mail))
            .with_env("SMTP_PASSWORD", MailServer::PASSWORD)
            .with_env("SSL_CERT_FILE", mail.authority());
        Self { page, mail, estatus }
    }

    /// The text of the next mail that says `words`, in one line.
    pub(crate) fn told(&self, words: &str) -> String {
        let text = || self.mail.next().message().body_text(0).unwrap().into_owned();
        let in_one_line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut mails = std::iter::repeat_with(text).map(in_one_line);
        mails.find(|text| text.contains(words)).unwrap()
    }

    /// Waits for the end of the newest run of `flow` that is not `before`.
    pub(crate) fn ended(&self, flow: &str) -> Value {
        let run = eventually(&format!("the run is over: {:?}", self.estatus.program("web")), || {
            let run = self.estatus.json(&["flow", "runs", flow])[0].clone();
            run["ended"].is_string().then_some(run)
        });
        self.estatus.json(&["flow", "show", &run["run"].to_string()])
    }

    /// Mail, JSON and text name the step by which the run has failed, its attempt and the reason.
    pub(crate) fn failed_at(&self, run: &Value, step: &str, told: &str, words: &[&str]) {
        let number = run["run"].to_string();
        assert_eq!(run["state"], "failed", "{run}");
        let shown = self.estatus.say(&["flow", "show", &number]);
        assert_eq!(shown.code, 1, "{shown:?}");
        let why = run["why"].as_str().unwrap();
        let failed = of(run, step);
        assert_eq!(failed["attempts"], 2, "{run}");
        for said in [told, &shown.out, why] {
            let named = [&[step, "intento 2 de 2"], words].concat();
            named.iter().for_each(|words| assert!(said.contains(words), "“{words}” is not in {said}"));
        }
        words.iter().for_each(|words| assert!(failed["why"].as_str().unwrap().contains(words), "{run}"));
    }

    /// The obstacle is gone: the flow, run by its author, brings the page back, and the incident is over.
    pub(crate) fn heals(&self) {
        let followed = self.estatus.say(&["flow", "run", "vigilar", "--follow"]);
        assert_eq!(followed.code, 0, "{followed:?}");
        assert!(followed.out.contains(LOOK) && followed.out.contains("succeeded"), "{followed:?}");
        self.page.served_by_another(None);
        self.estatus.wait_for("puerto", "up");
        self.told("puerto está de nuevo");
        assert!(self.estatus.json(&["incidents"])[0]["closed"].is_string());
    }
}

/// The author's watch. His five minutes are a second here.
fn config(page: &Page, mail: &MailServer) -> String {
    let port = page.port();
    format!(
        "language = \"es\"\n[network]\nreference = []\n[alerts]\nmerge_within = \"100ms\"\n{mail}{program}\
         stop = {{ within = \"500ms\" }}\n\
         [[monitor]]\nname = \"puerto\"\nhttp = \"http://127.0.0.1:{port}/\"\ncontains = \"Persistencia de datos\"\n\
         timeout = \"1s\"\nevery = \"1s\"\nretry_every = \"1s\"\nfailures = 1\n\
         on_down = {{ flow = \"vigilar\", tries = 1 }}\n\
         [[flow.vigilar.step]]\nname = \"{LOOK}\"\ncheck = \"puerto\"\n{retry}\
         [[flow.vigilar.step]]\nname = \"{RUN}\"\nrestart = \"web\"\nwhen = {{ failed = \"{LOOK}\" }}\n{retry}\
         [[flow.vigilar.step]]\nname = \"{BACK}\"\nwait_until = \"puerto\"\nwithin = \"2s\"\n{retry}\
         [[flow.mirar.step]]\nname = \"{LOOK}\"\ncheck = \"puerto\"\n{retry}",
        mail = mail.table(),
        program = page.program("never"),
        retry = "retry = { times = 1, wait = \"100ms\" }\n",
    )
}

/// A step of a run.
pub(crate) fn of<'a>(run: &'a Value, step: &str) -> &'a Value {
    run["steps"].as_array().unwrap().iter().find(|its| its["name"] == step).unwrap()
}

/// How the steps of a run stand.
pub(crate) fn stand(run: &Value) -> Vec<&str> {
    run["steps"].as_array().unwrap().iter().map(|step| step["state"].as_str().unwrap()).collect()
}

/// Somebody else's server, on the port of the page.
pub(crate) struct Stranger {
    port: u16,
    goes: Arc<AtomicBool>,
    serves: Option<JoinHandle<()>>,
}

impl Stranger {
    pub(crate) fn on(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let goes = Arc::new(AtomicBool::new(false));
        let is_to_go = Arc::clone(&goes);
        let serves = thread::spawn(move || {
            for visitor in listener.incoming().flatten() {
                if is_to_go.load(Ordering::Relaxed) {
                    return;
                }
                let _ = visitor.set_read_timeout(Some(Duration::from_secs(1)));
                let asked = BufReader::new(&visitor).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
                asked.for_each(drop);
                let _ = (&visitor).write_all(b"HTTP/1.0 200 OK\r\n\r\notra pagina\n");
            }
        });
        Self { port, goes, serves: Some(serves) }
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.goes.store(true, Ordering::Relaxed);
        let _ = std::net::TcpStream::connect(("127.0.0.1", self.port));
        self.serves.take().map(JoinHandle::join);
    }
}

/// A file of the page that is not where it should be.
pub(crate) struct Missing {
    file: PathBuf,
    aside: PathBuf,
}

impl Missing {
    pub(crate) fn of(page: &Page, name: &str) -> Self {
        let file = page.folder().join(name);
        let aside = file.with_extension("aside");
        fs::rename(&file, &aside).unwrap();
        Self { file, aside }
    }

    pub(crate) fn put_back(self) {
        fs::rename(self.aside, self.file).unwrap();
    }
}
