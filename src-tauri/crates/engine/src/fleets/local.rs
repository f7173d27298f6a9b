//! Instances that are processes of this machine. Each has a supervising process as a program has, so that one name is one
//! process whoever is killed, and its end is told.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use estatus_core::{
    command::{CommandLine, Run},
    config::Language,
    engine::Input,
    exit::Exit,
    fleet::{
        Fleet, Provider,
        command::{FleetEvent, Listed, ProviderError, ProviderErrorKind},
    },
    ids::StartId,
    program::{Ended, EndedBy, Found, Program, ProgramCommand, ProgramEvent, StartEnvironment},
    secret::Secret,
    words::Words,
};
use estatus_fleet::Enrolment;
use estatus_program::{Left, Supervisor, SupervisorEvent, started_in};
use tokio::{sync::mpsc, task::spawn_blocking};

use super::lock;
use crate::{
    Options,
    bounded::{GRACE, bounded},
    ports::EnginePorts,
};

/// So many events of processes wait to be taken.
const EVENTS_LIMIT: usize = 1024;
/// Of what an instance writes so much is kept.
const LOG_KEEP: u64 = 1_000_000;
/// What is left of an instance that has ended is kept for so long, to be looked at.
const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// The processes, and where they are kept.
pub(super) struct LocalInstances {
    /// Where the folders of the processes are.
    folder: PathBuf,
    /// Where each instance has its token, and its agent what it got for it.
    tokens: PathBuf,
    /// What runs an agent.
    agent: PathBuf,
    supervisor: Arc<Mutex<Supervisor>>,
    ports: EnginePorts,
    /// Which start of an instance was the last.
    starts: Arc<Mutex<BTreeMap<Arc<str>, StartId>>>,
    results: mpsc::Sender<Input>,
}

impl LocalInstances {
    pub(super) fn new(
        options: &Options,
        supervisor: &Supervisor,
        ports: EnginePorts,
        results: mpsc::Sender<Input>,
    ) -> Self {
        let (folder, tokens) = (options.data.join("fleet").join("local"), options.data.join("fleet").join("instances"));
        let (sender, events) = mpsc::channel(EVENTS_LIMIT);
        let supervisor = Arc::new(Mutex::new(supervisor.beside(&folder, sender)));
        let starts: Arc<Mutex<BTreeMap<Arc<str>, StartId>>> = Arc::default();
        tokio::spawn(tell(events, Arc::clone(&starts), results.clone()));
        Self { folder, tokens, agent: options.shim.program.clone(), supervisor, ports, starts, results }
    }

    pub(super) fn launch(
        &self,
        fleet: &Arc<Fleet>,
        instance: &Arc<str>,
        attempt: u32,
        enrolment: Enrolment,
        words: &Words,
    ) {
        let start = StartId(u64::from(attempt) + 1);
        lock(&self.starts).insert(Arc::clone(instance), start);
        let (supervisor, ports, agent) = (Arc::clone(&self.supervisor), self.ports.clone(), self.agent.clone());
        let (results, folder) = (self.results.clone(), self.tokens.join(&**instance));
        let (fleet, instance, words) = (Arc::clone(fleet), Arc::clone(instance), words.clone());
        tokio::spawn(async move {
            let cannot = |error: String| {
                let error = ProviderError { kind: ProviderErrorKind::Configuration, error, perhaps_done: false };
                let event = FleetEvent::CannotLaunch { instance: Arc::clone(&instance), error };
                Input::Fleet { fleet: Arc::clone(&fleet.name), event }
            };
            let (token, place) = (enrolment.token.clone(), folder.clone());
            let written = spawn_blocking(move || write_token(&place, &token)).await;
            let token_file = match written.unwrap_or_else(|error| Err(io::Error::other(error))) {
                Ok(file) => file,
                Err(error) => {
                    let error = words.text(
                        "fleet.no_token_file",
                        &[("folder", &folder.display().to_string()), ("error", &error.to_string())],
                    );
                    return drop(results.send(cannot(error)).await);
                }
            };
            let command = command_of(&fleet, &instance, &agent, &token_file, &folder, &enrolment.server);
            let never = || Err(ports.no_secrets_in_time());
            let secrets = bounded(GRACE, ports.secrets(&command.secret_env)).await.unwrap_or_else(never);
            let secrets = match secrets {
                Ok(secrets) => secrets,
                Err(error) => return drop(results.send(cannot(error.to_string())).await),
            };
            let program = Program { log_keep: LOG_KEEP, ..Program::new(&instance, command) };
            let environment = StartEnvironment { restarts: 0, last_exit: None };
            let command = ProgramCommand::Start { start, environment, adopt: None };
            lock(&supervisor).carry_out(&Arc::new(program), command, &secrets, &ports.hidden());
        });
    }

