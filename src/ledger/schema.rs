//! The tables, and how those of an older clusterup become ours.

use super::error::{Doing, LedgerError};
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

/// Each brings a ledger from the version that is its index to the next. They are never changed,
/// only added to. Instants are milliseconds since 1970.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE records (
        target TEXT NOT NULL,
        id TEXT NOT NULL,
        account TEXT,
        stack TEXT NOT NULL,
        team TEXT,
        owner TEXT,
        created_at INTEGER NOT NULL,
        ended_at INTEGER,
        final INTEGER NOT NULL,
        seen_at INTEGER NOT NULL,
        record TEXT NOT NULL,
        PRIMARY KEY (target, id)
    ) STRICT;
    CREATE INDEX records_by_creation ON records (target, created_at);
    CREATE TABLE syncs (
        target TEXT NOT NULL,
        account TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (target, account)
    ) STRICT;
"];

/// Brings the tables up to date; refuses those of a newer clusterup.
pub(super) fn migrate(db: &mut Connection, path: &Path) -> Result<(), LedgerError> {
    if version(db)? == MIGRATIONS.len() as i64 {
        return Ok(());
    }
    // Whoever comes second finds it done.
    let transaction = db
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .doing("opened")?;
    let found = version(&transaction)?;
    let todo = usize::try_from(found)
        .ok()
        .and_then(|n| MIGRATIONS.get(n..));
    let Some(todo) = todo else {
        let path = path.to_owned();
        return Err(LedgerError::Newer { path, found });
    };
    for migration in todo {
        transaction.execute_batch(migration).doing("opened")?;
    }
    let ours = MIGRATIONS.len() as i64;
    transaction
        .pragma_update(None, "user_version", ours)
        .doing("opened")?;
    transaction.commit().doing("opened")
}

fn version(db: &Connection) -> Result<i64, LedgerError> {
    db.pragma_query_value(None, "user_version", |row| row.get(0))
        .doing("opened")
}
