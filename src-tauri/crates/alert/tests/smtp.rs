//! How deliveries by SMTP fail, and what is said of it: at a server that we did not write.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

mod support;

use std::{net::TcpListener, time::Duration};

use estatus_core::{
    config::{Channel, EmailChannel, EmailSecurity, Language, Login},
    incident::{Delivery, DeliveryResult, News},
};
use serde_json::{Value, json};
use support::{
    authority::trusting,
    courier, failure, incident, message, portfolio, secret,
    smtpd::{Smtpd, channel_to, login},
    words,
};

const PASSES: bool = false;
const STAYS: bool = true;

/// A short time for what can only be noticed by waiting for nothing.
const SHORT: Duration = Duration::from_millis(500);

async fn deliver(channel: EmailChannel, failed: u32) -> DeliveryResult {
    let mut told = message(1, vec![portfolio(News::Down { incident: incident() })]);
    told.delivery = Delivery::Sending { failed, perhaps_received: false };
    courier().deliver(&Channel::Email(channel), &told, &words(Language::English)).await
}

/// Delivers to `channel` and compares what is said of the failure; `SERVER` stands for host and port.
async fn check(channel: EmailChannel, error: &str, permanent: bool) {
    let error = error.replace("SERVER", &channel.server.to_string());
    assert_eq!(failure(deliver(channel, 0).await), (error, false, permanent));
}

/// The same at a server with these settings, without TLS.
async fn check_answer(settings: Value, error: &str, permanent: bool) {
    let server = Smtpd::start(settings);
    check(server.channel(EmailSecurity::None), error, permanent).await;
    assert!(server.is_empty());
}

#[tokio::test]
async fn a_refused_login_is_explained_without_the_password() {
    let settings = |echo| json!({ "users": { "ejemplo@mail.com": "another" }, "echo": echo });
    for (echo, said) in [(false, "Username and Password not accepted"), (true, "***")] {
        let server = Smtpd::start(settings(echo));
        let channel = EmailChannel { login: login(), ..server.channel(EmailSecurity::None) };
        let error = format!(
            "SERVER refused the login of ejemplo@mail.com (535 5.7.8 {said}): check username and password (Gmail, \
             Yahoo and iCloud require an app password)"
        );
        check(channel, &error, STAYS).await;
        assert!(server.is_empty());
    }
}

#[tokio::test]
async fn a_login_that_cannot_be_tried_is_explained() {
    let server = Smtpd::start(json!({}));
    check(
        EmailChannel { login: login(), ..server.channel(EmailSecurity::None) },
        "SERVER offers no PLAIN or LOGIN authentication: remove username and password if it needs none, or check \
         security and port",
        STAYS,
    )
    .await;
    let unknown = Login { username: "me".to_owned(), password: secret("NOWHERE") };
    check(
        EmailChannel { login: Some(unknown), ..server.channel(EmailSecurity::None) },
        "the password of me for SERVER is not available: the variable NOWHERE is not set: set it",
        PASSES,
    )
    .await;
    check_answer(
        json!({ "users": {} }),
        "SERVER requires a login (530 5.7.0 Authentication required): set username and password",
        STAYS,
    )
    .await;
}

#[tokio::test]
async fn a_wrong_server_or_port_is_explained() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    check(
        channel_to(free, EmailSecurity::StartTls),
        "SERVER refused the connection: check the name and the port of the server (587 is usual for starttls, 465 for \
         tls)",
        PASSES,
    )
    .await;

    let mut nowhere = channel_to(25, EmailSecurity::None);
    nowhere.server.host = "no..such.host".to_owned();
    let (error, ..) = failure(deliver(nowhere, 0).await);
    assert!(error.starts_with("the host no..such.host was not found ("), "{error}");

    // Takes connections and says nothing, as a port for implicit TLS does.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    for security in [EmailSecurity::StartTls, EmailSecurity::None] {
        check(
            EmailChannel { timeout: SHORT, ..channel_to(port, security) },
            "SERVER accepts the connection but does not greet as a mail server: if it expects TLS from the first byte, \
             set security = \"tls\" (usual with port 465)",
            PASSES,
        )
        .await;
    }
}

#[test]
fn the_wrong_kind_of_security_is_explained() {
    trusting(async |authority| {
        let plain = Smtpd::start(json!({}));
        check(
            plain.channel(EmailSecurity::Tls),
            "SERVER does not start with TLS: set security = \"starttls\" (usual with port 587), or use the port for \
             TLS (usually 465)",
            PASSES,
        )
        .await;
        check(
            plain.channel(EmailSecurity::StartTls),
            "SERVER does not offer STARTTLS, and nothing was sent unencrypted: set security = \"tls\" with the port \
             for it (usually 465), or ask the operator",
            STAYS,
        )
        .await;
        let implicit = Smtpd::start(authority.settings("implicit", "sound"));
        check(
            EmailChannel { timeout: SHORT, ..implicit.channel(EmailSecurity::StartTls) },
            "SERVER accepts the connection but does not greet as a mail server: if it expects TLS from the first byte, \
             set security = \"tls\" (usual with port 465)",
            PASSES,
        )
        .await;
        let starttls = Smtpd::start(authority.settings("starttls", "sound"));
        check(
            starttls.channel(EmailSecurity::None),
            "SERVER requires TLS (530 Must issue a STARTTLS command first): set security = \"starttls\"",
            STAYS,
        )
        .await;
    });
}

