//! The tables, and the migrations from those of an older clusterup.

use super::error::{LedgerContext, LedgerError};
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

/// Each migrates a ledger from the version that is its index to the next version. Existing entries
/// never change; new ones are appended. Instants are milliseconds since 1970.
const MIGRATIONS: &[&str] = &[
    "
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
",
    "
    CREATE TABLE events (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        actor TEXT NOT NULL,
        place TEXT,
        target TEXT,
        name TEXT,
        act TEXT NOT NULL,
        verdict TEXT,
        evidence TEXT,
        outcome TEXT NOT NULL
    ) STRICT;
    CREATE INDEX events_by_target ON events (target, id);
    CREATE INDEX events_by_act ON events (act, id);
    CREATE INDEX events_by_time ON events (at);
    CREATE TRIGGER events_do_not_change BEFORE UPDATE ON events
        BEGIN SELECT RAISE(ABORT, 'events are only added to'); END;
    CREATE TRIGGER events_do_not_go BEFORE DELETE ON events
        BEGIN SELECT RAISE(ABORT, 'events are only added to'); END;
    -- REPLACE deletes without asking the trigger of deletions.
    CREATE TRIGGER events_are_not_replaced BEFORE INSERT ON events
        WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'events are only added to'); END;
    CREATE TABLE notices (
        matter TEXT PRIMARY KEY,
        at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE tellings (
        matter TEXT NOT NULL,
        voice TEXT NOT NULL,
        at INTEGER NOT NULL,
        outcome TEXT NOT NULL,
        PRIMARY KEY (matter, voice)
    ) STRICT;
",
    // 34,560,000,000 ms are the 400 days, and 1,000,000 the entries of `retention.rs`.
    "
    DROP TRIGGER events_do_not_go;
    CREATE TRIGGER events_do_not_go BEFORE DELETE ON events
        WHEN OLD.at >= (SELECT max(at) FROM events) - 34560000000
            AND OLD.id > (SELECT max(id) FROM events) - 1000000
        BEGIN SELECT RAISE(ABORT, 'events are only added to'); END;
",
];

/// Migrates the tables to the newest version; refuses those of a newer clusterup.
pub(super) fn migrate(db: &mut Connection, path: &Path) -> Result<(), LedgerError> {
    if version(db)? == MIGRATIONS.len() as i64 {
        return Ok(());
    }
    // A second process waits here and then finds the migration done.
    let transaction = db
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .during("opened")?;
    let found = version(&transaction)?;
    let pending = usize::try_from(found)
        .ok()
        .and_then(|n| MIGRATIONS.get(n..));
    let Some(pending) = pending else {
        let path = path.to_owned();
        return Err(LedgerError::Newer { path, found });
    };
    for migration in pending {
        transaction.execute_batch(migration).during("opened")?;
    }
    let ours = MIGRATIONS.len() as i64;
    transaction
        .pragma_update(None, "user_version", ours)
        .during("opened")?;
    transaction.commit().during("opened")
}

fn version(db: &Connection) -> Result<i64, LedgerError> {
    db.pragma_query_value(None, "user_version", |row| row.get(0))
        .during("opened")
}
