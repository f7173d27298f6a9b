//! The tables, and how a database comes to have them.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, Result};

/// The format this version writes, in `PRAGMA user_version`.
pub(crate) const VERSION: i64 = 9;

/// How long opening waits for another program to let go of the database.
pub(crate) const OPEN_PATIENCE: Duration = Duration::from_secs(5);

/// What is found where the database should be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing, or an empty file.
    Nothing,
    /// A database of this format, from 1.
    Format(i64),
    /// A sound database that is not ours.
    Foreign,
}

/// Looks at the file without changing it.
pub(crate) fn look(path: &Path) -> Result<Found> {
    if path.metadata().map_or(true, |metadata| metadata.len() == 0) {
        return Ok(Found::Nothing);
    }
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(OPEN_PATIENCE)?;
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(match (version, tables) {
        (0, 0) => Found::Nothing,
        (0, _) => Found::Foreign,
        (version, _) => Found::Format(version),
    })
}

/// Makes the tables in an empty database, with `installation` as its name or a random one.
pub(crate) fn create(connection: &mut Connection, installation: Option<&str>) -> Result<()> {
    let transaction = connection.transaction()?;
    tables(&transaction, installation)?;
    transaction.commit()
}

/// The same, within a transaction.
pub(crate) fn tables(connection: &Connection, installation: Option<&str>) -> Result<()> {
    connection.execute_batch(include_str!("schema.sql"))?;
    connection
        .execute("INSERT INTO fact VALUES ('installation', coalesce(?, lower(hex(randomblob(16)))))", [installation])?;
    connection.pragma_update(None, "user_version", VERSION)
}
