//! The ledger's file: for its user alone, in WAL mode, and out of the way where it is spoilt.

use super::error::{Doing, LedgerError};
use super::schema;
use crate::disk;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// How long a writer waits for another, who never holds the database for longer than a write.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn connect(path: &Path) -> Result<Connection, LedgerError> {
    let file = |source| LedgerError::File {
        path: path.to_owned(),
        source,
    };
    make(path).map_err(file)?;
    // SQLite would open what waits, or has no end.
    for end in ["", "-wal", "-shm"] {
        match disk::open(&beside(path, end)) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            opened => drop(opened.map_err(file)?),
        }
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = Connection::open_with_flags(path, flags).doing("opened")?;
    db.busy_timeout(PATIENCE).doing("opened")?;
    write_ahead(&db)?;
    schema::migrate(&mut db, path)?;
    check(&db, path)?;
    Ok(db)
}

/// SQLite gives its other files the mode of this one.
fn make(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    let new = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match new {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Turning WAL on needs the database alone and does not wait for it by itself.
fn write_ahead(db: &Connection) -> Result<(), LedgerError> {
    let mut tries = 0;
    loop {
        let set = db.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()));
        match set {
            Err(error) if tries < 100 && is_busy(&error) => tries += 1,
            set => return set.doing("opened"),
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(
        code,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

/// A ledger of years is a few megabytes: read through in less time than a call of AWS takes.
fn check(db: &Connection, path: &Path) -> Result<(), LedgerError> {
    let says: String = db
        .pragma_query_value(None, "quick_check", |row| row.get(0))
        .doing("opened")?;
    match says.as_str() {
        "ok" => Ok(()),
        _ => Err(LedgerError::Spoilt {
            path: path.to_owned(),
            says,
        }),
    }
}

/// The file whose name is longer by this end.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// Moves a spoilt ledger, and what SQLite has beside it, to a name that says since when.
pub(super) fn move_aside(path: &Path, now: DateTime<Utc>) -> Result<PathBuf, LedgerError> {
    let with = |end: &str| beside(path, end);
    let mark = now.format(".spoilt-%Y%m%dT%H%M%S%3fZ").to_string();
    let aside = with(&mark);
    fs::rename(path, &aside).map_err(|source| LedgerError::File {
        path: path.to_owned(),
        source,
    })?;
    for end in ["-wal", "-shm"] {
        // Not there where SQLite had no chance to make them.
        let _ = fs::rename(with(end), with(&format!("{mark}{end}")));
    }
    Ok(aside)
}
