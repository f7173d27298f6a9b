//! What an agent tells whoever has started it.

use std::time::Duration;

use estatus_core::words::Reason;

/// Something that happened to an agent. What goes on as it was is not told again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentNews {
    /// Its load is set by hand on this page.
    Page(String),
    /// Others may ask it there.
    Listens(String),
    /// It has got a certificate for its token.
    Enrolled {
        /// Its fleet.
        fleet: String,
        /// What it is called there.
        instance: String,
    },
    /// The engine knows it, and hears of it.
    Attends {
        /// What it is called.
        instance: String,
        /// Where the engine is.
        server: String,
        /// How often it says what its load is.
        heartbeat: Duration,
    },
    /// The monitor has accepted it, and asks for its load.
    Accepted {
        /// What it is called.
        instance: String,
        /// Where the monitor is.
        server: String,
    },
    /// The engine's certificate for it was renewed.
    Renewed,
    /// The engine cannot be reached; it is tried again and again.
    Lost(String),
    /// The engine does not want it; it is tried again and again.
    Refused(String),
    /// Somebody else answers than the engine that has made the token; it is tried again and again.
    Another,
    /// It cannot say what its load is.
    NoLoad(String),
    /// It can again.
    Load,
    /// It is to finish what it has to do.
    Drains,
    /// It has finished.
    Drained,
}

impl AgentNews {
    /// The same in words.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Page(page) => said!("page", page),
            Self::Listens(at) => said!("listens", at),
            Self::Enrolled { fleet, instance } => said!("enrolled", fleet, instance),
            Self::Attends { instance, server, heartbeat } => {
                said!("attends", instance, server, heartbeat = seconds(*heartbeat))
            }
            Self::Accepted { instance, server } => said!("accepted", instance, server),
            Self::Renewed => said!("renewed"),
            Self::Lost(why) => said!("lost", why),
            Self::Refused(why) => said!("refused", why),
            Self::Another => said!("another"),
            Self::NoLoad(why) => said!("no_load", why),
            Self::Load => said!("load"),
            Self::Drains => said!("drains"),
            Self::Drained => said!("drained"),
        }
    }
}

fn seconds(span: Duration) -> String {
    span.as_secs_f64().to_string()
}
