//! What a person at a terminal sees.

use estatus_tests::{Estatus, MailServer, Site, eventually, free_port};

#[test]
fn a_probe_shows_its_phases_without_an_engine() {
    let site = Site::start();
    let estatus = Estatus::new("");
    let probed = estatus.say(&["probe", &site.url()]);
    assert_eq!(probed.code, 0, "{probed:?}");
    for words in ["up", "200 OK", "connection", "waiting for response", "127.0.0.1"] {
        assert!(probed.out.contains(words), "“{words}” is not in {}", probed.out);
    }
    let port = free_port();
    let refused = estatus.say(&["probe", &format!("127.0.0.1:{port}")]);
    assert_eq!(refused.code, 1);
    assert!(refused.out.contains("connection refused") && refused.out.contains("failed here"), "{refused:?}");
    let probed = estatus.json(&["probe", &site.url()]);
    assert_eq!(probed["verdict"], "up");
    site.break_it();
    let probed = estatus.json(&["probe", &site.url()]);
    assert_eq!((&probed["verdict"], &probed["failed_in"]), (&"down".into(), &"assertion".into()));
}

#[test]
fn the_status_is_a_plain_table_where_nobody_sees_colours_and_its_exit_code_tells() {
    let site = Site::start();
    let config = format!(
        "[network]\nreference = []\n[[monitor]]\nname = \"page\"\nhttp = \"{}\"\nevery = \"1s\"\nretry_every = \"1s\"\n",
        site.url()
    );
    let mut estatus = Estatus::new(&config);
    estatus.start();
    estatus.wait_for("page", "up");
    let status = estatus.say(&["status"]);
    assert_eq!(status.code, 0);
    assert!(!status.out.contains('\u{1b}') && status.out.contains("page"), "{status:?}");
    site.break_it();
    estatus.wait_for("page", "down");
    let status = estatus.say(&["status"]);
    assert_eq!(status.code, 1);
    assert!(status.out.contains("503"), "{status:?}");
    let incidents = estatus.say(&["incidents"]);
    assert!(incidents.out.contains("503"), "{incidents:?}");
    assert_eq!(estatus.say(&["ack", "page"]).code, 0);
    assert!(estatus.json(&["incidents"])[0]["acknowledged"].is_string());
}

#[test]
fn a_refused_login_is_explained_in_one_sentence() {
    let mail = MailServer::start();
    let estatus = Estatus::new(&mail.table())
        .with_env("SMTP_PASSWORD", "wrong-password")
        .with_env("SSL_CERT_FILE", mail.authority());
    let tested = estatus.say(&["email", "test"]);
    assert_eq!(tested.code, 1);
    assert!(tested.out.contains(MailServer::USER) && tested.out.contains("password"), "{tested:?}");
    assert!(!tested.out.contains("wrong-password") && !tested.err.contains("wrong-password"));
    let unset = Estatus::new(&mail.table()).with_env("SSL_CERT_FILE", mail.authority()).say(&["email", "test"]);
    assert_eq!(unset.code, 1);
    assert!(unset.out.contains("SMTP_PASSWORD"), "{unset:?}");
}

#[test]
fn many_failures_at_once_make_one_mail_and_nothing_is_told_while_snoozed() {
    let site = Site::start();
    let mail = MailServer::start();
    let mut config = format!("{}[network]\nreference = []\n[alerts]\nmerge_within = \"2s\"\n", mail.table());
    for number in 0..12 {
        config += &format!(
            "[[monitor]]\nname = \"page {number}\"\nhttp = \"{}?{number}\"\nevery = \"1s\"\nretry_every = \"1s\"\n",
            site.url()
        );
    }
    let mut estatus = Estatus::new(&config)
        .with_env("SMTP_PASSWORD", MailServer::PASSWORD)
        .with_env("SSL_CERT_FILE", mail.authority());
    estatus.start();
    for number in 0..12 {
        estatus.wait_for(&format!("page {number}"), "up");
    }
    site.break_it();
    let down = mail.next();
    for number in 0..12 {
        estatus.wait_for(&format!("page {number}"), "down");
    }
    let message = down.message();
    assert!(message.subject().unwrap().contains("12"), "{:?}", message.subject());
    assert!((0..12).all(|number| message.body_text(0).unwrap().contains(&format!("page {number}"))));

    assert_eq!(estatus.say(&["snooze", "1h"]).code, 0);
    site.mend();
    for number in 0..12 {
        estatus.wait_for(&format!("page {number}"), "up");
    }
    eventually("the recovery waits", || {
        let status = estatus.json(&["status"]);
        (status["engine"]["waiting"].as_array()?.len() == 1).then_some(())
    });
    assert!(mail.rest().is_empty());
    assert_eq!(estatus.say(&["snooze", "off"]).code, 0);
    let up = mail.next();
    assert_eq!(up.message().in_reply_to().as_text(), Some(down.id().as_str()));
}
