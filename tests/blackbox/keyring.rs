//! Secrets in a real Secret Service: GNOME's, on a session bus of the test's own, looked into by libsecret's own tool.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

use estatus_api::{Client, Reply, Request, SecretText, TrialOf};
use estatus_core::{observation::Verdict, secret::StoredIn};
use estatus_tests::{Estatus, MailServer, eventually};
use tempfile::TempDir;

/// A session with a bus, and nothing on it that keeps secrets until somebody logs in.
struct Session {
    // They go in this order.
    keyring: Option<Ended>,
    _bus: Ended,
    home: TempDir,
}

/// A bus that starts nobody by itself: who is on it is the test's to say.
const BUS: &str = r#"<busconfig>
    <type>session</type>
    <listen>unix:path=PATH</listen>
    <policy context="default">
        <allow send_destination="*" eavesdrop="true"/>
        <allow eavesdrop="true"/>
        <allow own="*"/>
    </policy>
</busconfig>"#;

/// A process that ends with this value.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Session {
    fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join("bus.conf");
        fs::write(&config, BUS.replace("PATH", bus(home.path()).to_str().unwrap())).unwrap();
        let mut daemon = Command::new("dbus-daemon");
        daemon.args(["--nofork", "--nopidfile", "--print-address=1", "--config-file"]).arg(config);
        let spawned = daemon.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut bus = Ended(spawned.expect("cargo xtask test installs dbus-daemon"));
        let mut line = String::new();
        BufReader::new(bus.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("unix:path="), "the bus does not start: {line}");
        Self { keyring: None, _bus: bus, home }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.envs(self.variables()).stdin(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// What every program of this session finds in its environment.
    fn variables(&self) -> [(&'static str, PathBuf); 4] {
        let home = self.home.path();
        let address = format!("unix:path={}", bus(home).display());
        [
            ("DBUS_SESSION_BUS_ADDRESS", address.into()),
            ("HOME", home.to_owned()),
            ("XDG_DATA_HOME", home.join("share")),
            ("XDG_RUNTIME_DIR", home.to_owned()),
        ]
    }

    /// Logs in, which opens the keyring.
    fn log_in(&mut self) {
        self.keyring_with(&["--unlock"], "the password of the session");
        eventually("the keyring takes what is given to it", || {
            self.tool_to(&["store", "--label=t", "of", "test"], "x")
        });
        assert!(self.tool(&["clear", "of", "test"]).is_some());
    }

    /// Begins a session in which nobody has opened the keyring, and nobody is there to be asked to.
    fn log_in_without_opening(&mut self) {
        self.keyring_with(&[], "");
        eventually("the keyring is there", || {
            let mut asked = self.command("dbus-send");
            let name = "string:org.freedesktop.secrets";
            asked.args([
                "--session",
                "--print-reply",
                "--dest=org.freedesktop.DBus",
                "/",
                "org.freedesktop.DBus.NameHasOwner",
                name,
            ]);
            let said = asked.output().expect("it comes with dbus");
            String::from_utf8_lossy(&said.stdout).contains("boolean true").then_some(())
        });
    }

    fn keyring_with(&mut self, more: &[&str], password: &str) {
        let mut daemon = self.command("gnome-keyring-daemon");
        daemon.args(["--foreground", "--components=secrets"]).args(more);
        let spawned = daemon.stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
        let mut keyring = Ended(spawned.expect("cargo xtask test installs gnome-keyring"));
        keyring.0.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        self.keyring = Some(keyring);
    }

    /// The keyring ends, as when its user logs out.
    fn log_out(&mut self) {
        self.keyring = None;
    }

    /// What libsecret's own tool says; nothing if it fails.
    fn tool(&self, arguments: &[&str]) -> Option<String> {
        let output =
            self.command("secret-tool").args(arguments).output().expect("cargo xtask test installs secret-tool");
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }

    fn tool_to(&self, arguments: &[&str], input: &str) -> Option<()> {
        let mut tool = self.command("secret-tool");
        let mut tool =
            tool.args(arguments).stdin(Stdio::piped()).spawn().expect("cargo xtask test installs secret-tool");
        // It may end without reading.
        let _ = tool.stdin.take().unwrap().write_all(input.as_bytes());
        tool.wait().unwrap().success().then_some(())
    }

    /// What the keyring has under `name`, as anybody else sees it.
    fn kept(&self, name: &str) -> Option<String> {
        self.tool(&["lookup", "service", "estatus", "username", name])
    }

    /// An `estatus` of this session.
    fn estatus(&self, config: &str) -> Estatus {
        self.variables().iter().fold(Estatus::new(config), |estatus, (name, value)| estatus.with_env(name, value))
    }
}

fn bus(home: &Path) -> PathBuf {
    home.join("bus")
}

/// A page that is there for whoever has the key `key` in the header `X-Key`.
fn page(key: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for visitor in listener.incoming().flatten() {
            let head: Vec<String> =
                BufReader::new(&visitor).lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            let given = head.iter().find_map(|line| line.strip_prefix("X-Key: ")).unwrap_or("nothing");
            let status = if given == key { "200 OK" } else { "403 Forbidden" };
            let length = given.len();
            let _ =
                write!(&visitor, "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{given}");
            let _ = (&visitor).read(&mut [0; 1]);
        }
    });
    port
}

/// Why the test mail was not taken.
async fn refused(client: &mut Client) -> Option<String> {
    let of = TrialOf::Channel("email".to_owned());
    let request = Request::Try { edits: Vec::new(), of, secrets: Vec::new() };
    let Reply::Tried(tried) = client.request(request).await.unwrap() else { panic!("not tested") };
    (tried.verdict == Verdict::Down).then_some(tried.text)
}

