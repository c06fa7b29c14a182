//! Updates the ledger from a cloud's clusters.

use crate::cloud::{Cloud, CloudError, ReadClusters, UnreadCluster};
use crate::cost::ledger::{Record, Scope};
use crate::guard::{self, Terms};
use crate::ledger::{Ledger, LedgerError};
use crate::model::adoption::Adoption;
use crate::model::name::ClusterId;
use crate::model::observed::Cluster;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;

/// EMR lists clusters that ended at most this long ago (EMR API, ListClusters: two months).
const EMR_HISTORY: TimeDelta = TimeDelta::days(62);

/// Visibility window: a cluster younger than this may be missing from a listing.
const VISIBILITY_WINDOW: TimeDelta = TimeDelta::hours(1);

/// Why the ledger could not be updated.
#[derive(Debug, thiserror::Error)]
pub enum Unsynced {
    /// A call to the cloud failed.
    #[error(transparent)]
    Cloud(#[from] CloudError),
    /// The ledger could not be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Updates the ledger as of `now`: adds new clusters and updates those that had not ended when they
/// were last recorded. Costs one listing and one description of each such cluster. A cluster that
/// the cloud no longer knows is recorded as lost, an adopted one as released. Returns the adopted
/// clusters that could not be read: their records stay as they were.
///
/// # Errors
/// Returns an error if the cloud or the ledger cannot be read, or the ledger cannot be written; the
/// ledger is then unchanged.
pub async fn sync(
    cloud: &dyn Cloud,
    ledger: &mut Ledger,
    scope: &Scope,
    now: DateTime<Utc>,
) -> Result<Vec<UnreadCluster>, Unsynced> {
    let unsettled = ledger.unsettled(scope)?;
    let since = since(ledger.synced_at(scope)?, &unsettled, now);
    let found = cloud.history(since, &ledger.known_final(scope)?).await?;
    let ReadClusters {
        read: clusters,
        unread,
    } = found;
    let to_record = |cluster| record(scope, cluster, now);
    let mut records: Vec<Record> = clusters.iter().map(to_record).collect();
    let described = clusters.iter().map(|cluster| &cluster.id);
    let accounted: BTreeSet<&ClusterId> = described.chain(unread.iter().map(|it| &it.id)).collect();
    let gone = |record: &Record| {
        let is_old = record.created_at < now - VISIBILITY_WINDOW;
        is_old && !record.is_released() && !accounted.contains(&record.id)
    };
    let adopted = Adoption::stack();
    let end = |record: Record| {
        if adopted.as_ref() == Some(&record.stack) {
            record.released()
        } else {
            record.lost()
        }
    };
    records.extend(unsettled.into_iter().filter(gone).map(end));
    ledger.settle(scope, &records, now)?;
    Ok(unread)
}

/// Returns the ledger's record of a cluster as it was at `seen_at`, with the time at which its hard
/// deadline has ended it.
pub fn record(scope: &Scope, cluster: &Cluster, seen_at: DateTime<Utc>) -> Record {
    let gone = guard::hard_deadline(cluster).at + cluster.spec.ending.delta();
    let record = Record::of(scope, cluster, seen_at).ending_by(gone);
    if cluster.counted_at.is_none() || !cluster.state.is_live() {
        return record;
    }
    record.at_worst(Terms::of(cluster).instance_spans)
}

/// Returns the instant from which on clusters may be new or unfinished.
fn since(
    synced_at: Option<DateTime<Utc>>,
    unsettled: &[Record],
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    let unseen = synced_at.map_or(now - EMR_HISTORY, |at| at - VISIBILITY_WINDOW);
    // A released cluster is found by its adoption if it is adopted again, not by its time.
    let listed = unsettled.iter().filter(|record| !record.is_released());
    let oldest = listed.map(|record| record.created_at).min();
    // A listing excludes clusters created at exactly its start.
    oldest.map_or(unseen, |at| at.min(unseen)) - TimeDelta::seconds(1)
}
