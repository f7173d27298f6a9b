//! Every command that the configuration has started.

use estatus_core::{
    check::Check,
    command::{CommandLine, Run},
    config::{Channel, Config},
    fleet::{CommandProvider, Provider},
    flow::StepAction,
    program::{Ready, StopHow},
    remedy::RemedyAction,
    words::Reason,
};

/// A command, and whose it is.
pub(in crate::service) struct Started<'a> {
    /// Whose it is, as people call it.
    pub(in crate::service) of: Reason,
    /// The command.
    pub(in crate::service) command: &'a CommandLine,
    /// Whether it is kept running, so that its folder has to be there.
    pub(super) is_kept: bool,
}

/// Every command of `config` that is run without somebody asking for it.
pub(super) fn of(config: &Config) -> Vec<Started<'_>> {
    let mut found = Vec::new();
    of_programs(config, &mut found);
    of_monitors(config, &mut found);
    of_flows(config, &mut found);
    of_fleets(config, &mut found);
    for (name, channel) in &config.channels {
        match channel {
            Channel::Command(channel) => found.push(Started::once(told!("channel", name), &channel.command)),
            Channel::Email(_) | Channel::Webhook(_) => {}
        }
    }
    found
}

fn of_programs<'a>(config: &'a Config, found: &mut Vec<Started<'a>>) {
    for program in config.programs.iter().filter(|program| program.enabled) {
        let name = &*program.name;
        found.push(Started::kept(told!("program", name), &program.command));
        match &program.stop.how {
            StopHow::Command(command) => found.push(Started::once(told!("program.stop", name), command)),
            StopHow::Signal(_) => {}
        }
        if let Some(Ready::Check { check, .. }) = &program.ready {
            found.extend(of_check(check).map(|command| Started::once(told!("program.ready", name), command)));
        }
    }
}

fn of_monitors<'a>(config: &'a Config, found: &mut Vec<Started<'a>>) {
    for monitor in config.monitors.iter().filter(|monitor| monitor.enabled) {
        let name = &*monitor.name;
        found.extend(of_check(&monitor.check).map(|command| Started::once(told!("monitor", name), command)));
        match monitor.on_down.as_ref().map(|remedy| &remedy.action) {
            Some(RemedyAction::Run { command, .. }) => {
                found.push(Started::once(told!("monitor.on_down", name), command));
            }
            Some(RemedyAction::Restart(_) | RemedyAction::Start(_) | RemedyAction::Stop(_) | RemedyAction::Flow(_))
            | None => {}
        }
    }
}

fn of_flows<'a>(config: &'a Config, found: &mut Vec<Started<'a>>) {
    for flow in config.flows.iter().filter(|flow| flow.enabled) {
        for step in &flow.definition.steps {
            let (name, of_step) = (&*flow.name, &*step.name);
            match &step.action {
                StepAction::Run { command, .. } => {
                    found.push(Started::once(told!("flow.step", name, step = of_step), command));
                }
                StepAction::Check { .. }
                | StepAction::WaitUntil { .. }
                | StepAction::Program { .. }
                | StepAction::Wait { .. }
                | StepAction::Http { .. }
                | StepAction::Tell { .. }
                | StepAction::Approve { .. }
                | StepAction::Flow { .. } => {}
            }
            let undo = |command| Started::once(told!("flow.undo", name, step = of_step), command);
            found.extend(step.undo.as_ref().map(undo));
        }
    }
}

fn of_fleets<'a>(config: &'a Config, found: &mut Vec<Started<'a>>) {
    for fleet in config.fleets.iter().filter(|fleet| fleet.enabled) {
        let name = &*fleet.name;
        match &fleet.provider {
            Provider::Local { command } => {
                found.extend(command.as_ref().map(|command| Started::kept(told!("fleet", name), command)));
            }
            Provider::Command(CommandProvider { create, list, terminate, timeout: _ }) => {
                for (word, command) in [("create", create), ("list", list), ("terminate", terminate)] {
                    found.push(Started::once(told!("fleet.command", name, command = word), command));
                }
            }
            Provider::Ec2(_) | Provider::Asg { .. } => {}
        }
    }
}

