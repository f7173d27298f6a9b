//! Format 7: as format 8, without what programs and hosts used.

use rusqlite::{Connection, Result};

/// Brings a database of format 7 to format 8.
pub(super) fn to_8(connection: &Connection) -> Result<()> {
    connection.execute_batch(
        "CREATE TABLE series (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, measure TEXT NOT NULL, UNIQUE (kind, name, measure));
CREATE TABLE usage_minute (id INTEGER PRIMARY KEY, mean INTEGER NOT NULL, least INTEGER NOT NULL, most INTEGER NOT NULL);
CREATE TABLE usage_hour (
    id INTEGER PRIMARY KEY,
    minutes INTEGER NOT NULL,
    sum INTEGER NOT NULL,
    least INTEGER NOT NULL,
    most INTEGER NOT NULL
);
CREATE TABLE usage_day (
    id INTEGER PRIMARY KEY,
    minutes INTEGER NOT NULL,
    sum INTEGER NOT NULL,
    least INTEGER NOT NULL,
    most INTEGER NOT NULL
);",
    )?;
    connection.pragma_update(None, "user_version", 8)
}
