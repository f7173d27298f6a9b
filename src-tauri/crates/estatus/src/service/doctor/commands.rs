//! Every command that the configuration has started.

use estatus_core::{
    check::Check,
    command::{CommandLine, Run},
    config::{Channel, Config},
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
    /// Whether it is looked for in the folder that it runs in.
    pub(super) is_program: bool,
}

/// Every command of `config` that is run without somebody asking for it.
pub(super) fn of(config: &Config) -> Vec<Started<'_>> {
    let mut found = Vec::new();
    let mut add = |of: Reason, command, is_program| found.push(Started { of, command, is_program });
    for program in config.programs.iter().filter(|program| program.enabled) {
        let name = &*program.name;
        add(told!("program", name), &program.command, true);
        if let StopHow::Command(command) = &program.stop.how {
            add(told!("program.stop", name), command, false);
        }
        if let Some(Ready::Check { check, .. }) = &program.ready
            && let Check::Command(check) = &**check
        {
            add(told!("program.ready", name), &check.command, false);
        }
    }
    for monitor in config.monitors.iter().filter(|monitor| monitor.enabled) {
        let name = &*monitor.name;
        if let Check::Command(check) = &monitor.check {
            add(told!("monitor", name), &check.command, false);
        }
        if let Some(RemedyAction::Run { command, .. }) = monitor.on_down.as_ref().map(|remedy| &remedy.action) {
            add(told!("monitor.on_down", name), command, false);
        }
    }
    for (name, channel) in &config.channels {
        if let Channel::Command(channel) = channel {
            add(told!("channel", name), &channel.command, false);
        }
    }
    found
}

impl Started<'_> {
    /// The program that it starts first, as it is written; nothing where the shell itself does it.
    pub(in crate::service) fn executable(&self) -> Option<&str> {
        match &self.command.run {
            Run::Program { program, .. } => Some(program),
            Run::Shell(line) => first_word(line),
        }
    }

    /// Everything that is written in it.
    pub(super) fn words(&self) -> Vec<&str> {
        match &self.command.run {
            Run::Program { args, .. } => args.iter().map(String::as_str).collect(),
            Run::Shell(line) => vec![line],
        }
    }

    /// Whether a shell reads it.
    pub(super) fn is_shell(&self) -> bool {
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