    pub(super) fn terminate(&self, _fleet: &Arc<Fleet>, instance: &Arc<str>) {
        let start = lock(&self.starts).get(instance).copied().unwrap_or(StartId(1));
        self.give(instance, ProgramCommand::Stop { start });
    }

    pub(super) fn forget(&self, instance: &Arc<str>) {
        lock(&self.starts).remove(instance);
        self.give(instance, ProgramCommand::Release);
    }

    /// Tells which run and which have ended, and has further ends told from now on. What ended long ago is cleared away.
    pub(super) fn list(&self, fleet: &Arc<Fleet>) {
        let (supervisor, results) = (Arc::clone(&self.supervisor), self.results.clone());
        let (folder, tokens) = (self.folder.clone(), self.tokens.clone());
        let (fleet, hidden) = (Arc::clone(&fleet.name), self.ports.hidden());
        tokio::spawn(async move {
            let started = spawn_blocking(move || {
                let started = started_in(&folder);
                [folder, tokens].iter().for_each(|folder| clear(folder, &started));
                started
            });
            let ours =
                started.await.unwrap_or_default().into_iter().filter(|(name, _)| fleet_of(name) == Some(&*fleet));
            let ours: Vec<(Arc<str>, Left)> = ours.map(|(name, left)| (name.into(), left)).collect();
            for (name, _) in ours.iter().filter(|(_, left)| *left != Left::Ended) {
                let program = Arc::new(Program::new(name, nothing()));
                lock(&supervisor).carry_out(&program, ProgramCommand::Look, &[], &hidden);
            }
            // Whose end nobody has seen is gone once that is told.
            let listed = |(name, left): (Arc<str>, Left)| Listed {
                id: name.to_string(),
                name: Some(name),
                lives: left != Left::Ended,
                outdated: false,
            };
            let event = FleetEvent::Listed(ours.into_iter().map(listed).collect());
            let _ = results.send(Input::Fleet { fleet, event }).await;
        });
    }

    /// Tells of which fleets an instance runs that an earlier engine has begun: it may be that nobody knows of such a fleet.
    pub(super) fn find(&self) {
        let (folder, results) = (self.folder.clone(), self.results.clone());
        tokio::spawn(async move {
            let started = spawn_blocking(move || started_in(&folder)).await.unwrap_or_default();
            let running = started.iter().filter(|(_, left)| **left == Left::Running);
            let fleets: BTreeSet<&str> = running.filter_map(|(name, _)| fleet_of(name)).collect();
            for fleet in fleets {
                let _ = results.send(Input::Fleet { fleet: fleet.into(), event: FleetEvent::Runs }).await;
            }
        });
    }

    fn give(&self, instance: &Arc<str>, command: ProgramCommand) {
        let program = Arc::new(Program::new(instance, nothing()));
        lock(&self.supervisor).carry_out(&program, command, &[], &self.ports.hidden());
    }
}

/// Tells the core what happens to the processes.
async fn tell(
    mut events: mpsc::Receiver<SupervisorEvent>,
    starts: Arc<Mutex<BTreeMap<Arc<str>, StartId>>>,
    results: mpsc::Sender<Input>,
) {
    while let Some(SupervisorEvent { program: instance, event }) = events.recv().await {
        if let ProgramEvent::Found(Found::Running { start, .. }) = &event {
            lock(&starts).insert(Arc::clone(&instance), *start);
        }
        let Some(fleet) = fleet_of(&instance).map(Arc::from) else { continue };
        let Some(event) = event_of(&instance, event) else { continue };
        if results.send(Input::Fleet { fleet, event }).await.is_err() {
            return;
        }
    }
}

