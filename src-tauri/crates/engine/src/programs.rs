//! Hands the core's orders for programs to the program room, each with the secrets it needs, in the order in which they
//! were given.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use estatus_core::{
    command::CommandLine,
    engine::Input,
    exit::Signal,
    ids::StartId,
    program::{Handed, ProcessId, Program, ProgramEvent, StartFailure, StopHow},
    secret::{Secret, SecretError, SecretRef},
};
use estatus_program::Supervisor;
use tokio::sync::mpsc;

use crate::{
    bounded::{GRACE, bounded},
    house::House,
};

/// Something to be done with a program.
pub(crate) enum Order {
    Look(Arc<Program>),
    Start { program: Arc<Program>, start: StartId, handed: Handed, adopt: Option<ProcessId> },
    Stop { program: Arc<Program>, start: StartId },
    Measure { program: Arc<str>, start: StartId, ports: bool },
    Release(Arc<str>),
}

impl Order {
    fn program(&self) -> &Arc<str> {
        match self {
            Self::Look(program) | Self::Start { program, .. } | Self::Stop { program, .. } => &program.name,
            Self::Measure { program, .. } | Self::Release(program) => program,
        }
    }

    /// The variables that must be fetched for it.
    fn secret_env(&self) -> &[(String, SecretRef)] {
        let command: Option<&CommandLine> = match self {
            // What runs already needs nothing.
            Self::Start { program, adopt: None, .. } => Some(&program.command),
            Self::Stop { program, .. } => match &program.stop.how {
                StopHow::Command(command) => Some(command),
                StopHow::Signal(_) => None,
            },
            Self::Look(_) | Self::Start { .. } | Self::Measure { .. } | Self::Release(_) => None,
        };
        command.map_or(&[], |command| &command.secret_env)
    }
}

/// The secrets that a program's oldest waiting order needs.
pub(crate) struct SecretsResolved {
    program: Arc<str>,
    secrets: Result<Vec<(String, Secret)>, SecretError>,
}

/// What comes next of a program's orders.
enum Next {
    /// This is carried out now; it needs no secrets.
    CarryOut(Order),
    /// These are fetched for the oldest.
    Fetch(Vec<(String, SecretRef)>),
    /// Nothing.
    Nothing,
}

/// The orders that wait, by program: the one whose secrets are being fetched, and those that were given after it. They
/// are few, as the core waits for what becomes of one before it gives the next, save for a stop.
#[derive(Default)]
struct Lanes(BTreeMap<Arc<str>, VecDeque<Order>>);

impl Lanes {
    fn admit(&mut self, order: Order) -> Next {
        if let Some(lane) = self.0.get_mut(order.program()) {
            lane.push_back(order);
            return Next::Nothing;
        }
        let program = Arc::clone(order.program());
        self.0.insert(Arc::clone(&program), VecDeque::from([order]));
        self.next(&program)
    }

    /// The order whose secrets have been fetched.
    fn take(&mut self, program: &str) -> Option<Order> {
        self.0.get_mut(program)?.pop_front()
    }

    fn next(&mut self, program: &str) -> Next {
        let Some(lane) = self.0.get_mut(program) else { return Next::Nothing };
        match lane.pop_front() {
            Some(order) if order.secret_env().is_empty() => {
                if lane.is_empty() {
                    self.0.remove(program);
                }
                Next::CarryOut(order)
            }
            Some(order) => {
                let places = order.secret_env().to_vec();
                lane.push_front(order);
                Next::Fetch(places)
            }
            None => {
                self.0.remove(program);
                Next::Nothing
            }
        }
    }
}

/// The supervisor, and the orders for it.
pub(crate) struct Orders {
    supervisor: Supervisor,
    house: House,
    lanes: Lanes,
    fetched: mpsc::Sender<SecretsResolved>,
}

impl Orders {
    /// Orders for `supervisor`; what is fetched for them goes to `fetched`, and from there to [`Orders::fetched`].
    pub(crate) fn new(supervisor: Supervisor, house: House, fetched: mpsc::Sender<SecretsResolved>) -> Self {
        Self { supervisor, house, lanes: Lanes::default(), fetched }
    }

    /// Carries out `order`, at once if it needs no secrets and none waits before it.
    pub(crate) fn give(&mut self, order: Order) {
        let program = Arc::clone(order.program());
        match self.lanes.admit(order) {
            Next::CarryOut(order) => self.carry_out(order, Vec::new()),
            Next::Fetch(places) => self.fetch(program, places),
            Next::Nothing => {}
        }
    }

    /// Carries out the order that has waited for this, and those after it that need no secrets. What is to be said to
    /// the core comes back.
    pub(crate) fn fetched(&mut self, SecretsResolved { program, secrets }: SecretsResolved) -> Option<Input> {
        let order = self.lanes.take(&program)?;
        let refused = match secrets {
            Ok(secrets) => {
                self.carry_out(order, secrets);
                None
            }
            Err(error) => self.without_secrets(order, &error),
        };
        loop {
            match self.lanes.next(&program) {
                Next::CarryOut(order) => self.carry_out(order, Vec::new()),
                Next::Fetch(places) => {
                    self.fetch(program, places);
                    return refused;
                }
                Next::Nothing => return refused,
            }
        }
    }

