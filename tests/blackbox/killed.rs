//! `kill -9` at any moment: at the next start the history is true, and nothing is announced twice.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

use estatus_tests::{Estatus, Mail, MailServer, Site, eventually, within};
use serde_json::Value;
use tempfile::TempDir;

/// The engine is killed so many times.
const ROUNDS: u64 = 24;

fn watching(site: &Site, mail: &MailServer) -> Estatus {
    let config = format!(
        "{}\n[alerts]\ngrace = \"0s\"\nmerge_within = \"20ms\"\n[network]\nreference = []\n[[monitor]]\nname = \"page\"\n\
         http = \"{}\"\nevery = \"1s\"\nretry_every = \"1s\"\nconfirm_after = \"0s\"\n",
        mail.table(),
        site.url()
    );
    Estatus::new(&config).with_env("SMTP_PASSWORD", MailServer::PASSWORD).with_env("SSL_CERT_FILE", mail.authority())
}

#[test]
fn an_engine_that_is_killed_again_and_again_tells_everything_once() {
    let site = Site::start();
    let mail = MailServer::start();
    let mut estatus = watching(&site, &mail);
    let mut mails: Vec<Mail> = Vec::new();
    estatus.start();
    estatus.wait_for("page", "up");
    for round in 0..ROUNDS {
        match round % 4 {
            0 => site.break_it(),
            2 => site.mend(),
            _ => {}
        }
        // Each round dies a little later than the one before: in the probe, the commit, the mail, or at rest.
        let alive = Duration::from_millis(round * 37 % 700);
        mails.extend(within(alive, || None::<()>).map_or_else(|| mail.rest(), |()| Vec::new()));
        estatus.kill();
        estatus.start();
    }
    estatus.wait_for("page", "up");
    let incidents = eventually("every incident is over and told", || settled(&estatus.json(&["incidents"])));
    mails.extend(mail.rest());

    // A second copy of a mail is known by its Message-ID, as any mail program knows it.
    let ids: BTreeSet<String> = mails.iter().map(Mail::id).collect();
    let told: usize = incidents.iter().map(|incident| incident["alerts"].as_array().unwrap().len()).sum();
    assert!(ids.len() <= told, "{} mails for {told} alerts", ids.len());
    for incident in &incidents {
        let mut news: Vec<_> =
            incident["alerts"].as_array().unwrap().iter().filter_map(|alert| alert["news"].as_str()).collect();
        news.dedup();
        assert!(matches!(news[..], ["down", "recovered"] | ["recovered"] | ["flapping", ..] | []), "{incident}");
    }
    for (newer, older) in incidents.iter().zip(&incidents[1..]) {
        assert!(older["closed"].as_str() <= newer["opened"].as_str(), "{older} and {newer} overlap");
    }
}

/// A monitor with a remedy that says when it begins and when it finds itself running already, and ends when the test wants.
struct Healed {
    folder: TempDir,
    estatus: Estatus,
}

/// The remedy, as a line of the shell.
#[cfg(unix)]
fn heal(folder: &Path, end: &str) -> String {
    format!(
        "cd {} && (mkdir running || touch twice) && echo began >>began && until [ -e go ]; do sleep 0.02; done && \
         rmdir running && {end}",
        folder.display()
    )
}

/// The remedy, as a line of the shell.
#[cfg(windows)]
fn heal(folder: &Path, end: &str) -> String {
    let batch = format!(
        "@echo off\r\ncd /d {}\r\nif exist running (echo twice>twice) else (mkdir running)\r\necho began>>began\r\n\
         :wait\r\nif exist go goto gone\r\nping -n 2 127.0.0.1 >nul\r\ngoto wait\r\n:gone\r\nrmdir running\r\n{end}\r\n",
        folder.display()
    );
    let file = folder.join("heal.cmd");
    std::fs::write(&file, batch).unwrap();
    file.display().to_string()
}

