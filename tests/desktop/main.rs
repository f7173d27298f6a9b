//! The built tray application and its window, on a desktop that nobody sees.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by them, and says what others said"
)]

mod beginning;
mod bubbles;
mod choosing;
mod figures;
mod fleets;
mod flows;
mod package;
mod panel;
mod screen;
mod session;
mod tray;
mod using;
mod window;
mod xfce;

#[expect(dead_code, unused_imports, reason = "the stories have more of it to tell")]
#[path = "../stories/page.rs"]
mod page;
#[expect(dead_code, reason = "the stories have more of it to tell")]
#[path = "../stories/watch.rs"]
mod watch;

use std::path::PathBuf;

use estatus_tests::{Estatus, MailServer, Site, eventually, free_port};

use crate::{
    bubbles::Bubbles,
    panel::Panel,
    screen::Colour,
    session::Session,
    tray::{Greeted, Tray},
    window::Window,
    xfce::Xfce,
};

fn watching(site: &Site) -> String {
    format!(
        "[network]\nreference = []\n[alerts]\nmerge_within = \"100ms\"\n[[monitor]]\nname = \"page\"\n\
         http = \"{}\"\nevery = \"1s\"\nretry_every = \"1s\"\n",
        site.url()
    )
}

#[tokio::test]
async fn the_icon_says_how_things_are_and_a_notification_what_broke() {
    let (session, site, mail) = (Session::start(), Site::start(), MailServer::start());
    let mut panel = Panel::on(session.bus()).await;
    let mut bubbles = Bubbles::on(session.bus()).await;
    let estatus = Estatus::new(&format!("{}{}", mail.table(), watching(&site)))
        .with_env("SMTP_PASSWORD", MailServer::PASSWORD)
        .with_env("SSL_CERT_FILE", mail.authority());
    let tray = Tray::start(&session, &estatus, &["--hidden"]);
    let icon = panel.icon().await;
    estatus.wait_for("page", "up");
    icon.shows("1 up").await;
    let well = icon.picture().await;
    assert_eq!(tray.windows(), [0_u32; 0], "no window exists until it is wanted");
    assert!(bubbles.rest().is_empty());

    site.break_it();
    let bubble = bubbles.next().await;
    assert!(bubble.summary.contains("page"), "{bubble:?}");
    assert!(bubble.body.contains("503"), "{bubble:?}");
    icon.shows("1 down").await;
    assert_ne!(icon.picture().await, well, "told apart by its picture");
    let menu = icon.menu().await;
    assert!(menu.iter().any(|entry| entry.label.contains("page") && entry.label.contains("503")), "{menu:#?}");
    assert!(mail.next().message().subject().unwrap().contains("page"));

    site.mend();
    let well_again = bubbles.next().await;
    assert_eq!(well_again.replaces, bubble.id, "it takes the place of the one before: {well_again:?}");
    icon.shows("1 up").await;

    site.break_it();
    let bubble = bubbles.next().await;
    bubbles.press(&bubble, "Acknowledge").await;
    eventually("it is acknowledged", || estatus.json(&["incidents"])[0]["acknowledged"].is_string().then_some(()));
    assert!(tray.quit(&icon).await.success());
    assert_eq!(estatus.say(&["status"]).code, 1, "the engine that the tray hosted has ended with it");
}

