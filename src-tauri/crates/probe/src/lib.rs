//! Runs one probe and yields one [`Observation`].
//!
//! Every probe is fresh: it looks the name up, connects and agrees on TLS anew, so that what it says is true now. It
//! ends within its timeout, reads no more than its limits, and dropping its future ends whatever it began.

mod calls;
mod cause;
mod certificate;
mod command;
mod dial;
mod dns;
mod evidence;
mod handshake;
mod host;
mod http;
mod lines;
mod network;
mod ping;
mod process;
mod tcp;
mod text;
mod tls;
mod trace;
mod turns;

use std::{pin::pin, sync::Arc, time::Duration};

use estatus_core::{
    Timestamp,
    check::{Check, Kind},
    flow::request::{HttpRequest, RequestOutcome},
    observation::{Cause, Observation},
    ports::Ports,
};
use estatus_tls::Tls;
use rustls::pki_types::CertificateDer;
use trace::Trace;

/// Runs probes. Cheap to keep, shared by all of them.
pub struct Prober {
    ports: Arc<dyn Ports>,
    tls: Tls,
    processes: process::Table,
    meter: host::Meter,
}

impl Prober {
    /// A prober that runs commands and fetches secrets through `ports`.
    pub fn new(ports: Arc<dyn Ports>) -> Self {
        Self { ports, tls: Tls::default(), processes: process::Table::default(), meter: host::Meter::default() }
    }

    /// The same, trusting certificates signed by `roots` beside what this machine trusts.
    #[must_use]
    pub fn trusting(mut self, roots: impl IntoIterator<Item = CertificateDer<'static>>) -> Self {
        self.tls.trust(roots);
        self
    }

    /// Runs `check` once. What is not done after `timeout` has failed in the phase it had reached; what it waits for us is
    /// not counted, and says nothing of the target.
    pub async fn probe(&self, check: &Check, timeout: Duration) -> Observation {
        let mut trace = Trace::begin(Timestamp::now());
        // A command is ended by who runs it, at the same timeout; the proof that nothing is left takes a while.
        let ending = if check.kind() == Kind::Command { command::ENDING } else { Duration::ZERO };
        let turns = trace.turns.clone();
        // Pinned here, as a future that is handed over is kept twice.
        let ended = {
            let probe = pin!(self.run(check, timeout, &mut trace));
            turns.within(timeout.saturating_add(ending), probe).await
        };
        trace.observed(ended, timeout)
    }

    /// Sends the request of a step. What is not done after its timeout has failed in the phase it had reached.
    ///
    /// It is sent once, but where a redirect asks for it again (307, 308), or where a server that was asked over HTTP/2 has
    /// done nothing and wants to be asked over HTTP/1.1: as browsers have it.
    pub async fn send(&self, request: &HttpRequest) -> RequestOutcome {
        let (mut trace, mut kept) = (Trace::begin(Timestamp::now()), http::Kept::default());
        let turns = trace.turns.clone();
        let ended = {
            let sent = pin!(http::send(request, &self.tls, self.ports.as_ref(), &mut trace, &mut kept));
            turns.within(request.timeout, sent).await
        };
        let failure = trace.observed(ended, request.timeout).failure;
        RequestOutcome { failure, saved: kept.saved, output: kept.output }
    }

    async fn run(&self, check: &Check, timeout: Duration, trace: &mut Trace) -> Result<(), Cause> {
        match check {
            Check::Http(check) => http::probe(check, &self.tls, self.ports.as_ref(), trace).await,
            Check::Tcp(check) => tcp::probe(check, trace).await,
            Check::Tls(check) => tls::probe(check, &self.tls, trace).await,
            Check::Dns(check) => dns::probe(check, trace).await,
            Check::Ping(check) => ping::probe(check, trace).await,
            Check::Process(check) => process::probe(check, &self.processes, trace).await,
            Check::Command(check) => command::probe(check, self.ports.as_ref(), timeout, trace).await,
            Check::Host(check) => host::probe(check, &self.meter, trace).await,
            Check::Fleet(check) => Err(Cause::FleetUnknown { fleet: check.fleet.to_string() }),
        }
    }
}
