//! Agrees on TLS and judges the certificates.

use estatus_core::{
    Timestamp,
    check::CertificateAssertions,
    observation::{Cause, Phase},
};
use estatus_tls::{Failed, Secured, Tls};
use tokio::net::TcpStream;

use crate::{cause, certificate, trace::Trace};

/// Agrees on TLS with `host` over `stream`, in [`Phase::Tls`], and judges the certificates before anything is sent. Where
/// that fails for want of something in common, connections that `again` makes show what the server would agree on.
///
/// # Errors
/// What is wrong with the certificates, or why TLS failed.
pub(crate) async fn shake_hands<A: Future<Output = Result<TcpStream, Cause>>>(
    tls: &Tls,
    stream: TcpStream,
    host: &str,
    alpn: &[&[u8]],
    asked: &CertificateAssertions,
    again: impl Fn() -> A,
    trace: &mut Trace,
) -> Result<Secured, Cause> {
    trace.enter(Phase::Tls);
    // Several small writes follow one another; Nagle's algorithm would hold each back for the acknowledgement of the
    // one before. Where it cannot be switched off, things are slower, not wrong.
    let _ = stream.set_nodelay(true);
    trace.wait(tls.prepare(&asked.trust)).await;
    let secured = match tls.shake_hands(stream, host, alpn, &asked.trust).await {
        Ok(secured) => secured,
        Err(failed) => {
            let calls_for_a_look = failed.calls_for_a_look();
            let cause = match failed {
                Failed::Io(error) => cause::of_io(&error),
                Failed::NothingInCommon(cause) | Failed::Because(cause) => cause,
            };
            if !calls_for_a_look {
                return Err(cause);
            }
            trace.known = Some(cause.clone());
            return Err(estatus_tls::look(host, again).await.unwrap_or(cause));
        }
    };
    let ends = secured.chain.iter().map(|one| (one.subject.as_str(), one.not_after));
    certificate::note_last_days(ends, asked.warn_days, Timestamp::now(), trace);
    Ok(secured)
}