#[tokio::test]
async fn a_click_on_a_notification_opens_its_incident_and_its_buttons_do_what_they_say() {
    let (session, site) = (Session::start(), Site::start());
    let mut panel = Panel::on(session.bus()).await;
    let mut bubbles = Bubbles::on(session.bus()).await;
    let _frames = session.frames();
    let estatus = Estatus::new(&format!(
        "{}on_down = {{ restart = \"web\", tries = 1, within = \"1s\" }}\n[[program]]\nname = \"web\"\n\
         command = \"sleep 600\"\nready_within = \"1s\"\n",
        watching(&site)
    ));
    let tray = Tray::start(&session, &estatus, &["--hidden"]);
    panel.icon().await.shows("1 up").await;
    site.break_it();
    let bubble = bubbles.saying("is down").await;
    eventually("the remedy is given up", || estatus.json(&["incidents"])[0]["escalated"].is_string().then_some(()));
    let before = estatus.wait_for_process("web", None);
    bubbles.press(&bubble, "Restart").await;
    estatus.wait_for_process("web", Some(before));

    let again = async |bubbles: &mut Bubbles| {
        site.mend();
        bubbles.saying("is up").await;
        site.break_it();
        bubbles.saying("is down").await
    };
    let bubble = again(&mut bubbles).await;
    bubbles.click(&bubble).await;
    tray.window(&session);
    let incident = estatus.json(&["incidents"])[0]["id"].to_string();
    tray.shows(&session, &format!("Incident {incident} – Estatus"));

    let bubble = again(&mut bubbles).await;
    bubbles.press(&bubble, "Snooze").await;
    eventually("it is snoozed", || estatus.monitor("page")?["snoozed_until"].is_string().then_some(()));
}

#[tokio::test]
async fn nothing_is_shown_while_the_desktop_must_not_be_disturbed_and_all_is_summed_up_after() {
    let (session, site) = (Session::start(), Site::start());
    let mut panel = Panel::on(session.bus()).await;
    let mut bubbles = Bubbles::on(session.bus()).await;
    let estatus = Estatus::new(&watching(&site));
    let tray = Tray::start(&session, &estatus, &["--hidden"]);
    let icon = panel.icon().await;
    icon.shows("1 up").await;
    bubbles.inhibit(true).await;
    site.break_it();
    icon.shows("1 down").await;
    site.mend();
    icon.shows("1 up").await;
    assert!(bubbles.rest().is_empty());
    bubbles.inhibit(false).await;
    let bubble = bubbles.next().await;
    assert!(bubble.summary.contains("While") && bubble.body.contains("page"), "{bubble:?}");
    assert!(tray.quit(&icon).await.success());
    assert!(bubbles.rest().is_empty(), "it is one");
}

#[test]
fn a_panel_that_people_use_shows_the_icon_its_menu_and_a_notification() {
    let session = Session::as_large_as("960x560");
    let _xfce = Xfce::start(&session);
    let site = Site::start();
    let mut estatus = Estatus::new(&lively(&site));
    estatus.start();
    estatus.wait_for_fleet("render", "two that run", |fleet| {
        let all = fleet["instances"].as_array()?;
        (all.len() == 2 && all.iter().all(|one| one["state"] == "running")).then_some(())
    });
    assert_eq!(estatus.say(&["flow", "run", "nightly backup"]).code, 0);
    estatus.wait_for("shop", "up");
    eventually("a program is in a crash loop", || (estatus.program("mail queue")?["state"] == "cooling").then_some(()));
    let _tray = Tray::start(&session, &estatus, &["--hidden"]);
    let red = |[red, green, blue]: Colour| red > 180 && green < 110 && blue < 110;
    eventually("the icon is red", || (session.screen().lines(0..30).count(red) > 100).then_some(()));
    site.break_it();
    eventually("the remedy is given up", || estatus.json(&["incidents"])[0]["escalated"].is_string().then_some(()));
    eventually("a notification is shown", || (session.screen().lines(360..560).count(red) > 500).then_some(()));
    let press = |keys: &[&str]| assert!(session.xdotool(keys).status.success());
    let white = |colour: Colour| colour.iter().all(|part| *part > 240);
    let shown = |least: usize| {
        let shown = session.screen().whole();
        (session.screen().lines(40..360).count(white) > least && session.screen().whole() == shown).then_some(shown)
    };
    press(&["mousemove", "945", "15", "click", "3"]);
    eventually("its menu is shown", || shown(90_000));
    // From below: what quits, what starts at login, what opens, and for how long alerts are snoozed.
    press(&["key", "--delay", "60", "Up", "Up", "Up", "Up", "Right"]);
    eventually("the spans are shown", || shown(110_000)).save(&pictures().join("tray.png"));
}

