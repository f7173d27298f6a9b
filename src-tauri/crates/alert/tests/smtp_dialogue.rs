//! What is said to mail servers of every age, and to those with certificates of their own.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

mod support;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use estatus_core::{
    check::Trust,
    config::{Channel, EmailChannel, EmailSecurity, Language},
    incident::{DeliveryResult, News},
};
use serde_json::json;
use support::{
    authority::trusting,
    courier, failure, incident, message, portfolio,
    scripted::{Scripted, usual},
    smtpd::{Smtpd, login},
    words,
};

async fn deliver(channel: EmailChannel) -> DeliveryResult {
    let told = message(1, vec![portfolio(News::Down { incident: incident() })]);
    courier().deliver(&Channel::Email(channel), &told, &words(Language::English)).await
}

/// Delivers with a login.
async fn log_in(server: &Scripted) -> DeliveryResult {
    deliver(EmailChannel { login: login(), ..server.channel() }).await
}

#[tokio::test]
async fn the_greeting_is_the_name_that_is_configured_or_the_own_address() {
    let server = Scripted::with(|_| None);
    let channel = EmailChannel { hello: Some("estatus.example.com".to_owned()), ..server.channel() };
    assert_eq!(deliver(channel).await, DeliveryResult::Delivered);
    assert_eq!(server.heard(), "EHLO estatus.example.com");

    let own_name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let check = async |address: &str, host: &str, literal: &str| {
        let server = Scripted::start_at(address, |_, line| Some(format!("{}\r\n", usual(line)).into()));
        let mut channel = server.channel();
        channel.server.host = host.to_owned();
        assert_eq!(deliver(channel).await, DeliveryResult::Delivered);
        let said = server.heard();
        // A machine whose name is a full one says that.
        let expected = if own_name.contains('.') { own_name.trim() } else { literal };
        assert_eq!(said, format!("EHLO {expected}"));
    };
    check("127.0.0.1:0", "127.0.0.1", "[127.0.0.1]").await;
    // Not every machine knows IPv6.
    if std::net::TcpListener::bind("[::1]:0").is_ok() {
        check("[::1]:0", "::1", "[IPv6:::1]").await;
    }
}

#[tokio::test]
async fn a_server_that_does_not_know_the_newer_greeting_gets_the_older_one() {
    for answer in ["500 What?", "502 Not implemented", "504 Not like this"] {
        let server = Scripted::with(move |line| line.starts_with("EHLO").then_some(answer));
        let channel = EmailChannel { hello: Some("a.example".to_owned()), ..server.channel() };
        assert_eq!(deliver(channel).await, DeliveryResult::Delivered);
        assert_eq!(server.all_heard()[..2], ["EHLO a.example", "HELO a.example"]);
    }
}

/// They should ask for the content with 354, but do take it.
#[tokio::test]
async fn a_server_that_says_done_where_it_should_say_go_on_is_understood() {
    let server = Scripted::with(|line| line.starts_with("DATA").then_some("250 ok"));
    assert_eq!(deliver(server.channel()).await, DeliveryResult::Delivered);
}

#[tokio::test]
async fn a_greeting_that_is_refused_is_named_with_the_key_for_it() {
    let cases =
        ["421-4.7.0 Try again later, closing connection. (EHLO)\r\n421 4.7.0 bye", "550 5.7.1 We know no such host"];
    for answer in cases {
        let server = Scripted::with(move |line| line.starts_with("EHLO").then_some(answer));
        let channel = EmailChannel { hello: Some("pc".to_owned()), ..server.channel() };
        let (error, perhaps_received, permanent) = failure(deliver(channel).await);
        assert!(error.contains("does not accept the greeting “pc”"), "{error}");
        assert!(error.contains("set hello in [email]"), "{error}");
        assert!(error.contains(&answer[4..20]), "{error}");
        assert_eq!((perhaps_received, permanent), (false, false));
    }
}

/// The first question gets the user name, the second the password.
#[tokio::test]
async fn login_is_answered_whatever_it_asks() {
    let [user, password] = ["ejemplo@mail.com", support::PASSWORD].map(|text| STANDARD.encode(text));
    for prompts in [["Username:", "Password:"], ["User name:", "Benutzername:"], ["", ""], ["Contraseña", "User"]] {
        let server = Scripted::start(move |count, line| {
            let prompt = |text: &str| format!("334 {}\r\n", STANDARD.encode(text));
            let said = match (count, line) {
                (1, _) => "250-x\r\n250 AUTH=LOGIN\r\n".to_owned(),
                (2, _) => prompt(prompts[0]),
                (3, _) => prompt(prompts[1]),
                (4, _) => "235 ok\r\n".to_owned(),
                (_, line) => format!("{}\r\n", usual(line)),
            };
            Some(said.into())
        });
        assert_eq!(log_in(&server).await, DeliveryResult::Delivered, "{prompts:?}");
        assert_eq!(server.all_heard()[1..4], ["AUTH LOGIN", &user, &password], "{prompts:?}");
    }
}

#[tokio::test]
async fn login_follows_where_plain_is_not_understood() {
    let server = Scripted::with(|line| match line {
        line if line.starts_with("EHLO") => Some("250-x\r\n250 AUTH PLAIN LOGIN"),
        line if line.starts_with("AUTH PLAIN") => Some("504 5.5.4 Unrecognized authentication type"),
        "AUTH LOGIN" => Some("334 VXNlcm5hbWU6"),
        "ZWplbXBsb0BtYWlsLmNvbQ==" => Some("334 UGFzc3dvcmQ6"),
        line if line == STANDARD.encode(support::PASSWORD) => Some("235 ok"),
        _ => None,
    });
    assert_eq!(log_in(&server).await, DeliveryResult::Delivered);

    // Who is refused by one is not asked for the password a second time.
    let server = Scripted::with(|line| match line {
        line if line.starts_with("EHLO") => Some("250-x\r\n250 AUTH PLAIN LOGIN"),
        line if line.starts_with("AUTH") => Some("535 5.7.8 No"),
        _ => None,
    });
    assert!(failure(log_in(&server).await).0.contains("refused the login of ejemplo@mail.com (535 5.7.8 No)"));
    assert!(!server.all_heard().contains(&"AUTH LOGIN".to_owned()));
}

