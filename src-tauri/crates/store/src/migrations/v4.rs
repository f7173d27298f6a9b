//! Format 4: as format 5, with the memories of monitors beside their names and those of programs in a table of their own.

use rusqlite::{Connection, Result};

/// Brings a database of format 4 to format 5.
pub(super) fn to_5(connection: &Connection) -> Result<()> {
    connection.execute_batch(
        "CREATE TABLE memory (kind TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID;
ALTER TABLE monitor RENAME TO old_monitor;
CREATE TABLE monitor (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, rolled_until INTEGER NOT NULL DEFAULT 0);
INSERT INTO monitor SELECT id, name, rolled_until FROM old_monitor;
INSERT INTO memory SELECT 'monitor', name, memory FROM old_monitor WHERE memory IS NOT NULL;
INSERT INTO memory SELECT 'program', name, memory FROM program;
DROP TABLE old_monitor;
DROP TABLE program;",
    )?;
    connection.pragma_update(None, "user_version", 5)
}
