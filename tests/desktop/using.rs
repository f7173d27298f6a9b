//! The window in the hands of a person: what is clicked happens.

use std::{fs, process::Stdio};

use estatus_tests::{Estatus, MailServer, Site, eventually, free_port};

use crate::{
    panel::Panel,
    session::{Ended, Session},
    tray::Tray,
    window::Window,
};

const ALONE: &str = "language = \"en\"\n[network]\nreference = []\n";

/// A server that a person has started, on this port.
fn server(session: &Session, port: u16) -> Ended {
    let mut python = session.command("/usr/bin/python3");
    python.args(["-u", "-m", "http.server", "--bind", "127.0.0.1", &port.to_string()]);
    let started = Ended(python.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    eventually("it listens", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
    started
}

#[tokio::test]
async fn what_runs_is_kept_alive_by_one_click_and_steered_by_others() {
    let (session, port) = (Session::start(), free_port());
    let mut server = server(&session, port);
    let mut estatus = Estatus::new(ALONE);
    estatus.start();
    let window = Window::open(&session, &estatus, "/").await;
    window.reads("What should Estatus monitor?").await;
    window.press_beside(&format!(":{port}"), "Keep running").await;
    window.reads("python3 is now kept running").await;
    let pid = u64::from(server.0.id());
    assert_eq!(estatus.wait_for_process("python3", None), pid, "it goes on as it is");
    estatus.wait_for(&format!("python3 {port}"), "up");

    server.0.kill().unwrap();
    server.0.wait().unwrap();
    let again = estatus.wait_for_process("python3", Some(pid));
    window.go("/program/python3").await;
    window.reads(&format!("Serving HTTP on 127.0.0.1 port {port}")).await;
    window.press("Stop").await;
    let state = |wanted: &str| (estatus.program("python3")?["state"] == wanted).then_some(());
    eventually("it is stopped", || state("stopped"));
    window.press("Start").await;
    assert_ne!(estatus.wait_for_process("python3", Some(again)), again);

    window.go(&format!("/edit/monitor/python3 {port}")).await;
    window.write("Name", "web page").await;
    window.press("Save").await;
    estatus.wait_for("web page", "up");
    window.go("/edit/monitor/web page").await;
    window.press("Remove").await;
    window.confirm("Remove").await;
    eventually("the monitor is gone", || estatus.monitor("web page").is_none().then_some(()));
    let file = fs::read_to_string(estatus.config()).unwrap();
    assert!(file.starts_with(ALONE) && file.contains("[[program]]") && !file.contains("[[monitor]]"), "{file}");
    window.close().await;
}

#[tokio::test]
async fn a_test_mail_that_is_refused_is_explained_and_what_another_tool_watched_is_taken_over() {
    let (session, mail) = (Session::start(), MailServer::start());
    let mut estatus = Estatus::new(&format!("{ALONE}{}", mail.table()))
        .with_env("SMTP_PASSWORD", "wrong-password")
        .with_env("SSL_CERT_FILE", mail.authority());
    estatus.start();
    let window = Window::open(&session, &estatus, "/settings").await;
    window.press("Send a test").await;
    window.reads(MailServer::USER).await;
    window.reads("check username and password").await;
    assert!(!window.text().await.contains("wrong-password"));

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("Procfile");
    fs::write(&file, "clock: while true; do date; sleep 1; done\n").unwrap();
    window.go("/welcome").await;
    window.choose_file(&file).await;
    window.reads("Procfile: 1 to add").await;
    window.press("Add 1").await;
    estatus.wait_for_process("clock", None);
    window.close().await;
}

#[tokio::test]
async fn what_a_person_decides_about_a_monitor_is_done() {
    let (session, site) = (Session::start(), Site::start());
    let watched =
        format!("[[monitor]]\nname = \"page\"\nhttp = \"{}\"\nevery = \"1s\"\nretry_every = \"1s\"\n", site.url());
    let mut estatus = Estatus::new(&format!("{ALONE}{watched}"));
    estatus.start();
    estatus.wait_for("page", "up");
    site.break_it();
    estatus.wait_for("page", "down");
    let window = Window::open(&session, &estatus, "/monitor/page").await;
    window.reads("status 503 Service Unavailable").await;
    window.press("Acknowledge").await;
    eventually("it is acknowledged", || estatus.json(&["incidents"])[0]["acknowledged"].is_string().then_some(()));
    window.press("Snooze").await;
    window.choose("For 4 hours").await;
    eventually("it is snoozed", || estatus.monitor("page")?["snoozed_until"].is_string().then_some(()));
    window.press("Pause").await;
    window.choose("Until resumed").await;
    estatus.wait_for("page", "paused");
    site.mend();
    window.press("Resume").await;
    estatus.wait_for("page", "up");
    window.press("Check now").await;
    window.reads("Checking page").await;
    window.close().await;
}

#[tokio::test]
async fn a_file_that_is_wrong_is_shown_with_its_line_and_an_engine_that_is_lost_is_missed() {
    let session = Session::start();
    let mut estatus = Estatus::new(ALONE);
    estatus.start();
    let window = Window::open(&session, &estatus, "/settings").await;
    window.reads("Connected").await;
    estatus.configure("language = \"es\"\n[network]\nreference = []\n[[monitor]]\nname = \"página\"\ntcp = 22\n");
    window.reads("line 6").await;
    window.reads("se esperaba \"host:puerto\", se encontró un número entero").await;
    estatus.configure("language = \"es\"\n[network]\nreference = []\n");
    window.lacks("host:puerto").await;
    estatus.kill();
    window.reads("The connection to the engine was lost").await;
    estatus.start();
    window.reads("Connected").await;
    window.lacks("The connection to the engine was lost").await;
    window.close().await;
}

#[tokio::test]
async fn what_has_ended_when_it_is_clicked_is_started() {
    let (session, port) = (Session::start(), free_port());
    let server = server(&session, port);
    let mut estatus = Estatus::new(ALONE);
    estatus.start();
    let window = Window::open(&session, &estatus, "/welcome").await;
    window.reads(&format!(":{port}")).await;
    drop(server);
    window.press_beside(&format!(":{port}"), "Keep running").await;
    window.reads("python3 is now kept running").await;
    estatus.wait_for_process("python3", None);
    estatus.wait_for(&format!("python3 {port}"), "up");
    assert!(!fs::read_to_string(estatus.config()).unwrap().contains("enabled"));
    window.close().await;
}

#[tokio::test]
async fn what_is_set_in_the_window_holds_for_the_tray() {
    let session = Session::start();
    let mut panel = Panel::on(session.bus()).await;
    let mut estatus = Estatus::new(ALONE);
    estatus.start();
    let tray = Tray::start(&session, &estatus, &["--hidden"]);
    let icon = panel.icon().await;
    let window = Window::open(&session, &estatus, "/settings").await;
    window.tick("Start at login").await;
    let entry = session.config().join("autostart/estatus.desktop");
    eventually("it starts at login", || entry.exists().then_some(()));
    window.select("Language of window and tray", "Español").await;
    window.reads("Ajustes").await;
    icon.lists("Salir").await;
    window.close().await;
    drop(tray);
}
