//! How programs look in a terminal.

use comfy_table::Cell;
use estatus_api::{LastExit, ProgramStatus};
use estatus_core::{Timestamp, maintenance::in_words, time::elapsed};

use super::{Paint, ago, one_line, table};

/// Prints how programs stand.
pub(super) fn print(programs: &[ProgramStatus], paint: &Paint) {
    let mut table = table(&["STATE", "PROGRAM", "PID", "SINCE", "RESTARTS", "LAST EXIT", "NOTE"]);
    for program in programs {
        table.add_row(row(program, paint));
    }
    say!("{table}");
}

fn row(program: &ProgramStatus, paint: &Paint) -> Vec<Cell> {
    vec![
        paint.program_cell(program.state),
        Cell::new(one_line(&program.name)),
        Cell::new(program.pid.map(|pid| pid.to_string()).unwrap_or_default()),
        Cell::new(ago(program.since)),
        Cell::new(program.restarts),
        Cell::new(program.last_exit.as_ref().map(|ended| exit(ended, Timestamp::now())).unwrap_or_default()),
        Cell::new(one_line(&note(program, Timestamp::now()))),
    ]
}

fn exit(ended: &LastExit, now: Timestamp) -> String {
    let text = format!("{}, {} ago", ended.detail, in_words(elapsed(ended.at, now)));
    one_line(&if ended.left.is_empty() { text } else { format!("{text}; left: {}", ended.left.join(", ")) })
}

/// What is wrong with it, when it is started next, and what it says of itself.
fn note(program: &ProgramStatus, now: Timestamp) -> String {
    let next = program.next_start.map(|at| format!("next start in {}", in_words(elapsed(now, at))));
    let notes = [program.trouble.clone(), next, program.says.clone()];
    notes.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use estatus_core::{exit::Exit, ids::StartId, program::ProgramState, standing::Standing, time::later};

    use super::*;

    #[test]
    fn what_is_wrong_is_said_before_what_comes_next() {
        let now = Timestamp::UNIX_EPOCH;
        let program = ProgramStatus {
            name: "web".into(),
            command: "web".to_owned(),
            state: ProgramState::Backoff,
            standing: Standing::Doubtful,
            since: now,
            pid: None,
            start: StartId(1),
            restarts: 2,
            last_exit: None,
            trouble: Some("port 80 is held".to_owned()),
            says: None,
            next_start: Some(later(now, Duration::from_secs(4))),
            stops_with_estatus: true,
        };
        assert_eq!(note(&program, now), "port 80 is held; next start in 4.0 s");
        let well = ProgramStatus { trouble: None, next_start: None, says: Some("ready".to_owned()), ..program };
        assert_eq!(note(&well, now), "ready");
    }

    #[test]
    fn a_program_that_cannot_be_started_is_told_from_one_in_a_crash_loop() {
        let check = |state: ProgramState, told: &str| {
            assert_eq!(Paint::plain().program_cell(state).content(), told);
            assert_eq!(Paint::plain().program(state, 0), told);
        };
        check(ProgramState::Cooling, "crash loop");
        check(ProgramState::CannotStart, "cannot be started");
        check(ProgramState::Running, "running");
    }

    #[test]
    fn an_exit_says_what_is_left() {
        let ended = |left: &[&str]| LastExit {
            at: Timestamp::UNIX_EPOCH,
            exit: Exit::Signal(9),
            detail: "ended by SIGKILL".to_owned(),
            left: left.iter().map(|what| (*what).to_owned()).collect(),
            tail: Vec::new(),
        };
        let now = later(Timestamp::UNIX_EPOCH, Duration::from_secs(60));
        assert_eq!(exit(&ended(&[]), now), "ended by SIGKILL, 1 min ago");
        assert_eq!(exit(&ended(&["node (pid 12)"]), now), "ended by SIGKILL, 1 min ago; left: node (pid 12)");
    }
}
