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
mod monit;
mod nssm;
mod pm2;
mod procfile;
#[cfg(test)]
mod tests;
mod yaml;

use std::path::Path;

use estatus_api::{Edit, Imported};
use serde_json::{Value as Json, json};

use self::found::Found;
use toml_edit::DocumentMut;

use crate::{FILE_MAX, edit::apply, problem::shown};

/// Why a file cannot be imported.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// It is too long.
    #[error("a file of more than {FILE_MAX} bytes is not imported")]
    TooLong,
    /// It is no text.
    #[error("this file is not text in UTF-8: save it in that encoding")]
    NoText,
    /// Nobody knows what it is.
    #[error(
        "this is no file that Estatus understands: it imports a Procfile, an ecosystem file of PM2, what `nssm dump` \
         prints, a monitrc, a JSON backup of Uptime Kuma and a configuration of Gatus"
    )]
    Unknown,
    /// It is wrong by the rules of its own format.
    #[error("this {format} cannot be read: {reason}")]
    Unreadable {
        /// The format it seems to have.
        format: &'static str,
        /// What is wrong.
        reason: String,
    },
}

/// What the file `name` of another tool, in which `text` stands, would add to a configuration file that holds `tables`
/// (as in [`estatus_api::Configuration`]). If `name` is an absolute path, relative paths in the text start from its
/// folder.
///
/// # Errors
/// If it is too long, of no format that is known, or wrong by the rules of its format.
pub fn import(name: &str, text: &str, tables: &Json) -> Result<Imported, ImportError> {
    if text.len() > FILE_MAX {
        return Err(ImportError::TooLong);
    }
    let text = text.trim_start_matches('\u{feff}');
    let format = Format::of(name, text).ok_or(ImportError::Unknown)?;
    let folder = Path::new(name).parent().filter(|folder| folder.is_absolute());
    let mut found = Found::beside(tables);
    let read = match format {
        Format::Procfile => procfile::read(text, folder, &mut found),
        Format::Pm2 => pm2::read(text, folder, &mut found),
        Format::Nssm => nssm::read(text, &mut found),
        Format::Monit => monit::read(text, &mut found),
        Format::Kuma => kuma::read(text, &mut found),
        Format::Gatus => gatus::read(text, &mut found),
    };
    let unreadable = |reason: String| ImportError::Unreadable { format: format.word(), reason: one_line(&reason) };
    read.map_err(unreadable)?;
    Ok(found.imported(format.word()))
}

/// The text of a file, which is in UTF-8, or in UTF-16 as PowerShell writes it.
///
/// # Errors
/// If it is neither.
pub fn text_of(bytes: Vec<u8>) -> Result<String, ImportError> {
    let Some(wide) = bytes.strip_prefix(&[0xFF, 0xFE]) else {
        return String::from_utf8(bytes).map_err(|_| ImportError::NoText);
    };
    let units: Vec<u16> =
        wide.chunks(2).map(|pair| u16::from_le_bytes([pair[0], *pair.get(1).unwrap_or(&0)])).collect();
    String::from_utf16(&units).map_err(|_| ImportError::NoText)
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
}

impl Format {
    const fn word(self) -> &'static str {
        match self {
            Self::Procfile => "Procfile",
            Self::Pm2 => "PM2 ecosystem file",
            Self::Nssm => "nssm dump",
            Self::Monit => "monitrc",
            Self::Kuma => "Uptime Kuma backup",
            Self::Gatus => "Gatus configuration",
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

/// A channel that posts to a webhook of Slack.
fn slack(url: &str) -> Json {
    json!({ "webhook": url, "template": r#"{"text": "{{ text }}"}"# })
}

/// A channel that posts to a webhook of Discord.
fn discord(url: &str) -> Json {
    json!({ "webhook": url, "template": r#"{"content": "{{ subject }}"}"# })
}
