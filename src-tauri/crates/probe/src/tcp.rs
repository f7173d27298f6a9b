//! The tcp check: connects and, if asked to, talks.

use std::io;

use estatus_core::{
    check::TcpCheck,
    observation::{Cause, Failure, Phase},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{cause, dial, evidence, trace::Trace};

/// How many bytes of an answer are searched.
const LIMIT: usize = 64 * 1024;

/// Runs the check.
///
/// # Errors
/// The first thing that is not as it should be.
pub(crate) async fn probe(check: &TcpCheck, trace: &mut Trace) -> Result<(), Cause> {
    let mut stream = dial::connect(&check.address.host, check.address.port, check.ip, trace).await?;
    trace.seen = "connected".to_owned();
    if let Some(text) = &check.send {
        trace.enter(Phase::Send);
        stream.write_all(text.as_bytes()).await.map_err(|error| cause::of_io(&error))?;
    }
    match &check.expect {
        Some(text) => expect(&mut stream, text, trace).await,
        None => Ok(()),
    }
}

/// Reads until `text` has come.
async fn expect(stream: &mut TcpStream, text: &str, trace: &mut Trace) -> Result<(), Cause> {
    trace.enter(Phase::FirstByte);
    let mut come = Vec::new();
    loop {
        let searched = come.len();
        let ended = match read_some(stream, &mut come).await {
            Ok(count) => count == 0,
            Err(error) => return Err(cause::of_io(&error)),
        };
        if searched == 0 && !ended {
            trace.enter(Phase::Body);
        }
        if searched < Failure::EVIDENCE_LIMIT {
            trace.evidence = evidence::text(&come);
        }
        // The text may have begun in what came before.
        let from = searched.saturating_sub(text.len());
        if come.get(from..).is_some_and(|recent| contains(recent, text.as_bytes())) {
            trace.seen = format!("answered with {}", evidence::line(&come));
            return Ok(());
        }
        if ended && come.is_empty() {
            return Err(Cause::Closed);
        }
        if ended || come.len() >= LIMIT {
            trace.enter(Phase::Assertion);
            return Err(Cause::Missing { text: text.to_owned(), within: come.len() as u64 });
        }
    }
}

async fn read_some(stream: &mut TcpStream, come: &mut Vec<u8>) -> io::Result<usize> {
    come.reserve(1024);
    let left = LIMIT.saturating_sub(come.len()) as u64;
    stream.take(left).read_buf(come).await
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    text.is_empty() || bytes.windows(text.len()).any(|window| window == text)
}
