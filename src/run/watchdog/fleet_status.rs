//! The fleet status after a sweep, for the page and the metrics.

use super::Watchdog;
use super::region_watch::RegionWatch;
use super::tracked::TrackedCluster;
use crate::cost::meter::{accrued, rate};
use crate::model::fleet::ClusterSnapshot;
use crate::model::fleet_status::{FleetStatus, Row, RowStep};
use crate::model::observed::{Cluster, Step};
use chrono::{DateTime, Utc};

/// How many audit entries the page shows.
const MAX_EVENTS: usize = 100;

impl Watchdog {
    /// What the watchdog knows now. `active` is whether it holds the watch.
    pub fn fleet_status(&self, active: bool) -> FleetStatus {
        let now = self.clock.now();
        FleetStatus {
            at: now,
            places: self
                .region_watches
                .iter()
                .map(|region_watch| region_watch.place().clone())
                .collect(),
            own_account: self.own_account.clone(),
            active,
            last: self.last.clone(),
            totals: self.totals.clone(),
            clusters: self
                .region_watches
                .iter()
                .flat_map(|region_watch| {
                    region_watch
                        .tracked
                        .values()
                        .map(move |tracked| row(region_watch, tracked, now))
                })
                .collect(),
            mildest: self.policies.mildest_says(),
            other_costs: self.other_costs.costs.clone(),
            cost: self.cost.clone(),
            months: self.curves.clone(),
            events: self.audit_sink.recent(MAX_EVENTS),
        }
    }
}

/// How many steps of a cluster the page shows.
const MAX_STEPS: usize = 25;

fn latest(steps: &[Step]) -> Vec<RowStep> {
    let skipped = steps.len().saturating_sub(MAX_STEPS);
    let steps = steps.iter().skip(skipped);
    steps
        .map(|step| RowStep {
            name: step.name.to_string().into(),
            state: step.state,
            started_at: step.started_at,
            ended_at: step.ended_at,
        })
        .collect()
}

fn row(region_watch: &RegionWatch, tracked: &TrackedCluster, now: DateTime<Utc>) -> Row {
    let listed = &tracked.listed;
    let assessment = &tracked.assessment;
    let snapshot = tracked.snapshot.as_ref();
    let ours = snapshot.and_then(|snapshot| snapshot.ours());
    let guarded = snapshot.and_then(|snapshot| snapshot.guarded());
    let rates = snapshot.and_then(|snapshot| Some((snapshot.rates()?, snapshot.instance_spans())));
    Row {
        place: region_watch.place().clone(),
        id: listed.id.clone(),
        name: listed.name.clone(),
        stack: ours.map(|cluster| cluster.stack.clone()),
        team: guarded.and_then(|cluster| cluster.spec.team.clone()),
        owner: snapshot.and_then(|snapshot| snapshot.owner.clone()),
        state: listed.state,
        created_at: listed.created_at,
        idle_since: assessment.idle_since,
        idle_at_least: assessment.idle_at_least,
        ready_at: snapshot.and(listed.ready_at),
        steps: snapshot
            .and_then(ClusterSnapshot::steps)
            .map_or_else(Vec::new, |steps| latest(steps)),
        instance_spans: snapshot
            .map_or_else(Vec::new, |snapshot| snapshot.instance_spans().to_vec()),
        guardrails: guarded.map(Cluster::guardrails),
        spent: rates.map(|(rates, instance_spans)| accrued(rates, instance_spans, now).total),
        rate: rates.map(|(rates, instance_spans)| rate(rates, instance_spans, now)),
        ends_at: assessment.ends_at,
        warns_at: assessment.warns_at,
        at_earliest: assessment.at_earliest,
        cause: assessment.reason.map(|reason| reason.as_str().to_owned()),
        stage: assessment.stage.word().to_owned(),
        evidence: assessment.evidence.clone(),
        safeguards: guarded.map_or(Vec::new(), |cluster| cluster.safeguards.clone()),
        looked_at: snapshot.map(|snapshot| snapshot.looked_at),
    }
}