/// Some ask for what came with the command already.
#[tokio::test]
async fn plain_is_said_again_where_it_is_asked_for() {
    let server = Scripted::with(|line| match line {
        line if line.starts_with("EHLO") => Some("250-x\r\n250 auth plain"),
        line if line.starts_with("AUTH PLAIN") => Some("334 "),
        line if line == STANDARD.encode(format!("\0ejemplo@mail.com\0{}", support::PASSWORD)) => Some("235 ok"),
        _ => None,
    });
    assert_eq!(log_in(&server).await, DeliveryResult::Delivered);
}

#[tokio::test]
async fn what_a_server_says_in_login_is_told() {
    let check = async |answer: &'static [u8], said: &str| {
        let server = Scripted::start(move |_, line| {
            let answered = match line {
                line if line.starts_with("EHLO") => b"250-x\r\n250 AUTH LOGIN\r\n".to_vec(),
                line if line.starts_with("AUTH") => answer.to_vec(),
                line => format!("{}\r\n", usual(line)).into(),
            };
            Some(answered)
        });
        let (error, ..) = failure(log_in(&server).await);
        assert!(error.contains(said) && !error.contains("no connection"), "{error}");
    };
    check(b"454 4.7.0 Not now\r\n", "does not accept the message at the moment (454 4.7.0 Not now)").await;
    check(b"421 4.3.0 bye\r\n", "does not accept the message at the moment (421 4.3.0 bye)").await;
    check(b"535 5.7.8 Contrase\xf1a\r\n", "refused the login of ejemplo@mail.com (535 5.7.8 Contrase\u{fffd}a)").await;
    check(b"334 \r\n334 \r\n334 \r\n", "does not speak SMTP (334)").await;
}

#[test]
fn a_server_with_a_certificate_of_its_own_can_be_trusted() {
    trusting(async |authority| {
        let check = async |certificate: &str, trust: Trust, error: Option<&str>| {
            for (tls, security) in [("starttls", EmailSecurity::StartTls), ("implicit", EmailSecurity::Tls)] {
                let server = Smtpd::start(authority.settings(tls, certificate));
                let channel = EmailChannel { trust: trust.clone(), ..server.channel(security) };
                match (deliver(channel).await, error) {
                    (DeliveryResult::Delivered, None) => assert!(server.taken().tls),
                    (other, Some(error)) => {
                        let (said, ..) = failure(other);
                        assert!(said.contains(error), "{certificate}: {said}");
                        assert!(server.is_empty());
                    }
                    (other, None) => panic!("{certificate}, {trust:?}: {other:?}"),
                }
            }
        };
        let file = |name: &str| Trust::File(authority.path(name));
        // It signs itself, says that it is an authority, and names another host.
        let itself = "is self-signed: if the server is your own, set trust = \"server.pem\" in [email]";
        check("own", Trust::Machine, Some(itself)).await;
        check("own", file("own.pem"), None).await;
        check("own", Trust::Anybody, None).await;
        check("own", file("stranger.pem"), Some(itself)).await;
        // It is trusted by the machine, and says that it is an authority.
        check("itself", Trust::Machine, None).await;
        // An authority in a file vouches for the name that is in the certificate, and no other.
        check("stranger", Trust::Machine, Some("or set trust in [email] to a file with its certificate")).await;
        check("stranger", file("strangers.pem"), None).await;
        check("expired", Trust::Anybody, None).await;
        // In the words of this system, and of its language.
        let error = std::fs::read(authority.path("nowhere.pem")).unwrap_err().to_string();
        let words = error.split(" (os error").next().unwrap().trim_end_matches('.');
        let missing = format!("nowhere.pem cannot be used: {words}: correct trust in [email]");
        check("own", file("nowhere.pem"), Some(&missing)).await;
        check("own", file("own.key"), Some("own.key cannot be used: there is no certificate in it")).await;
    });
}

/// Python's TLS can be told to speak nothing newer.
#[test]
fn a_server_that_speaks_only_old_tls_is_told_by_what_it_speaks() {
    trusting(async |authority| {
        for (tls, security) in [("starttls", EmailSecurity::StartTls), ("implicit", EmailSecurity::Tls)] {
            let mut settings = authority.settings(tls, "sound");
            settings["newest"] = json!("TLSv1_1");
            let server = Smtpd::start(settings);
            let (error, ..) = failure(deliver(server.channel(security)).await);
            assert!(error.contains(" accepts only TLS 1.1, which Estatus does not support"), "{error}");
        }
    });
}

#[tokio::test]
async fn a_server_that_takes_no_starttls_is_told_what_it_says() {
    let server = Scripted::with(|line| match line {
        line if line.starts_with("EHLO") => Some("250-x\r\n250 STARTTLS"),
        "STARTTLS" => Some("454 4.7.0 TLS not available"),
        _ => None,
    });
    let channel = EmailChannel { security: EmailSecurity::StartTls, ..server.channel() };
    let (error, ..) = failure(deliver(channel).await);
    assert!(error.contains("(454 4.7.0 TLS not available)"), "{error}");

    let server = Smtpd::start(json!({}));
    let (error, ..) = failure(deliver(server.channel(EmailSecurity::StartTls)).await);
    assert!(error.contains("does not offer STARTTLS"), "{error}");
}