/// Of everything something, and not all of it well.
fn lively(site: &Site) -> String {
    format!(
        r#"
language = "en"
[network]
reference = []
[[program]]
name = "web"
command = "sleep 600"
ready_within = "1s"
[[program]]
name = "mail queue"
command = "exit 1"
limit = {{ restarts = 2, within = "60s" }}
[[program]]
name = "reloj"
command = "sleep 600"
ready_within = "1s"
[[monitor]]
name = "shop"
http = "{}"
every = "1s"
retry_every = "1s"
on_down = {{ restart = "web", tries = 1, within = "2s" }}
[[monitor]]
name = "portfolio"
ping = "127.0.0.1"
every = "1s"
[[monitor]]
name = "router"
ping = "127.0.0.1"
every = "1s"
[[monitor]]
name = "database"
ping = "127.0.0.1"
every = "1s"
[flow."nightly backup"]
[[flow."nightly backup".step]]
name = "dump"
run = "true"
[[flow."nightly backup".step]]
name = "upload"
run = "sleep 600"
timeout = "10m"
[[flow."nightly backup".step]]
name = "prune"
run = "true"
[fleet."render"]
min = 2
desired = 2
max = 4
heartbeat = "1s"
listen = "127.0.0.1:{}"
"#,
        site.url(),
        free_port()
    )
}

#[tokio::test]
async fn there_is_one_tray_and_its_window_comes_and_goes() {
    let (session, site) = (Session::start(), Site::start());
    let mut panel = Panel::on(session.bus()).await;
    let _frames = session.frames();
    let estatus = Estatus::new(&watching(&site));
    let tray = Tray::start(&session, &estatus, &["--hidden"]);
    let icon = panel.icon().await;
    icon.lists("no notification service answers").await;
    icon.click().await;
    let first = tray.window(&session);
    tray.close_window(&session);
    eventually("the window's process has ended", || tray.windows().is_empty().then_some(()));
    assert!(Tray::run(&session, &estatus).success(), "a second start ends well");
    let second = tray.window(&session);
    assert_ne!(first, second);
    assert!(tray.quit(&icon).await.success());
    eventually("its window has gone with it", || (!PathBuf::from(format!("/proc/{second}")).exists()).then_some(()));
}

#[tokio::test]
async fn it_starts_at_login_when_asked_to_and_shows_no_window() {
    let (session, site) = (Session::start(), Site::start());
    let mut panel = Panel::on(session.bus()).await;
    let estatus = Estatus::new(&watching(&site));
    let tray = Tray::start(&session, &estatus, &["--hidden"]);
    let icon = panel.icon().await;
    icon.choose(&["Start at login"]).await;
    let entry = session.config().join("autostart/estatus.desktop");
    eventually("it is entered", || entry.exists().then_some(()));
    assert!(tray.quit(&icon).await.success());

    let _openbox = session.log_in();
    let icon = panel.icon().await;
    let tray = Greeted::of(&icon).await;
    icon.shows("1 up").await;
    assert_eq!(tray.windows(), [0_u32; 0]);
    icon.choose(&["Start at login"]).await;
    eventually("it is entered no longer", || (!entry.exists()).then_some(()));
    tray.quit(&icon).await;
}

#[tokio::test]
async fn an_engine_that_is_killed_is_missed_and_comes_back() {
    let (session, site) = (Session::start(), Site::start());
    let mut panel = Panel::on(session.bus()).await;
    let mut estatus = Estatus::new(&watching(&site));
    estatus.start();
    let tray = Tray::start(&session, &estatus, &["--hidden"]);
    let icon = panel.icon().await;
    icon.shows("1 up").await;
    let well = icon.picture().await;
    estatus.kill();
    icon.shows("1 up").await;
    eventually("the tray hosts the engine now", || (estatus.say(&["status"]).code == 0).then_some(()));
    assert_eq!(icon.picture().await, well);
    assert!(tray.quit(&icon).await.success());
}

