//! The ledger: what clusters have cost, in an embedded SQLite database with one record per cluster,
//! which outlives the cluster. It is history, not state: no decision about what exists depends on
//! it, and what is lost is rebuilt from the cloud as far as the cloud lists it. It also holds the
//! audit log of the watchdog and the notices that were sent. What is old is deleted: see `retention.rs`.
//!
//! WAL mode: readers never wait for a writer; a writer waits up to five seconds for another.

mod audit;
mod error;
mod file;
mod names;
mod notices;
mod retention;
mod schema;

pub use audit::{AuditQuery, Logged};
pub use error::LedgerError;
pub use names::Names;

use crate::cost::attempts::JobAttempt;
use crate::cost::ledger::{Record, Scope, SlotTime, Window};
use crate::model::name::{ClusterId, StepName};
use crate::model::pace::StepPace;
use crate::model::place::Place;
use chrono::{DateTime, Utc};
use error::LedgerContext;
use rusqlite::{Connection, Params, Row, Transaction, TransactionBehavior, params};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// An open ledger.
pub struct Ledger {
    db: Connection,
}

/// An opened ledger.
pub struct Opened {
    /// The ledger.
    pub ledger: Ledger,
    /// Where a damaged ledger was moved to, if there was one.
    pub spoilt: Option<PathBuf>,
}

/// A final record is not overwritten by one that is not.
const UPSERT: &str = "
    INSERT INTO records
        (target, id, account, stack, team, owner, created_at, ended_at, final, seen_at, record)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
    ON CONFLICT (target, id) DO UPDATE SET
        account = excluded.account, stack = excluded.stack, team = excluded.team,
        owner = excluded.owner, created_at = excluded.created_at, ended_at = excluded.ended_at,
        final = excluded.final, seen_at = excluded.seen_at,
        record = json_patch(excluded.record, json_object(
            'slots', json_extract(records.record, '$.slots'),
            'attempts', json_extract(records.record, '$.attempts'),
            'paces', json_extract(records.record, '$.paces')
        ))
    WHERE excluded.final >= records.final";

impl Ledger {
    /// Opens the ledger in a file, or creates it. A damaged file is moved aside.
    ///
    /// # Errors
    /// Returns an error if a newer clusterup wrote the ledger, or if the file cannot be opened.
    pub fn open(path: &Path, now: DateTime<Utc>) -> Result<Opened, LedgerError> {
        match file::connect(path) {
            Ok(db) => Ok(Opened {
                ledger: Self { db },
                spoilt: None,
            }),
            Err(error) if error.is_spoilt() => {
                let spoilt = Some(file::move_aside(path, now)?);
                let ledger = Self {
                    db: file::connect(path)?,
                };
                Ok(Opened { ledger, spoilt })
            }
            Err(error) => Err(error),
        }
    }

    /// Writes records, all or none.
    ///
    /// # Errors
    /// Returns an error if the database cannot be read or written.
    pub fn record(&mut self, records: &[Record]) -> Result<(), LedgerError> {
        self.write(|transaction| upsert(transaction, records))
    }

    /// Writes all records that a target had at an instant, and that it was read then.
    ///
    /// # Errors
    /// Returns an error if the database cannot be read or written.
    pub fn settle(
        &mut self,
        scope: &Scope,
        records: &[Record],
        at: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| {
            upsert(transaction, records)?;
            let account = scope.account.as_deref().unwrap_or_default();
            let row = params![scope.place.to_string(), account, at.timestamp_millis()];
            let sql = "INSERT INTO syncs (target, account, at) VALUES (?1, ?2, ?3)
                       ON CONFLICT (target, account) DO UPDATE SET at = excluded.at";
            transaction.execute(sql, row).map(|_| ())
        })
    }

    fn write<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, LedgerError> {
        let transaction = self
            .db
            .transaction_with_behavior(TransactionBehavior::Immediate);
        let result = transaction.and_then(|transaction| {
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        });
        result.during("written")
    }
}

impl Ledger {
    /// Adds how busy the slots of a cluster were in a run to its record, if it has one. What a cloud
    /// reports later leaves them as they are.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written.
    pub fn add_slots(
        &mut self,
        place: &Place,
        id: &ClusterId,
        slots: SlotTime,
    ) -> Result<(), LedgerError> {
        let [there, busy] =
            [slots.there_ms, slots.busy_ms].map(|ms| i64::try_from(ms).unwrap_or(i64::MAX / 2));
        let values = params![place.to_string(), id.as_str(), there, busy];
        self.write(|transaction| transaction.execute(ADD_SLOTS, values).map(|_| ()))
    }
}

impl Ledger {
    /// Adds an attempt at its job to the record of a cluster, if it has one, or replaces it. What a
    /// cloud reports later leaves it as it is.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written.
    pub fn add_attempt(
        &mut self,
        place: &Place,
        id: &ClusterId,
        attempt: &JobAttempt,
    ) -> Result<(), LedgerError> {
        let text = serde_json::to_string(attempt).unwrap_or_default();
        let key = attempt.key();
        let values = params![place.to_string(), id.as_str(), key, text];
        self.write(|transaction| transaction.execute(ADD_ATTEMPT, values).map(|_| ()))
    }
}

impl Ledger {
    /// Adds how fast steps of a cluster went to its record, if it has one, or replaces it. What a cloud
    /// reports later leaves it as it is.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written.
    pub fn add_paces(
        &mut self,
        place: &Place,
        id: &ClusterId,
        paces: &BTreeMap<StepName, StepPace>,
    ) -> Result<(), LedgerError> {
        let text = serde_json::to_string(paces).unwrap_or_default();
        let values = params![place.to_string(), id.as_str(), text];
        self.write(|transaction| transaction.execute(ADD_PACES, values).map(|_| ()))
    }
}

