//! Format 2: as format 3, without programs.

use rusqlite::{Connection, Result};

/// Brings a database of format 2 to format 3.
pub(super) fn to_3(connection: &Connection) -> Result<()> {
    connection.execute_batch("CREATE TABLE program (name TEXT PRIMARY KEY, memory TEXT NOT NULL) WITHOUT ROWID")?;
    connection.pragma_update(None, "user_version", 3)
}
