//! The tls check: looks at the certificate behind a port.

mod starttls;

use estatus_core::{Timestamp, check::TlsCheck, observation::Cause};
use estatus_tls::{Certificate, Tls};
use rustls::ProtocolVersion;
use tokio::net::TcpStream;

use crate::{dial, handshake::shake_hands, trace::Trace};

/// Runs the check.
///
/// # Errors
/// The first thing that is not as it should be.
pub(crate) async fn probe(check: &TlsCheck, tls: &Tls, trace: &mut Trace) -> Result<(), Cause> {
    let host = check.address.host.as_str();
    let stream = reach(check, trace).await?;
    let again = || reach_aside(check);
    let secured = shake_hands(tls, stream, host, &[], &check.certificate, again, trace).await?;
    trace.seen = seen(secured.stream.get_ref().1.protocol_version(), secured.chain.first());
    Ok(())
}

/// The connection, up to where TLS begins.
async fn reach(check: &TlsCheck, trace: &mut Trace) -> Result<TcpStream, Cause> {
    let stream = dial::connect(&check.address.host, check.address.port, check.ip, trace).await?;
    match check.starttls {
        Some(protocol) => starttls::ask(stream, protocol, trace).await,
        None => Ok(stream),
    }
}

/// The same, of which the probe notes nothing.
async fn reach_aside(check: &TlsCheck) -> Result<TcpStream, Cause> {
    reach(check, &mut Trace::begin(Timestamp::now())).await
}

fn seen(version: Option<ProtocolVersion>, own: Option<&Certificate>) -> String {
    let version = match version {
        Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
        Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
        _ => "TLS",
    };
    match own {
        Some(own) => format!("{version}, certificate of {} until {}", own.subject, own.not_after.strftime("%Y-%m-%d")),
        None => version.to_owned(),
    }
}
