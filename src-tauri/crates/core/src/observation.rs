//! What one probe saw.

use std::{net::IpAddr, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{outside::cut, usage::Measure};

/// What a probe says of its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The target did everything its check asks for.
    Up,
    /// It did not.
    Down,
    /// The probe can say nothing of the target: our own network was off, the machine slept, a parent is down, …
    Inconclusive,
}

/// A stage of a probe, in the order in which they happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The name is looked up.
    Dns,
    /// The connection is made.
    Connect,
    /// TLS is agreed on and the certificate judged.
    Tls,
    /// The request is sent.
    Send,
    /// The wait for the first byte of the answer.
    FirstByte,
    /// The rest of the answer is read.
    Body,
    /// A local thing is looked at: a command runs, the process table is read, the host is measured.
    Run,
    /// What was seen is held against what was asked for.
    Assertion,
}

impl Phase {
    /// Every phase, in order.
    pub const ALL: [Self; 8] =
        [Self::Dns, Self::Connect, Self::Tls, Self::Send, Self::FirstByte, Self::Body, Self::Run, Self::Assertion];
}

/// How long each phase took; `None` for a phase that was not reached or does not exist for the check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phases([Option<Duration>; 8]);

impl Phases {
    /// How long `phase` took, if it was begun.
    pub fn get(&self, phase: Phase) -> Option<Duration> {
        self.0[phase as usize]
    }

    /// Adds `took` to `phase`; a redirect goes through the same phase twice.
    pub fn add(&mut self, phase: Phase, took: Duration) {
        let slot = &mut self.0[phase as usize];
        *slot = Some(slot.unwrap_or_default().saturating_add(took));
    }

    /// The phases that were begun, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Phase, Duration)> + '_ {
        Phase::ALL.into_iter().filter_map(|phase| Some((phase, self.get(phase)?)))
    }

    /// The sum over all phases.
    pub fn total(&self) -> Duration {
        self.iter().map(|(_, took)| took).sum()
    }
}

/// What one probe yields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// When the probe began, by the wall clock.
    pub at: Timestamp,
    /// What it says of the target.
    pub verdict: Verdict,
    /// How long the target took, over all phases; `None` where nothing was measured.
    pub latency: Option<Duration>,
    /// The same, phase by phase.
    pub phases: Phases,
    /// What was seen, in a few words and no language ("200 OK", "3 processes"); at most [`Observation::SEEN_LIMIT`] bytes.
    pub seen: String,
    /// Why the verdict is not [`Verdict::Up`].
    pub failure: Option<Failure>,
    /// The address the probe talked to or tried last.
    pub remote: Option<IpAddr>,
    /// Whether that is an address of this machine, loopback aside.
    #[serde(default)]
    pub here: bool,
    /// Something that is well now and soon will not be.
    pub warning: Option<Warning>,
    /// For how long this stays true at the most, where the probe knows (a certificate's last day, for instance).
    pub holds_for: Option<Duration>,
    /// What it measured, each in its unit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measured: Vec<(Measure, f64)>,
}

impl Observation {
    /// The most bytes that [`Observation::seen`] holds.
    pub const SEEN_LIMIT: usize = 200;

    /// An observation of a target that is well.
    pub fn up(at: Timestamp, phases: Phases, seen: impl Into<String>) -> Self {
        Self {
            at,
            verdict: Verdict::Up,
            latency: Some(phases.total()),
            phases,
            seen: seen.into(),
            failure: None,
            remote: None,
            here: false,
            warning: None,
            holds_for: None,
            measured: Vec::new(),
        }
    }

    /// An observation of a target that failed in `failure.phase`.
    pub fn down(at: Timestamp, phases: Phases, seen: impl Into<String>, failure: Failure) -> Self {
        Self { verdict: Verdict::Down, failure: Some(failure), ..Self::up(at, phases, seen) }
    }

    /// The same probe, when it turns out that it can say nothing of the target.
    #[must_use]
    pub fn inconclusive(mut self, because: Cause) -> Self {
        self.verdict = Verdict::Inconclusive;
        let phase = self.failure.map_or(Phase::Assertion, |failure| failure.phase);
        self.failure = Some(Failure::new(phase, because));
        self
    }
}

/// Something to be told of in time: the target is up, but not for long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Warning {
    /// A certificate of the chain runs out within the days the monitor asks for.
    CertificateExpires {
        /// Whose certificate it is.
        subject: String,
        /// Its last moment.
        not_after: Timestamp,
    },
}

