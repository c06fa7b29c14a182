//! What people were told of: whoever claims a matter tells of it, and nobody else does.

use super::Ledger;
use super::error::{Doing, LedgerError};
use crate::model::span::Span;
use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension, params};

/// How long it is remembered that a matter was told. One that lasts longer is told anew.
const KEPT: TimeDelta = TimeDelta::days(60);

impl Ledger {
    /// Takes it on oneself to tell of a matter: true for one caller only, whatever the processes,
    /// and once more each time that `remind_after` has passed since; none is never. Whoever has
    /// claimed and dies is not replaced: rather not heard than heard twice.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written; nothing is claimed then.
    pub fn claim(
        &mut self,
        matter: &str,
        at: DateTime<Utc>,
        remind_after: Option<Span>,
    ) -> Result<bool, LedgerError> {
        let now = at.timestamp_millis();
        let old = (at - KEPT).timestamp_millis();
        let pause = remind_after.map(|span| span.delta().num_milliseconds());
        let sql = "INSERT INTO notices (matter, at) VALUES (?1, ?2)
                   ON CONFLICT (matter) DO UPDATE SET at = excluded.at
                   WHERE ?3 IS NOT NULL AND excluded.at >= notices.at + ?3";
        self.write(|transaction| {
            transaction.execute("DELETE FROM notices WHERE at < ?1", [old])?;
            transaction.execute("DELETE FROM tellings WHERE at < ?1", [old])?;
            let claimed = transaction.execute(sql, params![matter, now, pause])?;
            Ok(claimed == 1)
        })
    }

    /// Writes down what became of telling a matter in one way.
    ///
    /// # Errors
    /// Returns an error if the database cannot be read or written.
    pub fn sent(
        &mut self,
        matter: &str,
        voice: &str,
        at: DateTime<Utc>,
        outcome: &str,
    ) -> Result<(), LedgerError> {
        let sql = "INSERT INTO tellings (matter, voice, at, outcome) VALUES (?1, ?2, ?3, ?4)
                   ON CONFLICT (matter, voice) DO UPDATE SET
                   at = excluded.at, outcome = excluded.outcome";
        let row = params![matter, voice, at.timestamp_millis(), outcome];
        self.write(|transaction| transaction.execute(sql, row).map(|_| ()))
    }

    /// What became of telling a matter in one way, the last time; none where it was not tried.
    ///
    /// # Errors
    /// Returns an error if the database cannot be read or written.
    pub fn told(&self, matter: &str, voice: &str) -> Result<Option<String>, LedgerError> {
        let sql = "SELECT outcome FROM tellings WHERE matter = ?1 AND voice = ?2";
        let found = self.db.query_row(sql, [matter, voice], |row| row.get(0));
        found.optional().doing("read")
    }

    /// A matter is over: should it come back, it is told anew.
    ///
    /// # Errors
    /// Returns an error if the database cannot be read or written.
    pub fn forget_matter(&mut self, matter: &str) -> Result<(), LedgerError> {
        self.write(|transaction| {
            transaction.execute("DELETE FROM notices WHERE matter = ?1", [matter])?;
            transaction.execute("DELETE FROM tellings WHERE matter = ?1", [matter])?;
            Ok(())
        })
    }
}
