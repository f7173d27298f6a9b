//! What the files of other tools would add to `estatus.toml`.
//!
//! Each format has a file of its own below. All of them hand their entries to [`Found`], which gives every one a name that
//! is free and asks the reader of `estatus.toml` whether it takes it. What Estatus cannot do alike is told in a note,
//! never passed over and never guessed.

mod found;
mod gatus;
mod keys;
mod kuma;
mod line;
mod machine;
mod monit;
mod nssm;
mod pm2;
mod procfile;
mod schtasks;
#[cfg(test)]
mod tests;
mod there;
mod yaml;

#[cfg_attr(unix, path = "import/unix.rs")]
#[cfg_attr(windows, path = "import/windows.rs")]
mod platform;

use std::path::Path;

use estatus_api::{Edit, Imported};
use estatus_core::config::Language;
use serde_json::{Value as Json, json};

use self::{found::Found, machine::Machine};
use toml_edit::DocumentMut;

use crate::{
    FILE_MAX,
    edit::{self, apply},
    problem::shown,
    reason::{Reason, note},
};

/// Why a file cannot be imported, in the reader's language.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ImportError(String);

/// What the file `name` of another tool, in which `content` stands, would add to a configuration file that holds `tables`
/// (as in [`estatus_api::Configuration`]). It is in UTF-8, in UTF-16 as PowerShell writes it, or, if it holds tasks, as
/// `schtasks` writes into a file: in the code page of this machine's consoles. If `name` is an absolute path, relative paths
/// in it start from its folder. Scripts and interpreters are looked for there and among this machine's programs, as PM2 does. What is to be
/// said of it is said in the language of that configuration file, or else in `language`.
///
/// # Errors
/// If it is too long, in no encoding or of no format that is known, or wrong by the rules of its format.
pub fn import(
    name: &str,
    content: impl Into<Vec<u8>>,
    tables: &Json,
    language: Language,
) -> Result<Imported, ImportError> {
    import_on(&Machine::this(), name, content.into(), tables, language)
}

/// The same on a machine that may be another one.
fn import_on(
    machine: &Machine,
    name: &str,
    content: Vec<u8>,
    tables: &Json,
    language: Language,
) -> Result<Imported, ImportError> {
    let language = edit::language(tables.get("language").and_then(Json::as_str), language);
    let refused = |reason: Reason| ImportError(reason.in_words(language));
    let too_long = || refused(note!("too_long", most = FILE_MAX));
    // Text in UTF-16 takes twice as much.
    if content.len() > 2 * FILE_MAX {
        return Err(too_long());
    }
    let text = text_of(content).ok_or_else(|| refused(note!("no_text")))?;
    if text.len() > FILE_MAX {
        return Err(too_long());
    }
    let text = text.trim_start_matches('\u{feff}');
    let format = Format::of(name, text).ok_or_else(|| refused(note!("unknown")))?;
    let mut found = Found::beside(tables, language);
    let read = format.read(Path::new(name), text, machine, &mut found);
    read.map_err(|reason| refused(note!("unreadable", format = format.word(), reason)))?;
    Ok(found.imported(&format.word()))
}

/// What services that NSSM runs on this machine would add to a configuration file that holds `tables`, as with [`import`]:
/// each of `settings` is one of a service, with its name, the key as `nssm set` has it, and the values.
pub fn import_nssm(settings: Vec<(String, String, Vec<String>)>, tables: &Json, language: Language) -> Imported {
    let language = edit::language(tables.get("language").and_then(Json::as_str), language);
    let mut found = Found::beside(tables, language);
    nssm::add(settings, &mut found);
    found.imported(&Format::Nssm.word())
}

/// The text of a file; nothing if it is in no encoding that is known.
fn text_of(content: Vec<u8>) -> Option<String> {
    let in_utf16 = |read: fn([u8; 2]) -> u16| {
        let (units, []) = content.as_chunks() else { return None };
        String::from_utf16(&units.iter().map(|&unit| read(unit)).collect::<Vec<_>>()).ok()
    };
    match *content {
        [0xff, 0xfe, ..] => in_utf16(u16::from_le_bytes),
        [0xfe, 0xff, ..] => in_utf16(u16::from_be_bytes),
        _ => String::from_utf8(content).map_or_else(|error| of_tasks(error.as_bytes()), Some),
    }
}

/// The text of tasks in the code page of consoles: they name another encoding, which they are not in.
fn of_tasks(bytes: &[u8]) -> Option<String> {
    if bytes.trim_ascii_start().starts_with(b"<") { platform::of_console(bytes) } else { None }
}