impl Healed {
    /// Its remedy ends with `end`, a command of the shell; the file `well` is what heals.
    fn start(end: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let heal = heal(folder.path(), end);
        let is_well = if cfg!(windows) { "type" } else { "test -e" };
        let config = format!(
            "[network]\nreference = []\n[alerts]\ngrace = \"0s\"\n[[monitor]]\nname = \"web\"\ncommand = '{is_well} {}'\n\
             every = \"1s\"\nretry_every = \"1s\"\nfailures = 1\non_down = {{ run = '{heal}', tries = 9, timeout = \"60s\" }}\n",
            folder.path().join("well").display()
        );
        let mut healed = Self { estatus: Estatus::new(&config), folder };
        healed.estatus.start();
        eventually("the remedy runs", || healed.at("began").exists().then_some(()));
        healed
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn let_it_end(&self) {
        std::fs::write(self.at("go"), "").unwrap();
    }

    fn attempts(&self) -> Vec<Value> {
        self.estatus.json(&["incidents"])[0]["attempts"].as_array().cloned().unwrap_or_default()
    }

    /// It was begun once, and that try is the only one there was.
    fn was_tried_once(&self) {
        assert!(!self.at("twice").exists());
        assert_eq!(std::fs::read_to_string(self.at("began")).unwrap().trim_end(), "began");
        assert_eq!(self.attempts().len(), 1, "{:?}", self.attempts());
    }
}

#[test]
fn a_remedy_that_runs_while_the_engine_is_killed_goes_on_as_the_same_try() {
    let mut healed = Healed::start("echo well>well");
    for _ in 0..3 {
        healed.estatus.kill();
        healed.estatus.start();
        eventually("its incident is seen anew", || {
            healed.estatus.json(&["status"])["monitors"][0]["last"].is_object().then_some(())
        });
        healed.was_tried_once();
    }
    healed.let_it_end();
    healed.estatus.wait_for("web", "up");
    eventually("it has healed", || healed.attempts()[0]["outcome"].is_string().then_some(()));
    healed.was_tried_once();
}

#[test]
fn how_a_remedy_ended_while_there_was_no_engine_is_learned_by_the_next_one() {
    let mut healed = Healed::start("exit 3");
    healed.estatus.kill();
    healed.let_it_end();
    eventually("it has ended", || (!healed.at("running").exists()).then_some(()));
    healed.estatus.start();
    let outcome = eventually("its end is known", || healed.attempts().first()?["outcome"].as_str().map(str::to_owned));
    assert!(outcome.contains("exit code 3"), "{outcome}");
}

/// The incidents, once each is over and every alert about it is delivered.
fn settled(incidents: &Value) -> Option<Vec<Value>> {
    let incidents = incidents.as_array()?.clone();
    let is_settled = |incident: &Value| {
        let delivered = |alert: &Value| matches!(alert["delivery"]["state"].as_str(), Some("delivered" | "merged"));
        incident["closed"].is_string()
            && incident["alerts"].as_array().is_some_and(|alerts| alerts.iter().all(delivered))
    };
    incidents.iter().all(is_settled).then_some(incidents)
}

#[test]
fn after_a_kill_the_history_is_there_and_true_within_a_second() {
    let site = Site::start();
    let mail = MailServer::start();
    let mut estatus = watching(&site, &mail);
    estatus.start();
    estatus.wait_for("page", "up");
    site.break_it();
    let down = mail.next();
    estatus.wait_for("page", "down");
    estatus.kill();
    estatus.start();
    let status = estatus.json(&["status"]);
    assert_eq!(status["monitors"][0]["health"], "down");
    assert_eq!(status["incidents"].as_array().unwrap().len(), 1);
    assert!(status["monitors"][0]["last"].is_object());
    assert!(estatus.json(&["history", "page"])["observed"].as_f64().unwrap() > 0.0);
    site.mend();
    let up = mail.next();
    assert_ne!(up.id(), down.id());
    assert_eq!(up.message().in_reply_to().as_text(), Some(down.id().as_str()));
}

#[test]
fn an_engine_that_is_asked_to_stop_stops_well_and_goes_on_where_it_was() {
    let site = Site::start();
    let mail = MailServer::start();
    let mut estatus = watching(&site, &mail);
    estatus.start();
    estatus.wait_for("page", "up");
    assert_eq!(estatus.say(&["pause", "page"]).code, 0);
    assert!(estatus.stop().success());
    assert_eq!(estatus.say(&["status"]).code, 1, "no engine runs");
    estatus.start();
    estatus.wait_for("page", "paused");
    assert_eq!(estatus.say(&["resume", "page"]).code, 0);
    estatus.wait_for("page", "up");
}

#[test]
fn what_was_told_of_an_open_incident_is_known_while_it_is_told_and_after_a_kill() {
    let site = Site::start();
    let mail = MailServer::start();
    let mut estatus = watching(&site, &mail);
    estatus.start();
    estatus.wait_for("page", "up");
    site.break_it();
    mail.next();
    let delivered = |estatus: &Estatus| {
        let status: Value = serde_json::from_str(&estatus.say(&["status", "--json"]).out).ok()?;
        let alerts = status["incidents"][0]["alerts"].as_array()?.clone();
        alerts
            .iter()
            .all(|alert| alert["delivery"]["state"] == "delivered")
            .then_some(alerts)
            .filter(|all| all.len() == 1)
    };
    let before = eventually("the alert is delivered", || delivered(&estatus));
    estatus.kill();
    estatus.start();
    assert_eq!(eventually("the engine is back", || delivered(&estatus)), before);
}
