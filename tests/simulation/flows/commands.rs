//! The commands of steps: they go on when Estatus is killed, and whoever asks for one by the name that it was begun under
//! learns how it ended. What supervises it may die, too.

use std::{collections::BTreeMap, time::Duration};

use estatus_core::{
    command::{CommandEnd, CommandOutcome, DurableCommand},
    ids::StartId,
};

use crate::script::Dice;

/// An execution, as it will be if nothing comes between.
#[derive(Clone, Debug)]
pub(super) struct Execution {
    start: StartId,
    /// The life of the engine that was told of it last.
    pub(super) life: u64,
    pub(super) ends: Duration,
    end: CommandEnd,
    /// Nobody who is asked to end it does.
    pub(super) is_stubborn: bool,
}

impl Execution {
    pub(super) fn outcome(&self) -> CommandOutcome {
        let (stdout, stderr) = ("last words".to_owned(), String::new());
        CommandOutcome { end: self.end.clone(), stdout, stderr, took: Duration::ZERO, program: None }
    }
}

/// The newest execution of each owner, and how many times each step of a run was begun.
#[derive(Default)]
pub(super) struct Commands {
    newest: BTreeMap<String, Execution>,
    /// By run and step: how many times its command was begun, and how many times nobody saw its end.
    begun: BTreeMap<(String, String, bool), (u32, u32)>,
}

/// Whether a command takes back what a step did.
pub(super) fn is_undo(command: &DurableCommand) -> bool {
    command.owner.starts_with("undo of ")
}

impl Commands {
    /// Runs a command, or finds it. `now` is when, by a clock that stands still while the machine sleeps.
    pub(super) fn run(&mut self, command: &DurableCommand, life: u64, now: Duration, dice: &mut Dice) -> Execution {
        if let Some(known) = self.newest.get_mut(&command.owner) {
            if known.start == command.start {
                assert_ne!(known.life, life, "the same command is asked for twice in one life: {command:?}");
                known.life = life;
                return known.clone();
            }
            assert!(known.ends <= now, "two commands of one owner at once at {now:?}: {known:?}, {command:?}");
        }
        let end = match dice.below(8) {
            0 | 1 => CommandEnd::Exited(1 + i32::try_from(dice.below(2)).unwrap()),
            2 => CommandEnd::Signaled(11),
            3 => CommandEnd::TimedOut { left: Vec::new() },
            4 => CommandEnd::CannotStart("no such program".to_owned()),
            _ => CommandEnd::Exited(0),
        };
        let takes = match end {
            CommandEnd::TimedOut { .. } => command.timeout,
            CommandEnd::CannotStart(_) => Duration::from_millis(1),
            _ => dice.between(Duration::from_millis(1), command.timeout),
        };
        let is_stubborn = dice.one_in(10);
        let execution = Execution { start: command.start, life, ends: now + takes, end, is_stubborn };
        self.newest.insert(command.owner.clone(), execution.clone());
        self.begun.entry(step_of(command)).or_default().0 += 1;
        execution
    }

    /// The disk is full: a command cannot be noted before it is begun, so it is not.
    pub(super) fn cannot_run(&mut self, command: &DurableCommand, life: u64, now: Duration) -> Execution {
        let end = CommandEnd::CannotStart("no space left on device".to_owned());
        Execution { start: command.start, life, ends: now, end, is_stubborn: false }
    }

    /// Nothing is known any more of runs after the one called so.
    pub(super) fn forget_after(&mut self, last: u64) {
        self.begun.retain(|(run, _, _), _| run.parse::<u64>().is_ok_and(|run| run <= last));
    }

    /// The execution of a command, unless its owner has begun another one since.
    pub(super) fn found(&self, command: &DurableCommand) -> Option<Execution> {
        self.newest.get(&command.owner).filter(|known| known.start == command.start).cloned()
    }

    /// Somebody has a command ended, if it runs: what was to come of it does not.
    pub(super) fn end(&mut self, owner: &str, now: Duration, dice: &mut Dice) {
        let known = self.newest.get_mut(owner).filter(|known| known.ends > now && !known.is_stubborn);
        if let Some(known) = known {
            known.end = CommandEnd::Cancelled;
            known.ends = known.ends.min(now + dice.between(Duration::from_millis(1), Duration::from_secs(5)));
        }
    }

    /// Estatus is killed, and perhaps what supervises a command with it: that goes on, and nobody sees how it ends.
    pub(super) fn killed(&mut self, now: Duration, dice: &mut Dice) {
        for known in self.newest.values_mut().filter(|known| known.ends > now) {
            if dice.one_in(3) {
                known.end = CommandEnd::Unseen;
            }
        }
    }

    /// Somebody was told how a command ended.
    pub(super) fn told(&mut self, command: &DurableCommand, outcome: &CommandOutcome) {
        if matches!(outcome.end, CommandEnd::Unseen) {
            self.begun.entry(step_of(command)).or_default().1 += 1;
        }
    }

    /// How many times the command of a step was begun, and how many times nobody saw its end.
    pub(super) fn begun(&self, command: &DurableCommand) -> (u32, u32) {
        self.begun.get(&step_of(command)).copied().unwrap_or_default()
    }

    /// Whether the command of `owner` runs.
    pub(super) fn runs(&self, owner: &str, now: Duration) -> bool {
        self.newest.get(owner).is_some_and(|known| known.ends > now)
    }
}

fn step_of(command: &DurableCommand) -> (String, String, bool) {
    let of = |name: &str| command.env.iter().find(|(known, _)| known == name).expect("told which it is").1.clone();
    (of("ESTATUS_RUN"), of("ESTATUS_STEP"), is_undo(command))
}
