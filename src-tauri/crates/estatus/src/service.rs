//! `estatus service`: Estatus as a service of the operating system, which runs from boot on, with nobody logged in; and
//! `estatus doctor`, what is different for it then.

/// A text of the doctor's, as [`estatus_core::text!`] says it.
macro_rules! told {
    ($($said:tt)*) => { estatus_core::text!("doctor" $($said)*) };
}

mod access;
mod doctor;
mod facts;
mod handover;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as platform;
#[cfg(windows)]
use windows as platform;

use std::{
    env,
    io::{self, BufRead, IsTerminal, Write},
    path::Path,
};

use estatus_core::config::Language;

use self::handover::Rival;
use crate::{
    CommandError, Outcome, Result,
    arguments::{ServiceAccount, ServiceCommand, ServiceEnv, WaitOnFailure},
    configuration::Places,
};

/// `estatus service …`
pub(crate) async fn carry_out(places: &Places, command: ServiceCommand) -> Result {
    match command {
        ServiceCommand::Install { wait_on_failure: WaitOnFailure { wait_on_failure: true }, .. }
        | ServiceCommand::Uninstall { wait_on_failure: WaitOnFailure { wait_on_failure: true }, .. } => {
            Ok(wait_where_it_failed(dispatch(places, command).await))
        }
        command => dispatch(places, command).await,
    }
}

/// Says on a console that closes by itself why it failed, and waits until that was read.
fn wait_where_it_failed(result: Result) -> Outcome {
    match result {
        Ok(Outcome::Well) => return Outcome::Well,
        Ok(Outcome::NotWell) => {}
        Err(why) => complain!("estatus: {why}"),
    }
    complain!("\nPress Enter to close this window.");
    // Where there is nobody to press it, nobody reads.
    let _ = io::stdin().lock().read_line(&mut String::new());
    Outcome::NotWell
}

async fn dispatch(places: &Places, command: ServiceCommand) -> Result {
    match command {
        ServiceCommand::Install { account, env, no_start, yes, .. } => {
            let wanted = platform::Wanted::find(places, &account, variables(&env)?)?;
            wanted.must_be_allowed()?;
            if let Some(shared) = wanted.shared() {
                return Err(CommandError::Failed(format!("nothing was installed: {}", shared.why())));
            }
            let rivals = Rival::all(&wanted).await;
            let findings = doctor::examine(&wanted, &rivals, Language::English)?;
            doctor::print(&findings, Language::English);
            if findings.iter().any(doctor::Finding::is_problem)
                && !yes
                && !consent("Install the service all the same?")?
            {
                return Err(CommandError::Failed(
                    "nothing was installed: do what is said above, or install it all the same with --yes".into(),
                ));
            }
            platform::install(&wanted, !no_start, &rivals).await
        }
        #[cfg(unix)]
        ServiceCommand::Uninstall { whose, .. } => platform::uninstall(whose),
        #[cfg(windows)]
        ServiceCommand::Uninstall { of_user, purge, .. } => platform::uninstall(&of_user, purge).await,
        #[cfg(windows)]
        ServiceCommand::Upgrade => platform::upgrade().await,
        ServiceCommand::Start { whose } => platform::start(whose),
        ServiceCommand::Stop { whose } => platform::stop(whose),
        ServiceCommand::Status { whose, json } => facts::show(&platform::facts(whose)?, json),
        #[cfg(windows)]
        ServiceCommand::TakeOver { names, yes } => platform::take_over(places, &names, yes),
        #[cfg(windows)]
        ServiceCommand::GiveBack { name } => platform::give_back(places, &name).await,
        ServiceCommand::Run { all_users } => platform::run(places, all_users).await,
    }
}

/// `estatus doctor`
pub(crate) async fn doctor(
    places: &Places,
    account: &ServiceAccount,
    env: &ServiceEnv,
    language: Language,
    json: bool,
) -> Result {
    let wanted = platform::Wanted::find(places, account, variables(env)?)?;
    let findings = doctor::examine(&wanted, &Rival::all(&wanted).await, language)?;
    if json {
        crate::show::json(&doctor::in_words(&findings, language))?;
    } else if findings.is_empty() {
        say!("{}", told!("nothing").in_words(language));
    } else {
        doctor::print(&findings, language);
    }
    Ok(if findings.iter().any(doctor::Finding::is_problem) { Outcome::NotWell } else { Outcome::Well })
}

/// The variables that the service is to have, with their values.
fn variables(env: &ServiceEnv) -> std::result::Result<Vec<(String, String)>, CommandError> {
    let variable = |said: &String| match said.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        None if !said.is_empty() => match env::var(said) {
            Ok(value) => Ok((said.clone(), value)),
            Err(_) => {
                Err(CommandError::Wrong(format!("--env {said}: there is no such variable here; say {said}=VALUE")))
            }
        },
        _ => Err(CommandError::Wrong(format!("--env {said}: say NAME or NAME=VALUE"))),
    };
    env.env.iter().map(variable).collect()
}

/// The variables of a service that has `kept` already, once `said` is too: those by the same name are replaced, and those
/// without a value taken away.
fn merged(kept: Vec<(String, String)>, said: Vec<(String, String)>) -> Vec<(String, String)> {
    let is_said = |name: &str| said.iter().any(|(it, _)| platform::is_same_variable(it, name));
    let mut all: Vec<_> = kept.into_iter().filter(|(name, _)| !is_said(name)).collect();
    all.extend(said.into_iter().filter(|(_, value)| !value.is_empty()));
    all
}

/// The command that installs a service: `words` behind `estatus` and the places that were `given`, and `more` at its end.
fn command_line(given: [(&str, Option<&Path>); 2], words: &str, more: &str) -> String {
    let place = |(option, path): (&str, Option<&Path>)| path.map(|path| format!("{option} \"{}\" ", path.display()));
    let places: String = given.into_iter().filter_map(place).collect();
    format!("estatus {places}service install {words}{more}")
}

/// Asks whoever sits at the terminal; where nobody does, the answer is no.
fn consent(question: &str) -> std::result::Result<bool, CommandError> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(false);
    }
    let mut answer = String::new();
    let asked = write!(io::stderr(), "{question} [y/N] ").and_then(|()| io::stdin().lock().read_line(&mut answer));
    asked.map_err(CommandError::failed)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_is_said_takes_the_place_of_its_own_alone() {
        let all = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let check = |said: &[(&str, &str)], expected: &[(&str, &str)]| {
            assert_eq!(merged(all(&[("PATH", "/bin"), ("PORT", "80")]), all(said)), all(expected));
        };
        check(&[], &[("PATH", "/bin"), ("PORT", "80")]);
        check(&[("PATH", "/opt")], &[("PORT", "80"), ("PATH", "/opt")]);
        check(&[("NEW", "x")], &[("PATH", "/bin"), ("PORT", "80"), ("NEW", "x")]);
        check(&[("PORT", "")], &[("PATH", "/bin")]);
    }

    #[test]
    fn the_command_says_all_that_was_said() {
        let check = |given, words, expected: &str| assert_eq!(command_line(given, words, "--env A"), expected);
        check([("--config", None), ("--data", None)], "", "estatus service install --env A");
        check(
            [("--config", Some(Path::new("/a b.toml"))), ("--data", Some(Path::new("/d")))],
            "--account luz ",
            r#"estatus --config "/a b.toml" --data "/d" service install --account luz --env A"#,
        );
    }
}
