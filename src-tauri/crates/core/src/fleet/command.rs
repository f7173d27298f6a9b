//! What is to be done with a fleet, and what comes back of it.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};

/// Something that is to be done with a fleet.
#[derive(Clone, Debug, PartialEq)]
pub enum FleetCommand {
    /// Listen for its agents, as its configuration says now; told by [`FleetEvent::Serves`] or [`FleetEvent::CannotServe`].
    /// What there was before it goes on where it may.
    Serve,
    /// Stop listening, and leave its instances alone.
    Release,
    /// Answer somebody who has announced himself.
    Answer {
        /// Which announcement.
        announcement: u64,
        /// The instance that he is; nothing where he is none of the fleet's.
        accepted: Option<Arc<str>>,
    },
    /// Ask an instance for its load from now on, at every heartbeat, by the source document's protocol.
    Ping {
        /// Which.
        instance: Arc<str>,
        /// Where, with its port.
        address: String,
    },
    /// Hear no more of an instance: close what is open to it.
    Forget {
        /// Which.
        instance: Arc<str>,
    },
    /// Launch an instance; told by [`FleetEvent::Launched`] or [`FleetEvent::CannotLaunch`]. However often it is said of one
    /// name, there is one.
    Launch {
        /// Which.
        instance: Arc<str>,
        /// Which try at it: the first is 0, and after each that is known not to have launched it, one more. EC2 takes no other
        /// words for a try that it has heard of, though it failed.
        attempt: u32,
    },
    /// Have an instance finish what it has to do; told by [`FleetEvent::Drained`].
    Drain {
        /// Which.
        instance: Arc<str>,
    },
    /// Terminate an instance; told by [`FleetEvent::Terminated`] or [`FleetEvent::CannotTerminate`].
    Terminate {
        /// Which.
        instance: Arc<str>,
        /// What the provider calls it, if that is known; otherwise it is found by its name.
        id: Option<String>,
    },
    /// Say what there is; told by [`FleetEvent::Listed`] or [`FleetEvent::CannotList`].
    List,
}

/// Something happened to a fleet.
#[derive(Clone, Debug, PartialEq)]
pub enum FleetEvent {
    /// Somebody says that he is there, and waits for [`FleetCommand::Answer`].
    Announced {
        /// Which announcement.
        announcement: u64,
        /// Who he says he is: an instance's name, or what the provider calls it.
        name: String,
        /// How he is known.
        proof: Proof,
        /// The address that he declares, perhaps with a port.
        declared: String,
        /// Where the connection came from.
        from: IpAddr,
    },
    /// Instances have said what their loads are.
    Heard(Vec<Heartbeat>),
    /// An instance is launched.
    Launched {
        /// Which.
        instance: Arc<str>,
        /// What the provider calls it.
        id: String,
    },
    /// An instance was not launched.
    CannotLaunch {
        /// Which.
        instance: Arc<str>,
        /// Why.
        error: ProviderError,
    },
    /// An instance has finished what it had to do, or cannot be told to.
    Drained {
        /// Which.
        instance: Arc<str>,
    },
    /// An instance is no more, whoever has ended it.
    Terminated {
        /// Which.
        instance: Arc<str>,
        /// How, where it ended by itself.
        why: Option<String>,
    },
    /// An instance was not terminated.
    CannotTerminate {
        /// Which.
        instance: Arc<str>,
        /// Why.
        error: ProviderError,
    },
    /// What there is. What was launched or terminated a moment ago may not show yet.
    Listed(Vec<Listed>),
    /// A process of this machine that runs bears the mark of this fleet: no news of a fleet that is known.
    Runs,
    /// It cannot be said what there is.
    CannotList(ProviderError),
    /// Agents are listened for; told for each [`FleetCommand::Serve`], and once it is possible where it was not.
    Serves {
        /// Where, with the port that the system has chosen where the configuration has port 0.
        at: SocketAddr,
    },
    /// Nobody can be listened to, now. It is tried again and again.
    CannotServe {
        /// Why.
        error: String,
    },
    /// Somebody was refused who is none of the fleet's, or does not speak as he should.
    Refused {
        /// Where he came from.
        from: IpAddr,
        /// Why.
        why: Refusal,
    },
}

/// How somebody is known who announces himself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Not at all: he speaks the source document's protocol.
    None,
    /// By a token that was made for the instance's launch, and that nobody has used before.
    Token,
    /// By a certificate that he got for such a token.
    Certificate,
}

/// Why somebody was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// His token was made for another fleet, or by another Estatus.
    Foreign,
    /// His token or certificate has run out.
    Expired,
    /// He has no token, or none that is one.
    NoToken,
    /// He speaks the source document's protocol from another machine, which is not allowed.
    Insecure,
}

/// An instance has said what its load is.
#[derive(Clone, Debug, PartialEq)]
pub struct Heartbeat {
    /// Which.
    pub instance: Arc<str>,
    /// Its load, from 0 to 1; nothing where it said what is none.
    pub load: Option<f32>,
    /// How long ago.
    pub ago: Duration,
}

/// An instance as the provider sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// What the provider calls it.
    pub id: String,
    /// Its name, by its tag; nothing where it is not one that Estatus has launched.
    pub name: Option<Arc<str>>,
    /// It is there, or will be; otherwise it is being terminated, or has been.
    pub lives: bool,
    /// It was launched from another template than instances are launched from now.
    pub outdated: bool,
}

/// Why a provider did not do what it was to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderError {
    /// What kind of reason it is.
    pub kind: ProviderErrorKind,
    /// What the provider said, or what happened instead; in one line, without secrets.
    pub error: String,
    /// It is not known whether it was done all the same.
    pub perhaps_done: bool,
}

/// What kind of reason a provider has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ProviderErrorKind {
    /// The credentials are refused, or there are none.
    Credentials,
    /// What is named in the configuration does not exist, or is no such thing.
    Configuration,
    /// It has no room now.
    Capacity,
    /// It was asked too often.
    Throttled,
    /// It cannot be reached, or says nothing that can be understood.
    Unreachable,
    /// Something else.
    Other,
}
