//! The configuration file, in the hands of people, editors, full disks and programs that synchronise.

use std::{
    fs,
    io::{Write, pipe},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use estatus_api::{Edit, Reply, Request, Section};
use estatus_tests::{Estatus, MailServer, built, eventually};

/// Monitors of this machine, by these names.
fn monitors(names: &[&str]) -> String {
    let monitor =
        |name: &&str| format!("[[monitor]]\nname = \"{name}\"\nhost = {{ memory = \"< 100%\" }}\nevery = \"1s\"\n");
    "[network]\nreference = []\n".to_owned() + &names.iter().map(monitor).collect::<String>()
}

fn gone(estatus: &Estatus, name: &str) {
    eventually(&format!("{name} is gone"), || estatus.monitor(name).is_none().then_some(()));
}

#[track_caller]
fn refused(estatus: &Estatus) -> String {
    eventually("the file is refused", || {
        estatus.json(&["status"])["engine"]["config_refused"].as_str().map(str::to_owned)
    })
}

fn is_emptied(estatus: &Estatus) -> bool {
    estatus.json(&["status"])["engine"]["config_emptied"] == true
}

#[track_caller]
fn accepted(estatus: &Estatus) {
    eventually("the file is in force", || {
        estatus.json(&["status"])["engine"]["config_refused"].is_null().then_some(())
    });
}

fn remove(name: &str) -> Edit {
    Edit::Remove { section: Section::Monitor, name: name.to_owned() }
}

/// What whoever edits in the window is answered.
async fn edited(estatus: &Estatus, edits: Vec<Edit>) -> Option<u64> {
    let reply = estatus.attach().await.request(Request::Edit { edits, save: true }).await.unwrap();
    let Reply::Edited(edited) = reply else { panic!("{reply:?}") };
    assert_eq!(edited.problems, []);
    edited.version
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_behind_a_link_is_read_again_however_it_is_saved_and_edited() {
    let mut estatus = Estatus::new(&monitors(&["one"]));
    let dotfiles = estatus.config().with_file_name("dotfiles");
    fs::create_dir(&dotfiles).unwrap();
    let real = dotfiles.join("mine.toml");
    fs::rename(estatus.config(), &real).unwrap();
    std::os::unix::fs::symlink("dotfiles/mine.toml", estatus.config()).unwrap();
    estatus.start();
    fs::write(&real, monitors(&["two"])).unwrap();
    estatus.wait_for("two", "up");
    fs::write(dotfiles.join("aside"), monitors(&["three"])).unwrap();
    fs::rename(dotfiles.join("aside"), &real).unwrap();
    estatus.wait_for("three", "up");
    fs::write(&real, "oops = [\n").unwrap();
    assert!(refused(&estatus).contains("estatus.toml:1:"));
    assert!(!is_emptied(&estatus));
    fs::write(&real, monitors(&["three", "four"])).unwrap();
    estatus.wait_for("four", "up");
    assert!(edited(&estatus, vec![remove("three")]).await.is_some());
    assert!(estatus.monitor("three").is_none(), "what is saved in the window is in force");
    assert!(estatus.config().is_symlink());
}

#[tokio::test]
async fn an_emptied_file_is_not_believed_until_the_user_says_so() {
    let mut estatus = Estatus::new(&monitors(&["one", "two"]));
    estatus.start();
    estatus.wait_for("one", "up");
    for emptied in ["", "language = \"en\"\n"] {
        estatus.configure(emptied);
        assert!(refused(&estatus).contains("estatus config apply"));
        assert!(is_emptied(&estatus), "the window offers to put it in force");
        estatus.wait_for("one", "up");
        estatus.configure(&monitors(&["one", "two"]));
        accepted(&estatus);
    }

    estatus.configure("oops = [\n");
    let wrong = estatus.say(&["config", "apply"]);
    assert!(wrong.code == 2 && wrong.err.contains("estatus.toml:1:"), "{wrong:?}");
    estatus.wait_for("one", "up");

    estatus.configure("");
    refused(&estatus);
    assert_eq!(estatus.say(&["config", "apply"]).code, 0);
    assert_eq!(estatus.json(&["status"])["monitors"], serde_json::json!([]));
    accepted(&estatus);

    estatus.configure(&monitors(&["one", "two"]));
    estatus.wait_for("two", "up");
    assert!(edited(&estatus, vec![remove("one"), remove("two")]).await.is_some());
    assert_eq!(estatus.json(&["status"])["monitors"], serde_json::json!([]));
}

#[test]
fn a_file_that_was_cut_off_is_believed_only_when_it_stays_so() {
    let all = monitors(&["one", "two", "three"]);
    let mut estatus = Estatus::new(&all);
    estatus.start();
    let since = estatus.wait_for("two", "up")["since"].clone();
    estatus.configure(&monitors(&["one"]));
    estatus.configure(&all);
    estatus.configure(&(all + &monitors(&["four"]).replace("[network]\nreference = []\n", "")));
    estatus.wait_for("four", "up");
    assert_eq!(estatus.wait_for("two", "up")["since"], since);

    let begun = Instant::now();
    estatus.configure(&monitors(&["one"]));
    gone(&estatus, "two");
    assert!(begun.elapsed() >= Duration::from_secs(3));
    gone(&estatus, "four");
}

/// What the next mail says, which is known to be delivered.
#[track_caller]
fn told(estatus: &Estatus, mail: &MailServer) -> String {
    let text = mail.next().message().body_text(0).unwrap().into_owned();
    eventually("it is delivered", || {
        let waiting = &estatus.json(&["status"])["engine"]["waiting"];
        waiting.as_array().is_some_and(Vec::is_empty).then_some(())
    });
    text
}

#[test]
fn a_mistake_and_a_restart_leave_the_last_good_version_in_force_and_are_told_once() {
    let mail = MailServer::start();
    let good = mail.table() + "[alerts]\nmerge_within = \"0s\"\n" + &monitors(&["one"]);
    let mut estatus =
        Estatus::new(&good).with_env("SMTP_PASSWORD", MailServer::PASSWORD).with_env("SSL_CERT_FILE", mail.authority());
    estatus.start();
    accepted(&estatus);
    estatus.kill();

    estatus.configure(&good.replace("every", "evry"));
    estatus.start();
    let text = told(&estatus, &mail);
    assert!(text.contains("evry") && text.contains("last-good.toml"), "{text}");
    for _ in 0..2 {
        estatus.kill();
        estatus.start();
        assert!(refused(&estatus).contains("evry"));
        let status = estatus.say(&["status"]);
        assert!(status.out.contains("last valid version") && status.out.contains("evry"), "{status:?}");
        estatus.wait_for("one", "up");
    }
    estatus.kill();
    fs::remove_file(estatus.config()).unwrap();
    estatus.start();
    // Whatever else was sent would have been sent before this.
    let text = told(&estatus, &mail);
    assert!(text.contains("cannot read this file"), "{text}");
    estatus.wait_for("one", "up");

    estatus.configure(&good);
    accepted(&estatus);
    estatus.kill();
    estatus.configure("");
    estatus.start();
    assert!(refused(&estatus).contains("estatus config apply"));
    estatus.wait_for("one", "up");
    assert!(told(&estatus, &mail).contains("estatus config apply"));
    assert_eq!(estatus.say(&["config", "apply"]).code, 0);
    estatus.kill();
    estatus.start();
    assert_eq!(estatus.json(&["status"])["monitors"], serde_json::json!([]));
    assert_eq!(mail.rest().len(), 0);
}

#[test]
fn a_file_that_never_was_good_starts_nothing() {
    let mut estatus = Estatus::new("oops = [\n");
    assert_eq!(estatus.say(&["run"]).code, 2);
    estatus.configure(&monitors(&["one"]));
    estatus.start();
    estatus.kill();
    // Another file has no part in it.
    let other = estatus.config().with_file_name("other.toml");
    fs::write(&other, "oops = [\n").unwrap();
    let mut run = Command::new(built("estatus"));
    run.arg("--config").arg(&other).arg("--data").arg(estatus.data()).arg("run").stdin(Stdio::null());
    let run = run.output().unwrap();
    assert!(run.status.code() == Some(2) && String::from_utf8_lossy(&run.stderr).contains("other.toml:1:"), "{run:?}");
}

#[test]
fn a_terminal_that_takes_nothing_stops_no_checking() {
    /// What a pipe holds.
    const FULL: usize = if cfg!(windows) { 4 * 1024 } else { 64 * 1024 };
    let mut estatus = Estatus::new(&monitors(&["one"]));
    let (reader, mut writer) = pipe().unwrap();
    writer.write_all(&[b'x'; FULL]).unwrap();
    estatus.start_silently(writer);
    estatus.wait_for("one", "up");
    estatus.configure(&monitors(&["one", "two"]));
    estatus.wait_for("two", "up");
    drop(reader);
}

#[test]
fn who_has_seen_enough_ends_a_command_quietly() {
    for arguments in [&["config", "schema"][..], &["config", "example"], &["--help"]] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let said = Command::new(built("estatus")).args(arguments).stdin(Stdio::null()).stdout(writer).output().unwrap();
        assert!(said.status.success() && said.stderr.is_empty(), "{arguments:?}: {said:?}");
    }
}
