//! “De detectar que la aplicación fue detenida volver a ejecutarla.”
//!
//! The author's page is served by Vite, which he starts by `npm run dev`. A script under NSSM connects to its port every
//! five minutes, with a timeout of ten seconds, and when nobody answers runs the command again in the page's folder.
//! The address, the port, the command and the folder stand in his script; here they stand in `estatus.toml`.

use estatus_tests::{Estatus, MailServer, eventually, signal, within};

use crate::page::{Page, SAYS, STOPPED};

/// The program and the monitor of the document. The author's five minutes are a second here.
fn config(page: &Page, restart: &str, on_down: &str) -> String {
    format!(
        "{}[[monitor]]\nname = \"puerto\"\ntcp = \"127.0.0.1:{}\"\ntimeout = \"10s\"\nevery = \"1s\"\n\
         retry_every = \"1s\"\non_down = {{ {on_down} = \"web\" }}\n[network]\nreference = []\n",
        page.program(restart),
        page.port()
    )
}

#[test]
fn the_command_is_run_again_in_its_folder_when_the_port_is_closed() {
    let page = Page::new();
    let mail = MailServer::start();
    let alerts = "[alerts]\nmerge_within = \"100ms\"\n";
    // As in the document, it is the port that says whether the page is to be started again, not the process.
    let config = format!("language = \"es\"\n{}\n{alerts}{}", mail.table(), config(&page, "never", "start"));
    let mut estatus = Estatus::new(&config)
        .with_env("SMTP_PASSWORD", MailServer::PASSWORD)
        .with_env("SSL_CERT_FILE", mail.authority());
    estatus.start();
    let first = page.served_by_another(None);
    estatus.wait_for("puerto", "up");
    let started = estatus.wait_for_process("web", None);

    signal(first, "-KILL");
    page.served_by_another(Some(first));
    estatus.wait_for_process("web", Some(started));
    estatus.wait_for("puerto", "up");
    let incident = eventually("the incident is over", || {
        let incident = estatus.json(&["incidents"])[0].clone();
        incident["closed"].is_string().then_some(incident)
    });
    let attempts = incident["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 1, "{incident}");
    assert_eq!((&attempts[0]["deed"], &attempts[0]["healed"]), (&"se inició web".into(), &true.into()), "{incident}");
    let told = mail.next().message().body_text(0).unwrap().into_owned();
    assert!(told.contains("puerto") && told.contains("web"), "{told}");
    assert!(told.contains(SAYS), "the program's last lines are in the mail: {told}");
    assert!(attempts[0]["output"].to_string().contains(SAYS), "{incident}");

    assert_eq!(estatus.say(&["stop", "web"]).code, 0);
    assert!(page.is_quiet(), "{:?}", page.processes());
    assert!(within(std::time::Duration::from_secs(3), || page.server()).is_none(), "what the user stops stays stopped");
}

#[test]
fn however_the_page_is_stopped_it_is_back_online_and_there_is_one() {
    let page = Page::new();
    let mut estatus = Estatus::new(&config(&page, "always", "restart"));
    estatus.start();
    let mut server = page.served_by_another(None);
    for close in STOPPED {
        signal(server, close);
        server = page.served_by_another(Some(server));
        estatus.wait_for_process("web", None);
    }
    // What npm started goes with it.
    let npm = estatus.wait_for_process("web", None);
    signal(u32::try_from(npm).unwrap(), "-KILL");
    page.served_by_another(Some(server));
    estatus.wait_for_process("web", Some(npm));
    assert!(estatus.stop().success());
    assert!(page.is_quiet(), "{:?}", page.processes());
}

/// One that hangs still takes connections, until its queue is full: that is what an `http` monitor is for.
#[cfg(unix)]
#[test]
fn a_page_that_hangs_is_started_again() {
    let page = Page::new();
    let mut estatus = Estatus::new(&config(&page, "always", "restart").replace(
        &format!("tcp = \"127.0.0.1:{}\"\ntimeout = \"10s\"", page.port()),
        &format!("http = \"http://127.0.0.1:{}/\"\ntimeout = \"1s\"", page.port()),
    ));
    estatus.start();
    let server = page.served_by_another(None);
    estatus.wait_for("puerto", "up");
    signal(server, "-STOP");
    page.served_by_another(Some(server));
    estatus.wait_for("puerto", "up");
    assert!(estatus.stop().success());
    assert!(page.is_quiet(), "{:?}", page.processes());
}
