//! Format 8: as format 9, without the programs of which the journal tells.

use rusqlite::{Connection, Result};

/// Brings a database of format 8 to format 9.
pub(super) fn to_9(connection: &Connection) -> Result<()> {
    connection.execute_batch(
        "ALTER TABLE journal ADD COLUMN program TEXT;
UPDATE journal SET program = entry ->> '$.program'
    WHERE CASE WHEN json_valid(entry) THEN entry ->> '$.kind' = 'program' END;
CREATE INDEX journal_by_program ON journal (program, at) WHERE program IS NOT NULL;",
    )?;
    connection.pragma_update(None, "user_version", 9)
}
