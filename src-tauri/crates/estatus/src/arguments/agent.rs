//! The command line of an agent.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use estatus_core::config::Language;
use estatus_fleet::LoadSource;

use super::{language, span};

/// How an agent is to run.
#[derive(Debug, Args)]
pub(crate) struct AgentArguments {
    /// Where Estatus listens for agents.
    #[arg(long, env = "ESTATUS_SERVER", value_name = "HOST:PORT", value_parser = host_and_port)]
    pub(crate) server: String,
    /// The file with the token that Estatus made for this instance. It is used once, and the certificate that Estatus gives
    /// for it is kept.
    #[arg(
        long,
        env = "ESTATUS_TOKEN_FILE",
        value_name = "FILE",
        required_unless_present = "protocol",
        conflicts_with = "protocol"
    )]
    pub(crate) token_file: Option<PathBuf>,
    /// The folder in which the certificate is kept, which should outlast a reboot; default: beside the token, with “.agent”
    /// after its name.
    #[arg(long, value_name = "DIR", requires = "token_file")]
    pub(crate) state: Option<PathBuf>,
    /// What the load is taken from: “cpu”, the use of this machine's CPU; “manual”, a page with a slider; or a file with a
    /// number from 0 to 1, or a percentage.
    #[arg(long, value_name = "cpu|FILE|manual", default_value = "cpu", value_parser = load)]
    pub(crate) load: LoadArgument,
    /// The port of the page with the slider, which only this machine can open; default: a free one.
    #[arg(long, value_name = "PORT")]
    pub(crate) page: Option<u16>,
    /// Where others may ask the agent for its health, and for its load if it speaks the document's protocol.
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// When this instance is to be removed, how long the agent waits at most until the load is nearly nothing.
    #[arg(long, value_name = "SPAN", default_value = "30s", value_parser = span)]
    pub(crate) drain_within: Duration,
    /// Speak another protocol: “document” is the one of two gRPC services in plain text, for monitors that are not Estatus.
    #[arg(long, requires = "name")]
    pub(crate) protocol: Option<ForeignProtocol>,
    /// The name of this instance in that protocol; otherwise the token says it.
    #[arg(long, requires = "protocol", conflicts_with = "token_file")]
    pub(crate) name: Option<String>,
    /// The address to declare in that protocol, perhaps with a port; default: where it listens.
    #[arg(long, value_name = "ADDRESS", requires = "protocol", conflicts_with = "token_file")]
    pub(crate) address: Option<String>,
    /// The language in which the agent tells what happens.
    #[arg(long, default_value = Language::default().code(), value_parser = language())]
    pub(crate) language: Language,
}

/// Another protocol than ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ForeignProtocol {
    /// That of the source document.
    Document,
}

/// What the load is taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LoadArgument {
    Cpu,
    File(PathBuf),
    Manual,
}

impl LoadArgument {
    /// The source, with a page at `page`; nothing if there is a port for a page and no page.
    pub(crate) fn source(self, page: Option<u16>) -> Option<LoadSource> {
        match (self, page) {
            (Self::Manual, page) => Some(LoadSource::Manual { page }),
            (_, Some(_)) => None,
            (Self::Cpu, None) => Some(LoadSource::Cpu),
            (Self::File(path), None) => Some(LoadSource::File(path)),
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "as the reader of arguments wants it")]
fn load(text: &str) -> Result<LoadArgument, String> {
    Ok(match text {
        "cpu" => LoadArgument::Cpu,
        "manual" => LoadArgument::Manual,
        file => LoadArgument::File(file.into()),
    })
}

fn host_and_port(text: &str) -> Result<String, String> {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0) => Ok(text.to_owned()),
        _ => Err("a host and a port, like monitor.example:50051".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::arguments::{Arguments, Command};

    fn agent(words: &[&str]) -> Result<AgentArguments, String> {
        let line = ["estatus", "agent", "--server", "host:50051"].iter().chain(words);
        match Arguments::try_parse_from(line) {
            Ok(Arguments { command: Command::Agent(agent), .. }) => Ok(agent),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn an_agent_has_a_token_or_a_name_for_another_protocol() {
        let own = agent(&["--token-file", "t"]).unwrap();
        assert_eq!((own.load, own.drain_within), (LoadArgument::Cpu, Duration::from_secs(30)));
        assert!(agent(&["--token-file", "t", "--state", "d"]).is_ok());
        assert!(agent(&["--protocol", "document", "--name", "web-1", "--address", "192.0.2.1"]).is_ok());
        let refused = |words: &[&str], why: &str| {
            let error = agent(words).unwrap_err();
            assert!(error.contains(why), "{words:?}: {error}");
        };
        refused(&[], "--token-file <FILE>");
        refused(&["--protocol", "document"], "--name <NAME>");
        refused(&["--protocol", "other", "--name", "web-1"], "invalid value 'other'");
        refused(&["--token-file", "t", "--protocol", "document", "--name", "web-1"], "cannot be used with");
        refused(&["--token-file", "t", "--name", "web-1"], "cannot be used with");
    }

    #[test]
    fn a_load_is_of_the_cpu_by_hand_or_in_a_file() {
        let load = |word: &str| agent(&["--token-file", "t", "--load", word]).unwrap().load;
        assert_eq!(load("cpu"), LoadArgument::Cpu);
        assert_eq!(load("manual"), LoadArgument::Manual);
        assert_eq!(load("./cpu"), LoadArgument::File("./cpu".into()));
        assert_eq!(LoadArgument::Manual.source(Some(1)), Some(LoadSource::Manual { page: Some(1) }));
        assert_eq!(LoadArgument::Cpu.source(None), Some(LoadSource::Cpu));
        assert_eq!(LoadArgument::Cpu.source(Some(1)), None);
    }

    #[test]
    fn a_server_is_a_host_and_a_port() {
        for right in ["host:1", "127.0.0.1:50051", "[::1]:50051"] {
            assert_eq!(host_and_port(right).as_deref(), Ok(right));
        }
        for wrong in ["", "host", ":50051", "host:0", "host:http", "host:70000"] {
            assert!(host_and_port(wrong).is_err(), "{wrong}");
        }
    }
}
