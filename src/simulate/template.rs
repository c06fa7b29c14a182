//! What a cluster of the past needs to be observed: everything that no guard looks at.

use super::history::PastCluster;
use crate::model::adoption::{Adopted, AdoptedLimits, Adoption, IdlePolicy};
use crate::model::desired::{ClusterSpec, InstanceGroups, Worker};
use crate::model::hours::Zone;
use crate::model::instance::InstanceType;
use crate::model::memory::Memory;
use crate::model::name::{JobHash, StackName, StepName};
use crate::model::observed::{Cluster, Step, StepState};
use crate::model::release::Release;
use crate::model::stack::Guardrails;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Values that are known to be valid.
struct Known {
    step: StepName,
    job: JobHash,
    release: Release,
    instance_type: InstanceType,
    zone: Zone,
    adopted: StackName,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let known = || {
        Some(Known {
            step: "work".parse().ok()?,
            job: "0000000000000000".parse().ok()?,
            release: "emr-7.x".parse().ok()?,
            instance_type: "m5.xlarge".parse().ok()?,
            zone: "UTC".parse().ok()?,
            adopted: Adoption::stack()?,
        })
    };
    known().expect("the values are read by tests")
});

/// The timezone of figures.
pub(super) fn utc() -> Zone {
    KNOWN.zone
}

/// One step that stands for all work at an instant.
pub(super) fn step(from: DateTime<Utc>, until: Option<DateTime<Utc>>) -> Step {
    Step {
        name: KNOWN.step.clone(),
        job: KNOWN.job.clone(),
        run: 1,
        state: match until {
            Some(_) => StepState::Completed,
            None => StepState::Running,
        },
        started_at: Some(from),
        ended_at: until,
        ui: None,
        failure: None,
        diagnosis: None,
        stuck: Vec::new(),
        may_fail: false,
        attempt: None,
    }
}

/// The spec of a cluster with these guardrails. If nobody knows when it was followed, a lease does not
/// end it.
fn spec(past: &PastCluster, guardrails: Guardrails) -> ClusterSpec {
    let requested = past.requested.as_ref();
    let alone = || InstanceGroups::single(KNOWN.instance_type.clone());
    ClusterSpec {
        release: requested.map_or_else(|| KNOWN.release.clone(), |it| it.release.clone()),
        label: None,
        team: past.team.clone(),
        tags: requested.map_or_else(BTreeMap::new, |it| it.tags.clone()),
        size: String::new(),
        groups: requested.map_or_else(alone, |it| it.groups.clone()),
        workers: 1,
        worker: Worker {
            memory: Memory::from_mib(1024),
            cores: 1,
        },
        key_pair: None,
        security_groups: Vec::new(),
        network: Default::default(),
        emr: Default::default(),
        bootstrap: Vec::new(),
        step_concurrency: 1,
        termination_protection: past.protected,
        python_packages: Vec::new(),
        guardrails: Guardrails {
            lease: guardrails.lease.filter(|_| past.followed_at.is_some()),
            ..guardrails
        },
        rates: past.rates.clone(),
        ending: past.ending,
        overridden: past.overridden.clone(),
        budgets: Vec::new(),
    }
}

/// The cluster as it was created, with its own guardrails, or without any.
pub(super) fn cluster(past: &PastCluster) -> Cluster {
    let none = || AdoptedLimits::default().guardrails();
    let guardrails = past.guardrails.clone().unwrap_or_else(none);
    let stack = past.stack.as_ref().unwrap_or(&KNOWN.adopted).clone();
    let spec = spec(past, guardrails);
    let mut cluster = Cluster::new(past.id.clone(), stack, spec, past.created_at);
    cluster.owner.clone_from(&past.owner);
    cluster
}

/// A foreign cluster with the guardrails of an adoption.
pub(super) fn adopted(past: &PastCluster, guardrails: Guardrails, at: DateTime<Utc>) -> Adopted {
    let mut cluster = cluster(past);
    cluster.spec.guardrails = guardrails;
    Adopted {
        name: past.name.clone(),
        adoption: Adoption {
            at,
            by: "watchdog".into(),
            owner: past.owner.clone(),
            team: past.team.clone(),
            limits: AdoptedLimits::default(),
            rates: past.rates.clone(),
            spent: None,
            idle_policy: IdlePolicy::None,
            idle_before: None,
            tags_before: BTreeMap::new(),
            extensions: Vec::new(),
            budgets: Vec::new(),
            releasing: false,
        },
        cluster,
        protected: past.protected,
        unscheduled: false,
    }
}
