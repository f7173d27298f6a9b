//! Who plays: the programs of a world, their monitors, and how they behave.

use std::{sync::Arc, time::Duration};

use estatus_core::{
    check::{Check, HostPort, TcpCheck},
    config::{AlertWhen, Monitor},
    program::{Program, Ready, RestartPolicy, RestartWhen},
    remedy::{Remedy, RemedyAction},
};

use crate::{
    changes::line,
    script::{DAY, Dice, HOUR},
};

/// How a program behaves.
pub(super) struct Nature {
    /// A start fails so often, one in so many.
    pub(super) cannot_start: u64,
    /// It is never ready, one start in so many.
    pub(super) never_ready: u64,
    /// It crashes soon, one start in so many.
    pub(super) crashes_soon: u64,
    /// It runs at most so long.
    pub(super) lasts: Duration,
    /// It hangs instead of ending, one time in so many.
    pub(super) hangs: u64,
}

pub(super) fn program(index: usize, dice: &mut Dice) -> Program {
    let when = match dice.below(4) {
        0 => RestartWhen::OnFailure,
        1 => RestartWhen::Never,
        _ => RestartWhen::Always,
    };
    let start_after = if index > 0 && dice.one_in(3) { vec!["p0".into()] } else { Vec::new() };
    Program {
        restart: RestartPolicy { when, ..RestartPolicy::default() },
        ready: dice.one_in(2).then_some(Ready::Notify),
        start_after,
        ..Program::new(&format!("p{index}"), line("serve"))
    }
}

pub(super) fn monitor(program: &Arc<Program>, dice: &mut Dice) -> Monitor {
    let address = HostPort { host: "127.0.0.1".to_owned(), port: 80 };
    let check = Check::Tcp(TcpCheck { address, ip: None, send: None, expect: None });
    let name = Arc::clone(&program.name);
    let action = if dice.one_in(4) { RemedyAction::Start(name) } else { RemedyAction::Restart(name) };
    Monitor {
        every: Duration::from_secs(10 + dice.below(100)),
        on_down: Some(Remedy::new(action)),
        alert_when: if dice.one_in(2) { AlertWhen::Always } else { AlertWhen::Unhealed },
        ..Monitor::new(&format!("page of {}", program.name), check)
    }
}

pub(super) fn nature(dice: &mut Dice) -> Nature {
    Nature {
        cannot_start: 5 + dice.below(200),
        never_ready: 5 + dice.below(100),
        crashes_soon: 2 + dice.below(20),
        lasts: dice.between(HOUR, DAY),
        hangs: 2 + dice.below(10),
    }
}
