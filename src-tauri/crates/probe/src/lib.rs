//! Runs one probe and yields one [`Observation`].
//!
//! Every probe is fresh: it looks the name up, connects and agrees on TLS anew, so that what it says is true now. It
//! ends within its timeout, reads no more than its limits, and dropping its future ends whatever it began.

mod command;
mod dns;
mod host;
mod http;
mod network;
mod ping;
mod process;
mod tcp;
mod tls;
mod trace;

use std::{sync::Arc, time::Duration};

use estatus_core::{
    Timestamp,
    check::{Check, HostPort},
    network::NetworkAnswer,
    observation::{Cause, Observation},
    ports::Ports,
};
use trace::Trace;

/// Runs probes. Cheap to keep, shared by all of them.
pub struct Prober {
    ports: Arc<dyn Ports>,
    processes: process::Table,
    meter: host::Meter,
}

impl Prober {
    /// A prober that runs commands and fetches secrets through `ports`.
    pub fn new(ports: Arc<dyn Ports>) -> Self {
        Self { ports, processes: process::Table::default(), meter: host::Meter::default() }
    }

    /// Runs `check` once. What is not done after `timeout` has failed in the phase it had reached.
    pub async fn probe(&self, check: &Check, timeout: Duration) -> Observation {
        let mut trace = Trace::begin(Timestamp::now());
        match tokio::time::timeout(timeout, self.run(check, timeout, &mut trace)).await {
            Ok(Ok(())) => trace.up(),
            Ok(Err(cause)) => trace.down(cause),
            Err(_) => trace.down(Cause::TimedOut { after: timeout }),
        }
    }

    /// Asks what the own network looks like; takes at most a few seconds.
    pub async fn ask_network(&self, references: &[HostPort]) -> NetworkAnswer {
        network::ask(references).await
    }

    async fn run(&self, check: &Check, timeout: Duration, trace: &mut Trace) -> Result<(), Cause> {
        match check {
            Check::Http(check) => http::probe(check, self.ports.as_ref(), trace).await,
            Check::Tcp(check) => tcp::probe(check, trace).await,
            Check::Tls(check) => tls::probe(check, trace).await,
            Check::Dns(check) => dns::probe(check, trace).await,
            Check::Ping(check) => ping::probe(check, trace).await,
            Check::Process(check) => process::probe(check, &self.processes, trace).await,
            Check::Command(check) => command::probe(check, self.ports.as_ref(), timeout, trace).await,
            Check::Host(check) => host::probe(check, &self.meter, trace).await,
        }
    }
}
