//! How long the ledger keeps what it has, so that its file does not grow without bound.

use super::Ledger;
use super::error::LedgerError;
use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::params;

/// How long a cluster's record is kept after its end: two years and two months, so that two whole years
/// can be compared in any month.
const RECORDS_KEPT: TimeDelta = TimeDelta::days(792);

/// How long an entry of the audit log is kept: a year and a month. The database refuses to delete newer
/// ones, unless there are more than [`ENTRIES_KEPT`].
pub(super) const AUDIT_KEPT: TimeDelta = TimeDelta::days(400);

/// The most entries that the audit log keeps, about 300 MB.
pub(super) const ENTRIES_KEPT: i64 = 1_000_000;

/// The most rows of a table that are deleted at once: others wait for the ledger meanwhile.
const AT_ONCE: i64 = 10_000;

impl Ledger {
    /// Deletes the oldest records and entries that are no longer kept, at most some thousands at once.
    /// Returns how many. The space is used again for new ones.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written; nothing is deleted then.
    pub fn prune(&mut self, now: DateTime<Utc>) -> Result<usize, LedgerError> {
        let records_from = (now - RECORDS_KEPT).timestamp_millis();
        let entries_from = (now - AUDIT_KEPT).timestamp_millis();
        self.write(|transaction| {
            let records = "DELETE FROM records WHERE rowid IN (
                SELECT rowid FROM records WHERE final = 1 AND ended_at < ?1 LIMIT ?2)";
            // What a clock that was ahead has written does not make other entries old.
            let entries = "DELETE FROM events WHERE id IN (
                SELECT id FROM events
                WHERE at < min(?1, (SELECT max(at) FROM events) - ?2)
                    OR id <= (SELECT max(id) FROM events) - ?3
                ORDER BY id LIMIT ?4)";
            let kept = AUDIT_KEPT.num_milliseconds();
            let of_entries = params![entries_from, kept, ENTRIES_KEPT, AT_ONCE];
            let records = transaction.execute(records, params![records_from, AT_ONCE])?;
            Ok(records + transaction.execute(entries, of_entries)?)
        })
    }
}
