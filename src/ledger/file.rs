//! The ledger's file: readable by its user only, in WAL mode, and moved aside if it is damaged.

use super::error::{LedgerContext, LedgerError};
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

/// How long a writer waits for another, which holds the database for one write only.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) fn connect(path: &Path) -> Result<Connection, LedgerError> {
    let file = |source| LedgerError::File {
        path: path.to_owned(),
        source,
    };
    create(path).map_err(file)?;
    // SQLite would also open a pipe, which blocks, or a device, which has no end.
    for end in ["", "-wal", "-shm"] {
        match disk::open(&with_suffix(path, end)) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            opened => drop(opened.map_err(file)?),
        }
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = Connection::open_with_flags(path, flags).during("opened")?;
    db.busy_timeout(BUSY_TIMEOUT).during("opened")?;
    enable_wal(&db)?;
    schema::migrate(&mut db, path)?;
    check(&db, path)?;
    Ok(db)
}

/// Creates the folder and the file, for the user only. SQLite gives its other files the mode of
/// this one.
fn create(path: &Path) -> std::io::Result<()> {
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

/// Turns WAL on. That needs an exclusive lock, for which SQLite does not wait by itself.
fn enable_wal(db: &Connection) -> Result<(), LedgerError> {
    let mut attempts = 0;
    loop {
        let set = db.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()));
        match set {
            Err(error) if attempts < 100 && is_busy(&error) => attempts += 1,
            set => return set.during("opened"),
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

/// Checks the database. Even a ledger of several years has only a few megabytes, and is read in
/// less time than a call to AWS takes.
fn check(db: &Connection, path: &Path) -> Result<(), LedgerError> {
    let says: String = db
        .pragma_query_value(None, "quick_check", |row| row.get(0))
        .during("opened")?;
    match says.as_str() {
        "ok" => Ok(()),
        _ => Err(LedgerError::Spoilt {
            path: path.to_owned(),
            says,
        }),
    }
}

/// The path with this suffix appended to its file name.
fn with_suffix(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// Moves a damaged ledger, and SQLite's files beside it, to a name with the time.
pub(super) fn move_aside(path: &Path, now: DateTime<Utc>) -> Result<PathBuf, LedgerError> {
    let suffixed = |end: &str| with_suffix(path, end);
    let mark = now.format(".spoilt-%Y%m%dT%H%M%S%3fZ").to_string();
    let aside = suffixed(&mark);
    fs::rename(path, &aside).map_err(|source| LedgerError::File {
        path: path.to_owned(),
        source,
    })?;
    for end in ["-wal", "-shm"] {
        // They are missing if SQLite has not created them.
        let _ = fs::rename(suffixed(end), suffixed(&format!("{mark}{end}")));
    }
    Ok(aside)
}
