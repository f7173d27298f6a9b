//! Sends an ICMP echo request and waits for its reply.

#[cfg_attr(unix, path = "ping/unix.rs")]
#[cfg_attr(windows, path = "ping/windows.rs")]
mod platform;

use std::{net::IpAddr, time::Duration};

use estatus_core::{
    check::PingCheck,
    observation::{Cause, Phase},
};
pub(crate) use platform::echo;

use crate::{dial, trace::Trace};

/// When no reply has come by then, the request may have been lost, and the next one is sent.
const NEXT_AFTER: Duration = Duration::from_secs(1);

/// How many requests are sent at the most; after the last one the wait goes on.
const REQUESTS: u16 = 10;

/// Looks the host up and pings the first of its addresses.
pub(crate) async fn probe(check: &PingCheck, trace: &mut Trace) -> Result<(), Cause> {
    if check.host.parse::<IpAddr>().is_err() {
        trace.enter(Phase::Dns);
    }
    let addresses = dial::look_up(&check.host, check.ip, trace).await?;
    let address = addresses.first().copied().ok_or_else(|| Cause::NoAddress { name: check.host.clone() })?;
    trace.remote = Some(address.ip());
    trace.enter(Phase::FirstByte);
    echo(address).await?;
    trace.seen = format!("reply from {}", address.ip());
    Ok(())
}
