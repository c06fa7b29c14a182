//! The audit log: an append-only table, protected by triggers of the database.

use super::Ledger;
use super::error::{LedgerContext, LedgerError};
use crate::model::audit::{Act, Entry, Target};
use crate::model::place::Place;
use chrono::{DateTime, Utc};
use rusqlite::types::{ToSql, Type};
use rusqlite::{Row, params};
use serde::Serialize;

/// An entry of the audit log with its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Logged {
    /// The entry's number. Later entries have greater numbers.
    pub id: i64,
    /// What was done.
    #[serde(flatten)]
    pub entry: Entry,
}

/// A filter of the audit log. An entry has to match all conditions that are set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditQuery {
    /// Entries after this number.
    pub after: Option<i64>,
    /// Entries of this place.
    pub place: Option<Place>,
    /// Entries about the target with this id or name.
    pub target: Option<String>,
    /// Entries of this act.
    pub act: Option<Act>,
    /// Entries at or after this instant.
    pub since: Option<DateTime<Utc>>,
    /// At most this many, the newest.
    pub last: Option<u32>,
}

const COLUMNS: &str = "id, at, actor, place, target, name, act, verdict, evidence, outcome";

impl Ledger {
    /// Appends an entry and returns its number. A written entry survives a crash of the machine.
    ///
    /// # Errors
    /// Returns an error if the database cannot be read or written.
    pub fn note(&mut self, entry: &Entry) -> Result<i64, LedgerError> {
        let target = entry.target.as_ref();
        let row = params![
            entry.at.timestamp_millis(),
            entry.actor,
            entry.place.as_ref().map(ToString::to_string),
            target.map(|target| &target.id),
            target.and_then(|target| Some(target.name.as_ref()?.as_str())),
            entry.act.as_str(),
            entry.verdict,
            entry.evidence,
            entry.outcome,
        ];
        let sql = "INSERT INTO events
            (at, actor, place, target, name, act, verdict, evidence, outcome)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        self.write(|transaction| {
            transaction.execute(sql, row)?;
            Ok(transaction.last_insert_rowid())
        })
    }

    /// Returns the entries that match, in order of time.
    ///
    /// # Errors
    /// Returns an error if the database cannot be read or written.
    pub fn entries(&self, query: &AuditQuery) -> Result<Vec<Logged>, LedgerError> {
        let place = query.place.as_ref().map(ToString::to_string);
        let since = query.since.map(|at| at.timestamp_millis());
        let sql = format!(
            "SELECT {COLUMNS} FROM events
             WHERE id > ?1
                AND (?2 IS NULL OR place = ?2)
                AND (?3 IS NULL OR target = ?3 OR name = ?3)
                AND (?4 IS NULL OR act = ?4)
                AND (?5 IS NULL OR at >= ?5)
             ORDER BY id DESC LIMIT ?6"
        );
        let mut rows = self.logged(
            &sql,
            &[
                &query.after.unwrap_or(0),
                &place,
                &query.target,
                &query.act.map(Act::as_str),
                &since,
                // A negative limit means no limit in SQLite.
                &query.last.map_or(-1, i64::from),
            ],
        )?;
        rows.reverse();
        Ok(rows)
    }

    /// Returns, for each target with a requested and unconfirmed termination, its last `terminate`
    /// entry. A watchdog that starts follows these terminations. Whether the request succeeded is
    /// in the entry's outcome.
    ///
    /// # Errors
    /// Returns an error if the database cannot be read or written.
    pub fn open_terminations(&self) -> Result<Vec<Logged>, LedgerError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM events AS it
             WHERE act = 'terminate' AND target IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM events AS later
                WHERE later.target = it.target AND later.place IS it.place
                    AND later.act IN ('terminate', 'ended') AND later.id > it.id)
             ORDER BY id"
        );
        self.logged(&sql, &[])
    }

    fn logged(&self, sql: &str, query: &[&dyn ToSql]) -> Result<Vec<Logged>, LedgerError> {
        let rows = || {
            let mut rows = self.db.prepare(sql)?;
            rows.query_map(query, logged)?
                .collect::<rusqlite::Result<Vec<_>>>()
        };
        rows().during("read")
    }
}

/// A row of [`COLUMNS`].
fn logged(row: &Row<'_>) -> rusqlite::Result<Logged> {
    let at: i64 = row.get(1)?;
    let place: Option<String> = row.get(3)?;
    let target: Option<String> = row.get(4)?;
    let name: Option<String> = row.get(5)?;
    let act: String = row.get(6)?;
    let entry = Entry {
        at: DateTime::from_timestamp_millis(at)
            .ok_or(rusqlite::Error::IntegralValueOutOfRange(1, at))?,
        actor: row.get(2)?,
        place: place
            .map(|place| place.parse().map_err(|wrong| unread(3, wrong)))
            .transpose()?,
        target: target.map(|id| Target {
            id,
            name: name.map(Into::into),
        }),
        act: serde_json::from_value(act.into()).map_err(|wrong| unread(6, wrong))?,
        verdict: row.get(7)?,
        evidence: row.get(8)?,
        outcome: row.get(9)?,
    };
    Ok(Logged {
        id: row.get(0)?,
        entry,
    })
}

fn unread(column: usize, wrong: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(wrong))
}
