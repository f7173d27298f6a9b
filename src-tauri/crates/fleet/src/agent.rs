//! The program that runs on each instance: it dials the engine, says what the load is, and goes on doing so whatever happens.

mod attending;
mod backoff;
mod dial;
mod document;
mod enrolled;
mod load;
mod manual;
mod news;
mod pinned;
mod server;
#[cfg(test)]
mod tests;

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

pub use load::parse_load;
pub use news::AgentNews;

use attending::Attending;
use document::Announcing;
use enrolled::Enrolled;
use load::Load;
use server::Server;

/// How an agent runs.
#[derive(Clone, Debug)]
pub struct AgentOptions {
    /// Where the engine is: host and port.
    pub server: String,
    /// How it is spoken with.
    pub protocol: Protocol,
    /// What says what the load is.
    pub load: LoadSource,
    /// Where others may ask the agent itself: for its health, and for its load if it speaks the document's protocol. Where
    /// nothing is said that protocol has the usual port of the address by which the engine is reached, and ours has none.
    pub listen: Option<SocketAddr>,
    /// When it is to finish what it has to do, it says that it has once it has nothing to do, but after so long at the latest.
    pub drain_within: Duration,
}

/// How an agent speaks with its engine.
#[derive(Clone, Debug)]
pub enum Protocol {
    /// As our agents do.
    Own {
        /// The token of the instance's launch. It is read as long as there is no certificate for it, and never deleted.
        token_file: PathBuf,
        /// Where the certificate is kept that is got for the token; beside the token, if nothing is said.
        state: Option<PathBuf>,
    },
    /// As the source document has it: in plain text, and the engine asks.
    Document {
        /// What the instance is called.
        name: String,
        /// The address to declare, perhaps with a port; if nothing is said, the one by which the engine is reached.
        address: Option<String>,
    },
}

/// What says what the load is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadSource {
    /// The mean use of this machine's CPU since the last time.
    Cpu,
    /// What stands in a file: a number from 0 to 1, or one in percent, with the sign.
    File(PathBuf),
    /// A person, with a slider on a page that this machine alone reaches.
    Manual {
        /// The page's port; a free one, if nothing is said.
        page: Option<u16>,
    },
}

/// Why an agent cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// There is no token that could be used, and no certificate.
    #[error("{path}: {why}", path = .0.display(), why = .1)]
    Token(PathBuf, String),
    /// What it keeps cannot be kept.
    #[error("{path}: {why}", path = .0.display(), why = .1)]
    State(PathBuf, io::Error),
    /// It cannot listen where it should.
    #[error("{0}: {1}")]
    Listen(SocketAddr, io::Error),
}

/// What an agent tells whoever has started it.
pub(crate) type Teller = Arc<dyn Fn(AgentNews) + Send + Sync>;

/// Runs an agent for as long as this is polled, and tells `tell` what happens. It gives up nothing that it has begun; what it
/// returns is why it could not begin.
pub async fn agent(options: AgentOptions, tell: impl Fn(AgentNews) + Send + Sync + 'static) -> AgentError {
    match run(options, Arc::new(tell)).await {
        Ok(never) => match never {},
        Err(error) => error,
    }
}

/// What has no value: it goes on for ever.
enum Never {}

async fn run(options: AgentOptions, tell: Teller) -> Result<Never, AgentError> {
    let AgentOptions { server, protocol, load, listen, drain_within } = options;
    match protocol {
        Protocol::Own { token_file, state } => {
            let enrolled = Enrolled::open(token_file, state)?;
            let load = Load::begin(load, enrolled.instance(), &server, &tell).await?;
            let health = match listen {
                Some(listen) => Some(Server::bind(listen, None, &tell).await?),
                None => None,
            };
            Ok(Attending { server, enrolled, load, drain_within, tell, _health: health }.run().await)
        }
        Protocol::Document { name, address } => {
            let listen = match listen {
                Some(listen) => listen,
                None => document::usual_address(&server).await,
            };
            let load = Load::begin(load, &name, &server, &tell).await?;
            let served = Server::bind(listen, Some(Arc::clone(&load)), &tell).await?;
            Ok(Announcing { server, name, address, load, served, tell }.run().await)
        }
    }
}