#[test]
fn an_unsound_certificate_is_explained_and_nothing_is_sent() {
    trusting(async |authority| {
        let cases = [
            (
                "expired",
                "the certificate of SERVER has expired or is not valid yet: its operator must renew it, or this \
                 machine's clock is wrong",
            ),
            (
                "elsewhere",
                "the certificate of SERVER is for another name: configure the name that is in its certificate",
            ),
            (
                "stranger",
                "the certificate of SERVER is not signed by an authority that this machine trusts: check the name of \
                 the server, add its authority to this machine, or set trust in [email] to a file with its certificate",
            ),
        ];
        for (certificate, error) in cases {
            for (tls, security) in [("starttls", EmailSecurity::StartTls), ("implicit", EmailSecurity::Tls)] {
                let server = Smtpd::start(authority.settings(tls, certificate));
                let channel = EmailChannel { login: login(), ..server.channel(security) };
                check(channel, error, PASSES).await;
                assert!(server.is_empty());
            }
        }
    });
}

#[tokio::test]
async fn what_the_server_refuses_is_explained() {
    check_answer(
        json!({ "sender": "550 5.7.1 Not yours" }),
        "SERVER refused the sender Estatus <ejemplo@mail.com> (550 5.7.1 Not yours): set from to an address that \
         belongs to the account",
        STAYS,
    )
    .await;
    check_answer(
        json!({ "sender": "451 4.3.0 Busy" }),
        "SERVER does not accept the message at the moment (451 4.3.0 Busy): try again later",
        PASSES,
    )
    .await;
    check_answer(
        json!({ "recipients": { "destinatario@mail.com": "550 5.1.1 No such user" } }),
        "SERVER refused the recipient destinatario@mail.com (550 5.1.1 No such user): correct the address in \
         estatus.toml",
        STAYS,
    )
    .await;
    check_answer(
        json!({ "recipients": { "destinatario@mail.com": "450 4.2.0 Greylisted" } }),
        "SERVER does not accept mail for destinatario@mail.com at the moment (450 4.2.0 Greylisted): try again later",
        PASSES,
    )
    .await;
}

/// Such a server has read the content, and answered truthfully that it does not take it.
#[tokio::test]
async fn content_that_is_refused_was_not_received() {
    let cases = [
        ("552 5.3.4 Too big", "SERVER refused the message itself (552 5.3.4 Too big): ask its operator why", STAYS),
        (
            "451 4.3.0 Full",
            "SERVER does not accept the message at the moment (451 4.3.0 Full): try again later",
            PASSES,
        ),
    ];
    for (answer, error, permanent) in cases {
        let server = Smtpd::start(json!({ "data": answer }));
        check(server.channel(EmailSecurity::None), error, permanent).await;
    }
}

#[tokio::test]
async fn content_without_an_answer_was_perhaps_received() {
    let server = Smtpd::start(json!({ "data": "die" }));
    let (error, perhaps_received, permanent) = failure(deliver(server.channel(EmailSecurity::None), 0).await);
    assert!(error.contains("did not confirm the message") && error.contains("may have arrived"), "{error}");
    assert_eq!((perhaps_received, permanent), (true, false));
    assert_eq!(server.taken().to, ["destinatario@mail.com"]);
}

#[tokio::test]
async fn one_refused_recipient_does_not_keep_the_others_from_being_told() {
    let check = async |answer: &str, failed: u32, told: bool| {
        let server = Smtpd::start(json!({ "recipients": { "gone@mail.com": answer } }));
        let mut channel = server.channel(EmailSecurity::None);
        channel.to.insert(0, "gone@mail.com".to_owned());
        assert_eq!(deliver(channel.clone(), failed).await == DeliveryResult::Delivered, told, "{answer}, {failed}");
        if told {
            assert_eq!(server.taken().to, ["destinatario@mail.com"]);
        }
        let test = courier().test("email", &Channel::Email(channel.clone()), &words(Language::English)).await;
        assert!(failure(test).0.contains("gone@mail.com"));
        assert!(server.is_empty());
    };
    check("550 5.1.1 No such user", 0, true).await;
    check("450 4.2.0 Greylisted", 0, false).await;
    check("450 4.2.0 Greylisted", 3, true).await;
}

#[tokio::test]
async fn an_address_that_is_none_is_named() {
    let mut channel = channel_to(25, EmailSecurity::None);
    channel.to.push("nobody".to_owned());
    let (error, perhaps_received, permanent) = failure(deliver(channel, 0).await);
    assert!(error.starts_with("“nobody” is not an email address ("), "{error}");
    assert_eq!((perhaps_received, permanent), (false, true));
}

#[tokio::test]
async fn failures_are_told_in_spanish_too() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let result = {
        let channel = Channel::Email(channel_to(free, EmailSecurity::StartTls));
        courier().test("email", &channel, &words(Language::Spanish)).await
    };
    let error = format!(
        "localhost:{free} rechazó la conexión: revise el nombre y el puerto del servidor (lo habitual es 587 para \
         starttls y 465 para tls)"
    );
    assert_eq!(failure(result), (error, false, false));
}
