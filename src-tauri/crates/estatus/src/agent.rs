//! `estatus agent`: what runs on an instance of a fleet.

use std::io;

use estatus_core::{Timestamp, config::Language};
use estatus_fleet::{AgentError, AgentNews, AgentOptions, Protocol};

use crate::{
    CommandError, Outcome, Result,
    arguments::AgentArguments,
    running::{printer, stopped},
    show,
};

/// Runs an agent until the user or the system wants it to end.
pub(crate) async fn run(arguments: AgentArguments) -> Result {
    let language = arguments.language;
    let options = options(arguments)?;
    let out = printer(io::stdout())?;
    let printing = out.clone();
    let agent = estatus_fleet::agent(options, move |news| printing.line(format_args!("{}", line(&news, language))));
    let result = tokio::select! {
        error = agent => Err(match error {
            AgentError::Token(..) => CommandError::wrong(error),
            AgentError::State(..) | AgentError::Listen(..) => CommandError::failed(error),
        }),
        () = stopped() => Ok(Outcome::Well),
    };
    out.finish();
    result
}

fn options(arguments: AgentArguments) -> std::result::Result<AgentOptions, CommandError> {
    let AgentArguments { server, token_file, state, load, page, listen, drain_within, name, address, .. } = arguments;
    let protocol = match (token_file, name) {
        (Some(token_file), _) => Protocol::Own { token_file, state },
        (None, Some(name)) => Protocol::Document { name, address },
        (None, None) => return Err(CommandError::wrong("an agent needs --token-file")),
    };
    let load = load.source(page).ok_or_else(|| CommandError::wrong("--page is the port of --load manual"))?;
    Ok(AgentOptions { server, protocol, load, listen, drain_within })
}

fn line(news: &AgentNews, language: Language) -> String {
    format!("{}  {}", show::time(Timestamp::now()), show::one_line(&news.reason().in_words(language)))
}
