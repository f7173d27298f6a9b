//! `estatus adopt`: finds a process that already runs, shows it, and has it kept as the process of a program.

use comfy_table::Cell;
use estatus_api::{Adoptable, Reply, Request};
use estatus_core::engine::Ask;
use estatus_program::{Candidate, Wanted, candidates};
use regex::Regex;

use crate::{
    CommandError, Outcome, Result,
    arguments::Described,
    asking::{ask, unexpected},
    configuration::Places,
    show,
    steering::{Goal, steer},
};

pub(crate) async fn adopt(places: &Places, program: String, described: Described, yes: bool) -> Result {
    let wanted = understand(&program, described)?;
    let found = candidates(&wanted);
    if !found.is_empty() {
        show_all(&found);
    }
    let process = only_one(&found).map_err(CommandError::Failed)?.process;
    let Reply::Adoptable(Adoptable { can_be_asked }) = ask(places, Request::Adoptable { process }).await? else {
        return Err(unexpected());
    };
    if can_be_asked == Some(false) {
        say!(
            "It has neither a window nor a console of its own, so it cannot be asked to stop: when its time to stop is over, it is killed."
        );
    }
    if !yes {
        say!("With --yes, Estatus adopts it and keeps it running as “{program}”.");
        return Ok(Outcome::Well);
    }
    let ask = Ask::AdoptProgram { program: program.clone(), process };
    steer(places, &program, ask, true, |before| Goal::Runs { after: Some(before.start) }).await
}

fn understand(program: &str, described: Described) -> std::result::Result<Wanted, CommandError> {
    let Described { name, path, command_line, port, pid } = described;
    let command_line = command_line.map(|text| Regex::new(&text)).transpose().map_err(CommandError::wrong)?;
    let wanted = path
        .map(Wanted::Path)
        .or(command_line.map(Wanted::CommandLine))
        .or(port.map(Wanted::Port))
        .or(pid.map(Wanted::Pid));
    Ok(wanted.unwrap_or_else(|| Wanted::Name(name.unwrap_or_else(|| program.to_owned()))))
}

fn only_one(found: &[Candidate]) -> std::result::Result<&Candidate, String> {
    match found {
        [] => Err("no process matches; describe it with --name, --path, --command-line, --port or --pid".to_owned()),
        [one] => Ok(one),
        several => Err(format!("{} processes match; choose one with --pid", several.len())),
    }
}

fn show_all(found: &[Candidate]) {
    let mut table = show::table(&["PID", "NAME", "PORTS", "DIRECTORY", "COMMAND LINE"]);
    for candidate in found {
        let ports: Vec<String> = candidate.ports.iter().map(u16::to_string).collect();
        let directory = candidate.directory.as_ref().map(|directory| directory.display().to_string());
        table.add_row([
            Cell::new(candidate.process.pid),
            Cell::new(show::one_line(&candidate.name)),
            Cell::new(ports.join(" ")),
            Cell::new(show::one_line(&directory.unwrap_or_default())),
            Cell::new(show::one_line(&candidate.command_line)),
        ]);
    }
    say!("{table}");
}

#[cfg(test)]
mod tests {
    use estatus_core::program::ProcessId;

    use super::*;

    #[test]
    fn a_process_is_adopted_only_if_no_other_could_be_meant() {
        let node = |pid| Candidate {
            process: ProcessId { pid, started: 1 },
            name: "node".to_owned(),
            command_line: "node vite".to_owned(),
            directory: None,
            ports: vec![5173],
        };
        assert_eq!(only_one(&[node(7)]).map(|candidate| candidate.process.pid), Ok(7));
        assert!(only_one(&[]).is_err_and(|why| why.starts_with("no process")));
        let ambiguous = only_one(&[node(7), node(8)]).map(|candidate| candidate.process.pid);
        assert_eq!(ambiguous, Err("2 processes match; choose one with --pid".to_owned()));
    }

    #[test]
    fn a_description_is_understood() {
        let check = |described, wanted: &str| {
            let understood = understand("web", described);
            assert_eq!(understood.map(|wanted| format!("{wanted:?}")).ok().as_deref(), Some(wanted));
        };
        check(Described::default(), "Name(\"web\")");
        check(Described { name: Some("node".to_owned()), ..Described::default() }, "Name(\"node\")");
        check(Described { port: Some(80), ..Described::default() }, "Port(80)");
        check(Described { pid: Some(12), ..Described::default() }, "Pid(12)");
        let wrong = Described { command_line: Some("(".to_owned()), ..Described::default() };
        assert!(matches!(understand("web", wrong), Err(CommandError::Wrong(_))));
    }
}
