//! From what a cloud tells of its clusters to the ledger.

use crate::cloud::{Cloud, CloudError};
use crate::cost::ledger::{Record, Scope};
use crate::guard;
use crate::ledger::{Ledger, LedgerError};
use crate::model::name::ClusterId;
use crate::model::observed::Cluster;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;

/// EMR forgets what ended longer ago (EMR API, ListClusters: two months).
const REMEMBERED: TimeDelta = TimeDelta::days(62);

/// A listing may lack what is younger than this, and nothing older.
const LAG: TimeDelta = TimeDelta::hours(1);

/// Why the ledger is not as the cloud.
#[derive(Debug, thiserror::Error)]
pub enum Unsynced {
    #[error(transparent)]
    Cloud(#[from] CloudError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Brings the ledger up to what the cloud tells at `now`: clusters that it does not have, and those
/// that had not ended when they were written down. A listing, and a look at each of these.
///
/// # Errors
/// What the cloud or the ledger said no with; the ledger is then as it was.
pub async fn sync(
    cloud: &dyn Cloud,
    ledger: &mut Ledger,
    scope: &Scope,
    now: DateTime<Utc>,
) -> Result<(), Unsynced> {
    let unsettled = ledger.unsettled(scope)?;
    let since = since(ledger.synced_at(scope)?, &unsettled, now);
    let told = cloud.history(since, &ledger.known_final(scope)?).await?;
    let of = |cluster| record(scope, cluster, now);
    let mut records: Vec<Record> = told.iter().map(of).collect();
    let known: BTreeSet<&ClusterId> = told.iter().map(|cluster| &cluster.id).collect();
    let gone = |record: &Record| !known.contains(&record.id) && record.created_at < now - LAG;
    records.extend(unsettled.into_iter().filter(gone).map(Record::lost));
    Ok(ledger.settle(scope, &records, now)?)
}

/// What the cloud told of a cluster at an instant, and by when it is gone whatever happens.
pub fn record(scope: &Scope, cluster: &Cluster, seen_at: DateTime<Utc>) -> Record {
    let gone = guard::hard_deadline(cluster).at + cluster.spec.ending.delta();
    Record::of(scope, cluster, seen_at).ending_by(gone)
}

/// From when on the cloud has clusters that the ledger does not know whole.
fn since(
    synced_at: Option<DateTime<Utc>>,
    unsettled: &[Record],
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    let unseen = synced_at.map_or(now - REMEMBERED, |at| at - LAG);
    let oldest = unsettled.iter().map(|record| record.created_at).min();
    // A listing leaves out what was made at its very instant.
    oldest.map_or(unseen, |at| at.min(unseen)) - TimeDelta::seconds(1)
}
