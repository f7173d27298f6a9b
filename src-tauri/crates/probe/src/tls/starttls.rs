//! Asks a server, in its own protocol, to begin TLS.

use std::io;

use estatus_core::{
    check::StartTls,
    observation::{Cause, Phase},
};
use tokio::net::TcpStream;

use crate::{cause, evidence, lines::Lines, trace::Trace};

/// Speaks `protocol` on `stream` up to the point where TLS begins; all of it belongs to [`Phase::Tls`].
///
/// # Errors
/// [`Cause::StartTlsNotOffered`] where the server does not offer TLS, [`Cause::StartTls`] where it refuses.
pub(super) async fn ask(stream: TcpStream, protocol: StartTls, trace: &mut Trace) -> Result<TcpStream, Cause> {
    trace.enter(Phase::Tls);
    let mut lines = Lines::over(stream);
    let agreed = match protocol {
        StartTls::Smtp => smtp(&mut lines).await,
        StartTls::Imap => imap(&mut lines).await,
        StartTls::Pop3 => pop3(&mut lines).await,
        StartTls::Ftp => ftp(&mut lines).await,
    };
    agreed.and_then(|()| Ok(lines.into_stream()?)).map_err(|refusal| match refusal {
        Refusal::Io(error) => cause::of_io(&error),
        Refusal::Answer(answer) => Cause::StartTls { answer: shown(&answer) },
        Refusal::NotOffered(answer) => Cause::StartTlsNotOffered { answer: shown(&answer) },
    })
}

fn shown(answer: &str) -> String {
    evidence::text(answer.as_bytes()).unwrap_or_default()
}

enum Refusal {
    Io(io::Error),
    Answer(String),
    /// It is not among what the server can do.
    NotOffered(String),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// RFC 3207. The greeting names us by our address, as RFC 5321, section 4.1.4, asks of a client that has no name.
async fn smtp(lines: &mut Lines) -> Result<(), Refusal> {
    reply(lines, "220").await?;
    let own = match lines.stream().local_addr()?.ip() {
        std::net::IpAddr::V4(address) => format!("[{address}]"),
        std::net::IpAddr::V6(address) => format!("[IPv6:{address}]"),
    };
    lines.say(&format!("EHLO {own}\r\n")).await?;
    // A server that knows no EHLO knows no STARTTLS.
    let offers = reply(lines, "250").await.map_err(|refusal| unknown(refusal, &["500", "502"]))?;
    if !offers.iter().any(|line| line.get(4..).is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS"))) {
        // The first line is the greeting, which is all that some have to offer.
        let others: Vec<&str> = offers.iter().skip(1).filter_map(|line| line.get(4..)).map(str::trim).collect();
        return Err(Refusal::NotOffered(if others.is_empty() { offers.concat() } else { others.join(", ") }));
    }
    lines.say("STARTTLS\r\n").await?;
    reply(lines, "220").await.map(drop)
}

/// RFC 4217, section 4.
async fn ftp(lines: &mut Lines) -> Result<(), Refusal> {
    reply(lines, "220").await?;
    lines.say("AUTH TLS\r\n").await?;
    // RFC 959, section 4.2.1: not known, not implemented, not with this parameter.
    reply(lines, "234").await.map(drop).map_err(|refusal| unknown(refusal, &["500", "502", "504"]))
}

/// RFC 9051, section 6.2.1. Untagged answers may come at any time.
async fn imap(lines: &mut Lines) -> Result<(), Refusal> {
    let greeting = lines.hear().await?;
    if !starts_with(&greeting, "* OK") {
        return Err(Refusal::Answer(greeting));
    }
    lines.say("a STARTTLS\r\n").await?;
    let heard = lines.hear_until(|line| !line.starts_with('*')).await?;
    // RFC 9051, section 7.1.3.
    begins(heard.last(), "a OK").map_err(|refusal| unknown(refusal, &["a BAD"]))
}

/// RFC 2595, section 4.
async fn pop3(lines: &mut Lines) -> Result<(), Refusal> {
    let greeting = lines.hear().await?;
    begins(Some(&greeting), "+OK")?;
    lines.say("STLS\r\n").await?;
    let answer = lines.hear().await?;
    begins(Some(&answer), "+OK")
}

/// A reply of one or more lines, the last of which has a space after its code (RFC 5321, section 4.2.1; RFC 959,
/// section 4.2).
async fn reply(lines: &mut Lines, code: &str) -> Result<Vec<String>, Refusal> {
    let is_last = |line: &str| {
        let is_code = line.get(..3).is_some_and(|code| code.bytes().all(|digit| digit.is_ascii_digit()));
        is_code && line.as_bytes().get(3).is_none_or(|&after| after == b' ')
    };
    let heard = lines.hear_until(is_last).await?;
    let last = heard.last().map(String::as_str).unwrap_or_default();
    if last.starts_with(code) { Ok(heard) } else { Err(Refusal::Answer(last.to_owned())) }
}

/// The refusal of a server that does not know the command, which it says by `words`.
fn unknown(refusal: Refusal, words: &[&str]) -> Refusal {
    match refusal {
        Refusal::Answer(answer) if words.iter().any(|word| starts_with(&answer, word)) => Refusal::NotOffered(answer),
        other => other,
    }
}

fn begins(line: Option<&String>, with: &str) -> Result<(), Refusal> {
    let line = line.map(String::as_str).unwrap_or_default();
    if starts_with(line, with) { Ok(()) } else { Err(Refusal::Answer(line.to_owned())) }
}

fn starts_with(line: &str, with: &str) -> bool {
    line.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with))
}
