//! Hands the core's commands for programs to the program room, each with the secrets it needs, in the order in which they
//! were given.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use estatus_core::{
    command::CommandLine,
    engine::Input,
    exit::Signal,
    program::{Program, ProgramCommand, ProgramEvent, StartFailure, StopHow},
    secret::{Secret, SecretError, SecretRef},
};
use estatus_program::Trials;
use tokio::sync::mpsc;

use crate::{
    bounded::{GRACE, bounded},
    ports::EnginePorts,
    workers::Supervise,
};

/// A command for the process of a program.
pub(crate) struct ForProgram {
    pub(crate) program: Arc<Program>,
    pub(crate) command: ProgramCommand,
}

impl ForProgram {
    fn is_start(&self) -> bool {
        matches!(self.command, ProgramCommand::Start { .. })
    }

    fn name(&self) -> &Arc<str> {
        &self.program.name
    }

    /// The variables that must be fetched for it.
    fn secret_env(&self) -> &[(String, SecretRef)] {
        let line: Option<&CommandLine> = match self.command {
            // What runs already needs nothing.
            ProgramCommand::Start { adopt: None, .. } => Some(&self.program.command),
            ProgramCommand::Stop { .. } => match &self.program.stop.how {
                StopHow::Command(line) => Some(line),
                StopHow::Signal(_) => None,
            },
            ProgramCommand::Look
            | ProgramCommand::Start { .. }
            | ProgramCommand::Measure { .. }
            | ProgramCommand::Release => None,
        };
        line.map_or(&[], |line| &line.secret_env)
    }
}

/// The secrets that a program's oldest waiting command needs.
pub(crate) struct SecretsResolved {
    program: Arc<str>,
    secrets: Result<Vec<(String, Secret)>, SecretError>,
}

/// What comes next of a program's commands.
enum Next {
    /// This is carried out now; it needs no secrets.
    CarryOut(ForProgram),
    /// These are fetched for the oldest.
    Fetch(Vec<(String, SecretRef)>),
    /// Nothing.
    Nothing,
}

/// The commands that wait, by program: the one whose secrets are being fetched, and those that were given after it. They
/// are few, as the core waits for what becomes of one before it gives the next, save for a stop.
#[derive(Default)]
struct CommandQueues(BTreeMap<Arc<str>, VecDeque<ForProgram>>);

impl CommandQueues {
    fn admit(&mut self, command: ForProgram) -> Next {
        if let Some(queue) = self.0.get_mut(command.name()) {
            queue.push_back(command);
            return Next::Nothing;
        }
        let program = Arc::clone(command.name());
        self.0.insert(Arc::clone(&program), VecDeque::from([command]));
        self.next(&program)
    }

    /// The command whose secrets have been fetched.
    fn take(&mut self, program: &str) -> Option<ForProgram> {
        self.0.get_mut(program)?.pop_front()
    }

    /// Has `command`, the oldest of its program, wait after all.
    fn hold(&mut self, command: ForProgram) {
        self.0.entry(Arc::clone(command.name())).or_default().push_front(command);
    }

    fn next(&mut self, program: &str) -> Next {
        let Some(queue) = self.0.get_mut(program) else { return Next::Nothing };
        match queue.pop_front() {
            Some(command) if command.secret_env().is_empty() => {
                if queue.is_empty() {
                    self.0.remove(program);
                }
                Next::CarryOut(command)
            }
            Some(command) => {
                let places = command.secret_env().to_vec();
                queue.push_front(command);
                Next::Fetch(places)
            }
            None => {
                self.0.remove(program);
                Next::Nothing
            }
        }
    }
}

/// The supervisor, and the commands for it.
pub(crate) struct ProgramCommands {
    supervisor: Box<dyn Supervise>,
    /// Nothing is started that is being tried.
    trials: Trials,
    ports: EnginePorts,
    queues: CommandQueues,
    fetched: mpsc::Sender<SecretsResolved>,
}

impl ProgramCommands {
    /// Commands for `supervisor`; what is fetched for them goes to `fetched`, and from there to [`ProgramCommands::fetched`].
    pub(crate) fn new(
        supervisor: Box<dyn Supervise>,
        trials: Trials,
        ports: EnginePorts,
        fetched: mpsc::Sender<SecretsResolved>,
    ) -> Self {
        Self { supervisor, trials, ports, queues: CommandQueues::default(), fetched }
    }

    /// Carries out `command`, at once if it needs no secrets, none waits before it and it starts nothing that is being tried.
    pub(crate) fn give(&mut self, command: ForProgram) {
        let program = Arc::clone(command.name());
        let next = self.queues.admit(command);
        self.go_on(program, next);
    }

    /// Carries out the command that has waited for this, and those after it that need no secrets. What is to be said to
    /// the core comes back.
    pub(crate) fn fetched(&mut self, SecretsResolved { program, secrets }: SecretsResolved) -> Option<Input> {
        let command = self.queues.take(&program)?;
        let refused = match secrets {
            Ok(secrets) => {
                self.carry_out(command, secrets);
                None
            }
            Err(error) => self.without_secrets(command, &error),
        };
        let next = self.queues.next(&program);
        self.go_on(program, next);
        refused
    }

    /// Carries out what comes next of the commands for `program`, up to one that has to wait.
    fn go_on(&mut self, program: Arc<str>, mut next: Next) {
        loop {
            match next {
                Next::CarryOut(command) if command.is_start() && self.trials.has(&program) => {
                    self.queues.hold(command);
                    return self.fetch(program, Vec::new());
                }
                Next::CarryOut(command) => self.carry_out(command, Vec::new()),
                Next::Fetch(places) => return self.fetch(program, places),
                Next::Nothing => return,
            }
            next = self.queues.next(&program);
        }
    }

