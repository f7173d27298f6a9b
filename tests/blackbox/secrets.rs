//! Secrets that are entered: used where they are named, and found nowhere but where they are kept.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::Path,
    thread,
};

use estatus_api::{Client, Reply, Request, Said, SecretText, TrialOf, TypedSecret};
use estatus_core::{observation::Verdict, secret::StoredIn};
use estatus_tests::{BOUND, Estatus, MailServer, eventually};
use tokio::{net::UnixListener, time::timeout};

/// Without a keyring, whatever runs where this test does.
fn estatus(config: &str) -> Estatus {
    Estatus::new(config)
        .with_env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/no/such/bus")
        .with_env("ESTATUS_LOG", "trace")
        // What it logs is in a file beside its configuration.
        .run_by(&["sh", "-c", "exec \"$@\" 2>>\"$3.log\"", "sh"])
}

async fn store(client: &mut Client, name: &str, text: &str) -> StoredIn {
    let request = Request::StoreSecret { name: name.to_owned(), value: SecretText::new(text) };
    match client.request(request).await.unwrap() {
        Reply::SecretStored(stored) => stored,
        other => panic!("{other:?}"),
    }
}

/// Why the test mail was not taken.
async fn refused(client: &mut Client) -> Option<String> {
    refused_with(client, Vec::new()).await
}

/// The same with `secrets` that were typed in and are not stored.
async fn refused_with(client: &mut Client, secrets: Vec<TypedSecret>) -> Option<String> {
    let of = TrialOf::Channel("email".to_owned());
    let request = Request::Try { edits: Vec::new(), of, secrets };
    let Reply::Tried(tried) = client.request(request).await.unwrap() else { panic!("not tested") };
    (tried.verdict == Verdict::Down).then_some(tried.text)
}

/// The files below `folder` that hold one of `texts`.
fn holding(folder: &Path, texts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holding(&path, texts));
        } else if path.is_file() {
            let bytes = fs::read(&path).unwrap();
            let holds = |text: &&str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
            if texts.iter().any(holds) {
                found.push(path.file_name().unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn a_password_that_is_entered_logs_in_at_once_and_is_in_no_log_data_or_answer() {
    const WRONG: &str = "not-the-pass-of-anybody";
    const TOKEN: &str = "token-of-the-program";
    let mail = MailServer::start();
    let table = mail.table().replace("{ env = \"SMTP_PASSWORD\" }", "{ keyring = \"smtp\" }");
    let mut estatus = estatus(&format!(
        "[network]\nreference = []\n{table}[[program]]\nname = \"app\"\nenv = {{ TOKEN = {{ keyring = \"app-token\" }} }}\n\
         command = \"test -n \\\"$TOKEN\\\" && echo has ${{#TOKEN}} && sleep 600\"\n"
    ))
    .with_env("SSL_CERT_FILE", mail.authority());
    estatus.start();
    let mut client = estatus.attach().await;
    let missing = refused(&mut client).await.expect("there is no password yet");
    assert!(missing.contains("nothing is stored under \"smtp\""), "{missing}");

    // What is only tried is stored nowhere.
    let typed = TypedSecret { name: "smtp".to_owned(), value: SecretText::new(MailServer::PASSWORD) };
    assert_eq!(refused_with(&mut client, vec![typed]).await, None);
    assert_eq!(mail.next().login.as_deref(), Some(MailServer::USER));
    assert!(refused(&mut client).await.is_some());

    let place = StoredIn::File { path: estatus.data().join("secrets/secret-smtp") };
    assert_eq!(store(&mut client, "smtp", WRONG).await, place);
    let login = refused(&mut client).await.expect("it is the wrong one");
    assert!(login.contains("535") && !login.contains(WRONG), "{login}");
    store(&mut client, "smtp", MailServer::PASSWORD).await;
    assert_eq!(refused(&mut client).await, None);
    let taken = mail.next();
    assert_eq!((taken.login.as_deref(), taken.tls), (Some(MailServer::USER), true));

    // What could not be started without it is started as soon as it is there.
    let app = eventually("it waits", || estatus.program("app").filter(|app| app["state"] == "cannot_start"));
    assert!(app["trouble"].as_str().unwrap().contains("nothing is stored"), "{app}");
    store(&mut client, "app-token", TOKEN).await;
    eventually("it has it", || estatus.say(&["logs", "app"]).out.contains("has 20").then_some(()));

    let states = estatus.json(&["secret", "list"]);
    let path = estatus.data().join("secrets/secret-smtp");
    let told = serde_json::json!({ "in": "file", "path": path });
    assert_eq!((&states[1]["name"], &states[1]["stored"]), (&"smtp".into(), &told), "{states}");
    let mut answers = estatus.say(&["secret", "list"]).out + &estatus.say(&["status", "--json"]).out;
    for request in [Request::Configuration, Request::Status, Request::Secrets { names: None }] {
        answers += &serde_json::to_string(&client.request(request).await.unwrap()).unwrap();
    }
    let secrets = [MailServer::PASSWORD, WRONG, TOKEN];
    for secret in secrets {
        assert!(!answers.contains(secret), "{answers}");
    }
    drop(client);
    assert!(estatus.stop().success());
    let folder = estatus.config().parent().unwrap().to_owned();
    let log = fs::read_to_string(folder.join("estatus.toml.log")).unwrap();
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "nothing was logged: {log}");
    assert_eq!(holding(&folder, &secrets), ["secret-app-token", "secret-smtp"]);
}

#[tokio::test]
async fn a_keyring_that_does_not_answer_holds_up_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let bus = folder.path().join("bus");
    let keyring = UnixListener::bind(&bus).unwrap();
    let mut estatus = Estatus::new("[network]\nreference = []\n")
        .with_env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", bus.display()));
    estatus.start();
    let (mut client, mut other) = (estatus.attach().await, estatus.attach().await);
    let request = Request::StoreSecret { name: "smtp".to_owned(), value: SecretText::new("hunter2") };
    let id = client.ask(request).await.unwrap();
    let asked = timeout(BOUND, keyring.accept()).await.expect("it is asked").unwrap();
    assert!(matches!(other.request(Request::Status).await, Ok(Reply::Status(_))));
    // Now it is gone.
    drop((asked, keyring));
    let answer = timeout(BOUND, async {
        loop {
            if let Said::Answer { id: of, result } = client.hear().await.unwrap() {
                assert_eq!(of, id);
                return result;
            }
        }
    });
    let path = estatus.data().join("secrets/secret-smtp");
    assert_eq!(answer.await.expect("it is answered"), Ok(Reply::SecretStored(StoredIn::File { path })));
}

#[test]
fn a_secret_is_set_listed_and_removed_in_a_terminal_with_and_without_an_engine() {
    let mut estatus = estatus(
        "[network]\nreference = []\n[email]\nserver = \"localhost\"\nfrom = \"a@b.c\"\nto = [\"a@b.c\"]\n\
                 username = \"a\"\npassword = { keyring = \"smtp\" }\n",
    );
    let states = |estatus: &Estatus| {
        let states = estatus.json(&["secret", "list"]);
        let state = |state: &serde_json::Value| (state["name"].to_string(), state["stored"]["in"] == "file");
        states.as_array().unwrap().iter().map(state).collect::<Vec<_>>()
    };
    let smtp = |is_stored| vec![("\"smtp\"".to_owned(), is_stored)];
    assert_eq!(states(&estatus), smtp(false));
    for runs in [false, true] {
        if runs {
            estatus.start();
        }
        let set = estatus.say_to(&["secret", "set", "smtp"], "hunter2\n");
        assert_eq!(set.code, 0, "{set:?}");
        assert!(set.out.contains("a file that only you can read") && !set.out.contains("hunter2"), "{set:?}");
        assert_eq!(fs::read_to_string(estatus.data().join("secrets/secret-smtp")).unwrap(), "hunter2");
        assert_eq!(states(&estatus), smtp(true));
        assert_eq!(estatus.say(&["secret", "remove", "smtp"]).code, 0);
        assert_eq!(states(&estatus), smtp(false));
        assert_eq!(estatus.say(&["secret", "remove", "smtp"]).code, 2);
        assert_eq!(estatus.say_to(&["secret", "set", "../x"], "hunter2").code, 2);
        assert_eq!(estatus.say_to(&["secret", "set", "smtp"], "").code, 2);
        // Whoever lists processes sees arguments.
        assert_eq!(estatus.say(&["secret", "set", "smtp", "hunter2"]).code, 2);
    }
}

/// A server that repeats all that it hears, and refuses.
fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for visitor in listener.incoming().flatten() {
            let head: Vec<String> =
                BufReader::new(&visitor).lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            let (body, end) = (head.join("\n"), "Connection: close\r\n\r\n");
            let length = body.len();
            let _ = write!(&visitor, "HTTP/1.1 403 Forbidden\r\nContent-Length: {length}\r\n{end}{body}");
        }
    });
    port
}

