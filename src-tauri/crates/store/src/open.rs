//! Opens the store: finds, makes, migrates or puts aside the database, and reads the state back.

use std::path::{Path, PathBuf};

use estatus_access::create_private_folder;
use estatus_core::{Timestamp, config::Retention, record::Restored};

use crate::{
    database::{self, Database, damage},
    files::{beside, set_aside},
    maintenance::Maintenance,
    migrations,
    mirror::Mirror,
    platform, restore,
    schema::{self, Found, OPEN_PATIENCE},
    store::{self, Store},
    trouble::{Notices, StoreError, Trouble, is_damage},
};

/// The name of the database in the data folder.
pub const FILE: &str = "estatus.db";

/// A larger database is not searched for damage after a crash, as that takes too long.
const CHECK_UP_TO: u64 = 200 << 20;

/// A store that was opened, and what it remembers.
#[derive(Debug)]
pub struct Opened {
    /// To write and to read.
    pub store: Store,
    /// What there is to go on with.
    pub restored: Restored,
    /// A name of this data folder that no other one has; numbers of incidents, runs and messages are unique with it.
    pub installation: String,
    /// What was wrong, and what was done about it.
    pub trouble: Vec<Trouble>,
    /// What goes wrong from now on.
    pub notices: Notices,
}

/// Opens the store in `folder`, and makes both where they do not exist, closed to other users.
///
/// A database that is damaged is kept aside and a new one begun, an old format is brought to today's (with a copy kept
/// beside it). `now` is the time that ages are reckoned from; the store goes on from it by the machine's clock.
///
/// # Errors
/// The folder cannot be used or others can change what is in it, another program keeps the database locked for 5 seconds, or a later version of Estatus
/// has written it.
pub fn open(folder: &Path, retention: Retention, now: Timestamp) -> Result<Opened, StoreError> {
    let path = folder.join(FILE);
    let unusable = |source| StoreError::Folder { path: folder.to_owned(), source };
    create_private_folder(folder).map_err(unusable)?;
    platform::create_file(&path).map_err(unusable)?;
    // A database that was closed has no write-ahead log.
    let crashed = beside(&path, "-wal").metadata().is_ok_and(|wal| wal.len() > 0);
    let mut trouble = Vec::new();
    let (database, restored, installation) = match attempt(&path, now, &mut trouble) {
        Err(Failure::Database(error)) if is_damage(&error) => {
            let aside = set_aside(&path, now).map_err(unusable)?;
            trouble.push(Trouble::set_aside(&path, &aside, &error));
            platform::create_file(&path).map_err(unusable)?;
            attempt(&path, now, &mut trouble)
        }
        result => result,
    }
    .map_err(|failure| failure.at(&path))?;
    let small = path.metadata().is_ok_and(|file| file.len() <= CHECK_UP_TO);
    let care = Maintenance::new(crashed && small);
    let (store, notices) = store::start(database, care, retention, now).map_err(unusable)?;
    Ok(Opened { store, restored, installation, trouble, notices })
}

type State = (Database, Restored, String);

fn attempt(path: &Path, now: Timestamp, trouble: &mut Vec<Trouble>) -> Result<State, Failure> {
    match schema::look(path)? {
        Found::Nothing => database::create(path, None)?,
        Found::Foreign => return Err(damage("it is not a database of Estatus".to_owned()).into()),
        Found::Format(schema::VERSION) => {}
        Found::Format(found) if (1..schema::VERSION).contains(&found) => migrations::migrate(path, found, now)?,
        Found::Format(found) => return Err(Failure::Newer { found }),
    }
    let connection = database::connect(path)?;
    connection.busy_timeout(OPEN_PATIENCE)?;
    let (restored, installation, lost) = restore::restore(&connection)?;
    drop(connection);
    trouble.extend(lost);
    let mirror = Mirror::new(installation.clone(), &restored);
    Ok((Database::open(path, mirror)?, restored, installation))
}

/// Why an attempt to open failed.
enum Failure {
    Database(rusqlite::Error),
    Newer { found: i64 },
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl Failure {
    fn at(self, path: &Path) -> StoreError {
        let path = PathBuf::from(path);
        match self {
            Self::Database(error) => StoreError::Unusable { trouble: Trouble::of(&path, &error), path },
            Self::Newer { found } => StoreError::Newer { path, found, known: schema::VERSION },
        }
    }
}