    /// A program is not started without its secrets; it is stopped all the same.
    fn without_secrets(&mut self, waited: ForProgram, error: &SecretError) -> Option<Input> {
        let ForProgram { program, command } = waited;
        match command {
            ProgramCommand::Start { start, .. } => {
                let failure = StartFailure::Secret { error: error.to_string() };
                let event = ProgramEvent::CannotStart { start, failure };
                return Some(Input::Program { program: Arc::clone(&program.name), event });
            }
            ProgramCommand::Stop { .. } => {
                tracing::warn!(program = %program.name, %error, "it is stopped by a signal, as its stop command lacks a secret");
                let mut by_signal = Program::clone(&program);
                by_signal.stop.how = StopHow::Signal(Signal::Term);
                self.carry_out(ForProgram { program: Arc::new(by_signal), command }, Vec::new());
            }
            ProgramCommand::Look | ProgramCommand::Measure { .. } | ProgramCommand::Release => {}
        }
        None
    }

    fn carry_out(&mut self, ForProgram { program, command }: ForProgram, secrets: Vec<(String, Secret)>) {
        let hidden = self.ports.hidden();
        self.supervisor.carry_out(&program, command, &secrets, &hidden);
    }

    /// Fetches what the oldest command for `program` needs; if that is being tried, the trial is ended first, however long
    /// that takes: there is never another copy.
    fn fetch(&self, program: Arc<str>, places: Vec<(String, SecretRef)>) {
        let (ports, fetched, tried) = (self.ports.clone(), self.fetched.clone(), self.trials.end(&program));
        tokio::spawn(async move {
            tried.await;
            let never = || Err(ports.no_secrets_in_time());
            let secrets = bounded(GRACE, ports.secrets(&places)).await.unwrap_or_else(never);
            // The loop is gone only when the engine stops.
            let _ = fetched.send(SecretsResolved { program, secrets }).await;
        });
    }
}

#[cfg(test)]
mod tests {
    use estatus_core::{
        command::Run,
        ids::StartId,
        program::{ProcessId, StartEnvironment},
    };

    use super::*;

    fn program(secrets: &[&str]) -> Arc<Program> {
        let run = Run::Shell("web".to_owned());
        let secret_env = secrets.iter().map(|name| ((*name).to_owned(), SecretRef::Env((*name).to_owned()))).collect();
        Arc::new(Program::new("web", CommandLine { run, directory: None, env: Vec::new(), secret_env }))
    }

    fn command(program: &Arc<Program>, command: ProgramCommand) -> ForProgram {
        ForProgram { program: Arc::clone(program), command }
    }

    fn start(program: &Arc<Program>, start: u64) -> ForProgram {
        let environment = StartEnvironment::default();
        command(program, ProgramCommand::Start { start: StartId(start), environment, adopt: None })
    }

    fn stop(program: &Arc<Program>, start: u64) -> ForProgram {
        command(program, ProgramCommand::Stop { start: StartId(start) })
    }

    fn word(next: &Next) -> String {
        let word = |command: &ProgramCommand| match command {
            ProgramCommand::Look => "look".to_owned(),
            ProgramCommand::Start { start, .. } => format!("start {start}"),
            ProgramCommand::Stop { start, .. } => format!("stop {start}"),
            ProgramCommand::Measure { start, .. } => format!("measure {start}"),
            ProgramCommand::Release => "release".to_owned(),
        };
        match next {
            Next::CarryOut(next) => word(&next.command),
            Next::Fetch(places) => format!("fetch {}", places.len()),
            Next::Nothing => "nothing".to_owned(),
        }
    }

    #[test]
    fn what_needs_no_secrets_is_carried_out_at_once() {
        let mut queues = CommandQueues::default();
        let web = program(&[]);
        assert_eq!(word(&queues.admit(command(&web, ProgramCommand::Look))), "look");
        assert_eq!(word(&queues.admit(start(&web, 1))), "start 1");
        assert_eq!(word(&queues.admit(stop(&web, 1))), "stop 1");
        assert!(queues.0.is_empty());
    }

    #[test]
    fn a_stop_never_overtakes_the_start_before_it() {
        let mut queues = CommandQueues::default();
        let web = program(&["TOKEN"]);
        assert_eq!(word(&queues.admit(start(&web, 1))), "fetch 1");
        assert_eq!(word(&queues.admit(stop(&web, 1))), "nothing");
        assert_eq!(word(&queues.admit(start(&web, 2))), "nothing");
        assert_eq!(queues.take("web").map(|command| word(&Next::CarryOut(command))).as_deref(), Some("start 1"));
        assert_eq!(word(&queues.next("web")), "stop 1");
        assert_eq!(word(&queues.next("web")), "fetch 1");
        assert_eq!(queues.take("web").map(|command| word(&Next::CarryOut(command))).as_deref(), Some("start 2"));
        assert_eq!(word(&queues.next("web")), "nothing");
        assert!(queues.0.is_empty());
    }

    #[test]
    fn what_runs_already_is_adopted_without_secrets() {
        let web = program(&["TOKEN"]);
        let process = ProcessId { pid: 1, started: 1 };
        let environment = StartEnvironment::default();
        let adopt = command(&web, ProgramCommand::Start { start: StartId(1), environment, adopt: Some(process) });
        assert_eq!(word(&CommandQueues::default().admit(adopt)), "start 1");
    }
}
