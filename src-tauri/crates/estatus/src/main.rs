//! `estatus`, the console program.
//!
//! It runs an engine in this terminal, or talks to the one that runs on the data folder. Exit codes: 0 all is well, 1
//! something is down or failed, 2 wrong usage or configuration.

#[macro_use]
mod output;

mod adopting;
mod agent;
mod arguments;
mod asking;
mod configuration;
mod email;
mod fleets;
mod flows;
mod importing;
mod listening;
mod logs;
mod probing;
mod relaunching;
mod running;
#[cfg(windows)]
mod search_path;
mod secrets;
mod service;
mod show;
mod steering;

use std::{env, fmt, process::ExitCode};

use arguments::{Arguments, Command, ConfigCommand, EmailCommand, Steered};
use clap::Parser;
use estatus_api::{ReportFormat, UsedBy};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// All is well.
    Well,
    /// Something is down or failed.
    NotWell,
}

/// Why a command could not do its work.
#[derive(Debug)]
enum CommandError {
    /// The usage or the configuration is wrong.
    Wrong(String),
    /// It failed.
    Failed(String),
}

impl CommandError {
    fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }

    fn wrong(error: impl std::fmt::Display) -> Self {
        Self::Wrong(error.to_string())
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Wrong(why) | Self::Failed(why)) = self;
        f.write_str(why)
    }
}

type Result = std::result::Result<Outcome, CommandError>;

/// The subcommand by which the engine makes this program supervise one of the user's; no user has a use for it.
const SHIM: &str = "shim";

fn main() -> ExitCode {
    // A shim lives as long as its program: it has no thread, no runtime and nothing of what follows.
    if env::args_os().nth(1).is_some_and(|first| first == SHIM) {
        return estatus_program::shim_main(env::args_os().skip(2));
    }
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report(Err(CommandError::failed(format!("cannot start threads: {error}")))),
    };
    let result = runtime.block_on(carry_out(arguments));
    // A name look-up that hangs must not keep the program.
    runtime.shutdown_background();
    report(result.and_then(printed))
}

async fn carry_out(arguments: Arguments) -> Result {
    // It has neither a configuration nor data, and perhaps no home.
    if let Command::Agent(agent) = arguments.command {
        return agent::run(agent).await;
    }
    let places = configuration::Places::find(&arguments)?;
    match arguments.command {
        Command::Run { all_users } => running::run(&places, all_users).await,
        Command::Status { json } => asking::status(&places, json).await,
        Command::History { monitor, since, points, json } => {
            asking::history(&places, monitor, since, points, json).await
        }
        Command::Usage { name, monitor, since, points, json } => {
            let by = if monitor { UsedBy::Monitor(name) } else { UsedBy::Program(name) };
            asking::usage(&places, by, since, points, json).await
        }
        Command::Incidents { monitor, since, limit, json } => {
            asking::incidents(&places, monitor, since, limit, json).await
        }
        Command::Report { month, tags, format, out, json } => {
            let format = if json { ReportFormat::Json } else { format };
            asking::report(&places, month, tags, format, out.as_deref()).await
        }
        Command::Start(Steered { program, no_wait }) => steering::start(&places, program, !no_wait).await,
        Command::Stop(Steered { program, no_wait }) => steering::stop(&places, program, !no_wait).await,
        Command::StopLeft => steering::stop_left(&places.data).await,
        Command::Restart(Steered { program, no_wait }) => steering::restart(&places, program, !no_wait).await,
        Command::Flow { command } => flows::carry_out(&places, command).await,
        Command::Fleet { command } => fleets::carry_out(&places, command).await,
        Command::Agent(agent) => agent::run(agent).await,
        Command::Logs { program, sought, shown } => logs::logs(&places, &program, &sought, shown).await,
        Command::Adopt { program, process, yes } => adopting::adopt(&places, program, process, yes).await,
        Command::Check { monitor } => asking::check_now(&places, monitor).await,
        Command::Pause { monitor, span } => asking::pause(&places, monitor, span).await,
        Command::Resume { monitor } => asking::resume(&places, monitor).await,
        Command::Ack { monitor } => asking::acknowledge(&places, monitor).await,
        Command::Snooze { span, monitor } => asking::snooze(&places, span, monitor).await,
        Command::Probe { target, json } => probing::probe(&places, &target, json).await,
        Command::Relaunch { service } => relaunching::relaunch(places, service).await,
        Command::Config { command: ConfigCommand::Check } => configuration::check(&places),
        Command::Config { command: ConfigCommand::Apply } => asking::apply(&places).await,
        Command::Config { command: ConfigCommand::Schema } => configuration::schema(),
        Command::Config { command: ConfigCommand::Example } => configuration::example(),
        Command::Config { command: ConfigCommand::Import { file, yes, json } } => {
            importing::import(&places, &file, yes, json)
        }
        Command::Secret { command } => secrets::carry_out(&places, command).await,
        Command::Email { command: EmailCommand::Test { channel } } => email::test(&places, channel.as_deref()).await,
        #[cfg(windows)]
        Command::Path { command } => search_path::carry_out(command),
        Command::Service { command } => service::carry_out(&places, command).await,
        Command::Doctor { account, env, language, json } => {
            service::doctor(&places, &account, &env, language, json).await
        }
    }
}

/// What has not been printed has not been said.
fn printed(outcome: Outcome) -> Result {
    match output::failed() {
        Some(error) => Err(CommandError::Failed(format!("the output cannot be written: {error}"))),
        None => Ok(outcome),
    }
}

fn report(result: Result) -> ExitCode {
    match result {
        Ok(Outcome::Well) => ExitCode::SUCCESS,
        Ok(Outcome::NotWell) => ExitCode::from(1),
        Err(CommandError::Failed(message)) => {
            complain!("estatus: {message}");
            ExitCode::from(1)
        }
        Err(CommandError::Wrong(message)) => {
            complain!("estatus: {message}");
            ExitCode::from(2)
        }
    }
}