#[tokio::test]
async fn a_page_that_breaks_is_told_everywhere_from_the_form_to_the_incident() {
    let (session, site, mail) = (Session::start(), Site::start(), MailServer::start());
    let mut panel = Panel::on(session.bus()).await;
    let mut bubbles = Bubbles::on(session.bus()).await;
    let config = "language = \"en\"\n[network]\nreference = []\n[alerts]\nmerge_within = \"100ms\"\n";
    let mut estatus = Estatus::new(&format!("{config}{}", mail.table()))
        .with_env("SMTP_PASSWORD", MailServer::PASSWORD)
        .with_env("SSL_CERT_FILE", mail.authority());
    estatus.start();
    let tray = Tray::start(&session, &estatus, &["--hidden"]);
    let icon = panel.icon().await;
    let window = Window::open(&session, &estatus, "new/monitor").await;
    window.write("Name", "portfolio").await;
    window.write("Address", &site.url()).await;
    window.press("Save").await;
    estatus.wait_for("portfolio", "up");
    window.go("/").await;
    window.reads("portfolio").await;
    icon.shows("1 up").await;
    site.break_it();
    assert_eq!(estatus.say(&["check", "portfolio"]).code, 0);
    estatus.wait_for("portfolio", "down");
    icon.shows("1 down").await;
    assert!(bubbles.saying("portfolio is down").await.body.contains("503"));
    assert!(mail.next().message().subject().unwrap().contains("portfolio"));
    window.go("/incidents").await;
    window.reads("503").await;
    window.reads("delivered").await;
    window.close().await;
    assert!(tray.quit(&icon).await.success());
}

#[tokio::test]
async fn every_page_is_drawn_in_both_themes() {
    let (session, site) = (Session::start(), Site::start());
    let mut estatus = Estatus::new(&format!("language = \"en\"\n{}{}", watching(&site), more(&site)));
    estatus.start();
    for well in ["web server", "this machine answers", "port of the web server"] {
        estatus.wait_for(well, "up");
    }
    site.break_it();
    estatus.wait_for("page", "down");
    for theme in ["light", "dark"] {
        let session = session.with("GTK_THEME", if theme == "dark" { "Adwaita:dark" } else { "Adwaita" });
        let window = Window::open(&session, &estatus, "/").await;
        for (page, text) in [
            ("/", "web server"),
            ("/monitor/page", "503"),
            ("/program/clock", "clock"),
            ("/incidents", "503"),
            ("/settings", "estatus.toml"),
            ("/edit/monitor/page", "Save"),
            ("/new/program", "Save"),
            ("/welcome", "listen"),
        ] {
            window.go(page).await;
            window.reads(text).await;
            let name = page.trim_matches('/').split('/').next().unwrap();
            let name = if name.is_empty() { "overview" } else { name };
            window.picture(&pictures().join(format!("{name}-{theme}.png"))).await;
        }
        window.close().await;
    }
}

/// So that there is something to see.
fn more(site: &Site) -> String {
    let port = site.url().trim_end_matches('/').rsplit(':').next().unwrap().to_owned();
    format!(
        "[[program]]\nname = \"clock\"\ncommand = \"while true; do date; sleep 1; done\"\n\
         [[monitor]]\nname = \"port of the web server\"\ntcp = \"127.0.0.1:{port}\"\nevery = \"1s\"\ntags = [\"web\"]\n\
         [[monitor]]\nname = \"web server\"\nprocess = \"nginx\"\nevery = \"1s\"\ntags = [\"web\"]\n\
         [[monitor]]\nname = \"this machine answers\"\nping = \"127.0.0.1\"\nevery = \"1s\"\n\
         [[monitor]]\nname = \"space on the disk\"\nhost = {{ disk = {{ \"/\" = \"> 1%\" }} }}\n"
    )
}

/// Where pictures of the window are kept.
fn pictures() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(3).unwrap().join("pictures")
}