/// Reads records. A scope without an account covers all accounts of its target.
impl Ledger {
    /// Returns the records of clusters that existed within a window, oldest first.
    ///
    /// # Errors
    /// Returns an error if the database, or one of its records, cannot be read.
    pub fn records(&self, scope: &Scope, window: Window) -> Result<Vec<Record>, LedgerError> {
        let from = window.from;
        let until = window.until;
        let more = "created_at < ?3 AND (final = 0 OR ended_at IS NULL OR ended_at >= ?4)";
        let until = until.timestamp_millis().saturating_add(1);
        self.select(scope, more, [until, from.timestamp_millis()])
    }

    /// Returns the records that are not final.
    ///
    /// # Errors
    /// Returns an error if the database, or one of its records, cannot be read.
    pub fn unsettled(&self, scope: &Scope) -> Result<Vec<Record>, LedgerError> {
        self.select(scope, "final = 0 AND ?3 = ?4", [0, 0])
    }

    /// Returns the records of all places that are not final, oldest first.
    ///
    /// # Errors
    /// Returns an error if the database, or one of its records, cannot be read.
    pub fn living(&self) -> Result<Vec<Record>, LedgerError> {
        let sql = "SELECT id, record FROM records WHERE final = 0 ORDER BY created_at, id";
        self.read(sql, [])
    }

    /// Returns the ids of the clusters whose records are final.
    ///
    /// # Errors
    /// Returns an error if the database cannot be read or written.
    pub fn known_final(&self, scope: &Scope) -> Result<BTreeSet<ClusterId>, LedgerError> {
        let sql = format!("SELECT id FROM records WHERE {OF_SCOPE} AND final = 1");
        let ids = || {
            let mut statement = self.db.prepare(&sql)?;
            let id = |row: &Row<'_>| row.get::<_, String>(0);
            let ids = statement.query_map(params![scope.place.to_string(), scope.account], id)?;
            ids.collect::<rusqlite::Result<Vec<_>>>()
        };
        let ids = ids().during("read")?;
        Ok(ids.into_iter().filter_map(|id| id.parse().ok()).collect())
    }

    /// Returns when all clusters of the target were last read, if they ever were.
    ///
    /// # Errors
    /// Returns an error if the database cannot be read or written.
    pub fn synced_at(&self, scope: &Scope) -> Result<Option<DateTime<Utc>>, LedgerError> {
        let sql = format!("SELECT max(at) FROM syncs WHERE {OF_SCOPE}");
        let at = self.db.query_row(
            &sql,
            params![scope.place.to_string(), scope.account.as_deref()],
            |row| row.get::<_, Option<i64>>(0),
        );
        Ok(at.during("read")?.and_then(DateTime::from_timestamp_millis))
    }

    /// Returns the records of a scope that match the condition `more`, which has two numbers, `?3`
    /// and `?4`.
    fn select(
        &self,
        scope: &Scope,
        more: &str,
        numbers: [i64; 2],
    ) -> Result<Vec<Record>, LedgerError> {
        let sql = format!(
            "SELECT id, record FROM records WHERE {OF_SCOPE} AND {more} ORDER BY created_at, id"
        );
        let [first, second] = numbers;
        let place = scope.place.to_string();
        self.read(&sql, params![place, scope.account, first, second])
    }

    /// The records that a query selects with their ids.
    fn read(&self, sql: &str, values: impl Params) -> Result<Vec<Record>, LedgerError> {
        let rows = || {
            let mut statement = self.db.prepare(sql)?;
            let row = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
            statement
                .query_map(values, row)?
                .collect::<rusqlite::Result<Vec<_>>>()
        };
        let rows = rows().during("read")?.into_iter();
        rows.map(|(id, text)| {
            let record = serde_json::from_str(&text);
            record.map_err(|source| LedgerError::Unreadable { id, source })
        })
        .collect()
    }
}

/// Adds to the slots of a record. Its other fields stay.
const ADD_SLOTS: &str = "
    UPDATE records SET record = json_set(record, '$.slots', json_object(
        'there_ms', coalesce(json_extract(record, '$.slots.there_ms'), 0) + ?3,
        'busy_ms', coalesce(json_extract(record, '$.slots.busy_ms'), 0) + ?4
    ))
    WHERE target = ?1 AND id = ?2";

/// Adds an attempt to a record. Its other fields stay.
const ADD_ATTEMPT: &str = "
    UPDATE records SET record = json_patch(record, json_object(
        'attempts', json_object(?3, json(?4))
    ))
    WHERE target = ?1 AND id = ?2";

/// Adds paces to a record, each as a whole. Its other fields stay.
const ADD_PACES: &str = "
    UPDATE records SET record = json_set(record, '$.paces', json_patch(
        coalesce(json_extract(record, '$.paces'), '{}'), json(?3)
    ))
    WHERE target = ?1 AND id = ?2";

/// The condition for the rows of a scope: `?1` is its target, `?2` its account.
const OF_SCOPE: &str = "target = ?1 AND (?2 IS NULL OR account = ?2)";

fn upsert(transaction: &Transaction<'_>, records: &[Record]) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare(UPSERT)?;
    for record in records {
        let text = serde_json::to_string(record)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        statement.execute(params![
            record.place.to_string(),
            record.id.as_str(),
            record.account,
            record.stack.as_str(),
            record.team.as_ref().map(|team| team.as_str()),
            record.owner,
            record.created_at.timestamp_millis(),
            record.gone_at().map(|at| at.timestamp_millis()),
            record.is_final(),
            record.seen_at.timestamp_millis(),
            text,
        ])?;
    }
    Ok(())
}
