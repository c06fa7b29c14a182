//! Whether policies would have denied a cluster of the past.

use super::history::{PastCluster, Requested};
use super::play::Simulation;
use crate::model::desired::InstanceGroups;
use crate::model::name::Region;
use crate::model::network::Network;
use crate::model::observed::Cluster;
use crate::model::stack::{self, Stack};
use crate::policy::{Finding, Price, Subject};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// The findings of limits and rules that deny it; `None` if its request is not known well enough.
pub(super) fn denials(
    past: &PastCluster,
    cluster: &Cluster,
    simulation: &Simulation<'_>,
    now: DateTime<Utc>,
) -> Option<Vec<Finding>> {
    let requested = past.requested.as_ref()?;
    let known = simulation.stacks.get(&cluster.stack).cloned();
    let region = simulation.history.place.region();
    let stack = known.or_else(|| Some(rebuilt(cluster, requested, region?)))?;
    let stack = simulation.policies.impose(stack);
    let groups = InstanceGroups::of(&stack.cluster);
    let rates = past.rates.clone();
    let judgement = simulation.policies.judge(&Subject {
        stack: &stack,
        price: Price::ahead(&stack.guardrails, &groups, rates, past.ending, now),
        by: past.owner.as_ref().map_or("", |owner| owner.as_str()),
    });
    let mut findings = overridden(judgement.findings, past, simulation);
    findings.retain(Finding::denies);
    Some(findings)
}

/// Marks what was overridden for the cluster when it was created.
pub(super) fn overridden(
    findings: Vec<Finding>,
    past: &PastCluster,
    simulation: &Simulation<'_>,
) -> Vec<Finding> {
    match &past.overridden {
        Some(how) => simulation.policies.passed(findings, &how.by),
        None => findings,
    }
}

/// The stack as far as the cluster shows it: without its job, its data and its security groups.
fn rebuilt(cluster: &Cluster, requested: &Requested, region: &Region) -> Stack {
    let Requested { groups, .. } = requested;
    Stack {
        name: cluster.stack.clone(),
        team: cluster.spec.team.clone(),
        tags: requested.tags.clone(),
        region: region.clone(),
        key_pairs: Vec::new(),
        security_groups: Vec::new(),
        data: BTreeMap::new(),
        cluster: stack::Cluster {
            release: requested.release.clone(),
            primary: groups.primary.clone(),
            core: groups.core.clone(),
            task: groups.task.clone(),
            key_pair: None,
            security_groups: Vec::new(),
            network: Network::default(),
            emr: Default::default(),
            scaling: groups.scaling,
            root_volume: groups.root_volume,
            bootstrap: Vec::new(),
            step_concurrency: None,
            termination_protection: cluster.spec.termination_protection,
        },
        job: None,
        guardrails: cluster.spec.guardrails.clone(),
    }
}