fn event_of(instance: &Arc<str>, event: ProgramEvent) -> Option<FleetEvent> {
    let instance = Arc::clone(instance);
    let words = Words::new(Language::English, jiff::tz::TimeZone::UTC);
    Some(match event {
        ProgramEvent::Started { process, .. } | ProgramEvent::Found(Found::Running { process, .. }) => {
            FleetEvent::Launched { instance, id: process.pid.to_string() }
        }
        ProgramEvent::Exited(ended) | ProgramEvent::Found(Found::Ended(ended)) => {
            FleetEvent::Terminated { instance, why: why(&ended, &words) }
        }
        ProgramEvent::Found(Found::Nothing) => FleetEvent::Terminated { instance, why: None },
        ProgramEvent::CannotStart { failure, .. } => {
            let error = words.start_failure(&failure);
            let error = ProviderError { kind: ProviderErrorKind::Configuration, error, perhaps_done: false };
            FleetEvent::CannotLaunch { instance, error }
        }
        _ => return None,
    })
}

/// How it ended, where nobody wanted it to.
fn why(ended: &Ended, words: &Words) -> Option<String> {
    (ended.by == EndedBy::Itself && ended.exit != Exit::Unseen).then(|| words.ended(ended))
}

/// What runs in an instance: what the user says, or our agent with a load that is set by hand.
fn command_of(
    fleet: &Fleet,
    instance: &str,
    agent: &Path,
    token_file: &Path,
    folder: &Path,
    server: &str,
) -> CommandLine {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    if let Provider::Local { command: Some(command) } = &fleet.provider {
        let mut command = command.clone();
        command.env.extend([
            ("ESTATUS_FLEET".to_owned(), fleet.name.to_string()),
            ("ESTATUS_INSTANCE".to_owned(), instance.to_owned()),
            ("ESTATUS_SERVER".to_owned(), server.to_owned()),
            ("ESTATUS_TOKEN_FILE".to_owned(), text(token_file)),
        ]);
        return command;
    }
    let args = ["agent", "--server", server, "--token-file", &text(token_file), "--load", "manual"];
    let run = Run::Program { program: text(agent), args: args.map(str::to_owned).to_vec() };
    CommandLine { directory: Some(folder.to_owned()), ..CommandLine::new(run) }
}

/// Of what is only stopped or looked for, nothing is run.
fn nothing() -> CommandLine {
    let run = Run::Program { program: String::new(), args: Vec::new() };
    CommandLine::new(run)
}

/// The fleet of an instance: `web` of `web-7`.
fn fleet_of(instance: &str) -> Option<&str> {
    let (fleet, number) = instance.rsplit_once('-')?;
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(fleet)
}

/// The file with the token of an instance, which only the owner may read.
fn write_token(folder: &Path, token: &Secret) -> io::Result<PathBuf> {
    estatus_access::create_private_subfolder(folder)?;
    let file = folder.join("token");
    fs::write(&file, token.reveal())?;
    Ok(file)
}

/// Clears away what ended long ago.
fn clear(folder: &Path, started: &BTreeMap<String, Left>) {
    for folder in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        let age = folder.metadata().and_then(|it| it.modified()).ok().and_then(|at| at.elapsed().ok());
        let is_of = |name: &str| folder.file_name().is_some_and(|file| file.to_string_lossy().starts_with(name));
        let mut running = started.iter().filter(|(_, left)| **left != Left::Ended).map(|(name, _)| name.as_str());
        if age.is_some_and(|age| age > KEPT_FOR) && !running.any(is_of) {
            let _ = fs::remove_dir_all(&folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fleet_of_an_instance_is_in_its_name() {
        let check = |instance: &str, fleet: Option<&str>| assert_eq!(fleet_of(instance), fleet, "{instance}");
        check("web-7", Some("web"));
        check("web-2-1", Some("web-2"));
        check("web", None);
        check("web-", None);
        check("web-x", None);
        check("-7", Some(""));
    }
}
