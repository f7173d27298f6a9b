//! Brings databases of old formats to today's. Each old format is frozen in its own module, with a fixture in
//! `fixtures/` that it is tried on.

mod v1;
mod v2;
mod v3;
mod v4;
mod v5;
mod v6;
mod v7;
mod v8;

use std::path::Path;

use estatus_core::Timestamp;
use rusqlite::{Connection, Result};

use crate::{files::beside, platform, schema::OPEN_PATIENCE};

/// Brings the database from format `found` to today's, and keeps a copy of it as it was beside it.
///
/// # Errors
/// It cannot be read or written; then it is as it was.
pub(crate) fn migrate(path: &Path, found: i64, now: Timestamp) -> Result<()> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(OPEN_PATIENCE)?;
    keep_copy(&connection, path, found, now)?;
    let transaction = connection.transaction()?;
    let steps: [fn(&Connection) -> Result<()>; 7] =
        [v2::to_3, v3::to_4, v4::to_5, v5::to_6, v6::to_7, v7::to_8, v8::to_9];
    match found {
        1 => v1::to_today(&transaction)?,
        2.. => {
            let done = usize::try_from(found - 2).unwrap_or(usize::MAX);
            steps.iter().skip(done).try_for_each(|step| step(&transaction))?;
        }
        _ => {}
    }
    transaction.commit()?;
    if found == 1
        && let Err(error) = tidy(&connection)
    {
        tracing::warn!(%error, "the migrated history takes more space than it needs");
    }
    Ok(())
}

/// Makes the file as small as it can be, and able to shrink later: only a vacuum turns this on where there are tables.
fn tidy(connection: &Connection) -> Result<()> {
    connection.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.execute_batch("VACUUM")
}

fn keep_copy(connection: &Connection, path: &Path, found: i64, now: Timestamp) -> Result<()> {
    let copy = beside(path, &format!(".format-{found}-{}", now.strftime("%Y%m%dT%H%M%SZ")));
    if copy.metadata().is_ok_and(|copy| copy.len() > 0) {
        return Ok(());
    }
    // An empty file is taken as it is, with the rights it has.
    platform::create_file(&copy).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    connection.execute("VACUUM INTO ?", [copy.to_string_lossy()])?;
    Ok(())
}
