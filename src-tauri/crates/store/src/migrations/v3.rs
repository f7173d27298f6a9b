//! Format 3: as format 4, without the phases of hours and days.

use rusqlite::{Connection, Result};

/// Brings a database of format 3 to format 4. Of the hours and days that it has, no phases are known.
pub(super) fn to_4(connection: &Connection) -> Result<()> {
    for table in ["hour", "day"] {
        connection.execute_batch(&format!(
            "ALTER TABLE {table} RENAME TO old_{table};
CREATE TABLE {table} (
    id INTEGER PRIMARY KEY,
    up INTEGER NOT NULL,
    down INTEGER NOT NULL,
    inconclusive INTEGER NOT NULL,
    samples INTEGER NOT NULL,
    fastest INTEGER,
    slowest INTEGER,
    latency BLOB NOT NULL,
    phases BLOB NOT NULL
);
INSERT INTO {table} SELECT *, x'' FROM old_{table};
DROP TABLE old_{table};"
        ))?;
    }
    connection.pragma_update(None, "user_version", 4)
}