/// What `edits` add, as it will stand in the file; those that cannot be made are not in it.
pub fn preview(edits: &[Edit]) -> String {
    let mut document = DocumentMut::new();
    for edit in edits {
        // What `import` gives can be made; whoever saves it is told if anything cannot.
        let _ = apply(&mut document, edit);
    }
    document.to_string()
}

/// The files that are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Procfile,
    Pm2,
    Nssm,
    Monit,
    Kuma,
    Gatus,
    Schtasks,
}

impl Format {
    fn word(self) -> Reason {
        match self {
            Self::Procfile => note!("format.procfile"),
            Self::Pm2 => note!("format.pm2"),
            Self::Nssm => note!("format.nssm"),
            Self::Monit => note!("format.monit"),
            Self::Kuma => note!("format.kuma"),
            Self::Gatus => note!("format.gatus"),
            Self::Schtasks => note!("format.schtasks"),
        }
    }

    /// Reads `text`, which stands in `file`.
    fn read(self, file: &Path, text: &str, machine: &Machine, found: &mut Found) -> Result<(), Reason> {
        let folder = file.parent().filter(|folder| folder.is_absolute());
        match self {
            Self::Procfile => procfile::read(text, folder, found),
            Self::Pm2 => pm2::read(text, file, machine, found),
            Self::Nssm => nssm::read(text, found),
            Self::Monit => monit::read(text, found),
            Self::Kuma => kuma::read(text, found),
            Self::Gatus => gatus::read(text, found),
            Self::Schtasks => schtasks::read(text, found),
        }
    }

    /// What `text` seems to be; its file name counts where the text leaves it open.
    fn of(name: &str, text: &str) -> Option<Self> {
        let name = name.rsplit(['/', '\\']).next().unwrap_or(name).to_ascii_lowercase();
        let lines = || text.lines().map(str::trim_end);
        let any_begins = |words: &[&str]| lines().any(|line| words.iter().any(|word| line.starts_with(word)));
        if text.trim_start().starts_with(['{', '[']) && !text.trim_start().starts_with("[[") {
            let is_pm2 = ["apps", "script"].iter().any(|word| text.contains(word));
            let kuma = text.contains("\"monitorList\"").then_some(Self::Kuma);
            return kuma.or_else(|| is_pm2.then_some(Self::Pm2));
        }
        if schtasks::is_task(text) {
            return Some(Self::Schtasks);
        }
        if any_begins(&["module.exports", "export default"]) || any_begins(&["apps:"]) {
            return Some(Self::Pm2);
        }
        if any_begins(&["endpoints:", "external-endpoints:"]) {
            return Some(Self::Gatus);
        }
        if lines().any(nssm::is_line) {
            return Some(Self::Nssm);
        }
        if lines().any(monit::is_check) || name.contains("monitrc") {
            return Some(Self::Monit);
        }
        (name.contains("procfile") || procfile::is_all(text)).then_some(Self::Procfile)
    }
}

/// The first line of what a reader of a format says.
fn one_line(reason: &str) -> String {
    const LONGEST: usize = 300;
    let line = reason.lines().find(|line| !line.trim().is_empty()).unwrap_or("it is empty");
    line.trim().chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

/// A text of the file as it may stand in a note.
fn said(text: &str) -> String {
    format!("“{}”", shown(text))
}

/// What is asked of a value in a body, where other tools hold its text against `value`: what reads as a number is
/// compared as one, unless it is written as no number is.
fn asked_of_value(sign: &str, value: &str) -> Result<String, Reason> {
    let value = value.trim();
    let literal =
        serde_json::from_str::<Json>(value).ok().filter(|literal| !literal.is_array() && !literal.is_object());
    let is_order = matches!(sign, "<" | ">");
    let as_we_write_it = literal.as_ref().map(Json::to_string);
    match literal {
        Some(Json::Number(_)) if is_order => Ok(format!("{sign} {value}")),
        _ if is_order => Err(note!("no_number", value = said(value))),
        Some(_) if as_we_write_it.is_some_and(|written| written != value) => {
            Ok(format!("{sign} {}", Json::from(value)))
        }
        _ => Ok(format!("{sign} {value}")),
    }
}

/// A channel that posts to a webhook of Slack.
fn slack(url: &str) -> Json {
    json!({ "webhook": url, "template": r#"{"text": "{{ text }}"}"# })
}

/// A channel that posts to a webhook of Discord.
fn discord(url: &str) -> Json {
    json!({ "webhook": url, "template": r#"{"content": "{{ subject }}"}"# })
}