fn of_check(check: &Check) -> Option<&CommandLine> {
    match check {
        Check::Command(check) => Some(&check.command),
        Check::Http(_)
        | Check::Tcp(_)
        | Check::Tls(_)
        | Check::Dns(_)
        | Check::Ping(_)
        | Check::Process(_)
        | Check::Host(_)
        | Check::Fleet(_) => None,
    }
}

impl<'a> Started<'a> {
    fn kept(of: Reason, command: &'a CommandLine) -> Self {
        Self { of, command, is_kept: true }
    }

    fn once(of: Reason, command: &'a CommandLine) -> Self {
        Self { of, command, is_kept: false }
    }

    /// The program that it starts first, as it is written; nothing where the shell itself does it.
    pub(in crate::service) fn executable(&self) -> Option<&str> {
        match &self.command.run {
            Run::Program { program, .. } => Some(program),
            Run::Shell(line) => first_word(line),
        }
    }

    /// Everything that is written in it.
    pub(in crate::service) fn words(&self) -> Vec<&str> {
        match &self.command.run {
            Run::Program { args, .. } => args.iter().map(String::as_str).collect(),
            Run::Shell(line) => vec![line],
        }
    }

    /// Whether a shell reads it.
    pub(in crate::service) fn is_shell(&self) -> bool {
        matches!(self.command.run, Run::Shell(_))
    }
}

/// What the shells do by themselves, or what cannot be looked up.
const OF_THE_SHELL: &[&str] = &[
    "!", ".", ":", "[", "alias", "assoc", "bg", "break", "builtin", "call", "case", "cd", "chdir", "cls", "color",
    "command", "continue", "copy", "date", "declare", "del", "dir", "echo", "endlocal", "erase", "eval", "exec",
    "exit", "export", "false", "fg", "for", "ftype", "function", "getopts", "goto", "hash", "help", "if", "jobs",
    "kill", "let", "local", "md", "mkdir", "mklink", "move", "path", "pause", "popd", "printf", "prompt", "pushd",
    "pwd", "rd", "read", "readonly", "rem", "ren", "rename", "return", "rmdir", "select", "set", "setlocal", "shift",
    "source", "start", "test", "time", "times", "title", "trap", "true", "type", "typeset", "ulimit", "umask",
    "unalias", "unset", "until", "ver", "verify", "vol", "wait", "while",
];

/// The first word of a line for the shell, if it names a program.
fn first_word(line: &str) -> Option<&str> {
    // Before a line for cmd it says that the line is not to be shown.
    let mut rest = line.trim_start().trim_start_matches('@');
    loop {
        let (word, behind) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        let is_assignment = word
            .split_once('=')
            .is_some_and(|(name, _)| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
        if is_assignment {
            rest = behind.trim_start();
            continue;
        }
        let is_plain =
            !word.is_empty() && !word.contains(['$', '%', '`', '(', '{', '&', '|', ';', '<', '>', '~', '*', '\'']);
        return (is_plain && !OF_THE_SHELL.contains(&word.to_ascii_lowercase().as_str())).then_some(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_of_a_line_is_its_first_word_that_is_no_assignment() {
        let check = |line: &str, expected: Option<&str>| assert_eq!(first_word(line), expected, "{line}");
        check("npm run dev", Some("npm"));
        check("  npm", Some("npm"));
        check("NODE_ENV=production A= npm run dev", Some("npm"));
        check(r#""C:\Program Files\nodejs\node.exe" x.js"#, Some(r"C:\Program Files\nodejs\node.exe"));
        check("cd web && npm run dev", None);
        check("$HOME/bin/x", None);
        check("(npm run dev)", None);
        check("trap 'exit' TERM; npm run dev", None);
        check("@rem nothing", None);
        check("MD web", None);
        check("", None);
    }
}
