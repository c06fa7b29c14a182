//! Prices, estimates, the meter and the budget's deadline, against figures from sources other than
//! the price file and bills computed by hand.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "cost/bills.rs"]
mod bills;
#[path = "cost/estimates.rs"]
mod estimates;
#[path = "cost/fleets.rs"]
mod fleets;
#[path = "cost/offers.rs"]
mod offers;
#[path = "cost/prices.rs"]
mod prices;
#[path = "cost/properties.rs"]
mod properties;

use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cost::catalog::Catalog;
use clusterup::cost::estimate::Estimate;
use clusterup::model::desired::InstanceGroups;
use clusterup::model::instance_span::{InstanceSpan, Role};
use clusterup::model::money::Usd;
use clusterup::model::stack::{InstanceGroup, Market};

fn usd(text: &str) -> Usd {
    Usd::new(text.parse().unwrap())
}

fn group(nodes: &str) -> InstanceGroup {
    InstanceGroup {
        nodes: nodes.parse().unwrap(),
        market: Market::OnDemand,
        ebs: None,
        bid: None,
        fleet: None,
    }
}

/// A primary and core nodes of one type, such as `3 x m5.xlarge` in all.
fn cluster(core: u16, instance_type: &str) -> InstanceGroups {
    InstanceGroups {
        root_volume: None,
        primary: group(&format!("1 x {instance_type}")),
        core: (core > 0).then(|| group(&format!("{core} x {instance_type}"))),
        task: None,
        scaling: None,
    }
}

fn estimate(region: &str, groups: &InstanceGroups) -> Estimate {
    Estimate::of(Catalog::bundled(), &region.parse().unwrap(), groups).unwrap()
}

/// So many seconds after the launch of every cluster here: an hour before Berlin's clocks went
/// back, which the meter must not notice.
fn at(seconds: i64) -> DateTime<Utc> {
    let launch: DateTime<Utc> = "2026-10-25T00:00:00Z".parse().unwrap();
    launch + TimeDelta::seconds(seconds)
}

fn life(role: Role, from: i64, until: Option<i64>, count: u16) -> InstanceSpan {
    InstanceSpan {
        role,
        from: at(from),
        until: until.map(at),
        count,
        instance_type: None,
    }
}
