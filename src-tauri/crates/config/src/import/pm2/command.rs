//! The command that PM2 makes of a script, as its `lib/Common.js` does.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::{
    import::{
        found::{Found, Table},
        keys::Keys,
        line::words,
        machine::Machine,
    },
    reason::note,
};

/// What PM2 runs files with, by their ending.
const INTERPRETERS: [(&str, &str); 10] = [
    ("js", "node"),
    ("sh", "bash"),
    ("py", "python"),
    ("rb", "ruby"),
    ("php", "php"),
    ("pl", "perl"),
    ("coffee", "coffee"),
    ("ls", "lsc"),
    ("ts", "bun"),
    ("tsx", "bun"),
];

/// What PM2 runs text with that has no ending it knows.
const NODE: &str = "node";

/// The command of the program `name`. A script with blanks is a line for the shell.
pub(super) fn command(
    name: &str,
    script: &str,
    keys: &mut Keys<'_>,
    directory: Option<&str>,
    machine: &Machine,
    env: &mut Table,
    found: &mut Found,
) -> Json {
    let args = listed("args", keys);
    let interpreter = keys.text("interpreter").or_else(|| keys.text("exec_interpreter"));
    if script.contains(' ') {
        if !args.is_empty() {
            found.left(name, "args", note!("line_without_args"));
        }
        return script.into();
    }
    let place = Place::of(script, directory, machine);
    let interpreter = match interpreter {
        Some("none") => None,
        Some(named) if named.starts_with("node@") => {
            found.left(name, "interpreter", note!("node_version", named));
            Some(NODE)
        }
        Some(named) => Some(named),
        None => usual(script, &place, machine),
    };
    let script = match (&place, interpreter) {
        // Interpreters do not look for it in PATH.
        (Place::InPath(file), Some(_)) => file.to_str().unwrap_or(script),
        (Place::Nowhere, Some(_)) if is_bare(script) => {
            found.note(note!("script_nowhere", name, script));
            script
        }
        _ => script,
    };
    if interpreter.is_some_and(|interpreter| interpreter.contains("python")) {
        env.insert("PYTHONUNBUFFERED".to_owned(), "1".into());
    }
    let options: Vec<String> = ["interpreter_args", "node_args"].iter().flat_map(|key| listed(key, keys)).collect();
    if interpreter.is_none() && !options.is_empty() {
        found.left(name, "node_args", note!("no_interpreter"));
    }
    let options = options.into_iter().filter(|_| interpreter.is_some());
    let words = interpreter.map(str::to_owned).into_iter().chain(options).chain([script.to_owned()]).chain(args);
    words.collect::<Vec<_>>().into()
}

/// The words of a line, or of a list.
fn listed(key: &str, keys: &mut Keys<'_>) -> Vec<String> {
    match keys.text(key) {
        Some(line) => words(line),
        None => keys.all_written(key).unwrap_or_default(),
    }
}

/// Where a script is, as PM2 looks for it.
enum Place {
    /// In the folder, or where its path leads; whether it is text.
    There { is_text: bool },
    /// Among the programs of this machine.
    InPath(PathBuf),
    /// Not on this machine.
    Nowhere,
}

impl Place {
    fn of(script: &str, directory: Option<&str>, machine: &Machine) -> Self {
        let folder = directory.map(Path::new).filter(|folder| folder.is_absolute());
        let file = folder.map_or_else(|| PathBuf::from(script), |folder| folder.join(script));
        let is_text = if file.is_absolute() { machine.is_text(&file) } else { None };
        match is_text {
            Some(is_text) => Self::There { is_text },
            None => machine.which(script).map_or(Self::Nowhere, Self::InPath),
        }
    }
}

/// Whether it is a name alone, such as programs have.
fn is_bare(script: &str) -> bool {
    !script.contains(['/', '\\', '.'])
}

/// What a script is run with where nothing is said.
fn usual(script: &str, place: &Place, machine: &Machine) -> Option<&'static str> {
    let ending = script.rsplit_once('.').map(|(_, ending)| ending);
    let known = INTERPRETERS.iter().find(|(known, _)| Some(*known) == ending).map(|(_, interpreter)| *interpreter);
    match (known, place) {
        (Some("python"), _) if machine.which("python").is_none() && machine.which("python3").is_some() => {
            Some("python3")
        }
        (Some(interpreter), _) => Some(interpreter),
        (None, Place::There { is_text: true }) => Some(NODE),
        (None, Place::There { is_text: false } | Place::InPath(_)) => None,
        // A path leads to a file of the user's own, most likely a script.
        (None, Place::Nowhere) => (!is_bare(script)).then_some(NODE),
    }
}