#[tokio::test]
async fn a_secret_in_a_header_is_sent_and_is_in_no_log_history_or_answer() {
    const SECRET: &str = "key-of-the-shop";
    const TYPED: &str = "key-that-is-tried";
    let port = echo();
    let header = "headers = { X-From = { keyring = \"shop\" } }";
    let mut estatus = estatus(&format!(
        "[network]\nreference = []\n[alerts]\ngrace = \"0s\"\n[[monitor]]\nname = \"shop\"\nhttp = \"http://127.0.0.1:{port}/\"\n{header}\n\
         failures = 1\n[[flow.call.step]]\nname = \"one\"\nhttp = \"http://127.0.0.1:{port}/\"\n{header}\n"
    ));
    estatus.start();
    let mut client = estatus.attach().await;
    assert!(estatus.say(&["probe", "shop"]).out.contains("nothing is stored under \"shop\""));
    store(&mut client, "shop", SECRET).await;

    let probe = estatus.say(&["probe", "shop"]);
    assert!(probe.code == 1 && probe.out.contains("X-From: ***"), "{probe:?}");
    estatus.say(&["flow", "run", "call"]);
    estatus.say(&["check", "shop"]);
    estatus.wait_for("shop", "down");
    let secrets = vec![TypedSecret { name: "shop".to_owned(), value: SecretText::new(TYPED) }];
    let request = Request::Try { edits: Vec::new(), of: TrialOf::Monitor("shop".to_owned()), secrets };
    let tried = client.request(request).await.unwrap();
    let mut answers = format!("{probe:?} {}", serde_json::to_string(&tried).unwrap());
    let runs = Request::Runs { flow: Some("call".to_owned()), limit: 1 };
    let incidents = estatus.say(&["incidents", "--json"]).out + &estatus.say(&["flow", "show", "call"]).out;
    for request in [Request::Configuration, Request::Status, runs] {
        answers += &serde_json::to_string(&client.request(request).await.unwrap()).unwrap();
    }
    for secret in [SECRET, TYPED] {
        assert!(!answers.contains(secret) && !incidents.contains(secret), "{answers} {incidents}");
    }
    drop(client);
    assert!(estatus.stop().success());
    let folder = estatus.config().parent().unwrap().to_owned();
    assert_eq!(holding(&folder, &[SECRET, TYPED]), ["secret-shop"]);
}
