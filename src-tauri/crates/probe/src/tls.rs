//! The tls check: looks at the certificate behind a port.

mod starttls;

use estatus_core::{check::TlsCheck, observation::Cause};
use rustls::ProtocolVersion;

use crate::{certificate::Certificate, dial, handshake::Tls, trace::Trace};

/// Runs the check.
///
/// # Errors
/// The first thing that is not as it should be.
pub(crate) async fn probe(check: &TlsCheck, tls: &Tls, trace: &mut Trace) -> Result<(), Cause> {
    let host = check.address.host.as_str();
    let mut stream = dial::connect(host, check.address.port, check.ip, trace).await?;
    if let Some(protocol) = check.starttls {
        stream = starttls::ask(stream, protocol, trace).await?;
    }
    let secured = tls.shake_hands(stream, host, &[], check.certificate, trace).await?;
    trace.seen = seen(secured.stream.get_ref().1.protocol_version(), secured.chain.first());
    Ok(())
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
