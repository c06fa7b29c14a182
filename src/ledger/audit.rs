//! The audit log: a table that is only added to, by the database's own word.

use super::Ledger;
use super::error::{Doing, LedgerError};
use crate::model::audit::{Act, Entry, Target};
use crate::model::fleet::Place;
use chrono::{DateTime, Utc};
use rusqlite::types::{ToSql, Type};
use rusqlite::{Row, params};
use serde::Serialize;

/// An entry with its number; later ones have greater numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Logged {
    pub id: i64,
    #[serde(flatten)]
    pub entry: Entry,
}

/// Which entries are asked for: those for which all of this holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditQuery {
    /// Those after the one of this number.
    pub after: Option<i64>,
    pub place: Option<Place>,
    /// By id, or by name.
    pub target: Option<String>,
    pub act: Option<Act>,
    pub since: Option<DateTime<Utc>>,
    /// So many at most, the newest ones.
    pub last: Option<u32>,
}

const COLUMNS: &str = "id, at, actor, place, target, name, act, verdict, evidence, outcome";

impl Ledger {
    /// Adds an entry; its number. What was written stays through a crash of the machine.
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

    /// Entries, the newest last.
    ///
    /// # Errors
    /// Returns an error if the database cannot be read or written.
    pub fn entries(&self, asked: &AuditQuery) -> Result<Vec<Logged>, LedgerError> {
        let place = asked.place.as_ref().map(ToString::to_string);
        let since = asked.since.map(|at| at.timestamp_millis());
        let sql = format!(
            "SELECT {COLUMNS} FROM events
             WHERE id > ?1
                AND (?2 IS NULL OR place = ?2)
                AND (?3 IS NULL OR target = ?3 OR name = ?3)
                AND (?4 IS NULL OR act = ?4)
                AND (?5 IS NULL OR at >= ?5)
             ORDER BY id DESC LIMIT ?6"
        );
        let mut found = self.logged(
            &sql,
            &[
                &asked.after.unwrap_or(0),
                &place,
                &asked.target,
                &asked.act.map(Act::as_str),
                &since,
                // SQLite takes a negative limit for none.
                &asked.last.map_or(-1, i64::from),
            ],
        )?;
        found.reverse();
        Ok(found)
    }

    /// Of every target whose end was asked for, and that is not known to be over, the last entry
    /// that says so: what a watchdog that begins anew goes on confirming. Whether the asking
    /// succeeded is its outcome.
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

    fn logged(&self, sql: &str, asked: &[&dyn ToSql]) -> Result<Vec<Logged>, LedgerError> {
        let rows = || {
            let mut found = self.db.prepare(sql)?;
            found
                .query_map(asked, logged)?
                .collect::<rusqlite::Result<Vec<_>>>()
        };
        rows().doing("read")
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