/// Why a probe did not succeed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Where it failed.
    pub phase: Phase,
    /// Why.
    pub cause: Cause,
    /// What the target said, as far as it helps; text of the outside world, at most [`Failure::EVIDENCE_LIMIT`] bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// The address where it failed, if a redirect led there; at most [`Failure::ADDRESS_LIMIT`] bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirected_to: Option<String>,
}

impl Failure {
    /// The most bytes that [`Failure::evidence`] holds.
    pub const EVIDENCE_LIMIT: usize = 4096;

    /// The most bytes that [`Failure::redirected_to`] holds.
    pub const ADDRESS_LIMIT: usize = 500;

    /// A failure without evidence.
    pub fn new(phase: Phase, cause: Cause) -> Self {
        Self { phase, cause, evidence: None, redirected_to: None }
    }

    /// The same with `text` as evidence, cut to [`Failure::EVIDENCE_LIMIT`].
    #[must_use]
    pub fn with_evidence(mut self, text: impl Into<String>) -> Self {
        self.evidence = Some(cut(text.into(), Self::EVIDENCE_LIMIT));
        self
    }

    /// The same at `address`, to which a redirect led, cut to [`Failure::ADDRESS_LIMIT`].
    #[must_use]
    pub fn redirected_to(mut self, address: impl Into<String>) -> Self {
        self.redirected_to = Some(cut(address.into(), Self::ADDRESS_LIMIT));
        self
    }
}

