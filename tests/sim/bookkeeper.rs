//! What clusters cost, counted from the account's own record of what ran, and how long their ends take. It
//! shares no code with the planner, the meter and the cost bounds that it is compared with.

use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::api::emr::Role;
use clusterup_testkit::sim::{CensusCluster, Ran};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// From the request to end a cluster until its last machine is gone.
pub(crate) const ENDING: TimeDelta = TimeDelta::minutes(5);
/// Until a schedule fires whose time has come, or a script looks at the clock.
pub(crate) const POLL: TimeDelta = TimeDelta::minutes(1);
/// A primary that alone ends its cluster powers itself off so long after the deadline.
pub(crate) const LATE: TimeDelta = TimeDelta::minutes(5);
/// A deadline that is near or over already holds when the machine is up and a schedule can fire.
pub(crate) const SOONEST: TimeDelta = TimeDelta::minutes(11);

/// Dollars per hour of each role's nodes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prices {
    pub(crate) primary: Decimal,
    pub(crate) core: Decimal,
    pub(crate) task: Decimal,
}

impl Prices {
    /// The same price for all nodes, in millionths of a cent.
    pub(crate) fn of_each(price: i64) -> Self {
        let price = Decimal::new(price, 8);
        Self {
            primary: price,
            core: price,
            task: price,
        }
    }

    const fn of(&self, role: Role) -> Decimal {
        match role {
            Role::Primary => self.primary,
            Role::Core => self.core,
            Role::Task => self.task,
        }
    }
}

/// From when on the nodes are gone that a resize lets go. The account counts them until it began.
const LEAVING: TimeDelta = TimeDelta::seconds(70);

/// Every node is charged for a minute at least (EMR and EC2 pricing pages).
const LEAST_SECONDS: i64 = 60;

/// Dollars that a cluster's nodes cost between two instants, if those that run stay until `gone`.
pub(crate) fn cost(
    cluster: &CensusCluster,
    prices: &Prices,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    gone: DateTime<Utc>,
) -> Decimal {
    let hours = Decimal::from(3_600);
    let of_nodes = nodes(cluster).into_iter().map(|(role, ran)| {
        let left = ran.until.map_or(gone, |left| (left + LEAVING).min(gone));
        let least = ran.from + TimeDelta::seconds(LEAST_SECONDS);
        let passed = left.max(least).min(until) - ran.from.max(from);
        let seconds = passed.num_milliseconds().max(0).to_u64().unwrap();
        let seconds = Decimal::from(seconds.div_ceil(1_000));
        prices.of(role) * seconds * Decimal::from(ran.count)
    });
    of_nodes.sum::<Decimal>() / hours
}

/// What ran; of a cluster whose nodes are still to come, as if they had come when it was created.
fn nodes(cluster: &CensusCluster) -> Vec<(Role, Ran)> {
    if !cluster.ran.is_empty() || cluster.down_at.is_some() {
        return cluster.ran.clone();
    }
    let (from, until) = (cluster.created_at, None);
    let ordered = cluster.instances.iter();
    ordered
        .map(|(role, count)| {
            (
                *role,
                Ran {
                    count: *count,
                    from,
                    until,
                },
            )
        })
        .collect()
}

/// Dollars that a cluster has cost in all when it is gone.
pub(crate) fn bill(cluster: &CensusCluster, prices: &Prices, gone: DateTime<Utc>) -> Decimal {
    let always = (DateTime::UNIX_EPOCH, DateTime::<Utc>::MAX_UTC);
    cost(cluster, prices, always, gone)
}
