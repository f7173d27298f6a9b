//! Format 6: as format 7, without fleets.

use rusqlite::{Connection, Result};

/// Brings a database of format 6 to format 7.
pub(super) fn to_7(connection: &Connection) -> Result<()> {
    connection.execute_batch(
        "CREATE TABLE instance (
    name TEXT PRIMARY KEY,
    fleet TEXT NOT NULL,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    ended INTEGER,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX instance_by_fleet ON instance (fleet, number, ended);
CREATE INDEX instance_living ON instance (fleet, number) WHERE ended IS NULL;
CREATE TABLE decision (
    fleet TEXT NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (fleet, number)
) WITHOUT ROWID;
CREATE INDEX decision_by_at ON decision (fleet, at);",
    )?;
    connection.pragma_update(None, "user_version", 7)
}
