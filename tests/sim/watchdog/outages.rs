//! Operations of AWS that fail for a while, every call of them.

use crate::seeds::any;
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::rng::Rng;
use clusterup::model::clock::Clock;
use clusterup_testkit::chance::Chance as _;
use clusterup_testkit::flaky::{Fault, Moment};
use clusterup_testkit::sim::Sim;
use std::time::Duration;

/// What a watchdog calls.
const OPERATIONS: [&str; 7] = [
    "elasticmapreduce:ListClusters",
    "elasticmapreduce:DescribeCluster",
    "elasticmapreduce:ListSteps",
    "elasticmapreduce:ListInstanceGroups",
    "elasticmapreduce:AddTags",
    "elasticmapreduce:TerminateJobFlows",
    "cloudwatch:GetMetricData",
];

/// An operation that fails from an instant until another.
#[derive(Debug, Clone)]
pub(crate) struct Outage {
    operation: &'static str,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl Outage {
    /// Whether the clusters could not be listed at this instant, nor by the sweep before.
    pub(super) fn hides_clusters(&self, at: DateTime<Utc>) -> bool {
        let sweep = TimeDelta::minutes(2);
        self.operation == "elasticmapreduce:ListClusters"
            && self.from + sweep <= at
            && at < self.until
    }
}

/// Chooses the faults: some outages in the first hours, and faults in so many percent of the other calls.
pub(crate) fn outages(
    sim: &Sim,
    rng: &Rng,
    (most, percent): (u64, u64),
) -> (impl FnMut(Moment) -> Option<Fault> + 'static, Vec<Outage>) {
    let (clock, rng) = (sim.clock(), Rng::new(rng.next()));
    let outages: Vec<Outage> = (0..rng.below(most + 1))
        .map(|_| any_outage(&rng, clock.now()))
        .collect();
    let known = outages.clone();
    let choose = move |moment: Moment| {
        let now = clock.now();
        let is_out = |outage: &Outage| {
            outage.operation == moment.call && outage.from <= now && now < outage.until
        };
        if outages.iter().any(is_out) {
            return Some(any(&rng, &[Fault::Throttle, Fault::Unsent]));
        }
        rng.percent(percent).then(|| {
            let slow = Fault::Slow(rng.up_to(Duration::from_secs(20)));
            any(&rng, &[Fault::Throttle, Fault::Unsent, Fault::Lost, slow])
        })
    };
    (choose, known)
}

fn any_outage(rng: &Rng, now: DateTime<Utc>) -> Outage {
    let minutes = |most: u64| TimeDelta::minutes(i64::try_from(rng.below(most)).unwrap());
    let from = now + minutes(6 * 60);
    Outage {
        operation: any(rng, &OPERATIONS),
        from,
        until: from + minutes(90),
    }
}