/// Why a probe did not succeed, as data: [`crate::words`] puts it in the reader's language.
///
/// Texts inside come from the outside world (a certificate's subject, an error of the operating system).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Cause {
    /// Nothing came within the monitor's timeout.
    TimedOut {
        /// The timeout.
        after: Duration,
    },
    /// The name does not exist (the answer of a working name server).
    NameNotFound {
        /// The name that was looked up.
        name: String,
    },
    /// No name server gave an answer.
    NameServer {
        /// The name that was looked up.
        name: String,
        /// What the resolver said.
        error: String,
    },
    /// The name has no address of the wanted IP version.
    NoAddress {
        /// The name that was looked up.
        name: String,
    },
    /// The host answered that nobody listens on the port.
    Refused,
    /// No way leads to the host.
    Unreachable {
        /// What the operating system said.
        error: String,
    },
    /// The other side closed the connection before it had answered.
    Closed,
    /// The connection broke.
    Broken {
        /// What the operating system or the protocol said.
        error: String,
    },
    /// What came is not the protocol that was asked for.
    Protocol {
        /// What was wrong with it.
        error: String,
    },
    /// A certificate has run out.
    CertificateExpired {
        /// Whose certificate it is.
        subject: String,
        /// Its last moment.
        not_after: Timestamp,
    },
    /// A certificate is not valid yet.
    CertificateNotYetValid {
        /// Whose certificate it is.
        subject: String,
        /// Its first moment.
        not_before: Timestamp,
    },
    /// The certificate is signed by itself.
    CertificateSelfSigned {
        /// Whose certificate it is.
        subject: String,
    },
    /// Nobody this machine trusts has signed the certificate.
    CertificateUnknownIssuer {
        /// Who has.
        issuer: String,
    },
    /// The certificate is for other hosts.
    CertificateWrongHost {
        /// The host that was asked for.
        host: String,
        /// The hosts it is for.
        names: Vec<String>,
    },
    /// The certificate is signed by somebody this machine does not trust, and nobody who would vouch for that one is sent
    /// along.
    CertificateAlone {
        /// Who has signed it.
        issuer: String,
    },
    /// The certificate was called back by who signed it.
    CertificateRevoked {
        /// Whose certificate it is.
        subject: String,
    },
    /// The certificate names no host at all.
    CertificateNoNames {
        /// Whose certificate it is.
        subject: String,
    },
    /// The certificate has the address that was asked for as if it were a DNS name.
    CertificateAddressAsName {
        /// The address.
        host: String,
    },
    /// A certificate has the form of an older version of X.509 than 3.
    CertificateVersion {
        /// Whose certificate it is.
        subject: String,
        /// The version.
        version: u32,
    },
    /// The key of a certificate is too short to be safe.
    CertificateWeakKey {
        /// Whose certificate it is.
        subject: String,
        /// How long the key is, in bits of RSA.
        bits: u32,
    },
    /// The key of a certificate, or the signature under it, is of a kind that is not spoken here.
    CertificateAlgorithm {
        /// Whose certificate it is.
        subject: String,
        /// The kind.
        algorithm: String,
    },
    /// A certificate is signed in a way that can be forged.
    CertificateOldSignature {
        /// Whose certificate it is.
        subject: String,
        /// The hash that is signed (SHA-1, MD5).
        hash: String,
    },
    /// A signature that goes with a certificate is wrong: whoever shows it has not its key, or it was changed.
    CertificateForged {
        /// Whose certificate it is.
        subject: String,
    },
    /// The certificate is not meant for servers.
    CertificatePurpose {
        /// Whose certificate it is.
        subject: String,
    },
    /// The certificate is one of an authority, not of a server.
    CertificateOfAuthority {
        /// Whose certificate it is.
        subject: String,
    },
    /// The certificates that this machine trusts cannot be read.
    NoAuthorities {
        /// Why.
        error: String,
    },
    /// The file with the certificates to be trusted cannot be used.
    TrustFile {
        /// Where it is.
        path: String,
        /// What is wrong with it.
        error: String,
    },
    /// The server asks for a certificate of ours.
    ClientCertificate,
    /// What answers does not speak TLS.
    NotTls,
    /// The server speaks only versions of TLS that are not spoken here.
    TlsVersion {
        /// The one that it agrees on.
        offered: String,
    },
    /// The server and we know no way to encrypt in common.
    TlsCipher {
        /// The one that it agrees on.
        offered: String,
    },
    /// The server refused to agree on TLS, and did not say why.
    TlsRefused {
        /// The alert that it sent.
        alert: String,
    },
    /// TLS failed for another reason.
    Tls {
        /// What the TLS library said.
        error: String,
    },
    /// The other side does not offer STARTTLS.
    StartTlsNotOffered {
        /// What it offers in place of it, or said.
        answer: String,
    },
    /// The other side refused to begin TLS.
    StartTls {
        /// What it said.
        answer: String,
    },
    /// The proxy refused or failed.
    Proxy {
        /// What it said.
        error: String,
    },
    /// The status code is not an accepted one.
    Status {
        /// The code.
        code: u16,
        /// Its reason phrase, as registered with IANA, else as the server has it; empty where there is none.
        reason: String,
        /// What the monitor accepts.
        accepted: String,
    },
    /// The status code of the page that a redirect led to is not an accepted one, but that of the redirect is.
    RedirectFollowed {
        /// The redirect's code, which would have been accepted.
        redirect: u16,
        /// The code of the page it led to.
        code: u16,
        /// Its reason phrase, as of [`Cause::Status`].
        reason: String,
        /// What the monitor accepts.
        accepted: String,
    },
    /// More redirects than the monitor allows.
    Redirects {
        /// How many it allows.
        at_most: u32,
        /// Where the next would have led.
        to: String,
    },
    /// A redirect that leads nowhere an http check can follow.
    RedirectTarget {
        /// Where it leads.
        to: String,
    },
    /// A text that should be there is not.
    Missing {
        /// The text.
        text: String,
        /// How many bytes were searched.
        within: u64,
    },
    /// A text that should not be there is.
    Unwanted {
        /// The text.
        text: String,
    },
    /// Nothing matches the regular expression.
    NoMatch {
        /// The expression.
        pattern: String,
        /// How many bytes were searched.
        within: u64,
    },
    /// Whether a text is there is not known: it is not in the part of the answer that is read, and there is more.
    Unproven {
        /// The text, or the regular expression that something should match.
        text: String,
        /// How many bytes were searched.
        within: u64,
        /// The key of the monitor that lets more be searched; empty where there is none.
        key: String,
    },
    /// A value in the JSON answer is not as it should be.
    Json {
        /// The path of the value.
        path: String,
        /// What it should be, as in the configuration ("= ok", "< 10").
        wanted: String,
        /// What it is; `None` where there is none.
        found: Option<String>,
    },
    /// The answer is not JSON.
    NotJson {
        /// Where it stops being JSON.
        error: String,
    },
    /// The value in the JSON answer that is to be saved is not there, or too long.
    Save {
        /// The path of the value.
        path: String,
        /// How many bytes it may have; 0 if it is not there.
        longer_than: usize,
    },
    /// The answer cannot be decompressed.
    Compression {
        /// What was wrong with it.
        error: String,
    },
    /// It works, but too slowly.
    TooSlow {
        /// How long it took.
        took: Duration,
        /// How long it may take.
        below: Duration,
    },
    /// A name server answered, but not what was expected.
    DnsAnswer {
        /// What was expected.
        wanted: Vec<String>,
        /// What came.
        found: Vec<String>,
    },
    /// A name server answered with an error code.
    DnsCode {
        /// The code's name in the DNS standards (SERVFAIL, REFUSED, …).
        code: String,
    },
    /// Too few processes fit, or instances run.
    TooFew {
        /// How many were found.
        found: u32,
        /// How many there should be at least.
        at_least: u32,
    },
    /// Too many processes fit.
    TooMany {
        /// How many were found.
        found: u32,
        /// How many there should be at most.
        at_most: u32,
    },
    /// A command cannot be started.
    CannotStart {
        /// The program.
        program: String,
        /// What the operating system said.
        error: String,
    },
    /// A command ended with an exit code that is not accepted.
    Exit {
        /// The code.
        code: i32,
    },
    /// A command was ended by a signal.
    Signal {
        /// Its number.
        number: i32,
    },
    /// A figure of the host is beyond its limit.
    Host {
        /// Which figure.
        figure: Measure,
        /// What was measured, in the figure's unit.
        measured: f64,
        /// Its limit, in the same unit.
        limit: f64,
    },
    /// The probe needs something that is not to be had here: a secret, a permission, a file.
    Setup {
        /// What, and what to do about it.
        error: String,
    },
    /// This machine allows Estatus no more open files.
    OutOfFiles,
    /// Too much else hangs: the probe was never begun.
    NoTurn {
        /// How long it has waited.
        waited: Duration,
    },
    /// Nothing is known of a fleet where it was asked for: only an engine knows those that it scales.
    FleetUnknown {
        /// The fleet.
        fleet: String,
    },
    /// Our own network was off.
    OwnNetworkOff,
    /// The machine slept while the probe ran.
    Slept,
    /// The wall clock was set while the probe ran.
    ClockSet,
    /// The program that the monitor looks at is being started or stopped.
    ProgramStarting {
        /// The program.
        program: String,
    },
    /// The program that the monitor looks at does not run, as somebody wants it.
    ProgramStopped {
        /// The program.
        program: String,
    },
    /// Estatus has only just begun to watch what is on this machine, and it has not been well since.
    NewlyWatched,
    /// A monitor that this one depends on is down.
    ParentDown {
        /// The other monitor.
        parent: String,
    },
    /// The monitor is in a maintenance window.
    Maintenance,
}

