//! `estatus config import`: shows what another tool's file would add to the configuration file, and adds it.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use estatus_api::Edit;
use estatus_config::{Defaults, Saving};
use serde_json::Value as Json;

use crate::{CommandError, Outcome, Result, configuration::Places, show};

pub(crate) fn import(places: &Places, file: &Path, yes: bool, json: bool) -> Result {
    let content = read(file).map_err(|error| CommandError::Wrong(format!("{}: {error}", file.display())))?;
    let refused = |error: estatus_config::ImportError| CommandError::Wrong(format!("{}: {error}", file.display()));
    let path = std::path::absolute(file).map_err(CommandError::failed)?;
    let tables = tables(places)?;
    let imported = estatus_config::import(&path.to_string_lossy(), content, &tables, Defaults::of_system().language)
        .map_err(refused)?;
    if json {
        show::json(&imported)?;
        return Ok(Outcome::Well);
    }
    say!("# {}: {}", imported.from, file.display());
    say!("{}", estatus_config::preview(&imported.edits));
    for note in &imported.notes {
        say!("# {note}");
    }
    match imported.edits.len() {
        0 => say!("Nothing to add."),
        count if yes => {
            apply(places, &imported.edits)?;
            say!("Added {} to {}", show::counted(count, "entry", "entries"), places.config.display());
        }
        1 => say!("With --yes, this entry is added to {}", places.config.display()),
        count => say!("With --yes, these {count} entries are added to {}", places.config.display()),
    }
    Ok(Outcome::Well)
}

/// At most one byte more than is imported.
fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // Text in UTF-16 takes twice as much.
    File::open(file)?.take(2 * estatus_config::FILE_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What stands in the configuration file, which may not be there yet.
pub(crate) fn tables(places: &Places) -> std::result::Result<Json, CommandError> {
    if !places.config.exists() {
        return Ok(Json::default());
    }
    estatus_config::configuration(&places.config, &Defaults::of_system())
        .map(|file| file.tables)
        .map_err(CommandError::failed)
}

/// Makes `edits` in the configuration file, all or none.
pub(crate) fn apply(places: &Places, edits: &[Edit]) -> std::result::Result<(), CommandError> {
    begin(&places.config)
        .map_err(|error| CommandError::Failed(format!("{} cannot be created: {error}", places.config.display())))?;
    make(places, edits, Saving::Yes)
}

/// Whether [`apply`] would be refused what stands in a file that is there; nothing is changed.
#[cfg(windows)]
pub(crate) fn try_out(places: &Places, edits: &[Edit]) -> std::result::Result<(), CommandError> {
    if places.config.exists() { make(places, edits, Saving::No) } else { Ok(()) }
}

fn make(places: &Places, edits: &[Edit], saving: Saving<'_>) -> std::result::Result<(), CommandError> {
    let edited =
        estatus_config::edit(&places.config, edits, saving, &Defaults::of_system()).map_err(CommandError::failed)?;
    if edited.problems.is_empty() {
        return Ok(());
    }
    let file = places.config.display();
    let said = edited.problems.iter().map(|it| format!("{file}:{}:{}: {}", it.line, it.column, it.message));
    Err(CommandError::Wrong(format!("nothing was changed:\n{}", said.collect::<Vec<_>>().join("\n"))))
}

/// Makes an empty configuration file where there is none.
fn begin(config: &Path) -> io::Result<()> {
    if let Some(folder) = config.parent() {
        fs::create_dir_all(folder)?;
    }
    match File::create_new(config) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}
