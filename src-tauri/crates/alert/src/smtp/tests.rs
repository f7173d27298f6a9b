//! Whatever a server says, a delivery ends, and ends in words.

use std::time::Duration;

use estatus_core::{
    check::{HostPort, Trust},
    command::{CommandOutcome, CommandRun},
    config::Language,
    ports::BoxFuture,
    secret::{Secret, SecretError, SecretRef},
};
use jiff::tz::TimeZone;
use proptest::{collection::vec, prelude::*, sample::select};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::*;

const PASSWORD: &str = "Hunter2Hunter2";

/// What is answered beside random bytes.
const WORDS: [&str; 18] = [
    "OK",
    "",
    "STARTTLS",
    "AUTH PLAIN LOGIN",
    "AUTH=LOGIN",
    "AUTH LOGIN",
    "SMTPUTF8",
    "VXNlcm5hbWU6",
    "5.7.8 Bad credentials",
    "4.7.0 Later",
    "mail.example greets you",
    "\u{1b}[2J",
    "SHVudGVyMkh1bnRlcjI=",
    "5.1.1",
    "ñandú",
    "...",
    "\0",
    PASSWORD,
];

struct Nothing;

impl Ports for Nothing {
    fn run(&self, _: CommandRun) -> BoxFuture<'_, CommandOutcome> {
        panic!("no command is run here")
    }

    fn secret<'a>(&'a self, _: &'a SecretRef) -> BoxFuture<'a, Result<Secret, SecretError>> {
        Box::pin(async { Ok(Secret::new(PASSWORD)) })
    }
}

fn line() -> impl Strategy<Value = Vec<u8>> + Clone {
    let code = prop_oneof![
        6 => select(vec!["220", "250", "250", "354", "235", "334", "221"]),
        2 => select(vec!["421", "454", "500", "502", "504", "530", "535", "550", "554"]),
        1 => select(vec!["", "2", "99", "600", "2x0", "١٢٣"]),
    ];
    let then = select(vec![" ", " ", " ", "-", "", "\t", "_"]);
    let end = select(vec!["\r\n", "\r\n", "\r\n", "\n", "\r", ""]);
    (code, then, select(WORDS.to_vec()), end)
        .prop_map(|(code, then, words, end)| [code, then, words, end].concat().into())
}

/// What is said at once: sound lines, changed ones, noise, nothing, or far too much.
fn said() -> impl Strategy<Value = Vec<u8>> {
    let lines = vec(line(), 1..4).prop_map(|lines| lines.concat());
    let changed =
        (lines.clone(), vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)).prop_map(|(mut bytes, changes)| {
            for (at, byte) in changes {
                if !bytes.is_empty() {
                    let at = at.index(bytes.len());
                    bytes[at] = byte;
                }
            }
            bytes
        });
    let noise = vec(any::<u8>(), 0..200);
    let endless = (line(), 200..400_usize).prop_map(|(line, times)| line.repeat(times));
    prop_oneof![12 => line(), 6 => lines, 4 => changed, 2 => noise, 1 => endless]
}

/// Answers whatever it hears with the next of `all`, then hangs up, or falls silent.
async fn serve(mut stream: DuplexStream, all: Vec<Vec<u8>>, falls_silent: bool) {
    let mut heard = [0; 4096];
    for said in all {
        if stream.write_all(&said).await.is_err() || stream.read(&mut heard).await.unwrap_or_default() == 0 {
            return;
        }
    }
    if falls_silent {
        std::future::pending::<()>().await;
    }
}

/// How a delivery over such a server ends.
async fn delivered(all: Vec<Vec<u8>>, security: EmailSecurity, logs_in: bool, falls_silent: bool) -> DeliveryResult {
    let channel = EmailChannel {
        server: HostPort { host: "mail.example".to_owned(), port: 25 },
        security,
        trust: Trust::Machine,
        hello: None,
        login: None,
        from: "a@example.com".to_owned(),
        to: vec!["b@example.com".to_owned(), "c@example.com".to_owned()],
        timeout: Duration::from_secs(30),
    };
    let words = Words::new(Language::Spanish, TimeZone::UTC);
    let delivery =
        SmtpDelivery { channel: &channel, ports: &Nothing, words: &words, failed: 0, everybody: falls_silent };
    let address = |text: &str| text.parse().unwrap();
    let mail = Mail {
        sender: address("a@example.com"),
        recipients: vec![address("b@example.com"), address("c@example.com")],
        content: b"Subject: x\r\n\r\n.\r\n".to_vec(),
    };
    let credentials =
        logs_in.then(|| Credentials { username: "ñ@example.com".to_owned(), password: PASSWORD.to_owned() });
    let mut redactor = Redactor::default();
    redactor.know(&Secret::new(PASSWORD));

    let (ours, theirs) = tokio::io::duplex(1024);
    let server = tokio::spawn(serve(theirs, all, falls_silent));
    let mut conversation = Conversation { stage: Stage::Connect, own_name: "[192.0.2.1]".to_owned(), dialogue: None };
    let stage = &mut conversation.stage;
    let mut dialogue = Dialogue::over(ours);
    let talk = async {
        if security == EmailSecurity::StartTls {
            ask_for_tls(&mut dialogue, stage, "[192.0.2.1]").await?;
        }
        delivery.talk(&mut dialogue, stage, "[192.0.2.1]", &mail, credentials).await
    };
    let outcome = within(channel.timeout, talk).await.unwrap_or(Err(SmtpError::TimedOut));
    server.abort();
    match outcome {
        Ok(()) => DeliveryResult::Delivered,
        Err(smtp_error) => delivery.explain(&conversation, &smtp_error.cleaned(&redactor)),
    }
}

proptest! {
    // The number of cases is that of the variable `PROPTEST_CASES`, 256 where it is not set.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_server_keeps_a_delivery_from_ending_in_words(
        all in vec(said(), 0..14),
        security in select(vec![EmailSecurity::None, EmailSecurity::Tls, EmailSecurity::StartTls]),
        logs_in: bool,
        falls_silent: bool,
    ) {
        // The clock goes on by itself as soon as nothing else does.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        if let DeliveryResult::Failed { error, .. } = runtime.block_on(delivered(all, security, logs_in, falls_silent)) {
            prop_assert!(!error.is_empty() && error.len() < 2048, "{error}");
            prop_assert!(!error.contains(PASSWORD) && !error.contains("SHVudGVyMkh1bnRlcjI"), "{error}");
            prop_assert!(!error.contains(|c: char| c.is_control()), "{error:?}");
        }
    }
}