impl Cause {
    /// Whether a figure is beyond its limit: the target is there, and has too much of something or too little.
    pub const fn is_beyond_limit(&self) -> bool {
        matches!(self, Self::Host { .. })
    }

    /// Whether Estatus itself could not look, so that nothing is known of the target.
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::OutOfFiles | Self::NoTurn { .. } | Self::FleetUnknown { .. })
    }

    /// Whether this machine's own network could be to blame, so that it must be asked before the target is blamed.
    ///
    /// A hotel's portal answers in the place of every host, so a refused connection or a wrong certificate does not
    /// show that the target was reached; an answer in the target's own protocol does.
    pub fn could_be_own_network(&self) -> bool {
        matches!(
            self,
            Self::TimedOut { .. }
                | Self::NameNotFound { .. }
                | Self::NameServer { .. }
                | Self::NoAddress { .. }
                | Self::Refused
                | Self::Unreachable { .. }
                | Self::Closed
                | Self::Broken { .. }
                | Self::Protocol { .. }
                | Self::Proxy { .. }
                | Self::Tls { .. }
                | Self::NotTls
                | Self::TlsVersion { .. }
                | Self::TlsCipher { .. }
                | Self::TlsRefused { .. }
                | Self::ClientCertificate
                | Self::CertificateSelfSigned { .. }
                | Self::CertificateUnknownIssuer { .. }
                | Self::CertificateAlone { .. }
                | Self::CertificateNoNames { .. }
                | Self::CertificateAddressAsName { .. }
                | Self::CertificateVersion { .. }
                | Self::CertificateWeakKey { .. }
                | Self::CertificateAlgorithm { .. }
                | Self::CertificateOldSignature { .. }
                | Self::CertificateForged { .. }
                | Self::CertificatePurpose { .. }
                | Self::CertificateOfAuthority { .. }
                | Self::CertificateWrongHost { .. }
        )
    }
}
