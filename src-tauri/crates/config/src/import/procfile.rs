//! Procfiles, as foreman, honcho and Heroku read them: a name, a colon and a command line each.

use std::path::Path;

use estatus_api::Section;
use serde_json::json;

use super::found::{Found, Table};
use crate::reason::{Reason, note};

/// A process type that is run once at each deployment, and not kept running.
const ONCE: &str = "release";

/// The port that foreman tells the first process type to listen on, where nothing else is said.
const PORT: usize = 5000;
/// How far apart the ports of the process types are.
const PORTS_OF_EACH: usize = 100;

/// Whether every line of `text` is one of a Procfile.
pub(super) fn is_all(text: &str) -> bool {
    let mut lines = lines(text).peekable();
    lines.peek().is_some() && lines.all(|line| entry(line).is_some())
}

pub(super) fn read(text: &str, folder: Option<&Path>, found: &mut Found) -> Result<(), Reason> {
    if !lines(text).any(|line| entry(line).is_some()) {
        return Err(note!("no_line"));
    }
    let mut number = 0;
    for line in lines(text) {
        let Some((name, command)) = entry(line) else {
            found.note(note!("procfile_line", line = super::said(line)));
            continue;
        };
        if name == ONCE {
            found.without(name, name, note!("run_once"));
        } else {
            program(name, command, number, folder, found);
        }
        number += 1;
    }
    if folder.is_none() {
        found.note(note!("procfile_folder"));
    }
    found.note(note!("procfile_port"));
    found.note(note!("procfile_env"));
    Ok(())
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn entry(line: &str) -> Option<(&str, &str)> {
    let (name, command) = line.split_once(':')?;
    let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let (name, command) = (name.trim_end(), command.trim());
    (!name.is_empty() && is_name(name) && !command.is_empty()).then_some((name, command))
}

/// The process type that stands at the place `number` of the file.
fn program(name: &str, command: &str, number: usize, folder: Option<&Path>, found: &mut Found) {
    let name = found.name(Section::Program, name);
    let mut table = Table::new();
    table.insert("command".to_owned(), command.into());
    if let Some(folder) = folder.and_then(Path::to_str) {
        table.insert("directory".to_owned(), folder.into());
    }
    table.insert("env".to_owned(), json!({ "PORT": (PORT + number * PORTS_OF_EACH).to_string() }));
    found.add(Section::Program, &name, table);
}
