//! Runs a command to its end and judges its exit code and what it wrote.

use std::time::Duration;

use estatus_core::{
    check::CommandCheck,
    command::{CommandEnd, CommandOutcome, CommandRun, Run},
    observation::{Cause, Failure, Phase},
    ports::Ports,
};

use crate::{evidence, text, trace::Trace};

/// How much of standard output and of standard error is looked at, each.
const OUTPUT_LIMIT: usize = 1024 * 1024;

/// How long ending a process tree may take, beyond the timeout of the check.
pub(crate) const ENDING: Duration = Duration::from_secs(5);

/// Runs the check's command for at most `timeout`.
pub(crate) async fn probe(
    check: &CommandCheck,
    ports: &dyn Ports,
    timeout: Duration,
    trace: &mut Trace,
) -> Result<(), Cause> {
    trace.enter(Phase::Run);
    let command = check.command.clone();
    let run = CommandRun { command, env: Vec::new(), stdin: None, timeout, output_limit: OUTPUT_LIMIT };
    let outcome = ports.run(run).await;
    trace.evidence = evidence_of(&outcome);
    let code = match outcome.end {
        CommandEnd::Exited(code) => code,
        CommandEnd::Signaled(number) => {
            trace.seen = format!("signal {number}");
            return Err(Cause::Signal { number });
        }
        CommandEnd::TimedOut { .. } => return Err(Cause::TimedOut { after: timeout }),
        CommandEnd::CannotStart(error) => return Err(Cause::CannotStart { program: program(check), error }),
        CommandEnd::Unseen | CommandEnd::Cancelled => {
            return Err(Cause::Setup { error: "it is not known how the command ended".to_owned() });
        }
    };
    trace.seen = format!("exit code {code}");
    trace.enter(Phase::Assertion);
    // Windows' codes are unsigned, and shown so: 3221225477 is an access violation.
    if !check.accept.iter().any(|range| range.contains(code.cast_unsigned())) {
        return Err(Cause::Exit { code });
    }
    let is_all = [&outcome.stdout, &outcome.stderr].iter().all(|output| output.len() < OUTPUT_LIMIT);
    text::judge(&check.text, &format!("{}{}", outcome.stdout, outcome.stderr), is_all)
}

fn program(check: &CommandCheck) -> String {
    match &check.command.run {
        Run::Shell(line) => line.clone(),
        Run::Program { program, .. } => program.clone(),
    }
}

/// The end of what the command wrote, where errors usually stand, led by what is left of its process tree.
fn evidence_of(outcome: &CommandOutcome) -> Option<String> {
    let mut evidence = match &outcome.end {
        CommandEnd::TimedOut { left } if !left.is_empty() => {
            let left: Vec<String> = left.iter().map(u32::to_string).collect();
            format!("These processes of it could not be ended: {}\n", left.join(", "))
        }
        _ => String::new(),
    };
    let output = format!("{}{}", outcome.stdout, outcome.stderr);
    let room = Failure::EVIDENCE_LIMIT.saturating_sub(evidence.len());
    // Making it harmless may make it longer.
    let shown = evidence::text(tail(&output, room).as_bytes()).unwrap_or_default();
    evidence.push_str(tail(&shown, room));
    (!evidence.is_empty()).then_some(evidence)
}

fn tail(text: &str, length: usize) -> &str {
    text.get(text.ceil_char_boundary(text.len().saturating_sub(length))..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_evidence_is_the_end_of_the_output() {
        let check = |end: CommandEnd, stdout: &str, stderr: &str, evidence_is: fn(Option<&str>) -> bool| {
            let (stdout, stderr) = (stdout.to_owned(), stderr.to_owned());
            let evidence = evidence_of(&CommandOutcome { end, stdout, stderr, took: Duration::ZERO, program: None });
            assert!(evidence_is(evidence.as_deref()), "{evidence:?}");
        };
        check(CommandEnd::Exited(1), "", "", |evidence| evidence.is_none());
        check(CommandEnd::Exited(1), "out\n", "err\n", |evidence| evidence == Some("out\nerr\n"));
        check(CommandEnd::Exited(1), &"\u{1b}[1m".repeat(4000), "the end", |evidence| {
            evidence.is_some_and(|text| !text.contains('\u{1b}') && text.ends_with("the end") && text.len() <= 4096)
        });
        check(CommandEnd::Exited(1), &"ñ".repeat(5000), "the end", |evidence| {
            evidence.is_some_and(|text| text.ends_with("ñthe end") && text.len() > 4090 && text.len() <= 4096)
        });
        check(CommandEnd::TimedOut { left: vec![7, 8] }, &"o".repeat(9000), "the end", |evidence| {
            evidence.is_some_and(|text| {
                text.starts_with("These processes of it could not be ended: 7, 8\no")
                    && text.ends_with("othe end")
                    && text.len() == 4096
            })
        });
    }
}