    /// A program is not started without its secrets; it is stopped all the same.
    fn without_secrets(&mut self, order: Order, error: &SecretError) -> Option<Input> {
        match order {
            Order::Start { program, start, .. } => {
                let failure = StartFailure::Secret { error: error.to_string() };
                let event = ProgramEvent::CannotStart { start, failure };
                return Some(Input::Program { program: Arc::clone(&program.name), event });
            }
            Order::Stop { program, start } => {
                tracing::warn!(program = %program.name, %error, "it is stopped by a signal, as its stop command lacks a secret");
                let mut by_signal = Program::clone(&program);
                by_signal.stop.how = StopHow::Signal(Signal::Term);
                self.carry_out(Order::Stop { program: Arc::new(by_signal), start }, Vec::new());
            }
            Order::Look(_) | Order::Measure { .. } | Order::Release(_) => {}
        }
        None
    }

    fn carry_out(&mut self, order: Order, secrets: Vec<(String, Secret)>) {
        let (supervisor, hidden) = (&mut self.supervisor, self.house.hidden());
        match order {
            Order::Look(program) => supervisor.look(&program),
            Order::Start { program, start, handed, adopt } => {
                supervisor.start(&program, start, handed, adopt, secrets, &hidden);
            }
            Order::Stop { program, start } => supervisor.stop(&program, start, secrets, &hidden),
            Order::Measure { program, start, ports } => supervisor.measure(&program, start, ports),
            Order::Release(program) => supervisor.release(&program),
        }
    }

    fn fetch(&self, program: Arc<str>, places: Vec<(String, SecretRef)>) {
        let (house, fetched) = (self.house.clone(), self.fetched.clone());
        tokio::spawn(async move {
            let never = || Err(house.no_secrets_in_time());
            let secrets = bounded(GRACE, house.secrets(&places)).await.unwrap_or_else(never);
            // The loop is gone only when the engine stops.
            let _ = fetched.send(SecretsResolved { program, secrets }).await;
        });
    }
}

#[cfg(test)]
mod tests {
    use estatus_core::command::Run;

    use super::*;

    fn program(secrets: &[&str]) -> Arc<Program> {
        let run = Run::Shell("web".to_owned());
        let secret_env = secrets.iter().map(|name| ((*name).to_owned(), SecretRef::Env((*name).to_owned()))).collect();
        Arc::new(Program::new("web", CommandLine { run, directory: None, env: Vec::new(), secret_env }))
    }

    fn start(program: &Arc<Program>, start: u64) -> Order {
        Order::Start { program: Arc::clone(program), start: StartId(start), handed: Handed::default(), adopt: None }
    }

    fn stop(program: &Arc<Program>, start: u64) -> Order {
        Order::Stop { program: Arc::clone(program), start: StartId(start) }
    }

    fn word(next: &Next) -> String {
        let order = |order: &Order| match order {
            Order::Look(_) => "look".to_owned(),
            Order::Start { start, .. } => format!("start {start}"),
            Order::Stop { start, .. } => format!("stop {start}"),
            Order::Measure { start, .. } => format!("measure {start}"),
            Order::Release(_) => "release".to_owned(),
        };
        match next {
            Next::CarryOut(next) => order(next),
            Next::Fetch(places) => format!("fetch {}", places.len()),
            Next::Nothing => "nothing".to_owned(),
        }
    }

    #[test]
    fn what_needs_no_secrets_is_carried_out_at_once() {
        let mut lanes = Lanes::default();
        let web = program(&[]);
        assert_eq!(word(&lanes.admit(Order::Look(Arc::clone(&web)))), "look");
        assert_eq!(word(&lanes.admit(start(&web, 1))), "start 1");
        assert_eq!(word(&lanes.admit(stop(&web, 1))), "stop 1");
        assert!(lanes.0.is_empty());
    }

    #[test]
    fn a_stop_never_overtakes_the_start_before_it() {
        let mut lanes = Lanes::default();
        let web = program(&["TOKEN"]);
        assert_eq!(word(&lanes.admit(start(&web, 1))), "fetch 1");
        assert_eq!(word(&lanes.admit(stop(&web, 1))), "nothing");
        assert_eq!(word(&lanes.admit(start(&web, 2))), "nothing");
        assert_eq!(lanes.take("web").map(|order| word(&Next::CarryOut(order))).as_deref(), Some("start 1"));
        assert_eq!(word(&lanes.next("web")), "stop 1");
        assert_eq!(word(&lanes.next("web")), "fetch 1");
        assert_eq!(lanes.take("web").map(|order| word(&Next::CarryOut(order))).as_deref(), Some("start 2"));
        assert_eq!(word(&lanes.next("web")), "nothing");
        assert!(lanes.0.is_empty());
    }

    #[test]
    fn what_runs_already_is_adopted_without_secrets() {
        let web = program(&["TOKEN"]);
        let process = ProcessId { pid: 1, started: 1 };
        let adopt = Order::Start { program: web, start: StartId(1), handed: Handed::default(), adopt: Some(process) };
        assert_eq!(word(&Lanes::default().admit(adopt)), "start 1");
    }
}
