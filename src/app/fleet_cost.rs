//! What the clusters of a watchdog's regions have cost, from the ledger.

use super::accounts::warn_of;
use super::failure::Failure;
use super::recorded_costs;
use super::session::Session;
use super::target::{Target, TargetChoice};
use crate::cloud::payer;
use crate::cost::ledger::{MONTH, Record, Scope, Window, last, of_fleet};
use crate::ledger::Ledger;
use crate::model::fleet_status::FleetCost;
use crate::model::name::Region;
use crate::model::place::Place;
use crate::run::ledger::sync;
use chrono::{DateTime, TimeDelta, Utc};

/// After how long a region is read again. Until then living clusters cost what their rates say, and
/// the teams' budgets read the ledger's region anyway.
const MAX_AGE: TimeDelta = TimeDelta::hours(1);

/// Sums the records of regions; `None` if there are no regions.
pub(crate) async fn fleet_cost(
    regions: &[Region],
    session: &Session,
    now: DateTime<Utc>,
) -> Result<Option<FleetCost>, Failure> {
    let month = last(MONTH, now);
    let mut records = Vec::new();
    for region in regions {
        let place = Place::Region(region.clone());
        records.extend(recent(place, month, session, now).await?);
    }
    Ok((!regions.is_empty()).then(|| of_fleet(&records, now)))
}

/// The records of a place within a window; the ledger is synced if it is old.
async fn recent(
    place: Place,
    window: Window,
    session: &Session,
    now: DateTime<Utc>,
) -> Result<Vec<Record>, Failure> {
    let mut ledger = recorded_costs::open(session)?;
    let mut scope = Scope {
        place: place.clone(),
        account: None,
    };
    let synced = ledger.synced_at(&scope)?;
    if synced.is_none_or(|at| now - at > MAX_AGE) {
        let target = Target::open(&TargetChoice::Place(place), None, session).await?;
        scope.account = payer(&*target.cloud).await?;
        renew(&mut ledger, &scope, &target, now).await?;
    }
    Ok(ledger.records(&scope, window)?)
}

async fn renew(
    ledger: &mut Ledger,
    scope: &Scope,
    target: &Target<'_>,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let unread = sync(&*target.cloud, ledger, scope, now).await?;
    warn_of(&unread, target.session);
    Ok(())
}
