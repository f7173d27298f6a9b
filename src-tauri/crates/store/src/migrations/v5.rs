//! Format 5: as format 6, without runs of flows.

use rusqlite::{Connection, Result};

/// Brings a database of format 5 to format 6.
pub(super) fn to_6(connection: &Connection) -> Result<()> {
    connection.execute_batch(
        "CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    flow TEXT NOT NULL,
    state TEXT NOT NULL,
    began INTEGER NOT NULL,
    ended INTEGER,
    body TEXT NOT NULL
);
CREATE INDEX run_by_flow ON run (flow, id, ended);
CREATE INDEX run_by_ended ON run (ended);
CREATE TABLE step (run INTEGER NOT NULL, place INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (run, place)) WITHOUT ROWID;",
    )?;
    connection.pragma_update(None, "user_version", 6)
}
