//! Which matters people were notified of. Only the process that claims a matter sends its notice.

use super::Ledger;
use super::error::LedgerError;
use crate::model::span::Span;
use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::params;

/// How long a claim is kept. A matter that lasts longer is notified again.
const RETENTION: TimeDelta = TimeDelta::days(60);

impl Ledger {
    /// Claims a matter: returns true for exactly one caller among all processes, and once more each
    /// time that `remind_after` has passed; `None` means no reminders. If the process that claimed
    /// it dies before it sends the notice, nobody else sends it: a notice may be lost, but is never
    /// sent twice.
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
        let old = (at - RETENTION).timestamp_millis();
        let interval = remind_after.map(|span| span.delta().num_milliseconds());
        let sql = "INSERT INTO notices (matter, at) VALUES (?1, ?2)
                   ON CONFLICT (matter) DO UPDATE SET at = excluded.at
                   WHERE ?3 IS NOT NULL AND excluded.at >= notices.at + ?3";
        self.write(|transaction| {
            transaction.execute("DELETE FROM notices WHERE at < ?1", [old])?;
            transaction.execute("DELETE FROM tellings WHERE at < ?1", [old])?;
            let claimed = transaction.execute(sql, params![matter, now, interval])?;
            Ok(claimed == 1)
        })
    }

    /// Records the result of sending a notice on one channel.
    ///
    /// # Errors
    /// Returns an error if the database cannot be read or written.
    pub fn sent(
        &mut self,
        matter: &str,
        channel: &str,
        at: DateTime<Utc>,
        outcome: &str,
    ) -> Result<(), LedgerError> {
        let sql = "INSERT INTO tellings (matter, voice, at, outcome) VALUES (?1, ?2, ?3, ?4)
                   ON CONFLICT (matter, voice) DO UPDATE SET
                   at = excluded.at, outcome = excluded.outcome";
        let row = params![matter, channel, at.timestamp_millis(), outcome];
        self.write(|transaction| transaction.execute(sql, row).map(|_| ()))
    }

    /// Deletes the claim: if the matter comes up again, it is notified again.
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

#[cfg(test)]
impl Ledger {
    /// The last result of sending a notice on one channel.
    pub(crate) fn last_outcome(&self, matter: &str, channel: &str) -> String {
        let sql = "SELECT outcome FROM tellings WHERE matter = ?1 AND voice = ?2";
        let found = self.db.query_row(sql, [matter, channel], |row| row.get(0));
        found.unwrap()
    }
}