async fn store(client: &mut Client, name: &str, text: &str) -> StoredIn {
    let request = Request::StoreSecret { name: name.to_owned(), value: SecretText::new(text) };
    match client.request(request).await.unwrap() {
        Reply::SecretStored(stored) => stored,
        other => panic!("{other:?}"),
    }
}

/// The secrets as they are listed, each with where it is and how many use it.
fn listed(estatus: &Estatus) -> Vec<(String, String, usize)> {
    let states = estatus.json(&["secret", "list"]);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("nowhere").to_owned();
    let state = |state: &serde_json::Value| {
        (text(&state["name"]), text(&state["stored"]["in"]), state["used_by"].as_array().unwrap().len())
    };
    states.as_array().unwrap().iter().map(state).collect()
}

#[tokio::test]
async fn what_is_entered_is_in_the_keyring_of_the_desktop_and_is_used_from_there_though_that_is_restarted() {
    const KEY: &str = "key-of-the-page";
    let mut session = Session::start();
    session.log_in();
    let (mail, port) = (MailServer::start(), page(KEY));
    let table = mail.table().replace("{ env = \"SMTP_PASSWORD\" }", "{ keyring = \"smtp\" }");
    let mut estatus = session
        .estatus(&format!(
            "[network]\nreference = []\n{table}[[monitor]]\nname = \"page\"\nhttp = \"http://127.0.0.1:{port}/\"\n\
             headers = {{ X-Key = {{ keyring = \"page key\" }} }}\nevery = \"1s\"\n"
        ))
        .with_env("SSL_CERT_FILE", mail.authority());
    estatus.start();
    let mut client = estatus.attach().await;
    assert!(refused(&mut client).await.is_some_and(|why| why.contains("nothing is stored under \"smtp\"")));

    let set = estatus.say_to(&["secret", "set", "smtp"], MailServer::PASSWORD);
    assert!(set.code == 0 && set.out.starts_with("smtp: stored in Secret Service;"), "{set:?}");
    assert_eq!(session.kept("smtp").as_deref(), Some(MailServer::PASSWORD));
    let place = StoredIn::Keyring { called: "Secret Service".to_owned() };
    assert_eq!(store(&mut client, "page key", KEY).await, place);
    assert_eq!(session.kept("page key").as_deref(), Some(KEY));
    assert!(!estatus.data().join("secrets").exists(), "nothing is in a file");
    assert_eq!(refused(&mut client).await, None);
    assert_eq!(mail.next().login.as_deref(), Some(MailServer::USER));
    estatus.wait_for("page", "up");
    assert_eq!(estatus.say(&["probe", "page"]).code, 0);

    // What others put there is used, too.
    let other = ["store", "--label=t", "service", "estatus", "username", "page key"];
    assert!(session.tool_to(&other, "another-key").is_some());
    estatus.wait_for("page", "down");
    let probe = estatus.say(&["probe", "page"]);
    assert!(probe.code == 1 && probe.out.contains("***") && !probe.out.contains("another-key"), "{probe:?}");

    // It is another process then, which has never heard of us.
    session.log_out();
    session.log_in();
    store(&mut client, "page key", KEY).await;
    assert_eq!(session.kept("page key").as_deref(), Some(KEY));
    session.log_out();
    session.log_in();
    assert_eq!(refused(&mut client).await, None);
    estatus.wait_for("page", "up");

    assert_eq!(store(&mut client, "left over", "of nobody").await, place);
    let in_keyring = |name: &str, users| (name.to_owned(), "keyring".to_owned(), users);
    assert_eq!(listed(&estatus), [in_keyring("left over", 0), in_keyring("page key", 1), in_keyring("smtp", 1)]);
    let list = estatus.say(&["secret", "list"]).out;
    assert!(list.contains("not used by estatus.toml") && list.contains("monitor “page”"), "{list}");
    for name in ["left over", "smtp"] {
        assert_eq!(estatus.say(&["secret", "remove", name]).code, 0);
        assert_eq!(session.kept(name), None);
    }
    assert_eq!(listed(&estatus), [in_keyring("page key", 1), ("smtp".to_owned(), "nowhere".to_owned(), 1)]);
    assert_eq!(estatus.say(&["secret", "remove", "left over"]).code, 2);
}

#[tokio::test]
async fn what_no_keyring_takes_is_in_a_file_until_one_does_and_that_is_said() {
    let mut session = Session::start();
    session.log_in();
    session.log_out();
    let mut estatus = session.estatus("[network]\nreference = []\n");
    estatus.start();
    let mut client = estatus.attach().await;
    let file = |name: &str| StoredIn::File { path: estatus.data().join("secrets").join(name) };
    // Nobody is there who keeps secrets.
    assert_eq!(store(&mut client, "one", "hunter2").await, file("secret-one"));
    let set = estatus.say_to(&["secret", "set", "one"], "hunter2");
    assert!(set.out.contains("in a file that only you can read, as there is no keyring"), "{set:?}");
    // Who is there is not to be opened.
    session.log_in_without_opening();
    assert_eq!(store(&mut client, "two", "hunter2").await, file("secret-two"));
    assert_eq!(listed(&estatus).len(), 2);
    session.log_out();
    session.log_in();
    for name in ["one", "two"] {
        assert_eq!(
            store(&mut client, name, "hunter3").await,
            StoredIn::Keyring { called: "Secret Service".to_owned() }
        );
        assert_eq!(session.kept(name).as_deref(), Some("hunter3"));
    }
    assert_eq!(fs::read_dir(estatus.data().join("secrets")).unwrap().count(), 0, "what is old is gone");
}
